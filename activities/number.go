package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

const (
	// itemsPerWrite is how many items are written at a time: a second's work lost at most, and a few MB of memory.
	itemsPerWrite = 2_000
	// maxSyncItems is what one job takes on: a partner that takes ten a second is busy with as many for a month.
	maxSyncItems = 20_000_000
)

// Number gives every item its place, in the order given, and writes all of them down. Items of one ordering key go into
// one stretch. What cannot be sent has its outcome from the start.
func (s *Sync) Number(ctx context.Context, in contract.SyncRequest) (contract.SyncPlan, error) {
	kind, err := s.Kinds.Sync(in.Request.Kind)
	if err != nil {
		return contract.SyncPlan{}, err
	}
	plan := contract.SyncPlan{Partner: kind.Partner}
	row, err := s.Store.Sync(ctx, in.JobID)
	if err != nil {
		return plan, err
	}
	seller, err := s.Store.Seller(ctx, in.Request.Tenant)
	if err != nil {
		return plan, err
	}
	var sent job.Upload
	if row.UploadID != "" {
		if sent, err = s.Store.Upload(ctx, row.UploadID); err != nil {
			return plan, err
		}
		plan.Upload = sent.Name
	}
	if !row.Numbered {
		if err := s.Store.ClearSync(ctx, in.JobID); err != nil {
			return plan, fmt.Errorf("clear items of job %s: %w", in.JobID, err)
		}
		n := numbering{Sync: s, jobID: in.JobID, kind: kind, request: in.Request, sent: sent, seller: seller, stretchOf: map[uint64]int32{}, seed: maphash.MakeSeed()}
		if err := n.run(ctx); err != nil {
			return plan, fmt.Errorf("number items: %w", err)
		}
		if row, err = s.Store.Sync(ctx, in.JobID); err != nil {
			return plan, err
		}
	}
	plan.Items, plan.Stretches, plan.Tally = row.Items, row.Stretches, row.Tally
	return plan, nil
}

// numbering is the numbering of one sync's items.
type numbering struct {
	*Sync
	jobID   string
	kind    dataset.Sync
	request contract.SyncInput
	sent    job.Upload // that the items come from, if they do
	seller  store.Seller

	items []store.SyncItem // that are not written yet
	count int64
	tally job.SyncTally

	// doubts are the keys of items of earlier jobs that may have taken effect, by a digest of what was sent.
	doubts map[string]string

	stretches int
	size      int // of the stretch at hand
	// stretchOf is by a hash of the ordering key, to keep millions: two that meet share a stretch, which does no harm.
	stretchOf map[uint64]int32
	seed      maphash.Seed
}

func (n *numbering) run(ctx context.Context) error {
	err := n.readDoubts(ctx)
	switch {
	case err != nil:
	case n.request.Retry != nil:
		err = n.fromJob(ctx, *n.request.Retry)
	case n.request.Upload != "":
		err = n.fromUpload(ctx)
	default:
		err = n.fromDatabase(ctx)
	}
	if err == nil {
		err = n.write(ctx)
	}
	if err != nil {
		return err
	}
	return n.Store.SealSync(ctx, n.jobID, n.count, n.stretches, n.tally)
}

// readDoubts reads what is not known of earlier jobs. What may have been done already is asked for again under its old key,
// whoever asks: a job that starts anew, by a schedule perhaps, is no reason to do it twice.
func (n *numbering) readDoubts(ctx context.Context) error {
	n.doubts = map[string]string{}
	return n.Store.DoubtfulItems(ctx, n.request.Tenant, n.request.Kind, n.jobID, inDoubt, func(item store.SyncItem) error {
		n.doubts[contentOf(item.Key, item.Fields)] = item.IdempotencyKey
		return nil
	})
}

// contentOf is a digest of what is sent of an item. One that has changed is another: under the old key it would be refused.
func contentOf(key string, fields map[string]string) string {
	doc, err := json.Marshal([]any{key, fields})
	if err != nil {
		panic(fmt.Sprintf("marshal texts: %v", err)) // cannot fail
	}
	return longDigest(doc)
}

// fromDatabase numbers the items that the filters choose, in the order of the kind's key.
func (n *numbering) fromDatabase(ctx context.Context) error {
	selection, err := n.kind.Select(n.request.Filters, n.seller.Zone)
	if err != nil {
		return err
	}
	highWater := int64(0)
	most := selection.MaxKey(n.seller.ID)
	err = n.Store.Stream(ctx, most.SQL, most.Args, func(cells [][]byte) (err error) {
		highWater, err = strconv.ParseInt(string(cells[0]), 10, 64)
		return err
	})
	for after, more := int64(minKey), err == nil; more; {
		rows := 0
		page := selection.Page(n.seller.ID, after, highWater, itemsPerWrite)
		err = n.Store.Stream(ctx, page.SQL, page.Args, func(cells [][]byte) error {
			rows++
			key, item, err := selection.Item(cells)
			if err != nil {
				return err
			}
			after = key
			return n.add(ctx, item, nil, store.SyncItem{})
		})
		more = err == nil && rows == itemsPerWrite
	}
	return err
}

// fromUpload numbers the rows of an upload, in its order.
func (n *numbering) fromUpload(ctx context.Context) error {
	sent := n.sent
	if sent.Tenant != n.request.Tenant || sent.Kind != n.request.Kind {
		return job.Errorf(job.CodeInvalid, "the upload is for %s of another kind or tenant", sent.Kind)
	}
	remembered, err := n.Store.Mapping(ctx, n.request.Tenant, n.request.Kind)
	if err != nil {
		return err
	}
	file, closer, err := openUpload(ctx, n.Blobs, n.Limits, sent.Key, sent.Name, sent.Size)
	if err != nil {
		return err
	}
	defer closer.Close()
	intake := n.kind.Rows().Intake(ctx, file, n.request.Mapping, remembered, n.seller.Zone)
	defer intake.Close()
	roll := n.kind.NewRoll()
	for intake.Next() {
		row := intake.Row()
		ref := intake.Ref(row.Sheet, row.Number)
		values, errs := intake.Read()
		item := n.kind.Item(values, errs)
		if len(errs) == 0 {
			item.Errors = roll.Add(ref, item)
			intake.Locate(item.Errors)
		}
		if err := n.add(ctx, item, &ref, store.SyncItem{}); err != nil {
			return err
		}
	}
	return intake.Err()
}

// fromJob numbers items of an earlier job that shall be tried again.
func (n *numbering) fromJob(ctx context.Context, retry contract.SyncRetry) error {
	before, err := n.Store.Sync(ctx, retry.JobID)
	if err != nil {
		return err
	}
	if before.Tenant != n.request.Tenant || before.Kind != n.request.Kind {
		return job.Errorf(job.CodeInvalid, "the job to retry is of another kind or tenant")
	}
	selection := store.SyncSelection{Outcome: retry.Outcome, Codes: retry.Codes, Positions: retry.Positions}
	return n.Store.RetryItems(ctx, retry.JobID, selection, func(old store.SyncItem) error {
		item := dataset.SyncItem{Key: old.Key, Order: old.Order, Fields: old.Fields}
		if old.Code == job.ItemInvalid {
			item.Errors = old.Errors
		}
		var ref *job.RowRef
		if old.Row > 0 {
			ref = &job.RowRef{Sheet: old.Sheet, Row: old.Row}
		}
		again := store.SyncItem{Attempts: old.Attempts, Tries: old.Tries, Sent: mayHaveTakenEffect(old)}
		for i := range again.Tries {
			if again.Tries[i].JobID == "" {
				again.Tries[i].JobID = retry.JobID
			}
		}
		if again.Sent {
			again.IdempotencyKey = old.IdempotencyKey
			// Somebody who names single items has looked after them: they are sent, also where the partner takes no keys.
			again.Sent = len(retry.Positions) == 0
		}
		return n.add(ctx, item, ref, again)
	})
}

// inDoubt are the codes of items that did not succeed and were perhaps done by the partner.
var inDoubt = []job.ItemCode{job.ItemUnknown, job.ItemUnavailable, job.ItemTimedOut, job.ItemBadAnswer, job.ItemNotSaved}

// mayHaveTakenEffect tells whether an item that did not succeed was perhaps done by the partner: then it is asked again
// under its old key. One that was refused gets a new key, because partners remember what they answered to an old one.
func mayHaveTakenEffect(item store.SyncItem) bool {
	return item.Sent || slices.Contains(inDoubt, item.Code)
}

// add numbers an item.
func (n *numbering) add(ctx context.Context, item dataset.SyncItem, ref *job.RowRef, out store.SyncItem) error {
	if n.count++; n.count > maxSyncItems {
		return job.Errorf(job.CodeTooLarge, "there are more than %d items: narrow the filters", maxSyncItems)
	}
	out.JobID, out.Position = n.jobID, n.count
	out.Key, out.Order, out.Fields = item.Key, item.Order, item.Fields
	if len(n.doubts) > 0 && out.IdempotencyKey == "" {
		out.IdempotencyKey = n.doubts[contentOf(item.Key, item.Fields)]
		out.Sent = out.IdempotencyKey != ""
	}
	if out.IdempotencyKey == "" {
		out.IdempotencyKey = longDigest(fmt.Appendf(nil, "%s/%d", n.jobID, n.count))
	}
	if ref != nil {
		out.Sheet, out.Row = ref.Sheet, ref.Row
	}
	if len(item.Errors) > 0 {
		out.Outcome, out.Code, out.Errors = job.ItemFailed, job.ItemInvalid, item.Errors
		n.tally.Count(out.Outcome, out.Code, 1)
		at := n.now().UTC()
		out.DoneAt = &at
	} else {
		out.Stretch = n.place(out.Order)
	}
	n.items = append(n.items, out)
	if len(n.items) < itemsPerWrite {
		return nil
	}
	return n.write(ctx)
}

// place is the stretch of the next item: the one at hand, unless an item with its ordering key lies in another.
func (n *numbering) place(order string) int {
	hash := maphash.String(n.seed, order)
	if order != "" {
		if stretch, found := n.stretchOf[hash]; found {
			if int(stretch) == n.stretches-1 {
				n.size++
			}
			return int(stretch)
		}
	}
	if n.stretches == 0 || n.size >= n.kind.StretchItems {
		n.stretches++
		n.size = 0
	}
	n.size++
	if order != "" {
		n.stretchOf[hash] = int32(n.stretches - 1)
	}
	return n.stretches - 1
}

func (n *numbering) write(ctx context.Context) error {
	if err := n.Store.AddSyncItems(ctx, n.items); err != nil {
		return fmt.Errorf("write items up to %d: %w", n.count, err)
	}
	n.items = n.items[:0]
	return ctx.Err()
}
