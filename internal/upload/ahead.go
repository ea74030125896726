package upload

// A batch is full with the row that reaches one of these. One is used while the others are filled or wait.
const (
	batchRows  = 256
	batchCells = 4 << 10
	batchBytes = 256 << 10
	batchCount = 3
)

// ahead is a source that reads another one on a goroutine of its own: taking a file apart is more than half the work, and
// what is made of its rows the rest.
type ahead struct {
	src     source // for the goroutine alone, until batches is closed
	batches *relay[batch]
	rest    []Row // of the batch in use
}

// batch is some rows, copied.
type batch struct {
	rows  []Row
	cells []Cell
	text  []byte
}

// readAhead must be closed.
func readAhead(src source) *ahead {
	return &ahead{src: src, batches: newRelay(make([]batch, batchCount), func(b *batch) error { return b.fill(src) })}
}

func (b *batch) fill(src source) error {
	b.rows, b.cells, b.text = b.rows[:0], b.cells[:0], b.text[:0]
	for len(b.rows) < batchRows && len(b.cells) < batchCells && len(b.text) < batchBytes {
		row, err := src.next()
		if err != nil {
			return err
		}
		b.take(row)
	}
	return nil
}

// take copies a row. Where cells or text have to grow, rows before keep what they had.
func (b *batch) take(row *Row) {
	cells := len(b.cells)
	for i := range row.Cells {
		c := row.Cells[i]
		text := len(b.text)
		b.text = append(b.text, c.Text...)
		c.Text = b.text[text:len(b.text):len(b.text)]
		b.cells = append(b.cells, c)
	}
	b.rows = append(b.rows, Row{Sheet: row.Sheet, Number: row.Number, Cells: b.cells[cells:len(b.cells):len(b.cells)]})
}

func (a *ahead) next() (*Row, error) {
	for len(a.rest) == 0 {
		b, err := a.batches.next()
		if err != nil {
			return nil, err
		}
		a.rest = b.rows
	}
	row := &a.rest[0]
	a.rest = a.rest[1:]
	return row, nil
}

func (a *ahead) close() error {
	a.batches.close()
	return a.src.close()
}
