// Package seed fills a database: with made-up data of any size ([Sample]), or with a public data set
// ([Retail]). Both are run again after a fault and go on where they stopped, and both refuse to mix their
// rows with what they did not write.
//
// Nothing else may write the same sellers' rows while it runs: IDs are given here, so that rows can refer to
// each other without asking the database for each.
package seed

import (
	"context"
	"fmt"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// DefaultChunk is how many order lines are saved between two reports of progress. That is under a second of
// writing on either engine, so that nobody else waits long for SQLite's one writer.
const DefaultChunk = 10_000

// table writes rows of one table in the order in which they are made, with IDs of its own counting. Rows that
// an earlier run has written are made again and dropped.
type table[T any] struct {
	name string
	save func(context.Context, *store.Store, []T) error
	base int64 // the ID before the first one
	have int64 // rows that are there already
	made int64
	rows []T // to be written
}

// open finds out which of the sellers' rows are there.
func (t *table[T]) open(ctx context.Context, st *store.Store, sellers []int64) error {
	var there struct{ Count, First, Last int64 }
	db := st.DB(ctx).Table(t.name)
	err := db.Where("seller_id IN ?", sellers).
		Select("COUNT(*) AS count, COALESCE(MIN(id), 0) AS first, COALESCE(MAX(id), 0) AS last").Scan(&there).Error
	if err != nil {
		return fmt.Errorf("look for %s: %w", t.name, err)
	}
	if there.Count > 0 {
		t.base, t.have = there.First-1, there.Count
		if there.Last-t.base != t.have {
			return foreign()
		}
		return nil
	}
	return t.openAtEnd(ctx, st)
}

// openAtEnd appends to whatever is there.
func (t *table[T]) openAtEnd(ctx context.Context, st *store.Store) error {
	if err := st.DB(ctx).Table(t.name).Select("COALESCE(MAX(id), 0)").Scan(&t.base).Error; err != nil {
		return fmt.Errorf("find last of %s: %w", t.name, err)
	}
	return nil
}

// nextID is the ID of the row to be added next.
func (t *table[T]) nextID() int64 { return t.base + t.made + 1 }

func (t *table[T]) add(row T) {
	t.made++
	if t.made > t.have {
		t.rows = append(t.rows, row)
	}
}

func (t *table[T]) flush(ctx context.Context, st *store.Store) error {
	if err := t.save(ctx, st, t.rows); err != nil {
		return fmt.Errorf("save %s up to id %d: %w", t.name, t.base+t.made, err)
	}
	t.rows = t.rows[:0]
	return nil
}

// foreign refuses to write among rows that are not the ones this run would have written.
func foreign() error {
	return job.Errorf(job.CodeConflict,
		"the sellers to be seeded have rows that this seed would not have made; use an empty database, or ask for what was seeded before")
}

// seller finds a seller or makes it.
func seller(ctx context.Context, st *store.Store, want store.Seller) (store.Seller, error) {
	got, err := st.Seller(ctx, want.Code)
	if job.CodeOf(err) != job.CodeNotFound {
		return got, err
	}
	if err := store.InsertMany(ctx, st, []store.Seller{want}); err != nil {
		return store.Seller{}, fmt.Errorf("save seller %s: %w", want.Code, err)
	}
	return st.Seller(ctx, want.Code)
}
