package upload

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// storage streams data from an offset and counts how often it is asked to.
type storage struct {
	data    []byte
	opens   atomic.Int64
	living  atomic.Int64
	breakAt func(offset, read int64) error // may fail a read
}

func (s *storage) open(offset int64) (io.ReadCloser, error) {
	s.opens.Add(1)
	s.living.Add(1)
	return &storageBody{s: s, offset: offset, Reader: bytes.NewReader(s.data[offset:])}, nil
}

type storageBody struct {
	*bytes.Reader
	s      *storage
	offset int64
	read   int64
	closed bool
}

func (b *storageBody) Read(p []byte) (int, error) {
	if b.closed {
		return 0, errors.New("read of a closed body")
	}
	if b.s.breakAt != nil {
		if err := b.s.breakAt(b.offset, b.read); err != nil {
			return 0, err
		}
	}
	n, err := b.Reader.Read(p[:min(len(p), 10_000)]) // as a network does
	b.read += int64(n)
	return n, err
}

// WriteTo would go around Read.
func (b *storageBody) WriteTo(io.Writer) (int64, error) { panic("not used") }

func (b *storageBody) Close() error {
	if b.closed {
		return errors.New("closed twice")
	}
	b.closed = true
	b.s.living.Add(-1)
	return nil
}

func newStorage(n int) *storage {
	data := make([]byte, n)
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return &storage{data: data}
}

func checkRead(t testing.TB, r io.ReaderAt, data []byte, at int64, n int) {
	t.Helper()
	p := make([]byte, n)
	got, err := r.ReadAt(p, at)
	want := min(n, max(0, len(data)-int(at)))
	require.Equal(t, want, got)
	if want < n {
		require.Equal(t, io.EOF, err)
	} else {
		require.NoError(t, err)
	}
	require.True(t, bytes.Equal(data[min(int(at), len(data)):][:got], p[:got]))
}

// Any read gets what is there, from many goroutines, and few streams stay open.
func TestReaderAtReadsAnywhere(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 1000, tailBytes, tailBytes + 1, 3 << 20} {
		s := newStorage(size)
		r := ReaderAt(s.open, int64(size))
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(worker), 9))
				for range 100 {
					checkRead(t, r, s.data, int64(rng.IntN(size+10)), rng.IntN(100_000))
				}
			})
		}
		wg.Wait()
		require.LessOrEqual(t, s.living.Load(), int64(openStreams))
		require.NoError(t, r.Close())
		require.Zero(t, s.living.Load())
		_, err := r.ReadAt(make([]byte, 1), 0)
		require.ErrorIs(t, err, fs.ErrClosed)
	}
}

// Reading from beginning to end is one request, also with others in between.
func TestReaderAtContinuesStreams(t *testing.T) {
	t.Parallel()
	s := newStorage(4 << 20)
	r := ReaderAt(s.open, int64(len(s.data)))
	p := make([]byte, 64<<10)
	for at := 0; at < len(s.data); at += len(p) {
		checkRead(t, r, s.data, int64(at), len(p))
	}
	require.EqualValues(t, 1, s.opens.Load())
	require.Zero(t, s.living.Load(), "a stream at its end is of no use")

	for at := 0; at < 1<<20; at += len(p) { // four places at once, with gaps that are read over
		for place := range 4 {
			checkRead(t, r, s.data, int64(place<<20+at), len(p)-1000)
		}
	}
	require.EqualValues(t, 5, s.opens.Load())
	for range 100 { // the directory of an archive
		checkRead(t, r, s.data, int64(len(s.data)-rand.IntN(tailBytes)-1), 100)
	}
	require.EqualValues(t, 5, s.opens.Load(), "it has gone by already")
	require.NoError(t, r.Close())
	require.Zero(t, s.living.Load())
}

// A stream that has broken is opened anew, once, where it broke.
func TestReaderAtOpensAnew(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	s := newStorage(2 << 20)
	s.breakAt = func(offset, read int64) error {
		if offset == 0 && read >= 500_000 {
			return broken
		}
		return nil
	}
	r := ReaderAt(s.open, int64(len(s.data)))
	checkRead(t, r, s.data, 0, 300_000)
	checkRead(t, r, s.data, 300_000, 900_000)
	require.EqualValues(t, 2, s.opens.Load())
	checkRead(t, r, s.data, 1_200_000, 300_000)
	require.EqualValues(t, 2, s.opens.Load())

	s.breakAt = func(int64, int64) error { return broken }
	_, err := r.ReadAt(make([]byte, 100_000), 1_500_000)
	require.ErrorIs(t, err, broken)
	require.EqualValues(t, 3, s.opens.Load())
	require.NoError(t, r.Close())
	require.Zero(t, s.living.Load())
}

// Storage that has less than it said is an error and not an end.
func TestReaderAtOfShortStorage(t *testing.T) {
	t.Parallel()
	s := newStorage(1 << 20)
	r := ReaderAt(s.open, int64(len(s.data))+1000)
	n, err := r.ReadAt(make([]byte, 2000), int64(len(s.data)))
	require.Zero(t, n)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = r.ReadAt(nil, -1)
	require.ErrorIs(t, err, fs.ErrInvalid)
	require.NoError(t, r.Close())
}

// A workbook of many megabytes is read from storage with a handful of requests.
func TestWorkbookFromStreams(t *testing.T) {
	t.Parallel()
	const rows = 20_000
	book := excelize.NewFile()
	defer book.Close()
	stream, err := book.NewStreamWriter("Sheet1")
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range rows {
		row := make([]any, 10)
		for j := range row {
			row[j] = strconv.FormatUint(rng.Uint64(), 36)
		}
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		require.NoError(t, err)
		require.NoError(t, stream.SetRow(cell, row))
	}
	require.NoError(t, stream.Flush())
	var file bytes.Buffer
	require.NoError(t, book.Write(&file))
	require.Greater(t, file.Len(), 8*tailBytes)

	s := &storage{data: file.Bytes()}
	r := ReaderAt(s.open, int64(len(s.data)))
	f, err := Open(t.Context(), r, int64(len(s.data)), "a.xlsx", Limits{})
	require.NoError(t, err)
	require.Equal(t, XLSX, f.Format)
	require.Empty(t, f.Encoding)
	before := s.opens.Load()
	got, err := readFile(t, f)
	require.NoError(t, err)
	require.Len(t, got, rows)
	t.Logf("%d bytes: %d requests to open, %d to read", file.Len(), before, s.opens.Load()-before)
	require.LessOrEqual(t, before, int64(8))
	require.LessOrEqual(t, s.opens.Load()-before, int64(4))
	require.NoError(t, r.Close())
	require.Zero(t, s.living.Load())
}
