package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/longhaul/longhaul/job"
)

// lookEvery is how often a watched job is asked: often enough for a bar to move smoothly, and cheap at
// 10 ms an answer.
const lookEvery = 200 * time.Millisecond

// watch shows a job's progress until it ends or its dry run waits to be resumed, and returns it as it stands then.
func (s *invocation) watch(p *parts, id string) (job.Job, error) {
	show := s.display()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		j, err := p.starter.Job(s, id)
		if err != nil && job.CodeOf(err) != job.CodeUnavailable {
			return j, err
		}
		if err == nil {
			show(j)
			if j.State.Ended() || held(j) {
				return j, nil
			}
		}
		select {
		case <-s.Done():
			return j, fmt.Errorf("stopped watching; the job goes on: %w", s.Err())
		case <-tick.C:
		}
	}
}

// display shows progress: a bar on a terminal, a line for each phase elsewhere, nothing with --json.
func (s *invocation) display() func(job.Job) {
	file, ok := s.err.(*os.File)
	switch {
	case s.json:
		return func(job.Job) {}
	case ok && term.IsTerminal(int(file.Fd())):
		return s.bar()
	}
	var last string
	return func(j job.Job) {
		if line := fmt.Sprintf("%s: %s", j.State, j.Progress.Phase); line != last {
			last = line
			fmt.Fprintf(s.err, "%s (%d of %d rows)\n", line, j.Progress.RowsDone, j.Progress.RowsTotal)
		}
	}
}

func (s *invocation) bar() func(job.Job) {
	var bar *progressbar.ProgressBar
	return func(j job.Job) {
		p := j.Progress
		if p.RowsTotal == 0 {
			return // planning takes a moment
		}
		if bar == nil {
			bar = progressbar.NewOptions64(p.RowsTotal,
				progressbar.OptionSetWriter(s.err), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
				progressbar.OptionSetItsString("rows"), progressbar.OptionSetWidth(32),
				progressbar.OptionSetPredictTime(true), progressbar.OptionOnCompletion(func() { fmt.Fprintln(s.err) }))
		}
		words := fmt.Sprintf("%-10s", p.Phase)
		if j.State != job.Running {
			words = fmt.Sprintf("%-10s", j.State)
		}
		bar.Describe(words)
		done := p.RowsDone
		if !j.State.Ended() {
			done = min(done, p.RowsTotal-1) // the bar ends with the job, not with its last page
		}
		_ = bar.Set64(min(done, p.RowsTotal))
		if j.State.Ended() || held(j) {
			_ = bar.Finish()
		}
	}
}
