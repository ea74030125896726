package upload

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// madeRows is a source of rows that are written over as its next one is read.
type madeRows struct {
	rows, cells int
	end         func() error
	n           int
	row         Row
	text        []byte
	closed      bool
}

func (m *madeRows) next() (*Row, error) {
	if m.n == m.rows {
		return nil, m.end()
	}
	m.n++
	clear(m.text)
	m.text, m.row.Cells = m.text[:0], m.row.Cells[:0]
	m.row.Number = m.n
	for i := range m.cells {
		from := len(m.text)
		m.text = fmt.Appendf(m.text, "%d-%d", m.n, i)
		m.row.Cells = append(m.row.Cells, Cell{Kind: Text, Text: m.text[from:]})
	}
	return &m.row, nil
}

func (m *madeRows) close() error {
	m.closed = true
	return nil
}

func TestAheadReadsTheSameRows(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, size := range [][2]int{{0, 1}, {1, 1}, {batchRows, 1}, {10*batchRows + 7, 3}, {20, batchCells + 1}, {5000, 40}} {
		for _, end := range []error{io.EOF, broken} {
			src := &madeRows{rows: size[0], cells: size[1], end: func() error { return end }}
			a := readAhead(src)
			for n := 1; n <= size[0]; n++ {
				row, err := a.next()
				require.NoError(t, err)
				require.Equal(t, n, row.Number)
				require.Len(t, row.Cells, size[1])
				for _, i := range []int{0, size[1] - 1} {
					require.Equal(t, fmt.Sprintf("%d-%d", n, i), string(row.Cells[i].Text))
				}
			}
			for range 2 {
				_, err := a.next()
				require.Equal(t, end, err)
			}
			require.NoError(t, a.close())
			require.True(t, src.closed)
		}
	}
}

// TestAheadStops has nobody use the rows.
func TestAheadStops(t *testing.T) {
	t.Parallel()
	src := &madeRows{rows: 1 << 30, cells: 1}
	a := readAhead(src)
	_, err := a.next()
	require.NoError(t, err)
	require.NoError(t, a.close())
	require.True(t, src.closed)
	require.LessOrEqual(t, src.n, (batchCount+1)*batchRows)
}

func TestAheadHandsAPanicOver(t *testing.T) {
	t.Parallel()
	a := readAhead(&madeRows{rows: 3, cells: 1, end: func() error { panic("no such cell") }})
	for range 3 {
		_, err := a.next()
		require.NoError(t, err)
	}
	var fault any
	func() {
		defer func() { fault = recover() }()
		_, _ = a.next()
	}()
	require.Contains(t, fault, "no such cell")
	require.Contains(t, fault, "ahead_test.go", "it says where")
	require.NoError(t, a.close())
}

// TestBatchesAreBounded has rows of wide texts.
func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	wide := Row{Number: 1, Cells: []Cell{{Kind: Text, Text: bytes.Repeat([]byte("x"), batchBytes/4)}}}
	var b batch
	require.NoError(t, b.fill(sourceFunc(func() (*Row, error) { return &wide, nil })))
	require.Len(t, b.rows, 4)
}

type sourceFunc func() (*Row, error)

func (f sourceFunc) next() (*Row, error) { return f() }
func (f sourceFunc) close() error        { return nil }
