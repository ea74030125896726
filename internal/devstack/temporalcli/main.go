// Command temporalcli prints the path of a Temporal CLI, building the pinned one first if this machine has none. `make
// test` runs it, so that no test has to compile for five minutes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/longhaul/longhaul/internal/devstack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	path, err := devstack.CLI(ctx, devstack.CLIOptions{Out: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
	fmt.Println(path)
}
