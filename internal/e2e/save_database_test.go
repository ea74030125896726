//go:build unix

package e2e

import (
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/mariadb"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// saveDatabaseFaults are about the database of a bulk save.
func saveDatabaseFaults() []fault {
	var cases []fault
	// SQLite is no process of its own: it dies with the worker.
	for _, moment := range []struct {
		name      string
		statement string
		pass      int // see [wire.snare]
	}{
		{"applying, begun", "START TRANSACTION", noAnswer},
		{"applying, rows written", "RELEASE SAVEPOINT saved_rows", 0},
		{"applying, committed, not told", "COMMIT", noAnswer},
	} {
		cases = append(cases, fault{"save, kill MariaDB, " + moment.name, func(t *testing.T, g *ground) {
			killMariaDBApplying(t, g, moment.statement, moment.pass)
		}})
	}
	cases = append(cases,
		fault{"save, kill MariaDB, undoing", killMariaDBUndoing},
		fault{"save, another locks rows for too long, MariaDB", lockRows},
		fault{"save, another locks the database for too long, SQLite", lockDatabase},
		fault{"save, deadlock", deadlock}, // SQLite has one lock
		// SQLite heeds foreign keys only where a connection asks for it, and ours do not.
		fault{"save, foreign key", violateForeignKey},
		fault{"save, trigger", violateTrigger},
	)
	cases = append(cases, eachEngine("save, unique key", violateUniqueKey)...)
	return append(cases, eachEngine("save, value too long", violateLength)...)
}

// mortal is a stand on a MariaDB of its own, which is reached over a wire.
func (g *ground) mortal(t *testing.T, books ...*book) (*saving, *wire, *mariadb.Server) {
	t.Helper()
	server := testenv.PrivateMariaDB(t)
	way := newWire(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port())))
	s := g.savesAt(t, server.URL("longhaul"), options{database: "mysql://root@" + way.address + "/longhaul"}, books...)
	return s, way, server
}

func killMariaDBApplying(t *testing.T, g *ground, statement string, pass int) {
	b := stockBook(tenantA, bookRows, false)
	s, way, server := g.mortal(t, b)
	hold := s.files.Hold(http.MethodGet, chunkBegins(9))
	s.kindsWorker("worker")
	id := s.save(b)
	hold.Wait(t)
	snare := way.snare(statement, pass)
	hold.Release()
	snare.wait(t)
	workflowID := s.job(id).WorkflowID
	server.Kill()
	snare.sever()
	s.awaitFailing(workflowID, contract.ApplyChunk.Name)
	require.NoError(t, server.Restart(t.Context()))
	s.requireSaved(id, b)
	s.requireAgain(id, contract.ApplyChunk.Name, contract.FailureType(job.ReasonDownstream))
}

// killMariaDBUndoing kills the server while a pass over a chunk is written and not committed.
func killMariaDBUndoing(t *testing.T, g *ground) {
	b := stockBook(tenantA, bookRows, false)
	s, _, server := g.mortal(t, b)
	s.kindsWorker("worker")
	id := s.save(b)
	s.requireSaved(id, b)
	want := s.before.with(s.sellOne(b.in(9)))
	hold := s.files.Hold(http.MethodPut, "jobs/*/*/faults-undo-*-00000009")
	undo := s.undo(id)
	hold.Wait(t)
	workflowID := s.job(undo).WorkflowID
	server.Kill()
	hold.Release()
	s.awaitFailing(workflowID, contract.UndoChunk.Name)
	require.NoError(t, server.Restart(t.Context()))
	s.requireUndone(undo, id, want, 1)
	s.requireAgain(undo, contract.UndoChunk.Name, contract.FailureType(job.ReasonDownstream))
}

// other is another client's connection to the database of a case. What it has begun ends with the test.
func (s *saving) other() *sql.Conn {
	s.Helper()
	driver, source := "sqlite", strings.TrimPrefix(s.database, "sqlite://")
	if u, err := url.Parse(s.database); err == nil && u.Scheme == "mysql" {
		driver, source = "mysql", fmt.Sprintf("root@tcp(%s)%s", u.Host, u.Path)
	}
	db, err := sql.Open(driver, source)
	require.NoError(s, err)
	s.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(s.Context())
	require.NoError(s, err)
	s.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (s *saving) on(conn *sql.Conn, statement string, args ...any) {
	s.Helper()
	_, err := conn.ExecContext(s.Context(), statement, args...)
	require.NoError(s, err, statement)
}

// lockByID locks a stock level.
const lockByID = "SELECT id FROM stock_levels WHERE id = ? FOR UPDATE"

// level is the stock level that a row of tenantA's book is about.
func (s *saving) level(sku string) (id int64) {
	s.Helper()
	require.NoError(s, s.store.DB(s.Context()).Raw("SELECT l.id FROM stock_levels l JOIN products p ON p.id = l.product_id"+
		" WHERE p.seller_id = 1 AND p.sku = ? AND l.warehouse = 'ICN'", sku).Scan(&id).Error)
	require.NotZero(s, id, sku)
	return id
}

// updated are the SKUs of the rows of a chunk that change what is there, in key order.
func (b *book) updated(chunk int) (skus []string) {
	for _, l := range b.in(chunk) {
		if l.verdict == target.Updated {
			skus = append(skus, l.cells[0])
		}
	}
	slices.Sort(skus)
	return skus
}

// lockRows holds one row of a chunk for longer than the server lets anybody wait.
func lockRows(t *testing.T, g *ground) {
	b := stockBook(tenantA, bookRows, false)
	database := testenv.MariaDB(t)
	s := g.savesAt(t, database, options{database: database + "?innodb_lock_wait_timeout=1"}, b)
	other := s.other()
	s.on(other, "BEGIN")
	s.on(other, lockByID, s.level(b.updated(9)[7]))
	s.kindsWorker("worker")
	id := s.save(b)
	s.awaitFailing(s.job(id).WorkflowID, contract.ApplyChunk.Name)
	s.on(other, "ROLLBACK")
	s.requireSaved(id, b)
	s.requireAgain(id, contract.ApplyChunk.Name, contract.FailureType(job.ReasonDownstream))
}

// lockDatabase holds the only lock that SQLite has for longer than anybody waits for it.
func lockDatabase(t *testing.T, g *ground) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, onSQLite, b)
	hold := s.files.Hold(http.MethodGet, chunkBegins(9))
	s.kindsWorker("worker")
	id := s.save(b)
	hold.Wait(t)
	other := s.other()
	s.on(other, "PRAGMA busy_timeout = 10000")
	s.on(other, "BEGIN IMMEDIATE")
	hold.Release()
	s.awaitFailing(s.job(id).WorkflowID, contract.ApplyChunk.Name)
	s.on(other, "ROLLBACK")
	s.requireSaved(id, b)
	s.requireAgain(id, contract.ApplyChunk.Name, contract.FailureType(job.ReasonDownstream))
}

// deadlock has a chunk wait for another transaction, which then waits for the chunk. The other one has written more, so
// the server lets it have its way; the chunk is saved from its beginning, and nobody else comes to know.
func deadlock(t *testing.T, g *ground) {
	b := stockBook(tenantA, bookRows, false)
	s := g.saves(t, onMySQL, b, stockBook(tenantB, bookRows, false))
	skus := b.updated(9)
	first, last := s.level(skus[0]), s.level(skus[len(skus)-1])
	other, probe := s.other(), s.other()
	// Where the server scans the table for the other tenant's rows, it would keep the locks of all rows that it meets.
	s.on(other, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
	s.on(other, "BEGIN")
	s.on(other, "UPDATE stock_levels SET reserved = reserved + 1 WHERE seller_id = 2")
	s.on(other, lockByID, last)
	s.on(probe, lockByID+" NOWAIT", first) // nobody has it yet
	s.kindsWorker("worker")
	id := s.save(b)
	// InnoDB's own list of who waits is of no use: it stays as it is while several cases ask for it.
	eventually(t, "a chunk has locked its first row", func() bool {
		_, err := probe.ExecContext(t.Context(), lockByID+" NOWAIT", first)
		if err != nil {
			require.Regexp(t, "^Error (1205|3572) ", err.Error()) // MariaDB's and MySQL's
		}
		return err != nil
	})
	s.on(other, lockByID, first) // the chunk has it, and cannot end: that it is given is the proof
	s.on(other, "ROLLBACK")
	s.requireSaved(id, b)
	require.Empty(t, s.again(id))
}

func violateUniqueKey(t *testing.T, g *ground, on engine) {
	b := productBook(bookRows, taken)
	s := g.saves(t, on, b)
	s.exec("CREATE UNIQUE INDEX products_barcode ON products (seller_id, barcode)")
	s.kindsWorker("worker")
	s.requireSaved(s.save(b), b)
}

func violateForeignKey(t *testing.T, g *ground) {
	b := stockBook(tenantA, bookRows, true)
	s := g.saves(t, onMySQL, b)
	s.exec("CREATE TABLE warehouses (code VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY) ENGINE=InnoDB")
	s.exec("INSERT INTO warehouses VALUES ('ICN'), ('PUS')")
	s.exec("ALTER TABLE stock_levels ADD FOREIGN KEY (warehouse) REFERENCES warehouses (code)")
	s.kindsWorker("worker")
	s.requireSaved(s.save(b), b)
}

func violateTrigger(t *testing.T, g *ground) {
	b := stockBook(tenantA, bookRows, true)
	s := g.saves(t, onSQLite, b)
	s.exec("CREATE TRIGGER no_ghosts BEFORE INSERT ON stock_levels WHEN NEW.warehouse = '" + ghost + "'" +
		" BEGIN SELECT RAISE(ABORT, 'no such warehouse'); END")
	s.kindsWorker("worker")
	s.requireSaved(s.save(b), b)
}

// violateLength narrows a column of the database, so that it refuses what the kind allows.
func violateLength(t *testing.T, g *ground, on engine) {
	b := productBook(bookRows, length)
	s := g.saves(t, on, b)
	if on == onMySQL {
		s.exec(fmt.Sprintf("ALTER TABLE products MODIFY name VARCHAR(%d) NOT NULL", narrow))
	} else {
		// SQLite cannot change a column; its own text of the table can be.
		other := s.other()
		s.on(other, "PRAGMA writable_schema = ON")
		s.on(other, "UPDATE sqlite_schema SET sql = replace(sql, 'length(name) <= 500', ?) WHERE name = 'products'", fmt.Sprintf("length(name) <= %d", narrow))
		s.on(other, "PRAGMA schema_version = 1000") // for connections that are open
	}
	s.kindsWorker("worker")
	s.requireSaved(s.save(b), b)
}
