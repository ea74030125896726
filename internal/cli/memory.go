package cli

import (
	"os"
	"runtime/debug"
)

// workerGC is the garbage collector's GOGC in a worker. Most of what a page leaves behind are the slices in
// which the driver hands out a row's values, 260 MB for a million rows of 12 columns, while some 15 MB are
// alive. With Go's own 100 that is a collection every 15 MB; with 200 there are half as many, which saves a
// worker a tenth of its CPU and costs it 20 MB. 400 saves a further twentieth and costs 40 MB more.
const workerGC = 200

// tuneMemory sets up the collector for a worker, unless GOGC says otherwise. There is no memory limit of our
// own: one that is right for the kinds of today would have the collector take half of the CPU on the day that
// somebody adds a wide one. In a container, set GOMEMLIMIT a little below the container's.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(workerGC)
	}
}
