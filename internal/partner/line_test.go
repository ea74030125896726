package partner

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// carried is a line that carries an exchange, and its other end.
func carried(t *testing.T) (*line, *exchange, context.Context, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	ctx, cancel := context.WithCancelCause(t.Context())
	x := &exchange{cancel: cancel}
	l := &line{Conn: near}
	x.got(l)
	return l, x, ctx, far
}

func read(l *line) error {
	_, err := l.Read(make([]byte, 8))
	return err
}

func TestLineDropped(t *testing.T) {
	t.Parallel()
	l, x, ctx, far := carried(t)
	go func() {
		_, _ = io.CopyN(io.Discard, far, 3)
		far.Close()
	}()
	n, err := l.Write([]byte("abc"))
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.True(t, x.sent.Load())
	require.NoError(t, ctx.Err())
	require.Error(t, read(l))
	require.ErrorIs(t, context.Cause(ctx), errDropped)
}

// TestLineEnded: what is not written cannot have taken effect, and net/http may take another connection.
func TestLineEnded(t *testing.T) {
	t.Parallel()
	l, x, ctx, far := carried(t)
	far.Close()
	require.Error(t, read(l))
	n, err := l.Write([]byte("abc"))
	require.Zero(t, n)
	require.ErrorIs(t, err, errEnded)
	require.False(t, x.sent.Load())
	require.NoError(t, ctx.Err())
}

func TestLineThatTakesNothing(t *testing.T) {
	t.Parallel()
	l, x, ctx, far := carried(t)
	far.Close()
	n, err := l.Write([]byte("abc"))
	require.Zero(t, n)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.False(t, x.sent.Load())
	require.NoError(t, ctx.Err())
}

func TestLineAnswered(t *testing.T) {
	t.Parallel()
	l, x, ctx, far := carried(t)
	x.sent.Store(true)
	x.answered.Store(true)
	far.Close()
	require.Error(t, read(l), "the end of an answer without a length")
	require.NoError(t, ctx.Err())
}

func TestLineReleased(t *testing.T) {
	t.Parallel()
	l, x, ctx, far := carried(t)
	x.sent.Store(true)
	next := &exchange{cancel: func(error) { t.Error("the next exchange was ended") }}
	next.got(l)
	x.end() // later than the next one began
	require.Same(t, next, l.carries)
	next.line.release(next)
	require.Nil(t, l.carries)
	far.Close()
	require.Error(t, read(l))
	require.NotErrorIs(t, context.Cause(ctx), errDropped)
}

// TestTransport holds what no call would show: no proxy of the environment, and no limit of its own on what is in flight.
func TestTransport(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.example:3128")
	t.Setenv("HTTP_PROXY", "http://proxy.example:3128")
	transport := newTransport(false, nil)
	require.Nil(t, transport.Proxy)
	require.Zero(t, transport.MaxConnsPerHost)
	require.Equal(t, 1000, transport.MaxIdleConnsPerHost)
	require.Equal(t, 1000, transport.MaxIdleConns)
}
