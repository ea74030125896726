package devstack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// readyPoll is how often a starting server is tried.
	readyPoll = 20 * time.Millisecond

	// callTimeout bounds one try, so that a server which accepts and says nothing does not use up the whole time.
	callTimeout = 5 * time.Second

	// announceTimeout is many times what lies between serving and saying so.
	announceTimeout = 2 * time.Second
)

// awaitReady returns when the server serves its namespace with the retention that we want.
func (t *Temporal) awaitReady(ctx context.Context) error {
	// A port that accepts first: gRPC answers a refused connection with a pause of a second.
	if err := t.until(ctx, func() error { return dial(ctx, t.Address) }); err != nil {
		return err
	}
	namespaces, err := client.NewNamespaceClient(client.Options{HostPort: t.Address,
		Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))})
	if err != nil {
		return fmt.Errorf("make a client for the Temporal server: %w", err)
	}
	defer namespaces.Close()
	if err := t.until(ctx, func() error { return keepHistory(ctx, namespaces, t.Namespace) }); err != nil {
		return err
	}
	return t.itself(ctx)
}

// itself waits until our own process says that it serves: what answers on the port may be another server that took
// it a moment earlier, in which case ours is about to end. A CLI that words it otherwise is believed after a while.
func (t *Temporal) itself(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, announceTimeout, errUnannounced)
	defer cancel()
	err := t.until(ctx, func() error {
		log, err := os.ReadFile(t.opts.LogFile)
		if err != nil {
			return err
		}
		if int64(len(log)) < t.logFrom || !bytes.Contains(log[t.logFrom:], []byte("Server:")) {
			return errUnannounced
		}
		return nil
	})
	if errors.Is(context.Cause(ctx), errUnannounced) && t.process.running() {
		return nil
	}
	return err
}

var errUnannounced = errors.New("the server has not said where it is")

// until calls try until it succeeds, the server has ended or ctx has.
func (t *Temporal) until(ctx context.Context, try func() error) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-t.process.exited:
			return fmt.Errorf("server process: %w", exitError(t.process.err))
		case <-ctx.Done():
			return fmt.Errorf("%w (last: %w)", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// exitError gives a server that left with code 0 while it was waited for an error of its own.
func exitError(err error) error {
	if err == nil {
		return errors.New("ended with code 0")
	}
	return err
}

func dial(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{Timeout: callTimeout}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// keepHistory describes the namespace, which is the proof that it is served, and raises its retention if need be.
func keepHistory(ctx context.Context, namespaces client.NamespaceClient, name string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	described, err := namespaces.Describe(ctx, name)
	if err != nil {
		return fmt.Errorf("describe namespace %s: %w", name, err)
	}
	if described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() >= Retention {
		return nil
	}
	err = namespaces.Update(ctx, &workflowservice.UpdateNamespaceRequest{Namespace: name,
		Config: &namespace.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(Retention)}})
	if err != nil {
		return fmt.Errorf("set retention of namespace %s: %w", name, err)
	}
	return nil
}
