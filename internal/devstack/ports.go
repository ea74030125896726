package devstack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"

	"github.com/longhaul/longhaul/job"
)

// loopback is the only address that the embedded stack's servers listen on: they ask for no password.
const loopback = "127.0.0.1"

// Free ports are looked for below the ranges that systems take outgoing connections' ports from (Linux from 32768,
// others from 49152). In those ranges a client that keeps trying to reach a killed server may be given the server's
// own port as its local one, connect to itself, and keep the server from coming back.
const (
	lowestFreePort  = 10_000
	highestFreePort = 32_767
	freePortTries   = 100
)

// CheckPort returns a readable error if something listens on the port of this machine's loopback address. what names
// its use ("the web page"), flag how to choose another ("--http-addr"). Port 0 is always free.
func CheckPort(port int, what, flag string) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if err != nil {
		return PortError(err, port, what, flag)
	}
	return listener.Close()
}

// PortError makes the error of a failed listen readable: it names the port, what it was for and the flag to change it.
func PortError(err error, port int, what, flag string) error {
	reason := "cannot be opened"
	if errors.Is(err, syscall.EADDRINUSE) {
		reason = "is taken by another program"
	}
	return &job.Error{Code: job.CodeUnavailable, Err: err,
		Message: fmt.Sprintf("port %d for %s %s; choose another with %s (0 = any free one)", port, what, reason, flag)}
}

// freePort finds a port that nobody listens on. It may be taken before it is used: be ready to ask again.
func freePort() (int, error) {
	var last error
	for range freePortTries {
		port := lowestFreePort + rand.IntN(highestFreePort-lowestFreePort+1)
		if last = CheckPort(port, "a local server", "the port's flag"); last == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port: %w", last)
}
