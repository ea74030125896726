//go:build unix

package e2e

import (
	"net/http"
	"testing"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
	"github.com/longhaul/longhaul/job"
)

// saveFileFaults make the file storage of a bulk save fail.
func saveFileFaults() []fault {
	var cases []fault
	for i, c := range []struct {
		name        string
		fault       blobtest.Fault
		method, key string // of the request that meets it first
		after       string // a read that comes before; empty: none
		deed        string
	}{
		{"files refuse a chunk, inspecting", blobtest.RefuseWrites, http.MethodPut, "jobs/*/*/chunk-00000017", "", contract.InspectUpload.Name},
		{"files are full, inspecting", blobtest.Full, http.MethodPut, "jobs/*/*/plan.json", "", contract.InspectUpload.Name},
		{"files hang up, inspecting", blobtest.Down, http.MethodGet, "uploads/*", "", contract.InspectUpload.Name},
		{"files hang up, applying", blobtest.Down, http.MethodGet, chunkBegins(9), "", contract.ApplyChunk.Name},
		{"files are full, applying", blobtest.Full, http.MethodPut, "jobs/*/*/faults-apply-00000009", "", contract.ApplyChunk.Name},
		{"files hang up, reporting", blobtest.Down, http.MethodGet, "uploads/*", chunkBegins(9), contract.ReportSave.Name},
		{"files refuse the error workbook", blobtest.RefuseWrites, http.MethodPut, "artifacts/*", "", contract.ReportSave.Name},
	} {
		run := func(t *testing.T, g *ground, on engine) {
			b := stockBook(tenantA, bookRows, false)
			s := g.saves(t, on, b)
			id := s.save(b) // before the holds, because the API looks at the upload too
			hold := s.holdAfter(c.after, c.method, c.key)
			hold.Wait(t)
			workflowID := s.job(id).WorkflowID
			s.files.Set(c.fault)
			hold.Release()
			s.awaitFailing(workflowID, c.deed)
			s.files.Set(blobtest.None)
			s.requireSaved(id, b)
			s.requireAgain(id, c.deed, contract.FailureType(job.ReasonDownstream))
		}
		if c.deed == contract.ApplyChunk.Name {
			cases = append(cases, eachEngine("save, "+c.name, run)...)
		} else {
			cases = append(cases, oneEngine(i, "save, "+c.name, run)...)
		}
	}
	return append(cases, eachEngine("save, files are full, undoing", fullUndoing)...)
}

// holdAfter starts a worker and holds a request, the first after a key was read.
func (s *saving) holdAfter(after, method, key string) *blobtest.Hold {
	s.Helper()
	if after == "" {
		hold := s.files.Hold(method, key)
		s.kindsWorker("worker")
		return hold
	}
	passed := s.files.Hold(http.MethodGet, after)
	s.kindsWorker("worker")
	passed.Wait(s)
	hold := s.files.Hold(method, key)
	passed.Release()
	return hold
}

// fullUndoing fills the storage up when the rows that an undo keeps are to be told.
func fullUndoing(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	s.kindsWorker("worker")
	id := s.save(b)
	s.requireSaved(id, b)
	want := s.before.with(s.sellOne(b.in(9)))
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/faults-undo-*-00000009")
	undo := s.undo(id)
	hold.Wait(t)
	workflowID := s.job(undo).WorkflowID
	s.files.Set(blobtest.Full)
	hold.Release()
	s.awaitFailing(workflowID, contract.UndoChunk.Name)
	s.files.Set(blobtest.None)
	s.requireUndone(undo, id, want, 1)
	s.requireAgain(undo, contract.UndoChunk.Name, contract.FailureType(job.ReasonDownstream))
}
