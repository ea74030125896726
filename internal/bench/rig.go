package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/longhaul/longhaul/internal/devstack"
	"github.com/longhaul/longhaul/internal/mariadb"
	"github.com/longhaul/longhaul/internal/seed"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/job"
)

// bufferPoolMB holds all rows of 3,000,000 order lines and what they refer to, so that no contender pays for
// the disk.
const bufferPoolMB = 3 << 10

// rig is what all contenders stand on.
type rig struct {
	Options
	dir      string
	server   *mariadb.Server // nil with a database of one's own
	temporal *devstack.Temporal
	client   client.Client
}

// newRig has a directory and nothing else.
func newRig(o Options) (*rig, error) {
	dir, err := os.MkdirTemp("", "longhaul-bench-")
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	return &rig{Options: o, dir: dir}, nil
}

func openRig(ctx context.Context, o Options) (_ *rig, err error) {
	r, err := newRig(o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if o.Database == "" {
		o.logf("starting MariaDB")
		r.server, err = mariadb.Start(ctx, mariadb.Options{Dir: o.Dir, Fast: true, BufferPoolMB: bufferPoolMB})
		if err != nil {
			return nil, err
		}
	}
	return r, r.startTemporal(ctx)
}

// startTemporal starts the embedded server.
func (r *rig) startTemporal(ctx context.Context) (err error) {
	r.logf("starting Temporal")
	r.temporal, err = devstack.Start(ctx, devstack.Options{
		CLI: r.TemporalCLI, Headless: true,
		DBFile: filepath.Join(r.dir, "temporal.db"), LogFile: filepath.Join(r.dir, "temporal.log"),
	})
	if err != nil {
		return err
	}
	r.client, err = client.DialContext(ctx, client.Options{
		HostPort: r.temporal.Address, Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	if err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	return nil
}

func (r *rig) close() {
	if r.client != nil {
		r.client.Close()
	}
	if r.temporal != nil {
		r.temporal.Stop()
	}
	var err error
	if r.server != nil {
		err = r.server.Stop()
	}
	if err = errors.Join(err, os.RemoveAll(r.dir)); err != nil {
		r.logf("clean up: %v", err)
	}
}

// sample is a database with rows to export.
type sample struct {
	rows     int
	url      string
	sellerID int64
}

// fill makes a database of so many order lines, all of one seller, and has its server read all of them once.
func (r *rig) fill(ctx context.Context, rows int) (sample, error) {
	s := sample{rows: rows, url: r.Database}
	if r.server != nil {
		name := fmt.Sprintf("bench_%d", rows)
		if err := r.server.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+name); err != nil {
			return s, err
		}
		s.url = r.server.URL(name)
	}
	began := time.Now()
	err := seedLines(ctx, s.url, rows)
	if err != nil {
		return s, err
	}
	db, err := openLines(s.url)
	if err != nil {
		return s, err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, "SELECT id FROM sellers WHERE code = ?", exportTenant).Scan(&s.sellerID); err != nil {
		return s, fmt.Errorf("find seller: %w", err)
	}
	if err := warm(ctx, db, s.sellerID); err != nil {
		return s, fmt.Errorf("read all rows once: %w", err)
	}
	r.logf("%d order lines are there (%.0f s)", rows, time.Since(began).Seconds())
	return s, nil
}

func seedLines(ctx context.Context, url string, rows int) error {
	st, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.Migrate(ctx); err != nil {
		return err
	}
	sellers, err := st.Sellers(ctx)
	if err != nil {
		return err
	}
	for _, seller := range sellers {
		if seller.Code != exportTenant {
			return job.Errorf(job.CodeConflict, "the database has sellers of somebody else's (%s): give an empty one", seller.Code)
		}
	}
	return seed.Sample(ctx, st, seed.Options{OrderLines: rows, OneSeller: true})
}

// warm brings the tables' statistics up to date and all that an export reads into the server's memory.
func warm(ctx context.Context, db *sql.DB, sellerID int64) error {
	if _, err := db.ExecContext(ctx, "ANALYZE TABLE order_lines, orders, products, sellers"); err != nil {
		return err
	}
	var size sql.NullInt64
	return db.QueryRowContext(ctx, `SELECT STRAIGHT_JOIN SUM(LENGTH(l.product_name) + LENGTH(o.customer_name) + LENGTH(p.option_name))
		FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id
		WHERE l.seller_id = ?`, sellerID).Scan(&size)
}

// processes are those whose use of the machine belongs to whoever is being measured.
func (r *rig) processes(own map[string]int) map[string]int {
	all := map[string]int{}
	if r.temporal != nil {
		all[partTemporal] = r.temporal.Pid()
	}
	if r.server != nil {
		all[partDatabase] = r.server.Pid()
	}
	for name, pid := range own {
		all[name] = pid
	}
	return all
}

// The parts whose use is told apart.
const (
	partDatabase = "database"
	partTemporal = "temporal"
	partMain     = "contender" // the loop, the browser or the worker
	partServer   = "server"    // the old way's server or the API
)

// databaseVersion is what the database says of itself.
func (r *rig) databaseVersion(ctx context.Context) string {
	address := r.Database
	if r.server != nil {
		address = r.server.URL("mysql")
	}
	db, err := openLines(address)
	if err != nil {
		return ""
	}
	defer db.Close()
	var version string
	_ = db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version) // only a word in the report
	return version
}
