package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServeOptions are optional.
type ServeOptions struct {
	// Grace is how long requests in flight may go on at shutdown; downloads that need longer are broken off
	// and can be resumed. Default 10 s.
	Grace time.Duration
	// Logger gets what net/http has to say; default slog.Default().
	Logger *slog.Logger
}

type drainKey struct{}

// draining is closed when the server is about to stop; nil, which never is, under another server.
func draining(ctx context.Context) <-chan struct{} {
	ch, _ := ctx.Value(drainKey{}).(chan struct{})
	return ch
}

// Serve answers on the listener until ctx is done, then stops: no new connections, event streams end at
// once, other requests have Grace. It returns nil after an orderly stop.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, options ServeOptions) error {
	if options.Grace <= 0 {
		options.Grace = 10 * time.Second
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	drain := make(chan struct{})
	requests := context.WithValue(context.WithoutCancel(ctx), drainKey{}, drain)
	server := &http.Server{
		Handler:     handler,
		BaseContext: func(net.Listener) context.Context { return requests },
		ErrorLog:    slog.NewLogLogger(options.Logger.Handler(), slog.LevelWarn),
		// Headers are small: who needs longer only holds a connection open.
		ReadHeaderTimeout: 5 * time.Second,
		MaxHeaderBytes:    32 << 10,
		// Longer than the pauses of a page that polls, and than load balancers keep theirs (60 s).
		IdleTimeout: 2 * time.Minute,
		// No WriteTimeout: it would cut downloads and streams. They have deadlines of their own for each
		// write; all other answers are at most MaxResponse. No ReadTimeout: bodies have bodyTimeout.
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	close(drain)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), options.Grace)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		options.Logger.Warn("break off requests that outlasted the shutdown", "grace", options.Grace)
		err = server.Close()
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	if err != nil {
		return fmt.Errorf("stop serving HTTP: %w", err)
	}
	return nil
}
