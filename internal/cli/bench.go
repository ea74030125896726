package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/longhaul/longhaul/internal/bench"
	"github.com/longhaul/longhaul/internal/devstack"
)

type benchCommand struct {
	Export benchExportCommand `cmd:"" help:"Measure exports against a plain loop and against pages by OFFSET, on a private MariaDB."`
	Child  benchChildCommand  `cmd:"" hidden:"" help:"A process of a benchmark; it ends when its standard input does."`
}

type benchExportCommand struct {
	Rows      []int             `placeholder:"N,…" help:"Sizes to measure. Default: 100000,1000000."`
	Repeat    int               `default:"3" help:"How often each contender runs at each size; the table shows medians."`
	Contender []bench.Contender `placeholder:"NAME,…" help:"Run only these of plain, offset and longhaul."`
	Kill      bool              `help:"Measure also what it costs when the worker is killed half-way (from 500000 rows on)."`
	Small     bool              `help:"Measure only jobs of 100 rows on the embedded stack."`
	Database  string            `placeholder:"URL" help:"An empty database, mysql://…, to use instead of a private MariaDB; for one size."`
	Dir       string            `type:"path" placeholder:"DIR" help:"Keep the private MariaDB's data here, so that a second run need not fill it again. Default: a temporary directory."`
	Profile   string            `type:"path" placeholder:"DIR" help:"Write CPU and heap profiles of workers and plain loops here."`
}

// Run measures exports and prints a report.
func (c *benchExportCommand) Run(s *invocation) error {
	cli, err := devstack.CLI(s, devstack.CLIOptions{Path: s.config.TemporalCLI, Out: s.err})
	if err != nil {
		return err
	}
	if c.Profile != "" {
		if err := os.MkdirAll(c.Profile, 0o755); err != nil {
			return fmt.Errorf("make directory of profiles: %w", err)
		}
	}
	report, err := bench.Run(s, bench.Options{
		Rows: c.Rows, Repeat: c.Repeat, Contenders: c.Contender, Kill: c.Kill, Small: c.Small,
		Database: c.Database, Dir: c.Dir, Profile: c.Profile, TemporalCLI: cli, Version: s.version, Log: s.err,
	})
	if err != nil {
		return err
	}
	var printErr error
	err = s.print(report, func() { printErr = report.Write(s.out) })
	if err == nil {
		err = printErr
	}
	return err
}

type benchChildCommand struct {
	Role bench.Role `arg:""`
	Spec string     `arg:""`
}

// Run is what a process of a benchmark does: one of the contenders' parts, or a command of this program.
func (c *benchChildCommand) Run(s *invocation) error {
	var spec bench.Spec
	if err := json.Unmarshal([]byte(c.Spec), &spec); err != nil {
		return fmt.Errorf("read what to do: %w", err)
	}
	var command interface{ Run(*invocation) error }
	switch c.Role {
	case bench.RoleWorker:
		command = workerCommand{}
	case bench.RoleAPI:
		command = apiCommand{}
	case bench.RoleDev:
		command = &devCommand{Empty: true}
	default:
		return bench.Contend(s, c.Role, spec, os.Stdin, s.out)
	}
	within := *s
	within.Context = bench.Lifeline(s, os.Stdin)
	within.out = io.Discard // nobody reads it
	return spec.Profiled(c.Role, func() error { return command.Run(&within) })
}
