package fake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// grace is how long calls may go on when Serve ends: longer than an ordinary one takes, shorter than one waits at a
// terminal.
const grace = 2 * time.Second

type closingKey struct{}

// closing is closed when the calls of a listener shall end; nil where the handler is served by others.
func closing(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(closingKey{}).(chan struct{})
	return c
}

// Serve takes calls until ctx ends. Those on their way then have two seconds. It closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	return s.serve(ctx, listener, grace)
}

// serve breaks off calls that outlast the grace; zero: at once.
func (s *Server) serve(ctx context.Context, listener net.Listener, grace time.Duration) error {
	end := make(chan struct{})
	calls := context.WithValue(context.WithoutCancel(ctx), closingKey{}, end)
	server := &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return calls },
		ErrorLog:          slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: 10 * time.Second, // who needs longer only holds a connection open
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		close(end)
		return fmt.Errorf("serve a partner on %s: %w", listener.Addr(), errors.Join(err, server.Close()))
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(wait)
	close(end)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	if err != nil {
		return fmt.Errorf("stop serving a partner: %w", err)
	}
	return nil
}

// Running is a partner that listens.
type Running struct {
	*Server
	// URL is http:// with host and port; it stays when the partner is down.
	URL string

	ctx     context.Context
	address string
	mu      sync.Mutex
	stop    func() error // nil while it is down
}

// Listen runs a partner at an address such as 127.0.0.1:0 until ctx ends or it is closed.
func Listen(ctx context.Context, address string, options Options) (*Running, error) {
	s, err := New(options)
	if err != nil {
		return nil, err
	}
	r := &Running{Server: s, ctx: ctx, address: address}
	if err := r.Up(); err != nil {
		return nil, err
	}
	r.URL = "http://" + r.address
	return r, nil
}

// Up listens again at the same port, which fails where another took it meanwhile. What the partner knows, it still knows.
func (r *Running) Up() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop != nil {
		return nil
	}
	var config net.ListenConfig
	listener, err := config.Listen(r.ctx, "tcp", r.address)
	if err != nil {
		return fmt.Errorf("listen as a partner: %w", err)
	}
	r.address = listener.Addr().String()
	ctx, cancel := context.WithCancel(r.ctx)
	served := make(chan error, 1)
	go func() { served <- r.serve(ctx, listener, 0) }()
	r.stop = func() error {
		cancel()
		return <-served
	}
	return nil
}

// Down stops listening, so that connections are refused, and breaks off the calls on their way, whose items do not take
// effect. It is as if the partner's process was killed, but for its memory.
func (r *Running) Down() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop == nil {
		return nil
	}
	err := r.stop()
	r.stop = nil
	return err
}

// Close is [Running.Down], for good.
func (r *Running) Close() error { return r.Down() }
