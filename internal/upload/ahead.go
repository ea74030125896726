package upload

import (
	"fmt"
	"runtime/debug"
)

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
	src        source // for the goroutine alone, until done
	full, free chan *batch
	stop, done chan struct{}

	current *batch
	used    int // rows of current
}

// batch is some rows, copied.
type batch struct {
	rows  []Row
	cells []Cell
	text  []byte
	err   error // comes after the rows
	fault any   // what the source panicked with, and where
}

// readAhead must be closed.
func readAhead(src source) *ahead {
	a := &ahead{
		src:  src,
		full: make(chan *batch, batchCount),
		free: make(chan *batch, batchCount),
		stop: make(chan struct{}),
		done: make(chan struct{}),
	}
	for range batchCount {
		a.free <- new(batch)
	}
	go a.run()
	return a
}

// run never waits to hand a batch over: there is room for all of them.
func (a *ahead) run() {
	defer close(a.done)
	for {
		select {
		case <-a.stop:
			return
		case b := <-a.free:
			b.fill(a.src)
			a.full <- b
			if b.err != nil || b.fault != nil {
				return
			}
		}
	}
}

// fill hands a panic over to who uses the rows: on a goroutine of its own it would end the process.
func (b *batch) fill(src source) {
	defer func() {
		if fault := recover(); fault != nil {
			b.fault = fmt.Sprintf("%v\n\n%s", fault, debug.Stack())
		}
	}()
	b.rows, b.cells, b.text = b.rows[:0], b.cells[:0], b.text[:0]
	for len(b.rows) < batchRows && len(b.cells) < batchCells && len(b.text) < batchBytes {
		row, err := src.next()
		if err != nil {
			b.err = err
			return
		}
		b.take(row)
	}
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
	for a.current == nil || a.used == len(a.current.rows) {
		if a.current != nil {
			if a.current.fault != nil {
				panic(a.current.fault)
			}
			if a.current.err != nil {
				return nil, a.current.err
			}
			a.free <- a.current
		}
		a.current, a.used = <-a.full, 0
	}
	a.used++
	return &a.current.rows[a.used-1], nil
}

func (a *ahead) close() error {
	close(a.stop)
	<-a.done
	return a.src.close()
}
