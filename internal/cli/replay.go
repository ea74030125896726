package cli

import (
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/workflows"
)

type replayCommand struct {
	Files      []string `arg:"" optional:"" type:"existingfile" help:"Histories as 'temporal workflow show --output json' writes them."`
	WorkflowID string   `help:"Fetch the history of this execution instead."`
	RunID      string   `help:"Run of that execution. Default: the latest."`
}

// Run replays histories; one that this program would have told differently is an error.
func (c *replayCommand) Run(s *invocation) error {
	replayer := worker.NewWorkflowReplayer()
	contract.Export.Register(replayer, workflows.Export)
	contract.Housekeeping.Register(replayer, workflows.Housekeeping)

	var replayed []string
	for _, file := range c.Files {
		if err := replayer.ReplayWorkflowHistoryFromJSONFile(nil, file); err != nil {
			return fmt.Errorf("replay %s: %w", file, err)
		}
		replayed = append(replayed, file)
	}
	if c.WorkflowID != "" {
		p, err := s.connect()
		if err != nil {
			return err
		}
		defer p.close()
		if err := c.replayLive(s, p, replayer); err != nil {
			return err
		}
		replayed = append(replayed, c.WorkflowID)
	}
	return s.print(map[string][]string{"replayed": replayed}, func() {
		for _, name := range replayed {
			fmt.Fprintf(s.out, "ok  %s\n", name)
		}
	})
}

func (c *replayCommand) replayLive(s *invocation, p *parts, replayer worker.WorkflowReplayer) error {
	const everything = enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT
	var all history.History
	for events := p.temporal.GetWorkflowHistory(s, c.WorkflowID, c.RunID, false, everything); events.HasNext(); {
		event, err := events.Next()
		if err != nil {
			return fmt.Errorf("fetch history of %s: %w", c.WorkflowID, err)
		}
		all.Events = append(all.Events, event)
	}
	if err := replayer.ReplayWorkflowHistory(nil, &all); err != nil {
		return fmt.Errorf("replay %s: %w", c.WorkflowID, err)
	}
	return nil
}
