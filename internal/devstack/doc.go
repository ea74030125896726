// Package devstack runs the embedded stack's Temporal: it finds or builds the Temporal CLI, keeps its dev server as a
// child process, and lets other processes find a running `longhaul dev` through its data folder.
//
// The Temporal server is never linked into the binary; it is a program of its own, so that its dependencies, its
// garbage collector and its crashes stay its own.
//
// One data folder serves one stack at a time:
//
//	lock, err := devstack.Lock(dataDir)              // refuses a second `dev`, readably
//	cli, err := devstack.CLI(ctx, devstack.CLIOptions{Out: os.Stderr})
//	server, err := devstack.Start(ctx, devstack.Options{CLI: cli, DBFile: filepath.Join(dataDir, "temporal.db")})
//	err = lock.Publish(devstack.Info{TemporalAddress: server.Address, …})
//	…                                                // devstack.Find(dataDir) answers in any other process
//	lock.Release()
//	server.Stop()
package devstack
