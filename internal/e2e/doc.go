// Package e2e tests the whole program: real processes, a real Temporal server, real databases, and an S3
// server that can be told to misbehave. Each test breaks one part at a moment of its choice and then holds
// the job's end against that of a run that nothing disturbed. docs/faults.md tells what was seen.
//
// Nothing here waits for time to pass. A test stops a request on its way (to the files, the database or
// Temporal), breaks what it wants to break at that moment, and polls for what must follow.
package e2e
