//go:build unix

package e2e

import (
	"net/http"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
	"github.com/longhaul/longhaul/job"
)

// workerFaults kill, stop and hang workers.
func workerFaults() []fault {
	var cases []fault
	for _, phase := range []struct {
		name   string
		hold   func(*blobtest.S3) *blobtest.Hold
		stored []int  // pages by then
		deed   string // that the next worker does again
		on     engine
	}{
		{"planning", putting("jobs/*/*/plan.json"), nil, contract.PlanExport.Name, onMySQL},
		{"planned, not told", put("jobs/*/*/plan.json"), nil, contract.PlanExport.Name, onSQLite},
		{"page", putting("jobs/*/*/00000003"), []int{0, 1, 2, 4}, contract.ExportPage.Name, onMySQL},
		{"page stored, not told", put("jobs/*/*/00000003"), all, contract.ExportPage.Name, onMySQL},
		{"last page", putting("jobs/*/*/00000004"), []int{0, 1, 2, 3}, contract.ExportPage.Name, onSQLite},
		{"assembling", putting("artifacts/*"), all, contract.AssembleExport.Name, onMySQL},
		{"assembled, not told", put("artifacts/*"), all, contract.AssembleExport.Name, onSQLite},
		{"cleaning up", deleting("jobs/*/*/00000002"), all, contract.CleanUpExport.Name, onMySQL},
	} {
		cases = append(cases, fault{"kill the only worker, " + phase.name, func(t *testing.T, g *ground) {
			s := g.stand(t, options{on: phase.on})
			hold := phase.hold(s.files)
			first := s.worker("first")
			id := s.start(orderLines)
			hold.Wait(t)
			before := s.awaitFragments(id, phase.stored...)
			first.kill()
			s.worker("second")
			s.requireWhole(id, before)
			s.requireAgain(id, phase.deed, heartbeat)
		}})
	}
	return append(cases,
		fault{"kill one of two workers", killOneOfTwo},
		fault{"stop a worker", stopWorker},
		fault{"hang a worker", hangWorker},
		fault{"no worker for a while", noWorker},
	)
}

func putting(key string) func(*blobtest.S3) *blobtest.Hold {
	return func(files *blobtest.S3) *blobtest.Hold { return files.Hold(http.MethodPut, key) }
}

func put(key string) func(*blobtest.S3) *blobtest.Hold {
	return func(files *blobtest.S3) *blobtest.Hold { return files.HoldAnswer(http.MethodPut, key) }
}

func deleting(key string) func(*blobtest.S3) *blobtest.Hold {
	return func(files *blobtest.S3) *blobtest.Hold { return files.Hold(http.MethodDelete, key) }
}

var appOfAgent = regexp.MustCompile(`\bapp/(\S+)`)

func killOneOfTwo(t *testing.T, g *ground) {
	s := g.stand(t, options{})
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000003")
	workers := map[string]*process{"one": s.worker("one"), "two": s.worker("two")}
	id := s.start(orderLines)
	hold.Wait(t)
	before := s.awaitFragments(id, 0, 1, 2, 4)
	name := appOfAgent.FindStringSubmatch(hold.Agent())
	require.NotNil(t, name, hold.Agent())
	workers[name[1]].kill()
	s.requireWhole(id, before)
	s.requireAgain(id, contract.ExportPage.Name, heartbeat)
}

// stopWorker sends SIGTERM, as a deploy does. The page must not wait for the heartbeat timeout: its attempt
// ends by itself, with the word that the worker stops.
func stopWorker(t *testing.T, g *ground) {
	s := g.stand(t, options{})
	hold := s.files.Hold(http.MethodGet, "jobs/*/*/00000003") // is it there already? - so nothing is written yet
	first := s.worker("first")
	id := s.start(orderLines)
	hold.Wait(t)
	before := s.awaitFragments(id, 0, 1, 2, 4)
	first.signal(syscall.SIGTERM)
	first.awaitExit(t)
	require.Zero(t, first.cmd.ProcessState.ExitCode(), first.tail(5))
	// Asked at once: the next attempt may be handed to the last poll of the worker that has gone, and time out.
	require.Equal(t, contract.FailureStopping, s.awaitFailing(s.job(id).WorkflowID, contract.ExportPage.Name))
	s.worker("second")
	s.requireWhole(id, before)
}

// hangWorker stops a worker in mid-write, as a machine that swaps or a paused container does, lets another
// one do its work, and wakes it when the job is long over.
func hangWorker(t *testing.T, g *ground) {
	s := g.stand(t, options{})
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000003")
	first := s.worker("first")
	id := s.start(orderLines)
	hold.Wait(t)
	before := s.awaitFragments(id, 0, 1, 2, 4)
	first.signal(syscall.SIGSTOP)
	second := s.worker("second")
	s.requireWhole(id, before)
	s.requireAgain(id, contract.ExportPage.Name, heartbeat)
	ended := s.job(id)

	// Its write comes now, to a job that has been cleaned up.
	first.signal(syscall.SIGCONT)
	hold.Release()
	eventually(t, "the late write is taken back", func() bool {
		return s.fragments(id)["00000003"] == 2 && len(s.files.Keys(t, contract.JobsPrefix)) == 0
	})
	require.Equal(t, ended, s.job(id))
	require.Equal(t, g.whole, s.download(ended))

	// And it is a worker like any other again.
	second.kill()
	s.requireWhole(s.start(orderLines), nil)
}

// noWorker asks for a job that nobody works on. It shows its last known status, and says so.
func noWorker(t *testing.T, g *ground) {
	s := g.stand(t, options{on: onSQLite})
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/00000003")
	first := s.worker("first")
	id := s.start(orderLines)
	hold.Wait(t)
	before := s.awaitFragments(id, 0, 1, 2, 4)
	first.kill()

	asked := time.Now()
	j := s.job(id)
	t.Logf("seen: an answer after %d ms", time.Since(asked).Milliseconds())
	require.NotNil(t, j.StaleSince)
	require.Equal(t, job.Running, j.State)

	hold = s.files.Hold(http.MethodPut, "artifacts/*")
	s.worker("second")
	j = s.until(id, "the status is fresh again", func(j api.Job) bool { return j.StaleSince == nil })
	require.Equal(t, job.Running, j.State)
	hold.Release()
	s.requireWhole(id, before)
}
