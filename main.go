// Longhaul carries a back office's heavy work: exports of any size, as durable Temporal workflows.
package main

import (
	"os"
	_ "time/tzdata" // tenants have time zones, and slim images have no zone files

	"github.com/longhaul/longhaul/internal/cli"
)

// version is set by the linker.
var version = "dev"

func main() {
	os.Exit(cli.Main(version, os.Args[1:], os.Stdout, os.Stderr))
}
