package activities

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// delivery is one call until it has come to something: its attempts, and what is known of them.
type delivery struct {
	*stretch
	call  call
	items []dataset.SyncItem
	key   string
	tries []job.Try

	// marked is when it was marked as sent last, and unsent that it was not sent after all.
	marked time.Time
	unsent bool
	// doubt tells that it was sent and may have taken effect.
	doubt bool
	// failed counts the attempts of this time that have to be tried again.
	failed int
}

// Attempts that fail are tried again in the same stretch: soon, because most faults pass, and at most twice a minute. The
// breaker has its own, longer times.
const (
	firstBackoff = 500 * time.Millisecond
	mostBackoff  = 30 * time.Second
)

// deliver makes a call until it has come to something. It tells whether all items of the call have their outcome; else
// they are left for the next time.
func (r *stretch) deliver(c call) (done bool) {
	d := &delivery{stretch: r, call: c, key: keyOf(c), tries: c[0].Tries}
	for _, item := range c {
		d.items = append(d.items, dataset.SyncItem{Key: item.Key, Order: item.Order, Fields: item.Fields})
		d.doubt = d.doubt || item.Sent
	}
	for r.ctx.Err() == nil {
		again, err := d.attempt()
		if err != nil {
			r.fail(err)
			break
		}
		if !again {
			return true
		}
		d.pause()
	}
	d.leave()
	return false
}

// keyOf is the idempotency key of a call: that of its item, or one made of those of all.
func keyOf(c call) string {
	if len(c) == 1 {
		return c[0].IdempotencyKey
	}
	keys := make([]byte, 0, 33*len(c))
	for _, item := range c {
		keys = append(append(keys, item.IdempotencyKey...), '\n')
	}
	return longDigest(keys)
}

// attempt makes the call once. What may have taken effect is looked up first where the partner takes no keys.
func (d *delivery) attempt() (again bool, err error) {
	if d.doubt && !d.kind.Call.Safe && !d.partner.Keyed {
		return d.lookUp()
	}
	out, err := d.kind.Request(d.items)
	if err != nil {
		return false, d.finish(store.SyncOutcome{Outcome: job.ItemFailed, Code: job.ItemInvalid, Message: err.Error()})
	}
	got, made, err := d.do(out, true)
	if err != nil || !made {
		return true, err
	}
	return d.judge(got)
}

// do makes a call when the gate lets it. It is not made where the stretch has come to its end meanwhile.
func (d *delivery) do(out dataset.SyncCall, marks bool) (got partner.Answer, made bool, err error) {
	pass, err := d.partner.Gate.Enter(d.ctx, d.row.JobID)
	var held *pace.Held
	switch {
	case errors.As(err, &held):
		d.hold(held)
		return got, false, nil
	case err != nil && d.ctx.Err() != nil:
		return got, false, nil
	case err != nil:
		return got, false, d.noTurn(err)
	}
	report := pace.Report{Verdict: pace.Unknown}
	defer func() { pass.Done(report) }()
	if marks && !d.astray() {
		if err := d.mark(); err != nil {
			return got, false, err
		}
	}
	if err := pass.Start(d.starts); err != nil {
		if errors.As(err, &held) {
			d.hold(held)
		} else if d.starts.Err() == nil {
			return got, false, d.noTurn(err)
		}
		return got, false, nil
	}
	if d.astray() {
		return got, false, nil
	}
	ctx, cancel := context.WithCancel(pass.Context())
	defer cancel()
	defer context.AfterFunc(d.calls, cancel)()
	d.unsent = false
	got = d.partner.Client.Do(ctx, partner.Request{
		Method: out.Method, Path: out.Path, Header: headerOf(out.Header), Body: out.Body, IdempotencyKey: d.key,
	})
	report = got.Report
	if ctx.Err() != nil && got.Status == 0 {
		d.doubt = d.doubt || got.InDoubt
		return got, false, nil // cut off here, because the worker stops or the database is away: nobody's failure
	}
	if report.Verdict == pace.Answered {
		if d.probe {
			d.rest() // and what was asked is judged all the same
		}
		d.partner.answered.Store(d.now().UnixNano())
	}
	return got, true, nil
}

// noTurn is the failure of a gate, which is mostly that of its database.
func (d *delivery) noTurn(err error) error {
	if errors.Is(err, pace.ErrLeaseLost) || errors.Is(err, pace.ErrClosed) {
		err = &job.Error{Code: job.CodeUnavailable, Message: "the account's places are lost for now", Err: err}
	}
	return fmt.Errorf("ask for a turn at %s: %w", d.kind.Partner, err)
}

func headerOf(plain map[string]string) http.Header {
	header := make(http.Header, len(plain))
	for name, value := range plain {
		header.Set(name, value)
	}
	return header
}

// mark notes that the items are about to be sent: if nothing is heard of them any more, they may have taken effect.
func (d *delivery) mark() error {
	refs := make([]store.SyncRef, len(d.call))
	for i, item := range d.call {
		refs[i] = store.SyncRef{JobID: item.JobID, Position: item.Position}
	}
	at, err := d.marks.add(refs)
	if err != nil {
		return fmt.Errorf("mark item %d as sent: %w", d.call[0].Position, err)
	}
	d.marked, d.unsent = at, true // until it is
	return nil
}

// judge turns an answer into outcomes, or tells to try again.
func (d *delivery) judge(got partner.Answer) (again bool, err error) {
	switch got.Class {
	case partner.Done:
		return d.read(got)
	case partner.Refused:
		if got.Status == http.StatusConflict && d.doubt {
			// An earlier call under this key may still be going on there: if it is given up, it is not refused, but unknown.
			return d.strike(got, job.ItemUnknown, got.Message)
		}
		message := got.Message
		if own := d.kind.Message(got.Body); own != "" {
			message = own
		}
		d.note(got, got.Code, message)
		return false, d.finish(store.SyncOutcome{Outcome: job.ItemFailed, Code: got.Code, Message: message})
	case partner.Denied:
		d.note(got, job.ItemUnauthorised, got.Message)
		d.stop(job.ReasonAuth, fmt.Sprintf("the partner %s does not accept our credentials (HTTP %d): %s", d.kind.Partner, got.Status, got.Message))
		return true, nil
	case partner.Astray:
		d.note(got, job.ItemUnavailable, got.Message)
		d.stop(job.ReasonDownstream, fmt.Sprintf("the partner %s cannot be called: %s", d.kind.Partner, got.Message))
		return true, nil
	case partner.Slower:
		d.note(got, job.ItemUnavailable, got.Message)
		return true, nil // the gate has been told, and makes it wait
	}
	return d.strike(got, got.Code, got.Message)
}

// read takes the outcomes from the answer to a call that was done.
func (d *delivery) read(got partner.Answer) (again bool, err error) {
	answers, err := d.kind.Read(got.Body, len(d.call))
	for _, a := range answers {
		if err == nil {
			err = a.Err
		}
	}
	if err != nil {
		got.InDoubt = true // it was done, or so the status says
		return d.strike(got, job.ItemBadAnswer, err.Error())
	}
	d.note(got, "", "")
	return false, d.succeed(answers)
}

func (d *delivery) succeed(answers []dataset.SyncAnswer) error {
	at := d.now().UTC()
	outcomes := make([]store.SyncOutcome, len(d.call))
	for i, a := range answers {
		outcomes[i] = store.SyncOutcome{Outcome: job.ItemSucceeded, RemoteID: a.RemoteID, Message: a.Message}
		if a.Refused {
			outcomes[i].Outcome, outcomes[i].Code = job.ItemFailed, job.ItemRejected
			continue
		}
		for _, effect := range d.kind.Effects(d.items[i], a, d.seller, at) {
			outcomes[i].Save = append(outcomes[i].Save, store.Statement{SQL: effect.SQL, Args: effect.Args})
		}
	}
	return d.finish(outcomes...)
}

// strike counts an attempt that failed, and gives up on an item that has been tried often enough while its partner did
// its part of others. Where it does its part of none, that is an outage: the breaker opens, and items keep their attempts.
// Only one whose every answer was an internal error is given up even so, after twice as many: it may be what breaks it.
func (d *delivery) strike(got partner.Answer, code job.ItemCode, message string) (again bool, err error) {
	d.note(got, code, message)
	d.doubt = d.doubt || got.InDoubt
	d.failed++
	n, first := strikes(d.tries)
	itself := got.Report.Verdict == pace.Answered || d.partner.answeredSince(first)
	if (n >= d.kind.MaxAttempts && itself) || internalErrors(d.tries) >= 2*d.kind.MaxAttempts {
		return false, d.finish(store.SyncOutcome{Outcome: job.ItemFailed, Code: code, Message: message})
	}
	return true, nil
}

// strikes counts the last attempts that failed and count, those of earlier times included, and tells when the first was.
func strikes(tries []job.Try) (n int, first time.Time) {
	for _, try := range slices.Backward(tries) {
		if try.JobID != "" || try.Code == "" {
			break
		}
		if !try.Held && try.Status != http.StatusTooManyRequests {
			n++
			first = try.At
		}
	}
	return n, first
}

// internalErrors counts the last attempts that were all answered by an internal error.
func internalErrors(tries []job.Try) int {
	n := 0
	for i := len(tries) - 1; i >= 0 && tries[i].Status == http.StatusInternalServerError; i-- {
		n++
	}
	return n
}

// lookUp finds out whether the item took effect.
func (d *delivery) lookUp() (again bool, err error) {
	var out dataset.SyncCall
	found := false
	if len(d.call) == 1 {
		out, found, err = d.kind.LookUp(d.items[0])
	}
	if err != nil || !found {
		return false, d.finish(store.SyncOutcome{
			Outcome: job.ItemFailed, Code: job.ItemUnknown, Message: "sent once, without an answer; the partner takes no idempotency keys, so it is not sent again",
		})
	}
	got, made, err := d.do(out, false)
	if err != nil || !made {
		return true, err
	}
	switch {
	case got.Class == partner.Done:
		answer, err := d.kind.ReadLookUp(got.Body)
		if err == nil {
			err = answer.Err
		}
		if err != nil {
			return d.strike(got, job.ItemBadAnswer, err.Error())
		}
		d.note(got, "", "found by looking it up")
		return false, d.succeed([]dataset.SyncAnswer{answer})
	case got.Status == http.StatusNotFound:
		d.doubt = false
		return true, nil
	}
	return d.judge(got)
}

// note adds an attempt to the list.
func (d *delivery) note(got partner.Answer, code job.ItemCode, message string) {
	d.tries = append(d.tries[:len(d.tries):len(d.tries)], job.Try{
		At: got.At.UTC(), Millis: got.Took.Milliseconds(), Status: got.Status, Code: code, Message: message,
	})
	if over := len(d.tries) - job.MaxTries; over > 0 {
		d.tries = d.tries[over:]
	}
}

// finish records outcomes: one for all items, or one for each.
func (d *delivery) finish(outcomes ...store.SyncOutcome) error {
	all := make([]store.SyncOutcome, len(d.call))
	for i, item := range d.call {
		all[i] = outcomes[min(i, len(outcomes)-1)]
		all[i].SyncRef = store.SyncRef{JobID: item.JobID, Position: item.Position}
		all[i].Tries, all[i].At = d.tries, d.now().UTC()
	}
	tallies, err := d.outcomes.add(all)
	if err != nil {
		return fmt.Errorf("record the outcome of item %d: %w", d.call[0].Position, err)
	}
	d.finished(len(all), tallies[d.row.JobID])
	return nil
}

// leave notes what is known of items that are left for the next time.
func (d *delivery) leave() {
	if d.marked.IsZero() {
		return // nothing has happened
	}
	if d.out() {
		for i := len(d.tries) - 1; i >= 0 && d.failed > 0; i, d.failed = i-1, d.failed-1 {
			d.tries[i].Held = true
		}
	}
	left := make([]store.SyncLeft, len(d.call))
	for i, item := range d.call {
		left[i] = store.SyncLeft{
			SyncRef: store.SyncRef{JobID: item.JobID, Position: item.Position},
			Unsent:  d.unsent, InDoubt: d.doubt, MarkedAt: d.marked, Tries: d.tries,
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), writeWithin)
	defer cancel()
	if err := d.Store.Leave(ctx, left); err != nil {
		d.fail(fmt.Errorf("leave item %d: %w", d.call[0].Position, err))
	}
}

// pause waits before the next attempt, a little longer or shorter than others do.
func (d *delivery) pause() {
	if d.failed == 0 {
		return
	}
	wait := min(firstBackoff<<min(d.failed-1, 10), mostBackoff)
	timer := time.NewTimer(wait/2 + rand.N(wait))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.ctx.Done():
	}
}
