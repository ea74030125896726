package sheet

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCombineCRC32(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	whole := crc32.ChecksumIEEE(data)
	cuts := []int{0, 1, 2, 3, 31, 32, 33, len(data) - 1, len(data)}
	for range 200 {
		cuts = append(cuts, rng.IntN(len(data)))
	}
	for _, cut := range cuts {
		a, b := crc32.ChecksumIEEE(data[:cut]), crc32.ChecksumIEEE(data[cut:])
		require.Equal(t, whole, combineCRC32(a, b, int64(len(data)-cut)), "cut at %d", cut)
	}
}

// Lengths beyond 32 bits cannot be compared with a real checksum in reasonable time, but appending is
// associative: (A+B)+C is A+(B+C).
func TestCombineCRC32IsAssociative(t *testing.T) {
	t.Parallel()
	const lenB, lenC = int64(5)<<32 + 12345, int64(7)<<33 + 1
	a, b, c := uint32(0xCAFEBABE), uint32(0x12345678), uint32(0x9ABCDEF0)
	left := combineCRC32(combineCRC32(a, b, lenB), c, lenC)
	right := combineCRC32(a, combineCRC32(b, c, lenC), lenB+lenC)
	require.Equal(t, left, right)
	require.NotEqual(t, left, combineCRC32(combineCRC32(a, b, lenB), c, lenC+1))
}
