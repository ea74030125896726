//go:build unix

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

const (
	tenantA = tenant
	tenantB = "globex"
)

// chunkRows is the chunk of the test's workers, so that a small file has many.
const chunkRows = 50

// bookRows is the size of most books, and makes 22 chunks and more.
const bookRows = 1200

// eachEngine makes a case of a test for MariaDB and one for SQLite.
func eachEngine(name string, run func(t *testing.T, g *ground, on engine)) []fault {
	return []fault{
		{name + ", MariaDB", func(t *testing.T, g *ground) { run(t, g, onMySQL) }},
		{name + ", SQLite", func(t *testing.T, g *ground) { run(t, g, onSQLite) }},
	}
}

// oneEngine makes a case of a test for one of the engines, in turn. It is for faults before the first row is saved or
// after the last, with which the engine has nothing to do.
func oneEngine(turn int, name string, run func(t *testing.T, g *ground, on engine)) []fault {
	return eachEngine(name, run)[turn%2:][:1]
}

// saving is a stand for bulk saves: its database has what some books are about, and nothing else.
type saving struct {
	*stand
	before state
}

// saves sets up a case on a database of its own.
func (g *ground) saves(t *testing.T, on engine, books ...*book) *saving {
	t.Helper()
	return g.savesAt(t, emptyDatabase(t, on), options{}, books...)
}

// savesAt sets up a case on an empty database. The processes take the URL of o, should they go another way to it.
func (g *ground) savesAt(t *testing.T, database string, o options, books ...*book) *saving {
	t.Helper()
	fillForSaves(t, database, books...)
	if o.database == "" {
		o.database = database
	}
	s := &saving{stand: g.stand(t, o)}
	s.before = s.state()
	return s
}

func emptyDatabase(t *testing.T, on engine) string {
	t.Helper()
	if on == onSQLite {
		return "sqlite://" + filepath.Join(t.TempDir(), "longhaul.db")
	}
	return testenv.MariaDB(t)
}

// fillForSaves makes the tables, two sellers, and what books meet.
func fillForSaves(t *testing.T, database string, books ...*book) {
	t.Helper()
	st, err := store.Open(t.Context(), database, store.Options{})
	require.NoError(t, err)
	defer st.Close()
	require.NoError(t, st.Migrate(t.Context()))
	sellers := []store.Seller{
		{ID: 1, Code: tenantA, Name: "Acme", TimeZone: "UTC", CreatedAt: seededAt},
		{ID: 2, Code: tenantB, Name: "Globex", TimeZone: "UTC", CreatedAt: seededAt},
	}
	require.NoError(t, store.InsertMany(t.Context(), st, sellers))
	for i, b := range books {
		seller := sellers[0].ID
		if b.tenant == tenantB {
			seller = sellers[1].ID
		}
		require.NoError(t, b.fill(t.Context(), st, seller, int64(i+1)*1_000_000))
	}
}

// send sends a file to the API as a whole.
func (s *saving) send(ctx context.Context, path string, file []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(file))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "text/csv")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, data}, err
}

// save starts to save a book; more is added to the query.
func (s *saving) save(b *book, more ...string) (jobID string) {
	s.Helper()
	got, err := s.send(s.Context(), b.path(more...), b.text())
	require.NoError(s, err)
	require.Equal(s, http.StatusAccepted, got.status, "%s", got.body)
	return got.job(s.T).ID
}

// path is where a book is sent to be saved.
func (b *book) path(more ...string) string {
	path := fmt.Sprintf("/v1/bulk-saves/%s?tenant=%s&locale=en&filename=book.csv", b.kind, b.tenant)
	for _, m := range more {
		path += "&" + m
	}
	return path
}

const dryRun = "dry_run=true"

// held waits until a dry run is through and waits to be resumed.
func (s *saving) held(id string) api.Job {
	s.Helper()
	return s.until(id, "the dry run is through", func(j api.Job) bool {
		require.False(s, j.State.Ended(), "%s: %s", j.Reason, j.Message)
		return j.State == job.Paused && j.Progress.Phase == job.PhaseHolding && j.StaleSince == nil
	})
}

// resume carries a dry run out, as soon as a worker is there to hear it.
func (s *saving) resume(id string) {
	s.Helper()
	eventually(s.T, "the dry run is resumed", func() bool {
		got, err := s.ask(http.MethodPost, "/v1/jobs/"+id+"/resume", nil)
		require.NoError(s, err)
		require.Contains(s, []int{http.StatusAccepted, http.StatusOK, http.StatusServiceUnavailable, http.StatusConflict}, got.status, "%s", got.body)
		return got.status < 300 || s.job(id).State != job.Paused // one that was not answered may have been heard
	})
}

// undo starts to undo a save.
func (s *saving) undo(id string) (jobID string) {
	s.Helper()
	require.NotEmpty(s, s.job(id).Links.Undo, "undo is offered")
	got, err := s.ask(http.MethodPost, "/v1/jobs/"+id+"/undo", nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusAccepted, got.status, "%s", got.body)
	undo := got.job(s.T)
	require.NotEqual(s, id, undo.ID)
	return undo.ID
}

// exec changes the data behind the program's back.
func (s *saving) exec(statement string, args ...any) {
	s.Helper()
	require.NoError(s, s.store.DB(s.Context()).Exec(statement, args...).Error)
}

// state reads all that the database holds of sellers. Two records that are the same fail the test.
func (s *saving) state() state {
	s.Helper()
	all := state{}
	put := func(key, value string) {
		_, twice := all[key]
		require.False(s, twice, "%s is there twice", key)
		all[key] = value
	}
	db := s.store.DB(s.Context())
	var products []struct{ Code, SKU, Name, Barcode, Price string }
	require.NoError(s, db.Raw("SELECT s.code, p.sku, p.name, p.barcode, p.price"+
		" FROM products p JOIN sellers s ON s.id = p.seller_id").Scan(&products).Error)
	for _, p := range products {
		put(fmt.Sprintf("product %s/%s", p.Code, p.SKU), fmt.Sprintf("%s, %s, %s", p.Name, p.Barcode, p.Price))
	}
	var levels []struct {
		Code, SKU, Warehouse string
		OnHand, Reserved     int64
	}
	require.NoError(s, db.Raw("SELECT s.code, p.sku, l.warehouse, l.on_hand, l.reserved FROM stock_levels l"+
		" JOIN sellers s ON s.id = l.seller_id JOIN products p ON p.id = l.product_id AND p.seller_id = l.seller_id").Scan(&levels).Error)
	for _, l := range levels {
		put(fmt.Sprintf("level %s/%s/%s", l.Code, l.SKU, l.Warehouse), fmt.Sprintf("%d, %d reserved", l.OnHand, l.Reserved))
	}
	var lines []struct {
		Code, OrderNumber, SKU, Product, UnitPrice, Amount, Channel, Memo string
		LineNumber, Quantity                                              int64
		OrderedAt                                                         time.Time
	}
	require.NoError(s, db.Raw("SELECT s.code, o.order_number, l.line_number, l.sku, p.sku AS product, l.quantity, l.unit_price, l.amount,"+
		" l.ordered_at, o.channel, o.memo FROM order_lines l JOIN sellers s ON s.id = l.seller_id"+
		" JOIN orders o ON o.id = l.order_id AND o.seller_id = l.seller_id"+
		" JOIN products p ON p.id = l.product_id AND p.seller_id = l.seller_id").Scan(&lines).Error)
	for _, l := range lines {
		put(fmt.Sprintf("line %s/%s/%d", l.Code, l.OrderNumber, l.LineNumber), fmt.Sprintf("%s %s, %d × %s = %s, %s, %s, %s",
			l.SKU, l.Product, l.Quantity, l.UnitPrice, l.Amount, l.OrderedAt.Format(time.DateTime), l.Channel, l.Memo))
	}
	s.requireCounts(len(products), len(levels), len(lines))
	return all
}

// requireCounts asserts that no row was left out above for want of what it refers to, and that there is no order
// without lines.
func (s *saving) requireCounts(products, levels, lines int) {
	s.Helper()
	for _, of := range []struct {
		what, query string
		want        int
	}{
		{"products", "SELECT COUNT(*) FROM products", products},
		{"stock levels", "SELECT COUNT(*) FROM stock_levels", levels},
		{"order lines", "SELECT COUNT(*) FROM order_lines", lines},
		{"orders without lines", "SELECT COUNT(*) FROM orders o WHERE NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id)", 0},
	} {
		var count int
		require.NoError(s, s.store.DB(s.Context()).Raw(of.query).Scan(&count).Error)
		require.Equal(s, of.want, count, of.what)
	}
}

// sellOne sells what the first row of some has set, and tells the state's entry after that.
func (s *saving) sellOne(lines []numbered) state {
	s.Helper()
	for _, l := range lines {
		if l.verdict == target.Updated {
			return s.sell(l)
		}
	}
	s.Fatal("no row of these was to be updated")
	return nil
}

// sell takes one piece of what a row is about from the warehouse, as somebody else does in the meantime, and tells the
// state's entry after that.
func (s *saving) sell(l numbered) state {
	s.Helper()
	const level = " FROM products p JOIN sellers s ON s.id = p.seller_id WHERE s.code = ? AND p.sku = ?"
	s.exec("UPDATE stock_levels SET on_hand = on_hand - 1 WHERE warehouse = 'ICN' AND product_id = (SELECT p.id"+level+")", tenantA, l.cells[0])
	var left struct{ OnHand, Reserved int64 }
	require.NoError(s, s.store.DB(s.Context()).Raw("SELECT on_hand, reserved FROM stock_levels WHERE warehouse = 'ICN' AND product_id = (SELECT p.id"+
		level+")", tenantA, l.cells[0]).Scan(&left).Error)
	return (&book{tenant: tenantA}).level(l.cells[0], "ICN", left.OnHand, left.Reserved)
}
