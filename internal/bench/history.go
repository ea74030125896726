package bench

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/longhaul/longhaul/contract"
)

// History is what one job left in Temporal.
type History struct {
	Pages  int   `json:"pages"`
	Events int   `json:"events"`
	Bytes  int64 `json:"bytes"` // of all runs of the execution, as protobuf
	// BytesPerPage is all of it divided by the pages: what a job has besides pages is a part of it.
	BytesPerPage float64 `json:"bytes_per_page"`
	// PageSeconds is the median time of a page in its worker.
	PageSeconds float64 `json:"page_seconds"`
	// HeartbeatTimeout of a page, in seconds.
	HeartbeatTimeout float64 `json:"heartbeat_timeout"`
}

// history reads what the job's execution left; the job's ID is that of its first run.
func (r *rig) history(ctx context.Context, j answer) (*History, error) {
	h := &History{}
	pages := pageTimes{scheduled: map[int64]bool{}, started: map[int64]time.Time{}}
	for run := j.ID; run != ""; {
		events := r.client.GetWorkflowHistory(ctx, j.WorkflowID, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		next := ""
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				return nil, err
			}
			h.Events++
			h.Bytes += int64(proto.Size(event))
			h.look(event, &pages)
			if again := event.GetWorkflowExecutionContinuedAsNewEventAttributes(); again != nil {
				next = again.GetNewExecutionRunId()
			}
		}
		run = next
	}
	h.Pages = len(pages.scheduled)
	if h.Pages == 0 || len(pages.took) == 0 {
		return nil, fmt.Errorf("the history of job %s has no pages", j.ID)
	}
	h.BytesPerPage = float64(h.Bytes) / float64(h.Pages)
	h.PageSeconds = median(pages.took)
	return h, nil
}

// pageTimes gathers the times of pages by the events that scheduled them.
type pageTimes struct {
	scheduled map[int64]bool
	started   map[int64]time.Time
	took      []float64
}

func (h *History) look(event *history.HistoryEvent, pages *pageTimes) {
	switch event.GetEventType() {
	case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		a := event.GetActivityTaskScheduledEventAttributes()
		if a.GetActivityType().GetName() == contract.ExportPage.Name {
			pages.scheduled[event.GetEventId()] = true
			h.HeartbeatTimeout = a.GetHeartbeatTimeout().AsDuration().Seconds()
		}
	case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		pages.started[event.GetActivityTaskStartedEventAttributes().GetScheduledEventId()] = event.GetEventTime().AsTime()
	case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		id := event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()
		if pages.scheduled[id] {
			pages.took = append(pages.took, event.GetEventTime().AsTime().Sub(pages.started[id]).Seconds())
		}
	}
}

func (h *History) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "History: %d pages, %d events, %s bytes: %.0f bytes a page. A page takes %.0f ms in its worker (median).\n",
		h.Pages, h.Events, thousands(int(h.Bytes)), h.BytesPerPage, h.PageSeconds*1000)
}
