package pace

import (
	"context"
	"slices"
	"time"
)

// waiter is a call that waits in [Gate.Enter].
type waiter struct {
	ctx context.Context
	job string
	// held is since when the partner is the cause; zero: it is not.
	held time.Time
	done chan entry // takes one
}

// entry is what a waiter is given.
type entry struct {
	pass *Pass
	err  error
}

// queue serves jobs in turn, and the calls of one job as they came: a job of a million items does not stand in the way
// of one of ten.
type queue struct {
	jobs  []string
	byJob map[string][]*waiter
	count int
}

func (q *queue) add(w *waiter) {
	if q.byJob == nil {
		q.byJob = make(map[string][]*waiter)
	}
	if len(q.byJob[w.job]) == 0 {
		q.jobs = append(q.jobs, w.job)
	}
	q.byJob[w.job] = append(q.byJob[w.job], w)
	q.count++
}

// next takes the next one out; nil: nobody waits.
func (q *queue) next() *waiter {
	if q.count == 0 {
		return nil
	}
	job := q.jobs[0]
	q.jobs = q.jobs[1:]
	w := q.byJob[job][0]
	q.put(job, q.byJob[job][1:])
	if len(q.byJob[job]) > 0 {
		q.jobs = append(q.jobs, job)
	}
	q.count--
	return w
}

// remove takes w out; it tells false where w has been served already.
func (q *queue) remove(w *waiter) bool {
	i := slices.Index(q.byJob[w.job], w)
	if i < 0 {
		return false
	}
	q.put(w.job, slices.Delete(q.byJob[w.job], i, i+1))
	if len(q.byJob[w.job]) == 0 {
		q.jobs = slices.DeleteFunc(q.jobs, func(job string) bool { return job == w.job })
	}
	q.count--
	return true
}

func (q *queue) put(job string, waiters []*waiter) {
	if len(waiters) == 0 {
		delete(q.byJob, job)
		return
	}
	q.byJob[job] = waiters
}

// takeIf takes out all that fn chooses.
func (q *queue) takeIf(fn func(*waiter) bool) []*waiter {
	var taken []*waiter
	for _, waiters := range q.byJob {
		for _, w := range waiters {
			if fn(w) {
				taken = append(taken, w)
			}
		}
	}
	for _, w := range taken {
		q.remove(w)
	}
	return taken
}
