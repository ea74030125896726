package seed

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"

	"github.com/longhaul/longhaul/internal/store"
)

// SampleEnd is the moment of the last order of sample data; the first is two years before. It is fixed, so
// that the data is the same whenever it is made.
var SampleEnd = time.Date(2026, time.October, 31, 15, 0, 0, 0, time.UTC)

var sampleBegin = SampleEnd.AddDate(-2, 0, 0)

// shop is a seller with what it sells and how.
type shop struct {
	seller   store.Seller
	number   uint64 // sets its random numbers apart
	size     int    // products
	products []store.Product

	prefix   string // of SKUs
	kinds    []string
	kindsOf  []string
	channels []string
	carriers []string
	country  string
	places   int32 // of prices
}

// newShops are acme, which gets most of the orders, and two small ones.
func newShops(opts Options) []*shop {
	korean := shop{
		kinds: koreanKinds, kindsOf: koreanKindsOf, channels: koreanChannels, carriers: koreanCarriers, country: "대한민국",
	}
	acme, hanbit := korean, korean
	acme.prefix, acme.size = "AC", between(opts.OrderLines/40, 100, 12_000)
	acme.seller = store.Seller{Code: "acme", Name: "에이크미 (ACME)", TimeZone: "Asia/Seoul", CreatedAt: sampleBegin}
	if opts.OneSeller {
		return []*shop{&acme}
	}
	hanbit.number, hanbit.prefix, hanbit.size = 1, "HB", between(opts.OrderLines/400, 40, 1_000)
	hanbit.seller = store.Seller{Code: "hanbit", Name: "한빛상회", TimeZone: "Asia/Seoul", CreatedAt: sampleBegin}
	bottle := shop{
		number: 2, prefix: "BB", size: between(opts.OrderLines/400, 40, 300),
		kinds: englishKinds, kindsOf: englishKindsOf, channels: englishChannels, carriers: englishCarriers,
		country: "United States", places: 2,
		seller: store.Seller{Code: "blue-bottle", Name: "Blue Bottle & Sons", TimeZone: "America/Los_Angeles", CreatedAt: sampleBegin},
	}
	return []*shop{&acme, &hanbit, &bottle}
}

func between(n, low, high int) int { return min(max(n, low), high) }

// What random numbers are drawn for; each thing has a stream of its own, so that one may change alone.
const (
	drawProduct = iota + 1
	drawStock
	drawOrder
)

// dice gives the random numbers of one thing. They depend on nothing else.
func dice(seed uint64, what, shop, n uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed<<8|what<<4|shop, n))
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// product makes the shop's product i; the first ones have the odd names.
func (s *shop) product(seed uint64, i int) store.Product {
	r := dice(seed, drawProduct, s.number, uint64(i))
	p := store.Product{
		SellerID:   s.seller.ID,
		SKU:        fmt.Sprintf("%s-%06d", s.prefix, i),
		Barcode:    fmt.Sprintf("880%010d", r.Int64N(1e10)),
		Name:       fmt.Sprintf("%s %s %d호", pick(r, s.kindsOf), pick(r, s.kinds), 1+r.IntN(99)),
		OptionName: pick(r, options),
		Price:      store.Money{Decimal: decimal.New(10+r.Int64N(9_990), 1)}, // 100 to 99,990 won
		CreatedAt:  sampleBegin,
		UpdatedAt:  sampleBegin,
	}
	if s.places > 0 {
		p.Name = fmt.Sprintf("%s %s No. %d", pick(r, s.kindsOf), pick(r, s.kinds), 1+r.IntN(99))
		p.Price = store.Money{Decimal: decimal.New(99+r.Int64N(9_900), -s.places)}
	}
	if i < len(oddNames) {
		p.Name = oddNames[i]
	}
	switch i % 10 {
	case 3:
		p.SKU = fmt.Sprintf("%08d", i) // a number to a spreadsheet, and its zeros lost
	case 5:
		p.Barcode = fmt.Sprintf("00%011d", r.Int64N(1e11))
	case 7:
		p.Barcode = ""
	}
	return p
}

// stock makes what the warehouses hold of product i: plenty of most, next to nothing of every fifth, and of
// one there is not even a row.
func (s *shop) stock(seed uint64, i int, p store.Product) []store.StockLevel {
	if i == s.size-1 {
		return nil
	}
	r := dice(seed, drawStock, s.number, uint64(i))
	count := 1 + r.IntN(len(warehouses))
	levels := make([]store.StockLevel, count)
	for n := range levels {
		levels[n] = store.StockLevel{
			SellerID: s.seller.ID, ProductID: p.ID, Warehouse: warehouses[n],
			OnHand: 50 + r.Int64N(950), Reserved: r.Int64N(20),
			UpdatedAt: SampleEnd.Add(-time.Duration(r.IntN(30*24*60)) * time.Minute),
		}
		if i%5 == 2 {
			levels[n].OnHand, levels[n].Reserved = r.Int64N(3), r.Int64N(3) // may be promised more than it is
		}
	}
	return levels
}
