package cli

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/longhaul/longhaul/job"
)

type jobsItemsCommand struct {
	ID        string `arg:"" help:"Job ID."`
	Outcome   string `help:"Only those with this outcome, e.g. refused, failed or waiting."`
	Code      string `help:"Of a sync: only items with this code, e.g. rejected."`
	Locale    string `placeholder:"ko|en" default:"en" help:"Language of the reasons."`
	PageSize  int    `default:"50" help:"How many, 1 to 200."`
	PageToken string `help:"Go on after an earlier page."`
}

// Run lists single rows of a bulk save (those that were refused, and a sample of those that would be updated), or the items
// of a sync.
func (c *jobsItemsCommand) Run(s *invocation) error {
	p, err := s.connect()
	if err != nil {
		return err
	}
	defer p.close()
	page, err := p.starter.Items(s, c.ID, job.ItemQuery{
		Outcome: c.Outcome, Code: job.ItemCode(c.Code), PageSize: c.PageSize, PageToken: c.PageToken, Locale: c.Locale,
	})
	if err != nil {
		return err
	}
	return s.print(page, func() {
		w := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ITEM\tOUTCOME\tKEY\tATTEMPTS\tWHY")
		for _, item := range page.Items {
			place := fmt.Sprintf("%d", item.Position)
			if item.Row > 0 {
				place = rowText(job.RowRef{Sheet: item.Sheet, Row: item.Row})
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", place, cmp.Or(item.Outcome, "waiting"), item.Key, item.Attempts, whyText(item))
		}
		w.Flush()
		if !page.Complete {
			fmt.Fprintf(s.out, "these are the first of %d; the job's workbook has them all\n", page.Total)
		}
		if page.NextPageToken != "" {
			fmt.Fprintf(s.out, "more: --page-token %s\n", page.NextPageToken)
		}
	})
}

// whyText says what became of an item, and why.
func whyText(item job.Item) string {
	var parts []string
	if item.Code != "" {
		parts = append(parts, string(item.Code)+":")
	}
	if item.Message != "" {
		parts = append(parts, item.Message)
	}
	for _, e := range item.Errors {
		parts = append(parts, e.Message)
	}
	for _, change := range item.Changes {
		parts = append(parts, fmt.Sprintf("%s: %q → %q", change.Column, change.Before, change.After))
	}
	if item.RemoteID != "" {
		parts = append(parts, "as "+item.RemoteID)
	}
	return strings.Join(parts, " ")
}
