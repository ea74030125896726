//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
)

// saveWorkerFaults kill the worker of a bulk save.
func saveWorkerFaults() []fault {
	cases := eachEngine("save, kill the worker ten times", killTenTimes) // the longest come first
	for i, moment := range []struct {
		name string
		hold func(*blobtest.S3) *blobtest.Hold
		deed string // that the next worker does again
	}{
		{"inspecting", putting("jobs/*/*/chunk-00000017"), contract.InspectUpload.Name},
		{"inspected, not told", put("jobs/*/*/plan.json"), contract.InspectUpload.Name},
		{"reporting", putting("artifacts/*"), contract.ReportSave.Name},
		{"reported, not told", put("artifacts/*"), contract.ReportSave.Name},
		{"cleaning up", deleting("jobs/*/*/chunk-00000017"), contract.CleanUpBulkSave.Name},
	} {
		cases = append(cases, oneEngine(i, "save, kill the only worker, "+moment.name, func(t *testing.T, g *ground, on engine) {
			killSaving(t, g, on, moment.hold, moment.deed)
		})...)
	}
	// What a chunk refuses is stored in its transaction, after its rows have been written.
	cases = append(cases, eachEngine("save, kill the only worker, rows written, not committed", func(t *testing.T, g *ground, on engine) {
		killSaving(t, g, on, putting("jobs/*/*/faults-apply-00000009"), contract.ApplyChunk.Name)
	})...)
	cases = append(cases, eachEngine("save, kill the only worker, checking", killChecking)...)
	cases = append(cases, eachEngine("save, kill the only worker, comparing", killComparing)...)
	cases = append(cases, eachEngine("save, kill the only worker, committed, not told", killCommitted)...)
	cases = append(cases, eachEngine("save, kill the only worker, orders", killOrders)...)
	cases = append(cases, eachEngine("save, kill the only worker, undoing", killUndoing)...)
	cases = append(cases, eachEngine("save, kill one of two workers, large chunks", killOneOfTwoSaving)...)
	return cases
}

func killSaving(t *testing.T, g *ground, on engine, at func(*blobtest.S3) *blobtest.Hold, deed string) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	hold := at(s.files)
	first := s.kindsWorker("first")
	id := s.save(b)
	hold.Wait(t)
	first.kill()
	s.kindsWorker("second")
	s.requireSaved(id, b)
	s.requireAgain(id, deed, heartbeat)
}

// chunkBegins is a key that is read when a chunk is checked or saved, before anything is asked of the database. Chunks
// themselves are read while inspecting, too.
func chunkBegins(chunk int) string { return fmt.Sprintf("jobs/*/*/repeats-%08d", chunk) }

// killChecking kills the worker during a dry run.
func killChecking(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/verdicts-00000009")
	first := s.kindsWorker("first")
	id := s.save(b, dryRun)
	hold.Wait(t)
	first.kill()
	s.kindsWorker("second")
	s.held(id)
	s.requireState(s.before)
	s.resume(id)
	s.requireRehearsed(id, b)
	s.requireAgain(id, contract.CheckChunk.Name, heartbeat)
}

// killComparing kills the worker while a dry run that was resumed is compared with the data once more.
func killComparing(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	hold := s.files.Hold(http.MethodGet, "jobs/*/*/verdicts-00000009")
	first := s.kindsWorker("first")
	id := s.save(b, dryRun)
	s.held(id)
	s.resume(id)
	hold.Wait(t)
	s.requireState(s.before)
	first.kill()
	s.kindsWorker("second")
	s.requireRehearsed(id, b)
	s.requireAgain(id, contract.CheckChunk.Name, heartbeat)
}

// requireRehearsed is requireSaved after a dry run, which has foretold just that.
func (s *saving) requireRehearsed(id string, b *book) {
	s.Helper()
	j := s.requireSaved(id, b)
	require.Equal(s, j.Save.Saved, j.Save.Checked)
}

// killCommitted kills the worker after it has committed a chunk and before Temporal heard of it. The chunk is done
// again, and finds itself in the ledger.
func killCommitted(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	gate := newGateway(t, s.server)
	hold := s.files.Hold(http.MethodGet, chunkBegins(11))
	first := s.kindsWorker("first", "TEMPORAL_ADDRESS="+gate.address)
	id := s.save(b)
	hold.Wait(t)
	kept := gate.keep("RespondActivityTaskCompleted", false)
	hold.Release()
	kept.wait(t)
	first.kill()
	s.kindsWorker("second")
	s.requireSaved(id, b)
	s.requireAgain(id, contract.ApplyChunk.Name, heartbeat)
}

func killOrders(t *testing.T, g *ground, on engine) {
	b := orderBook(tenantA, bookRows/3)
	s := g.saves(t, on, b)
	hold := s.files.Hold(http.MethodGet, chunkBegins(9))
	first := s.kindsWorker("first")
	id := s.save(b)
	hold.Wait(t)
	first.kill()
	s.kindsWorker("second")
	s.requireSaved(id, b)
	s.requireAgain(id, contract.ApplyChunk.Name, heartbeat)
	s.requireUndone(s.undo(id), id, s.before, 0)
}

// killUndoing kills the worker of an undo: while a pass over a chunk is not committed, and when it is and Temporal has
// not heard of it. One row has been changed since it was saved; it stays, and the upload says which.
func killUndoing(t *testing.T, g *ground, on engine) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, on, b)
	gate := newGateway(t, s.server)
	first := s.kindsWorker("first", "TEMPORAL_ADDRESS="+gate.address)
	id := s.save(b)
	s.requireSaved(id, b)
	changed := b.in(9)
	want := s.before.with(s.sellOne(changed))

	hold := s.files.Hold(http.MethodPut, "jobs/*/*/faults-undo-*-00000009")
	undo := s.undo(id)
	hold.Wait(t)
	first.kill()
	next := s.files.Hold(http.MethodPut, "jobs/*/*/faults-undo-*-00000009")
	second := s.kindsWorker("second", "TEMPORAL_ADDRESS="+gate.address)
	next.Wait(t)
	kept := gate.keep("RespondActivityTaskCompleted", false)
	next.Release()
	kept.wait(t)
	second.kill()
	s.kindsWorker("third")
	s.requireUndone(undo, id, want, 1)
	s.requireAgain(undo, contract.UndoChunk.Name, heartbeat)
}

// kills is how often a worker is killed during one save.
const kills = 10

// killTenTimes kills one worker after the other, each at a random moment: before a chunk is read, while its rows are
// being written, or some time after one or the other.
func killTenTimes(t *testing.T, g *ground, on engine) {
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("LONGHAUL_E2E_SEED"); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("seen: LONGHAUL_E2E_SEED=%d repeats these moments", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	b := stockBook(tenantA, 5*bookRows, false)
	s := g.saves(t, on, b)
	id := ""
	for range kills {
		worker := s.kindsWorker("worker")
		var hold *blobtest.Hold
		for range 1 + random.IntN(4) {
			if hold != nil {
				hold.Release()
			}
			if random.IntN(2) == 0 {
				hold = s.files.Hold(http.MethodGet, "jobs/*/*/chunk-*")
			} else {
				hold = s.files.Hold(http.MethodPut, "jobs/*/*/faults-apply-*")
			}
			if id == "" {
				id = s.save(b)
			}
			hold.Wait(t)
		}
		if random.IntN(3) > 0 {
			hold.Release()
			time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond) // not to wait for something: the moment is to be any
		}
		worker.kill()
	}
	require.False(t, s.job(id).State.Ended(), "it was over before the last kill")
	s.kindsWorker("last")
	s.requireSaved(id, b)
	require.GreaterOrEqual(t, len(s.again(id)), kills/2)
}

// killOneOfTwoSaving kills the program as it is built, with chunks as large as they are in production.
func killOneOfTwoSaving(t *testing.T, g *ground, on engine) {
	b := productBook(50_000, none)
	s := g.saves(t, on, b)
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/faults-apply-00000003")
	workers := map[string]*process{"one": s.worker("one"), "two": s.worker("two")}
	id := s.save(b)
	hold.Wait(t)
	name := appOfAgent.FindStringSubmatch(hold.Agent())
	require.NotNil(t, name, hold.Agent())
	workers[name[1]].kill()
	s.requireSaved(id, b)
	s.requireAgain(id, contract.ApplyChunk.Name, heartbeat)
}
