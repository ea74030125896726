package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"

	"github.com/klauspost/compress/flate"
)

// Renumber returns the fragment of a workbook, header and data, as an encoder would have made it of the same
// rows after StartAt(firstRow), to the byte. The fragment given is left as it is. It takes two or three
// times as long as encoding did, but no database; memory grows with the size of the compressed fragment only.
//
// It fails by [ErrDamaged] if the fragment is not what its header says. For CSV, which has no row numbers,
// and a row above 2 it fails, too.
func Renumber(fragment []byte, firstRow int) ([]byte, error) {
	info, err := ReadInfo(fragment)
	if err != nil {
		return nil, fmt.Errorf("renumber fragment: %w", err)
	}
	if info.Format != XLSX {
		return nil, fmt.Errorf("renumber fragment: there are no row numbers in %s", info.Format)
	}
	if firstRow < firstDataRow {
		return nil, fmt.Errorf("renumber fragment: row %d is no place for a page", firstRow)
	}
	data := fragment[HeaderSize:]
	if int64(len(data)) != info.DataSize || crc32.ChecksumIEEE(data) != info.DataCRC32 {
		return nil, fmt.Errorf("renumber fragment: %w: the checksum of its data does not fit", ErrDamaged)
	}
	out, err := renumber(info, data, firstRow)
	if err != nil {
		return nil, fmt.Errorf("renumber fragment: %w", err)
	}
	return out, nil
}

func renumber(info Info, data []byte, firstRow int) ([]byte, error) {
	n := &renumbering{old: int64(info.FirstRow)}
	blank := info // what is counted about cells stays, the rows are counted anew
	blank.FirstRow, blank.Rows, blank.RawSize, blank.RawCRC32 = firstRow, 0, 0, 0
	if err := n.open(blank); err != nil {
		return nil, err
	}
	inflate := flate.NewReader(io.MultiReader(bytes.NewReader(data), bytes.NewReader(lastBlock)))
	defer inflate.Close()
	sum := crc32.NewIEEE()
	// The limit is for the compressed bytes that nobody meant; of good ones it cuts off nothing.
	raw := &io.LimitedReader{R: inflate, N: info.RawSize + 1}
	if err := n.copyFrom(io.TeeReader(raw, sum)); err != nil {
		return nil, err
	}
	if raw.N != 1 || sum.Sum32() != info.RawCRC32 || n.info.Rows != info.Rows {
		return nil, fmt.Errorf("%w: the checksum of its rows does not fit", ErrDamaged)
	}
	out, _, err := n.finish()
	return out, err
}

// lastBlock ends a DEFLATE stream: an empty stored block, marked as final. Fragments end without one.
var lastBlock = []byte{0x01, 0x00, 0x00, 0xFF, 0xFF}

// renumbering is a page that is made from another one's rows.
type renumbering struct {
	page
	old      int64  // number of the row to come, in the fragment given
	from, to []byte // digits of the current row's number, as they are and as they shall be
}

// renumberSize is how much of the rows is looked at at a time: a cell's text is nearly always shorter.
const renumberSize = 128 << 10

// copyFrom rewrites all rows. It hands on whole tags only, with the text behind them: up to the last '<'.
func (n *renumbering) copyFrom(raw io.Reader) error {
	buf := make([]byte, 0, renumberSize)
	for {
		if len(buf) == cap(buf) { // a text longer than all of it
			buf = slices.Grow(buf, cap(buf))
		}
		read, err := raw.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+read]
		if errors.Is(err, io.EOF) {
			return n.rewrite(buf)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if len(buf) < cap(buf)/2 {
			continue // reads may be short, and rewriting wants more than a tag at a time
		}
		end := max(0, bytes.LastIndexByte(buf, '<'))
		if err := n.rewrite(buf[:end]); err != nil {
			return err
		}
		buf = append(buf[:0], buf[end:]...)
	}
}

// rewrite copies XML with other row numbers. Numbers are found by the tags before them: that is unambiguous,
// because in texts '<' is always written &lt;, whatever they say otherwise.
func (n *renumbering) rewrite(xml []byte) error {
	copied := 0 // xml[:copied] is done
	for i := 0; ; {
		next := bytes.IndexByte(xml[i:], '<')
		if next < 0 {
			break
		}
		i += next
		switch tag := xml[i:]; {
		case bytes.HasPrefix(tag, []byte(cellStart)):
			i += len(cellStart)
			for i < len(xml) && 'A' <= xml[i] && xml[i] <= 'Z' {
				i++
			}
		case bytes.HasPrefix(tag, []byte(rowStart)):
			i += len(rowStart)
			n.from = strconv.AppendInt(n.from[:0], n.old, 10)
			n.to = strconv.AppendInt(n.to[:0], int64(n.info.FirstRow)+n.info.Rows, 10)
			n.old++
		case bytes.HasPrefix(tag, []byte(rowEnd)):
			i += len(rowEnd)
			n.chunk = append(n.chunk, xml[copied:i]...)
			copied = i
			if err := n.endRow(); err != nil {
				return err
			}
			continue
		default:
			i++
			continue
		}
		if !bytes.HasPrefix(xml[i:], n.from) || len(n.from) == 0 {
			return fmt.Errorf("%w: its row numbers are not in order", ErrDamaged)
		}
		n.chunk = append(append(n.chunk, xml[copied:i]...), n.to...)
		i += len(n.from)
		copied = i
	}
	n.chunk = append(n.chunk, xml[copied:]...)
	return nil
}
