package bench

import (
	"context"
	"errors"
	"time"

	"github.com/longhaul/longhaul/job"
)

// Many is what items cost over a long sync, from the first to the last.
type Many struct {
	Run SyncRun `json:"run"`
	// Each is how many items a piece has: a hundredth of all.
	Each   int     `json:"each"`
	Pieces []Piece `json:"pieces"`
	// Begin, Middle and End are the means of the first ten, the ten in the middle and the last ten pieces.
	Begin  Piece `json:"begin"`
	Middle Piece `json:"middle"`
	End    Piece `json:"end"`
	// ReportRSS is the most that the worker took from when all items had their outcome to the end, bytes.
	ReportRSS int64 `json:"report_rss"`
}

// Piece is what a number of items that follow one another took.
type Piece struct {
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"` // of the worker, seconds
	RSS     int64   `json:"rss"` // of the worker at its end, bytes
}

const (
	manyPieces = 100
	// sampleEvery is a fifth of what a thousand items take at some thousand a second. A sample is one read of a row.
	sampleEvery = 50 * time.Millisecond
)

// moment is what is read of a sync under way.
type moment struct {
	at    time.Time
	items int64 // that have their outcome
	cpu   time.Duration
	rss   int64
}

// many sends many items as fast as it goes, and follows the worker meanwhile.
func (b *syncBench) many(ctx context.Context, items int) error {
	s, err := b.openStand(ctx, standOptions{pacing: atSpeed, items: items, tenants: 1, workers: 1, accounts: 1})
	if err != nil {
		return err
	}
	defer s.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var moments []moment
	var watchErr error
	watched := make(chan struct{})
	run, err := s.run(ctx, func(j answer) error {
		go func() {
			defer close(watched)
			moments, watchErr = s.watch(ctx, j)
		}()
		return nil
	})
	if err != nil {
		return err
	}
	stop()
	<-watched
	if watchErr != nil {
		return watchErr
	}
	m, err := newMany(run, moments)
	if err != nil {
		return err
	}
	b.logf("many: %.0f items/s, peak %d MB; %.1f ms of the worker's CPU for %d of the first items, %.1f ms for as many of the last",
		run.perSecond(), run.PeakRSS>>20, 1000*m.Begin.CPU, m.Each, 1000*m.End.CPU)
	b.report.Many = m
	return nil
}

// watch reads how far a sync is, and what its worker has used, until ctx ends.
func (s *stand) watch(ctx context.Context, j answer) (moments []moment, err error) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		row, err := s.store.Sync(context.WithoutCancel(ctx), j.ID)
		if err != nil && job.CodeOf(err) != job.CodeNotFound { // it has not registered itself yet
			return moments, err
		}
		used := usageOf(s.system.worker.pid())
		moments = append(moments, moment{time.Now(), row.Tally.Items(), used.cpu, used.rss})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return moments, nil
		}
	}
}

// newMany cuts the run into pieces.
func newMany(run SyncRun, moments []moment) (*Many, error) {
	m := &Many{Run: run, Each: max(1, run.Items/manyPieces)}
	first := 0
	for first < len(moments)-1 && moments[first+1].items == 0 { // while items are numbered
		first++
	}
	last := moments[first]
	for done := m.Each; done <= run.Items; done += m.Each {
		at, found := momentOf(moments[first:], int64(done))
		if !found {
			return nil, errors.New("the sync was not followed to its end")
		}
		m.Pieces = append(m.Pieces, Piece{at.at.Sub(last.at).Seconds(), (at.cpu - last.cpu).Seconds(), at.rss})
		last = at
	}
	tenth := max(1, len(m.Pieces)/10)
	middle := (len(m.Pieces) - tenth) / 2
	m.Begin, m.Middle, m.End = mean(m.Pieces[:tenth]), mean(m.Pieces[middle:middle+tenth]), mean(m.Pieces[len(m.Pieces)-tenth:])
	for _, at := range moments {
		if at.items == int64(run.Items) {
			m.ReportRSS = max(m.ReportRSS, at.rss)
		}
	}
	return m, nil
}

// momentOf is when so many items had their outcome: between the two moments that have fewer and more.
func momentOf(moments []moment, items int64) (moment, bool) {
	for i, after := range moments {
		if after.items < items {
			continue
		}
		if i == 0 || after.items == items {
			return after, true
		}
		before := moments[i-1]
		share := float64(items-before.items) / float64(after.items-before.items)
		between := func(a, b time.Duration) time.Duration { return a + time.Duration(share*float64(b-a)) }
		return moment{
			before.at.Add(between(0, after.at.Sub(before.at))), items, between(before.cpu, after.cpu), after.rss,
		}, true
	}
	return moment{}, false
}

// mean is that of time and CPU; memory is that at the end.
func mean(pieces []Piece) Piece {
	var p Piece
	for _, each := range pieces {
		p.Seconds += each.Seconds / float64(len(pieces))
		p.CPU += each.CPU / float64(len(pieces))
		p.RSS = each.RSS
	}
	return p
}
