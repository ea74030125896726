package catalog_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// kinds are the kinds as the program gets them; making them checks every one.
func kinds(t *testing.T) []dataset.Export {
	t.Helper()
	registry, err := catalog.New()
	require.NoError(t, err)
	require.NotEmpty(t, registry.Exports())
	return registry.Exports()
}

func TestEveryKindDescribesItself(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds(t) {
		d := kind.Describe()

		require.Len(t, d.Columns, len(kind.Columns), kind.Name)
		require.Len(t, d.Filters, len(kind.Filters), kind.Name)
		doc, err := json.Marshal(d)
		require.NoError(t, err)
		require.NotContains(t, string(doc), "SELECT", "a description tells nothing of the tables")
		require.Less(t, len(doc), 64<<10, "the whole catalogue must fit into one answer")
	}
}

// What is in requests and schedules of others must not change by accident. A new kind need not be added here until
// others use it.
func TestNamesOfKindsAreKept(t *testing.T) {
	t.Parallel()
	var names []string

	for _, kind := range kinds(t) {
		names = append(names, kind.Name)
	}

	require.Subset(t, names, []string{"stock-shortages", "order-lines", "stock-levels"})
}
