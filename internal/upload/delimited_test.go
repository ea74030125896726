package upload

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// readDelimited reads a text of UTF-8 in blocks of any size.
func readDelimited(t testing.TB, data []byte, separator byte, step int) ([]record, error) {
	t.Helper()
	in := newBlocks(t.Context(), bytes.NewReader(data), 0, int64(len(data)), step)
	d := newDelimited(newText(in, utf8Text), separator, false, Limits{}.withDefaults())
	defer func() { require.NoError(t, d.close()) }()
	return readAll(d)
}

// record is a row that outlives the next.
type record struct {
	Number int
	Cells  []string // a number sign before a number, ? before a flag
}

func readAll(s source) ([]record, error) {
	var all []record
	for {
		row, err := s.next()
		if err == io.EOF { //nolint:errorlint // nothing else is the end
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, recordOf(row))
	}
}

func recordOf(row *Row) record {
	r := record{Number: row.Number}
	for _, c := range row.Cells {
		sign := map[Kind]string{Number: "#", Flag: "?"}[c.Kind]
		if (c.Kind == Empty) != (len(c.Text) == 0) {
			sign = "wrong kind: "
		}
		r.Cells = append(r.Cells, sign+string(c.Text))
	}
	return r
}

func TestDelimitedRecords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in   string
		want []record
	}{
		"plain":           {"a,b\n1,2\n", []record{{1, []string{"a", "b"}}, {2, []string{"1", "2"}}}},
		"no end":          {"a,b", []record{{1, []string{"a", "b"}}}},
		"crlf":            {"a,b\r\nc\r\n", []record{{1, []string{"a", "b"}}, {2, []string{"c"}}}},
		"cr":              {"a,b\rc\r\rd", []record{{1, []string{"a", "b"}}, {2, []string{"c"}}, {4, []string{"d"}}}},
		"blank lines":     {"\n\r\na\n\n\nb", []record{{3, []string{"a"}}, {6, []string{"b"}}}},
		"blank cells":     {",,\n,x,\n\"\",\"\"\n", []record{{2, []string{"", "x"}}}},
		"spaces stay":     {" a , b \n \n", []record{{1, []string{" a ", " b "}}, {2, []string{" "}}}},
		"quotes":          {`"a","b,c","say ""hi"""`, []record{{1, []string{"a", "b,c", `say "hi"`}}}},
		"only quotes":     {`"""","""""",""`, []record{{1, []string{`"`, `""`}}}},
		"lone quotes":     {`5" pipe,a"b"c, "d"`, []record{{1, []string{`5" pipe`, `a"b"c`, ` "d"`}}}},
		"lines in quotes": {"\"a\nb\r\nc\rd\",e\nf", []record{{1, []string{"a\nb\nc\rd", "e"}}, {5, []string{"f"}}}},
		"quote, then end": {"\"a\"\r\"b\"\r\n\"c\"", []record{{1, []string{"a"}}, {2, []string{"b"}}, {3, []string{"c"}}}},
		"uneven":          {"a\nb,c,d\n", []record{{1, []string{"a"}}, {2, []string{"b", "c", "d"}}}},
		"korean":          {"품목,수량\n\"이어폰\n블랙\",3\n", []record{{1, []string{"품목", "수량"}}, {2, []string{"이어폰\n블랙", "3"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, step := range []int{1, 2, 3, 5, blockSize} {
				got, err := readDelimited(t, []byte(test.in), ',', step)
				require.NoError(t, err)
				require.Equal(t, test.want, got, step)
			}
		})
	}
}

func TestDelimitedFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ in, message string }{
		"cut off":      {"a,b\nc,\"d\ne\n", "line 2: the quotation mark that opens here is never closed"},
		"cut at quote": {"a\n\"", "line 2: the quotation mark"},
		"not doubled":  {"a,b\n1,\"5\" pipe\"\n", "line 2, column 2: a quotation mark inside a quoted cell has to be doubled"},
		"space behind": {"\"a\" ,b\n", "line 1, column 1: a quotation mark"},
		"wide":         {strings.Repeat(",", maxFields) + "\n", "line 1 has more than the 500 columns allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, step := range []int{1, 4, blockSize} {
				_, err := readDelimited(t, []byte(test.in), ',', step)
				var e *job.Error
				require.ErrorAs(t, err, &e)
				require.Contains(t, e.Message, test.message)
			}
		})
	}
}

// Where encoding/csv reads a file strictly, so do we, and to the same cells; what we read, it reads with LazyQuotes, to
// the same cells. We differ on purpose in three things, which expected takes into account: a carriage return alone ends
// a line, trailing empty cells are left out, and with them rows that have no other.
func TestDelimitedIsEncodingCSV(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 11))
	pieces := []string{`"`, `""`, ",", ",", "\n", "\r\n", "a", "12.5", " ", "이어폰", `"x"`, `"x,""y"`, "\n\n", ";", "é"}
	strict := 0
	for range 15_000 {
		var b bytes.Buffer
		for range rng.IntN(14) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		if compareCSV(t, b.Bytes(), ',', 1+rng.IntN(9)) {
			strict++
		}
	}
	require.Greater(t, strict, 2_500, "too few of the texts are good")
}

func FuzzDelimited(f *testing.F) {
	for _, seed := range []string{
		"", "a,b\n1,2\n", "\"a\nb\",\"c\"\"d\"\r\n,,\n", "a\"b,c\n", "\"a\"b\n", "\"a", "a\r\nb\n\n", "재고,\"수\n량\"\n", "\xb0\xa1,a\n",
	} {
		f.Add([]byte(seed), byte(','), 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, separator byte, step int) {
		if strings.IndexByte(separators, separator) < 0 {
			separator = separators[int(separator)%len(separators)]
		}
		compareCSV(t, data, separator, 1+max(0, step)%64)
	})
}

// compareCSV reads data as we do and as encoding/csv does, and tells whether that read it strictly.
func compareCSV(t testing.TB, data []byte, separator byte, step int) (strict bool) {
	t.Helper()
	if hasLoneCR(data) || bytes.IndexByte(data, 0) >= 0 || validUTF8(data) < len(data) {
		separator = ',' // nothing to compare with, but it must not run wild
		_, _ = readDelimited(t, data, separator, step)
		return false
	}
	got, err := readDelimited(t, data, separator, step)
	var tooLarge *job.Error
	if errors.As(err, &tooLarge) && tooLarge.Code == job.CodeTooLarge {
		return false
	}
	want, strictErr := expected(data, separator, false)
	if strictErr == nil {
		require.NoError(t, err, "%q", data)
		require.Equal(t, want, got, "%q", data)
		return true
	}
	if err == nil {
		want, lazyErr := expected(data, separator, true)
		require.NoError(t, lazyErr, "%q", data)
		require.Equal(t, want, got, "%q", data)
	}
	return false
}

func expected(data []byte, separator byte, lazy bool) ([]record, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = rune(separator), lazy, -1
	var all []record
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		for len(cells) > 0 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		if len(cells) > 0 {
			all = append(all, record{Number: line, Cells: cells})
		}
	}
}

func hasLoneCR(data []byte) bool {
	return bytes.Count(data, []byte("\r")) > bytes.Count(data, []byte("\r\n"))
}

// A row costs no allocation.
func TestDelimitedDoesNotAllocate(t *testing.T) { // not parallel: it counts the whole program's allocations
	data := benchCSV(60_000)
	in := newBlocks(t.Context(), bytes.NewReader(data), 0, int64(len(data)), blockSize)
	d := newDelimited(newText(in, utf8Text), ',', false, Limits{}.withDefaults())
	defer func() { require.NoError(t, d.close()) }()
	read := func() {
		for range 10_000 {
			if _, err := d.next(); err != nil {
				t.Fatal(err)
			}
		}
	}
	read()
	require.Zero(t, testing.AllocsPerRun(3, read))
}

// benchCSV is a shop's orders: ten columns, a third of the rows with something in quotation marks.
func benchCSV(rows int) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	names := []string{"무선 블루투스 이어폰", "Stainless bottle, 500 ml", "유기농 현미 20kg", `Monitor 27" IPS`, "USB-C cable 2 m", "여성 봄 자켓"}
	for i := range rows {
		_ = w.Write([]string{
			fmt.Sprintf("2026%07d", i), fmt.Sprintf("SKU-%05d", i*7919%20_000), names[i%len(names)], "블랙 / L",
			fmt.Sprint(i%20 + 1), fmt.Sprintf("%d.%02d", i%50_000, i%100), "paid",
			fmt.Sprintf("2026-11-%02d 10:%02d:00", i%28+1, i%60), "", "서울특별시 강남구",
		})
	}
	w.Flush()
	return b.Bytes()
}

func BenchmarkDelimited(b *testing.B) {
	data := benchCSV(100_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		in := newBlocks(b.Context(), bytes.NewReader(data), 0, int64(len(data)), blockSize)
		d := newDelimited(newText(in, utf8Text), ',', false, Limits{}.withDefaults())
		for {
			if _, err := d.next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		if err := d.close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncodingCSV is the plain way, with what it offers against allocating.
func BenchmarkEncodingCSV(b *testing.B) {
	data := benchCSV(100_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(data))
		r.ReuseRecord, r.FieldsPerRecord = true, -1
		for {
			if _, err := r.Read(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}
