package upload

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/longhaul/longhaul/job"
)

// stretch reads some consecutive bytes of a file. It remembers why reading them failed, because those who read
// through it can make a flaw of the file out of that.
type stretch struct {
	r      io.ReaderAt
	at     int64
	left   int64
	failed error
}

func newStretch(r io.ReaderAt, at, size int64) *stretch { return &stretch{r: r, at: at, left: size} }

// Read fills p unless the stretch ends before.
func (s *stretch) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n := int(min(s.left, int64(len(p))))
	if err := readAt(s.r, p[:n], s.at); err != nil {
		s.failed = err
		return 0, err
	}
	s.at += int64(n)
	s.left -= int64(n)
	return n, nil
}

// cause returns why reading failed, else err.
func (s *stretch) cause(err error) error {
	if s.failed != nil {
		return s.failed
	}
	return err
}

// part unpacks one entry of an archive. What it hands out is never more than the directory says, and at the end
// it has been compared with size and checksum.
type part struct {
	ctx   context.Context
	entry *zipEntry
	in    *stretch
	out   io.Reader
	left  int64
	crc   uint32
}

// open begins to unpack an entry. The part holds nothing that needs closing.
func (a *archive) open(ctx context.Context, e *zipEntry) (*part, error) {
	if e.encrypted {
		return nil, job.Errorf(job.CodeInvalid, "the workbook is protected with a password; save it without one")
	}
	var h [zipLocalSize]byte
	if err := readAt(a.r, h[:], e.offset); err != nil { // checkOverlap has seen that there are as many bytes
		return nil, err
	}
	if binary.LittleEndian.Uint32(h[:]) != zipLocal {
		return nil, flawf("part %q is not where the directory says", e.name)
	}
	at := e.offset + zipLocalSize + int64(binary.LittleEndian.Uint16(h[26:])) + int64(binary.LittleEndian.Uint16(h[28:]))
	if e.packed > a.size-at {
		return nil, flawf("part %q is cut off", e.name)
	}
	p := &part{ctx: ctx, entry: e, in: newStretch(a.r, at, e.packed), left: e.unpacked}
	buffered := bufio.NewReaderSize(p.in, int(min(e.packed, blockSize)))
	switch e.method {
	case zipStored:
		p.out = buffered
	case zipDeflated:
		p.out = flate.NewReader(buffered)
	default:
		return nil, job.Errorf(job.CodeInvalid, "part %q of the workbook is compressed by method %d, which workbooks do not use", e.name, e.method)
	}
	return p, nil
}

// Read returns io.EOF only when all is as the directory said.
func (p *part) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, context.Cause(p.ctx)
	}
	n, err := p.out.Read(b)
	if int64(n) > p.left {
		return 0, flawf("part %q unpacks to more than the directory says", p.entry.name)
	}
	p.left -= int64(n)
	p.crc = crc32.Update(p.crc, crc32.IEEETable, b[:n])
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, p.in.cause(flawf("part %q cannot be unpacked", p.entry.name))
	case p.left > 0:
		return n, flawf("part %q unpacks to less than the directory says", p.entry.name)
	case p.crc != p.entry.crc:
		return n, flawf("part %q does not match its checksum", p.entry.name)
	}
	return n, io.EOF
}

const (
	// prefetchSize and prefetchCount: enough that neither side waits for the other at every turn, and as little as
	// fits the processor's caches.
	prefetchSize  = 64 << 10
	prefetchCount = 4
)

// prefetch reads ahead in a goroutine of its own, so that unpacking and scanning share the work of two processors.
//
// Parts that fit a buffer are read by the caller: nothing would be won.
type prefetch struct {
	small   *part
	buffers *relay[[]byte]
	rest    []byte // of the buffer in use
}

// newPrefetch must be closed.
func newPrefetch(from *part) *prefetch {
	if from.left <= prefetchSize {
		return &prefetch{small: from}
	}
	buffers := make([][]byte, prefetchCount)
	for i := range buffers {
		buffers[i] = make([]byte, prefetchSize)
	}
	return &prefetch{buffers: newRelay(buffers, func(b *[]byte) (err error) {
		data, n := (*b)[:prefetchSize], 0
		for n < len(data) && err == nil {
			var m int
			m, err = from.Read(data[n:])
			n += m
		}
		*b = data[:n]
		return err
	})}
}

// Read returns what is left of a buffer, or some of the next.
func (p *prefetch) Read(b []byte) (int, error) {
	if p.small != nil {
		return p.small.Read(b)
	}
	for len(p.rest) == 0 {
		data, err := p.buffers.next()
		if err != nil {
			return 0, err
		}
		p.rest = *data
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// close waits until nothing is read any more, so that the file may be closed.
func (p *prefetch) close() {
	if p.small != nil {
		return
	}
	p.buffers.close()
}
