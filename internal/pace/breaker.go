package pace

import "time"

// breaker holds back calls to a partner that is out. It opens after so many outages in a row, whoever saw them; from
// then on one call at a time is let through as a probe, and the first answer of any call closes it.
type breaker struct {
	// Fails counts the outages in a row while it is closed, and the failed probes while it is open.
	Fails int `json:"fails,omitempty"`
	// Since is when it opened; 0: it is closed.
	Since moment `json:"since,omitempty"`
	// ProbeAt is when it may be probed next, or when to ask again while a probe is on its way.
	ProbeAt moment `json:"probe_at,omitempty"`
	Probe   probe  `json:"probe,omitzero"`
	// Closed is when it closed last. Calls that started before tell of the outage that is over.
	Closed moment `json:"closed,omitempty"`
}

// probe is the call that tries whether the partner is back; its start is 0 while there is none.
type probe struct {
	Holder string `json:"holder,omitempty"`
	At     moment `json:"at,omitempty"`
}

const (
	// failsToOpen in a row do not come from a partner that fails one call in five (once in ten million calls), and are
	// seen within seconds at the usual pace.
	failsToOpen = 10
	// probeFirst and probeMost bound the time between probes, which doubles: a restart is over in seconds, and a partner
	// that is down for hours is not to be met by more than a call a minute when it rises.
	probeFirst = 5 * time.Second
	probeMost  = time.Minute
)

func (b *breaker) open() bool { return b.Since != 0 }

// delay is the time from one probe to the next.
func (b *breaker) delay() time.Duration { return backOff(probeFirst, probeMost, b.Fails) }

// hear takes in what came of a call of a process.
func (b *breaker) hear(now moment, holder string, h heard) {
	probing := b.Probe.At != 0 && b.Probe == probe{holder, h.at}
	switch h.report.Verdict {
	case Answered, Throttled:
		if b.open() {
			*b = breaker{Closed: now}
		}
		b.Fails = 0
	case Out:
		switch {
		case probing:
			b.Fails++
			b.Probe, b.ProbeAt = probe{}, now.add(b.delay())
		case b.open() || h.at <= b.Closed:
			// It was on its way when others found out.
		default:
			if b.Fails++; b.Fails >= failsToOpen {
				*b = breaker{Since: now, ProbeAt: now.add(probeFirst), Closed: b.Closed}
			}
		}
	default:
		if probing {
			b.freeProbe(now)
		}
	}
}

// freeProbe lets another call probe at once: the one that was to has told nothing.
func (b *breaker) freeProbe(now moment) { b.Probe, b.ProbeAt = probe{}, now }

// backOff doubles a time n times, up to a bound.
func backOff(first, most time.Duration, n int) time.Duration {
	d := first
	for ; n > 0 && d < most; n-- {
		d *= 2
	}
	return min(d, most)
}
