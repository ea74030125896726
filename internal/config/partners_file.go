package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"github.com/longhaul/longhaul/dataset"
)

// partnersFile reads a file of partners:
//
//	[marketplace]
//	url = "https://api.market.example/v2"
//	token_file = "marketplace.token"   # or token, or token_env
//	max_in_flight = 20
//
//	[marketplace.classes]
//	409 = "again"
//
//	[marketplace.calls.dispatch-shipments]
//	path = "/orders/{order_no}/fulfilments"
type partnersFile struct {
	name string
	// The library keeps the place where it is decoding in meta.
	mu   sync.Mutex
	meta toml.MetaData
}

func readPartnersFile(path string, drafts map[string]*draft) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f := &partnersFile{name: filepath.Base(path)}
	var tables map[string]toml.Primitive
	f.meta, err = toml.Decode(string(content), &tables)
	if err != nil {
		return f.unreadable(err)
	}
	var all []error
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		d := newDraft(name)
		d.table = f.name + ": " + name
		drafts[name] = d
		all = append(all, f.readPartner(d, tables[name]))
	}
	return errors.Join(all...)
}

// unreadable tells the line and not the library's words, which quote the file: a token may be what they quote.
func (f *partnersFile) unreadable(err error) error {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("%s: line %d is not TOML", f.name, parse.Position.Line)
	}
	return fmt.Errorf("%s is not TOML", f.name)
}

func (f *partnersFile) readPartner(d *draft, table toml.Primitive) error {
	settings, err := f.members(table)
	if err != nil {
		return fmt.Errorf("%s: must be a table: [%s]", f.place(table, d.name), d.name)
	}
	var all []error
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		value := settings[key]
		place := f.place(value, d.name+"."+key)
		switch {
		case key == "classes":
			all = append(all, f.readClasses(d, value, place))
		case key == "calls":
			all = append(all, f.readCalls(d, value, place))
		case key == "token" || key == "token_file" || key == "token_env":
			all = append(all, f.readScalar(d.tokens, key, value, place))
		case slices.Contains(partnerKeys, key):
			all = append(all, f.readScalar(d.given, key, value, place))
		default:
			all = append(all, fmt.Errorf("%s: is no setting of a partner; there are %s, token_file, token_env, classes, calls",
				place, strings.Join(partnerKeys, ", ")))
		}
	}
	return errors.Join(all...)
}

// readScalar keeps a text or a whole number. An empty text is not given.
func (f *partnersFile) readScalar(to map[string]given, key string, value toml.Primitive, place string) error {
	var v any
	if err := f.meta.PrimitiveDecode(value, &v); err != nil {
		return fmt.Errorf("%s: cannot be read", place)
	}
	switch v := v.(type) {
	case string:
		if v != "" {
			to[key] = given{v, place}
		}
	case int64:
		to[key] = given{fmt.Sprint(v), place}
	default:
		return fmt.Errorf("%s: must be a text or a whole number", place)
	}
	return nil
}

func (f *partnersFile) readClasses(d *draft, table toml.Primitive, place string) error {
	rows, err := f.members(table)
	if err != nil {
		return fmt.Errorf("%s: must be a table of classes by status", place)
	}
	var all []error
	for _, status := range slices.Sorted(maps.Keys(rows)) {
		all = append(all, f.readScalar(d.classes, status, rows[status], f.place(rows[status], d.name+".classes."+status)))
	}
	return errors.Join(all...)
}

// readCalls reads each protocol once, to find what is wrong with it, and keeps how to read it into that of a kind.
func (f *partnersFile) readCalls(d *draft, table toml.Primitive, place string) error {
	kinds, err := f.members(table)
	if err != nil {
		return fmt.Errorf("%s: must be a table of calls by kind", place)
	}
	d.calls = make(map[string]func(*dataset.Call) error, len(kinds))
	var all []error
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		path := d.name + ".calls." + kind
		decode := func(c *dataset.Call) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			if err := f.meta.PrimitiveDecode(kinds[kind], c); err != nil {
				return f.misfit(err)
			}
			return nil
		}
		d.calls[kind] = decode
		all = append(all, decode(new(dataset.Call)), f.unknown(kinds[kind], reflect.TypeFor[dataset.Call](), path))
	}
	return errors.Join(all...)
}

// mismatch is how the library tells that a value has not its field's type. It does not quote the value.
var mismatch = regexp.MustCompile(`^toml: line ([0-9]+) \(last key "([^"]*)"\): (.*)$`)

func (f *partnersFile) misfit(err error) error {
	if m := mismatch.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: %s: %s", f.name, m[1], m[2], m[3])
	}
	return fmt.Errorf("%s: %s", f.name, strings.TrimPrefix(err.Error(), "toml: "))
}

// unknown tells the keys beneath value that a struct of type t has no field for. The library's own list of them
// (MetaData.Undecoded) leaves some out: its keys share memory.
func (f *partnersFile) unknown(value toml.Primitive, t reflect.Type, path string) error {
	var all []error
	switch t.Kind() {
	case reflect.Pointer:
		return f.unknown(value, t.Elem(), path)
	case reflect.Slice:
		var elements []toml.Primitive
		_ = f.meta.PrimitiveDecode(value, &elements) // what is wrong with it was told when it was decoded
		for i, element := range elements {
			all = append(all, f.unknown(element, t.Elem(), fmt.Sprintf("%s[%d]", path, i+1)))
		}
	case reflect.Struct:
		members, _ := f.members(value)
		for _, key := range slices.Sorted(maps.Keys(members)) {
			field, found := fieldOf(t, key)
			if !found {
				all = append(all, fmt.Errorf("%s: is no part of a call", f.place(members[key], path+"."+key)))
				continue
			}
			all = append(all, f.unknown(members[key], field, path+"."+key))
		}
	}
	return errors.Join(all...)
}

func fieldOf(t reflect.Type, key string) (reflect.Type, bool) {
	for i := range t.NumField() {
		if field := t.Field(i); field.Tag.Get("toml") == key {
			return field.Type, true
		}
	}
	return nil, false
}

func (f *partnersFile) members(table toml.Primitive) (map[string]toml.Primitive, error) {
	var members map[string]toml.Primitive
	err := f.meta.PrimitiveDecode(table, &members)
	if err == nil && members == nil {
		err = errors.New("is no table")
	}
	return members, err
}

// place names the file, the line and the key.
func (f *partnersFile) place(value toml.Primitive, key string) string {
	if line := f.line(value); line > 0 {
		return fmt.Sprintf("%s:%d: %s", f.name, line, key)
	}
	return f.name + ": " + key
}

// nowhere cannot be decoded. The library tells the line of a value that fails, and in no other way.
type nowhere struct{}

var errNowhere = errors.New("cannot be decoded")

func (*nowhere) UnmarshalTOML(any) error { return errNowhere }

func (f *partnersFile) line(value toml.Primitive) int {
	var parse toml.ParseError
	if errors.As(f.meta.PrimitiveDecode(value, &nowhere{}), &parse) {
		return parse.Position.Line
	}
	return 0
}
