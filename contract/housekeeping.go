package contract

// Housekeeping removes expired files, heals rows of executions that ended without a word, and sweeps what
// they left behind. It runs on a Temporal schedule, so that however many workers there are, one does it.
var Housekeeping = Workflow[Nothing, HousekeepingResult]{"Housekeeping"}

// HousekeepingID is the ID of both the schedule and, with the time appended, its executions.
const HousekeepingID = "housekeeping"

// Activities of housekeeping.
var (
	ExpireArtifacts = Activity[Nothing, Count]{"ExpireArtifacts"}
	HealJobs        = Activity[Nothing, Count]{"HealJobs"}
	SweepBlobs      = Activity[Nothing, Count]{"SweepBlobs"}
	PruneKeys       = Activity[Nothing, Count]{"PruneKeys"}
	PruneUploads    = Activity[Nothing, Count]{"PruneUploads"}
	PruneSaves      = Activity[Nothing, Count]{"PruneSaves"}
	PruneSyncs      = Activity[Nothing, Count]{"PruneSyncs"}
)

// Count tells how many things were dealt with.
type Count struct {
	Count int `json:"count"`
}

// HousekeepingResult tells what housekeeping did.
type HousekeepingResult struct {
	Expired int `json:"expired"`
	Healed  int `json:"healed"`
	Swept   int `json:"swept"`
	Pruned  int `json:"pruned"`
	Uploads int `json:"uploads,omitempty"`
	Saves   int `json:"saves,omitempty"`
	Syncs   int `json:"syncs,omitempty"`
}
