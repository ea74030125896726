package sheet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

func TestDamagedFragments(t *testing.T) {
	t.Parallel()
	for _, format := range []Format{XLSX, CSV} {
		layout := benchLayout()
		layout.Format = format
		good := encodePages(t, layout, 100, benchData(600))
		flip := func(at int) func([]byte) []byte {
			return func(b []byte) []byte { b[at] ^= 4; return b }
		}
		for name, damage := range map[string]func([]byte) []byte{
			"magic":              flip(0),
			"version":            flip(4),
			"count in header":    flip(20),
			"checksum of header": flip(HeaderSize - 1),
			"first data byte":    flip(HeaderSize),
			"last data byte":     flip(len(good.fragments[3]) - 1),
			"empty":              func([]byte) []byte { return nil },
			"header cut":         func(b []byte) []byte { return b[:HeaderSize-1] },
			"data missing":       func(b []byte) []byte { return b[:HeaderSize] },
			"data cut":           func(b []byte) []byte { return b[:len(b)-1] },
			"data longer":        func(b []byte) []byte { return append(b, 0) },
			"another page":       func([]byte) []byte { return good.fragments[2] },
		} {
			t.Run(string(format)+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := &store{fragments: append([][]byte{}, good.fragments...), infos: good.infos}
				s.fragments[3] = damage(bytes.Clone(s.fragments[3]))
				var done []int
				_, err := Assemble(t.Context(), io.Discard, layout, s.infos, s.opener, func(n int) { done = append(done, n) })
				var damaged *DamagedError
				require.ErrorAs(t, err, &damaged)
				require.Equal(t, 3, damaged.Fragment)
				require.Equal(t, []int{1, 2, 3}, done)
				require.Zero(t, s.open.Load(), "fragments left open")
			})
		}
	}
}

// Only what a new page could cure counts as damage.
func TestErrorsOfStorage(t *testing.T) {
	t.Parallel()
	layout := benchLayout()
	s := encodePages(t, layout, 100, benchData(600))
	outage := errors.New("storage does not answer")
	for name, c := range map[string]struct {
		err     error
		damaged bool
	}{
		"not in the folder": {&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, true},
		"not in the bucket": {job.Errorf(job.CodeNotFound, "no such file"), true},
		"outage":            {outage, false},
	} {
		open := func(ctx context.Context, i int) (io.ReadCloser, error) {
			if i == 2 {
				return nil, c.err
			}
			return s.opener(ctx, i)
		}
		_, err := Assemble(t.Context(), io.Discard, layout, s.infos, open, nil)
		require.ErrorIs(t, err, c.err, name)
		var damaged *DamagedError
		require.Equal(t, c.damaged, errors.As(err, &damaged), name)
		require.Zero(t, s.open.Load(), name)
	}

	broken := func(ctx context.Context, i int) (io.ReadCloser, error) {
		fragment, err := s.opener(ctx, i)
		fragment.(*body).Reader = io.MultiReader(io.LimitReader(fragment.(*body).Reader, 200), iotest.ErrReader(outage))
		return fragment, err
	}
	_, err := Assemble(t.Context(), io.Discard, layout, s.infos, broken, nil)
	require.ErrorIs(t, err, outage)
	var damaged *DamagedError
	require.NotErrorAs(t, err, &damaged)
	require.Zero(t, s.open.Load())

	_, err = Assemble(t.Context(), &fullDisk{left: 2000}, layout, s.infos, s.opener, nil)
	require.ErrorIs(t, err, errDiskFull)
	require.Zero(t, s.open.Load())
}

var errDiskFull = errors.New("disk is full")

type fullDisk struct{ left int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, errDiskFull
	}
	return len(p), nil
}

func TestFragmentsOfAnotherLayout(t *testing.T) {
	t.Parallel()
	layout := Layout{Format: XLSX, Columns: []Column{{Header: "a"}, {Header: "b", Type: Instant}}}
	s := encodePages(t, layout, 1, [][][]byte{cells("1", "2026-01-02 03:04:05")})
	renamed := layout
	renamed.Sheet, renamed.Columns = "Other", []Column{{Header: "x", Width: 30}, {Header: "y", Type: Instant}}
	_, err := Assemble(t.Context(), io.Discard, renamed, s.infos, s.opener, nil)
	require.NoError(t, err, "headers, widths and names are no part of fragments")
	for name, other := range map[string]Layout{
		"format":  {Format: CSV, Columns: layout.Columns},
		"zone":    {Format: XLSX, Columns: layout.Columns, Zone: location(t, "Asia/Seoul")},
		"types":   {Format: XLSX, Columns: []Column{{}, {Type: Date}}},
		"order":   {Format: XLSX, Columns: []Column{{Type: Instant}, {}}},
		"columns": {Format: XLSX, Columns: []Column{{}, {Type: Instant}, {}}},
	} {
		_, err := Assemble(t.Context(), io.Discard, other, s.infos, s.opener, nil)
		var damaged *DamagedError
		require.ErrorAs(t, err, &damaged, name)
	}
}

func TestAssemblyIsCancelled(t *testing.T) {
	t.Parallel()
	layout := benchLayout()
	s := encodePages(t, layout, 100, benchData(2000))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Assemble(ctx, io.Discard, layout, s.infos, s.opener, func(done int) {
		if done == 5 {
			cancel()
		}
		require.LessOrEqual(t, done, 5)
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, s.open.Load())

	// Also while a fragment is being opened: nothing else would wake it.
	ctx, cancel = context.WithCancel(t.Context())
	_, err = Assemble(ctx, io.Discard, layout, s.infos, func(ctx context.Context, i int) (io.ReadCloser, error) {
		if i < 3 {
			return s.opener(ctx, i)
		}
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, s.open.Load())
}
