//go:build unix

package e2e

import "testing"

// fault is one case.
type fault struct {
	name string
	run  func(t *testing.T, g *ground)
}

// TestFaults runs every case on one ground.
func TestFaults(t *testing.T) {
	g := newGround(t)
	for _, cases := range [][]fault{
		saveWorkerFaults(), saveDatabaseFaults(), saveFileFaults(), saveOperatorFaults(), uploadFaults(),
		workerFaults(), temporalFaults(), databaseFaults(), fileFaults(), startFaults(), operatorFaults(), pageFaults(),
		syncOperatorFaults(), syncDatabaseFaults(), syncPaceFaults(), syncAnswerFaults(), syncPartnerFaults(), syncWorkerFaults(),
	} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, g)
			})
		}
	}
}
