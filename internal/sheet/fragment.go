package sheet

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/longhaul/longhaul/job"
)

// fragmentReader hands out the fragments' data one after another and checks each against its Info.
type fragmentReader struct {
	ctx      context.Context
	infos    []Info
	ahead    *readAhead
	buf      []byte
	done     int
	progress func(done int)
}

// copyTo copies the data of the next n fragments.
func (r *fragmentReader) copyTo(w io.Writer, n int) error {
	for range n {
		if err := r.copyNext(w); err != nil {
			return err
		}
		r.done++
		if r.progress != nil {
			r.progress(r.done)
		}
	}
	return nil
}

func (r *fragmentReader) copyNext(w io.Writer) error {
	if err := r.ctx.Err(); err != nil {
		return fmt.Errorf("read fragment %d: %w", r.done, err)
	}
	body, err := r.ahead.next()
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || job.CodeOf(err) == job.CodeNotFound {
			return r.damaged(err)
		}
		return fmt.Errorf("open fragment %d: %w", r.done, err)
	}
	err = r.copyBody(w, body)
	if closeErr := body.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("close fragment %d: %w", r.done, closeErr)
	}
	return err
}

func (r *fragmentReader) copyBody(w io.Writer, body io.Reader) error {
	want := r.infos[r.done]
	header := r.buf[:HeaderSize]
	if _, err := io.ReadFull(body, header); err != nil {
		return r.readError(err)
	}
	got, err := ReadInfo(header)
	if err != nil {
		return r.damaged(err)
	}
	if got != want {
		return r.damaged(errors.New("its header tells of other rows"))
	}
	var sum uint32
	for left := want.DataSize; left > 0; {
		if err := r.ctx.Err(); err != nil {
			return fmt.Errorf("read fragment %d: %w", r.done, err)
		}
		chunk := r.buf[:min(left, int64(len(r.buf)))]
		if _, err := io.ReadFull(body, chunk); err != nil {
			return r.readError(err)
		}
		sum = crc32.Update(sum, crc32.IEEETable, chunk)
		if _, err := w.Write(chunk); err != nil {
			return fmt.Errorf("write rows of fragment %d: %w", r.done, err)
		}
		left -= int64(len(chunk))
	}
	if sum != want.DataCRC32 {
		return r.damaged(errors.New("the checksum of its data does not fit"))
	}
	switch n, err := io.ReadFull(body, r.buf[:1]); {
	case n > 0:
		return r.damaged(errors.New("it is longer than its header says"))
	case err != io.EOF:
		return r.readError(err)
	}
	return nil
}

// readError tells a fragment that ends early from storage that fails.
func (r *fragmentReader) readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.damaged(errors.New("it is shorter than its header says"))
	}
	return fmt.Errorf("read fragment %d: %w", r.done, err)
}

func (r *fragmentReader) damaged(err error) error { return &DamagedError{Fragment: r.done, Err: err} }

// aheadDepth is how many fragments are open or being opened at a time, the one being read among them. From an
// object store, opening costs tens of milliseconds of waiting, more than reading a fragment of a few hundred
// kilobytes does; with three under way behind the one being read, nothing is waited for but the first.
const aheadDepth = 4

// readAhead opens fragments in their order, a few ahead of the reader.
type readAhead struct {
	ctx    context.Context
	cancel context.CancelFunc
	open   OpenFunc
	total  int
	begun  int
	queue  []chan opened
}

type opened struct {
	body io.ReadCloser
	err  error
}

func newReadAhead(ctx context.Context, total int, open OpenFunc) *readAhead {
	ctx, cancel := context.WithCancel(ctx)
	return &readAhead{ctx: ctx, cancel: cancel, open: open, total: total}
}

// next returns the next fragment; the caller closes it. It must not be called more often than there are
// fragments.
func (a *readAhead) next() (io.ReadCloser, error) {
	for a.begun < a.total && len(a.queue) < aheadDepth {
		answer := make(chan opened, 1)
		a.queue = append(a.queue, answer)
		go func(i int) {
			body, err := a.open(a.ctx, i)
			answer <- opened{body, err}
		}(a.begun)
		a.begun++
	}
	first := <-a.queue[0]
	a.queue = a.queue[1:]
	return first.body, first.err
}

// stop waits for what is being opened and closes what nobody read.
func (a *readAhead) stop() {
	a.cancel()
	for _, answer := range a.queue {
		if o := <-answer; o.err == nil {
			_ = o.body.Close() // nothing was read from it
		}
	}
	a.queue = nil
}
