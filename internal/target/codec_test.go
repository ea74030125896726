package target

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/stretchr/testify/require"
)

// everyValue has all kinds of value with their edges.
func everyValue() []Row {
	long := strings.Repeat("주문 ", 500_000) // more than a block
	return []Row{
		{Sheet: 0, Number: 2, Values: []any{nil, "", "a", "007", "주문\x00\xff", long, Decimal("-12.5"), Decimal("")}},
		{Sheet: 0, Number: 1_048_576, Values: []any{int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64), true, false}},
		{Sheet: 0, Number: 3},
		{Sheet: 300, Number: 1, Values: []any{
			time.Time{}, time.Unix(0, 0).UTC(), time.Date(2026, 2, 3, 4, 5, 6, 789_012_345, time.UTC),
			time.Date(-4000, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		}},
	}
}

// orderRows look like what a shop uploads.
func orderRows(n int) []Row {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rows := make([]Row, n)
	for i := range rows {
		var note any
		if i%7 == 0 {
			note = fmt.Sprintf("leave it at door %d", i%40)
		}
		rows[i] = Row{Number: i + 2, Values: []any{
			fmt.Sprintf("C%07d", 489_434+i/5), fmt.Sprintf("%05d%c", 85_048+i*31%4_000, 'A'+i%26), "WHITE HANGING HEART T-LIGHT HOLDER",
			int64(i*17%144 + 1), Decimal(fmt.Sprintf("%d.%02d", i%90, i%100)), day.Add(time.Duration(i) * time.Minute),
			fmt.Sprint(13_085 + i*7%3_000), "United Kingdom", i%3 == 0, note,
		}}
	}
	return rows
}

func TestRowsComeBack(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][]Row{
		"none": {}, "every kind of value": everyValue(), "of several blocks": orderRows(20_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := EncodeRows(rows)
			decoded, err := DecodeRows(data)
			require.NoError(t, err)
			require.Equal(t, rows, decoded)
			require.Equal(t, data, EncodeRows(decoded), "the same rows make the same bytes")
		})
	}
}

// Rows lie in memory next to each other; none may write over another.
func TestDecodedRowsDoNotShareRoom(t *testing.T) {
	t.Parallel()
	decoded, err := DecodeRows(EncodeRows([]Row{{Values: []any{"a"}}, {Values: []any{"b"}}}))
	require.NoError(t, err)
	_ = append(decoded[0].Values, "x")
	require.Equal(t, []any{"b"}, decoded[1].Values)
}

func TestTimesAreKeptAsInstants(t *testing.T) {
	t.Parallel()
	seoul := time.Date(2026, 7, 1, 9, 0, 0, 1, time.FixedZone("KST", 9*3600))
	decoded, err := DecodeRows(EncodeRows([]Row{{Values: []any{seoul}}}))
	require.NoError(t, err)
	require.Equal(t, seoul.UTC(), decoded[0].Values[0])
}

func TestForeignValuePanics(t *testing.T) {
	t.Parallel()
	require.PanicsWithValue(t, "encode rows: a value cannot be a float64", func() {
		EncodeRows([]Row{{Values: []any{1.5}}})
	})
}

func TestVerdictsComeBack(t *testing.T) {
	t.Parallel()
	all := []Verdict{Refused, Unchanged, Updated, Created, Reversed, Kept, Superseded}
	for _, verdicts := range [][]Verdict{{}, all, slices.Repeat(all, 200_000)} {
		decoded, err := DecodeVerdicts(EncodeVerdicts(verdicts))
		require.NoError(t, err)
		require.Equal(t, verdicts, decoded)
	}
	_, err := DecodeVerdicts(EncodeVerdicts([]Verdict{Superseded + 1}))
	require.ErrorIs(t, err, ErrDamaged)
	_, err = DecodeVerdicts(pack(contentVerdicts, 3, []byte{1, 2}))
	require.ErrorIs(t, err, ErrDamaged)
}

func TestEveryDamageIsFound(t *testing.T) {
	t.Parallel()
	good := EncodeRows(orderRows(40))
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		_, err := DecodeRows(bad)
		require.ErrorIs(t, err, ErrDamaged, "byte %d", i)
		_, err = DecodeRows(good[:i])
		require.ErrorIs(t, err, ErrDamaged, "cut at %d", i)
	}
	_, err := DecodeRows(append(good, 0))
	require.ErrorIs(t, err, ErrDamaged)
	_, err = DecodeRows(EncodeVerdicts([]Verdict{Created}))
	require.ErrorIs(t, err, ErrDamaged)
	_, err = DecodeVerdicts(good)
	require.ErrorIs(t, err, ErrDamaged)
}

// What bears a checksum that fits need not be sound.
func TestForgedRowsAreRefused(t *testing.T) {
	t.Parallel()
	tooMany := binary.AppendUvarint(nil, 1<<62)
	for name, forged := range map[string][]byte{
		"more rows than bytes":   pack(contentRows, 1<<62, []byte{0, 0, 0}),
		"fewer rows than bytes":  pack(contentRows, 1, []byte{0, 0, 0, 0, 0, 0}),
		"more values than bytes": pack(contentRows, 1, append([]byte{0, 0}, tooMany...)),
		"text beyond the end":    pack(contentRows, 1, append([]byte{0, 0, 1, byte(tagString)}, tooMany...)),
		"no such tag":            pack(contentRows, 1, []byte{0, 0, 1, byte(tagDecimal) + 1}),
		"value missing":          pack(contentRows, 1, []byte{0, 0, 2, byte(tagNil)}),
		"a second of 2^62 ns":    pack(contentRows, 1, append([]byte{0, 0, 1, byte(tagTime), 0}, tooMany...)),
		"varint of 11 bytes":     pack(contentRows, 1, bytes.Repeat([]byte{0xFF}, 11)),
		"a block too long":       sealed(append([]byte{0, 3}, 0x81, 0x80, 0x40)),
		"an empty block":         sealed([]byte{0, 1, 0}),
		"a block that is not S2": sealed([]byte{0, 3, 9, 0xFF, 0xFF}),
		"nothing":                sealed(nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := DecodeRows(forged)
			require.ErrorIs(t, err, ErrDamaged)
		})
	}
}

// sealed puts a body of rows between header and a checksum that fits.
func sealed(body []byte) []byte {
	b := append([]byte(codecMagic), codecVersion, contentRows)
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// Not parallel: it reads how much the whole program has allocated.
func TestForgedLengthsAllocateLittle(t *testing.T) {
	forged := sealed(append([]byte{0, 6}, append(binary.AppendUvarint(nil, blockSize), 0, 0, 0)...))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := DecodeRows(forged)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, ErrDamaged)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3*blockSize))
}

// FuzzDecode gives the input as it is, sealed, and as what the blocks hold.
func FuzzDecode(f *testing.F) {
	for _, rows := range [][]Row{nil, orderRows(3), everyValue()[1:]} {
		data := EncodeRows(rows)
		f.Add(uint64(len(rows)), data)
		f.Add(uint64(len(rows)), data[headerSize:len(data)-crcSize])
		_, raw, err := unpack(contentRows, data)
		require.NoError(f, err)
		f.Add(uint64(len(rows)), raw)
		f.Add(uint64(len(rows)), s2.Encode(nil, raw))
	}
	f.Fuzz(func(t *testing.T, count uint64, data []byte) {
		for _, stored := range [][]byte{data, sealed(data), pack(contentRows, int(count), data)} {
			rows, err := DecodeRows(stored)
			if err != nil {
				require.ErrorIs(t, err, ErrDamaged)
				continue
			}
			again, err := DecodeRows(EncodeRows(rows))
			require.NoError(t, err)
			require.Equal(t, rows, again)
		}
		for _, stored := range [][]byte{data, pack(contentVerdicts, int(count), data)} {
			if _, err := DecodeVerdicts(stored); err != nil {
				require.ErrorIs(t, err, ErrDamaged)
			}
		}
	})
}

// A chunk of 5,000 rows of 10 values, both ways.
func BenchmarkRows(b *testing.B) {
	rows := orderRows(5_000)
	data := EncodeRows(rows)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			EncodeRows(rows)
		}
		b.ReportMetric(float64(len(data))/float64(len(rows)), "stored-bytes/row")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeRows(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
