package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

type jobsCommand struct {
	List   jobsListCommand  `cmd:"" help:"List jobs, newest first."`
	Show   jobsShowCommand  `cmd:"" help:"Show how a job stands."`
	Watch  jobsWatchCommand `cmd:"" help:"Show a job's progress until it ends."`
	Cancel jobsSteerCommand `cmd:"" help:"Stop a job at the next page, chunk or call."`
	Pause  jobsSteerCommand `cmd:"" help:"Finish the pages, chunks or calls in flight and start no more."`
	Resume jobsSteerCommand `cmd:"" help:"Go on with a paused job; carry out a dry run."`
	Retry  jobsRetryCommand `cmd:"" help:"Start the request of an ended job again; of a sync, what did not succeed."`
	Items  jobsItemsCommand `cmd:"" help:"List the refused rows of a bulk save or the items of a sync, with reasons."`
	Undo   jobsUndoCommand  `cmd:"" help:"Undo a bulk save, as a job of its own."`
}

// AfterApply tells each of the alike commands what it does.
func (c *jobsCommand) AfterApply() error {
	c.Cancel.steer = (*starter.Starter).Cancel
	c.Pause.steer = (*starter.Starter).Pause
	c.Resume.steer = (*starter.Starter).Resume
	return nil
}

type jobsListCommand struct {
	Type      string `help:"Only jobs of this type."`
	Kind      string `help:"Only jobs of this kind."`
	State     string `help:"Only jobs in this state."`
	Tenant    string `help:"Only jobs of this tenant."`
	PageSize  int    `default:"25" help:"How many, 1 to 100."`
	PageToken string `help:"Go on after an earlier page."`
}

// Run lists jobs.
func (c *jobsListCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	page, err := p.starter.Jobs(s, job.Query{
		Type: job.Type(c.Type), Kind: c.Kind, State: job.State(c.State), Tenant: c.Tenant,
		PageSize: c.PageSize, PageToken: c.PageToken,
	})
	if err != nil {
		return err
	}
	return s.print(page, func() {
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tTYPE\tKIND\tTENANT\tSTATE\tROWS\tSTARTED")
		for _, j := range page.Jobs {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n",
				j.ID, j.Type, j.Kind, j.Tenant, state(j), j.Progress.RowsDone, local(j.CreatedAt))
		}
		w.Flush()
		if page.NextPageToken != "" {
			fmt.Fprintf(s.out, "more: --page-token %s\n", page.NextPageToken)
		}
	})
}

type jobsShowCommand struct {
	ID string `arg:"" help:"Job ID."`
}

// Run shows a job.
func (c *jobsShowCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	j, err := p.starter.Job(s, c.ID)
	if err != nil {
		return err
	}
	return s.printJob(j)
}

type jobsWatchCommand struct {
	ID string `arg:"" help:"Job ID."`
}

// Run watches a job; the exit code tells how it ended.
func (c *jobsWatchCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	j, err := s.watch(p, c.ID)
	if err != nil {
		return err
	}
	if err := s.printJob(j); err != nil {
		return err
	}
	if j.State != job.Succeeded && !held(j) {
		return &outcome{j}
	}
	return nil
}

// jobsSteerCommand is one of cancel, pause and resume.
type jobsSteerCommand struct {
	ID string `arg:"" help:"Job ID."`

	steer func(*starter.Starter, context.Context, string) (job.Job, error)
}

// Run steers a job.
func (c *jobsSteerCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	j, err := c.steer(p.starter, s, c.ID)
	if err != nil {
		return err
	}
	return s.printJob(j)
}
