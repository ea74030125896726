package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// applied is what a process that applies chunks tells of a round.
type applied struct {
	Rows    int64     `json:"rows"`
	Tally   job.Tally `json:"tally"`
	Seconds float64   `json:"seconds"`
	// Bytes are those of the before-images that the round wrote, and Again how often a chunk had to be.
	Bytes int64 `json:"bytes,omitempty"`
	Again int64 `json:"again,omitempty"`
}

// ledgerOf begins a round in which what another one has left in the ledger is written once more, and nothing else.
const ledgerOf = "ledger-"

// applyChunks is a process that applies the chunks of one upload in rounds, and is told which.
func applyChunks(ctx context.Context, role Role, spec Spec, in *bufio.Reader, out io.Writer) error {
	chunks, kind, err := chunksOf(ctx, spec)
	if err != nil {
		return err
	}
	a, err := newApplier(ctx, role, spec, kind, chunks)
	if err != nil {
		return err
	}
	defer a.close()
	fmt.Fprintln(out, wordReady)
	for {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wait for a round: %w", err)
		}
		got, err := a.round(ctx, state(strings.TrimSpace(line)), spec.Workers)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(got); err != nil {
			return err
		}
	}
}

// applyChunk is a chunk as both contenders get it: encoded, as it lies in storage.
type applyChunk struct {
	data []byte
	rows int
	// products and orders are the indexes of rows that are the first to name one, in the file or in the chunk.
	products, orders []int
}

// chunksOf reads, checks and cuts an upload as InspectUpload does, before any clock runs.
func chunksOf(ctx context.Context, spec Spec) ([]applyChunk, dataset.BulkSave, error) {
	kinds, err := catalog.New()
	if err != nil {
		return nil, dataset.BulkSave{}, err
	}
	kind, err := kinds.BulkSave(saveKind)
	if err != nil {
		return nil, kind, err
	}
	zone, err := time.LoadLocation(saveZone)
	if err != nil {
		return nil, kind, err
	}
	file, closer, err := openUpload(ctx, spec.File)
	if err != nil {
		return nil, kind, err
	}
	defer closer.Close()
	intake, roll := kind.Intake(ctx, file, retailMapping, nil, zone), kind.NewRoll(false)
	defer intake.Close()
	cut := cutter{kind: kind, order: fieldOf(kind, "order_number"), sku: fieldOf(kind, "sku"), known: map[string]bool{}}
	for intake.Next() {
		row := intake.Row()
		ref := intake.Ref(row.Sheet, row.Number)
		values, errs := intake.Read()
		if len(errs) > 0 {
			roll.Pass(ref, values)
			continue
		}
		if errs := roll.Add(ref, values); len(errs) == 0 {
			cut.add(target.Row{Sheet: row.Sheet, Number: row.Number, Values: values})
		}
	}
	cut.end()
	return cut.chunks, kind, intake.Err()
}

// cutter cuts rows into chunks; an order stays in one.
type cutter struct {
	kind       dataset.BulkSave
	order, sku int // fields
	known      map[string]bool
	rows       []target.Row
	chunks     []applyChunk
}

func (c *cutter) add(row target.Row) {
	n := len(c.rows)
	if n >= c.kind.ChunkRows && row.Values[c.order] != c.rows[n-1].Values[c.order] {
		c.end()
	}
	c.rows = append(c.rows, row)
}

func (c *cutter) end() {
	if len(c.rows) == 0 {
		return
	}
	chunk := applyChunk{rows: len(c.rows), data: target.EncodeRows(c.rows)}
	orders := map[any]bool{}
	for i, row := range c.rows {
		if sku, _ := row.Values[c.sku].(string); !c.known[sku] {
			c.known[sku] = true
			chunk.products = append(chunk.products, i)
		}
		if order := row.Values[c.order]; !orders[order] {
			orders[order] = true
			chunk.orders = append(chunk.orders, i)
		}
	}
	c.chunks = append(c.chunks, chunk)
	c.rows = c.rows[:0]
}

func fieldOf(kind dataset.BulkSave, name string) int {
	for i, f := range kind.Target.Fields {
		if f == name {
			return i
		}
	}
	panic("the kind has no field " + name)
}

// applier applies chunks one way or the other.
type applier struct {
	chunks   []applyChunk
	quantity int // field
	apply    func(ctx context.Context, round state, n int, chunk *applyChunk, rows []target.Row) (job.Tally, error)
	rewrite  func(ctx context.Context, round state) (applied, error) // the ledger; nil without one
	again    atomic.Int64
	closers  []io.Closer
}

func (a *applier) close() {
	for _, c := range a.closers {
		_ = c.Close() // the process ends
	}
}

// round applies all chunks, so many at once.
func (a *applier) round(ctx context.Context, round state, workers int) (applied, error) {
	if of, ok := strings.CutPrefix(string(round), ledgerOf); ok {
		return a.rewrite(ctx, state(of))
	}
	tallies := make([]job.Tally, len(a.chunks))
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan int)
	began := time.Now()
	for range workers {
		group.Go(func() error {
			for n := range next {
				rows, err := target.DecodeRows(a.chunks[n].data)
				if err != nil {
					return err
				}
				if round == stateChanged {
					for i := range rows {
						rows[i].Values[a.quantity] = rows[i].Values[a.quantity].(int64) + 1
					}
				}
				if tallies[n], err = a.apply(ctx, round, n, &a.chunks[n], rows); err != nil {
					return fmt.Errorf("chunk %d: %w", n, err)
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(next)
		for n := range a.chunks {
			select {
			case next <- n:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	err := group.Wait()
	got := applied{Seconds: time.Since(began).Seconds(), Again: a.again.Swap(0)}
	for _, t := range tallies {
		got.Tally.Add(t)
	}
	got.Rows = got.Tally.Rows()
	return got, err
}

func newApplier(ctx context.Context, role Role, spec Spec, kind dataset.BulkSave, chunks []applyChunk) (*applier, error) {
	a := &applier{chunks: chunks, quantity: fieldOf(kind, "quantity")}
	if role == RoleApplyBare {
		bare, err := newBare(ctx, spec, kind, a)
		if bare != nil {
			a.closers = append(a.closers, bare)
		}
		return a, err
	}
	st, err := store.Open(ctx, spec.Database, store.Options{})
	if err != nil {
		return nil, err
	}
	ledger, err := openLedger(spec.Database)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	a.closers = append(a.closers, st, ledger)
	a.rewrite = ledger.rewrite
	a.apply = func(ctx context.Context, round state, n int, _ *applyChunk, rows []target.Row) (job.Tally, error) {
		entry, err := st.ApplyChunk(ctx, store.ChunkWork{
			Key:      store.ChunkKey{JobID: string(round), Plan: "bench", Chunk: n},
			SellerID: spec.SellerID, Target: kind.Target, Rows: rows,
		})
		return entry.Tally, err
	}
	return a, nil
}
