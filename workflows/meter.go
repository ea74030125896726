package workflows

import (
	"time"

	"github.com/longhaul/longhaul/job"
)

// meterSpan is how many finished steps the rate looks back on: enough to even out a slow page, few enough
// to follow a change within seconds.
const meterSpan = 20

// meter derives rate and expected end from the last steps.
type meter struct {
	at   []time.Time
	rows []int64
}

// add notes that done rows were finished in all at an instant, and brings the progress up to date.
func (m *meter) add(p *job.Progress, done int64, now time.Time) {
	m.at, m.rows = append(m.at, now), append(m.rows, done)
	if len(m.at) > meterSpan {
		m.at, m.rows = m.at[1:], m.rows[1:]
	}
	span := now.Sub(m.at[0]).Seconds()
	if span <= 0 {
		return
	}
	p.Rate = float64(done-m.rows[0]) / span
	p.ETA = nil
	if left := p.RowsTotal - done; left > 0 && p.Rate > 0 {
		eta := now.Add(time.Duration(float64(left) / p.Rate * float64(time.Second)))
		p.ETA = &eta
	}
}

// reset forgets what was, after a pause for example.
func (m *meter) reset() { m.at, m.rows = nil, nil }
