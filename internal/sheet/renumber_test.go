package sheet

import (
	"bytes"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// numberedTexts look like what Renumber looks for.
var numberedTexts = []string{
	`<row r="5">`, `<c r="A5">`, `</row>`, `row r="2"`, `<c r="A2" t="inlineStr">`, `&lt;row r="2"&gt;`, `r="2"`, `"2`, "A2", "2",
	`<`, `<row r="`, `</row><row r="3"><c r="A3"`,
}

// Whatever the rows and wherever they go: renumbered is encoded there.
func TestRenumberIsLikeEncoding(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 10))
	texts := append([]string{"", "", ""}, numberedTexts...)
	for _, text := range nastyTexts {
		if len(text) < 1000 { // long ones have a test of their own
			texts = append(texts, text)
		}
	}
	layout := benchLayout()
	encoder, err := NewEncoder(layout)
	require.NoError(t, err)
	places := []int{2, 3, 5, 9, 10, 95, 99, 100, 998, 9_990, 9_999, 99_990, 99_999, 100_000, 999_995, MaxRows, MaxRows + 1}
	for range 60 {
		rows := benchData(rng.IntN(300)) // up to a few chunks
		for _, row := range rows {
			for range rng.IntN(3) {
				row[rng.IntN(len(row))] = []byte(texts[rng.IntN(len(texts))])
			}
		}
		from, to := places[rng.IntN(len(places))], places[rng.IntN(len(places))]
		requireRenumbered(t, encoder, from, to, rows)
	}
}

func requireRenumbered(t *testing.T, encoder *Encoder, from, to int, rows [][][]byte) {
	t.Helper()
	fragment, _ := encodePage(t, encoder, from, rows)
	fragment = bytes.Clone(fragment)
	before := bytes.Clone(fragment)
	got, err := Renumber(fragment, to)
	require.NoError(t, err)
	require.Equal(t, before, fragment, "what was given is left as it is")
	want, info := encodePage(t, encoder, to, rows)
	require.True(t, bytes.Equal(want, got), "%d rows from %d to %d", len(rows), from, to)
	read, err := ReadInfo(got)
	require.NoError(t, err)
	require.Equal(t, info, read)
	require.Equal(t, to, read.FirstRow)
	back, err := Renumber(got, from)
	require.NoError(t, err)
	require.True(t, bytes.Equal(fragment, back))
}

// A text longer than the window that the rows are looked at through, and tags cut by its ends everywhere.
func TestRenumberOfLongTexts(t *testing.T) {
	t.Parallel()
	encoder, err := NewEncoder(Layout{Format: XLSX, Columns: []Column{{}, {Type: Integer}, {}}})
	require.NoError(t, err)
	escaped := strings.Repeat("\x01", MaxCellChars) // 7 bytes each: 229 KB
	require.Greater(t, len(escaped)*7, renumberSize)
	var rows [][][]byte
	for i := range 15 {
		rows = append(rows, cells(strings.Repeat("x", i), "1", escaped), cells(strings.Repeat("<", 32_700-i), "", ""))
	}
	requireRenumbered(t, encoder, 98, 1_000_000, rows)
}

func FuzzRenumber(f *testing.F) {
	for _, text := range append(numberedTexts, "plain", "") {
		f.Add([]byte(text), uint32(2), uint32(99_999))
	}
	encoder, err := NewEncoder(Layout{Format: XLSX, Columns: []Column{{}, {Type: Decimal}, {Type: Instant}, {}}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, value []byte, from, to uint32) {
		rows := [][][]byte{{value, value, value, nil}, {nil, nil, nil, nil}, {[]byte("a"), nil, nil, value}}
		requireRenumbered(t, encoder, 2+int(from%MaxRows), 2+int(to%MaxRows), rows)
	})
}

func TestRenumberOfDamagedFragments(t *testing.T) {
	t.Parallel()
	good := encodePages(t, benchLayout(), 300, benchData(300)).fragments[0]
	flip := func(at int) func([]byte) []byte { return func(b []byte) []byte { b[at] ^= 4; return b } }
	for name, damage := range map[string]func([]byte) []byte{
		"magic":           flip(0),
		"version":         flip(4),
		"count in header": flip(30),
		"first data byte": flip(HeaderSize),
		"last data byte":  flip(len(good) - 1),
		"empty":           func([]byte) []byte { return nil },
		"header only":     func(b []byte) []byte { return b[:HeaderSize] },
		"data cut":        func(b []byte) []byte { return b[:len(b)-1] },
		"data longer":     func(b []byte) []byte { return append(b, 0) },
		// Headers that fit their bytes but not the rows: nothing but this package writes them, so these are
		// its own mistakes or somebody's ill will.
		"no DEFLATE":         reseal(func(in *Info, data []byte) { data[0] = 0xFF }),
		"fewer rows":         reseal(func(in *Info, _ []byte) { in.Rows-- }),
		"other place":        reseal(func(in *Info, _ []byte) { in.FirstRow++ }),
		"other raw checksum": reseal(func(in *Info, _ []byte) { in.RawCRC32++ }),
		"shorter than told":  reseal(func(in *Info, _ []byte) { in.RawSize++ }),
		"longer than told":   reseal(func(in *Info, _ []byte) { in.RawSize-- }),
		"much longer":        reseal(func(in *Info, _ []byte) { in.RawSize = 10 }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Renumber(damage(bytes.Clone(good)), 7)
			require.ErrorIs(t, err, ErrDamaged)
		})
	}
	same, err := Renumber(good, firstDataRow)
	require.NoError(t, err)
	require.Equal(t, good, same)
}

// reseal alters a fragment and makes its checksums fit.
func reseal(alter func(in *Info, data []byte)) func([]byte) []byte {
	return func(b []byte) []byte {
		in, err := ReadInfo(b)
		if err != nil {
			panic(err)
		}
		alter(&in, b[HeaderSize:])
		in.DataCRC32 = crc32.ChecksumIEEE(b[HeaderSize:])
		in.appendHeader(b[:0])
		return b
	}
}

func TestRowsAboveTheFirst(t *testing.T) {
	t.Parallel()
	layout := benchLayout()
	good := encodePages(t, layout, 3, benchData(3)).fragments[0]
	encoder, err := NewEncoder(layout)
	require.NoError(t, err)
	for _, row := range []int{1, 0, -5} {
		_, err := Renumber(good, row)
		require.ErrorContains(t, err, "is no place for a page")
		encoder.StartAt(row)
		require.ErrorContains(t, encoder.Append(benchData(1)[0]), "is no place for a page")
	}
	layout.Format = CSV
	_, err = Renumber(encodePages(t, layout, 3, benchData(3)).fragments[0], 2)
	require.ErrorContains(t, err, "no row numbers in csv")
}

// StartAt drops the page begun, and holds for one page.
func TestStartAtHoldsForOnePage(t *testing.T) {
	t.Parallel()
	encoder, err := NewEncoder(Layout{Format: XLSX, Columns: []Column{{}}})
	require.NoError(t, err)
	want, _ := encodePage(t, encoder, 50, numbered(2))
	want = bytes.Clone(want)
	require.NoError(t, encoder.Append(cells("dropped")))
	got, info := encodePage(t, encoder, 50, numbered(2))
	require.Equal(t, want, got)
	require.Equal(t, 50, info.FirstRow)
	_, info = finish(t, encoder)
	require.Equal(t, firstDataRow, info.FirstRow)
	require.NoError(t, encoder.Append(cells("next")))
	_, info = finish(t, encoder)
	require.Equal(t, firstDataRow, info.FirstRow)
}
