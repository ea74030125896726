package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gocloud.dev/blob"
)

// ErrAborted is what a Writer answers after Abort.
var ErrAborted = errors.New("write was aborted")

const (
	// partSize is the smallest that S3 takes; 10,000 parts of it make files of up to 50 GB.
	partSize = 5 << 20
	// partsInFlight keeps an upload's memory near 40 MB: a first piece of 16 MB that the SDK reads before it
	// decides for parts, and one part more than are in flight.
	partsInFlight = 2
	// abortGrace is how long an upload may take to clear away its parts once its context is done. It stays
	// below the time that a stopping worker gives its activities.
	abortGrace = 5 * time.Second
)

// Writer writes one file. The file appears when Close returns without an error. Call either Close or Abort;
// an Abort after either does nothing, so it can be deferred. Not safe for use by several goroutines.
type Writer struct {
	key  string
	sink sink
	err  error // of the first write that failed, or of Close or Abort
	done bool
}

// sink takes the bytes of one file and then either keeps or drops them all.
type sink interface {
	io.Writer
	commit() error
	abort()
}

// Writer begins a file that takes the place of what is stored under key, once it is closed. An empty
// contentType means application/octet-stream; a folder does not keep it. When ctx is done before Close,
// nothing is stored.
func (s *Store) Writer(ctx context.Context, key, contentType string) (*Writer, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	opts := &blob.WriterOptions{ContentType: contentType, BufferSize: partSize, MaxConcurrency: partsInFlight}
	if s.upload {
		return &Writer{key: key, sink: newUpload(ctx, s.bucket, key, opts)}, nil
	}
	d, err := newDirect(ctx, s.bucket, key, opts)
	if err != nil {
		return nil, fail("write", key, err)
	}
	return &Writer{key: key, sink: d}, nil
}

// Write appends p. After an error the file can only be aborted; Close then does that too.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.done {
		return 0, fmt.Errorf("write %s: it is closed", w.key)
	}
	n, err := w.sink.Write(p)
	if err != nil {
		w.err = fail("write", w.key, err)
	}
	return n, w.err
}

// Close stores the file and returns when it can be read. After a failed Write it stores nothing and
// returns that error.
func (w *Writer) Close() error {
	if w.done {
		return w.err
	}
	if w.err != nil {
		err := w.err
		w.Abort()
		w.err = err
		return err
	}
	w.done = true
	w.err = fail("write", w.key, w.sink.commit())
	return w.err
}

// Abort drops what was written; what was stored under the key before stays.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	w.err = fmt.Errorf("write %s: %w", w.key, ErrAborted)
	w.sink.abort()
}

// direct writes into a folder or memory. Its trap: the portable writer's Close stores whatever has arrived,
// also after a Write that failed for want of space, and so do WriteAll and Upload. Only a cancelled context
// keeps it from that.
type direct struct {
	*blob.Writer
	cancel context.CancelFunc
}

func newDirect(ctx context.Context, bucket *blob.Bucket, key string, opts *blob.WriterOptions) (*direct, error) {
	ctx, cancel := context.WithCancel(ctx)
	w, err := bucket.NewWriter(ctx, key, opts)
	if err != nil {
		cancel()
		return nil, err
	}
	return &direct{Writer: w, cancel: cancel}, nil
}

func (d *direct) commit() error {
	defer d.cancel()
	return d.Close()
}

func (d *direct) abort() {
	d.cancel()
	_ = d.Close() // says that the context is cancelled
}

// upload feeds S3 through a pipe. Its trap: the SDK sends AbortMultipartUpload with the upload's own
// context, so cancelling that leaves the parts behind. An error out of the pipe stops it just as well and
// leaves the context alive for the clean-up.
type upload struct {
	ctx    context.Context // of the writer, not of the SDK
	pipe   *io.PipeWriter
	finish func()
	result chan error
}

func newUpload(ctx context.Context, bucket *blob.Bucket, key string, opts *blob.WriterOptions) *upload {
	reader, writer := io.Pipe()
	uploadCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	u := &upload{ctx: ctx, pipe: writer, result: make(chan error, 1)}
	unwatch := context.AfterFunc(ctx, func() {
		writer.CloseWithError(ctx.Err())
		select { // a request that hangs must not hold on to it for ever
		case <-uploadCtx.Done():
		case <-time.After(abortGrace):
			cancel()
		}
	})
	u.finish = func() { unwatch(); cancel() }
	go func() {
		err := bucket.Upload(uploadCtx, key, reader, opts)
		// Not every failed upload closes its reader: let no Write wait for one that nobody reads.
		reader.CloseWithError(err)
		u.result <- err
	}()
	return u
}

func (u *upload) Write(p []byte) (int, error) {
	n, err := u.pipe.Write(p)
	if err != nil && u.ctx.Err() != nil {
		err = u.ctx.Err() // the pipe only says that it is closed
	}
	return n, err
}

func (u *upload) commit() error {
	u.pipe.CloseWithError(u.ctx.Err()) // nil means the end; the watcher may not have run yet
	return u.wait()
}

func (u *upload) abort() {
	u.pipe.CloseWithError(ErrAborted)
	_ = u.wait() // says that it was aborted
}

func (u *upload) wait() error {
	defer u.finish()
	return <-u.result
}
