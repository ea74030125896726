package store

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/target"
)

func TestProductIsExact(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		d := decimal.New(random.Int64N(2e14)-1e14, -int32(random.IntN(7)))
		if random.IntN(2) == 0 {
			d = decimal.New(random.Int64N(20001)-10000, -int32(random.IntN(5)))
		}
		n := random.Int64N(2001) - 1000
		got, err := product(target.Decimal(d.String()), n)
		require.NoError(t, err)
		other, err := product(n, target.Decimal(d.String()))
		require.NoError(t, err)
		require.Equal(t, got, other)
		read, err := decimal.NewFromString(string(got))
		require.NoError(t, err, got)
		require.True(t, d.Mul(decimal.NewFromInt(n)).Equal(read), "%s × %d is not %s", d, n, got)
	}
	_, err := product("text", int64(1))
	require.ErrorContains(t, err, "a string is no factor")
}

func TestMoneyTextIsOneForOneAmount(t *testing.T) {
	t.Parallel()
	for _, plain := range []string{"0", "-0.5", "12.3456", "99999999999999.9999", "-99999999999999.9999", "1000"} {
		text, err := moneyText(plain)
		require.NoError(t, err)
		require.Equal(t, decimal.RequireFromString(plain).StringFixed(4), text)
		var c cell
		c.kind = kindMoney
		require.NoError(t, c.Scan([]byte(text.(string))))
		require.Equal(t, text, c.value)
		require.NoError(t, c.Scan(plain), "without its places")
		require.Equal(t, text, c.value)
	}
	for _, plain := range []string{"0.00001", "100000000000000", "-100000000000000"} {
		_, err := moneyText(plain)
		require.Error(t, err, plain)
	}
	zero, err := moneyText(string(mustProduct(t, "-2.50", 0)))
	require.NoError(t, err)
	require.Equal(t, "0.0000", fmt.Sprint(zero))
}

func mustProduct(t *testing.T, d target.Decimal, n int64) target.Decimal {
	t.Helper()
	p, err := product(d, n)
	require.NoError(t, err)
	return p
}
