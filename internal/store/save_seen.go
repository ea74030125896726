package store

import (
	"hash/maphash"
	"sync"

	"github.com/longhaul/longhaul/internal/target"
)

// mostSeen bounds what is remembered: 50,000 hashes take a megabyte or two.
const mostSeen = 50_000

// seenRecords remembers which records chunks of this process have lately met or created, by a hash. It is a hint: what it
// does not know may be there all the same, and what it knows may be gone. It is for records that many chunks share; a job
// over many new ones would otherwise begin most chunks twice, once to find out that some are missing.
type seenRecords struct {
	mu   sync.Mutex
	keys map[uint64]struct{}
}

var seenSeed = maphash.MakeSeed()

// seenKey names a record. Two may have the same hash: it is a hint.
type seenKey struct {
	table  string
	tenant any
	key    recordKey
}

// unknown picks the first row of each record that has not been seen, and gives the hashes of all.
func (s *seenRecords) unknown(c *chunk) (rows []target.Row, hashes []uint64, err error) {
	var firsts []int // by hash
	here := make(map[uint64]struct{})
	for row := range c.rows {
		for _, n := range c.plan.early {
			st := c.plan.steps[n]
			if !c.partakes(st, row) {
				continue
			}
			key, err := c.keyOf(st, row)
			if err != nil {
				return nil, nil, err
			}
			hash := maphash.Comparable(seenSeed, seenKey{st.table.name, c.tenant, key})
			if _, ok := here[hash]; !ok {
				here[hash] = struct{}{}
				hashes, firsts = append(hashes, hash), append(firsts, row)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := -1
	for i, hash := range hashes {
		if _, seen := s.keys[hash]; !seen && firsts[i] != last {
			last = firsts[i]
			rows = append(rows, c.rows[last])
		}
	}
	return rows, hashes, nil
}

// add remembers records. When there are too many it begins anew.
func (s *seenRecords) add(hashes []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil || len(s.keys)+len(hashes) > mostSeen {
		s.keys = make(map[uint64]struct{})
	}
	for _, hash := range hashes[:min(len(hashes), mostSeen)] {
		s.keys[hash] = struct{}{}
	}
}
