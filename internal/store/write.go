package store

import "context"

// write waits until this process's other writers are done, where the engine has one at a time; end lets the next one go
// on. SQLite itself would have each look again after 1 ms, 2, 5, 10 and so on up to 100, where it finds others who follow
// closely on one another: that costs a sync without an interval a third of its speed. Writers of other processes, and the
// few of this one that do not stand in line, are waited for in that way.
func (s *Store) write(ctx context.Context) (end func(), err error) {
	if !s.engine.oneWriter() {
		return func() {}, nil
	}
	return s.line.take(ctx)
}

func (mysqlEngine) oneWriter() bool  { return false }
func (sqliteEngine) oneWriter() bool { return true }
