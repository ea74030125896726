// Package testenv gives tests the real parts they run against: databases, and later whole stacks. A part
// that this machine lacks skips the test by name, so that a plain `go test ./...` works anywhere; where CI
// is set it fails instead, so that nothing is skipped unseen.
package testenv

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Require gives the path of the first of several names of a program that is installed, on PATH or in
// sbin. With none of them the test is skipped, or fails where CI=true.
func Require(tb testing.TB, names ...string) string {
	tb.Helper()
	for _, name := range names {
		for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
			if path, err := exec.LookPath(candidate); err == nil {
				return path
			}
		}
	}
	Missing(tb, strings.Join(names, " or "), "it is not installed")
	return ""
}

// Missing skips the test for want of a part, or fails it where CI=true.
func Missing(tb testing.TB, part, why string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("this test needs %s: %s (with CI=true nothing is skipped)", part, why)
	}
	tb.Skipf("SKIPPED for want of %s: %s", part, why)
}
