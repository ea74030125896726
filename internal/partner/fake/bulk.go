package fake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// result is that of one item of a bulk.
type result struct {
	ID    string `json:"id,omitempty"`
	Error string `json:"error,omitempty"`
	Field string `json:"field,omitempty"`
}

// bulk takes several dispatches. The key is that of the whole call, and each item fails for itself; a bulk of which
// nothing took effect starts anew.
func (c *call) bulk(body []byte) func() answer {
	var in struct {
		Dispatches []item `json:"dispatches"`
	}
	wrong, ok := read(body, &in)
	c.note(in.Dispatches...)
	return func() answer {
		switch {
		case !ok:
			return wrong
		case len(in.Dispatches) == 0:
			return refuse(http.StatusUnprocessableEntity, "dispatches is missing", "dispatches")
		}
		names := make([]string, len(in.Dispatches))
		for i, it := range in.Dispatches {
			names[i] = it.name()
		}
		return c.once(body, strings.Join(names, "\x01"), func(key string) (answer, []byte) {
			results, some := make([]result, len(in.Dispatches)), false
			for i, it := range in.Dispatches {
				results[i] = c.one(it, key)
				some = some || results[i].ID != ""
			}
			a := goodJSON(http.StatusOK, map[string]any{"results": results})
			if !some {
				return a, nil
			}
			return a, a.body
		})
	}
}

func (c *call) one(it item, key string) result {
	if missing := it.missing(); missing != "" {
		return result{Error: missing + " is missing", Field: missing}
	}
	if a, no := c.turnsDown(it); no {
		var said struct{ Message, Field string }
		_ = json.NewDecoder(bytes.NewReader(a.body)).Decode(&said) // of our own making
		return result{Error: said.Message, Field: said.Field}
	}
	return result{ID: c.ledger.take(it, key, c.options.Now()).ID}
}
