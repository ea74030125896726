package bench

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestDifferencesAreFound writes workbooks that differ in one place: else "equal" would mean nothing.
func TestDifferencesAreFound(t *testing.T) {
	t.Parallel()
	base := line{
		OrderNumber: "0042", MarketplaceLineID: "123456789012345678", SKU: "00000007", ProductName: "=1+1", Quantity: 3,
		UnitPrice: 12.5, Amount: 37.5, OrderedAt: time.Date(2026, 3, 1, 8, 59, 59, 123_000_000, time.UTC),
	}
	for name, tt := range map[string]struct {
		change func(*line)
		want   string
	}{
		"nothing":               {func(*line) {}, ""},
		"a leading zero":        {func(l *line) { l.SKU = "7" }, "column 3"},
		"a digit of an ID":      {func(l *line) { l.MarketplaceLineID = "123456789012345679" }, "column 2"},
		"a name":                {func(l *line) { l.ProductName = "2" }, "column 5"},
		"a value in its stead":  {func(l *line) { l.CustomerName = "Kim" }, "column 8"},
		"one more":              {func(l *line) { l.Quantity++ }, "column 9"},
		"a ten-thousandth":      {func(l *line) { l.Amount += 0.0001 }, "column 11"},
		"a millisecond":         {func(l *line) { l.OrderedAt = l.OrderedAt.Add(time.Millisecond) }, "column 12"},
		"less than that":        {func(l *line) { l.OrderedAt = l.OrderedAt.Add(time.Microsecond) }, ""},
		"nine hours of a zone":  {func(l *line) { l.OrderedAt = l.OrderedAt.Add(9 * time.Hour) }, "column 12"},
		"the same in one place": {func(l *line) { l.OrderedAt = l.OrderedAt.In(time.FixedZone("", 3600)) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := base
			tt.change(&other)
			dir := t.TempDir()
			a, b := filepath.Join(dir, "a.xlsx"), filepath.Join(dir, "b.xlsx")
			writeLines(t, a, base, base)
			writeLines(t, b, base, other)
			got, err := compareWorkbooks(t.Context(), a, b)
			if tt.want == "" {
				require.NoError(t, err)
				require.Equal(t, 3, got.rows)
				return
			}
			require.ErrorContains(t, err, "row 3: "+tt.want)
		})
	}
}

func TestAMissingRowIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.xlsx"), filepath.Join(dir, "b.xlsx")
	writeLines(t, a, line{OrderNumber: "1"}, line{OrderNumber: "2"})
	writeLines(t, b, line{OrderNumber: "1"})
	_, err := compareWorkbooks(t.Context(), a, b)
	require.ErrorContains(t, err, "one ends after 2 rows")
}

func writeLines(t *testing.T, path string, lines ...line) {
	t.Helper()
	book, err := newWorkbook()
	require.NoError(t, err)
	for i := range lines {
		require.NoError(t, book.add(&lines[i]))
	}
	require.NoError(t, book.save(path))
}
