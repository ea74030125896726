// Package cli is the command line: one file for each command, one printer for text and JSON, one place
// where errors become exit codes.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/longhaul/longhaul/internal/config"
	"github.com/longhaul/longhaul/job"
)

// The exit codes.
const (
	exitSucceeded = 0
	exitFailed    = 1
	exitUsage     = 2
	exitPartial   = 3
	exitDuplicate = 4
)

// commands is the whole command line.
type commands struct {
	JSON    bool             `name:"json" help:"Print one JSON document instead of text."`
	Version kong.VersionFlag `name:"version" help:"Print the version and exit."`
	Config  config.Config    `embed:""`

	Demo      demoCommand      `cmd:"" help:"Run everything on this machine, with sample data and one job of each type to watch."`
	Dev       devCommand       `cmd:"" help:"Run everything on this machine: Temporal, database, files, worker, API and page."`
	Worker    workerCommand    `cmd:"" help:"Run a worker."`
	API       apiCommand       `cmd:"" name:"api" help:"Run the API and the page."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database up to date."`
	Seed      seedCommand      `cmd:"" help:"Load sample data or an Online Retail file."`
	Start     startCommand     `cmd:"" help:"Start a job."`
	Jobs      jobsCommand      `cmd:"" help:"List, show, watch and steer jobs."`
	Partners  partnersCommand  `cmd:"" help:"Show partners and change the pace at which they are called."`
	Schedules schedulesCommand `cmd:"" help:"Start jobs at set times."`
	Partner   partnerCommand   `cmd:"" help:"Run a made-up partner, to develop and test against."`
	Replay    replayCommand    `cmd:"" help:"Replay workflow histories against this program's workflows."`
	Bench     benchCommand     `cmd:"" help:"Measure this program against its alternatives."`
}

// invocation is what a command runs with.
type invocation struct {
	context.Context
	config  *config.Config
	version string
	json    bool
	out     io.Writer // results
	err     io.Writer // everything else: progress and notices
	log     io.Writer

	// temporal and namespace are where a stack on this machine has its Temporal, once it is found.
	temporal, namespace string
	// partners are the made-up partners of that stack, by name.
	partners map[string]string
}

// Main runs the command line until it is done or interrupted, and returns the exit code.
func Main(version string, args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, version, args, stdout, stderr)
}

// Run runs the command line under ctx and returns the exit code.
func Run(ctx context.Context, version string, args []string, stdout, stderr io.Writer) int {
	forgetEmpty()
	var all commands
	exited := -1
	parser, err := kong.New(&all,
		kong.Name("longhaul"),
		kong.Description("Exports, bulk saves and syncs of any size, as durable Temporal workflows."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.Vars{"version": version},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(stderr, "longhaul:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited // --help or --version
	}
	if err != nil {
		fmt.Fprintf(stderr, "longhaul: %v\n", err)
		return exitUsage
	}
	s := &invocation{Context: ctx, config: &all.Config, version: version, json: all.JSON, out: stdout, err: stderr, log: stderr}
	err = parsed.Run(s)
	if code := exitCode(err); code != exitSucceeded {
		s.complain(err)
		return code
	}
	return exitSucceeded
}

// forgetEmpty unsets variables that are set to nothing, as compose files do with ${NAME:-}: nothing means
// the default, not a bad value.
func forgetEmpty() {
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value == "" && strings.HasPrefix(name, "LONGHAUL_") {
			os.Unsetenv(name)
		}
	}
}

// outcome is the end of a job that a command waited for, when it was not a success.
type outcome struct{ job job.Job }

func (o *outcome) Error() string {
	text := fmt.Sprintf("job %s: %s", o.job.ID, o.job.State)
	if o.job.Reason != "" {
		text += fmt.Sprintf(" (%s)", o.job.Reason)
	}
	if o.job.Message != "" {
		text += ": " + o.job.Message
	}
	return text
}

func exitCode(err error) int {
	var ended *outcome
	switch {
	case err == nil:
		return exitSucceeded
	case errors.As(err, &ended):
		if ended.job.State == job.PartiallySucceeded {
			return exitPartial
		}
		return exitFailed
	}
	switch job.CodeOf(err) {
	case job.CodeInvalid:
		return exitUsage
	case job.CodeDuplicate:
		return exitDuplicate
	}
	return exitFailed
}
