package devstack

import (
	"io"
	"os"
	"sync/atomic"
	"time"
)

// How often progress is shown: a terminal's line twice a second, so that it looks alive; a log (CI) now and then, so
// that it shows life without filling up.
const (
	terminalEvery = 500 * time.Millisecond
	logEvery      = 20 * time.Second
)

// meter shows how far a build is.
type meter struct {
	out      io.Writer
	terminal bool
	total    int
	started  time.Time
	done     atomic.Int64
	quit     chan struct{}
	ended    chan struct{}
}

func startMeter(out io.Writer, total int) *meter {
	m := &meter{out: out, terminal: isTerminal(out), total: total, started: time.Now(),
		quit: make(chan struct{}), ended: make(chan struct{})}
	go m.run()
	return m
}

// add counts a package.
func (m *meter) add() { m.done.Add(1) }

// stop shows the last state and returns when nothing more is written.
func (m *meter) stop() {
	close(m.quit)
	<-m.ended
}

func (m *meter) run() {
	defer close(m.ended)
	every := logEvery
	if m.terminal {
		every = terminalEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.show()
		case <-m.quit:
			m.show()
			if m.terminal {
				say(m.out, "\n")
			}
			return
		}
	}
}

func (m *meter) show() {
	done := int(m.done.Load())
	doing := "compiling"
	if done >= m.total {
		done, doing = m.total, "linking" // shown until the end: the linker takes its ten seconds in silence
	}
	start, end := "  ", "\n"
	if m.terminal {
		start, end = "\r  ", "\x1b[K" // erase what a longer line left
	}
	say(m.out, "%s%s: %d of %d packages, %s%s", start, doing, done, m.total,
		time.Since(m.started).Round(time.Second), end)
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
