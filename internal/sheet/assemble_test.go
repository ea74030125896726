package sheet

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSheetsAreFilledInOrder(t *testing.T) {
	t.Parallel()
	layout := Layout{Format: XLSX, Sheet: "Lines: all?", Columns: []Column{{Header: "n", Type: Integer}}}
	s := encodePages(t, layout, 4, numbered(23)) // pages of 4, 4, 4, 4, 4, 3
	for maxRows, want := range map[int64][]int{
		5:  {4, 4, 4, 4, 4, 3}, // each page fills a sheet with its header
		8:  {4, 4, 4, 4, 7},    // 4 + 4 and a header are 9: one page a sheet, but the last two fit
		9:  {8, 8, 7},
		24: {23},
		23: {20, 3},
	} {
		t.Run(strconv.FormatInt(maxRows, 10), func(t *testing.T) {
			t.Parallel()
			file, summary := assembleAll(t, layout, &store{fragments: s.fragments, infos: s.infos}, maxRows)
			require.EqualValues(t, 23, summary.Rows)
			require.Equal(t, len(want), summary.Sheets)
			workbook := openWorkbook(t, file)
			n := 0
			for i, name := range workbook.GetSheetList() {
				require.Equal(t, sheetName("Lines: all?", i), name)
				rows, err := workbook.GetRows(name)
				require.NoError(t, err)
				require.Equal(t, []string{"n"}, rows[0])
				require.Len(t, rows[1:], want[i])
				for _, row := range rows[1:] {
					require.Equal(t, strconv.Itoa(n), row[0])
					n++
				}
			}
			require.Equal(t, 23, n)
		})
	}
}

// The real limit: a sheet takes 1,048,575 rows and its header, and the next row opens another.
func TestSheetOfRealSize(t *testing.T) {
	t.Parallel()
	const pages = 25
	layout := Layout{Format: XLSX, Columns: []Column{{Header: "n", Type: Integer}}}
	s := encodePages(t, layout, (MaxRows-1)/pages, numbered((MaxRows-1)/pages+1)) // a page and one row
	full := &store{}
	for range pages {
		full.add(s.fragments[0], s.infos[0])
	}
	_, summary := assembleAll(t, layout, full, MaxRows)
	require.Equal(t, Summary{Rows: MaxRows - 1, Sheets: 1}, summary)

	full.add(s.fragments[1], s.infos[1])
	file, summary := assembleAll(t, layout, full, MaxRows)
	require.Equal(t, Summary{Rows: MaxRows, Sheets: 2}, summary)
	require.Equal(t, MaxRows, countRows(t, file, "xl/worksheets/sheet1.xml"))
	require.Equal(t, 2, countRows(t, file, "xl/worksheets/sheet2.xml"))
	require.Contains(t, string(entryOf(t, file, "xl/workbook.xml")), "$A$1048576<")
}

// A page that no sheet could take is refused where it is made.
func TestPageLargerThanASheet(t *testing.T) {
	t.Parallel()
	encoder, err := NewEncoder(Layout{Format: XLSX, Columns: []Column{{}}})
	require.NoError(t, err)
	row := [][]byte{nil}
	encoder.info.Rows = MaxRows - 2
	require.NoError(t, encoder.Append(row))
	require.ErrorContains(t, encoder.Append(row), "more rows than a sheet holds")

	layout := Layout{Format: XLSX, Columns: []Column{{}}}
	s := encodePages(t, layout, 3, numbered(3))
	var damaged *DamagedError
	_, err = assemble(t.Context(), io.Discard, layout, s.infos, s.opener, nil, 3)
	require.ErrorAs(t, err, &damaged)
}

func TestFileWithoutRows(t *testing.T) {
	t.Parallel()
	layout := Layout{Format: XLSX, Columns: []Column{{Header: "a"}, {Header: ""}, {Header: "c"}}}
	empty := encodePages(t, layout, 1, numbered(0))
	encoder, err := NewEncoder(layout)
	require.NoError(t, err)
	fragment, info, err := encoder.Finish()
	require.NoError(t, err)
	pageWithout := &store{}
	pageWithout.add(fragment, info)
	for _, s := range []*store{empty, pageWithout} {
		file, summary := assembleAll(t, layout, s, MaxRows)
		require.Equal(t, Summary{Sheets: 1}, summary)
		rows, err := openWorkbook(t, file).GetRows("Sheet1")
		require.NoError(t, err)
		require.Equal(t, [][]string{{"a", "", "c"}}, rows)
	}
}

// Same rows, same bytes: whether an encoder is new or has seen other pages, and however often it is done.
func TestSameRowsMakeTheSameBytes(t *testing.T) {
	t.Parallel()
	for _, format := range []Format{XLSX, CSV} {
		layout := benchLayout()
		layout.Format = format
		rows := benchData(3000)
		used, err := NewEncoder(layout)
		require.NoError(t, err)
		var files [][]byte
		for range 3 {
			s := &store{}
			for start := 0; start < len(rows); start += 1000 {
				encoder := used
				if len(files) == 0 {
					encoder, err = NewEncoder(layout)
					require.NoError(t, err)
				}
				s.add(encodePage(t, encoder, start+firstDataRow, rows[start:start+1000]))
			}
			file, _ := assembleAll(t, layout, s, MaxRows)
			files = append(files, file)
			_ = used.Append(rows[0]) // leaves something behind
			finish(t, used)
		}
		require.True(t, bytes.Equal(files[0], files[1]) && bytes.Equal(files[0], files[2]), format)
	}
}

func TestFinishIsIndependentOfWhatCameBefore(t *testing.T) {
	t.Parallel()
	encoder, err := NewEncoder(Layout{Format: XLSX, Columns: []Column{{Type: Integer}}})
	require.NoError(t, err)
	require.NoError(t, encoder.Append(cells("x")))
	_, info := finish(t, encoder)
	require.EqualValues(t, 1, info.CellsAsText)
	fragment, info := finish(t, encoder)
	require.Zero(t, info.Rows)
	require.Zero(t, info.CellsAsText)
	read, err := ReadInfo(fragment)
	require.NoError(t, err)
	require.Equal(t, info, read)
	require.ErrorContains(t, encoder.Append(cells("1", "2")), "2 cells for 1 columns")
}

// A row costs no allocation: pages of any size leave the garbage collector alone.
func TestEncoderDoesNotAllocate(t *testing.T) { // not parallel: it counts the whole program's allocations
	for _, format := range []Format{XLSX, CSV} {
		layout := benchLayout()
		layout.Format = format
		layout.Zone = location(t, "Asia/Seoul")
		layout.Columns = append(layout.Columns, Column{Type: Instant}, Column{Type: Date})
		rows := benchData(1000)
		for i := range rows {
			rows[i] = append(rows[i], []byte("2026-11-22 03:04:05.123456"), []byte("2026-11-22"))
		}
		encoder, err := NewEncoder(layout)
		require.NoError(t, err)
		page := func() {
			for _, row := range rows {
				if err := encoder.Append(row); err != nil {
					t.Fatal(err)
				}
			}
			finish(t, encoder)
		}
		page()
		require.Zero(t, testing.AllocsPerRun(5, page), format)
	}
}

func finish(t testing.TB, encoder *Encoder) ([]byte, Info) {
	t.Helper()
	fragment, info, err := encoder.Finish()
	require.NoError(t, err)
	return fragment, info
}

func entryOf(t testing.TB, file []byte, name string) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	data, err := fs.ReadFile(archive, name)
	require.NoError(t, err)
	return data
}

func countRows(t testing.TB, file []byte, sheet string) int {
	t.Helper()
	return bytes.Count(entryOf(t, file, sheet), []byte(rowStart))
}
