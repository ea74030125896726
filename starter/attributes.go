package starter

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/contract"
)

// runID matches what Temporal gives its runs; anything else must not get into a visibility query.
var runID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// EnsureSearchAttributes registers the search attributes that executions carry, where they are missing.
// On Temporal Cloud this is not allowed, so there they are made beforehand; the error names them.
func EnsureSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	operator := c.OperatorService()
	have, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
	}
	missing := map[string]enums.IndexedValueType{}
	for _, key := range contract.SearchAttributes {
		if _, ok := have.GetCustomAttributes()[key.GetName()]; !ok {
			missing[key.GetName()] = enums.INDEXED_VALUE_TYPE_KEYWORD
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing,
	})
	if err != nil {
		names := make([]string, 0, len(missing))
		for name := range missing {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Errorf("namespace %s lacks the search attributes %s, all of type Keyword, and they cannot be added from here: %w",
			namespace, strings.Join(names, ", "), err)
	}
	return nil
}

// housekeepingEvery is how often expired files are removed and silent jobs looked after. A file may be
// offered that much longer than promised; asking more often would only fill the history.
const housekeepingEvery = 10 * time.Minute

// EnsureHousekeeping creates the schedule of housekeeping unless there is one. Operators may change or
// pause it: an existing one is left as it is.
func EnsureHousekeeping(ctx context.Context, c client.Client, taskQueue string) error {
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:   contract.HousekeepingID,
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: housekeepingEvery}}},
		Action: &client.ScheduleWorkflowAction{
			ID: contract.HousekeepingID, Workflow: contract.Housekeeping.Name, TaskQueue: taskQueue,
			Args: []any{contract.Nothing{}},
			// Longer than its three parts may take with their retries.
			WorkflowExecutionTimeout: 2 * time.Hour,
		},
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		// What was missed while Temporal was down need not be made up for: one run does it all.
		CatchupWindow: housekeepingEvery,
		Note:          "Longhaul: removes expired files, heals silent jobs, sweeps what they left",
	})
	if err != nil && !isAlreadyScheduled(err) {
		return fmt.Errorf("schedule housekeeping: %w", err)
	}
	return nil
}
