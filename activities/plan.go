package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/sheet"
)

// exportPlan is the file that a plan is kept in: all that its pages need besides the catalogue.
type exportPlan struct {
	Request  contract.ExportInput `json:"request"`
	SellerID int64                `json:"seller_id"`
	Zone     string               `json:"zone"`
	// HighWater is the largest key that belongs to the export.
	HighWater int64 `json:"high_water"`
	// Through is the last key of each page; a page begins after the last key of the one before.
	Through []int64 `json:"through"`
	// PageRows is how many rows each page promises, and Rows how many all promise together.
	PageRows []int64 `json:"page_rows"`
	Rows     int64   `json:"rows"`
	// Definition is a digest of the kind's SQL and layout as they were when the plan was made. Pages made
	// by a worker that knows the kind differently would not fit together.
	Definition string `json:"definition"`
}

// planned is a plan together with what the catalogue makes of its request.
type planned struct {
	exportPlan
	selection dataset.Selection
	layout    sheet.Layout
	places    []sheet.Position // of the pages, if they keep what they promise
	// encoders are for the next pages: each has tables of a megabyte and the memory of a fragment, which
	// would be most of what a page leaves to the garbage collector.
	encoders sync.Pool
}

// encoder returns one that nobody else uses; it goes back to encoders with its page finished.
func (p *planned) encoder() (*sheet.Encoder, error) {
	if kept, ok := p.encoders.Get().(*sheet.Encoder); ok {
		return kept, nil
	}
	return sheet.NewEncoder(p.layout)
}

// digest names a plan by its content.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// longDigest is one for keys that must not meet, however many there are.
func longDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// definition is the digest of what a selection reads and writes.
func definition(s dataset.Selection, layout sheet.Layout) string {
	doc := fmt.Sprintf("%s\n%+v\n%s", s.Page(0, 0, 0).SQL, layout.Columns, layout.Format)
	return digest([]byte(doc))
}

// after is the key that a page begins after.
func (p *exportPlan) after(page int) int64 {
	if page == 0 {
		return minKey
	}
	return p.Through[page-1]
}

// minKey is below every key; keys are positive.
const minKey = -1

// plans keeps the plans of running jobs in memory: a plan never changes, and every page needs it.
type plans[P any] struct {
	mu   sync.Mutex
	held map[contract.PlanRef]*P
}

// maxPlans bounds what is kept. A plan of 1,000 pages takes some 10 KB, one of 1,000 chunks some 30.
const maxPlans = 32

func (c *plans[P]) get(ref contract.PlanRef) *P {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[ref]
}

func (c *plans[P]) put(ref contract.PlanRef, p *P) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil || len(c.held) >= maxPlans {
		c.held = map[contract.PlanRef]*P{} // rare, and a plan is read again in a moment
	}
	c.held[ref] = p
}

// plan loads a plan and fits it to the catalogue.
func (e *Export) plan(ctx context.Context, ref contract.PlanRef) (*planned, error) {
	if p := e.plans.get(ref); p != nil {
		return p, nil
	}
	data, err := e.Blobs.Get(ctx, contract.PlanKey(ref.JobID, ref.Plan))
	if errors.Is(err, blob.ErrNotFound) {
		return nil, planLost("its file is gone")
	}
	if err != nil {
		return nil, fmt.Errorf("read plan of job %s: %w", ref.JobID, err)
	}
	p := &planned{}
	if err := json.Unmarshal(data, &p.exportPlan); err != nil || digest(data) != ref.Plan {
		return nil, planLost("its file is damaged")
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return nil, fmt.Errorf("load time zone of plan: %w", err)
	}
	if p.selection, p.layout, err = e.choose(p.Request, zone); err != nil {
		return nil, err
	}
	if definition(p.selection, p.layout) != p.Definition {
		return nil, planLost("its kind has been changed since")
	}
	p.places = sheet.Place(p.layout.Format, p.PageRows)
	e.plans.put(ref, p)
	return p, nil
}

// planLost makes the workflow plan anew.
func planLost(why string) error {
	return temporal.NewNonRetryableApplicationError("the plan can no longer be followed: "+why, contract.FailurePlanLost, nil)
}

// choose checks a request against its kind.
func (e *Export) choose(in contract.ExportInput, zone *time.Location) (dataset.Selection, sheet.Layout, error) {
	kind, err := e.Kinds.Export(in.Kind)
	if err != nil {
		return dataset.Selection{}, sheet.Layout{}, err
	}
	s, err := kind.Select(dataset.Request{
		Filters: in.Filters, Columns: in.Columns, Format: in.Format, Locale: in.Locale, Filename: in.Filename,
	}, zone)
	if err != nil {
		return dataset.Selection{}, sheet.Layout{}, err
	}
	return s, s.Layout(zone), nil
}
