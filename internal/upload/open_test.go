package upload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

func open(t testing.TB, name, data string, l Limits) (*File, error) {
	t.Helper()
	return Open(t.Context(), strings.NewReader(data), int64(len(data)), name, l)
}

// readFile reads a file to its end or error.
func readFile(t testing.TB, f *File) ([]record, error) {
	t.Helper()
	rows := f.Rows(t.Context())
	defer func() { require.NoError(t, rows.Close()) }()
	var all []record
	for rows.Next() {
		all = append(all, recordOf(rows.Row()))
	}
	require.Nil(t, rows.Row())
	return all, rows.Err()
}

// What a file is, its content says; the name has a word only where that leaves a doubt.
func TestFilesAreRecognised(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		name, in  string
		format    Format
		encoding  string
		firstCell string
		cells     int // of the first row
	}{
		"csv":                 {"a.csv", "a,b,c\n1,2,3\n", CSV, "utf-8", "a", 3},
		"csv of excel, korea": {"재고.csv", inCP949(t, "품목,수량\r\n이어폰,3\r\n"), CSV, "cp949", "품목", 2},
		"csv, semicolons":     {"a.csv", "\uFEFFPreis;Menge\n1,50;2,00\n2,50;4,00\n", CSV, "utf-8", "Preis", 2},
		"csv, bars":           {"a.txt", "a|b\n1,5|x\n", CSV, "utf-8", "a", 2},
		"csv, one column":     {"a.csv", "sku\nA\nB\n", CSV, "utf-8", "sku", 1},
		"tsv":                 {"a.csv", "a\tb\n1,0\t2\n", TSV, "utf-8", "a", 2},
		"tsv, one column":     {"a.tsv", "sku\nA, B\n", TSV, "utf-8", "sku", 1},
		"tsv, one cell":       {"a.TSV", "sku", TSV, "utf-8", "sku", 1},
		"unicode text":        {"a.txt", inUTF16("품목\t수량\r\n이어폰\t3\r\n", false), TSV, "utf-16", "품목", 2},
		"text as workbook":    {"a.xlsx", "a,b\n", CSV, "utf-8", "a", 2},
		"excel's hint":        {"a.csv", "sep=;\r\na,b;c\r\n", CSV, "utf-8", "a,b", 2},
		"hint of a tab":       {"a.csv", "\uFEFFSEP=\t\na,b\tc\n", TSV, "utf-8", "a,b", 2},
		"hint of another":     {"a.csv", "sep=^\na,b^c\n", CSV, "utf-8", "a,b", 2},
		"no hint":             {"a.csv", "sep=a\nb\n", CSV, "utf-8", "sep=a", 1},
		"title above":         {"a.csv", "재고 현황, 11월\n\nsku;qty;price\nA;1;2,5\nB;2;3,5\n", CSV, "utf-8", "재고 현황, 11월", 1},
		"commas in cells":     {"a.csv", "name;note\n\"x;y\";a, b, c\nz;d\n", CSV, "utf-8", "name", 2},
		"quoted commas":       {"a.csv", "\"a\",\"b;c\"\n\"1\",\"2;3\"\n", CSV, "utf-8", "a", 2},
		"bracket in a header": {"a.csv", "[id],[name]\n1,x\n", CSV, "utf-8", "[id]", 2},
		"brace in a cell":     {"a.csv", "{3F2504E0},x\n", CSV, "utf-8", "{3F2504E0}", 2},
		"json":                {"a.csv", "\uFEFF [{\"a\":1,\"b\":2}]", JSON, "utf-8", "a", 2},
		"json, cp949":         {"a.json", inCP949(t, `[{"품목":"이어폰"}]`), JSON, "cp949", "품목", 1},
		"json, utf-16":        {"a.json", inUTF16(`[{"품목":"이어폰"}]`, true), JSON, "utf-16", "품목", 1},
		"ndjson":              {"a.txt", "{\"a\":1}\n{\"b\":2}\n", NDJSON, "utf-8", "a", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := open(t, test.name, test.in, Limits{})
			require.NoError(t, err)
			require.Equal(t, test.format, f.Format)
			require.Equal(t, test.encoding, f.Encoding)
			require.Equal(t, []Sheet{{}}, f.Sheets)
			require.Empty(t, f.Parent)
			for range 2 { // rows are read from the beginning each time
				rows, err := readFile(t, f)
				require.NoError(t, err)
				require.Equal(t, test.firstCell, rows[0].Cells[0])
				require.Len(t, rows[0].Cells, test.cells)
			}
		})
	}
}

func TestFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ name, in, message string }{
		"empty":            {"a.csv", "", "the file is empty"},
		"blank":            {"a.csv", "\uFEFF \r\n\t\n\n", "the file is empty"},
		"html":             {"재고.xls", "\r\n<HTML><body><table>", "the file is a web page (HTML), whatever its name says"},
		"table":            {"a.csv", "<table border=1>", "a web page (HTML)"},
		"html in utf-16":   {"a.xls", inUTF16("<!DOCTYPE html>", false), "a web page (HTML)"},
		"xml spreadsheet":  {"a.xls", "\uFEFF<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>", "the file is XML"},
		"pdf":              {"a.xlsx", "%PDF-1.7\n", "a PDF document"},
		"picture":          {"a.csv", "\x89PNG\r\n\x1a\n", "a picture (PNG)"},
		"gzip":             {"a.csv", "\x1f\x8b\x08\x00", "compressed with gzip; unpack it first"},
		"rtf":              {"a.json", `{\rtf1\ansi`, "a text document (RTF)"},
		"binary":           {"a.csv", "a,b\n\x00\x01\x02", "the file is not text: it has NUL bytes"},
		"utf-16, no mark":  {"a.csv", inUTF16("a,b", false)[2:], "UTF-16 needs its byte order mark"},
		"another encoding": {"a.csv", "a,b\ncaf\xe9,1\n", "line 2: the text is neither UTF-8 nor CP949"},
		"pretty object":    {"a.json", "{\n  \"rows\": []\n}\n", "an array of objects is read, or one object a line"},
		"cut-off json":     {"a.json", `[{"a":1},`, "it may be cut off"},
		"json of others":   {"a.json", `{rows: 1}`, "was expected where a key begins"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := open(t, test.name, test.in, Limits{})
			var e *job.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, job.CodeInvalid, e.Code)
			require.Contains(t, e.Message, test.message)
		})
	}
}

// Each limit has an error that names it, its value and its setting, and what just fits is read.
func TestLimitsOfTexts(t *testing.T) {
	t.Parallel()
	l := Limits{Size: 60, Rows: 3, Columns: 4, CellChars: 5}
	for name, test := range map[string]struct{ fits, in, message string }{
		"size": {strings.Repeat("a\n", 3), strings.Repeat("a,", 31),
			"the file has 62 bytes, more than the 60 bytes allowed (LONGHAUL_UPLOAD_MAX_SIZE)"},
		"rows": {"a\n\n\nb\n,,\nc\n\n", "a\n\nb\nc\nd\n",
			"row 5: the file has more than the 3 rows allowed (LONGHAUL_UPLOAD_MAX_ROWS)"},
		"objects": {"{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n", "{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n",
			"row 4: the file has more than the 3 rows allowed (LONGHAUL_UPLOAD_MAX_ROWS)"},
		"columns": {"a,b,c,d,,,,\n", "a\na,b,c,d,,e\n",
			"line 2 has more than the 4 columns allowed (LONGHAUL_UPLOAD_MAX_COLUMNS)"},
		"cell": {"가나다라마,b\n", "a\nb,가나다라마바\n",
			"line 2, column 2: the cell has more than the 5 characters allowed (LONGHAUL_UPLOAD_MAX_CELL)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := open(t, "a.csv", test.fits, l)
			require.NoError(t, err)
			_, err = readFile(t, f)
			require.NoError(t, err)

			if f, err = open(t, "a.csv", test.in, l); err == nil {
				_, err = readFile(t, f)
			}
			require.EqualError(t, err, test.message)
			require.Equal(t, job.CodeTooLarge, job.CodeOf(err))
		})
	}
}

// Of a workbook the sheet is named.
func TestPlaceOfARowTooMany(t *testing.T) {
	t.Parallel()
	rows := &Rows{sheets: []Sheet{{"Stock"}, {"Orders"}}, limit: Limits{Rows: 7}.withDefaults()}
	require.EqualError(t, rows.limit.rowsError(rows.place(&Row{Sheet: 1, Number: 1234})),
		"sheet Orders, row 1,234: the file has more than the 7 rows allowed (LONGHAUL_UPLOAD_MAX_ROWS)")
}

func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	require.Equal(t, Limits{512 << 20, 8 << 30, 2_000, 5_000_000, 500, 32_767}, Limits{}.withDefaults())
	require.Equal(t, Limits{1, 2, 3, 4, 5, 6}, Limits{1, 2, 3, 4, 5, 6}.withDefaults())
	_, err := Open(t.Context(), strings.NewReader(""), 600<<20, "a.csv", Limits{})
	require.EqualError(t, err, "the file has 600.0 MiB, more than the 512.0 MiB allowed (LONGHAUL_UPLOAD_MAX_SIZE)")
	require.EqualError(t, Limits{}.withDefaults().expandedError(),
		"the workbook unpacks to more than the 8.0 GiB allowed (LONGHAUL_UPLOAD_MAX_EXPANDED)")
	require.EqualError(t, Limits{}.withDefaults().entriesError(12_345_678),
		"the workbook has 12,345,678 parts, more than the 2,000 allowed (LONGHAUL_UPLOAD_MAX_ENTRIES)")
}

// A quotation mark that is never closed ends with the cell's limit, not with the file in memory.
func TestUnclosedQuoteInALargeFile(t *testing.T) {
	t.Parallel()
	f, err := open(t, "a.csv", "a,b\n1,\"x\n"+strings.Repeat("1,2\n", 1<<20), Limits{})
	require.NoError(t, err)
	rows, err := readFile(t, f)
	require.Len(t, rows, 1)
	require.EqualError(t, err, "line 2, column 2: the cell has more than the 32,767 characters allowed "+
		"(LONGHAUL_UPLOAD_MAX_CELL); perhaps the quotation mark that opens in line 2 is never closed")
}

// endless is a file of the same line over and over, which takes no memory, and counts reads.
type endless struct {
	line  []byte
	reads *atomic.Int64
	least *atomic.Int64 // bytes of the smallest read but the last
	size  int64
}

// newEndless makes a file of whole lines and at most size bytes.
func newEndless(line string, size int64) endless {
	size -= size % int64(len(line))
	e := endless{bytes.Repeat([]byte(line), 1+blockSize/len(line)), new(atomic.Int64), new(atomic.Int64), size}
	e.least.Store(size)
	return e
}

func (e endless) ReadAt(p []byte, at int64) (int, error) {
	e.reads.Add(1)
	if at+int64(len(p)) < e.size {
		e.least.Store(min(e.least.Load(), int64(len(p))))
	}
	n := copy(p, e.line[at%int64(len(e.line)):])
	for n < len(p) {
		n += copy(p[n:], e.line)
	}
	return len(p), nil
}

// Memory does not grow with the file, whatever is in it, and reads are large.
func TestMemoryIsBounded(t *testing.T) { // not parallel: it looks at the whole program's memory
	const size = 12 << 20
	for name, line := range map[string]string{
		"rows":        "2026,SKU-00001,무선 이어폰,3\n",
		"cp949":       inCP949(t, "2026,SKU-00001,무선 이어폰을,3\n"),
		"blank lines": "a\n" + strings.Repeat("\n", 4<<10),
		"blank cells": "a\n" + strings.Repeat(strings.Repeat(",", 99)+"\n", 100),
		"objects":     "{\"sku\":\"SKU-00001\",\"name\":\"무선 이어폰\",\"qty\":3}\n",
		"blanks":      "{\"a\":1}\n" + strings.Repeat(" \n", 4<<10),
	} {
		file := newEndless(line, size)
		f, err := Open(t.Context(), file, file.size, "", Limits{Rows: 1 << 40})
		require.NoError(t, err)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rows := f.Rows(t.Context())
		for rows.Next() {
		}
		require.NoError(t, rows.Err(), name)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), name)
		require.GreaterOrEqual(t, file.least.Load(), int64(blockSize), name)
		require.LessOrEqual(t, file.reads.Load(), 2+2*int64(size/blockSize), name)
	}
}

func TestContextEndsReading(t *testing.T) {
	t.Parallel()
	why := errors.New("enough")
	for name, line := range map[string]string{"rows": "a,b\n", "blank lines": "a\n" + strings.Repeat("\n", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := newEndless(line, 1<<45) // takes for ever
			f, err := Open(t.Context(), file, file.size, "a.csv", Limits{Size: 1 << 50, Rows: 1 << 50})
			require.NoError(t, err)
			ctx, cancel := context.WithCancelCause(t.Context())
			rows := f.Rows(ctx)
			require.True(t, rows.Next())
			reads := file.reads.Load()
			done := make(chan error)
			go func() {
				for rows.Next() {
				}
				done <- rows.Err()
			}()
			require.Eventually(t, func() bool { return file.reads.Load() > reads }, 10*time.Second, time.Millisecond)
			cancel(why)
			require.ErrorIs(t, <-done, why)
			require.NoError(t, rows.Close())
		})
	}
}

// Closing early leaves nothing behind that reads the file.
func TestCloseEarly(t *testing.T) {
	t.Parallel()
	file := newEndless("a,b\n", 1<<40)
	f, err := Open(t.Context(), file, file.size, "a.csv", Limits{Size: 1 << 50})
	require.NoError(t, err)
	rows := f.Rows(t.Context())
	require.True(t, rows.Next())
	require.NoError(t, rows.Close())
	reads := file.reads.Load()
	require.False(t, rows.Next())
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	require.Equal(t, reads, file.reads.Load())
	require.NoError(t, f.Rows(t.Context()).Close(), "rows that nobody asked for")
}

func TestStorageErrorsAreKept(t *testing.T) {
	t.Parallel()
	broken := errors.New("storage is gone")
	data := strings.Repeat(strings.Repeat("a", 255)+"\n", 4*headSize/256)
	for _, at := range []int64{10, headSize + blockSize} {
		f, err := Open(t.Context(), brokenAt{strings.NewReader(data), at, broken}, int64(len(data)), "a.csv", Limits{})
		if err == nil {
			_, err = readFile(t, f)
		}
		require.ErrorIs(t, err, broken)
		require.Equal(t, job.CodeInternal, job.CodeOf(err))
	}
	// So is a wrapped io.EOF: a file that ends early is not a file that ends.
	f, err := Open(t.Context(), brokenAt{strings.NewReader(data), headSize * 2, fmt.Errorf("body: %w", io.EOF)}, int64(len(data)),
		"a.csv", Limits{})
	require.NoError(t, err)
	_, err = readFile(t, f)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// An upload that was cut off is whole by its size, and shows it where the format can.
func TestSampleIsCutAnywhere(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for i := range 4_000 { // more than a sample; a quoted cell may hang over its end
		fmt.Fprintf(&b, "%d;\"x, %d\ny;z\";1,5\n", i, i)
	}
	for cut := range 12 {
		data := strings.Repeat("k", cut+1) + ";b;c\n" + b.String()
		f, err := open(t, "a.csv", data, Limits{})
		require.NoError(t, err)
		require.Equal(t, byte(';'), f.plain.separator)
		rows, err := readFile(t, f)
		require.NoError(t, err)
		require.Len(t, rows, 4_001)
	}
}
