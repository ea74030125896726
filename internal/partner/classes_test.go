package partner

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

// TestClassify goes through every status.
func TestClassify(t *testing.T) {
	t.Parallel()
	denied := row{Class: Denied, Code: job.ItemUnauthorised}
	astray := row{Class: Astray, Code: job.ItemUnavailable}
	rejected := row{Class: Refused, Code: job.ItemRejected}
	out := row{Class: Again, Code: job.ItemUnavailable, Verdict: pace.Out, InDoubt: true}
	special := map[int]row{
		401: denied, 403: denied, 407: astray, 421: astray, 426: astray, 501: rejected, 505: rejected,
		404: {Class: Refused, Code: job.ItemNotFound},
		408: {Class: Again, Code: job.ItemTimedOut, Verdict: pace.Out, InDoubt: true},
		409: {Class: Refused, Code: job.ItemConflict},
		423: {Class: Again, Code: job.ItemConflict},
		425: {Class: Again, Code: job.ItemUnavailable},
		429: {Class: Slower, Code: job.ItemUnavailable, Verdict: pace.Throttled},
	}
	for status := 100; status < 1000; status++ {
		want, found := special[status]
		switch {
		case found:
		case status < 200 || status > 599:
			want = row{Class: Again, Code: job.ItemBadAnswer, InDoubt: true}
		case status < 300:
			want = row{Class: Done, InDoubt: true}
		case status < 400:
			want = astray
		case status < 500:
			want = rejected
		default:
			want = out
		}
		got := classify(status, nil)
		require.Equal(t, want, got, status)
		require.Equal(t, got.Class == Done, got.Code == "", status)
		require.True(t, got.Code == "" || slices.Contains(job.ItemCodes, got.Code), status)
	}
}

func TestClassifyByOwnTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		class  Class
		want   row
	}{
		{409, Again, row{Class: Again, Code: job.ItemConflict}},
		{409, Done, row{Class: Done}},
		{404, Again, row{Class: Again, Code: job.ItemNotFound}},
		{403, Slower, row{Class: Slower, Code: job.ItemUnavailable, Verdict: pace.Throttled}},
		{403, Refused, row{Class: Refused, Code: job.ItemRejected}},
		{423, Refused, row{Class: Refused, Code: job.ItemConflict}},
		{500, Refused, row{Class: Refused, Code: job.ItemRejected}},
		{500, Again, row{Class: Again, Code: job.ItemUnavailable, Verdict: pace.Out, InDoubt: true}},
		{503, Slower, row{Class: Slower, Code: job.ItemUnavailable, Verdict: pace.Throttled}},
		{402, Denied, row{Class: Denied, Code: job.ItemUnauthorised}},
		{410, Astray, row{Class: Astray, Code: job.ItemUnavailable}},
		{202, Again, row{Class: Again, Code: job.ItemUnavailable, InDoubt: true}},
		{304, Done, row{Class: Done}},
	} {
		own := map[int]Class{c.status: c.class}
		require.Equal(t, c.want, classify(c.status, own), "%d %s", c.status, c.class)
		require.Equal(t, classify(418, nil), classify(418, own))
	}
}
