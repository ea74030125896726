package dataset

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/longhaul/longhaul/job"
)

// SyncSelection is a checked request for items from the database.
type SyncSelection struct {
	kind Sync
	rows Selection // of an export with the same source: the key, then the columns
}

// Select checks the filters of a request; zone is the tenant's, in which dates are meant. Its error is a [*job.Error] with
// [job.CodeInvalid] that names every wrong filter by its JSON pointer.
func (k Sync) Select(filters job.Filters, zone *time.Location) (SyncSelection, error) {
	rows, err := k.export().Select(Request{Filters: filters}, zone)
	return SyncSelection{kind: k, rows: rows}, err
}

// export is one that reads the kind's items. What only a sheet needs of a column is made up.
func (k Sync) export() Export {
	columns := []Column{{Name: syncKeyColumn, Header: Text{Ko: syncKeyColumn, En: syncKeyColumn}, SQL: k.Source.Key}}
	for _, c := range k.Columns {
		c.Header = Text{Ko: c.Name, En: c.Name}
		columns = append(columns, c)
	}
	return Export{Name: k.Name, Title: k.Title, About: k.About, Source: k.Source, Columns: columns, Filters: k.Filters}
}

// syncKeyColumn is no field's name: those are in snake case.
const syncKeyColumn = "(key)"

// Filters are the filters in their canonical form. Requests that mean the same have the same ones.
func (s SyncSelection) Filters() job.Filters { return s.rows.Request().Filters }

// MaxKey yields the high-water mark, as [Selection.MaxKey] does.
func (s SyncSelection) MaxKey(tenantID int64) Statement { return s.rows.MaxKey(tenantID) }

// Page yields the first limit items with after < key <= highWater, in the order of the key: their rows are for
// [SyncSelection.Item]. Fewer than limit rows are the last ones.
func (s SyncSelection) Page(tenantID, after, highWater int64, limit int) Statement {
	page := s.rows.Page(tenantID, after, highWater)
	return Statement{SQL: page.SQL + " LIMIT ?", Args: append(page.Args, int64(limit))}
}

// Item makes an item of a row of [SyncSelection.Page], and returns its key, behind which the next page begins. An item
// with errors cannot be sent; the error that is returned is a fault of the kind or the database.
func (s SyncSelection) Item(cells [][]byte) (key int64, item SyncItem, err error) {
	if len(cells) != 1+len(s.kind.Columns) {
		return 0, SyncItem{}, fmt.Errorf("read item: %d cells for %d columns and the key", len(cells), len(s.kind.Columns))
	}
	key, err = strconv.ParseInt(string(cells[0]), 10, 64)
	if err != nil {
		return 0, SyncItem{}, fmt.Errorf("read item: key %q is no number", cells[0])
	}
	values := make(map[string]string, len(s.kind.Columns))
	var errs []job.RowError
	for i, c := range s.kind.Columns {
		f := s.kind.Fields[s.kind.Rows().field(c.Name)]
		value, err := f.plain(cells[1+i])
		if err != nil {
			return 0, SyncItem{}, fmt.Errorf("read item %d: column %s: %w", key, c.Name, err)
		}
		if value != "" {
			values[c.Name] = value
		} else if f.Required {
			errs = append(errs, job.RowError{Column: c.Name, Index: -1, Code: job.RowRequired})
		}
	}
	return key, s.kind.newItem(values, errs), nil
}

// streamTime is how the store writes a time.
const streamTime = "2006-01-02 15:04:05.999999"

// plain puts a cell of the database into plain notation; empty for none.
func (f Field) plain(cell []byte) (string, error) {
	if len(cell) == 0 {
		return "", nil
	}
	switch f.Type {
	case FieldInteger, FieldDecimal:
		n, ok := splitNumber(cell)
		if !ok || f.Type == FieldInteger && len(n.fraction) > 0 {
			return "", fmt.Errorf("%q is no %s", cell, f.Type)
		}
		return n.String(), nil
	case FieldInstant:
		t, err := time.Parse(streamTime, string(cell))
		if err != nil {
			return "", errors.New("the value is no time; select the column itself, as an expression over times has no type on SQLite")
		}
		return t.Format(time.RFC3339Nano), nil
	}
	return string(cell), nil
}

// Item makes an item of a row of an upload: of its values, as [Intake.Read] returns them, and what is wrong with it.
func (k Sync) Item(values []any, errs []job.RowError) SyncItem {
	fields := make(map[string]string, len(values))
	for i, value := range values {
		if value != nil {
			fields[k.Fields[i].Name] = display(value)
		}
	}
	for _, e := range errs { // what cannot be read is shown as it was given
		if fields[e.Column] == "" && e.Value != "" && e.Column != "" {
			fields[e.Column] = e.Value
		}
	}
	return k.newItem(fields, errs)
}

// What is kept of an item's key and order, in characters. A field may hold no more than that; what is wrong may.
const (
	maxItemKey   = 300
	maxItemOrder = 200
)

// keySeparator stands between the values of a key.
const keySeparator = " / "

func (k Sync) newItem(fields map[string]string, errs []job.RowError) SyncItem {
	var key []string
	for _, name := range k.Key {
		if value := fields[name]; value != "" {
			key = append(key, value)
		}
	}
	return SyncItem{
		Key: cut(strings.Join(key, keySeparator), maxItemKey), Order: cut(fields[k.InOrder], maxItemOrder),
		Fields: fields, Errors: errs,
	}
}
