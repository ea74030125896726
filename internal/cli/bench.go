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
	Export   benchExportCommand   `cmd:"" help:"Measure exports against a plain loop and against pages by OFFSET, on a private MariaDB."`
	BulkSave benchBulkSaveCommand `cmd:"" help:"Measure bulk saves against a plain loop and a bare upsert, on a private MariaDB."`
	Sync     benchSyncCommand     `cmd:"" help:"Measure syncs against npm's async-await-queue, their pace and their speed, on the embedded stack."`
	Child    benchChildCommand    `cmd:"" hidden:"" help:"A process of a benchmark; it ends when its standard input does."`
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
	if err := makeProfiles(c.Profile); err != nil {
		return err
	}
	report, err := bench.Run(s, bench.Options{
		Rows: c.Rows, Repeat: c.Repeat, Contenders: c.Contender, Kill: c.Kill, Small: c.Small,
		Database: c.Database, Dir: c.Dir, Profile: c.Profile, TemporalCLI: cli, Version: s.version, Log: s.err,
	})
	if err != nil {
		return err
	}
	return s.printReport(report)
}

type benchBulkSaveCommand struct {
	Rows    int              `placeholder:"N" help:"Order lines to save. Default: 541910, or all of the file."`
	File    string           `type:"existingfile" placeholder:"FILE" help:"Save the second year of the data set Online Retail II, as one CSV of both years, gzipped or not. Default: made-up rows that look like it."`
	Repeat  int              `default:"3" help:"How often each contender runs; the tables show medians."`
	Only    []bench.SavePart `placeholder:"PART,…" help:"Measure only these of reading, path, apply, memory and dry-run."`
	Profile string           `type:"path" placeholder:"DIR" help:"Write CPU and heap profiles of all processes here."`
}

// Run measures bulk saves and prints a report.
func (c *benchBulkSaveCommand) Run(s *invocation) error {
	cli, err := devstack.CLI(s, devstack.CLIOptions{Path: s.config.TemporalCLI, Out: s.err})
	if err != nil {
		return err
	}
	if err := makeProfiles(c.Profile); err != nil {
		return err
	}
	report, err := bench.RunBulkSave(s, bench.SaveOptions{
		Rows: c.Rows, File: c.File, Repeat: c.Repeat, Only: c.Only,
		Profile: c.Profile, TemporalCLI: cli, Version: s.version, Log: s.err,
	})
	if err != nil {
		return err
	}
	return s.printReport(report)
}

type benchSyncCommand struct {
	Items   int              `placeholder:"N" help:"Items that each part sends. Default: 1000, 600, 20000 and 100000 in the order of the parts."`
	Repeat  int              `default:"3" help:"How often the parts peer and throughput run; the figures are medians."`
	Only    []bench.SyncPart `placeholder:"PART,…" help:"Measure only these of peer, spacing, throughput and many."`
	Profile string           `type:"path" placeholder:"DIR" help:"Write CPU and heap profiles of workers here."`
}

// Run measures syncs and prints a report.
func (c *benchSyncCommand) Run(s *invocation) error {
	cli, err := devstack.CLI(s, devstack.CLIOptions{Path: s.config.TemporalCLI, Out: s.err})
	if err != nil {
		return err
	}
	if err := makeProfiles(c.Profile); err != nil {
		return err
	}
	report, err := bench.RunSync(s, bench.SyncOptions{
		Items: c.Items, Repeat: c.Repeat, Only: c.Only,
		Profile: c.Profile, TemporalCLI: cli, Version: s.version, Log: s.err,
	})
	if err != nil {
		return err
	}
	return s.printReport(report)
}

func makeProfiles(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory of profiles: %w", err)
	}
	return nil
}

// printReport prints what was measured, as JSON where that is asked for.
func (s *invocation) printReport(report interface{ Write(io.Writer) error }) error {
	var printErr error
	err := s.print(report, func() { printErr = report.Write(s.out) })
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
