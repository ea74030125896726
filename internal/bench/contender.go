package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
)

// What a contender's process says, a line each.
const (
	wordReady     = "ready"
	phasePages    = "pages"    // the old way has its pages
	phaseRepeated = "repeated" // and as many rows as it is to have
	wordDone      = "done"
)

// wordGo is what it is told when its time begins.
const wordGo = "go"

// Contend is a contender's process: it says that it is ready, waits to be told to go, does its work, says
// that it is done, and stays until its input ends, so that what it has used can be read.
func Contend(ctx context.Context, role Role, spec Spec, in io.Reader, out io.Writer) error {
	if role == RoleOffsetAPI {
		return serveOffsets(Lifeline(ctx, in), spec, out)
	}
	told := func(word string) { fmt.Fprintln(out, word) }
	told(wordReady)
	input := bufio.NewReader(in)
	if line, err := input.ReadString('\n'); err != nil || line != wordGo+"\n" {
		return fmt.Errorf("wait for the start: got %q, %w", line, err)
	}
	ctx = Lifeline(ctx, input)
	err := spec.Profiled(role, func() error {
		if role == RolePlain {
			return plain(ctx, spec)
		}
		return offset(ctx, spec, told)
	})
	if err != nil {
		return err
	}
	told(wordDone)
	<-ctx.Done()
	return nil
}
