package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/longhaul/longhaul/internal/seed"
	"github.com/longhaul/longhaul/job"
)

type migrateCommand struct{}

// Run brings the database up to date.
func (migrateCommand) Run(s *invocation) error {
	p, err := s.openData()
	if err != nil {
		return err
	}
	defer p.close()
	return s.print(map[string]string{"database": "up to date"}, func() {
		fmt.Fprintln(s.out, "the database is up to date")
	})
}

type seedCommand struct {
	OrderLines int    `default:"10000" help:"How many order lines of sample data."`
	From       string `type:"existingfile" placeholder:"FILE" help:"Load an Online Retail CSV file, plain or gzipped, instead of sample data."`
	Tenant     string `help:"Tenant that --from loads into. Default: online-retail."`
}

// Run loads data.
func (c *seedCommand) Run(s *invocation) error {
	p, err := s.openData()
	if err != nil {
		return err
	}
	defer p.close()
	if c.From == "" {
		if err := s.sample(p, c.OrderLines); err != nil {
			return err
		}
		return s.print(map[string]int{"order_lines": c.OrderLines}, func() {
			fmt.Fprintf(s.out, "%d order lines of sample data\n", c.OrderLines)
		})
	}
	file, err := os.Open(c.From)
	if err != nil {
		return err
	}
	defer file.Close()
	report, err := s.retail(p, file, c.Tenant)
	if err != nil {
		return fmt.Errorf("load %s: %w", c.From, err)
	}
	return s.print(report, func() {
		fmt.Fprintf(s.out, "%d order lines (%d were there already) of %d orders and %d products\n",
			report.Rows, report.Already, report.Orders, report.Products)
	})
}

// openData opens database and files, and brings the database up to date.
func (s *invocation) openData() (*parts, error) {
	if err := s.findStack(); err != nil {
		return nil, err
	}
	p, err := s.open()
	if err != nil {
		return nil, err
	}
	if err := p.store.Migrate(s); err != nil {
		p.close()
		return nil, fmt.Errorf("migrate database: %w", err)
	}
	return p, nil
}

func (s *invocation) sample(p *parts, lines int) error {
	return seed.Sample(s, p.store, seed.Options{OrderLines: lines, Progress: s.counter("sample data")})
}

// sampleOnce loads sample data unless the database has data of another making: that is shown as it is.
func (s *invocation) sampleOnce(p *parts, lines int) error {
	err := s.sample(p, lines)
	if job.CodeOf(err) == job.CodeConflict {
		fmt.Fprintln(s.err, "the database has data already, which stays as it is")
		return nil
	}
	return err
}

func (s *invocation) retail(p *parts, from io.Reader, tenant string) (seed.Report, error) {
	count := s.counter("order lines")
	return seed.Retail(s, p.store, from, seed.RetailOptions{Seller: tenant, Progress: func(rows int) { count(rows, 0) }})
}

// counter shows a count on a terminal; total is 0 where it is not known.
func (s *invocation) counter(what string) func(done, total int) {
	file, ok := s.err.(*os.File)
	if s.json || !ok || !term.IsTerminal(int(file.Fd())) {
		return func(int, int) {}
	}
	var bar *progressbar.ProgressBar
	return func(done, total int) {
		if bar == nil {
			if total == 0 {
				total = -1 // a spinner
			}
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(s.err), progressbar.OptionShowCount(),
				progressbar.OptionSetWidth(32), progressbar.OptionSetDescription(what),
				progressbar.OptionOnCompletion(func() { fmt.Fprintln(s.err) }))
		}
		_ = bar.Set(done)
	}
}
