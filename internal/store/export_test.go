package store

import (
	"context"
	"errors"
)

// ApplyUntilKilled is [Store.ApplyChunk] by a process that is killed when it has created what the chunks beside it
// need, too. Where there is nothing to create it comes to its end.
func (s *Store) ApplyUntilKilled(ctx context.Context, w ChunkWork) (saved bool, err error) {
	_, err = s.tryChunk(ctx, w, saveFirst)
	if missing, ok := errors.AsType[*missingError](err); ok {
		return false, s.createEarly(ctx, w, missing.rows)
	}
	if errors.Is(err, errInVain) {
		return false, nil
	}
	return err == nil, err
}

// CreateEarly is what an attempt at a chunk does that has found all its records missing.
func (s *Store) CreateEarly(ctx context.Context, w ChunkWork) error {
	return s.createEarly(ctx, w, w.Rows)
}

// LoadFrom has new records loaded from so many on, where the engine loads them.
func (s *Store) LoadFrom(rows int) { s.saves.loads.from.Store(int64(rows)) }

// Loads tells whether the next records would be loaded.
func (s *Store) Loads() bool { return s.engine.loads() && s.saves.loads.wants(loadFrom) }

// Remember has the store take so many records for seen, and tells how many it then knows.
func (s *Store) Remember(records int) int {
	hashes := make([]uint64, records)
	for i := range hashes {
		hashes[i] = uint64(i)
	}
	s.saves.seen.add(hashes)
	return len(s.saves.seen.keys)
}
