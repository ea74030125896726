package api

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

func testHub(t *testing.T, jobs Jobs) *hub {
	t.Helper()
	return newHub(jobs, time.Millisecond, slog.New(slog.NewTextHandler(io.Discard, nil)),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "watched"}))
}

func waitForMetric(t *testing.T, b *bundle, line string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return strings.Contains(string(b.get(t, "/metrics").body), "\n"+line+"\n")
	}, patience, 5*time.Millisecond, "no metric says %s", line)
}

func TestHubForgets(t *testing.T) {
	t.Parallel()
	fake := &fakeJobs{jobs: map[string]job.Job{}}
	fake.put(running("job-1"))
	h := testHub(t, fake)
	topics := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.topics)
	}
	a, c := h.watch(t.Context(), "job-1"), h.watch(t.Context(), "job-1")
	assert.Equal(t, 1, topics())
	a.leave()
	assert.Equal(t, 1, topics())
	c.leave()
	assert.Equal(t, 0, topics())

	// A job that was reset runs again: who comes now gets a new poller, whoever still holds the old topic.
	fake.put(ended("job-1", job.Failed))
	old := h.watch(t.Context(), "job-1")
	defer old.leave()
	require.Eventually(t, func() bool { return topics() == 0 }, patience, time.Millisecond)
	fake.put(running("job-1"))
	anew := h.watch(t.Context(), "job-1")
	n, err := anew.first(t.Context())
	require.NoError(t, err)
	assert.Equal(t, job.Running, n.job.State)
	anew.leave()
	assert.Equal(t, 0, topics())
}
