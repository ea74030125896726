package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"
)

const (
	// dialTimeout bounds connecting: a server that is up answers at once, and a start that waits for an
	// address nobody has should say so soon.
	dialTimeout = 5 * time.Second
	// migrateWait is how long a process waits for another that migrates; a migration of large tables
	// takes minutes.
	migrateWait = 10 * time.Minute
)

// mysqlEngine is MySQL 8 and MariaDB 10.5 or newer.
type mysqlEngine struct{ cfg *mysql.Config }

func parseMySQL(u *url.URL) (address, error) {
	database := strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || database == "" || strings.Contains(database, "/") {
		return address{}, errors.New("read database URL: it must be like mysql://user:password@host:3306/database")
	}
	// The driver reads its parameters; all else is set below.
	cfg, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return address{}, fmt.Errorf("read parameters of database URL: %w", err)
	}
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", net.JoinHostPort(u.Hostname(), port), database
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	if cfg.Timeout == 0 {
		cfg.Timeout = dialTimeout
	}
	cfg.Loc = time.UTC
	cfg.Collation = "utf8mb4_unicode_520_ci"
	cfg.InterpolateParams = true    // one round trip a statement, and the text protocol
	cfg.ClientFoundRows = false     // an insert that met its own key counts no row, see ClaimKey
	cfg.RejectReadOnly = true       // after a failover: leave the old primary
	cfg.Logger = &mysql.NopLogger{} // it tells of lost connections; so do the errors
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	// A value that does not fit is an error, also on a server that is set up to cut it.
	cfg.Params["sql_mode"] = "CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_ALL_TABLES')"
	text := "mysql://" + cfg.Addr + "/" + database
	if cfg.User != "" {
		text = "mysql://" + url.User(cfg.User).String() + "@" + cfg.Addr + "/" + database
	}
	return address{mysqlEngine{cfg}, text}, nil
}

// open makes two pools that differ in one thing: times of streams stay the text that the server sent, which
// saves parsing and printing them (645,000 rows a CPU second against 350,000).
func (e mysqlEngine) open() (typed, stream *sql.DB, err error) {
	cfg := e.cfg.Clone()
	cfg.ParseTime = true
	parsing, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, nil, err
	}
	cfg.ParseTime = false
	plain, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, nil, err
	}
	return sql.OpenDB(parsing), sql.OpenDB(plain), nil
}

func (mysqlEngine) ping(ctx context.Context, pool *sql.DB) error { return pool.PingContext(ctx) }

func (e mysqlEngine) dialector(pool *sql.DB) gorm.Dialector {
	return gormmysql.New(gormmysql.Config{
		Conn: pool,
		// MariaDB has RETURNING and MySQL has not: do on both what works on both. IDs after an upsert are
		// wrong without it, so nothing here reads them.
		DisableWithReturning: true,
	})
}

func (mysqlEngine) defaultOpen() int   { return defaultMySQLOpen }
func (mysqlEngine) migrations() string { return "mysql" }

// placeholders: the protocol counts them in 16 bits.
func (mysqlEngine) placeholders() int { return 65_535 }

// exclusive holds a named lock of the server. MySQL commits at each CREATE TABLE, so a transaction would not
// do. The lock ends with its connection, hence with the process.
func (e mysqlEngine) exclusive(s *Store, db *gorm.DB, fn func(*gorm.DB) error) (err error) {
	ctx := db.Statement.Context
	conn, err := s.typed.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Locks belong to the server, not the database, and a name has 64 characters at most.
	sum := sha256.Sum256([]byte(e.cfg.DBName))
	name := "longhaul-migrate-" + hex.EncodeToString(sum[:8])
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", name, migrateWait.Seconds()).Scan(&got); err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	if got.Int64 != 1 {
		return fmt.Errorf("another process has been migrating for %v", migrateWait)
	}
	defer func() {
		if _, e := conn.ExecContext(ctx, "DO RELEASE_LOCK(?)", name); e != nil && err == nil {
			err = fmt.Errorf("release lock of migrations: %w", e)
		}
	}()
	return fn(db)
}

// upsert uses VALUES(), which MySQL has deprecated but has, because MariaDB knows no row alias. MySQL goes by
// whatever unique key is met, so key is not named.
func (mysqlEngine) upsert(_, columns []string) string {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = fmt.Sprintf("%s = VALUES(%s)", quote(c), quote(c))
	}
	return " ON DUPLICATE KEY UPDATE " + strings.Join(sets, ", ")
}

func (mysqlEngine) duplicate(err error) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && e.Number == 1062
}

func (mysqlEngine) scan(columns int) rowScanner { return newRawScanner(columns) }
