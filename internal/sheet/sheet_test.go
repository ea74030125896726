package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// store keeps fragments as blob storage would, and counts what was opened and not closed.
type store struct {
	fragments [][]byte
	infos     []Info
	open      atomic.Int64
}

func (s *store) add(fragment []byte, info Info) {
	s.fragments = append(s.fragments, bytes.Clone(fragment))
	s.infos = append(s.infos, info)
}

func (s *store) opener(_ context.Context, i int) (io.ReadCloser, error) {
	s.open.Add(1)
	return &body{Reader: bytes.NewReader(s.fragments[i]), store: s}, nil
}

type body struct {
	io.Reader
	store *store
}

func (b *body) Close() error {
	b.store.open.Add(-1)
	return nil
}

// encodePages encodes rows into pages of the given size, placed in sheets of full size.
func encodePages(t testing.TB, layout Layout, pageRows int, rows [][][]byte) *store {
	t.Helper()
	encoder, err := NewEncoder(layout)
	require.NoError(t, err)
	s := &store{}
	pages := slices.Collect(slices.Chunk(rows, pageRows))
	var counts []int64
	for _, page := range pages {
		counts = append(counts, int64(len(page)))
	}
	for i, position := range Place(layout.Format, counts) {
		s.add(encodePage(t, encoder, position.FirstRow, pages[i]))
	}
	return s
}

// encodePage encodes rows for a place; the bytes are valid until the encoder is used again.
func encodePage(t testing.TB, encoder *Encoder, firstRow int, rows [][][]byte) ([]byte, Info) {
	t.Helper()
	encoder.StartAt(firstRow)
	for _, row := range rows {
		require.NoError(t, encoder.Append(row))
	}
	return finish(t, encoder)
}

// settle renumbers the fragments that an assembly found misplaced.
func (s *store) settle(t testing.TB, misplaced *MisplacedError) {
	t.Helper()
	s.fragments, s.infos = slices.Clone(s.fragments), slices.Clone(s.infos)
	for i, fragment := range misplaced.Fragments {
		renumbered, err := Renumber(s.fragments[fragment], misplaced.FirstRow[i])
		require.NoError(t, err)
		s.fragments[fragment] = renumbered
		s.infos[fragment], err = ReadInfo(renumbered)
		require.NoError(t, err)
	}
}

// assembleAll assembles the whole store with sheets of maxRows, and renumbers what that takes.
func assembleAll(t testing.TB, layout Layout, s *store, maxRows int64) ([]byte, Summary) {
	t.Helper()
	var file bytes.Buffer
	summary, err := assemble(t.Context(), &file, layout, s.infos, s.opener, nil, maxRows)
	if misplaced := (*MisplacedError)(nil); errors.As(err, &misplaced) {
		require.Zero(t, file.Len())
		s.settle(t, misplaced)
		summary, err = assemble(t.Context(), &file, layout, s.infos, s.opener, nil, maxRows)
	}
	require.NoError(t, err)
	require.Zero(t, s.open.Load(), "fragments left open")
	return file.Bytes(), summary
}

// workbookOf makes a workbook of the rows in one page.
func workbookOf(t testing.TB, layout Layout, rows ...[][]byte) (*excelize.File, Summary) {
	t.Helper()
	layout.Format = XLSX
	file, summary := assembleAll(t, layout, encodePages(t, layout, max(1, len(rows)), rows), MaxRows)
	return openWorkbook(t, file), summary
}

func openWorkbook(t testing.TB, file []byte) *excelize.File {
	t.Helper()
	readWhole(t, file)
	workbook, err := excelize.OpenReader(bytes.NewReader(file))
	require.NoError(t, err)
	t.Cleanup(func() { _ = workbook.Close() })
	return workbook
}

// readWhole reads every entry to its end, where archive/zip compares the CRC.
func readWhole(t testing.TB, file []byte) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	for _, entry := range archive.File {
		r, err := entry.Open()
		require.NoError(t, err)
		n, err := io.Copy(io.Discard, r)
		require.NoError(t, err, entry.Name)
		require.Equal(t, entry.UncompressedSize64, uint64(n), entry.Name)
		require.NoError(t, r.Close())
	}
}

func cells(texts ...string) [][]byte {
	row := make([][]byte, len(texts))
	for i, text := range texts {
		row[i] = []byte(text)
	}
	return row
}

// numbered makes n rows of one cell.
func numbered(n int) [][][]byte {
	rows := make([][][]byte, n)
	for i := range rows {
		rows[i] = cells(strconv.Itoa(i))
	}
	return rows
}
