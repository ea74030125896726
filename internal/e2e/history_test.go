//go:build unix

package e2e

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/failure/v1"
	"go.temporal.io/api/history/v1"

	"github.com/longhaul/longhaul/contract"
)

// awaitClosed waits for the end of an execution, through continue-as-new. Its error is its own affair.
func (s *stand) awaitClosed(workflowID string) {
	s.Helper()
	eventually(s.T, "the execution closes", func() bool {
		d, err := s.client.DescribeWorkflowExecution(s.Context(), workflowID, "")
		require.NoError(s, err)
		status := d.GetWorkflowExecutionInfo().GetStatus()
		return status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING && status != enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW
	})
}

// history reads all events of one run; an empty runID means the latest.
func (s *stand) history(workflowID, runID string) []*history.HistoryEvent {
	s.Helper()
	var events []*history.HistoryEvent
	const everything = enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT
	for it := s.client.GetWorkflowHistory(s.Context(), workflowID, runID, false, everything); it.HasNext(); {
		event, err := it.Next()
		require.NoError(s, err)
		events = append(events, event)
	}
	return events
}

// deed is an activity as history tells of it.
type deed struct {
	name     string
	attempts int
	// last is how the attempt before the last one failed; nil where the first was good.
	last *failure.Failure
}

// why is the reason in a word: a timeout's type or an application error's.
func (d deed) why() string {
	if timeout := d.last.GetTimeoutFailureInfo(); timeout != nil {
		return timeout.GetTimeoutType().String()
	}
	return d.last.GetApplicationFailureInfo().GetType()
}

// deeds lists the activities that a run has begun, in the order in which they were scheduled.
func deeds(events []*history.HistoryEvent) []deed {
	var all []deed
	at := map[int64]int{} // index by scheduling event
	for _, event := range events {
		if scheduled := event.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
			at[event.GetEventId()] = len(all)
			all = append(all, deed{name: scheduled.GetActivityType().GetName()})
		}
		if started := event.GetActivityTaskStartedEventAttributes(); started != nil {
			d := &all[at[started.GetScheduledEventId()]]
			d.attempts, d.last = int(started.GetAttempt()), started.GetLastFailure()
		}
	}
	return all
}

// again lists the deeds of a job that took more than one attempt.
func (s *stand) again(id string) []deed {
	s.Helper()
	j := s.job(id)
	return slices.DeleteFunc(deeds(s.history(j.WorkflowID, j.RunID)), func(d deed) bool { return d.attempts < 2 })
}

// requireAgain asserts that a deed was done again, and why.
func (s *stand) requireAgain(id, name, why string) {
	s.Helper()
	again := s.again(id)
	found := slices.ContainsFunc(again, func(d deed) bool { return d.name == name && d.why() == why })
	require.True(s, found, "%s was not done again for %s: %v", name, why, again)
}

const heartbeat = "Heartbeat" // as [deed.why]

// awaitFailing waits until an attempt at a deed of this name has failed and the next is due; it tells why, as [deed.why].
func (s *stand) awaitFailing(workflowID, name string) (why string) {
	s.Helper()
	eventually(s.T, name+" fails", func() bool {
		d, err := s.client.DescribeWorkflowExecution(s.Context(), workflowID, "")
		require.NoError(s, err)
		for _, pending := range d.GetPendingActivities() {
			if pending.GetActivityType().GetName() == name && pending.GetLastFailure() != nil {
				why = deed{last: pending.GetLastFailure()}.why()
				return true
			}
		}
		return false
	})
	return why
}

// report logs what docs/faults.md tells of a case.
func (s *stand) report(id string) {
	s.Helper()
	j := s.job(id)
	pagesAgain, text := 0, ""
	for _, d := range s.again(id) {
		if d.name == contract.ExportPage.Name {
			pagesAgain++
		}
		text += fmt.Sprintf("; %s %d attempts (%s)", d.name, d.attempts, d.why())
	}
	rewritten := 0
	for _, times := range s.fragments(id) {
		rewritten += times - 1
	}
	s.Logf("seen: %s after %.1f s, %d pages tried again, %d fragments written again%s",
		j.State, j.EndedAt.Sub(j.CreatedAt).Seconds(), pagesAgain, rewritten, text)
}
