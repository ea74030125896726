package dataset_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/dataset"
)

func TestEffectsNameTheirValues(t *testing.T) {
	t.Parallel()
	k := checkedSync(t, pickups())
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("KST", 9*60*60))
	item := pickup(map[string]string{"weight": "12.5", "ready_at": "2026-11-22T15:00:00Z"})
	answer := dataset.SyncAnswer{RemoteID: "P-1", Values: map[string]string{"state": "booked", "due_at": "2026-11-23T06:00:00.5Z"}}

	require.Equal(t, []dataset.Statement{
		{
			SQL:  "UPDATE parcels SET state = ?, due_at = ?, note = ':note' WHERE seller_id = ? AND number = ?",
			Args: []any{"booked", time.Date(2026, 11, 23, 6, 0, 0, 500_000_000, time.UTC), int64(5), int64(7)},
		},
		{
			SQL:  "INSERT INTO pickups (weight, at, remote_id, ready_at, depot) VALUES (?, ?, ?, ?, ?)",
			Args: []any{"12.5", now.UTC(), "P-1", time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC), "ICN-1"},
		},
	}, k.Effects(item, answer, 5, now))

	empty := k.Effects(dataset.SyncItem{Fields: map[string]string{}}, dataset.SyncAnswer{}, 5, now)
	require.Equal(t, []any{"", nil, int64(5), nil}, empty[0].Args)
	require.Equal(t, []any{nil, now.UTC(), "", nil, ""}, empty[1].Args)
}

func TestAKindThatSavesNothingHasNoEffects(t *testing.T) {
	t.Parallel()
	k := pickups()
	k.Save = nil
	require.Empty(t, checkedSync(t, k).Effects(pickup(nil), dataset.SyncAnswer{}, 5, time.Now()))
}
