package sheet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// copySize is the size of the two buffers that a file is copied through: large enough to keep the number of
// writes to blob storage low, small enough that memory is no subject.
const copySize = 256 << 10

// Summary tells what a file holds.
type Summary struct {
	Rows   int64 // without headers
	Sheets int   // zero for CSV

	CellsTruncated int64
	CharsEscaped   int64
	CellsAsText    int64
	CellsGuarded   int64
}

// DamagedError tells that a fragment is missing or is not what its Info says. The page can be encoded and
// stored again, and then the file assembled anew; what has been written of it is of no use.
type DamagedError struct {
	Fragment int // index, from 0
	Err      error
}

// Error names the fragment and what is wrong with it.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("fragment %d is damaged: %v", e.Fragment, e.Err)
}

// Unwrap returns what is wrong.
func (e *DamagedError) Unwrap() error { return e.Err }

// OpenFunc opens fragment i as it was stored, header included. For one that is not there it returns an
// error that is [fs.ErrNotExist] or has the code [job.CodeNotFound]; any other error ends the assembly as it
// is. It is called from several goroutines, for a few fragments ahead of the one being read.
type OpenFunc func(ctx context.Context, i int) (io.ReadCloser, error)

// Assemble writes the file that the fragments make, in their order. A workbook gets as many sheets as it
// needs, each with the header row; a fragment is never divided between two: [Place] decides. Without
// fragments the file has headers only. progress, if not nil, is called after each fragment with the number
// of those done.
//
// If fragments bear row numbers of another place it writes nothing and returns a [*MisplacedError]; once
// they are renumbered and stored, it is to be called again with their new infos. Memory does not grow with
// the file. Other errors are [*DamagedError], ctx's, those of open, and those of w; then what has been
// written is incomplete.
func Assemble(
	ctx context.Context, w io.Writer, layout Layout, fragments []Info, open OpenFunc, progress func(done int),
) (Summary, error) {
	return assemble(ctx, w, layout, fragments, open, progress, MaxRows)
}

// assemble has the number of rows of a sheet as an argument, so that tests need no million rows.
func assemble(
	ctx context.Context, w io.Writer, layout Layout, fragments []Info, open OpenFunc, progress func(int), maxRows int64,
) (Summary, error) {
	if err := layout.Validate(); err != nil {
		return Summary{}, err
	}
	summary, err := summarize(layout, fragments, maxRows)
	if err != nil {
		return Summary{}, err
	}
	sheets, err := divide(layout.Format, fragments, maxRows)
	if err != nil {
		return Summary{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	buffered := bufio.NewWriterSize(w, copySize)
	in := &fragmentReader{
		ctx: ctx, infos: fragments, ahead: newReadAhead(ctx, len(fragments), open),
		buf: make([]byte, copySize), progress: progress,
	}
	defer in.ahead.stop()
	if layout.Format == CSV {
		err = writeCSV(buffered, layout, in)
	} else {
		summary.Sheets = len(sheets)
		err = writeWorkbook(buffered, layout, in, sheets)
	}
	if err != nil {
		return Summary{}, err
	}
	if err := buffered.Flush(); err != nil {
		return Summary{}, fmt.Errorf("write file: %w", err)
	}
	return summary, nil
}

// summarize adds up the fragments and refuses those of another layout, and those that fit into no sheet.
func summarize(layout Layout, fragments []Info, maxRows int64) (Summary, error) {
	var s Summary
	fingerprint := layout.fingerprint()
	for i, f := range fragments {
		if f.Layout != fingerprint || f.Format != layout.Format {
			return Summary{}, &DamagedError{Fragment: i, Err: errors.New("it was encoded for another layout")}
		}
		if f.Format == XLSX && f.Rows > maxRows-1 {
			return Summary{}, &DamagedError{Fragment: i, Err: fmt.Errorf("its %d rows do not fit into a sheet", f.Rows)}
		}
		s.Rows += f.Rows
		s.CellsTruncated += f.CellsTruncated
		s.CharsEscaped += f.CharsEscaped
		s.CellsAsText += f.CellsAsText
		s.CellsGuarded += f.CellsGuarded
	}
	return s, nil
}

func writeCSV(w io.Writer, layout Layout, in *fragmentReader) error {
	if _, err := w.Write(csvHeader(layout.Columns)); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	return in.copyTo(w, len(in.infos))
}

// extent is the part of the fragments that goes into one sheet.
type extent struct {
	fragments []Info
	rows      int64
}

// divide puts the fragments into sheets. There is one sheet at least.
func divide(format Format, fragments []Info, maxRows int64) ([]extent, error) {
	rows := make([]int64, len(fragments))
	for i, f := range fragments {
		rows[i] = f.Rows
	}
	positions := place(format, rows, maxRows)
	if err := checkPlaces(fragments, positions); err != nil {
		return nil, err
	}
	sheets := []extent{{}}
	for i, f := range fragments {
		if positions[i].Sheet == len(sheets) {
			sheets = append(sheets, extent{})
		}
		last := &sheets[len(sheets)-1]
		first := i - len(last.fragments)
		last.fragments = fragments[first : i+1]
		last.rows += f.Rows
	}
	return sheets, nil
}

func writeWorkbook(w io.Writer, layout Layout, in *fragmentReader, sheets []extent) error {
	rows := make([]int64, len(sheets))
	for i, x := range sheets {
		rows[i] = x.rows
	}
	skeleton, err := newSkeleton(layout, rows)
	if err != nil {
		return err
	}
	archive := &zipWriter{w: w}
	for _, part := range skeleton.parts {
		if err := writePart(archive, part); err != nil {
			return err
		}
	}
	for i, x := range sheets {
		if err := writeSheet(archive, skeleton.frames[i], x, in); err != nil {
			return err
		}
	}
	return archive.close()
}

func writePart(archive *zipWriter, part piece) error {
	entry := zipEntry{name: part.name, crc32: part.crc32, size: int64(len(part.data)), raw: part.raw}
	if err := archive.begin(entry); err != nil {
		return err
	}
	return writePiece(archive, part)
}

// writeSheet writes head, fragments and tail as one entry whose CRC and sizes are put together from theirs.
func writeSheet(archive *zipWriter, f frame, x extent, in *fragmentReader) error {
	entry := zipEntry{
		name: f.name, crc32: f.head.crc32,
		size: int64(len(f.head.data) + len(f.tail.data)), raw: f.head.raw + f.tail.raw,
	}
	for _, fragment := range x.fragments {
		entry.crc32 = combineCRC32(entry.crc32, fragment.RawCRC32, fragment.RawSize)
		entry.size += fragment.DataSize
		entry.raw += fragment.RawSize
	}
	entry.crc32 = combineCRC32(entry.crc32, f.tail.crc32, f.tail.raw)
	if err := archive.begin(entry); err != nil {
		return err
	}
	if err := writePiece(archive, f.head); err != nil {
		return err
	}
	if err := in.copyTo(archive, len(x.fragments)); err != nil {
		return err
	}
	return writePiece(archive, f.tail)
}

func writePiece(w io.Writer, p piece) error {
	if _, err := w.Write(p.data); err != nil {
		return fmt.Errorf("write %s: %w", p.name, err)
	}
	return nil
}
