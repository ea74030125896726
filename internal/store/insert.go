package store

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// rowsPerInsert is where larger statements stop getting faster on both engines.
const rowsPerInsert = 1000

// model is a pointer to one of this package's rows.
type model[T any] interface {
	*T
	normalise()
	key() []string
}

// InsertMany inserts rows, all or none, in one transaction. It is several times as fast as gorm's Create.
//
// Codes are normalised and empty times of creation and update set, in rows itself. IDs must be given for all
// rows or for none; they are not read back. A transaction of SQLite keeps other writers waiting, for 10 s at
// most: give it some ten thousand rows at a time. A taken key is [ErrDuplicate].
func InsertMany[T any, P model[T]](ctx context.Context, s *Store, rows []T) error {
	return insertMany[T, P](ctx, s, rows, "")
}

// UpsertMany inserts rows like [InsertMany] and updates those whose key is there already (seller and SKU of a
// product, order and number of a line, …). IDs and times of creation stay what they are.
func UpsertMany[T any, P model[T]](ctx context.Context, s *Store, rows []T) error {
	table, err := tableOf[T](s)
	if err != nil {
		return err
	}
	key := P(new(T)).key()
	var updated []string
	for _, f := range table.Fields {
		if f.DBName != "" && f.DBName != "id" && f.DBName != "created_at" && !slices.Contains(key, f.DBName) {
			updated = append(updated, f.DBName)
		}
	}
	return insertMany[T, P](ctx, s, rows, s.engine.upsert(key, updated))
}

func insertMany[T any, P model[T]](ctx context.Context, s *Store, rows []T, onConflict string) error {
	if len(rows) == 0 {
		return nil
	}
	table, err := tableOf[T](s)
	if err != nil {
		return err
	}
	what := "insert " + table.Table
	for i := range rows {
		P(&rows[i]).normalise()
	}
	in := inserter{table: table, suffix: onConflict}
	if in.fields, err = insertFields(ctx, table, reflect.ValueOf(rows)); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	in.rowsEach = min(rowsPerInsert, s.engine.placeholders()/len(in.fields))
	return fail(what, retryDeadlock(func() error {
		err := in.run(ctx, s.typed, reflect.ValueOf(rows))
		if s.engine.duplicate(err) {
			err = fmt.Errorf("%w: %w", ErrDuplicate, err)
		}
		return err
	}))
}

func tableOf[T any](s *Store) (*schema.Schema, error) {
	stmt := &gorm.Statement{DB: s.gorm}
	if err := stmt.Parse(new(T)); err != nil {
		return nil, fmt.Errorf("read fields of %T: %w", *new(T), err)
	}
	return stmt.Schema, nil
}

// insertFields are the columns to write: all, or all but the ID where rows have none. It sets the times that
// are empty.
func insertFields(ctx context.Context, table *schema.Schema, rows reflect.Value) ([]*schema.Field, error) {
	var fields, times []*schema.Field
	for _, f := range table.Fields {
		if f.DBName == "" || f.DBName == "id" {
			continue
		}
		fields = append(fields, f)
		if f.AutoCreateTime > 0 || f.AutoUpdateTime > 0 {
			times = append(times, f)
		}
	}
	id, at, withoutID := table.LookUpField("id"), now(), 0
	for i := range rows.Len() {
		row := rows.Index(i)
		if _, zero := id.ValueOf(ctx, row); zero {
			withoutID++
		}
		for _, f := range times {
			if _, zero := f.ValueOf(ctx, row); !zero {
				continue
			}
			if err := f.Set(ctx, row, at); err != nil {
				return nil, fmt.Errorf("set %s of row %d: %w", f.DBName, i, err)
			}
		}
	}
	switch withoutID {
	case rows.Len():
		return fields, nil
	case 0:
		return append(fields, id), nil
	}
	return nil, fmt.Errorf("%d of %d rows have no ID: give all or none", withoutID, rows.Len())
}

// inserter writes the rows of one table by prepared statements of many rows each.
type inserter struct {
	table    *schema.Schema
	fields   []*schema.Field
	rowsEach int
	suffix   string
}

func (in inserter) run(ctx context.Context, db *sql.DB, rows reflect.Value) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	full := rows.Len() - rows.Len()%in.rowsEach
	if err := in.insert(ctx, tx, rows.Slice(0, full), in.rowsEach); err != nil {
		return err
	}
	if err := in.insert(ctx, tx, rows.Slice(full, rows.Len()), rows.Len()-full); err != nil {
		return err
	}
	return tx.Commit()
}

// insert writes rows, a multiple of each, with one prepared statement.
func (in inserter) insert(ctx context.Context, tx *sql.Tx, rows reflect.Value, each int) error {
	if rows.Len() == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, in.statement(each))
	if err != nil {
		return err
	}
	defer stmt.Close()
	args := make([]any, 0, each*len(in.fields))
	for from := 0; from < rows.Len(); from += each {
		args = args[:0]
		for i := range each {
			row := rows.Index(from + i)
			for _, f := range in.fields {
				value, _ := f.ValueOf(ctx, row)
				args = append(args, value)
			}
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return fmt.Errorf("rows %d to %d: %w", from, from+each-1, err)
		}
	}
	return nil
}

func (in inserter) statement(rows int) string {
	columns := make([]string, len(in.fields))
	for i, f := range in.fields {
		columns[i] = f.DBName
	}
	one := "(" + strings.Repeat("?,", len(columns)-1) + "?)"
	return "INSERT INTO " + quote(in.table.Table) + " (" + quoteAll(columns) + ") VALUES " +
		strings.Repeat(one+",", rows-1) + one + in.suffix
}

// quote quotes a name of this package's tables; both engines take backticks.
func quote(name string) string { return "`" + name + "`" }

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return strings.Join(quoted, ", ")
}
