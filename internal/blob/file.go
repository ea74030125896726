package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// File is a stored file that is read from any place, as http.ServeContent wants it. Nothing is fetched
// before the first Read; a Seek between two reads costs a request. Not safe for use by several goroutines.
type File struct {
	Info

	ctx    context.Context // as long as the file is read; Read has no room for it
	store  *Store
	key    string
	offset int64
	body   io.ReadCloser // at offset; nil before the first Read and after a Seek
}

// Open opens a file for reading from any place. [ErrNotFound] when there is none. The caller must Close it.
func (s *Store) Open(ctx context.Context, key string) (*File, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	return &File{Info: info, ctx: ctx, store: s, key: key}, nil
}

// Read implements io.Reader.
func (f *File) Read(p []byte) (int, error) {
	if f.offset >= f.Size {
		return 0, io.EOF
	}
	if f.body == nil {
		body, err := f.store.Reader(f.ctx, f.key, f.offset, -1)
		if err != nil {
			return 0, err
		}
		f.body = body
	}
	n, err := f.body.Read(p)
	f.offset += int64(n)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, fail("read", f.key, err)
	case f.offset < f.Size: // a connection that was cut must not pass for the end
		return n, fmt.Errorf("read %s: %w after %d of %d bytes", f.key, io.ErrUnexpectedEOF, f.offset, f.Size)
	}
	return n, io.EOF
}

// Seek implements io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.Size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek in %s: position %d is before the beginning", f.key, offset)
	}
	if offset == f.offset {
		return offset, nil
	}
	f.offset = offset
	return offset, f.Close()
}

// Close lets go of the connection.
func (f *File) Close() error {
	if f.body == nil {
		return nil
	}
	err := f.body.Close()
	f.body = nil
	return err
}
