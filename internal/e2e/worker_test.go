//go:build unix

package e2e

import (
	"net/http"
	"testing"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
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
		{"planning and not told", put("jobs/*/*/plan.json"), nil, contract.PlanExport.Name, onSQLite},
		{"a page", putting("jobs/*/*/00000003"), []int{0, 1, 2, 4}, contract.ExportPage.Name, onMySQL},
		{"a page and not told", put("jobs/*/*/00000003"), all, contract.ExportPage.Name, onMySQL},
		{"the last page", putting("jobs/*/*/00000004"), []int{0, 1, 2, 3}, contract.ExportPage.Name, onSQLite},
		{"assembling", putting("artifacts/*"), all, contract.AssembleExport.Name, onMySQL},
		{"assembling and not told", put("artifacts/*"), all, contract.AssembleExport.Name, onSQLite},
		{"cleaning up", deleting("jobs/*/*/00000002"), all, contract.CleanUpExport.Name, onMySQL},
	} {
		cases = append(cases, fault{"the only worker is killed while " + phase.name, func(t *testing.T, g *ground) {
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
	return cases
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
