package sheet

import (
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// chunkSize is how many bytes of rows are gathered before they are handed to DEFLATE: its own block size,
// so that the rows are still in the processor's cache.
const chunkSize = 64 << 10

// page makes a fragment of encoded rows: it compresses them and keeps account of them.
type page struct {
	blank Info // of a page without rows

	info    Info
	chunk   []byte        // rows not yet compressed
	deflate *flate.Writer // nil for CSV
	out     fragmentBuffer
	done    bool // out was handed out; start anew before anything else is written
}

// open makes the page ready for its first row. The page must not be copied afterwards.
func (p *page) open(blank Info) error {
	p.blank = blank
	p.chunk = make([]byte, 0, chunkSize+chunkSize/4)
	p.out = make(fragmentBuffer, HeaderSize)
	if blank.Format == XLSX {
		deflate, err := flate.NewWriter(&p.out, rowsLevel)
		if err != nil {
			return fmt.Errorf("set up compression: %w", err)
		}
		p.deflate = deflate
	}
	p.reset()
	return nil
}

func (p *page) reset() {
	p.info = p.blank
	p.chunk = p.chunk[:0]
	p.out = p.out[:HeaderSize]
	if p.deflate != nil {
		p.deflate.Reset(&p.out)
	}
	p.done = false
}

// endRow counts the row that has been appended to chunk. Chunks are cut here and nowhere else: where they are
// cut could show in the compressed bytes, and those must depend on the rows only.
func (p *page) endRow() error {
	p.info.Rows++
	if len(p.chunk) < chunkSize {
		return nil
	}
	return p.flushChunk()
}

func (p *page) flushChunk() error {
	p.info.RawSize += int64(len(p.chunk))
	p.info.RawCRC32 = crc32.Update(p.info.RawCRC32, crc32.IEEETable, p.chunk)
	var err error
	if p.deflate != nil {
		_, err = p.deflate.Write(p.chunk)
	} else {
		_, err = p.out.Write(p.chunk)
	}
	p.chunk = p.chunk[:0]
	if err != nil {
		return fmt.Errorf("compress rows: %w", err)
	}
	return nil
}

// finish returns the fragment. Its bytes are valid until the next reset.
func (p *page) finish() ([]byte, Info, error) {
	if err := p.flushChunk(); err != nil {
		return nil, Info{}, err
	}
	if p.deflate != nil {
		// A sync flush, not Close: it pads to a whole byte and leaves the stream open for the next fragment.
		if err := p.deflate.Flush(); err != nil {
			return nil, Info{}, fmt.Errorf("compress rows: %w", err)
		}
	}
	data := p.out[HeaderSize:]
	p.info.DataSize = int64(len(data))
	p.info.DataCRC32 = crc32.ChecksumIEEE(data)
	p.info.appendHeader(p.out[:0]) // in place: HeaderSize bytes are kept free for it
	p.done = true
	return p.out, p.info, nil
}

// fragmentBuffer gathers a fragment; its Write never fails.
type fragmentBuffer []byte

func (b *fragmentBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
