package activities

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// Housekeeping does the deeds that keep the house in order. Each takes a bounded share per run; the
// schedule comes round again.
type Housekeeping struct {
	Store *store.Store
	Blobs *blob.Store
	// Heal brings the row of a job in line with its execution.
	Heal func(ctx context.Context, jobID string) error
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

const (
	// shareOfRows is how many rows one run looks at: a minute's work at 10 ms each.
	shareOfRows = 5000
	// quietFor is how long a running job's row may be silent before its execution is asked; those of
	// jobs in which something moves are written every five seconds.
	quietFor = time.Minute
	// keysFor is how long an Idempotency-Key is remembered: a client that retries after a day has another
	// problem, and by then the job itself can be found by its kind and tenant.
	keysFor = 24 * time.Hour
	// leftFor is how long something nobody knows may lie before it is swept: longer than any job may run,
	// since the database may have been put back to an older state.
	leftFor = 48 * time.Hour
	// savesFor is how long a save's before-images and shown rows are kept: longer than any kind lets it be undone, which
	// a test of the catalogue holds.
	savesFor = 35 * 24 * time.Hour
	// syncsFor is how long the items of a sync can be looked at and tried again.
	syncsFor = 35 * 24 * time.Hour
	// syncsPerRun bounds one run to the items of as many jobs, each of which may have a million.
	syncsPerRun = 20
)

// ExpireArtifacts removes the files whose time is over. The row stays and says so.
func (h *Housekeeping) ExpireArtifacts(ctx context.Context, _ contract.Nothing) (contract.Count, error) {
	var n contract.Count
	refs, err := h.Store.ExpiredArtifacts(ctx, h.now(), shareOfRows)
	if err != nil {
		return n, fmt.Errorf("list expired files: %w", err)
	}
	for _, ref := range refs {
		if err := h.Blobs.Delete(ctx, ref.Key); err != nil {
			return n, fmt.Errorf("remove file of job %s: %w", ref.JobID, err)
		}
		if err := h.Store.MarkArtifactDeleted(ctx, ref.JobID, ref.Name, h.now()); err != nil {
			return n, fmt.Errorf("note removal for job %s: %w", ref.JobID, err)
		}
		n.Count++
	}
	return n, nil
}

// HealJobs asks after the jobs whose rows say that they run but that have been silent.
func (h *Housekeeping) HealJobs(ctx context.Context, _ contract.Nothing) (contract.Count, error) {
	var n contract.Count
	jobs, err := h.Store.RunningJobs(ctx, h.now().Add(-quietFor), shareOfRows)
	if err != nil {
		return n, fmt.Errorf("list silent jobs: %w", err)
	}
	var errs []error
	for _, j := range jobs {
		if err := h.Heal(ctx, j.ID); err != nil {
			errs = append(errs, fmt.Errorf("heal job %s: %w", j.ID, err))
			continue
		}
		n.Count++
	}
	return n, errors.Join(errs...)
}

// SweepBlobs removes what jobs left behind that ended without cleaning up or without telling of their file.
func (h *Housekeeping) SweepBlobs(ctx context.Context, _ contract.Nothing) (contract.Count, error) {
	var n contract.Count
	dirs, err := h.Blobs.ListDirs(ctx, contract.JobsPrefix)
	if err != nil {
		return n, fmt.Errorf("list what jobs keep: %w", err)
	}
	for _, dir := range dirs {
		left, err := h.left(ctx, path.Base(dir), dir)
		if err != nil {
			return n, err
		}
		if !left {
			continue
		}
		if _, err := h.Blobs.DeletePrefix(ctx, dir); err != nil {
			return n, fmt.Errorf("sweep %s: %w", dir, err)
		}
		n.Count++
	}
	if err := h.sweepArtifacts(ctx, &n); err != nil {
		return n, err
	}
	return n, h.sweepUploads(ctx, &n)
}

// sweepUploads removes files that no row tells of: the process that took one died before its row was there, or could
// not remove one that it refused.
func (h *Housekeeping) sweepUploads(ctx context.Context, n *contract.Count) error {
	var old []string
	err := h.Blobs.List(ctx, contract.UploadsPrefix, func(key string, info blob.Info) error {
		if h.now().Sub(info.ModTime) > leftFor && len(old) < shareOfRows {
			old = append(old, key)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list uploads: %w", err)
	}
	for _, key := range old {
		_, err := h.Store.Upload(ctx, strings.TrimPrefix(key, contract.UploadsPrefix))
		switch {
		case err == nil:
			continue // for PruneUploads to remove
		case job.CodeOf(err) != job.CodeNotFound:
			return fmt.Errorf("look up %s: %w", key, err)
		}
		if err := h.Blobs.Delete(ctx, key); err != nil {
			return fmt.Errorf("sweep %s: %w", key, err)
		}
		n.Count++
	}
	return nil
}

// sweepArtifacts removes files that no row offers: the worker died between storing one and telling of it, and
// the job then ended in another way.
func (h *Housekeeping) sweepArtifacts(ctx context.Context, n *contract.Count) error {
	old := map[string][]string{} // keys by job
	err := h.Blobs.List(ctx, contract.ArtifactsPrefix, func(key string, info blob.Info) error {
		if h.now().Sub(info.ModTime) > leftFor && len(old) < shareOfRows {
			name := path.Base(key)
			id := strings.TrimSuffix(name, path.Ext(name))
			old[id] = append(old[id], key)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	for id, keys := range old {
		j, err := h.Store.Job(ctx, id)
		if err != nil && job.CodeOf(err) != job.CodeNotFound {
			return fmt.Errorf("look up job %s: %w", id, err)
		}
		if err == nil && !j.State.Ended() {
			continue
		}
		for _, key := range keys {
			if slices.ContainsFunc(j.Artifacts, func(a job.Artifact) bool { return a.Key == key }) {
				continue // offered, or for ExpireArtifacts to remove
			}
			if err := h.Blobs.Delete(ctx, key); err != nil {
				return fmt.Errorf("sweep %s: %w", key, err)
			}
			n.Count++
		}
	}
	return nil
}

// left tells whether nobody needs the files of a job any more: it ended a while ago, or no row knows it
// and its files are old.
func (h *Housekeeping) left(ctx context.Context, jobID, dir string) (bool, error) {
	j, err := h.Store.Job(ctx, jobID)
	switch {
	case err == nil:
		// The margin keeps clear of an execution that cleans up by itself right now.
		return j.State.Ended() && j.EndedAt != nil && h.now().Sub(*j.EndedAt) > quietFor, nil
	case job.CodeOf(err) != job.CodeNotFound:
		return false, fmt.Errorf("look up job %s: %w", jobID, err)
	}
	var newest time.Time
	err = h.Blobs.List(ctx, dir, func(_ string, info blob.Info) error {
		if info.ModTime.After(newest) {
			newest = info.ModTime
		}
		return nil
	})
	return err == nil && h.now().Sub(newest) > leftFor, err
}

// PruneKeys forgets old Idempotency-Keys.
func (h *Housekeeping) PruneKeys(ctx context.Context, _ contract.Nothing) (contract.Count, error) {
	var n contract.Count
	for n.Count < shareOfRows {
		pruned, err := h.Store.PruneKeys(ctx, h.now().Add(-keysFor), shareOfRows)
		if err != nil {
			return n, fmt.Errorf("forget old keys: %w", err)
		}
		n.Count += int(pruned)
		if pruned == 0 {
			break
		}
	}
	return n, nil
}

// PruneUploads removes the uploads whose time is over.
func (h *Housekeeping) PruneUploads(ctx context.Context, _ contract.Nothing) (contract.Count, error) {
	var n contract.Count
	old, err := h.Store.ExpiredUploads(ctx, h.now(), shareOfRows)
	if err != nil {
		return n, fmt.Errorf("list expired uploads: %w", err)
	}
	for _, u := range old {
		// A job may have asked to keep it since the list was made.
		if now, err := h.Store.Upload(ctx, u.ID); err != nil || now.ExpiresAt.After(h.now()) {
			continue
		}
		// The row goes last: it is what finds the file again if this is cut short.
		if err := h.Blobs.Delete(ctx, u.Key); err != nil {
			return n, fmt.Errorf("remove upload %s: %w", u.ID, err)
		}
		if err := h.Store.DeleteUpload(ctx, u.ID); err != nil {
			return n, fmt.Errorf("forget upload %s: %w", u.ID, err)
		}
		n.Count++
	}
	return n, nil
}

// PruneSaves forgets what was kept to undo saves with, and the rows that were shown of them.
func (h *Housekeeping) PruneSaves(ctx context.Context, _ contract.Nothing) (contract.Count, error) {
	var n contract.Count
	for _, prune := range []func(context.Context, time.Time, int) (int64, error){h.Store.DropImages, h.Store.PruneSaves} {
		for n.Count < shareOfRows {
			pruned, err := prune(ctx, h.now().Add(-savesFor), shareOfRows)
			if err != nil {
				return n, fmt.Errorf("forget old saves: %w", err)
			}
			n.Count += int(pruned)
			if pruned == 0 {
				break
			}
		}
	}
	return n, nil
}

// PruneSyncs forgets the items of old syncs.
func (h *Housekeeping) PruneSyncs(ctx context.Context, _ contract.Nothing) (contract.Count, error) {
	pruned, err := h.Store.PruneSyncs(ctx, h.now().Add(-syncsFor), syncsPerRun)
	if err != nil {
		return contract.Count{Count: int(pruned)}, fmt.Errorf("forget old syncs: %w", err)
	}
	return contract.Count{Count: int(pruned)}, nil
}

func (h *Housekeeping) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}
