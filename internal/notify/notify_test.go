package notify_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/job"
)

func slow() notify.Message {
	return notify.Message{
		About: notify.Slow, Type: job.TypeExport, Kind: "stock-shortages", Tenant: "acme", JobID: "0198-ab", State: job.Running,
		RowsDone: 120_000, RowsTotal: 1_000_000, Since: time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC),
		Link: "https://longhaul.example/?job=0198-ab&x=1",
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n := notify.Log{Logger: slog.New(slog.NewJSONHandler(&out, nil))}
	m := slow()
	m.Text = "the database does not answer"
	m.Reason = job.ReasonDownstream
	require.NoError(t, n.Send(t.Context(), m))
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	delete(line, "time")
	require.Equal(t, map[string]any{
		"level": "WARN", "msg": "job takes longer than expected", "about": "slow", "type": "export", "kind": "stock-shortages",
		"tenant": "acme", "job": "0198-ab", "state": "running", "rows_done": 120_000.0, "rows_total": 1_000_000.0,
		"reason": "downstream", "text": "the database does not answer", "since": "2026-11-22T03:04:05Z",
	}, line)

	out.Reset()
	m.About = notify.Recovered
	require.NoError(t, n.Send(t.Context(), m))
	require.Contains(t, out.String(), `"level":"INFO"`)
}
