//go:build unix

package e2e

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wire is the way of TCP connections to a server, on which a test can lie in wait for a statement.
type wire struct {
	address string // where clients connect

	mu     sync.Mutex
	snares []*snare
}

// snare waits for a statement and stops its connection.
type snare struct {
	statement []byte
	// pass is how many bytes of the answer get through before the connection stops; with none, the statement
	// itself does not get to the server. With [noAnswer] the statement does, and its answer does not.
	pass int

	taken   bool
	reached chan struct{}
	cut     chan struct{}
	once    sync.Once
}

// noAnswer is as of [snare.pass].
const noAnswer = -1

// newWire listens for connections to a server at target, host:port, until the test ends.
func newWire(t *testing.T, target string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{address: listener.Addr().String()}
	t.Cleanup(func() {
		_ = listener.Close()
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, s := range w.snares {
			s.sever()
		}
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go w.carry(client, target)
		}
	}()
	return w
}

// snare stops the connection that next sends a text, once the first bytes of the answer have passed.
func (w *wire) snare(text string, pass int) *snare {
	s := &snare{statement: []byte(text), pass: pass, reached: make(chan struct{}), cut: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.snares = append(w.snares, s)
	return s
}

// wait returns when a connection has been stopped.
func (s *snare) wait(t *testing.T) {
	t.Helper()
	select {
	case <-s.reached:
	case <-time.After(patience):
		t.Fatalf("nobody sent %q", s.statement)
	}
}

// sever breaks the stopped connection; what had not passed never will.
func (s *snare) sever() { s.once.Do(func() { close(s.cut) }) }

// carry carries one connection both ways until either end closes it.
func (w *wire) carry(client net.Conn, target string) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", target, 5*time.Second)
	if err != nil {
		return // the server is down: so is the connection
	}
	defer server.Close()
	caught := make(chan *snare, 1)
	go func() {
		defer client.Close()
		defer server.Close()
		w.ask(client, server, caught)
	}()
	reply(client, server, caught)
}

// ask carries what the client sends, and looks for what a snare waits for.
func (w *wire) ask(client, server net.Conn, caught chan<- *snare) {
	chunk := make([]byte, 64<<10)
	for {
		n, err := client.Read(chunk)
		if s := w.match(chunk[:n]); s != nil {
			if s.pass == 0 {
				close(s.reached)
				<-s.cut
				return
			}
			caught <- s
		}
		if _, failed := server.Write(chunk[:n]); failed != nil || err != nil {
			return
		}
	}
}

// match takes the snare that waits for something in a chunk. A statement of some hundred bytes comes in one.
func (w *wire) match(chunk []byte) *snare {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.snares {
		if !s.taken && bytes.Contains(chunk, s.statement) {
			s.taken = true
			return s
		}
	}
	return nil
}

// reply carries what the server sends, up to what a snare lets pass.
func reply(client, server net.Conn, caught <-chan *snare) {
	chunk := make([]byte, 4<<10)
	for {
		n, err := server.Read(chunk)
		select {
		case s := <-caught:
			if s.pass > 0 {
				_, _ = client.Write(chunk[:n])
				_, _ = io.CopyN(client, server, int64(s.pass-n))
			}
			close(s.reached)
			<-s.cut
			return
		default:
		}
		if _, failed := client.Write(chunk[:n]); failed != nil || err != nil {
			return
		}
	}
}
