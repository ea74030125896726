package job

import (
	"encoding/json"
	"errors"
	"slices"
)

// Filters are the filter values of a request by filter name. In JSON a value is a string, a number, a
// boolean, or an array of them; it is written as a string where there is just one.
type Filters map[string]Values

// Values are the values given to one filter.
type Values []string

// MarshalJSON writes one value as a string and several as an array.
func (v Values) MarshalJSON() ([]byte, error) {
	if len(v) == 1 {
		return json.Marshal(v[0])
	}
	return json.Marshal([]string(v))
}

// UnmarshalJSON accepts a string, number or boolean, or an array of those.
func (v *Values) UnmarshalJSON(data []byte) error {
	var many []json.RawMessage
	if err := json.Unmarshal(data, &many); err != nil {
		many = []json.RawMessage{data}
	}
	out := make(Values, 0, len(many))
	for _, raw := range many {
		s, err := scalar(raw)
		if err != nil {
			return err
		}
		out = append(out, s)
	}
	*v = out
	return nil
}

func scalar(raw json.RawMessage) (string, error) {
	if len(raw) == 0 {
		return "", errors.New("filter value is empty")
	}
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case '{', '[', 'n':
		return "", errors.New("filter value must be a string, number or boolean, or an array of those")
	}
	return string(raw), nil // number, true, false: as written
}

// Normal returns a copy without empty values and with each list sorted and free of repeats, so that
// requests that mean the same have the same fingerprint.
func (f Filters) Normal() Filters {
	out := Filters{}
	for name, values := range f {
		kept := slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
		if len(kept) == 0 {
			continue
		}
		slices.Sort(kept)
		out[name] = slices.Compact(kept)
	}
	return out
}
