//go:build unix

package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/longhaul/longhaul/internal/testenv"
)

// inParallel is how many cases run at once. They wait for Temporal to notice a dead worker most of the time,
// so there are more of them than CPUs.
const inParallel = 6

func TestMain(m *testing.M) {
	if os.Getenv(beWorker) != "" {
		os.Exit(runKindsWorker())
	}
	flag.Parse()
	if chosen := flag.Lookup("test.parallel"); chosen.Value.String() == chosen.DefValue {
		if err := chosen.Value.Set(fmt.Sprint(inParallel)); err != nil {
			panic(err)
		}
	}
	testenv.Main(m)
}
