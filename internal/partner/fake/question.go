package fake

import (
	"net/http"
	"strings"
	"time"
)

// ask carries out a question about the call's path.
func (c *call) ask(do func() answer) answer { return c.perform(c.luck(c.r.URL.RequestURI()), do) }

// byKey does not know of calls that are still running, and neither does byLine: no partner does.
func (c *call) byKey() answer {
	if body := c.ledger.byKey(c.path[2]); body != nil {
		return good(http.StatusOK, body)
	}
	return refuse(http.StatusNotFound, "there is no dispatch under this key", "")
}

func (c *call) byLine() answer {
	at := line{order: c.path[2], number: c.path[3], tracking: c.r.URL.Query().Get("tracking_number")}
	if d, known := c.ledger.byLine(at); known {
		return goodJSON(http.StatusOK, d.public())
	}
	return refuse(http.StatusNotFound, "there is no dispatch of this order line", "")
}

// The states of parcels.
var trackingStatuses = [...]string{"accepted", "in_transit", "out_for_delivery", "delivered", "returned"}

// tracking is made up of the number alone: what is asked twice is answered alike.
func (c *call) tracking() answer {
	number, b := c.path[2], &c.set.Behaviour
	luck := chance{seed: b.Seed, item: c.path[1] + "/" + number}
	if strings.HasPrefix(number, "404") || luck.hits("unknown", b.UnknownShare) {
		return refuse(http.StatusNotFound, "this tracking number is not known", "")
	}
	const year = 365 * 24 * 60 * 60 // seconds
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(luck.fraction("at")*year) * time.Second)
	return goodJSON(http.StatusOK, struct {
		Status string    `json:"status"`
		At     time.Time `json:"at"`
	}{trackingStatuses[int(luck.fraction("status")*float64(len(trackingStatuses)))], at})
}
