package cli

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/internal/config"
	"github.com/longhaul/longhaul/internal/devstack"
	"github.com/longhaul/longhaul/job"
)

// stackFlags are the flags of the commands that run everything on this machine.
type stackFlags struct {
	TemporalPort   int `placeholder:"PORT" help:"Port of Temporal. Default: 7233, or a free one if that is taken."`
	TemporalUIPort int `name:"temporal-ui-port" placeholder:"PORT" help:"Port of Temporal's Web UI. Default: 8233, or a free one if that is taken."`
}

type devCommand struct {
	stackFlags
	Empty bool `help:"Do not load sample data into an empty database."`
}

// devLines is enough to see paging and a progress bar, and takes about a second to load.
const devLines = 20_000

// Run runs everything until it is interrupted.
func (c *devCommand) Run(s *invocation) error {
	return s.withStack(c.stackFlags, func(s *invocation, p *parts) error {
		if !c.Empty {
			if err := s.sampleOnce(p, devLines); err != nil {
				return err
			}
		}
		s.announce(p)
		<-s.Done()
		fmt.Fprintln(s.err, "stopping …")
		return nil
	})
}

func (s *invocation) announce(p *parts) {
	_ = s.print(map[string]string{
		"http_url": p.config.PublicURL, "temporal_ui": p.config.TemporalUIURL,
		"temporal_address": p.options.HostPort, "data_dir": p.config.DataDir,
		"log": filepath.Join(p.config.DataDir, "longhaul.log"),
	}, func() {
		fmt.Fprintf(s.out, "page         open %s\n", p.config.PublicURL)
		fmt.Fprintf(s.out, "temporal ui  %s\n", p.config.TemporalUIURL)
		fmt.Fprintf(s.out, "temporal     %s\n", p.options.HostPort)
		fmt.Fprintf(s.out, "data         %s (kept; Ctrl-C stops everything)\n", p.config.DataDir)
	})
}

// withStack brings up Temporal, database, files, worker and API on this machine, calls do, and takes
// everything down again. A part that dies in between ends it.
func (s *invocation) withStack(flags stackFlags, do func(*invocation, *parts) error) error {
	c := s.config
	folder, err := devstack.Lock(cmp.Or(c.DataDir, config.DefaultDataDir))
	if err != nil {
		return err
	}
	defer folder.Release()
	log, err := s.logToFile()
	if err != nil {
		return err
	}
	defer log.Close()
	listener, err := s.listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	temporal, err := s.startTemporal(flags)
	if err != nil {
		return err
	}
	defer temporal.stop()
	c.TemporalUIURL = cmp.Or(c.TemporalUIURL, temporal.uiURL)

	p, err := s.openData()
	if err != nil {
		return err
	}
	defer p.close()
	stopPartners, partners, err := p.standInPartners(s)
	if err != nil {
		return err
	}
	defer stopPartners()
	options, err := config.Temporal(p.log)
	if err != nil {
		return err
	}
	options.HostPort = cmp.Or(temporal.address, options.HostPort)
	if err := p.dial(s, options); err != nil {
		return err
	}
	err = folder.Publish(devstack.Info{
		TemporalAddress: options.HostPort, TemporalNamespace: p.namespace(), TemporalUI: p.config.TemporalUIURL,
		DatabaseURL: p.config.DatabaseURL, BlobURL: p.config.BlobURL, HTTPURL: p.config.PublicURL,
		Partners: partners,
	})
	if err != nil {
		return err
	}
	return p.runStack(s, listener, temporal, do)
}

func (p *parts) runStack(s *invocation, listener net.Listener, temporal stackTemporal, do func(*invocation, *parts) error) error {
	handler, err := p.handler()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(s)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.work(ctx) })
	group.Go(func() error { return api.Serve(ctx, listener, handler, api.ServeOptions{Logger: p.log}) })
	group.Go(func() error {
		select {
		case <-temporal.exited:
			return temporal.err()
		case <-ctx.Done():
			return nil
		}
	})
	group.Go(func() error {
		defer stop()
		within := *s
		within.Context = ctx // a part that dies ends what the command is doing
		return do(&within, p)
	})
	return group.Wait()
}

// listen takes the port of the page: the one given, or 8080 or any free one.
func (s *invocation) listen() (net.Listener, error) {
	c := s.config
	addr := cmp.Or(c.HTTPAddr, config.DefaultHTTPAddr)
	listener, err := net.Listen("tcp", addr)
	if err != nil && c.HTTPAddr == "" {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s for the page; choose another with --http-addr: %w", addr, err)
	}
	c.HTTPAddr = listener.Addr().String()
	return listener, nil
}

// stackTemporal is the Temporal that a stack stands on: a child process, or one that runs elsewhere.
type stackTemporal struct {
	address, uiURL string
	exited         <-chan struct{} // nil for one that runs elsewhere
	err            func() error
	stop           func()
}

// startTemporal starts the dev server, unless TEMPORAL_ADDRESS names a server to use instead.
func (s *invocation) startTemporal(flags stackFlags) (stackTemporal, error) {
	if os.Getenv("TEMPORAL_ADDRESS") != "" {
		return stackTemporal{stop: func() {}}, nil
	}
	path, err := devstack.CLI(s, devstack.CLIOptions{Path: s.config.TemporalCLI, Out: s.err})
	if err != nil {
		return stackTemporal{}, err
	}
	dir := cmp.Or(s.config.DataDir, config.DefaultDataDir)
	options := devstack.Options{
		CLI: path, DBFile: filepath.Join(dir, "temporal.db"), LogFile: filepath.Join(dir, "temporal.log"),
		Port:   orFree(flags.TemporalPort, 7233),
		UIPort: orFree(flags.TemporalUIPort, 8233),
	}
	t, err := devstack.Start(s, options)
	if job.CodeOf(err) == job.CodeUnavailable {
		// Somebody was quicker to take a usual port; one that was asked for is not given up.
		options.Port, options.UIPort = flags.TemporalPort, flags.TemporalUIPort
		t, err = devstack.Start(s, options)
	}
	if err != nil {
		return stackTemporal{}, err
	}
	return stackTemporal{address: t.Address, uiURL: t.UIURL, exited: t.Exited(), err: t.Err, stop: t.Stop}, nil
}

// logToFile sends the log of all parts into the data directory, so that the terminal is left to what
// people want to see there.
func (s *invocation) logToFile() (*os.File, error) {
	name := filepath.Join(cmp.Or(s.config.DataDir, config.DefaultDataDir), "longhaul.log")
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	s.log = file
	return file, nil
}

// orFree is the port that was asked for, or else the usual one if nothing listens there, or else any.
func orFree(given, usual int) int {
	if given != 0 {
		return given
	}
	if devstack.CheckPort(usual, "", "") != nil {
		return 0
	}
	return usual
}
