package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/longhaul/longhaul/job"
)

// ExportWorkflowID is the natural key of an export: two requests for the same data in the same form have
// the same ID, and Temporal lets only one of them run.
//
//	export/<kind>/<tenant>/<fingerprint of the request>
func ExportWorkflowID(in ExportInput) string {
	return strings.Join([]string{"export", in.Kind, in.Tenant, Fingerprint(in)}, "/")
}

// Fingerprint is a short digest of what an export request asks for. Who asks, and what the file shall be
// called, are not part of it; neither is the order of filter values. The order of columns is.
func Fingerprint(in ExportInput) string {
	doc, err := json.Marshal(struct {
		Filters job.Filters
		Columns []string
		Format  string
		Locale  string
	}{in.Filters.Normal(), slices.Clone(in.Columns), in.Format, in.Locale}) // map keys are written sorted
	if err != nil {
		panic(fmt.Sprintf("marshal export request: %v", err)) // strings only: cannot fail
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:8])
}

// JobsPrefix is where everything lies that jobs keep in blob storage while they run.
const JobsPrefix = "jobs/"

// JobPrefix is where one job keeps it.
func JobPrefix(jobID string) string { return JobsPrefix + jobID + "/" }

// PlanPrefix is where a plan and its fragments lie.
func PlanPrefix(jobID, plan string) string { return JobPrefix(jobID) + plan + "/" }

// PlanKey is where a plan lies.
func PlanKey(jobID, plan string) string { return PlanPrefix(jobID, plan) + "plan.json" }

// FragmentKey is where the fragment of a page lies; pages count from 0.
func FragmentKey(jobID, plan string, page int) string {
	return fmt.Sprintf("%s%08d", PlanPrefix(jobID, plan), page)
}

// ArtifactsPrefix is where files to download lie.
const ArtifactsPrefix = "artifacts/"

// ArtifactKey is where a file to download lies. It is named by the job alone: the file's own name is
// kept in the database, where any letter is allowed. The extension has its dot.
func ArtifactKey(jobID, extension string) string { return ArtifactsPrefix + jobID + extension }
