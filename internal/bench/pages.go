package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/store"
)

// Pages compares what pages cost by where they lie.
type Pages struct {
	Compared int     `json:"compared"` // pages at each end, each made several times
	First    float64 `json:"first"`    // seconds a page, median
	Last     float64 `json:"last"`
}

const (
	// pagesAtEachEnd are compared, and pageRounds times: single pages differ by more than the ends do.
	pagesAtEachEnd = 5
	pageRounds     = 6
)

// pageCosts makes pages of the beginning and of the end in turn, by the deed itself without Temporal. A job
// of a few pages has no ends to compare.
func (r *rig) pageCosts(ctx context.Context, s sample) (*Pages, error) {
	kinds, err := catalog.New()
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, s.url, store.Options{})
	if err != nil {
		return nil, err
	}
	defer st.Close()
	blobs, err := blob.Open(ctx, (&url.URL{Scheme: "file", Path: filepath.Join(r.dir, "pages")}).String())
	if err != nil {
		return nil, err
	}
	defer blobs.Close()
	deed := &activities.Export{Kinds: kinds, Store: st, Blobs: blobs}
	request := contract.ExportRequest{JobID: "bench", Request: contract.ExportInput{
		Kind: exportKind, Tenant: exportTenant, Columns: exportColumns,
	}}
	plan, err := deed.Plan(ctx, request)
	if err != nil {
		return nil, err
	}
	whole := plan.Pages - 1 // the last one may be short
	p := &Pages{Compared: min(pagesAtEachEnd, whole/2)}
	if p.Compared < 1 {
		return nil, nil // there is nothing to compare
	}
	var first, last []float64
	for range pageRounds {
		for i := range p.Compared {
			for page, took := range map[int]*[]float64{i: &first, whole - 1 - i: &last} { // in any order
				seconds, err := timePage(ctx, deed, contract.PageRef{JobID: "bench", Plan: plan.ID, Page: page})
				if err != nil {
					return nil, err
				}
				*took = append(*took, seconds)
			}
		}
	}
	p.First, p.Last = median(first), median(last)
	return p, nil
}

// timePage makes a page and removes it again.
func timePage(ctx context.Context, deed *activities.Export, ref contract.PageRef) (float64, error) {
	began := time.Now()
	if _, err := deed.Page(ctx, ref); err != nil {
		return 0, err
	}
	took := time.Since(began).Seconds()
	return took, deed.Blobs.Delete(ctx, contract.FragmentKey(ref.JobID, ref.Plan, ref.Page))
}

func (p *Pages) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "The first %d pages take %.1f ms each, the last %d %.1f ms (%+.0f %%).\n",
		p.Compared, p.First*1000, p.Compared, p.Last*1000, 100*(p.Last/p.First-1))
}
