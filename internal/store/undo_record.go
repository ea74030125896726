package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/longhaul/longhaul/job"
)

// undoing is the work on one group of a chunk's records.
type undoing struct {
	s      *Store
	q      *session
	tenant any
	group  *imageGroup
	table  *savedTable
	key    []int
	set    []int
	stamp  any // the time of writing
}

// undoGroup restores the records of a group, and notes in them why they are kept if they are.
func (s *Store) undoGroup(ctx context.Context, q *session, sellerID int64, g *imageGroup, at time.Time) error {
	u := &undoing{s: s, q: q, tenant: sellerID, group: g, stamp: at}
	var err error
	if u.table, err = s.savedTable(g.table); err != nil {
		return err
	}
	if u.key, err = u.table.positions(g.key); err != nil {
		return err
	}
	if u.set, err = u.table.positions(g.set); err != nil {
		return err
	}
	if err := u.find(ctx); err != nil {
		return err
	}
	var restore, remove []*imageRecord
	for i := range g.records {
		r := &g.records[i]
		switch {
		case r.now == nil && r.before == nil: // somebody was faster
		case r.before != nil && r.now != nil && u.has(r, r.before): // likewise
		case r.now == nil, !u.has(r, r.after):
			r.kept = job.RowChangedSince
		case r.before == nil:
			remove = append(remove, r)
		default:
			restore = append(restore, r)
		}
	}
	if remove, err = u.unused(ctx, remove); err != nil {
		return err
	}
	if err := u.halve(ctx, remove, job.RowInUse, u.remove); err != nil {
		return fmt.Errorf("remove from %s: %w", g.table, err)
	}
	if err := u.halve(ctx, restore, job.RowConstraint, u.restore); err != nil {
		return fmt.Errorf("restore in %s: %w", g.table, err)
	}
	return nil
}

func (t *savedTable) positions(names []string) ([]int, error) {
	at := make([]int, len(names))
	for i, name := range names {
		var err error
		if at[i], err = t.position(name); err != nil {
			return nil, err
		}
	}
	return at, nil
}

// has tells whether a record is now as it was: in what the save sets.
func (u *undoing) has(r *imageRecord, values []any) bool {
	for i, column := range u.set {
		if r.now[column] != values[i] {
			return false
		}
	}
	return true
}

// find reads the records as they are now, by their ids or, where those are not known, by their keys, and locks them.
func (u *undoing) find(ctx context.Context) error {
	byID := make(map[any]*imageRecord)
	byKey := make(map[recordKey]*imageRecord)
	asked := make(map[any]struct{})
	var ids, firsts []any
	for i := range u.group.records {
		r := &u.group.records[i]
		if r.id != nil {
			byID[r.id] = r
			ids = append(ids, r.id)
			continue
		}
		var key recordKey
		copy(key[:], r.key)
		byKey[key] = r
		if _, ok := asked[key[0]]; !ok {
			asked[key[0]] = struct{}{}
			firsts = append(firsts, key[0])
		}
	}
	if err := u.read(ctx, []string{"id"}, ids, func(now []any) { byID[now[idColumn]].now = now }); err != nil {
		return err
	}
	return u.read(ctx, u.group.key, firsts, func(now []any) {
		var key recordKey
		for i, column := range u.key {
			key[i] = now[column]
		}
		if r := byKey[key]; r != nil && r.now == nil {
			r.now = now
		}
	})
}

func (u *undoing) read(ctx context.Context, key []string, values []any, fn func(now []any)) error {
	if len(values) == 0 {
		return nil
	}
	hint, err := u.s.indexHint(ctx, u.q, u.table.name, key)
	if err != nil {
		return err
	}
	all := make([]int, len(u.table.names))
	for i := range all {
		all[i] = i
	}
	by, err := u.table.position(key[0])
	if err != nil {
		return err
	}
	r := &reading{table: u.table, columns: all, by: by, hint: hint, order: key, lock: u.s.engine.lock(true)}
	return u.q.read(ctx, r, u.tenant, values, fn)
}

// unused gives back the records that nothing refers to by now.
func (u *undoing) unused(ctx context.Context, records []*imageRecord) ([]*imageRecord, error) {
	held, err := u.referred(ctx, records)
	return slices.DeleteFunc(records, func(r *imageRecord) bool {
		if held[r.now[idColumn]] {
			r.kept = job.RowInUse
		}
		return r.kept != ""
	}), err
}

// referred tells which records others refer to, by their ids.
func (u *undoing) referred(ctx context.Context, records []*imageRecord) (map[any]bool, error) {
	held := make(map[any]bool)
	for _, ref := range u.group.keptBy {
		table, err := u.s.savedTable(ref.Table)
		if err != nil {
			return nil, err
		}
		if _, err := table.position(ref.Column); err != nil {
			return nil, err
		}
		query := "SELECT DISTINCT " + quote(ref.Column) + " FROM " + quote(ref.Table) + " WHERE " + quote(ref.Column)
		for part := range slices.Chunk(records, keysPerRead) {
			if err := u.held(ctx, query, part, held); err != nil {
				return nil, fmt.Errorf("look for references in %s: %w", ref.Table, err)
			}
		}
	}
	return held, nil
}

func (u *undoing) held(ctx context.Context, query string, records []*imageRecord, held map[any]bool) error {
	list, args := idList(records)
	rows, err := u.q.query(ctx, query+list, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		held[id] = true
	}
	return rows.Err()
}

// idList is a condition on ids, of one of few lengths.
func idList(records []*imageRecord) (string, []any) {
	size := listSize(len(records))
	args := make([]any, size)
	for i := range args {
		args[i] = records[min(i, len(records)-1)].now[idColumn]
	}
	return " IN (?" + strings.Repeat(",?", size-1) + ")", args
}

// halve does something to records; those to which the database does not let it be done are found by halving, and
// kept for a reason.
func (u *undoing) halve(ctx context.Context, records []*imageRecord, why job.RowCode, do func(context.Context, []*imageRecord) error) error {
	if len(records) == 0 {
		return nil
	}
	refused, err := u.q.attempt(ctx, func() error { return do(ctx, records) })
	if err != nil || refused == "" {
		return err
	}
	if len(records) == 1 {
		records[0].kept = why
		return nil
	}
	half := len(records) / 2
	if err := u.halve(ctx, records[:half], why, do); err != nil {
		return err
	}
	return u.halve(ctx, records[half:], why, do)
}

// remove removes records, and looks once more whether others refer to them. Saves lock what they refer to, but InnoDB
// locks only the entry of the index where a query needs no more than that: it is removing that waits for them. Whoever
// comes later waits for this transaction.
func (u *undoing) remove(ctx context.Context, records []*imageRecord) error {
	for part := range slices.Chunk(records, keysPerRead) {
		list, args := idList(part)
		if err := u.q.exec(ctx, "DELETE FROM "+quote(u.table.name)+" WHERE id"+list, args...); err != nil {
			return err
		}
	}
	if !u.s.engine.sharesTables() {
		return nil // nobody else writes meanwhile
	}
	held, err := u.referred(ctx, records)
	if err == nil && len(held) > 0 {
		return refusedError(refusedForeign)
	}
	return err
}

func (u *undoing) restore(ctx context.Context, records []*imageRecord) error {
	slices.SortFunc(records, func(a, b *imageRecord) int { return compareValues(a.now[idColumn], b.now[idColumn]) })
	columns := slices.Clone(u.group.set)
	if u.table.updated >= 0 {
		columns = append(columns, u.table.names[u.table.updated])
	}
	return u.q.update(ctx, u.table, columns, len(records), func(row int) []any {
		r := records[row]
		whole := slices.Clone(r.now)
		for i, column := range u.set {
			whole[column] = r.before[i]
		}
		if u.table.updated >= 0 {
			whole[u.table.updated] = u.stamp
		}
		return whole
	})
}
