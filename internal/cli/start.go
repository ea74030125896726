package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

type startCommand struct {
	Export   startExportCommand   `cmd:"" help:"Start an export of a kind, e.g. stock-shortages."`
	BulkSave startBulkSaveCommand `cmd:"" help:"Save the rows of a file, e.g. stock-levels."`
	Sync     startSyncCommand     `cmd:"" help:"Send items to a partner, e.g. dispatch-shipments."`
}

type startExportCommand struct {
	Kind           string   `arg:"" help:"Kind of export; an unknown one lists them all."`
	Tenant         string   `env:"LONGHAUL_TENANT" help:"Whose rows. Needed when there is more than one tenant."`
	Filter         []string `sep:"none" placeholder:"NAME=VALUE" help:"Narrow the rows; may be given several times, also for one name."`
	Columns        []string `placeholder:"NAME,…" help:"Columns and their order. Default: all."`
	Format         string   `placeholder:"xlsx|csv" help:"Default: xlsx."`
	Locale         string   `placeholder:"ko|en" help:"Language of the headers. Default: ko."`
	Filename       string   `help:"What the file is to be called."`
	IdempotencyKey string   `placeholder:"KEY" help:"Starting again with the same key finds the same job."`
	Wait           bool     `help:"Wait for the end and show progress."`
	Output         string   `short:"o" placeholder:"FILE" help:"Wait, and write the file here."`
}

// Run starts an export and, if asked to, waits for it.
func (c *startExportCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	filters, err := parseFilters(c.Filter)
	if err != nil {
		return err
	}
	if c.Tenant, err = p.tenant(s, c.Tenant); err != nil {
		return err
	}
	if err := starter.EnsureSearchAttributes(s, p.temporal, p.namespace()); err != nil {
		return err
	}
	j, _, err := p.starter.StartExport(s, contract.ExportInput{
		Kind: c.Kind, Tenant: c.Tenant, Filters: filters, Columns: c.Columns,
		Format: c.Format, Locale: c.Locale, Filename: c.Filename, RequestedBy: caller(),
	}, c.IdempotencyKey)
	if err != nil {
		return err
	}
	if !c.Wait && c.Output == "" {
		return s.printJob(j)
	}
	if j, err = s.watch(p, j.ID); err != nil {
		return err
	}
	if err := s.printJob(j); err != nil {
		return err
	}
	if c.Output != "" && len(j.Artifacts) > 0 {
		if err := p.save(s, j.Artifacts[0], c.Output); err != nil {
			return err
		}
		fmt.Fprintf(s.err, "written to %s\n", c.Output)
	}
	if j.State != job.Succeeded {
		return &outcome{j}
	}
	return nil
}

func parseFilters(pairs []string) (job.Filters, error) {
	filters := job.Filters{}
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, job.Errorf(job.CodeInvalid, "--filter %q is not NAME=VALUE", pair)
		}
		filters[name] = append(filters[name], value)
	}
	return filters, nil
}

// tenant returns the tenant that is meant: the one given, or the only one there is.
func (p *parts) tenant(ctx context.Context, given string) (string, error) {
	if given != "" {
		return given, nil
	}
	sellers, err := p.store.Sellers(ctx)
	if err != nil {
		return "", err
	}
	if len(sellers) == 1 {
		return sellers[0].Code, nil
	}
	codes := make([]string, len(sellers))
	for i, seller := range sellers {
		codes[i] = seller.Code
	}
	return "", job.Errorf(job.CodeInvalid, "say whose rows with --tenant: %s",
		cmp.Or(strings.Join(codes, ", "), "there is none yet; run `longhaul seed` first"))
}

// caller names who runs this command.
func caller() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// save copies a file out of blob storage. It appears under its name whole or not at all.
func (p *parts) save(ctx context.Context, a job.Artifact, to string) error {
	in, err := p.blobs.Reader(ctx, a.Key, 0, -1)
	if err != nil {
		return fmt.Errorf("read %s: %w", a.Name, err)
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), ".longhaul-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", to, err)
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Chmod(0o644), out.Close()); err == nil {
		err = os.Rename(out.Name(), to)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", to, err), os.Remove(out.Name()))
	}
	return nil
}
