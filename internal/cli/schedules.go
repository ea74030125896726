package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

type schedulesCommand struct {
	List   schedulesListCommand   `cmd:"" help:"List schedules."`
	Show   schedulesShowCommand   `cmd:"" help:"Show a schedule, its next times and its last jobs."`
	Create schedulesCreateCommand `cmd:"" help:"Start a job again and again."`
	Change schedulesChangeCommand `cmd:"" help:"Change when a schedule starts its jobs."`
	Pause  schedulesPauseCommand  `cmd:"" help:"Start no more jobs until it is resumed."`
	Resume schedulesResumeCommand `cmd:"" help:"Go on with a paused schedule."`
	Run    schedulesRunCommand    `cmd:"" help:"Start its job now, besides its times."`
	Delete schedulesDeleteCommand `cmd:"" help:"Remove a schedule; jobs that it has started go on."`
}

type schedulesListCommand struct{}

// Run lists schedules.
func (schedulesListCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	all, err := p.starter.Schedules(s)
	if err != nil {
		return err
	}
	return s.print(struct {
		Schedules []job.Schedule `json:"schedules"`
	}{all}, func() {
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tJOB\tTENANT\tCRON\tZONE\tNEXT")
		for _, each := range all {
			next := "-"
			if each.Paused {
				next = "paused"
			} else if len(each.Next) > 0 {
				next = local(each.Next[0])
			}
			fmt.Fprintf(w, "%s\t%s %s\t%s\t%s\t%s\t%s\n", each.ID, each.Type, each.Kind, each.Tenant, each.Cron, each.Zone, next)
		}
		w.Flush()
	})
}

type schedulesShowCommand struct {
	ID string `arg:"" help:"Schedule."`
}

// Run shows a schedule.
func (c *schedulesShowCommand) Run(s *invocation) error {
	return s.withSchedule(func(p *parts) (job.Schedule, error) { return p.starter.Schedule(s, c.ID) })
}

type schedulesCreateCommand struct {
	Type    string   `arg:"" enum:"export,sync" help:"export or sync."`
	Kind    string   `arg:"" help:"Kind, e.g. dispatch-shipments."`
	Cron    string   `required:"" placeholder:"'MIN HOUR DAY MONTH WEEKDAY'" help:"When, e.g. '*/15 9-18 * * 1-5'."`
	Zone    string   `name:"time-zone" default:"Asia/Seoul" help:"In which the times are meant."`
	ID      string   `name:"id" placeholder:"NAME" help:"What it is to be called. Default: made from type, kind and tenant."`
	Tenant  string   `env:"LONGHAUL_TENANT" help:"Whose data. Needed when there is more than one tenant."`
	Filter  []string `sep:"none" placeholder:"NAME=VALUE" help:"Narrow the rows or items; may be given several times."`
	Overlap string   `placeholder:"skip|buffer|cancel" help:"While the last job still runs: leave this time out, start once after it, or cancel it. Default: skip."`
	Note    string   `help:"For people."`
	Paused  bool     `help:"Create it paused."`
}

// Run creates a schedule.
func (c *schedulesCreateCommand) Run(s *invocation) error {
	return s.withSchedule(func(p *parts) (job.Schedule, error) {
		filters, err := parseFilters(c.Filter)
		if err != nil {
			return job.Schedule{}, err
		}
		tenant, err := p.tenant(s, c.Tenant)
		if err != nil {
			return job.Schedule{}, err
		}
		var request any = contract.SyncInput{Kind: c.Kind, Tenant: tenant, Filters: filters}
		if job.Type(c.Type) == job.TypeExport {
			request = contract.ExportInput{Kind: c.Kind, Tenant: tenant, Filters: filters}
		}
		doc, err := json.Marshal(request)
		if err != nil {
			return job.Schedule{}, fmt.Errorf("write request: %w", err)
		}
		return p.starter.CreateSchedule(s, job.Schedule{
			ID: c.ID, Type: job.Type(c.Type), Kind: c.Kind, Tenant: tenant, Cron: c.Cron, Zone: c.Zone,
			Overlap: job.Overlap(c.Overlap), Paused: c.Paused, Note: c.Note, Request: doc,
		}, caller())
	})
}

type schedulesChangeCommand struct {
	ID      string  `arg:"" help:"Schedule."`
	Cron    *string `placeholder:"'MIN HOUR DAY MONTH WEEKDAY'" help:"When."`
	Zone    *string `name:"time-zone" placeholder:"ZONE" help:"In which the times are meant."`
	Overlap *string `placeholder:"skip|buffer|cancel" help:"While the last job still runs."`
	Note    *string `help:"For people."`
}

// Run changes a schedule.
func (c *schedulesChangeCommand) Run(s *invocation) error {
	change := job.ScheduleChange{Cron: c.Cron, Zone: c.Zone, Note: c.Note}
	if c.Overlap != nil {
		overlap := job.Overlap(*c.Overlap)
		change.Overlap = &overlap
	}
	return s.withSchedule(func(p *parts) (job.Schedule, error) { return p.starter.ChangeSchedule(s, c.ID, change) })
}

type schedulesPauseCommand struct {
	ID string `arg:"" help:"Schedule."`
}

// Run pauses a schedule.
func (c *schedulesPauseCommand) Run(s *invocation) error { return s.pauseSchedule(c.ID, true) }

type schedulesResumeCommand struct {
	ID string `arg:"" help:"Schedule."`
}

// Run resumes a schedule.
func (c *schedulesResumeCommand) Run(s *invocation) error { return s.pauseSchedule(c.ID, false) }

func (s *invocation) pauseSchedule(id string, paused bool) error {
	return s.withSchedule(func(p *parts) (job.Schedule, error) {
		return p.starter.ChangeSchedule(s, id, job.ScheduleChange{Paused: &paused})
	})
}

type schedulesRunCommand struct {
	ID string `arg:"" help:"Schedule."`
}

// Run starts a schedule's job now.
func (c *schedulesRunCommand) Run(s *invocation) error {
	return s.withSchedule(func(p *parts) (job.Schedule, error) {
		if err := p.starter.RunSchedule(s, c.ID); err != nil {
			return job.Schedule{}, err
		}
		return p.starter.Schedule(s, c.ID)
	})
}

type schedulesDeleteCommand struct {
	ID string `arg:"" help:"Schedule."`
}

// Run removes a schedule.
func (c *schedulesDeleteCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.starter.DeleteSchedule(s, c.ID); err != nil {
		return err
	}
	return s.print(map[string]string{"deleted": c.ID}, func() { fmt.Fprintf(s.out, "deleted schedule %s\n", c.ID) })
}

// withSchedule does something with a schedule and prints it.
func (s *invocation) withSchedule(do func(*parts) (job.Schedule, error)) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	one, err := do(p)
	if err != nil {
		return err
	}
	return s.print(one, func() {
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		line := func(name, format string, args ...any) {
			fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
		}
		line("schedule", "%s", one.ID)
		line("starts", "%s %s for %s", one.Type, one.Kind, one.Tenant)
		line("when", "%s, %s", one.Cron, one.Zone)
		line("overlap", "%s, %d times skipped", one.Overlap, one.Skipped)
		if one.Paused {
			line("paused", "yes")
		}
		if one.Note != "" {
			line("note", "%s", one.Note)
		}
		for i, at := range one.Next[:min(3, len(one.Next))] {
			line([]string{"next", "", ""}[i], "%s", local(at))
		}
		for _, each := range one.Recent {
			line("started", "%s %s", local(each.At), strings.TrimSpace(each.JobID))
		}
		w.Flush()
	})
}

// duration reads a duration that a flag gives.
func duration(flag, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, job.Errorf(job.CodeInvalid, "%s %q is no duration; write 100ms, 2s or 0", flag, text)
	}
	return d, nil
}
