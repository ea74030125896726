// Package worker runs workflows and activities: which reference is carried out by which code, on which
// queue, with how much at once, and how it stops.
package worker

import (
	"go.temporal.io/sdk/worker"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/workflows"
)

// Deeds are the activities with what they need.
type Deeds struct {
	Jobs         *activities.Jobs
	Export       *activities.Export
	BulkSave     *activities.BulkSave
	Sync         *activities.Sync
	Housekeeping *activities.Housekeeping
}

// Register binds every reference of the contract to its code, a line each.
func Register(r worker.Registry, do Deeds) {
	contract.Export.Register(r, workflows.Export)
	contract.BulkSave.Register(r, workflows.BulkSave)
	contract.Sync.Register(r, workflows.Sync)
	contract.Scheduled.Register(r, workflows.Scheduled)
	contract.Housekeeping.Register(r, workflows.Housekeeping)

	contract.RegisterJob.Register(r, activities.Quick(do.Jobs.Register))
	contract.RecordProgress.Register(r, activities.Quick(do.Jobs.Record))
	contract.FinishJob.Register(r, activities.Quick(do.Jobs.Finish))
	contract.SendAlert.Register(r, activities.Quick(do.Jobs.Alert))

	contract.PlanExport.Register(r, activities.Heavy(do.Export.Plan))
	contract.ExportPage.Register(r, activities.Heavy(do.Export.Page))
	contract.AssembleExport.Register(r, activities.Heavy(do.Export.Assemble))
	contract.CleanUpExport.Register(r, activities.Heavy(do.Export.CleanUp))

	contract.InspectUpload.Register(r, activities.Heavy(do.BulkSave.Inspect))
	contract.CheckChunk.Register(r, activities.Heavy(do.BulkSave.Check))
	contract.ApplyChunk.Register(r, activities.Heavy(do.BulkSave.Apply))
	contract.ReportSave.Register(r, activities.Heavy(do.BulkSave.Report))
	contract.PlanUndo.Register(r, activities.Heavy(do.BulkSave.PlanUndo))
	contract.UndoChunk.Register(r, activities.Heavy(do.BulkSave.Undo))
	contract.CleanUpBulkSave.Register(r, activities.Heavy(do.BulkSave.CleanUp))

	contract.NumberItems.Register(r, activities.Heavy(do.Sync.Number))
	contract.CloseItems.Register(r, activities.Heavy(do.Sync.Close))
	contract.ReportSync.Register(r, activities.Heavy(do.Sync.Report))
	contract.CleanUpSync.Register(r, activities.Heavy(do.Sync.CleanUp))

	contract.ExpireArtifacts.Register(r, activities.Heavy(do.Housekeeping.ExpireArtifacts))
	contract.HealJobs.Register(r, activities.Heavy(do.Housekeeping.HealJobs))
	contract.SweepBlobs.Register(r, activities.Heavy(do.Housekeeping.SweepBlobs))
	contract.PruneKeys.Register(r, activities.Heavy(do.Housekeeping.PruneKeys))
	contract.PruneUploads.Register(r, activities.Heavy(do.Housekeeping.PruneUploads))
	contract.PruneSaves.Register(r, activities.Heavy(do.Housekeeping.PruneSaves))
	contract.PruneSyncs.Register(r, activities.Heavy(do.Housekeeping.PruneSyncs))
}

// RegisterCalls binds what runs on a partner's queue.
func RegisterCalls(r worker.ActivityRegistry, do Deeds) {
	contract.SendStretch.Register(r, activities.Heavy(do.Sync.Send))
}
