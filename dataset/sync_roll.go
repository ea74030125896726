package dataset

import (
	"slices"

	"github.com/longhaul/longhaul/job"
)

// SyncRoll finds the items of an upload that are there twice. It keeps at most 60 bytes for an item, and serves one
// goroutine.
type SyncRoll struct {
	kind   Sync
	first  map[digest]syncPlace
	sheets []string
}

// syncPlace is where an item stands in its upload.
type syncPlace struct{ row, sheet uint32 }

// NewRoll begins a roll.
func (k Sync) NewRoll() *SyncRoll { return &SyncRoll{kind: k, first: map[digest]syncPlace{}} }

// Add takes the next item and returns what is wrong with it if one with its key has been there before: it names that one.
// Items with errors, which nobody sends, need not be added, and one without a key is nobody's double.
func (r *SyncRoll) Add(ref job.RowRef, item SyncItem) []job.RowError {
	if item.Key == "" {
		return nil
	}
	key := make([]any, len(r.kind.Key))
	for i, name := range r.kind.Key {
		if value := item.Fields[name]; value != "" {
			key[i] = value
		}
	}
	d := digestOf(0, key)
	first, again := r.first[d]
	if !again {
		r.first[d] = syncPlace{uint32(ref.Row), r.sheet(ref.Sheet)}
		return nil
	}
	return []job.RowError{{
		Column: r.kind.Key[0], Index: -1, Code: job.RowDuplicate, Value: cut(item.Fields[r.kind.Key[0]], job.MaxErrorValue),
		Other: &job.RowRef{Sheet: r.sheets[first.sheet], Row: int(first.row)},
	}}
}

// sheet keeps each name once.
func (r *SyncRoll) sheet(name string) uint32 {
	at := slices.Index(r.sheets, name)
	if at < 0 {
		r.sheets = append(r.sheets, name)
		at = len(r.sheets) - 1
	}
	return uint32(at)
}
