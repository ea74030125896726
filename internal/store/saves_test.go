package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func aSave(jobID string, n int) store.SaveRow {
	return store.SaveRow{
		JobID: jobID, Tenant: "acme", Kind: "orders", UploadID: "upload-" + jobID, SHA256: strings.Repeat("ab", 32), CreatedAt: at(n),
	}
}

func TestSaveIsRegisteredOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		_, err := s.Save(t.Context(), "a")
		requireCode(t, job.CodeNotFound, err)
		r := aSave("a", 0)
		require.NoError(t, s.RegisterSave(t.Context(), r))
		again := aSave("a", 5)
		again.UploadID = "another"
		require.NoError(t, s.RegisterSave(t.Context(), again))
		read, err := s.Save(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, r, read)

		undo := store.SaveRow{JobID: "u", Tenant: "acme", Kind: "orders", Undoes: "a", CreatedAt: at(6)}
		require.NoError(t, s.RegisterSave(t.Context(), undo))
		read, err = s.Save(t.Context(), "u")
		require.NoError(t, err)
		require.Equal(t, undo, read)

		require.ErrorContains(t, s.RegisterSave(t.Context(), store.SaveRow{JobID: "b"}), "time of creation")
		require.Error(t, s.RegisterSave(t.Context(), aSave(strings.Repeat("j", 65), 0)))
	})
}

// TestSavesByManyAtOnce has retried activities of several jobs register them: each is there once, as one of them
// said.
func TestSavesByManyAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		const jobs, tries = 8, 10
		var group errgroup.Group
		for try := range tries {
			for n := range jobs {
				group.Go(func() error {
					r := aSave(fmt.Sprint("job-", n), n)
					r.UploadID = fmt.Sprint("upload-", try)
					return s.RegisterSave(t.Context(), r)
				})
			}
		}
		require.NoError(t, group.Wait())
		for n := range jobs {
			read, err := s.Save(t.Context(), fmt.Sprint("job-", n))
			require.NoError(t, err)
			require.Equal(t, at(n), read.CreatedAt)
			require.Regexp(t, "^upload-[0-9]$", read.UploadID)
		}
		require.Equal(t, [][]string{{"8"}}, stream(t, s, "SELECT COUNT(*) FROM saves"))
	})
}

func TestSameFileIsTheNewestSaveOfIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		digest := aSave("", 0).SHA256
		same := func(tenant, kind, sha256 string) *job.SameFile {
			found, err := s.SameFile(t.Context(), tenant, kind, sha256)
			require.NoError(t, err)
			return found
		}
		require.NoError(t, s.InsertUpload(t.Context(), anUpload("a", 0)))
		require.Nil(t, same("acme", "orders", digest), "sent is not saved")
		for i, id := range []string{"old", "newest", "older"} {
			require.NoError(t, s.RegisterSave(t.Context(), aSave(id, []int{1, 3, 2}[i])))
			require.NoError(t, s.OfferUndo(t.Context(), id, at(100))) // it has written
		}
		require.NoError(t, s.RegisterSave(t.Context(), aSave("a dry run", 4)))
		undo := aSave("undo", 9)
		undo.Undoes = "newest"
		require.NoError(t, s.RegisterSave(t.Context(), undo))
		require.NoError(t, s.MarkUndone(t.Context(), "newest", "undo"))

		require.Equal(t, &job.SameFile{JobID: "newest", At: at(3)}, same("acme", "orders", digest))
		require.Nil(t, same("bolt", "orders", digest))
		require.Nil(t, same("acme", "products", digest))
		require.Nil(t, same("acme", "orders", strings.Repeat("cd", 32)))
	})
}

func TestUndoIsOfferedAndNoted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		requireCode(t, job.CodeNotFound, s.OfferUndo(t.Context(), "a", at(100)))
		requireCode(t, job.CodeNotFound, s.MarkUndone(t.Context(), "a", "u"))
		want := aSave("a", 0)
		require.NoError(t, s.RegisterSave(t.Context(), want))
		for range 2 {
			require.NoError(t, s.OfferUndo(t.Context(), "a", at(100).Add(time.Nanosecond)))
			require.NoError(t, s.MarkUndone(t.Context(), "a", "u"))
		}
		until := at(100)
		want.UndoUntil, want.UndoneBy = &until, "u"
		read, err := s.Save(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, want, read)
	})
}

func aSaveStatus() *job.Save {
	hold, until := at(40), at(500)
	return &job.Save{
		Upload: "3월 주문 😀.xlsx", DryRun: true, HoldUntil: &hold, UndoUntil: &until, Undoes: "x", Parent: "p",
		Checked: &job.Tally{Created: 1_067_371, Refused: 3, Codes: []job.CodeCount{{Code: job.RowRequired, Count: 3}}},
		Saved:   &job.Tally{Created: 7, Kept: 1},
		Stale:   []job.RowRef{{Sheet: "1월", Row: 17}},
	}
}

func TestSaveOfAStatusComesBackAsItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		j := aJob("a", 0)
		j.Type, j.Kind = job.TypeBulkSave, "orders"
		j.Save = &job.Save{Upload: "a.xlsx"}
		require.NoError(t, s.RegisterJob(t.Context(), j))
		require.NoError(t, s.RegisterJob(t.Context(), aJob("export", 1)))
		requireSave := func(want *job.Save) {
			read, err := s.Job(t.Context(), "a")
			require.NoError(t, err)
			require.Equal(t, want, read.Save)
			listed := list(t, s, job.Query{})
			require.Equal(t, want, listed[1].Save)
			require.Nil(t, listed[0].Save, "of an export")
			running, err := s.RunningJobs(t.Context(), at(1000), 10)
			require.NoError(t, err)
			for _, r := range running {
				if r.ID == "a" {
					require.Equal(t, want, r.Save)
				}
			}
		}
		requireSave(j.Save)
		st := job.Status{State: job.Running, UpdatedAt: at(5), Save: aSaveStatus(), Progress: job.Progress{RowsDone: 7}}
		require.NoError(t, s.RecordStatus(t.Context(), "a", "a", st))
		requireSave(aSaveStatus())
		read, err := s.Job(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, st.Progress, read.Progress)
	})
}

// TestUndoReachesAJobThatHasEnded: the end of a job is its last record, and its undo comes later.
func TestUndoReachesAJobThatHasEnded(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, s.RegisterJob(t.Context(), aJob("a", 0)))
		require.NoError(t, s.RegisterSave(t.Context(), aSave("a", 0)))
		end := job.Status{State: job.Succeeded, UpdatedAt: at(5), Save: aSaveStatus()}
		require.NoError(t, s.RecordStatus(t.Context(), "a", "a", end))
		want := aSaveStatus()
		requireSave := func() {
			read, err := s.Job(t.Context(), "a")
			require.NoError(t, err)
			require.Equal(t, want, read.Save)
			require.Equal(t, want, list(t, s, job.Query{})[0].Save)
		}
		requireSave()
		require.NoError(t, s.OfferUndo(t.Context(), "a", at(900)))
		until := at(900)
		want.UndoUntil = &until
		requireSave()
		require.NoError(t, s.MarkUndone(t.Context(), "a", "u"))
		want.UndoUntil, want.UndoneBy = nil, "u"
		requireSave()
	})
}

func TestRowsOfBeforeBulkSavesStillRead(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, s.RegisterJob(t.Context(), aJob("a", 0)))
		require.NoError(t, s.DB(t.Context()).Exec("UPDATE jobs SET progress = ?",
			`{"phase":"pages","rows_done":12,"rows_total":30,"pages_done":1,"pages_total":3,"rate":1.5}`).Error)
		j, err := s.Job(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, job.Progress{Phase: job.PhasePages, RowsDone: 12, RowsTotal: 30, PagesDone: 1, PagesTotal: 3, Rate: 1.5}, j.Progress)
		require.Nil(t, j.Save)

		// And the program of before reads what this one writes of an export.
		require.NoError(t, s.RecordStatus(t.Context(), "a", "a", job.Status{State: job.Running, UpdatedAt: at(1)}))
		require.Equal(t, [][]string{{`{"phase":"","rows_done":0,"rows_total":0,"pages_done":0,"pages_total":0}`}},
			stream(t, s, "SELECT progress FROM jobs"))
	})
}
