package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a process has used so far. All are zero where there is no /proc.
type usage struct {
	cpu  time.Duration
	peak int64 // bytes of resident memory at its highest
	rss  int64 // and now
}

// tick is the unit of CPU time in /proc, whatever the kernel's own clock is.
const tick = 10 * time.Millisecond

// usageOf reads what a running process has used.
//
// Its highest resident memory is VmHWM, that of the program image: the figure that wait4 hands out with the
// exit status (ru_maxrss) also counts the moment before exec, when the child of a Go program still is its
// parent, and so is never below the parent's own.
func usageOf(pid int) usage {
	var u usage
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		u.cpu = cpuOf(stat)
	}
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
		u.peak, u.rss = kilobytesOf(status, "VmHWM:")<<10, kilobytesOf(status, "VmRSS:")<<10
	}
	return u
}

// cpuOf reads utime and stime, the 14th and 15th field; the second, the program's name in parentheses, may
// itself have spaces and parentheses in it.
func cpuOf(stat []byte) time.Duration {
	after := bytes.LastIndexByte(stat, ')')
	fields := bytes.Fields(stat[after+1:])
	if after < 0 || len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * tick
}

func kilobytesOf(status []byte, name string) int64 {
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, name); found {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kb
		}
	}
	return 0
}

// meter reads a set of processes from one moment to another.
type meter struct {
	pids  map[string]int
	start map[string]usage
}

func newMeter(pids map[string]int) *meter {
	m := &meter{pids: pids, start: map[string]usage{}}
	for name, pid := range pids {
		m.start[name] = usageOf(pid)
	}
	return m
}

// read tells the CPU time of each since the start of the meter, and its peak memory since its own start.
func (m *meter) read() map[string]usage {
	got := map[string]usage{}
	for name, pid := range m.pids {
		u := usageOf(pid)
		u.cpu -= m.start[name].cpu
		got[name] = u
	}
	return got
}
