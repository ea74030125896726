package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

type startSyncCommand struct {
	Kind           string   `arg:"" help:"Kind of sync, e.g. dispatch-shipments; an unknown one lists them all."`
	Tenant         string   `env:"LONGHAUL_TENANT" help:"Whose items. Needed when there is more than one tenant."`
	Filter         []string `sep:"none" placeholder:"NAME=VALUE" help:"Narrow the items; may be given several times, also for one name."`
	File           string   `type:"existingfile" placeholder:"FILE" help:"Send the rows of this workbook, CSV, TSV, JSON or NDJSON instead of items from the database."`
	Map            []string `sep:"none" placeholder:"HEADER=FIELD" help:"What a header of the file stands for. May be given several times."`
	Locale         string   `placeholder:"ko|en" help:"Language of the result workbook. Default: ko."`
	IdempotencyKey string   `placeholder:"KEY" help:"Starting again with the same key finds the same job."`
	Wait           bool     `help:"Wait for the end and show progress."`
	Output         string   `short:"o" placeholder:"FILE" help:"Wait, and write the result workbook here."`
}

// Run starts a sync and, if asked to, waits for it.
func (c *startSyncCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	in, err := c.input(s, p)
	if err != nil {
		return err
	}
	if err := starter.EnsureSearchAttributes(s, p.temporal, p.namespace()); err != nil {
		return err
	}
	j, _, err := p.starter.StartSync(s, in, c.IdempotencyKey)
	if err != nil {
		return err
	}
	if !c.Wait && c.Output == "" {
		return s.printJob(j)
	}
	return s.followSync(p, j.ID, c.Output)
}

func (c *startSyncCommand) input(s *invocation, p *parts) (in contract.SyncInput, err error) {
	if _, err := p.kinds.Sync(c.Kind); err != nil {
		return in, err
	}
	in = contract.SyncInput{Kind: c.Kind, Locale: c.Locale, RequestedBy: caller()}
	if in.Filters, err = parseFilters(c.Filter); err != nil {
		return in, err
	}
	if in.Mapping, err = parseMapping(c.Map); err != nil {
		return in, err
	}
	if in.Tenant, err = p.tenant(s, c.Tenant); err != nil || c.File == "" {
		return in, err
	}
	if len(in.Filters) > 0 {
		return in, job.Errorf(job.CodeInvalid, "--filter chooses items from the database, --file brings them along: give one of both")
	}
	file, err := os.Open(c.File)
	if err != nil {
		return in, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return in, err
	}
	sent, err := p.starter.Upload(s, starter.UploadRequest{
		Kind: c.Kind, Tenant: in.Tenant, Name: filepath.Base(c.File), RequestedBy: caller(), Size: info.Size(),
	}, file)
	in.Upload = sent.ID
	return in, err
}

// followSync waits for the end of a sync, and fetches its workbook.
func (s *invocation) followSync(p *parts, id, output string) error {
	j, err := s.watch(p, id)
	if err != nil {
		return err
	}
	if err := s.printJob(j); err != nil {
		return err
	}
	if output != "" && len(j.Artifacts) > 0 {
		if err := p.save(s, j.Artifacts[0], output); err != nil {
			return err
		}
		fmt.Fprintf(s.err, "result written to %s\n", output)
	}
	if j.State != job.Succeeded {
		return &outcome{j}
	}
	return nil
}

type jobsRetryCommand struct {
	ID       string   `arg:"" help:"Job ID."`
	Outcome  string   `placeholder:"failed|unprocessed" help:"Of a sync: only items with this outcome. Default: both."`
	Code     []string `placeholder:"CODE,…" help:"Of a sync: only items with one of these codes, e.g. rejected."`
	Position []int64  `placeholder:"N,…" help:"Of a sync: only these items, by their position."`
	Wait     bool     `help:"Wait for the end and show progress."`
}

// Run starts the request of an ended job again; of a sync, the items that did not succeed.
func (c *jobsRetryCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	var j job.Job
	if c.Outcome == "" && len(c.Code) == 0 && len(c.Position) == 0 {
		j, err = p.starter.Retry(s, c.ID)
	} else {
		selection := contract.SyncRetry{JobID: c.ID, Outcome: job.ItemOutcome(c.Outcome), Positions: c.Position}
		for _, code := range c.Code {
			selection.Codes = append(selection.Codes, job.ItemCode(code))
		}
		j, err = p.starter.RetryItems(s, c.ID, selection, caller())
	}
	if err != nil {
		return err
	}
	if !c.Wait {
		return s.printJob(j)
	}
	return s.followSync(p, j.ID, "")
}

// printSync writes what a sync came to, and how its partner's account stands.
func printSync(line func(name, format string, args ...any), sync *job.Sync) {
	if sync == nil {
		return
	}
	line("partner", "%s", sync.Partner)
	if sync.Upload != "" {
		line("items from", "%s", sync.Upload)
	}
	if sync.RetryOf != "" {
		line("retries", "job %s", sync.RetryOf)
	}
	t := sync.Tally
	line("items", "%d succeeded, %d failed, %d unprocessed", t.Succeeded, t.Failed, t.Unprocessed)
	for _, c := range t.Codes {
		line("", "%s: %d", c.Code, c.Count)
	}
	if w := sync.Wait; w != nil {
		line("waits", "%s since %s, until %s", w.Why, local(w.Since), local(w.Until))
	}
	if sync.Account != nil {
		line("pace", "%s", paceText(*sync.Account))
	}
}

// paceText words how an account stands.
func paceText(a job.Account) string {
	text := fmt.Sprintf("%d of %d in flight, a start every %s", a.InFlight, a.MaxInFlight,
		(time.Duration(a.Interval * float64(time.Millisecond))).Round(time.Microsecond))
	if a.EasedUntil != nil {
		text += ", eased until " + local(*a.EasedUntil)
	}
	if a.CoolingUntil != nil {
		text += ", cooling until " + local(*a.CoolingUntil)
	}
	if a.OpenSince != nil {
		text += ", out since " + local(*a.OpenSince)
	}
	if a.ProbeAt != nil {
		text += ", probed next at " + local(*a.ProbeAt)
	}
	if a.DailyQuota > 0 {
		text += fmt.Sprintf(", %d of %d today", a.QuotaUsed, a.DailyQuota)
	}
	return text
}
