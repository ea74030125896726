package workflows_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/workflows"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// histories are what executions of the past have written, one file for each course that a story can take.
// They stay as they were recorded: the code must be able to replay them as long as such executions may be
// open or reset. New ones are made by
//
//	go test -tags record -run TestRecord ./workflows
const histories = "testdata/histories"

// courses are those that must have a history.
var courses = []string{
	"export_succeeded", "export_no_data", "export_continued_as_new", "export_redone", "export_cancelled",
	"export_paused", "export_failed", "export_plan_lost", "housekeeping", "housekeeping_saves",
	"housekeeping_syncs", "export_recorded_on_change",
}

// saveCourses are those of bulk saves.
var saveCourses = []string{
	"bulk_save_succeeded", "bulk_save_dry_run_resumed", "bulk_save_stale", "bulk_save_held_too_long", "bulk_save_cancelled",
	"bulk_save_failed", "bulk_save_continued_as_new", "bulk_save_plan_lost", "bulk_save_paused", "bulk_save_undone",
}

// syncCourses are those of syncs, and of what starts them.
var syncCourses = []string{
	"sync_succeeded", "sync_nothing", "sync_continued_as_new", "sync_waited", "sync_outage", "sync_outage_given_up",
	"sync_unauthorised", "sync_cancelled", "sync_paused", "sync_scheduled",
}

func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(histories, "*.json"))
	require.NoError(t, err)
	for _, course := range slices.Concat(courses, saveCourses, syncCourses) {
		require.Contains(t, files, filepath.Join(histories, course+".json"))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			contract.Export.Register(replayer, workflows.Export)
			contract.BulkSave.Register(replayer, workflows.BulkSave)
			contract.Sync.Register(replayer, workflows.Sync)
			contract.Scheduled.Register(replayer, workflows.Scheduled)
			contract.Housekeeping.Register(replayer, workflows.Housekeeping)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}
