package bench

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// SyncReport is all that a run found of syncs. Times are in seconds, sizes in bytes.
type SyncReport struct {
	Machine    Machine     `json:"machine"`
	Peer       *Peer       `json:"peer,omitempty"`
	Spacings   []SyncRun   `json:"spacings,omitempty"`
	Throughput *Throughput `json:"throughput,omitempty"`
	Many       *Many       `json:"many,omitempty"`
}

// Write writes the report for people, as Markdown.
func (r *SyncReport) Write(w io.Writer) error {
	var b bytes.Buffer
	r.Machine.write(&b)
	if r.Peer != nil {
		r.Peer.write(&b)
	}
	r.writeSpacings(&b)
	if r.Throughput != nil {
		r.Throughput.write(&b)
	}
	if r.Many != nil {
		r.Many.write(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (p *Peer) write(b *bytes.Buffer) {
	first := p.Turns[0].Ours
	fmt.Fprintf(b, "\n%s items of %s at %d in flight and %s, side by side; no less than %.2f s are possible\n\n",
		thousands(first.Items), paceLatency, paceInFlight, paceInterval, p.Ideal)
	t := newTable(b, "contender", "to the last outcome s", "to the end s", "CPU s", "least ms", "mean ms", "closer than 95 ms", "most in flight")
	for _, turn := range p.Turns {
		if theirs := turn.Theirs; theirs != nil {
			t.row(append([]string{"async-await-queue", seconds(theirs.Seconds), "", seconds(theirs.CPU)}, theirs.Seen.cells()...)...)
		}
		ours := turn.Ours
		t.row(append([]string{string(Longhaul), seconds(ours.Outcome), seconds(ours.End), seconds(ours.CPU.total())}, ours.Seen.cells()...)...)
	}
	t.end()
	if p.LeftOut != "" {
		fmt.Fprintf(b, "\nNOT MEASURED: async-await-queue: %s\n", p.LeftOut)
		return
	}
	fmt.Fprintf(b, "\nLonghaul takes %.4f× as long to the last outcome, %.4f× to the end of the job with its workbook (medians; allowed are 1.03×).\n",
		p.Outcome, p.End)
}

// cells are the spacing for a table.
func (s Seen) cells() []string {
	return []string{fmt.Sprintf("%.2f", s.MinSpacing), fmt.Sprintf("%.2f", s.MeanSpacing), fmt.Sprint(s.Closer), fmt.Sprint(s.MostInFlight)}
}

func (r *SyncReport) writeSpacings(b *bytes.Buffer) {
	if r.Spacings == nil {
		return
	}
	fmt.Fprintf(b, "\nTime between two starts, as the partner measures it; %d in flight and %s\n\n", paceInFlight, paceInterval)
	t := newTable(b, "workers", "syncs", "items", "least ms", "mean ms", "closer than 95 ms", "most in flight", "CPU s")
	for _, run := range r.Spacings {
		cells := append([]string{fmt.Sprint(run.Workers), fmt.Sprint(run.Syncs), thousands(run.Items)}, run.Seen.cells()...)
		t.row(append(cells, seconds(run.CPU.total()))...)
	}
	t.end()
}

func (t *Throughput) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n%s items without an interval, %d in flight, a partner of %s\n\n", thousands(t.Runs[0].Items), speedInFlight, speedLatency)
	table := newTable(b, "run", "items/s", "number s", "send s", "report s", "to the end s", "worker CPU s", "API", "Temporal", "partner", "client",
		"worker MB", "most in flight")
	for i, r := range t.Runs {
		table.row(fmt.Sprint(i+1), thousands(int(r.perSecond())), seconds(r.Number), seconds(r.Send), seconds(r.Report), seconds(r.End),
			seconds(r.CPU.Workers), seconds(r.CPU.API), seconds(r.CPU.Temporal), seconds(r.CPU.Partner), seconds(r.CPU.Bench),
			megabytes(r.PeakRSS), fmt.Sprint(r.Seen.MostInFlight))
	}
	table.end()
	fmt.Fprintf(b, "\n%s items a second while they are sent, %s over the whole job (medians). CPU of an item: worker %.0f µs, API %.0f, Temporal %.0f; the partner's %.0f.\n",
		thousands(int(t.PerSecond)), thousands(int(t.WithAll)), t.CPU.Workers, t.CPU.API, t.CPU.Temporal, t.CPU.Partner)
	t.Runs[0].History.write(b)
}

func (h SyncHistory) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "History: %d stretches; %d runs of the execution with %d events at most, %s bytes in all.\n",
		h.Stretches, len(h.Runs), slices.Max(h.Runs), thousands(int(h.Bytes)))
}

func (m *Many) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n%s items, without an interval: what %s of them take\n\n", thousands(m.Run.Items), thousands(m.Each))
	t := newTable(b, "items", "ms", "worker CPU ms", "worker MB")
	row := func(name string, p Piece) {
		t.row(name, fmt.Sprintf("%.0f", 1000*p.Seconds), fmt.Sprintf("%.1f", 1000*p.CPU), megabytes(p.RSS))
	}
	row("the first", m.Pieces[0])
	row("mean of the first tenth", m.Begin)
	row("of the one in the middle", m.Middle)
	row("of the last", m.End)
	row("the last", m.Pieces[len(m.Pieces)-1])
	t.end()
	r := m.Run
	fmt.Fprintf(b, "\nThe last tenth takes %.2f× the time of the first and %.2f× the worker's CPU. The worker's peak is %s MB, %s MB while it writes the workbook.\n",
		m.End.Seconds/m.Begin.Seconds, m.End.CPU/m.Begin.CPU, megabytes(r.PeakRSS), megabytes(m.ReportRSS))
	fmt.Fprintf(b, "%s items/s; numbered in %.2f s, sent in %.2f s, reported in %.2f s. CPU s: worker %.2f, API %.2f, Temporal %.2f, partner %.2f.\n",
		thousands(int(r.perSecond())), r.Number, r.Send, r.Report, r.CPU.Workers, r.CPU.API, r.CPU.Temporal, r.CPU.Partner)
	r.History.write(b)
}
