package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/longhaul/longhaul/internal/target"
)

// keyFields chooses the fields that tell a row: the first of Key and AltKeys that are all filled, else the first of
// which one is; its index, -1 for a row without a key.
func (k Rows) keyFields(values []any) (which int, names []string) {
	partly := -1
	for i := range 1 + len(k.AltKeys) {
		names := k.keyNames(i)
		filled := 0
		for _, name := range names {
			if values[k.field(name)] != nil {
				filled++
			}
		}
		if filled == len(names) {
			return i, names
		}
		if filled > 0 && partly < 0 {
			partly = i
		}
	}
	if partly < 0 {
		return -1, nil
	}
	return partly, k.keyNames(partly)
}

func (k Rows) keyNames(which int) []string {
	if which == 0 {
		return k.Key
	}
	return k.AltKeys[which-1]
}

// KeyOf is the natural key of a row for people: A-1 / SEOUL. It is empty for a row without one.
func (k Rows) KeyOf(values []any) string {
	_, names := k.keyFields(values)
	var parts []string
	for _, name := range names {
		if value := values[k.field(name)]; value != nil {
			parts = append(parts, display(value))
		}
	}
	return strings.Join(parts, keySeparator)
}

// KeyColumn is the first field of [Rows.KeyOf] that the row has a value for; empty for a row without one.
func (k Rows) KeyColumn(values []any) string {
	_, names := k.keyFields(values)
	for _, name := range names {
		if values[k.field(name)] != nil {
			return name
		}
	}
	return ""
}

// keyDigest is the digest of a row's key; zero for a row without one.
func (k Rows) keyDigest(values []any) digest {
	which, names := k.keyFields(values)
	if which < 0 {
		return digest{}
	}
	key := make([]any, len(names))
	for i, name := range names {
		key[i] = values[k.field(name)]
	}
	return digestOf(which, key)
}

// digest tells values apart: 128 bits of SHA-256, for which nobody can make two.
type digest [16]byte

// digestOf digests values with their lengths, so that no two lists look the same.
func digestOf(which int, values []any) digest {
	b := binary.AppendUvarint(make([]byte, 0, 128), uint64(which))
	for _, value := range values {
		if value == nil {
			b = append(b, 0)
			continue
		}
		text := display(value)
		b = binary.AppendUvarint(append(b, 1), uint64(len(text)))
		b = append(b, text...)
	}
	sum := sha256.Sum256(b)
	return digest(sum[:len(digest{})])
}

// display writes a value for people; values of one field are the same where this is.
func display(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case target.Decimal:
		return string(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return ""
}
