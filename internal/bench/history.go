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

// history reads what the job's execution left; the job's ID is that of its first run.
func (r *rig) history(ctx context.Context, j answer) (*History, error) {
	h := &History{}
	steps := stepTimes{scheduled: map[int64]step{}, started: map[int64]time.Time{}, phases: map[string]span{}}
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
			h.look(event, &steps)
			if again := event.GetWorkflowExecutionContinuedAsNewEventAttributes(); again != nil {
				next = again.GetNewExecutionRunId()
			}
		}
		run = next
	}
	if h.Pages == 0 || len(steps.pages) == 0 {
		return nil, fmt.Errorf("the history of job %s has no pages", j.ID)
	}
	h.BytesPerPage = float64(h.Bytes) / float64(h.Pages)
	h.PageSeconds = median(steps.pages)
	h.PlanSeconds = steps.phases[contract.PlanExport.Name].seconds()
	h.PagesSeconds = steps.phases[contract.ExportPage.Name].seconds()
	h.AssembleSeconds = steps.phases[contract.AssembleExport.Name].seconds()
	return h, nil
}

// stepTimes gathers the times of activities by the events that scheduled them.
type stepTimes struct {
	scheduled map[int64]step
	started   map[int64]time.Time
	phases    map[string]span // by activity
	pages     []float64       // seconds in the worker
}

type step struct {
	activity string
	at       time.Time
}

type span struct{ from, to time.Time }

func (s span) seconds() float64 { return s.to.Sub(s.from).Seconds() }

func (h *History) look(event *history.HistoryEvent, steps *stepTimes) {
	at := event.GetEventTime().AsTime()
	switch event.GetEventType() {
	case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		a := event.GetActivityTaskScheduledEventAttributes()
		steps.scheduled[event.GetEventId()] = step{a.GetActivityType().GetName(), at}
		if a.GetActivityType().GetName() == contract.ExportPage.Name {
			h.Pages++
			h.HeartbeatTimeout = a.GetHeartbeatTimeout().AsDuration().Seconds()
		}
	case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		steps.started[event.GetActivityTaskStartedEventAttributes().GetScheduledEventId()] = at
	case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		id := event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()
		done := steps.scheduled[id]
		phase, known := steps.phases[done.activity]
		if !known {
			phase.from = done.at // steps of a phase are due in order, though not done in it
		}
		phase.to = at
		steps.phases[done.activity] = phase
		if done.activity == contract.ExportPage.Name {
			steps.pages = append(steps.pages, at.Sub(steps.started[id]).Seconds())
		}
	}
}

func (h *History) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "History: %d pages, %d events, %s bytes: %.0f bytes a page.\n",
		h.Pages, h.Events, thousands(int(h.Bytes)), h.BytesPerPage)
	fmt.Fprintf(b, "The plan took %.2f s, the pages %.2f s, the assembly %.2f s; a page takes %.0f ms in its worker (median).\n",
		h.PlanSeconds, h.PagesSeconds, h.AssembleSeconds, h.PageSeconds*1000)
}
