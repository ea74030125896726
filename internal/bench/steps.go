package bench

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/longhaul/longhaul/contract"
)

// steps are the activities of an execution, as its history tells them.
type steps struct {
	events int
	bytes  int64 // of all runs, as protobuf
	runs   []int // the events of each

	due     map[int64]step // by the event that scheduled it
	started map[int64]time.Time
	phases  map[string]*phase
}

type step struct {
	phase string
	at    time.Time
}

// phase is all activities of a name. It lasts from the moment that its first step was due to the end of its last one.
type phase struct {
	scheduled int
	heartbeat time.Duration // timeout
	from, to  time.Time
	seconds   []float64 // of each in its worker
}

func (p *phase) took() float64 { return p.to.Sub(p.from).Seconds() }

// phase is empty where there was none of that name.
func (s *steps) phase(name string) *phase {
	if s.phases[name] == nil {
		s.phases[name] = &phase{}
	}
	return s.phases[name]
}

// steps reads the histories of all runs; the job's ID is that of its first run.
func (r *rig) steps(ctx context.Context, j answer) (*steps, error) {
	s := &steps{due: map[int64]step{}, started: map[int64]time.Time{}, phases: map[string]*phase{}}
	for run := j.ID; run != ""; {
		clear(s.due) // events are counted anew in each run
		clear(s.started)
		events := r.client.GetWorkflowHistory(ctx, j.WorkflowID, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		next, before := "", s.events
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				return nil, err
			}
			if err := s.look(event); err != nil {
				return nil, err
			}
			if again := event.GetWorkflowExecutionContinuedAsNewEventAttributes(); again != nil {
				next = again.GetNewExecutionRunId()
			}
		}
		s.runs = append(s.runs, s.events-before)
		run = next
	}
	return s, nil
}

func (s *steps) look(event *history.HistoryEvent) error {
	s.events++
	s.bytes += int64(proto.Size(event))
	at := event.GetEventTime().AsTime()
	switch event.GetEventType() {
	case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		a := event.GetActivityTaskScheduledEventAttributes()
		name, err := phaseOf(a.GetActivityType().GetName(), a.GetInput())
		if err != nil {
			return err
		}
		s.due[event.GetEventId()] = step{name, at}
		p := s.phase(name)
		p.scheduled++
		p.heartbeat = a.GetHeartbeatTimeout().AsDuration()
	case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		s.started[event.GetActivityTaskStartedEventAttributes().GetScheduledEventId()] = at
	case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		id := event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()
		done := s.due[id]
		p := s.phase(done.phase)
		if p.from.IsZero() {
			p.from = done.at // steps of a phase are due in order, though not done in it
		}
		p.to = at
		p.seconds = append(p.seconds, at.Sub(s.started[id]).Seconds())
	}
	return nil
}

// comparing is the phase in which a dry run is made once more before it is carried out, by the same activity.
const comparing = "compare"

func phaseOf(activity string, input *common.Payloads) (string, error) {
	if activity != contract.CheckChunk.Name {
		return activity, nil
	}
	var ref contract.ChunkRef
	if err := converter.GetDefaultDataConverter().FromPayloads(input, &ref); err != nil {
		return "", fmt.Errorf("read input of %s: %w", activity, err)
	}
	if ref.Compare {
		return comparing, nil
	}
	return activity, nil
}
