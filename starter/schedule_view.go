package starter

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// askAtOnce is how many schedules or executions one request looks up at the same time: enough to hide the way to
// Temporal, too few to be felt by others.
const askAtOnce = 8

// described is a schedule as Temporal describes it.
type described struct {
	schedule job.Schedule // without Recent
	info     client.ScheduleInfo
}

// Schedules lists all schedules by ID, without the jobs that they started. One that was made or removed in the last moment
// may be missing or still there: Temporal's list follows a little later.
func (s *Starter) Schedules(ctx context.Context) ([]job.Schedule, error) {
	entries, err := s.Temporal.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, unavailable("Temporal does not answer", err)
	}
	var (
		lock  sync.Mutex
		found = []job.Schedule{}
	)
	// The list lacks the overlap policy and counts, and is behind after a change, so that each is asked for itself.
	ask, asking := errgroup.WithContext(ctx)
	ask.SetLimit(askAtOnce)
	for entries.HasNext() {
		entry, err := entries.Next()
		if err != nil {
			return nil, unavailable("Temporal does not answer", err)
		}
		id, ours := strings.CutPrefix(entry.ID, contract.SchedulePrefix)
		if !ours {
			continue
		}
		ask.Go(func() error {
			d, err := s.describeSchedule(asking, id)
			if job.CodeOf(err) == job.CodeNotFound {
				return nil // removed since
			}
			lock.Lock()
			defer lock.Unlock()
			found = append(found, d.schedule)
			return err
		})
	}
	if err := ask.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b job.Schedule) int { return strings.Compare(a.ID, b.ID) })
	return found, nil
}

// Schedule returns one schedule with the jobs that it started last. It is CodeNotFound where there is none of that ID.
func (s *Starter) Schedule(ctx context.Context, id string) (job.Schedule, error) {
	d, err := s.describeSchedule(ctx, id)
	if err != nil {
		return job.Schedule{}, err
	}
	d.schedule.Recent, err = s.recent(ctx, d.info.RecentActions)
	return d.schedule, err
}

func (s *Starter) describeSchedule(ctx context.Context, id string) (described, error) {
	missing := job.Errorf(job.CodeNotFound, "there is no schedule %q", id)
	if !scheduleID.MatchString(id) {
		return described{}, missing
	}
	d, err := s.scheduleHandle(ctx, id).Describe(ctx)
	if err != nil {
		return described{}, s.noSchedule(id, err)
	}
	view, err := viewOf(id, d)
	if err != nil {
		s.log().Warn("read schedule", "schedule", id, "error", err)
		return described{}, missing // it only bears a name like ours
	}
	return described{schedule: view, info: d.Info}, nil
}

func viewOf(id string, d *client.ScheduleDescription) (job.Schedule, error) {
	view := job.Schedule{
		ID: id, Zone: d.Schedule.Spec.TimeZoneName, Overlap: job.OverlapSkip,
		Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note,
		Skipped: d.Info.NumActionsSkippedOverlap, CreatedAt: d.Info.CreatedAt.UTC(),
	}
	if !view.Paused { // Temporal also tells when it would have been
		for _, at := range d.Info.NextActionTimes {
			view.Next = append(view.Next, at.UTC())
		}
	}
	for ours, policy := range overlaps {
		if d.Schedule.Policy.Overlap == policy {
			view.Overlap = ours
		}
	}
	if calendars := d.Schedule.Spec.Calendars; len(calendars) > 0 {
		view.Cron = calendars[0].Comment // see cron.expressions
	}
	var in contract.ScheduledInput
	if err := actionInput(d.Schedule.Action, &in); err != nil {
		return view, err
	}
	var request any
	switch {
	case in.Export != nil:
		view.Type, view.Kind, view.Tenant, request = job.TypeExport, in.Export.Kind, in.Export.Tenant, in.Export
	case in.Sync != nil:
		view.Type, view.Kind, view.Tenant, request = job.TypeSync, in.Sync.Kind, in.Sync.Tenant, in.Sync
	default:
		return view, fmt.Errorf("read schedule %s: it starts nothing", id)
	}
	var err error
	view.Request, err = json.Marshal(request)
	return view, err
}

// actionInput decodes what a schedule starts its workflow with.
func actionInput(a client.ScheduleAction, in *contract.ScheduledInput) error {
	action, ok := a.(*client.ScheduleWorkflowAction)
	if !ok || action.Workflow != contract.Scheduled.Name || len(action.Args) != 1 {
		return fmt.Errorf("read action of a schedule: it is not ours")
	}
	payload, ok := action.Args[0].(*common.Payload)
	if !ok {
		return fmt.Errorf("read action of a schedule: it has no input")
	}
	return converter.GetDefaultDataConverter().FromPayload(payload, in)
}

// recent finds the jobs that a schedule has started, newest first. What Temporal no longer knows is left out.
func (s *Starter) recent(ctx context.Context, actions []client.ScheduleActionResult) ([]job.ScheduledJob, error) {
	jobs := make([]*job.ScheduledJob, len(actions))
	ask, ctx := errgroup.WithContext(ctx)
	ask.SetLimit(askAtOnce)
	for i, action := range actions {
		if action.StartWorkflowResult == nil {
			continue
		}
		ask.Go(func() error {
			id, err := s.startedBy(ctx, *action.StartWorkflowResult)
			switch {
			case notFound(err):
				return nil
			case err != nil:
				return unavailable("Temporal does not answer", err)
			}
			jobs[len(actions)-1-i] = &job.ScheduledJob{At: action.ActualTime.UTC(), JobID: id}
			return nil
		})
	}
	if err := ask.Wait(); err != nil {
		return nil, err
	}
	var found []job.ScheduledJob
	for _, j := range jobs {
		if j != nil {
			found = append(found, *j)
		}
	}
	return found, nil
}

// startedBy returns the job that an execution of [contract.Scheduled] has started, whether or not it still waits for its
// end, or was cancelled over it: its history, a dozen events, names it as soon as it runs. That is one call and no
// worker's work, where its result would be there only at the end.
func (s *Starter) startedBy(ctx context.Context, started client.ScheduleWorkflowExecution) (string, error) {
	events := s.Temporal.GetWorkflowHistory(ctx, started.WorkflowID, started.FirstExecutionRunID, false,
		enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return "", err
		}
		if child := event.GetChildWorkflowExecutionStartedEventAttributes(); child != nil {
			return child.GetWorkflowExecution().GetRunId(), nil
		}
		if end := event.GetWorkflowExecutionCompletedEventAttributes(); end != nil {
			var result contract.ScheduledResult
			if err := converter.GetDefaultDataConverter().FromPayloads(end.GetResult(), &result); err != nil {
				return "", fmt.Errorf("read result of %s: %w", started.WorkflowID, err)
			}
			return result.JobID, nil
		}
	}
	return "", nil
}
