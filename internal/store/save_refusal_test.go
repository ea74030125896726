package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// onEngine picks what one engine needs.
func onEngine(s *store.Store, mysql, sqlite string) string {
	if strings.HasPrefix(s.String(), "mysql:") {
		return mysql
	}
	return sqlite
}

func run(t *testing.T, s *store.Store, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		require.NoError(t, s.DB(t.Context()).Exec(statement).Error)
	}
}

func count(t *testing.T, s *store.Store, query string, args ...any) string {
	t.Helper()
	return stream(t, s, query, args...)[0][0]
}

// TestSaveFindsTheRowsThatTheDatabaseRefuses has a database that minds more than the plan knows of.
func TestSaveFindsTheRowsThatTheDatabaseRefuses(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		run(t, s, "CREATE UNIQUE INDEX lines_name ON order_lines (product_name)",
			onEngine(s, "ALTER TABLE order_lines ADD CONSTRAINT few CHECK (quantity < 5000)",
				"CREATE TRIGGER few BEFORE INSERT ON order_lines WHEN NEW.quantity >= 5000 BEGIN SELECT RAISE(ABORT, 'too many of s3cret'); END"))
		rows := rowsOf(lines(500)...)
		for i := range rows {
			rows[i].Values[3] = fmt.Sprintf("name %d", i)
		}
		rows[250].Values[3] = "name 17"                // taken in the chunk
		rows[251].Values[3] = strings.Repeat("가", 501) // too long
		rows[333].Values[4] = int64(5000)              // too many
		rows[499].Values[4] = int64(5001)
		v := newSaving(t, s, ordersPlan())
		entry := v.force(rows)
		require.Equal(t, withCodes(tally(496, 0, 0, 4), job.CodeCount{Code: job.RowConstraint, Count: 4}), entry.Tally)
		require.Equal(t, []target.Fault{
			{Row: 250, Code: job.RowConstraint, Limit: "unique", Other: -1},
			{Row: 251, Code: job.RowConstraint, Limit: "too long", Other: -1},
			{Row: 333, Code: job.RowConstraint, Limit: "check", Other: -1},
			{Row: 499, Code: job.RowConstraint, Limit: "check", Other: -1},
		}, v.kept.Faults)
		require.Equal(t, "496", count(t, s, "SELECT COUNT(*) FROM order_lines"))
		require.Equal(t, "50", count(t, s, "SELECT COUNT(*) FROM orders"), "orders are made once")
		require.Equal(t, fmt.Sprint(500*501/2-(251+252+334+500)), count(t, s, "SELECT SUM(quantity) FROM order_lines"))

		// And of rows that are there: one update in many.
		for i := range rows {
			rows[i].Values[4] = int64(1000 + i)
			rows[i].Values[3] = fmt.Sprintf("name %d", i)
		}
		rows[100].Values[3] = "name 499"
		entry = v.force(rows)
		require.Equal(t, withCodes(tally(3, 496, 0, 1), job.CodeCount{Code: job.RowConstraint, Count: 1}), entry.Tally)
		require.Equal(t, []target.Fault{{Row: 499, Code: job.RowConstraint, Limit: "unique", Other: -1}}, v.kept.Faults,
			"it is new, and row 100 has taken its name")
	})
}

// TestSaveMakesNothingForRowsThatAreRefused: an order of which no line can be saved is not made.
func TestSaveMakesNothingForRowsThatAreRefused(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		rows := rowsOf(lines(40)...)
		for i := range 10 {
			rows[10+i].Values[3] = strings.Repeat("x", 501)
			rows[10+i].Values[2] = "only here"
		}
		rows[30].Values[0] = strings.Repeat("O", 65) // an order whose number does not fit
		v := newSaving(t, s, ordersPlan())
		entry := v.force(rows)
		require.Equal(t, withCodes(tally(29, 0, 0, 11), job.CodeCount{Code: job.RowConstraint, Count: 11}), entry.Tally)
		require.Equal(t, [][]string{{"O-0000", "10"}, {"O-0002", "10"}, {"O-0003", "9"}}, stream(t, s,
			"SELECT o.order_number, COUNT(l.id) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.order_number ORDER BY 1"))
		require.Empty(t, stream(t, s, "SELECT id FROM products WHERE sku = 'only here'"))
	})
}

func TestSaveOfRowsThatAreAllRefused(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		rows := rowsOf(lines(64)...)
		for i := range rows {
			rows[i].Values[2] = strings.Repeat("S", 65)
		}
		v := newSaving(t, s, ordersPlan())
		entry := v.force(rows)
		require.Equal(t, withCodes(tally(0, 0, 0, 64), job.CodeCount{Code: job.RowConstraint, Count: 64}), entry.Tally)
		require.Zero(t, entry.ImageRows)
		require.Empty(t, stream(t, s, "SELECT id FROM orders"))
		list, err := s.UndoPlan(t.Context(), "job")
		require.NoError(t, err)
		require.Empty(t, list)
	})
}

func TestSaveAndForeignKeys(t *testing.T) {
	onAll(t, func(t *testing.T, s *store.Store) {
		run(t, s, "INSERT INTO sellers (id, code, name, created_at) VALUES (1, 'one', '', '2026-01-01 00:00:00')",
			onEngine(s, "ALTER TABLE orders MODIFY channel VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL", "SELECT 1"),
			onEngine(s, "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (channel) REFERENCES sellers (code)",
				// The driver does not mind foreign keys unless it is asked; a trigger does the same.
				"CREATE TRIGGER f BEFORE INSERT ON orders WHEN NOT EXISTS (SELECT 1 FROM sellers WHERE code = NEW.channel) BEGIN SELECT RAISE(ABORT, 'no'); END"))
		rows := rowsOf(lines(100)...)
		for i := range rows {
			rows[i].Values[7] = "one"
			if i/10 == 4 {
				rows[i].Values[7] = "two"
			}
		}
		v := newSaving(t, s, ordersPlan())
		entry := v.force(rows)
		require.Equal(t, withCodes(tally(90, 0, 0, 10), job.CodeCount{Code: job.RowConstraint, Count: 10}), entry.Tally)
		require.Equal(t, onEngine(s, "foreign key", "check"), v.kept.Faults[0].Limit)
		require.Equal(t, "9", count(t, s, "SELECT COUNT(*) FROM orders"))
		require.Equal(t, "90", count(t, s, "SELECT COUNT(*) FROM order_lines"))
	})
}
