// Package blob keeps files by key: in a folder, in S3 or, for tests, in memory. All three behave alike;
// one conformance suite runs over them.
//
// A file appears whole or not at all: a reader never sees one that is half written, and an aborted or
// failed write leaves nothing. That holds over the death of a process. It does not hold over a power loss
// of the machine with the folder, because nothing is flushed to disk; who needs that uses S3.
//
// Two things remain after a kill -9 in the middle of a write. In a folder it is a file with a name like
// key.18c2….tmp; [Store.List] does not show it and [Store.DeletePrefix] removes it. In S3 it is the parts of
// an upload, which no listing shows and which cost money: give the bucket a lifecycle rule that aborts
// incomplete multipart uploads after a day.
package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"gocloud.dev/blob"
	"golang.org/x/sync/errgroup"
)

// Store keeps files by key. It is safe for use by several goroutines.
type Store struct {
	bucket *blob.Bucket
	// root is the folder of a file store, empty for the others.
	root string
	// upload is set where a write must be fed through a reader, see newUpload.
	upload bool
}

// Info tells about a stored file.
type Info struct {
	Size    int64 // bytes
	ModTime time.Time
}

// deletesInFlight bounds DeletePrefix where every delete is two requests of some 10 ms each: 8 at once take
// a job of 1,000 fragments away in about 3 s, and stay far below S3's 3,500 writes a second and prefix.
const deletesInFlight = 8

// Put stores data under key, in place of what was there.
func (s *Store) Put(ctx context.Context, key string, data []byte) error {
	w, err := s.Writer(ctx, key, "")
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		w.Abort()
		return err
	}
	return w.Close()
}

// Get reads the whole file, so it is for small ones. [ErrNotFound] when there is none.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	r, err := s.Reader(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var buf bytes.Buffer
	if sized, ok := r.(interface{ Size() int64 }); ok {
		buf.Grow(int(sized.Size()) + bytes.MinRead) // saves io.ReadAll's copies of a growing slice
	}
	if _, err := buf.ReadFrom(r); err != nil {
		return nil, fail("read", key, err)
	}
	return buf.Bytes(), nil
}

// Reader reads length bytes from offset, or up to the end when length is negative. A range that begins at
// or after the end is empty. [ErrNotFound] when there is no such file. The caller must Close it.
func (s *Store) Reader(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	r, err := s.bucket.NewRangeReader(ctx, key, offset, length, nil)
	switch {
	case serviceCode(err) == "InvalidRange": // S3 answers 416 where a file just ends
		return io.NopCloser(bytes.NewReader(nil)), nil
	case err != nil:
		return nil, fail("read", key, err)
	}
	return r, nil
}

// Stat tells a file's size and time. [ErrNotFound] when there is none.
func (s *Store) Stat(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	a, err := s.bucket.Attributes(ctx, key)
	if err != nil {
		return Info{}, fail("stat", key, err)
	}
	return Info{Size: a.Size, ModTime: a.ModTime}, nil
}

// Delete removes a file. That there is none is no error.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := fail("delete", key, s.bucket.Delete(ctx, key))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// DeletePrefix removes every file whose key begins with prefix, and tells how many they were; what was
// deleted before an error is counted too. The prefix must end in a slash: "jobs/1" would also take jobs/12
// away, and an empty one everything.
//
// A file that is being written under the prefix may appear afterwards.
func (s *Store) DeletePrefix(ctx context.Context, prefix string) (int, error) {
	if err := checkPrefix(prefix); err != nil {
		return 0, err
	}
	if s.root != "" {
		return s.deleteFolder(ctx, prefix)
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(deletesInFlight)
	var deleted atomic.Int64
	err := s.List(groupCtx, prefix, func(key string, _ Info) error {
		group.Go(func() error {
			if err := s.Delete(groupCtx, key); err != nil {
				return err
			}
			deleted.Add(1)
			return nil
		})
		return nil
	})
	if first := group.Wait(); first != nil {
		err = first // a failed delete also ends the listing: name the cause
	}
	return int(deleted.Load()), err
}

// List calls fn for every file whose key begins with prefix ("" for all), in the order of keys, until fn
// returns an error, which List then returns as it is.
func (s *Store) List(ctx context.Context, prefix string, fn func(key string, info Info) error) error {
	found := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := found.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err() // a folder and memory do not look at it
		}
		if err != nil {
			return fail("list", prefix, err)
		}
		if s.root != "" && isStranded(o.Key) {
			continue
		}
		if err := fn(o.Key, Info{Size: o.Size, ModTime: o.ModTime}); err != nil {
			return err
		}
	}
}

// ListDirs returns the "directories" right under prefix, each whole and with its slash, sorted:
// ListDirs("jobs/") gives jobs/a/, jobs/b/. The prefix must end in a slash.
func (s *Store) ListDirs(ctx context.Context, prefix string) ([]string, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	if s.root != "" {
		return s.listFolders(ctx, prefix)
	}
	var dirs []string
	found := s.bucket.List(&blob.ListOptions{Prefix: prefix, Delimiter: "/"})
	for {
		o, err := found.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return dirs, nil
		case err != nil:
			return nil, fail("list", prefix, err)
		case o.IsDir:
			dirs = append(dirs, o.Key)
		}
	}
}

// Check tells whether the store answers: a folder can be written to, a bucket can be listed. It takes one
// system call or one request and has no time limit of its own, so give it one by ctx.
func (s *Store) Check(ctx context.Context) error {
	if s.root != "" {
		return s.checkFolder(ctx)
	}
	if _, _, err := s.bucket.ListPage(ctx, blob.FirstPageToken, 1, nil); err != nil {
		return fmt.Errorf("check blob storage: %w", err)
	}
	return nil
}

// Close lets go of the store. Readers and writers must be closed before.
func (s *Store) Close() error {
	if err := s.bucket.Close(); err != nil {
		return fmt.Errorf("close blob storage: %w", err)
	}
	return nil
}
