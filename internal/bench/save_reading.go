package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/internal/upload"
)

// Reading compares readers of one workbook of 10 columns. They read every cell and do nothing with it.
type Reading struct {
	Texts string    `json:"texts"` // shared or inline
	Rows  int       `json:"rows"`
	Size  int64     `json:"size"`
	Plain []Measure `json:"plain"` // excelize's Rows
	Ours  []Measure `json:"ours"`
	// Less is excelize's CPU time divided by ours, Faster the same of the time that passes; medians.
	Less   float64 `json:"less_cpu"`
	Faster float64 `json:"faster"`
	// Peak and PlainPeak are the highest memory, the program itself included; Idle is what it has before it reads.
	Peak      int64 `json:"peak"`
	PlainPeak int64 `json:"plain_peak"`
	Idle      int64 `json:"idle"`
	Cells     int64 `json:"cells"` // compared, one by one
}

// readColumns is how many columns the workbook has: four texts that come again, one that does not, four numbers, a date.
const readColumns = 10

// cellCount is what a reader tells.
type cellCount struct {
	Rows  int64 `json:"rows"`
	Cells int64 `json:"cells"`
}

func (b *saveBench) reading(ctx context.Context) error {
	for _, texts := range []string{"shared", "inline"} {
		r := Reading{Texts: texts, Rows: b.options.ReadRows}
		path := filepath.Join(b.dir, "sheet-"+texts+".xlsx")
		if err := writeSheet(path, r.Rows, texts == "inline"); err != nil {
			return fmt.Errorf("write sheet: %w", err)
		}
		if info, err := os.Stat(path); err == nil {
			r.Size = info.Size()
		}
		var err error
		if r.Cells, err = compareReaders(ctx, path, path); err != nil {
			return fmt.Errorf("compare what both read: %w", err)
		}
		for range b.Repeat {
			for _, role := range []Role{RoleReadPlain, RoleReadUpload} {
				if err := b.readOnce(ctx, &r, role, path); err != nil {
					return err
				}
			}
		}
		r.conclude()
		b.report.Readings = append(b.report.Readings, r)
	}
	return nil
}

func (b *saveBench) readOnce(ctx context.Context, r *Reading, role Role, path string) error {
	m := Measure{Contender: Longhaul}
	if role == RoleReadPlain {
		m.Contender = Plain
	}
	var told cellCount
	if err := b.contend(ctx, role, Spec{File: path, Profile: b.Profile}, &m, &told); err != nil {
		return err
	}
	if told.Cells != r.Cells || told.Rows != int64(r.Rows)+1 {
		return fmt.Errorf("%s read %d rows and %d cells of %d and %d", role, told.Rows, told.Cells, r.Rows+1, r.Cells)
	}
	b.logf("%s, %s texts: %.2f s of CPU, %d MB", role, r.Texts, m.CPU.Contender, m.PeakRSS>>20)
	if role == RoleReadPlain {
		r.Plain = append(r.Plain, m)
	} else {
		r.Ours = append(r.Ours, m)
	}
	return nil
}

func (r *Reading) conclude() {
	theirs, ours := medians(r.Plain), medians(r.Ours)
	r.Less, r.Faster = theirs.CPU.Contender/ours.CPU.Contender, theirs.Wall/ours.Wall
	r.Peak, r.PlainPeak, r.Idle = ours.PeakRSS, theirs.PeakRSS, ours.IdleRSS
}

// writeSheet writes the workbook that readers are compared at.
func writeSheet(path string, rows int, inline bool) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	defer func() { err = errors.Join(err, out.Flush(), file.Close()) }()
	b, err := newBook(out, inline)
	if err != nil {
		return err
	}
	b.begin(readColumns)
	for i := range readColumns {
		b.text("Column " + strconv.Itoa(i+1))
	}
	if err := b.end(); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 1, 1, 8, 26, 0, 0, time.UTC)
	for i := range rows {
		product := madeLine(random)
		b.begin(readColumns)
		b.text("ORD-" + strconv.Itoa(1_000_000+i))
		b.text(product[retailCode])
		b.text(product[retailDescription] + ".")
		b.text(madeColours[i%len(madeColours)])
		b.text(madeCountries[i%len(madeCountries)])
		b.number(float64(1 + random.IntN(24)))
		b.number(float64(random.IntN(10_000)) / 100)
		b.number(float64(random.IntN(1_000_000)) / 100)
		b.number(float64(10_000 + i%4_000))
		b.moment(at.Add(time.Duration(i) * time.Minute))
		if err := b.end(); err != nil {
			return err
		}
	}
	return b.close()
}

// readUpload reads as a bulk save does.
func readUpload(ctx context.Context, path string) (n cellCount, err error) {
	file, closer, err := openUpload(ctx, path)
	if err != nil {
		return n, err
	}
	defer closer.Close()
	rows := file.Rows(ctx)
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		n.Rows++
		n.Cells += int64(len(rows.Row().Cells))
	}
	return n, rows.Err()
}

func openUpload(ctx context.Context, path string) (*upload.File, io.Closer, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	sent, err := upload.Open(ctx, file, info.Size(), info.Name(), upload.Limits{})
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return sent, file, nil
}

// readPlain reads by excelize, with values as they stand: to format them takes it longer.
func readPlain(path string) (n cellCount, err error) {
	rows, err := openRows(path)
	if err != nil {
		return n, err
	}
	defer func() { err = errors.Join(err, rows.close()) }()
	for rows.rows.Next() {
		cells, err := rows.rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return n, err
		}
		n.Rows++
		n.Cells += int64(len(cells))
	}
	return n, rows.rows.Error()
}

// compareReaders reads one workbook by our reader and the other by excelize, and compares cell by cell.
func compareReaders(ctx context.Context, path, other string) (cells int64, err error) {
	file, closer, err := openUpload(ctx, path)
	if err != nil {
		return 0, err
	}
	defer closer.Close()
	ours := file.Rows(ctx)
	defer func() { err = errors.Join(err, ours.Close()) }()
	theirs, err := openRows(other)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, theirs.close()) }()
	for n := 1; ; n++ {
		more := ours.Next()
		if more != theirs.rows.Next() {
			return cells, fmt.Errorf("one ends after %d rows", n-1)
		}
		if !more {
			return cells, errors.Join(ours.Err(), theirs.rows.Error())
		}
		want, err := theirs.rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return cells, err
		}
		got := ours.Row().Cells
		if len(got) != len(want) {
			return cells, fmt.Errorf("row %d: %d and %d cells", n, len(got), len(want))
		}
		for i, cell := range got {
			number := cell.Kind == upload.Number || cell.Kind == upload.Moment
			if string(cell.Text) != want[i] && (!number || !sameNumber(string(cell.Text), want[i])) {
				return cells, fmt.Errorf("row %d, column %d: %q and %q", n, i+1, cell.Text, want[i])
			}
		}
		cells += int64(len(got))
	}
}
