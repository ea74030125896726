package fake

import "time"

// chance decides what happens to an attempt at an item.
type chance struct {
	seed    uint64
	item    string
	attempt int // from 1; 0: the same for all
}

// hits tells whether what happens to a share happens here.
func (c chance) hits(what string, share float64) bool { return c.fraction(what) < share }

// fraction is even in [0, 1), and different for each thing asked for.
func (c chance) fraction(what string) float64 { return float64(c.hash(what)>>11) / (1 << 53) }

// hash is FNV-1a, with the last step of SplitMix64 behind it: the upper bits of FNV alone differ too little between
// items whose names differ in their last character.
func (c chance) hash(what string) uint64 {
	h := uint64(14695981039346656037)
	step := func(b byte) { h = (h ^ uint64(b)) * 1099511628211 }
	for i := 0; i < 64; i += 8 {
		step(byte(c.seed >> i))
		step(byte(uint64(c.attempt) >> i))
	}
	for i := range len(what) {
		step(what[i])
	}
	step(0)
	for i := range len(c.item) {
		step(c.item[i])
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// latency is how long this attempt takes.
func (c chance) latency(b *Behaviour) time.Duration {
	if c.hits("slow", b.SlowShare) {
		return b.Slow
	}
	if b.LatencyMax <= b.Latency {
		return b.Latency
	}
	return b.Latency + time.Duration(c.fraction("latency")*float64(b.LatencyMax-b.Latency))
}
