package store_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

func TestJobsAreListedNewestFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for i := range 60 {
			j := aJob(fmt.Sprintf("job-%02d", i), i/7) // several of one moment
			if i%2 == 0 {
				j.Tenant = "bolt"
			}
			if i%3 == 0 {
				j.Kind = "order-lines"
			}
			j.Request = []byte(`{}`)
			require.NoError(t, s.RegisterJob(t.Context(), j))
		}
		end := job.Status{State: job.Succeeded, UpdatedAt: at(100), Artifacts: []job.Artifact{{Name: "a.xlsx", Key: "k", CreatedAt: at(100)}}}
		require.NoError(t, s.RecordStatus(t.Context(), "job-59", "job-59", end))

		all := list(t, s, job.Query{})
		require.Len(t, all, 60)
		for i, j := range all {
			require.Equal(t, fmt.Sprintf("job-%02d", 59-i), j.ID)
			require.Nil(t, j.Request)
		}
		require.Equal(t, end.Artifacts, all[0].Artifacts)
		require.Empty(t, all[1].Artifacts)

		for _, size := range []int{1, 7, 60, 100} {
			require.Equal(t, all, list(t, s, job.Query{PageSize: size}), "pages of %d", size)
		}
		require.Len(t, list(t, s, job.Query{Tenant: "bolt"}), 30)
		require.Len(t, list(t, s, job.Query{Tenant: "bolt", Kind: "order-lines", Type: job.TypeExport, PageSize: 3}), 10)
		require.Len(t, list(t, s, job.Query{State: job.Succeeded}), 1)
		require.Empty(t, list(t, s, job.Query{Type: job.TypeSync}))

		page, err := s.Jobs(t.Context(), job.Query{})
		require.NoError(t, err)
		require.Len(t, page.Jobs, 25)
	})
}

// list reads all pages.
func list(t *testing.T, s *store.Store, q job.Query) []job.Job {
	t.Helper()
	var all []job.Job
	for {
		page, err := s.Jobs(t.Context(), q)
		require.NoError(t, err)
		all = append(all, page.Jobs...)
		if page.NextPageToken == "" {
			return all
		}
		require.NotEmpty(t, page.Jobs)
		q.PageToken = page.NextPageToken
	}
}

// TestPagesLoseNothingWhileJobsStart reads pages while jobs are added in front of them: every job that was
// there at the beginning is listed once.
func TestPagesLoseNothingWhileJobsStart(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		const before = 50
		for i := range before {
			require.NoError(t, s.RegisterJob(t.Context(), aJob(fmt.Sprintf("old-%02d", i), i/10)))
		}
		var stop atomic.Bool
		var started atomic.Int64
		var group errgroup.Group
		group.Go(func() error {
			for i := 0; !stop.Load(); i++ {
				if err := s.RegisterJob(t.Context(), aJob(fmt.Sprintf("new-%d", i), 10+i)); err != nil {
					return err
				}
				started.Add(1)
			}
			return nil
		})
		listed := map[string]int{}
		q := job.Query{PageSize: 3}
		for more := true; more; more = q.PageToken != "" {
			was := started.Load()
			page, err := s.Jobs(t.Context(), q)
			require.NoError(t, err)
			for _, j := range page.Jobs {
				listed[j.ID]++
			}
			q.PageToken = page.NextPageToken
			require.Eventually(t, func() bool { return started.Load() > was }, waitFor, pollEvery)
		}
		stop.Store(true)
		require.NoError(t, group.Wait())
		for i := range before {
			require.Equal(t, 1, listed[fmt.Sprintf("old-%02d", i)], "old-%02d", i)
		}
		for id, times := range listed {
			require.Equal(t, 1, times, id)
		}
	})
}

func TestListRefusesWhatIsNotValid(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for i := range 3 {
			require.NoError(t, s.RegisterJob(t.Context(), aJob(fmt.Sprintf("job-%d", i), i)))
		}
		page, err := s.Jobs(t.Context(), job.Query{PageSize: 1})
		require.NoError(t, err)
		token := page.NextPageToken
		altered := []byte(token)
		altered[len(altered)-3] ^= 1
		for name, q := range map[string]job.Query{
			"/page_size below":                {PageSize: -1},
			"/page_size above":                {PageSize: 101},
			"/page_token is no base64":        {PageToken: "!!"},
			"/page_token is short":            {PageToken: "AAAA"},
			"/page_token is made up":          {PageToken: base64.RawURLEncoding.EncodeToString([]byte(`12345678{"t":1,"i":"a"}`))},
			"/page_token is altered":          {PageToken: string(altered)},
			"/page_token is of another list":  {PageToken: token, Tenant: "acme"},
			"/page_token is longer than ever": {PageToken: token + strings.Repeat("A", 10_000)},
		} {
			_, err := s.Jobs(t.Context(), q)
			requireCode(t, job.CodeInvalid, err)
			var e *job.Error
			require.ErrorAs(t, err, &e)
			pointer, _, _ := strings.Cut(name, " ")
			require.Equal(t, pointer, e.Fields[0].Pointer, name)
		}
		_, err = s.Jobs(t.Context(), job.Query{PageToken: token, PageSize: 2})
		require.NoError(t, err, "the size may change on the way")
	})
}

func TestRunningJobsAreThoseThatWentSilent(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for i, state := range job.States {
			j := aJob(string(state), 100-i)
			require.NoError(t, s.RegisterJob(t.Context(), j))
			require.NoError(t, s.RecordStatus(t.Context(), j.ID, j.ID, job.Status{State: state, UpdatedAt: at(100 - i)}))
		}
		ids := func(n, limit int) (ids []string) {
			jobs, err := s.RunningJobs(t.Context(), at(n), limit)
			require.NoError(t, err)
			for _, j := range jobs {
				ids = append(ids, j.ID)
			}
			return ids
		}
		require.Equal(t, []string{"cancelling", "waiting", "paused", "running", "queued"}, ids(101, 10))
		require.Equal(t, []string{"cancelling", "waiting"}, ids(98, 10))
		require.Equal(t, []string{"cancelling"}, ids(101, 1))
	})
}
