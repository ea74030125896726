package bench

import (
	"bytes"
	"context"
	"fmt"

	"github.com/longhaul/longhaul/contract"
)

// History is what one job left in Temporal.
type History struct {
	Pages  int   `json:"pages"`
	Events int   `json:"events"`
	Bytes  int64 `json:"bytes"` // of all runs of the execution, as protobuf
	// BytesPerPage is all of it divided by the pages: what a job has besides pages is a part of it.
	BytesPerPage float64 `json:"bytes_per_page"`
	// PlanSeconds, PagesSeconds and AssembleSeconds are the phases, each from the moment that its first step was
	// due to the end of its last one.
	PlanSeconds     float64 `json:"plan_seconds"`
	PagesSeconds    float64 `json:"pages_seconds"`
	AssembleSeconds float64 `json:"assemble_seconds"`
	// PageSeconds is the median time of a page in its worker.
	PageSeconds float64 `json:"page_seconds"`
	// HeartbeatTimeout of a page, in seconds.
	HeartbeatTimeout float64 `json:"heartbeat_timeout"`
}

// history reads what the job's execution left.
func (r *rig) history(ctx context.Context, j answer) (*History, error) {
	s, err := r.steps(ctx, j)
	if err != nil {
		return nil, err
	}
	pages := s.phase(contract.ExportPage.Name)
	if len(pages.seconds) == 0 {
		return nil, fmt.Errorf("the history of job %s has no pages", j.ID)
	}
	return &History{
		Pages: pages.scheduled, Events: s.events, Bytes: s.bytes, BytesPerPage: float64(s.bytes) / float64(pages.scheduled),
		PlanSeconds: s.phase(contract.PlanExport.Name).took(), PagesSeconds: pages.took(),
		AssembleSeconds: s.phase(contract.AssembleExport.Name).took(),
		PageSeconds:     median(pages.seconds), HeartbeatTimeout: pages.heartbeat.Seconds(),
	}, nil
}

func (h *History) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "History: %d pages, %d events, %s bytes: %.0f bytes a page.\n",
		h.Pages, h.Events, thousands(int(h.Bytes)), h.BytesPerPage)
	fmt.Fprintf(b, "The plan took %.2f s, the pages %.2f s, the assembly %.2f s; a page takes %.0f ms in its worker (median).\n",
		h.PlanSeconds, h.PagesSeconds, h.AssembleSeconds, h.PageSeconds*1000)
}
