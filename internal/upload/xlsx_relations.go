package upload

import (
	"context"
	"net/url"
	"path"
	"strings"
)

// relations are what the relations part of another part says.
type relations struct {
	byID  map[string]relation
	order []string
}

// relation is a reference to a part inside the file.
type relation struct {
	kind   string // the last word of its type, in lower case: the same in the strict and the transitional format
	target string // the part's name
}

// first returns the target of the first relation of one of these kinds, or "".
func (r relations) first(kinds ...string) string {
	for _, id := range r.order {
		for _, kind := range kinds {
			if r.byID[id].kind == kind {
				return r.byID[id].target
			}
		}
	}
	return ""
}

// relations reads what the part of that name refers to; those of the whole file are of "". What lies outside the
// file is left out: it is never read.
func (w *workbook) relations(ctx context.Context, name string) (relations, error) {
	r := relations{byID: map[string]relation{}}
	folder, file := path.Split(strings.ReplaceAll(name, `\`, "/"))
	e := w.zip.find(folder + "_rels/" + file + ".rels")
	if e == nil {
		return r, nil
	}
	err := w.scan(ctx, e, "Relationships", func(x *xmlScanner) (bool, error) {
		if string(x.name) != "Relationship" || strings.EqualFold(string(x.attr("TargetMode")), "external") {
			return false, nil
		}
		id, kind := string(x.attr("Id")), strings.ToLower(string(x.attr("Type")))
		if _, ok := r.byID[id]; ok {
			return false, flawf("it has two relations %.40q", id)
		}
		r.order = append(r.order, id)
		r.byID[id] = relation{
			kind:   kind[strings.LastIndexByte(kind, '/')+1:],
			target: w.resolve(folder, string(x.attr("Target"))),
		}
		return false, nil
	})
	return r, err
}

// resolve returns the name of the part that a relation in folder points to: absolute or relative, some with
// backslashes, some with %20.
func (w *workbook) resolve(folder, target string) string {
	target = strings.ReplaceAll(target, `\`, "/")
	if !strings.HasPrefix(target, "/") {
		target = folder + target
	}
	target = strings.TrimPrefix(path.Clean("/"+target), "/")
	if w.zip.find(target) == nil {
		if plain, err := url.PathUnescape(target); err == nil {
			return plain
		}
	}
	return target
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
