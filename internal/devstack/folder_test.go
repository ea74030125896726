package devstack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/devstack"
	"github.com/longhaul/longhaul/job"
)

func TestFolderIsFoundWhileItIsHeld(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "by lock")
	_, err := devstack.Find(dir)
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))

	folder, err := devstack.Lock(dir)
	require.NoError(t, err)
	_, err = devstack.Find(dir)
	require.Equal(t, job.CodeNotFound, job.CodeOf(err), "nothing is published yet")

	info := devstack.Info{TemporalAddress: "127.0.0.1:7233", TemporalUI: "http://127.0.0.1:8233",
		DatabaseURL: "sqlite:///d/longhaul.db", BlobURL: "file:///d/files", HTTPURL: "http://127.0.0.1:8080"}
	require.NoError(t, folder.Publish(info))
	found, err := devstack.Find(dir)
	require.NoError(t, err)
	info.PID = os.Getpid()
	require.Equal(t, info, found)

	folder.Release()
	folder.Release()
	_, err = devstack.Find(dir)
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	require.NoFileExists(t, filepath.Join(dir, "dev.json"))
}

func TestFolderHasOneHolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder, err := devstack.Lock(dir)
	require.NoError(t, err)
	require.NoError(t, folder.Publish(devstack.Info{HTTPURL: "http://127.0.0.1:4711"}))

	_, err = devstack.Lock(dir)
	require.Equal(t, job.CodeConflict, job.CodeOf(err))
	require.ErrorContains(t, err, dir)
	require.ErrorContains(t, err, "http://127.0.0.1:4711")
	require.ErrorContains(t, err, "--data-dir")

	folder.Release()
	folder, err = devstack.Lock(dir)
	require.NoError(t, err)
	folder.Release()
}

func TestWhatAKilledStackLeftIsNotFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// Our own process id: alive, but not holding the folder, as when the number has gone to another program.
	content, err := json.Marshal(devstack.Info{PID: os.Getpid()})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dev.json"), content, 0o600))
	_, err = devstack.Find(dir)
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
	folder, err := devstack.Lock(dir)
	require.NoError(t, err)
	folder.Release()
}

func TestPublishedAddressesAreForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder, err := devstack.Lock(dir)
	require.NoError(t, err)
	defer folder.Release()
	require.NoError(t, folder.Publish(devstack.Info{DatabaseURL: "mysql://longhaul:secret@db/longhaul"}))
	info, err := os.Stat(filepath.Join(dir, "dev.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}
