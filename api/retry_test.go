package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

func endedSync(id string) job.Job {
	j := syncing(id)
	j.State, j.Reason, j.EndedAt, j.Sync.Account = job.PartiallySucceeded, job.ReasonItems, &day, nil
	return j
}

func TestRetryItems(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(endedSync("sync-1"))
	const path = "/v1/jobs/sync-1/retry"
	for body, want := range map[string]contract.SyncRetry{
		`{"outcome":"failed"}`:                     {JobID: "sync-1", Outcome: job.ItemFailed},
		`{"codes":["timed_out","unknown_effect"]}`: {JobID: "sync-1", Codes: []job.ItemCode{job.ItemTimedOut, job.ItemUnknown}},
		`{"positions":[7,3]}`:                      {JobID: "sync-1", Positions: []int64{7, 3}},
		`{"outcome":"unprocessed","codes":["stopped"],"positions":[1]}`: {
			JobID: "sync-1", Outcome: job.ItemUnprocessed, Codes: []job.ItemCode{job.ItemStopped}, Positions: []int64{1},
		},
	} {
		b.jobs.retries = nil
		a := b.send(t, http.MethodPost, path, body, "X-Requested-By", "김물류")
		require.Equal(t, http.StatusAccepted, a.StatusCode, "%s", a.body)
		assert.Equal(t, []contract.SyncRetry{want}, b.jobs.retries)
		assert.Equal(t, "김물류", b.jobs.retriedBy)
		assert.Equal(t, "/v1/jobs/sync-2", a.Header.Get("Location"))
		var j Job
		a.json(t, &j)
		assert.Equal(t, "sync-1", j.Sync.RetryOf)
	}

	b.jobs.retries = nil
	for _, body := range []string{"", "{}", `{"codes":[],"positions":[]}`} { // no condition: the request itself again
		a := b.send(t, http.MethodPost, path, body)
		require.Equal(t, http.StatusAccepted, a.StatusCode, "%q: %s", body, a.body)
		assert.Equal(t, "/v1/jobs/job-2", a.Header.Get("Location"))
	}
	assert.Empty(t, b.jobs.retries)
}

func TestRetryItemsRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(endedSync("sync-1"))
	b.jobs.put(syncing("sync-7"))
	b.jobs.put(ended("job-1", job.Failed))
	for _, c := range []struct {
		name, id, body, contentType string
		status                      int
		at                          string
	}{
		{"succeeded ones", "sync-1", `{"outcome":"succeeded"}`, typeJSON, http.StatusUnprocessableEntity, "/outcome"},
		{"unknown code", "sync-1", `{"codes":["rejected","lost"]}`, typeJSON, http.StatusUnprocessableEntity, "/codes/1"},
		{"position 0", "sync-1", `{"positions":[0]}`, typeJSON, http.StatusUnprocessableEntity, "/positions/0"},
		{"too many positions", "sync-1", `{"positions":[` + strings.Repeat("1,", contract.MaxRetryPositions) + `1]}`, typeJSON, http.StatusUnprocessableEntity, "/positions"},
		{"unknown member", "sync-1", `{"job":"sync-2"}`, typeJSON, http.StatusUnprocessableEntity, "/job"},
		{"null", "sync-1", `{"outcome":null,"codes":7}`, typeJSON, http.StatusUnprocessableEntity, "/codes"},
		{"another type", "job-1", `{"outcome":"failed"}`, typeJSON, http.StatusUnprocessableEntity, ""},
		{"running", "sync-7", `{"outcome":"failed"}`, typeJSON, http.StatusConflict, ""},
		{"nothing there", "sync-9", `{"outcome":"failed"}`, typeJSON, http.StatusNotFound, ""},
		{"no JSON", "sync-1", `{"outcome":"failed"`, typeJSON, http.StatusBadRequest, ""},
		{"what any page may send", "sync-1", `{"outcome":"failed"}`, "text/plain", http.StatusUnsupportedMediaType, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := b.send(t, http.MethodPost, "/v1/jobs/"+c.id+"/retry", c.body, "Content-Type", c.contentType).problem(t, c.status)
			if c.status == http.StatusUnprocessableEntity {
				assert.Equal(t, c.at, place(t, p)["pointer"], "%v", p)
			}
		})
	}
	t.Cleanup(func() { assert.Empty(t, b.jobs.retries) })
}
