package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

type demoCommand struct {
	stackFlags
	OrderLines int  `default:"200000" help:"How many order lines of sample data to show it on."`
	Once       bool `help:"End after the jobs instead of staying up."`
}

// demoTenant is the seller of the sample data that the demo is about.
const demoTenant = "acme"

// Run shows one job of each type on the sample data, from start to file.
func (c *demoCommand) Run(s *invocation) error {
	return s.withStack(c.stackFlags, func(s *invocation, p *parts) error {
		fmt.Fprintf(s.err, "loading %d order lines of sample data …\n", c.OrderLines)
		if err := s.sampleOnce(p, c.OrderLines); err != nil {
			return err
		}
		folder := filepath.Join(p.config.DataDir, "downloads")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		show := &showing{invocation: s, parts: p, folder: folder}
		for _, part := range []func() error{show.export, show.bulkSave, show.sync} {
			if err := part(); err != nil {
				return err
			}
		}
		if s.json {
			if err := s.print(show.jobs, nil); err != nil {
				return err
			}
		}
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

// showing is the demo under way.
type showing struct {
	*invocation
	parts  *parts
	folder string
	jobs   []job.Job // that have ended, for --json: one document
}

func (d *showing) export() error {
	fmt.Fprintf(d.err, "exporting order lines of the seller %s …\n", demoTenant)
	j, _, err := d.parts.starter.StartExport(d, contract.ExportInput{Kind: "order-lines", Tenant: demoTenant, RequestedBy: caller()}, "")
	if err != nil {
		return err
	}
	return d.await(j, "workbook", job.Succeeded)
}

// bulkSave saves a count of the stock, with three mistakes in it, as people make them.
func (d *showing) bulkSave() error {
	file := filepath.Join(d.folder, "stock-count.csv")
	if err := d.writeCount(file); err != nil {
		return fmt.Errorf("write stock count: %w", err)
	}
	fmt.Fprintf(d.err, "\nsaving the stock count %s, in which three rows are wrong …\n", file)
	count, err := os.Open(file)
	if err != nil {
		return err
	}
	defer count.Close()
	sent, err := d.parts.starter.Upload(d, starter.UploadRequest{
		Kind: "stock-levels", Tenant: demoTenant, Name: filepath.Base(file), RequestedBy: caller(), Size: -1,
	}, count)
	if err != nil {
		return err
	}
	j, _, err := d.parts.starter.StartBulkSave(d, contract.BulkSaveInput{
		Kind: "stock-levels", Tenant: demoTenant, Upload: sent.ID, Locale: "en", RequestedBy: caller(),
	}, "")
	if err != nil {
		return err
	}
	return d.await(j, "refused rows", job.PartiallySucceeded)
}

// demoOrders are enough to watch for some seconds at the partner's pace.
const demoOrders = 60

// sync tells a made-up marketplace of the shipments of some orders. It loses answers and refuses a few, as marketplaces do.
func (d *showing) sync() error {
	filters := job.Filters{}
	seller, err := d.parts.store.Seller(d, demoTenant)
	if err != nil {
		return err
	}
	err = d.parts.store.Stream(d, "SELECT o.order_number FROM shipments h JOIN orders o ON o.id = h.order_id WHERE h.seller_id = ? AND h.tracking_number <> '' ORDER BY h.id LIMIT ?",
		[]any{seller.ID, demoOrders}, func(cells [][]byte) error {
			filters["order_number"] = append(filters["order_number"], string(cells[0]))
			return nil
		})
	if err != nil {
		return err
	}
	fmt.Fprintf(d.err, "\ntelling a made-up marketplace of the shipments of %d orders, at its pace …\n", demoOrders)
	j, _, err := d.parts.starter.StartSync(d, contract.SyncInput{
		Kind: "dispatch-shipments", Tenant: demoTenant, Filters: filters, Locale: "en", RequestedBy: caller(),
	}, "")
	if err != nil {
		return err
	}
	return d.await(j, "result", job.Succeeded, job.PartiallySucceeded)
}

// await watches a job to an end that it may have, and fetches its file.
func (d *showing) await(j job.Job, what string, want ...job.State) error {
	j, err := d.watch(d.parts, j.ID)
	if err != nil {
		return err
	}
	if !slices.Contains(want, j.State) {
		return &outcome{j}
	}
	d.jobs = append(d.jobs, j)
	if !d.json {
		if err := d.printJob(j); err != nil {
			return err
		}
	}
	if len(j.Artifacts) == 0 {
		return errors.New("the job has no file")
	}
	file := filepath.Join(d.folder, j.Artifacts[0].Name)
	if err := d.parts.save(d, j.Artifacts[0], file); err != nil {
		return err
	}
	fmt.Fprintf(d.err, "\n%-12s %s\n", what, file)
	return nil
}

// writeCount writes what a count of the whole stock might have found.
func (d *showing) writeCount(path string) error {
	seller, err := d.parts.store.Seller(d, demoTenant)
	if err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(out)
	rows := [][]string{{"SKU", "Warehouse", "On hand"}}
	err = d.parts.store.Stream(d, "SELECT p.sku, s.warehouse, s.on_hand FROM stock_levels s JOIN products p ON p.id = s.product_id WHERE s.seller_id = ? ORDER BY s.id",
		[]any{seller.ID}, func(cells [][]byte) error {
			onHand, err := strconv.Atoi(string(cells[2]))
			rows = append(rows, []string{string(cells[0]), string(cells[1]), strconv.Itoa(max(0, onHand+len(rows)%7-3))})
			return err
		})
	if err == nil {
		rows = append(rows, []string{"NO-SUCH-SKU", "ICN-1", "3"}, []string{rows[1][0], "ICN-9", "a dozen"}, []string{rows[1][0], "ICN-8", "-4"})
		err = w.WriteAll(rows)
	}
	return errors.Join(err, out.Close())
}
