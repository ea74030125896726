package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/catalog"
)

func TestEveryKindIsValid(t *testing.T) {
	t.Parallel()

	registry, err := catalog.New()

	require.NoError(t, err)
	require.NotEmpty(t, registry.Exports())
}
