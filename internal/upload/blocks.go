package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	// blockSize is how much is read at once: with object storage behind, each read may be a request.
	blockSize = 256 << 10
	// headroom is free space before a block, for a character that the block before it began. UTF-16 needs most:
	// one and a half units.
	headroom = 4
)

// blocks reads a file from beginning to end, a block ahead of whoever asks for them.
type blocks struct {
	ctx  context.Context
	r    io.ReaderAt
	at   int64 // where the next block begins
	size int64
	step int // length of a block

	started bool
	stop    context.CancelFunc
	filled  chan block
	free    chan []byte // one is read by the caller, one is being filled
	current []byte
	err     error // sticky
}

// block is a piece of the file with headroom before it.
type block struct {
	data []byte
	err  error
}

func newBlocks(ctx context.Context, r io.ReaderAt, from, size int64, step int) *blocks {
	return &blocks{ctx: ctx, r: r, at: from, size: size, step: step}
}

// next returns the next block, headroom included, valid until the next call; after the last one io.EOF.
func (b *blocks) next() ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	if !b.started {
		b.start()
	}
	if b.current != nil {
		b.free <- b.current[:0]
		b.current = nil
	}
	got, ok := <-b.filled
	if !ok {
		got.err = context.Cause(b.ctx)
	}
	b.current, b.err = got.data, got.err
	return got.data, got.err
}

func (b *blocks) start() {
	b.started = true
	// Unbuffered, so that errors come in their turn; free has room for both buffers, so that giving back never waits.
	b.filled, b.free = make(chan block), make(chan []byte, 2)
	length := headroom + int(min(int64(b.step), b.size-b.at))
	b.free <- make([]byte, 0, length)
	b.free <- make([]byte, 0, length)
	b.ctx, b.stop = context.WithCancel(b.ctx)
	go b.readAhead(b.ctx)
}

// readAhead ends with the first error, io.EOF being one; the context ends it before.
func (b *blocks) readAhead(ctx context.Context) {
	defer close(b.filled)
	for {
		var buf []byte
		select {
		case buf = <-b.free:
		case <-ctx.Done():
			return
		}
		got := block{err: io.EOF}
		if b.at < b.size {
			got.data, got.err = b.read(buf)
		}
		select {
		case b.filled <- got:
		case <-ctx.Done():
			return
		}
		if got.err != nil {
			return
		}
	}
}

func (b *blocks) read(buf []byte) ([]byte, error) {
	n := int(min(int64(b.step), b.size-b.at))
	buf = buf[:headroom+n]
	if err := readAt(b.r, buf[headroom:], b.at); err != nil {
		return nil, err
	}
	b.at += int64(n)
	return buf, nil
}

// close waits for a read under way, so that the file may be closed afterwards.
func (b *blocks) close() {
	if !b.started {
		return
	}
	b.stop()
	for range b.filled { // until it is closed
	}
}

// readAt fills p. A file that ends before its size is as unreadable as any other.
func readAt(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read upload at byte %d: %w", at+int64(n), err)
}
