package blobtest_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/blob/blobtest"
)

const key = "jobs/1/plan/00000003"

func TestHeldWriteOfADeadClientIsNotStored(t *testing.T) {
	t.Parallel()
	server, store := open(t)
	hold := server.Hold("PUT", "jobs/*/*/00000003")
	require.Error(t, <-putAndDie(t, server, hold))
	hold.WaitGone(t)
	hold.Release()

	require.NoError(t, store.Put(t.Context(), key, []byte("second")), "only one request is held")
	require.Equal(t, 1, server.Writes()[key])
}

func TestWriteWithHeldAnswerIsStored(t *testing.T) {
	t.Parallel()
	server, _ := open(t)
	require.Error(t, <-putAndDie(t, server, server.HoldAnswer("PUT", "jobs/*/*/00000003")))
	require.Equal(t, map[string]int{key: 1}, server.Writes())
}

func TestReleasedRequestGoesOn(t *testing.T) {
	t.Parallel()
	server, store := open(t)
	put := server.Hold("PUT", "jobs/*/*/*")
	other := server.Hold("PUT", "artifacts/*")
	got := server.HoldAnswer("GET", "jobs/*/*/*")
	stored := make(chan error, 1)
	go func() { stored <- store.Put(context.Background(), key, []byte("text")) }()
	put.Wait(t)
	require.Contains(t, put.Agent(), "aws-sdk-go")
	require.Empty(t, server.Keys(t, ""))
	put.Release()
	require.NoError(t, <-stored)

	got.Release() // before it has come
	data, err := store.Get(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, "text", string(data))
	other.Release()
}

func open(t *testing.T) (*blobtest.S3, *blob.Store) {
	server := blobtest.Server(t)
	store, err := blob.Open(t.Context(), server.URL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return server, store
}

// putAndDie sends a write until the hold is reached, and then breaks the connection off like a process that
// is killed.
func putAndDie(t *testing.T, server *blobtest.S3, hold *blobtest.Hold) <-chan error {
	t.Helper()
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	ctx, die := context.WithCancel(t.Context())
	defer die()
	put, err := http.NewRequestWithContext(ctx, http.MethodPut,
		u.Query().Get("endpoint")+"/"+u.Host+"/"+key, strings.NewReader("first"))
	require.NoError(t, err)
	result := make(chan error, 1)
	go func() {
		answer, err := http.DefaultClient.Do(put)
		if err == nil {
			_ = answer.Body.Close()
		}
		result <- err
	}()
	hold.Wait(t)
	return result
}
