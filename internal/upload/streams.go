package upload

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
)

const (
	// openStreams is how many places of a file are read at the same time: a sheet, the shared strings, and the directory
	// in between; one is to spare.
	openStreams = 4
	// skipBytes is how far ahead it is cheaper to read on than to open anew: a request takes 20 ms or so, in which a
	// slow line brings as much.
	skipBytes = 256 << 10
	// streamBuffer makes of many small reads few large ones.
	streamBuffer = 64 << 10
	// tailBytes is how much of the end is kept: a zip archive's directory is there, which is read from several places,
	// and small files are nothing else.
	tailBytes = 128 << 10
)

// ReaderAt reads at any place from storage that can only be read on from some offset, as object storage is, where each
// open is a request. Reading on where an earlier read ended, or a little behind, continues a stream instead: of those
// four are kept, the ones used last. The end of the file is read once and kept.
//
// It is safe for concurrent use; reads that continue the same place wait for nobody, but cost a request each. A stream
// that fails is opened anew once. A context is the business of open, whose offset is in bytes and less than size.
// After Close, reads are [fs.ErrClosed].
func ReaderAt(open func(offset int64) (io.ReadCloser, error), size int64) interface {
	io.ReaderAt
	io.Closer
} {
	return &streams{open: open, size: size, tailAt: max(0, size-tailBytes)}
}

type streams struct {
	open func(offset int64) (io.ReadCloser, error)
	size int64

	mu     sync.Mutex
	idle   []*stream // the one used last is the last; nobody reads them
	closed bool

	tailAt int64
	tailMu sync.Mutex // held while the tail is read, which others then need not
	tail   []byte
}

// stream is one place of the file.
type stream struct {
	body io.ReadCloser
	buf  *bufio.Reader
	at   int64
}

// ReadAt is as in [io.ReaderAt]: it fills p or tells why not, and io.EOF where p reaches beyond the end.
func (s *streams) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fmt.Errorf("read at %d: %w", at, fs.ErrInvalid)
	}
	if at >= s.size {
		return 0, io.EOF
	}
	var end error
	if left := s.size - at; int64(len(p)) > left {
		p, end = p[:left], io.EOF
	}
	follows, err := s.follows(at)
	if err != nil {
		return 0, err
	}
	read := s.readStream
	if at >= s.tailAt && !follows {
		read = s.readTail
	}
	n, err := read(p, at)
	if err != nil {
		return n, err
	}
	return n, end
}

func (s *streams) readTail(p []byte, at int64) (int, error) {
	s.tailMu.Lock()
	defer s.tailMu.Unlock()
	if s.tail == nil {
		tail := make([]byte, s.size-s.tailAt)
		if _, err := s.readStream(tail, s.tailAt); err != nil {
			return 0, err
		}
		s.tail = tail
	}
	return copy(p, s.tail[at-s.tailAt:]), nil
}

func (s *streams) readStream(p []byte, at int64) (int, error) {
	continued, err := s.take(at)
	if err != nil {
		return 0, err
	}
	n := 0
	if continued != nil {
		if n, err = continued.read(p, at); err == nil {
			s.giveBack(continued)
			return n, nil
		}
		// Storage drops streams that nobody has read for a while.
		_ = continued.body.Close()
	}
	fresh, err := s.openAt(at + int64(n))
	if err != nil {
		return n, err
	}
	more, err := fresh.read(p[n:], fresh.at)
	if err != nil {
		_ = fresh.body.Close()
		return n + more, fmt.Errorf("read at %d: %w", at, err)
	}
	s.giveBack(fresh)
	return n + more, nil
}

// follows tells whether a stream stands at this very place: who reads from beginning to end needs no tail.
func (s *streams) follows(at int64) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false, fs.ErrClosed
	}
	return slices.ContainsFunc(s.idle, func(c *stream) bool { return c.at == at }), nil
}

// take takes the idle stream that is the nearest before at, if one is near; nobody else reads it then.
func (s *streams) take(at int64) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fs.ErrClosed
	}
	best := -1
	for i, c := range s.idle {
		if c.at <= at && at-c.at <= skipBytes && (best < 0 || c.at > s.idle[best].at) {
			best = i
		}
	}
	if best < 0 {
		return nil, nil
	}
	c := s.idle[best]
	s.idle = slices.Delete(s.idle, best, best+1)
	return c, nil
}

// giveBack keeps a stream for the next read, and closes the one that was used least lately.
func (s *streams) giveBack(c *stream) {
	s.mu.Lock()
	var drop *stream
	if s.closed || c.at == s.size {
		drop = c
	} else if s.idle = append(s.idle, c); len(s.idle) > openStreams {
		drop = s.idle[0]
		s.idle = slices.Delete(s.idle, 0, 1)
	}
	s.mu.Unlock()
	if drop != nil {
		_ = drop.body.Close() // what was read of it is good, and it is not needed any more
	}
}

func (s *streams) openAt(at int64) (*stream, error) {
	body, err := s.open(at)
	if err != nil {
		return nil, fmt.Errorf("open at %d: %w", at, err)
	}
	return &stream{body: body, buf: bufio.NewReaderSize(body, streamBuffer), at: at}, nil
}

// read fills p from at, which is not before the stream's place.
func (c *stream) read(p []byte, at int64) (int, error) {
	for c.at < at {
		n, err := c.buf.Discard(int(at - c.at))
		c.at += int64(n)
		if err != nil {
			return 0, unexpected(err)
		}
	}
	n, err := io.ReadFull(c.buf, p)
	c.at += int64(n)
	return n, unexpected(err)
}

// unexpected makes of an end that comes before the file's size what it is.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Close closes all streams; one that is being read when it is done.
func (s *streams) Close() error {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	var errs []error
	for _, c := range idle {
		errs = append(errs, c.body.Close())
	}
	return errors.Join(errs...)
}
