//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/csv"
	"maps"
	"slices"
	"strconv"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// book is an upload, with the data that it meets and all that has to come of it. Good rows, rows that only reading can
// refuse, rows that only the data can refuse, and repeated ones are mixed, so that every chunk has some of each.
type book struct {
	kind, tenant string
	header       []string
	lines        []line
	seed         seeds
	// main begins the entries of a [state] of which each accepted row has one.
	main string
}

// line is one row of a book and what has to become of it.
type line struct {
	cells   []string
	verdict target.Verdict
	code    job.RowCode // why it is refused
	reason  string      // what the error workbook says, in part
	// unread tells that reading refuses it, so that it is in no chunk.
	unread bool
	key    string // of which no two rows may be; empty: it does not count
	// sets are the entries of the state that it makes.
	sets state
}

// seeds are the rows that a book meets.
type seeds struct {
	products []store.Product
	levels   []store.StockLevel
	orders   []store.Order
	lines    []store.OrderLine
}

// state is what the database holds of all sellers, as text, by what it is of.
type state map[string]string

// with is the state after some entries have been written.
func (s state) with(sets ...state) state {
	after := maps.Clone(s)
	for _, set := range sets {
		maps.Copy(after, set)
	}
	return after
}

// addAll puts a line into the book and refuses those that repeat the key of another one, as the product does by default:
// all of them.
func (b *book) addAll(lines []line) {
	repeats := map[string]int{}
	for _, l := range lines {
		if !l.unread && l.key != "" {
			repeats[l.key]++
		}
	}
	for _, l := range lines {
		if !l.unread && repeats[l.key] > 1 {
			l.verdict, l.code, l.reason, l.sets = target.Refused, job.RowDuplicate, "has the same", nil
		}
		b.lines = append(b.lines, l)
	}
}

// text is the file.
func (b *book) text() []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(b.header) // a buffer takes everything
	for _, l := range b.lines {
		_ = w.Write(l.cells)
	}
	w.Flush()
	return out.Bytes()
}

// numbered is a line with its row in the sheet, and the chunk of a test's worker that it comes into.
type numbered struct {
	row, chunk int
	line
}

// all are the lines. Their chunks are right for kinds whose rows do not belong together.
func (b *book) all() []numbered {
	all := make([]numbered, len(b.lines))
	read := 0
	for i, l := range b.lines {
		all[i] = numbered{i + 2, read / chunkRows, l} // the headers stand in row 1
		if !l.unread {
			read++
		}
	}
	return all
}

// outside tells that a line is refused before any chunk is saved.
func (l line) outside() bool { return l.unread || l.code == job.RowDuplicate }

// with are the lines of some chunks, and those that are in none.
func (b *book) with(chunks []int) []numbered {
	return slices.DeleteFunc(b.all(), func(l numbered) bool { return !l.outside() && !slices.Contains(chunks, l.chunk) })
}

// in are the lines of one chunk that are saved with it.
func (b *book) in(chunk int) []numbered {
	return slices.DeleteFunc(b.all(), func(l numbered) bool { return l.outside() || l.chunk != chunk })
}

func refusedOf(lines []numbered) []numbered {
	return slices.DeleteFunc(slices.Clone(lines), func(l numbered) bool { return l.verdict != target.Refused })
}

// tallyOf counts what has to become of lines.
func tallyOf(lines []numbered) job.Tally {
	var t job.Tally
	for _, l := range lines {
		switch l.verdict {
		case target.Created:
			t.Created++
		case target.Updated:
			t.Updated++
		case target.Unchanged:
			t.Unchanged++
		default:
			t.Add(job.Tally{Refused: 1, Codes: []job.CodeCount{{Code: l.code, Count: 1}}})
		}
	}
	return t
}

// after is the state that lines lead to.
func (s state) after(lines []numbered) state {
	sets := make([]state, len(lines))
	for i, l := range lines {
		sets[i] = l.sets
	}
	return s.with(sets...)
}

// fill writes what books meet into a database without data. Sellers keep UTC, so that a time in a file is that time.
func (b *book) fill(ctx context.Context, st *store.Store, seller, base int64) error {
	for i := range b.seed.products {
		b.seed.products[i].ID, b.seed.products[i].SellerID = base+int64(i), seller
		b.seed.products[i].CreatedAt, b.seed.products[i].UpdatedAt = seededAt, seededAt
	}
	for i := range b.seed.levels {
		l := &b.seed.levels[i]
		l.ID, l.SellerID, l.ProductID, l.UpdatedAt = base+int64(i), seller, base+l.ProductID, seededAt
	}
	for i := range b.seed.orders {
		o := &b.seed.orders[i]
		o.ID, o.SellerID, o.OrderedAt, o.CreatedAt, o.UpdatedAt = base+int64(i), seller, seededAt, seededAt, seededAt
	}
	for i := range b.seed.lines {
		l := &b.seed.lines[i]
		l.ID, l.SellerID, l.OrderID, l.ProductID = base+int64(i), seller, base+l.OrderID, base+l.ProductID
		l.OrderedAt, l.CreatedAt = seededAt, seededAt
	}
	if err := store.InsertMany(ctx, st, b.seed.products); err != nil {
		return err
	}
	if err := store.InsertMany(ctx, st, b.seed.levels); err != nil {
		return err
	}
	if err := store.InsertMany(ctx, st, b.seed.orders); err != nil {
		return err
	}
	return store.InsertMany(ctx, st, b.seed.lines)
}

// decimal is a number in plain notation.
func decimal[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }
