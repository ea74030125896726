//go:build unix

package upload

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// BenchmarkWorkbook reads 20,000 rows of 10 columns, and reports how much more processor time excelize takes for the
// same file. Wall time would flatter us, as unpacking and scanning run at the same time.
func BenchmarkWorkbook(b *testing.B) {
	for name, file := range map[string][]byte{"inline": streamedWorkbook(b, 20_000, 1), "shared": savedWorkbook(b, 10_000, 1)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				readWithScanner(b, file)
			}
			ours := (processorTime(b) - before) / time.Duration(b.N)
			b.StopTimer()
			before = processorTime(b)
			readWithExcelize(b, file)
			theirs := processorTime(b) - before
			b.ReportMetric(float64(ours.Milliseconds()), "cpu-ms/op")
			b.ReportMetric(float64(theirs)/float64(ours), "times-less-cpu")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func readWithScanner(b *testing.B, file []byte) {
	b.Helper()
	w, err := openBytes(b.Context(), file, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	rows := w.rows(b.Context())
	for err == nil {
		_, err = rows.next()
	}
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
	if err := rows.close(); err != nil {
		b.Fatal(err)
	}
}

func readWithExcelize(b *testing.B, file []byte) {
	b.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{RawCellValue: true})
	if err != nil {
		b.Fatal(err)
	}
	for _, sheet := range f.GetSheetList() {
		rows, err := f.Rows(sheet)
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
			if _, err := rows.Columns(); err != nil {
				b.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}
