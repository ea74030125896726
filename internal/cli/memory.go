package cli

import (
	"os"
	"runtime/debug"
)

// workerGC is the garbage collector's GOGC in a worker. What a page leaves behind is mostly the slices in which
// the driver hands out its values: 260 MB for a million rows of 12 columns, while 25 MB are alive. At Go's own
// 100 that is a collection for every 25 MB. 150 costs 10 MB of memory and saves 3 % of a worker's CPU; 200 would
// cost 20 MB and save 2 % more, and then a long job's peak is more than a quarter above a short one's.
const workerGC = 150

// tuneMemory sets up the collector for a worker, unless GOGC says otherwise. There is no memory limit of our
// own: one that is right for the kinds of today would have the collector take half of the CPU on the day that
// somebody adds a wide one. In a container, set GOMEMLIMIT a little below the container's.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(workerGC)
	}
}
