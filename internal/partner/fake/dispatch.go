package fake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// item is a dispatch as a client sends it.
type item struct {
	OrderNumber    text `json:"order_number"`
	LineNumber     text `json:"line_number"`
	Carrier        text `json:"carrier"`
	TrackingNumber text `json:"tracking_number"`
}

func (it item) line() line {
	return line{string(it.OrderNumber), string(it.LineNumber), string(it.TrackingNumber)}
}

// name tells the item from others, for chance.
func (it item) name() string {
	return string(it.OrderNumber) + "\x00" + string(it.LineNumber) + "\x00" + string(it.TrackingNumber)
}

// missing names the first required member that there is not.
func (it item) missing() string {
	switch {
	case it.OrderNumber == "":
		return "order_number"
	case it.LineNumber == "":
		return "line_number"
	case it.Carrier == "":
		return "carrier"
	case it.TrackingNumber == "":
		return "tracking_number"
	}
	return ""
}

// text is a JSON string or number.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var n json.Number // takes numbers, and strings that are one
	if data[0] != '"' {
		err := json.Unmarshal(data, &n)
		*t = text(n)
		return err
	}
	return json.Unmarshal(data, (*string)(t))
}

// read decodes a body; it says what is wrong with it.
func read(body []byte, v any) (answer, bool) {
	err := json.Unmarshal(body, v)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return refuse(http.StatusUnprocessableEntity, "a member has the wrong type", wrong.Field), false
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "the body is no JSON", ""), false
	}
	return answer{}, true
}

// note records that the items have come, those that say which order they are of.
func (c *call) note(items ...item) {
	items = slices.DeleteFunc(slices.Clone(items), func(it item) bool { return it.OrderNumber == "" })
	for _, it := range items {
		c.orders = append(c.orders, string(it.OrderNumber))
	}
	slices.Sort(c.orders)
	c.orders = slices.Compact(c.orders)
	c.ledger.arrive(items, c.orders)
}

func (c *call) dispatch(body []byte) func() answer {
	var it item
	wrong, ok := read(body, &it)
	c.note(it)
	return func() answer {
		switch missing := it.missing(); {
		case !ok:
			return wrong
		case missing != "":
			return refuse(http.StatusUnprocessableEntity, missing+" is missing", missing)
		}
		return c.once(body, it.name(), func(key string) (answer, []byte) {
			if a, no := c.turnsDown(it); no {
				return a, nil
			}
			d := c.ledger.take(it, key, c.options.Now())
			a := goodJSON(http.StatusCreated, d.public())
			return a, a.body
		})
	}
}

// once carries do out under the call's key, as Stripe does it: who comes while the first call is running gets a 409,
// who comes later its answer. Where do had no effect, it returns nothing to keep, and the next call starts anew.
func (c *call) once(body []byte, name string, do func(key string) (answer, []byte)) answer {
	key := c.r.Header.Get("Idempotency-Key")
	claim, known := c.ledger.claim(key, body)
	settle := func([]byte) {}
	switch claim {
	case claimOther:
		return refuse(http.StatusUnprocessableEntity, "the idempotency key has been used with another body", "")
	case claimInUse:
		c.w.Header().Set("Retry-After", "1")
		return refuse(http.StatusConflict, "a call with this idempotency key is running", "")
	case claimed:
		var settled sync.Once // as soon as there is an answer, which may take long to go out
		settle = func(kept []byte) { settled.Do(func() { c.ledger.settle(key, kept) }) }
		defer settle(nil)
	}
	return c.perform(c.luck(name), func() answer {
		if claim == claimDone {
			c.ledger.replayed()
			c.w.Header().Set("Idempotent-Replayed", "true")
			return good(http.StatusOK, known)
		}
		a, kept := do(key)
		settle(kept)
		return a
	})
}

func (c *call) luck(name string) chance {
	return chance{seed: c.set.Seed, item: name, attempt: c.ledger.attempt(name)}
}

// turnsDown tells whether the behaviour has something against an item, at every attempt.
func (c *call) turnsDown(it item) (answer, bool) {
	b := &c.set.Behaviour
	switch {
	case slices.Contains(b.Poison, string(it.OrderNumber)):
		return refuse(http.StatusInternalServerError, "an error happened", ""), true
	case slices.Contains(b.Refuse, string(it.OrderNumber)),
		(chance{seed: b.Seed, item: it.name()}).hits("refuse", b.RefuseShare):
		return refuse(http.StatusUnprocessableEntity, fmt.Sprintf("order %s is closed", it.OrderNumber), "order_number"), true
	}
	return answer{}, false
}

// public leaves out what only [Seen] tells.
func (d Dispatch) public() Dispatch {
	d.Key, d.Count = "", 0
	return d
}
