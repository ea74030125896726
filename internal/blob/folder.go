package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// What a folder does better by itself than through the portable bucket: the bucket leaves empty folders
// behind, does not show them, walks from the start for every 1,000 files, and calls a missing root healthy.

func (s *Store) path(key string) string { return filepath.Join(s.root, filepath.FromSlash(key)) }

func (s *Store) deleteFolder(ctx context.Context, prefix string) (int, error) {
	dir := s.path(prefix)
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case entry.IsDir():
			return nil
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		if !isStranded(path) {
			files++
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // nothing there, or somebody else deletes it too
	}
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		return files, fmt.Errorf("delete %s: %w", prefix, err)
	}
	return files, nil
}

func (s *Store) listFolders(ctx context.Context, prefix string) ([]string, error) {
	entries, err := os.ReadDir(s.path(prefix))
	if err == nil {
		err = ctx.Err()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list %s: %w", prefix, err)
	}
	var dirs []string
	for _, entry := range entries {
		if entry.IsDir() {
			dirs = append(dirs, prefix+entry.Name()+"/")
		}
	}
	return dirs, nil
}

// checkFolder makes and removes an empty file: that finds a missing folder, a read-only mount and wrong
// rights, though not a full disk.
func (s *Store) checkFolder(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("check blob storage: %w", err)
	}
	// The name is that of a file in the making, so that no listing shows it.
	f, err := os.CreateTemp(s.root, ".check*.0000000000000000.tmp")
	if err != nil {
		return fmt.Errorf("check blob storage: %w", err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return fmt.Errorf("check blob storage: %w", err)
	}
	return nil
}
