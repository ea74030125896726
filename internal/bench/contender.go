package bench

import (
	"bufio"
	"context"
	"encoding/json"
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
// that it is done (or, as JSON, what it has done), and stays until its input ends, so that what it has used can be read.
func Contend(ctx context.Context, role Role, spec Spec, in io.Reader, out io.Writer) error {
	if role == RoleOffsetAPI {
		return serveOffsets(Lifeline(ctx, in), spec, out)
	}
	if role == RolePartner {
		return servePartner(Lifeline(ctx, in), spec, out)
	}
	input := bufio.NewReader(in)
	if role == RoleApplyChunks || role == RoleApplyBare {
		return spec.Profiled(role, func() error { return applyChunks(ctx, role, spec, input, out) })
	}
	told := func(word string) { fmt.Fprintln(out, word) }
	told(wordReady)
	if line, err := input.ReadString('\n'); err != nil || line != wordGo+"\n" {
		return fmt.Errorf("wait for the start: got %q, %w", line, err)
	}
	ctx = Lifeline(ctx, input)
	var answer any = wordDone
	err := spec.Profiled(role, func() (err error) {
		switch role {
		case RolePlain:
			err = plain(ctx, spec)
		case RoleOffset:
			err = offset(ctx, spec, told)
		case RolePlainSave:
			answer, err = plainSave(ctx, spec)
		case RoleReadUpload:
			answer, err = readUpload(ctx, spec.File)
		case RoleReadPlain:
			answer, err = readPlain(spec.File)
		default:
			err = fmt.Errorf("there is no process %q", role)
		}
		return err
	})
	if err != nil {
		return err
	}
	if answer == wordDone {
		told(wordDone)
	} else if err := json.NewEncoder(out).Encode(answer); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
