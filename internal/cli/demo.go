package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

type demoCommand struct {
	stackFlags
	OrderLines int  `default:"200000" help:"How many order lines of sample data to show it on."`
	Once       bool `help:"End after the export instead of staying up."`
}

// Run shows an export of the sample data from start to file.
func (c *demoCommand) Run(s *invocation) error {
	return s.withStack(c.stackFlags, func(s *invocation, p *parts) error {
		fmt.Fprintf(s.err, "loading %d order lines of sample data …\n", c.OrderLines)
		if err := s.sampleOnce(p, c.OrderLines); err != nil {
			return err
		}
		fmt.Fprintln(s.err, "exporting order lines of the seller acme …")
		j, _, err := p.starter.StartExport(s, contract.ExportInput{
			Kind: "order-lines", Tenant: "acme", RequestedBy: caller(),
		}, "")
		if err != nil {
			return err
		}
		if j, err = s.watch(p, j.ID); err != nil {
			return err
		}
		if j.State != job.Succeeded {
			return &outcome{j}
		}
		file := filepath.Join(p.config.DataDir, "downloads", j.Artifacts[0].Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := p.save(s, j.Artifacts[0], file); err != nil {
			return err
		}
		if err := s.printJob(j); err != nil {
			return err
		}
		fmt.Fprintf(s.err, "\nworkbook     %s\n", file)
		if c.Once {
			return nil
		}
		fmt.Fprintln(s.err, "start more on the page:")
		s.announce(p)
		<-s.Done()
		fmt.Fprintln(s.err, "stopping …")
		return nil
	})
}
