package store

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"
)

// saveCache holds what saves find out once and use again.
type saveCache struct {
	once       sync.Once
	tables     map[string]*savedTable
	err        error    // of reading the models
	indexes    sync.Map // table and columns → hint, a string
	statements sync.Map // text → *sql.Stmt; as many as the plans need, never more
	loads      loaders
	seen       seenRecords
	early      turn // of who creates records before a chunk
}

// savedTable is a table that saves may read and write. A record of it is a slice with a value for each column.
type savedTable struct {
	name    string
	columns []savedColumn // the id comes first
	names   []string
	zeros   []any // of a new record
	at      map[string]int
	seller  int
	// created and updated are the columns of the times at which a record was made and written; -1 for none.
	created, updated int
}

const idColumn = 0

// savedColumn is a column. Its values are nil for NULL, int64, string (money too, with all its places) or
// time.Time as [instant] makes it: what the drivers take as it is, and what == tells apart.
type savedColumn struct {
	name string
	kind columnKind
	zero any
}

type columnKind uint8

const (
	kindInt columnKind = iota
	kindText
	kindMoney
	kindTime
)

// savedTables are the tables of the models that belong to a seller.
func savedTables(db *gorm.DB) (map[string]*savedTable, error) {
	tables := make(map[string]*savedTable)
	for _, model := range []any{&Product{}, &StockLevel{}, &Order{}, &Shipment{}, &OrderLine{}} {
		stmt := &gorm.Statement{DB: db}
		if err := stmt.Parse(model); err != nil {
			return nil, fmt.Errorf("read fields of %T: %w", model, err)
		}
		t := &savedTable{name: stmt.Schema.Table, at: make(map[string]int), created: -1, updated: -1}
		for _, f := range stmt.Schema.Fields {
			column, err := newSavedColumn(f.DBName, f.FieldType)
			if err != nil {
				return nil, fmt.Errorf("table %s: %w", t.name, err)
			}
			t.at[f.DBName] = len(t.columns)
			t.columns, t.names, t.zeros = append(t.columns, column), append(t.names, f.DBName), append(t.zeros, column.zero)
		}
		t.zeros[idColumn] = nil // the server gives it
		t.seller = t.at["seller_id"]
		if at, ok := t.at["created_at"]; ok {
			t.created = at
		}
		if at, ok := t.at["updated_at"]; ok {
			t.updated = at
		}
		tables[t.name] = t
	}
	return tables, nil
}

func newSavedColumn(name string, typ reflect.Type) (savedColumn, error) {
	c := savedColumn{name: name}
	nullable := typ.Kind() == reflect.Pointer
	if nullable {
		typ = typ.Elem()
	}
	switch {
	case typ == reflect.TypeFor[Money]():
		c.kind, c.zero = kindMoney, zeroMoney
	case typ == reflect.TypeFor[time.Time]():
		c.kind, c.zero = kindTime, zeroTime
	case typ.Kind() == reflect.String:
		c.kind, c.zero = kindText, ""
	case typ.Kind() == reflect.Int, typ.Kind() == reflect.Int64:
		c.kind, c.zero = kindInt, int64(0)
	default:
		return c, fmt.Errorf("column %s: %s cannot be saved", name, typ)
	}
	if nullable {
		c.zero = nil
	}
	return c, nil
}

// savedTable finds a table by its name.
func (s *Store) savedTable(name string) (*savedTable, error) {
	s.saves.once.Do(func() { s.saves.tables, s.saves.err = savedTables(s.gorm) })
	if s.saves.err != nil {
		return nil, s.saves.err
	}
	t := s.saves.tables[name]
	if t == nil {
		return nil, fmt.Errorf("there is no table %q that rows can be saved to", name)
	}
	return t, nil
}

// position finds a column of a table.
func (t *savedTable) position(column string) (int, error) {
	at, ok := t.at[column]
	if !ok {
		return 0, fmt.Errorf("table %s has no column %q", t.name, column)
	}
	return at, nil
}

// indexHint finds the index by which records are found by key, whose first column bears the search, and makes a
// hint of it.
//
// The choice is not left to the servers. Both would take (seller_id, id) when their figures of the table are of
// yesterday, or when there are none (SQLite): each chunk would then read, and on MySQL lock, all that the tenant has.
func (s *Store) indexHint(ctx context.Context, q *session, table string, key []string) (string, error) {
	if key[0] == "id" {
		return s.engine.useIndex(""), nil
	}
	cached := table + " " + strings.Join(key, " ")
	if hint, ok := s.saves.indexes.Load(cached); ok {
		return hint.(string), nil
	}
	rows, err := q.query(ctx, s.engine.indexQuery(), table)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var names []string
	columns := make(map[string][]string)
	for rows.Next() {
		var name, column string
		if err := rows.Scan(&name, &column); err != nil {
			return "", err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		columns[name] = append(columns[name], column)
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	best, most := "", 0
	for _, name := range names {
		if n := covers(columns[name], key); n > most {
			best, most = name, n
		}
	}
	if best == "" {
		return "", fmt.Errorf("table %s has no index that begins with %s, or with seller_id and it", table, key[0])
	}
	hint := s.engine.useIndex(best)
	s.saves.indexes.Store(cached, hint)
	return hint, nil
}

// covers counts the leading columns of an index that are among a key's, which has to begin with the key's first; the
// seller may stand before it.
func covers(index, key []string) int {
	if len(index) > 0 && index[0] == "seller_id" {
		index = index[1:]
	}
	if len(index) == 0 || index[0] != key[0] {
		return 0
	}
	n := 0
	for n < len(index) && slices.Contains(key, index[n]) {
		n++
	}
	return n
}
