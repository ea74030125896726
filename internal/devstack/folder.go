package devstack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/longhaul/longhaul/job"
)

// Names within a data folder.
const (
	infoName = "dev.json"
	lockName = "dev.lock"
)

// Find holds the lock for the moment that it looks; a stack that starts in that moment tries again for 0.2 s.
const (
	lockTries = 20
	lockPause = 10 * time.Millisecond
)

// Info tells where the parts of a running stack are.
type Info struct {
	TemporalAddress   string `json:"temporal_address"`
	TemporalNamespace string `json:"temporal_namespace,omitempty"` // "" = "default"
	TemporalUI        string `json:"temporal_ui,omitempty"`
	DatabaseURL       string `json:"database_url"`
	BlobURL           string `json:"blob_url"`
	HTTPURL           string `json:"http_url"`
	// Partners are the made-up partners, by name.
	Partners map[string]string `json:"partners,omitempty"`
	PID      int               `json:"pid"` // filled in by Publish
}

// Folder is a data folder that this process holds.
type Folder struct {
	dir  string
	lock *fileLock
}

// Lock takes the data folder for this process, making it if needed. If another process has it, the error is a
// [*job.Error] with CodeConflict that says which. The hold ends with Release or with the process.
func Lock(dataDir string) (*Folder, error) {
	if err := os.MkdirAll(dataDir, 0o755); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := tryLock(filepath.Join(dataDir, lockName))
	for try := 1; errors.Is(err, errLocked) && try < lockTries; try++ {
		time.Sleep(lockPause)
		lock, err = tryLock(filepath.Join(dataDir, lockName))
	}
	if errors.Is(err, errLocked) {
		return nil, inUse(dataDir)
	}
	if err != nil {
		return nil, fmt.Errorf("take the data folder: %w", err)
	}
	return &Folder{dir: dataDir, lock: lock}, nil
}

func inUse(dataDir string) error {
	who := "another longhaul" // it may not have published anything yet
	if info, err := readInfo(dataDir); err == nil {
		who = fmt.Sprintf("another longhaul (process %d, %s)", info.PID, info.HTTPURL)
	}
	return job.Errorf(job.CodeConflict, "%s is using the data folder %s; stop it or choose another with --data-dir",
		who, dataDir)
}

// Publish writes where the stack's parts are, for [Find]. It may be called again when something changes. The file can
// be read by its owner only: the database URL may hold a password.
func (f *Folder) Publish(info Info) error {
	info.PID = os.Getpid()
	content, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", infoName, err)
	}
	path := filepath.Join(f.dir, infoName)
	part := path + ".part" // renamed into place: a reader never sees half of it
	if err := os.WriteFile(part, append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", infoName, err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("put %s in place: %w", infoName, err)
	}
	return nil
}

// Release takes back what was published and gives the folder free. Only the first call does anything.
func (f *Folder) Release() {
	if f.lock == nil {
		return
	}
	_ = os.Remove(filepath.Join(f.dir, infoName))
	f.lock.release()
	f.lock = nil
}

// Find returns where the parts of the stack on this data folder are. If none runs, or it has not come up yet, the
// error is a [*job.Error] with CodeNotFound. What a killed stack left behind does not count.
func Find(dataDir string) (Info, error) {
	info, err := readInfo(dataDir)
	if err == nil && held(dataDir) {
		return info, nil
	}
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return Info{}, job.Errorf(job.CodeNotFound,
			"no longhaul runs on the data folder %s; start one with `longhaul dev`", dataDir)
	}
	return Info{}, err
}

// held tells whether a process has the data folder. The lock is asked, not the process id in the file, which another
// program may have got since.
func held(dataDir string) bool {
	lock, err := tryShared(filepath.Join(dataDir, lockName))
	if err != nil {
		return errors.Is(err, errLocked)
	}
	lock.release()
	return false
}

func readInfo(dataDir string) (Info, error) {
	content, err := os.ReadFile(filepath.Join(dataDir, infoName))
	if err != nil {
		return Info{}, fmt.Errorf("read %s: %w", infoName, err)
	}
	var info Info
	if err := json.Unmarshal(content, &info); err != nil {
		return Info{}, fmt.Errorf("read %s: %w", filepath.Join(dataDir, infoName), err)
	}
	return info, nil
}
