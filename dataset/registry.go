package dataset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/longhaul/longhaul/job"
)

// Registry holds the kinds of a catalogue, checked. It does not change once made, so it may be used by
// any number of goroutines.
type Registry struct {
	exports   []Export
	bulkSaves []BulkSave
	syncs     []Sync
}

// Kinds are the kinds of a catalogue, by type. A name may be used once among the exports, and once among bulk saves and
// syncs together: an upload is for one of either, and names its kind only.
type Kinds struct {
	Exports   []Export
	BulkSaves []BulkSave
	Syncs     []Sync
}

// NewRegistry checks every kind and fills in its defaults. The error joins everything that is wrong.
func NewRegistry(k Kinds) (*Registry, error) {
	r := &Registry{}
	if err := errors.Join(r.addExports(k.Exports), r.addBulkSaves(k.BulkSaves), r.addSyncs(k.Syncs)); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Registry) addExports(exports []Export) error {
	var wrong []error
	for i, e := range exports {
		for _, err := range checkExport(e) {
			wrong = append(wrong, fmt.Errorf("check export %d %q: %w", i, e.Name, err))
		}
		if slices.ContainsFunc(r.exports, func(other Export) bool { return other.Name == e.Name }) {
			wrong = append(wrong, fmt.Errorf("check export %d %q: the name is taken", i, e.Name))
		}
		r.exports = append(r.exports, e.withDefaults())
	}
	return errors.Join(wrong...)
}

func (r *Registry) addBulkSaves(saves []BulkSave) error {
	var wrong []error
	for i, k := range saves {
		for _, err := range checkBulkSave(k) {
			wrong = append(wrong, fmt.Errorf("check bulk save %d %q: %w", i, k.Name, err))
		}
		if slices.ContainsFunc(r.bulkSaves, func(other BulkSave) bool { return other.Name == k.Name }) {
			wrong = append(wrong, fmt.Errorf("check bulk save %d %q: the name is taken", i, k.Name))
		}
		r.bulkSaves = append(r.bulkSaves, k.withDefaults())
	}
	return errors.Join(wrong...)
}

func (r *Registry) addSyncs(syncs []Sync) error {
	var wrong []error
	for i, k := range syncs {
		for _, err := range checkSync(k) {
			wrong = append(wrong, fmt.Errorf("check sync %d %q: %w", i, k.Name, err))
		}
		if slices.ContainsFunc(r.syncs, func(other Sync) bool { return other.Name == k.Name }) {
			wrong = append(wrong, fmt.Errorf("check sync %d %q: the name is taken", i, k.Name))
		}
		if slices.ContainsFunc(r.bulkSaves, func(other BulkSave) bool { return other.Name == k.Name }) {
			wrong = append(wrong, fmt.Errorf("check sync %d %q: the name is taken by a bulk save", i, k.Name))
		}
		r.syncs = append(r.syncs, k.withDefaults())
	}
	return errors.Join(wrong...)
}

// Export returns the kind of that name. Its error is [job.CodeNotFound] and names the kinds there are.
func (r *Registry) Export(name string) (Export, error) {
	var names []string
	for _, e := range r.exports {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Export{}, job.Errorf(job.CodeNotFound, "there is no export %s; %s", quote(name), oneOf(name, names))
}

// Exports returns every kind in the catalogue's order.
func (r *Registry) Exports() []Export { return slices.Clone(r.exports) }

// BulkSave returns the kind of that name. Its error is [job.CodeNotFound] and names the kinds there are.
func (r *Registry) BulkSave(name string) (BulkSave, error) {
	var names []string
	for _, k := range r.bulkSaves {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return BulkSave{}, job.Errorf(job.CodeNotFound, "there is no bulk save %s; %s", quote(name), oneOf(name, names))
}

// BulkSaves returns every kind in the catalogue's order.
func (r *Registry) BulkSaves() []BulkSave { return slices.Clone(r.bulkSaves) }

// Sync returns the kind of that name. Its error is [job.CodeNotFound] and names the kinds there are.
func (r *Registry) Sync(name string) (Sync, error) {
	var names []string
	for _, k := range r.syncs {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Sync{}, job.Errorf(job.CodeNotFound, "there is no sync %s; %s", quote(name), oneOf(name, names))
}

// Syncs returns every kind in the catalogue's order.
func (r *Registry) Syncs() []Sync { return slices.Clone(r.syncs) }

// Rows returns what reads the uploads of the bulk save or sync of that name. Its error is [job.CodeNotFound] and names the
// kinds that take uploads.
func (r *Registry) Rows(name string) (Rows, error) {
	var names []string
	for _, k := range r.bulkSaves {
		if k.Name == name {
			return k.Rows(), nil
		}
		names = append(names, k.Name)
	}
	for _, k := range r.syncs {
		if k.Name == name {
			return k.Rows(), nil
		}
		names = append(names, k.Name)
	}
	return Rows{}, job.Errorf(job.CodeNotFound, "there is no bulk save or sync %s; %s", quote(name), oneOf(name, names))
}

// oneOf words the advice for a name that is not known: the nearest one, if it is near, and all of them.
func oneOf(name string, known []string) string {
	if len(known) == 0 {
		return "there are none"
	}
	all := "known: " + strings.Join(known, ", ")
	if near, ok := nearest(name, known); ok {
		return fmt.Sprintf("did you mean %s? %s", near, all)
	}
	return all
}

// quote quotes what a client sent, cut to a length that fits a message.
func quote(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
