//go:build unix

package e2e

import (
	"context"
	"net"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// gateway stands between a process and Temporal, and can keep a call from going on.
type gateway struct {
	address string

	mu    sync.Mutex
	calls []*call
}

// call is one call that is kept.
type call struct {
	method  string
	answer  bool // it is carried out, and only its answer is kept
	taken   bool
	reached chan struct{}
}

// newGateway serves until the test ends. Calls that it keeps end with their client.
func newGateway(t *testing.T, target string) *gateway {
	t.Helper()
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	service, err := proxy.NewWorkflowServiceProxyServer(proxy.WorkflowServiceProxyOptions{
		Client: workflowservice.NewWorkflowServiceClient(conn),
	})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)

	g := &gateway{address: listener.Addr().String()}
	server := grpc.NewServer(grpc.UnaryInterceptor(g.intercept))
	workflowservice.RegisterWorkflowServiceServer(server, service)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-served)
		require.NoError(t, conn.Close())
	})
	return g
}

// keep keeps the next call of a method, before it reaches Temporal or, as answer, after.
func (g *gateway) keep(method string, answer bool) *call {
	c := &call{method: method, answer: answer, reached: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, c)
	return c
}

// wait returns when the call is being kept.
func (c *call) wait(t *testing.T) {
	t.Helper()
	select {
	case <-c.reached:
	case <-time.After(patience):
		t.Fatalf("nobody called %s", c.method)
	}
}

func (g *gateway) intercept(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	c := g.take(path.Base(info.FullMethod))
	if c == nil {
		return next(ctx, request)
	}
	if c.answer {
		if _, err := next(ctx, request); err != nil {
			return nil, err
		}
	}
	close(c.reached)
	<-ctx.Done()
	return nil, ctx.Err()
}

func (g *gateway) take(method string) *call {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.calls {
		if !c.taken && c.method == method {
			c.taken = true
			return c
		}
	}
	return nil
}
