package store

import (
	"context"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// migrationFiles holds a folder for each engine with the same file names; a name without .sql is the
// migration's ID. Files are frozen once released.
//
//go:embed migrations
var migrationFiles embed.FS

// migrationTable is where gormigrate notes what has been done.
const migrationTable = "migrations"

// Migrate brings the tables up to date. It does nothing where they are, and processes that run it at once do
// it one after another. A database that is ahead of this program is left as it is: migrations only add, so
// that the previous program works on during a deploy.
func (s *Store) Migrate(ctx context.Context) error {
	migrations, err := s.migrationList()
	if err != nil {
		return err
	}
	options := &gormigrate.Options{TableName: migrationTable, IDColumnName: "id", IDColumnSize: 100}
	return fail("migrate database", s.engine.exclusive(s, s.gorm.WithContext(ctx), func(db *gorm.DB) error {
		return gormigrate.New(db, options, migrations).Migrate()
	}))
}

// Pending lists the migrations that are due; none means that the tables are up to date.
func (s *Store) Pending(ctx context.Context) ([]string, error) {
	names, err := s.migrationNames()
	if err != nil {
		return nil, err
	}
	db := s.gorm.WithContext(ctx)
	// The ping tells a database that is away from one without tables; HasTable tells both alike.
	if err := s.Ping(ctx); err != nil {
		return nil, err
	}
	if !db.Migrator().HasTable(migrationTable) {
		return names, nil
	}
	var done []string
	if err := db.Table(migrationTable).Pluck("id", &done).Error; err != nil {
		return nil, fail("read migrations", err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(done, name) }), nil
}

// migrationNames lists the IDs of this engine's migrations, in order.
func (s *Store) migrationNames() ([]string, error) {
	entries, err := migrationFiles.ReadDir(s.migrationFolder())
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = strings.TrimSuffix(entry.Name(), ".sql")
	}
	return names, nil
}

func (s *Store) migrationList() ([]*gormigrate.Migration, error) {
	names, err := s.migrationNames()
	if err != nil {
		return nil, err
	}
	list := make([]*gormigrate.Migration, len(names))
	for i, name := range names {
		text, err := migrationFiles.ReadFile(path.Join(s.migrationFolder(), name+".sql"))
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", name, err)
		}
		list[i] = &gormigrate.Migration{ID: name, Migrate: func(db *gorm.DB) error {
			return runScript(db, name, string(text))
		}}
	}
	return list, nil
}

func (s *Store) migrationFolder() string { return path.Join("migrations", s.engine.migrations()) }

// runScript runs statements one by one: the MySQL driver takes several only in a mode that makes injection
// easier. A statement ends with a semicolon at the end of a line. An index that exists is one that a run made
// before it was cut short: MySQL has no CREATE INDEX IF NOT EXISTS, and on SQLite nothing of such a run remains.
func runScript(db *gorm.DB, name, script string) error {
	for i, statement := range strings.Split(script, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := db.Exec(statement).Error; err != nil && !indexExists(err) {
			return fmt.Errorf("run statement %d of migration %s: %w", i+1, name, err)
		}
	}
	return nil
}
