package cli

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/longhaul/longhaul/job"
)

type partnersCommand struct {
	List partnersListCommand `cmd:"" help:"List partners and how their accounts stand."`
	Show partnersShowCommand `cmd:"" help:"Show one partner."`
	Set  partnersSetCommand  `cmd:"" help:"Change the limits of a partner's account while jobs run; within seconds all workers keep to them."`
}

type partnersListCommand struct{}

// Run lists partners.
func (partnersListCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	all, err := p.starter.Partners(s)
	if err != nil {
		return err
	}
	return s.print(struct {
		Partners []job.Partner `json:"partners"`
	}{all}, func() {
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "PARTNER\tHOST\tKINDS\tPACE")
		for _, each := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", each.Name, cmp.Or(each.Host, "(not configured)"), strings.Join(each.Kinds, ", "), paceText(each.Account))
		}
		w.Flush()
	})
}

type partnersShowCommand struct {
	Name string `arg:"" help:"Partner, e.g. marketplace."`
}

// Run shows a partner.
func (c *partnersShowCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	one, err := p.starter.Partner(s, c.Name)
	if err != nil {
		return err
	}
	return s.printPartner(one)
}

type partnersSetCommand struct {
	Name        string  `arg:"" help:"Partner, e.g. marketplace."`
	MaxInFlight *int    `placeholder:"N" help:"Most calls on their way at once."`
	Interval    *string `placeholder:"DURATION" help:"Least time between two starts, e.g. 100ms; 0 is none."`
	Rate        *string `placeholder:"N/TIME" help:"Most starts in a time, e.g. 600/1m; 0 is none."`
	DailyQuota  *int64  `placeholder:"N" help:"Most starts in a day; 0 is none."`
	Timeout     *string `placeholder:"DURATION" help:"How long a call may take, e.g. 30s."`
	Reset       bool    `help:"Go back to what is configured, before the other changes."`
}

// Run changes the limits of a partner's account.
func (c *partnersSetCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	change := job.PartnerLimits{MaxInFlight: c.MaxInFlight, Rate: c.Rate, DailyQuota: c.DailyQuota}
	if c.Interval != nil {
		d, err := duration("--interval", *c.Interval)
		if err != nil {
			return err
		}
		ms := float64(d.Microseconds()) / 1000
		change.IntervalMillis = &ms
	}
	if c.Timeout != nil {
		d, err := duration("--timeout", *c.Timeout)
		if err != nil {
			return err
		}
		ms := d.Milliseconds()
		change.TimeoutMillis = &ms
	}
	if change == (job.PartnerLimits{}) && !c.Reset {
		return job.Errorf(job.CodeInvalid, "say what to change: longhaul partners set --help lists the limits")
	}
	one, err := p.starter.ChangePartner(s, c.Name, change, c.Reset)
	if err != nil {
		return err
	}
	return s.printPartner(one)
}

func (s *invocation) printPartner(one job.Partner) error {
	return s.print(one, func() {
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintf(w, "partner\t%s\n", one.Name)
		fmt.Fprintf(w, "host\t%s\n", cmp.Or(one.Host, "(not configured)"))
		fmt.Fprintf(w, "kinds\t%s\n", strings.Join(one.Kinds, ", "))
		fmt.Fprintf(w, "configured\t%s\n", limitsText(one.Configured))
		if one.Changed != nil {
			fmt.Fprintf(w, "changed\t%s\n", limitsText(*one.Changed))
		}
		fmt.Fprintf(w, "pace\t%s\n", paceText(one.Account))
		fmt.Fprintf(w, "starts\t%d\n", one.Account.Starts)
		w.Flush()
	})
}

func limitsText(l job.PartnerLimits) string {
	var parts []string
	if l.MaxInFlight != nil {
		parts = append(parts, fmt.Sprintf("%d in flight", *l.MaxInFlight))
	}
	if l.IntervalMillis != nil {
		parts = append(parts, fmt.Sprintf("interval %g ms", *l.IntervalMillis))
	}
	if l.Rate != nil && *l.Rate != "0" {
		parts = append(parts, "rate "+*l.Rate)
	}
	if l.DailyQuota != nil && *l.DailyQuota > 0 {
		parts = append(parts, fmt.Sprintf("%d a day", *l.DailyQuota))
	}
	if l.TimeoutMillis != nil {
		parts = append(parts, fmt.Sprintf("timeout %d ms", *l.TimeoutMillis))
	}
	return strings.Join(parts, ", ")
}
