package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/longhaul/longhaul/internal/store"
)

func TestMappingsAreRemembered(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		mapping := func(tenant, kind string) map[string]string {
			m, err := s.Mapping(t.Context(), tenant, kind)
			require.NoError(t, err)
			return m
		}
		require.Empty(t, mapping("acme", "orders"))
		require.NoError(t, s.RememberMapping(t.Context(), "acme", "orders", nil, at(0)))

		fits, long := strings.Repeat("😀", 255), strings.Repeat("가", 256)
		first := map[string]string{"주문 번호": "order_number", "비고": "", "qty": "quantity", "QTY": "", "é": "memo", "e": "sku", fits: "memo", long: "memo"}
		for range 2 {
			require.NoError(t, s.RememberMapping(t.Context(), "acme", "orders", first, at(0)))
		}
		want := map[string]string{"주문 번호": "order_number", "비고": "", "qty": "quantity", "QTY": "", "é": "memo", "e": "sku", fits: "memo"}
		require.Equal(t, want, mapping("acme", "orders"))
		require.Empty(t, mapping("acme", "products"))
		require.Empty(t, mapping("bolt", "orders"))

		require.NoError(t, s.RememberMapping(t.Context(), "acme", "orders", map[string]string{"비고": "memo", "qty": ""}, at(1)))
		want["비고"], want["qty"] = "memo", ""
		require.Equal(t, want, mapping("acme", "orders"))
		require.Len(t, first, 8, "what was given stays as it is")

		require.Error(t, s.RememberMapping(t.Context(), "acme", "orders", map[string]string{"a": "sku", "비고": strings.Repeat("c", 65)}, at(2)))
		require.Equal(t, want, mapping("acme", "orders"), "all or none")
	})
}

func TestOnlyTheNewestMappingsAreRead(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		for n := range 3 {
			many := map[string]string{}
			for i := range 900 {
				many[fmt.Sprintf("%d/%03d", n, i)] = "memo"
			}
			require.NoError(t, s.RememberMapping(t.Context(), "acme", "orders", many, at(n)))
		}
		m, err := s.Mapping(t.Context(), "acme", "orders")
		require.NoError(t, err)
		require.Len(t, m, 2000)
		require.Contains(t, m, "2/899")
		require.Contains(t, m, "1/000")
		require.Contains(t, m, "0/199")
		require.NotContains(t, m, "0/200")
	})
}

// TestMappingsByManyAtOnce has uploads with much the same headers be mapped at the same time.
func TestMappingsByManyAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		var group errgroup.Group
		for n := range 12 {
			group.Go(func() error {
				m := map[string]string{}
				for i := range 40 {
					m[fmt.Sprint("header-", (i*7+n)%60)] = fmt.Sprint("column-", n)
				}
				return s.RememberMapping(t.Context(), "acme", "orders", m, at(n))
			})
		}
		require.NoError(t, group.Wait())
		m, err := s.Mapping(t.Context(), "acme", "orders")
		require.NoError(t, err)
		require.Len(t, m, 60)
	})
}
