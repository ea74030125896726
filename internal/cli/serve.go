package cli

import (
	"fmt"
	"net"
	"strings"

	"github.com/longhaul/longhaul/api"
)

type workerCommand struct{}

// Run runs a worker until it is interrupted.
func (workerCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.current(s); err != nil {
		return err
	}
	p.log.Info("worker runs", "config", p.config)
	return p.work(s)
}

type apiCommand struct{}

// Run serves the API and the page until it is interrupted.
func (apiCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.current(s); err != nil {
		return err
	}
	handler, err := p.handler()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", p.config.HTTPAddr)
	if err != nil {
		return fmt.Errorf("listen on %s (--http-addr): %w", p.config.HTTPAddr, err)
	}
	p.log.Info("api serves", "url", "http://"+listener.Addr().String(), "config", p.config)
	return api.Serve(s, listener, handler, api.ServeOptions{Logger: p.log})
}

// current refuses to work on a database that this program does not know.
func (p *parts) current(s *invocation) error {
	pending, err := p.store.Pending(s)
	if err != nil {
		return fmt.Errorf("look at the database's version: %w", err)
	}
	if len(pending) > 0 {
		return fmt.Errorf("the database lacks %s: run `longhaul migrate` first", strings.Join(pending, ", "))
	}
	return nil
}
