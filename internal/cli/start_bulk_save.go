package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

type startBulkSaveCommand struct {
	Kind           string   `arg:"" help:"Kind of bulk save, e.g. stock-levels; an unknown one lists them all."`
	File           string   `arg:"" type:"existingfile" help:"Workbook, CSV, TSV, JSON or NDJSON."`
	Tenant         string   `env:"LONGHAUL_TENANT" help:"Whose rows. Needed when there is more than one tenant."`
	Map            []string `sep:"none" placeholder:"HEADER=COLUMN" help:"What a header stands for; nothing behind = leaves it out. Remembered for the next file. May be given several times."`
	DryRun         bool     `help:"Tell what would happen and wait; longhaul jobs resume ID carries it out."`
	LastWins       bool     `help:"Of rows with the same key the last one counts. Default: they are refused."`
	Locale         string   `placeholder:"ko|en" help:"Language of the reasons in the error workbook. Default: ko."`
	IdempotencyKey string   `placeholder:"KEY" help:"Starting again with the same key and file finds the same job."`
	Wait           bool     `help:"Wait for the end, or that of the dry run, and show progress."`
	Errors         string   `placeholder:"FILE" help:"Wait, and write the refused rows with their reasons here."`
}

// Run uploads a file, starts to save it and, if asked to, waits for it.
func (c *startBulkSaveCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	mapping, err := parseMapping(c.Map)
	if err != nil {
		return err
	}
	if _, err := p.kinds.BulkSave(c.Kind); err != nil {
		return err
	}
	if c.Tenant, err = p.tenant(s, c.Tenant); err != nil {
		return err
	}
	if err := starter.EnsureSearchAttributes(s, p.temporal, p.namespace()); err != nil {
		return err
	}
	sent, err := c.upload(s, p)
	if err != nil {
		return err
	}
	in := contract.BulkSaveInput{
		Kind: c.Kind, Tenant: c.Tenant, Upload: sent.ID, Mapping: mapping, DryRun: c.DryRun, Locale: c.Locale, RequestedBy: caller(),
	}
	if c.LastWins {
		in.Duplicates = contract.DuplicatesLastWins
	}
	j, _, err := p.starter.StartBulkSave(s, in, c.IdempotencyKey)
	if err != nil {
		return err
	}
	if !c.Wait && c.Errors == "" {
		return s.printJob(j)
	}
	return c.follow(s, p, j.ID)
}

func (c *startBulkSaveCommand) upload(s *invocation, p *parts) (job.Upload, error) {
	file, err := os.Open(c.File)
	if err != nil {
		return job.Upload{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return job.Upload{}, err
	}
	sent, err := p.starter.Upload(s, starter.UploadRequest{
		Kind: c.Kind, Tenant: c.Tenant, Name: filepath.Base(c.File), RequestedBy: caller(), Size: info.Size(),
	}, file)
	if err == nil && sent.SameAs != nil {
		fmt.Fprintf(s.err, "note: the same file was saved at %s by job %s\n", local(sent.SameAs.At), sent.SameAs.JobID)
	}
	return sent, err
}

// follow waits until the job has ended or its dry run waits to be resumed.
func (c *startBulkSaveCommand) follow(s *invocation, p *parts, id string) error {
	j, err := s.watch(p, id)
	if err != nil {
		return err
	}
	if err := s.printJob(j); err != nil {
		return err
	}
	if c.Errors != "" && len(j.Artifacts) > 0 {
		if err := p.save(s, j.Artifacts[0], c.Errors); err != nil {
			return err
		}
		fmt.Fprintf(s.err, "refused rows written to %s\n", c.Errors)
	}
	if held(j) {
		fmt.Fprintf(s.err, "nothing is saved yet; to save: longhaul jobs resume %s\n", j.ID)
		if j.Save.Checked.Refused > 0 {
			j.State = job.PartiallySucceeded // to the shell a dry run ends here, as the save would
			return &outcome{j}
		}
		return nil
	}
	if j.State != job.Succeeded {
		return &outcome{j}
	}
	return nil
}

// held tells whether a job's dry run waits to be resumed.
func held(j job.Job) bool {
	return j.State == job.Paused && j.Progress.Phase == job.PhaseHolding && j.Save != nil && j.Save.Checked != nil
}

// parseMapping reads HEADER=COLUMN; a header may hold = itself, a column cannot.
func parseMapping(pairs []string) (map[string]string, error) {
	mapping := map[string]string{}
	for _, pair := range pairs {
		at := strings.LastIndexByte(pair, '=')
		if at < 1 {
			return nil, job.Errorf(job.CodeInvalid, "--map %q is not HEADER=COLUMN", pair)
		}
		mapping[pair[:at]] = pair[at+1:]
	}
	return mapping, nil
}

// printSave writes what a bulk save came to.
func printSave(line func(name, format string, args ...any), save *job.Save) {
	if save == nil {
		return
	}
	if save.Upload != "" {
		line("upload", "%s", save.Upload)
	}
	for _, link := range []struct{ name, id string }{
		{"mends", save.Parent}, {"undoes", save.Undoes}, {"undone by", save.UndoneBy},
	} {
		if link.id != "" {
			line(link.name, "job %s", link.id)
		}
	}
	if save.Checked != nil {
		line("dry run", "%s", tallyText(*save.Checked))
	}
	if save.Saved != nil {
		line("saved", "%s", tallyText(*save.Saved))
	}
	counted := save.Saved
	if counted == nil {
		counted = save.Checked
	}
	if counted != nil {
		for _, c := range counted.Codes {
			line("", "%s: %d", c.Code, c.Count)
		}
	}
	for _, name := range save.Skipped {
		line("left out", "sheet %s", name)
	}
	if save.Example != nil {
		line("left out", "%s, the template's own example", rowText(*save.Example))
	}
	for _, ref := range save.Stale {
		line("stale", "%s", rowText(ref))
	}
	if save.HoldUntil != nil {
		line("waits until", "%s", local(*save.HoldUntil))
	}
	if save.UndoUntil != nil {
		line("undo until", "%s", local(*save.UndoUntil))
	}
}

func tallyText(t job.Tally) string {
	var parts []string
	for _, c := range []struct {
		n    int64
		word string
	}{
		{t.Created, "created"}, {t.Updated, "updated"}, {t.Unchanged, "unchanged"}, {t.Superseded, "superseded"},
		{t.Reversed, "reversed"}, {t.Kept, "kept"}, {t.Refused, "refused"},
	} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	if len(parts) == 0 {
		return "no rows yet"
	}
	return strings.Join(parts, ", ")
}

func rowText(ref job.RowRef) string {
	if ref.Sheet == "" {
		return fmt.Sprintf("row %d", ref.Row)
	}
	return fmt.Sprintf("row %d of sheet %s", ref.Row, ref.Sheet)
}

type jobsUndoCommand struct {
	ID   string `arg:"" help:"Job ID of the bulk save to undo."`
	Wait bool   `help:"Wait for the end and show progress."`
}

// Run starts to undo a bulk save.
func (c *jobsUndoCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	j, err := p.starter.Undo(s, c.ID, caller())
	if err != nil {
		return err
	}
	if c.Wait {
		if j, err = s.watch(p, j.ID); err != nil {
			return err
		}
	}
	if err := s.printJob(j); err != nil {
		return err
	}
	if c.Wait && j.State != job.Succeeded {
		return &outcome{j}
	}
	return nil
}
