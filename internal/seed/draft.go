package seed

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/longhaul/longhaul/internal/store"
)

// openShare says that the newest lines, one in so many, are of orders that may still be open.
const openShare = 20

// draft is an order in the making. Its methods draw from the same dice, so they are called in the order in
// which they stand here.
type draft struct {
	shop   *shop
	n      uint64 // number of the order
	r      *rand.Rand
	at     time.Time
	status string
	lines  int
}

// newDraft begins order n, before which so many of the total lines have been made.
func newDraft(shops []*shop, seed, n uint64, made, total int64) *draft {
	r := dice(seed, drawOrder, 0, n)
	d := &draft{shop: shops[0], n: n, r: r, lines: pick(r, []int{1, 1, 2, 2, 2, 2, 3, 3, 4, 5})}
	if len(shops) > 1 {
		switch n % 14 {
		case 5:
			d.shop = shops[1]
		case 11:
			d.shop = shops[2]
		}
	}
	span := int64(SampleEnd.Sub(sampleBegin) / time.Second)
	d.at = sampleBegin.Add(time.Duration(span*made/total) * time.Second) // no overflow before 10^11 lines
	newest := made >= total-total/openShare
	switch {
	case newest && r.IntN(4) > 0:
		d.status = pick(r, []string{"new", "paid", "paid", "preparing"})
	case newest:
		d.status = "shipped"
	case r.IntN(25) == 0:
		d.status = "cancelled"
	default:
		d.status = "delivered"
	}
	return d
}

func (d *draft) order() store.Order {
	o := store.Order{
		SellerID:     d.shop.seller.ID,
		OrderNumber:  fmt.Sprintf("%s-%08d", d.at.Format("20060102"), d.n),
		Channel:      pick(d.r, d.shop.channels),
		Status:       d.status,
		OrderedAt:    d.at,
		CustomerID:   fmt.Sprintf("%08d", d.r.IntN(3_000_000)), // zeros lead
		CustomerName: pick(d.r, familyNames) + pick(d.r, givenNames),
		Phone:        fmt.Sprintf("010-%04d-%04d", d.r.IntN(10_000), d.r.IntN(10_000)),
		Country:      d.shop.country,
		Address:      fmt.Sprintf("%s %d, %d동 %d호", pick(d.r, streets), 1+d.r.IntN(400), 101+d.r.IntN(20), 101+d.r.IntN(2000)),
		CreatedAt:    d.at,
		UpdatedAt:    d.at,
	}
	if d.shop.places > 0 || d.r.IntN(40) == 0 {
		o.CustomerName = pick(d.r, englishNow)
		o.Address = fmt.Sprintf("%d Mission St, Apt #%d\nSan Francisco, CA %05d", 1+d.r.IntN(4_000), 1+d.r.IntN(90), 94100+d.r.IntN(80))
	}
	switch d.r.IntN(20) {
	case 0, 1:
		o.Phone = "+82-10" + o.Phone[3:] // a formula to a spreadsheet
	case 2:
		o.Phone = ""
	}
	if d.r.IntN(4) == 0 {
		o.Memo = pick(d.r, memos)
	}
	return o
}

// shipment makes the parcel of an order that has left the house.
func (d *draft) shipment() (store.Shipment, bool) {
	if d.status != "shipped" && d.status != "delivered" {
		return store.Shipment{}, false
	}
	shipped := d.at.Add(time.Duration(4+d.r.IntN(44)) * time.Hour)
	s := store.Shipment{
		SellerID:       d.shop.seller.ID,
		Carrier:        pick(d.r, d.shop.carriers),
		TrackingNumber: fmt.Sprintf("%012d", d.r.Int64N(1e12)),
		Status:         d.status,
		ShippedAt:      &shipped,
		CreatedAt:      shipped,
	}
	if d.status == "delivered" {
		delivered := shipped.Add(time.Duration(12+d.r.IntN(60)) * time.Hour)
		s.DeliveredAt = &delivered
	}
	return s, true
}

// line makes line i of the order, before which so many lines have been made in all.
func (d *draft) line(i int, made int64) store.OrderLine {
	odd := min(len(oddNames), len(d.shop.products))
	p := d.shop.products[d.r.IntN(len(d.shop.products))]
	if d.r.IntN(30) == 0 {
		p = d.shop.products[d.r.IntN(odd)]
	}
	quantity := pick(d.r, []int64{1, 1, 1, 1, 2, 2, 3, 5})
	switch d.r.IntN(200) {
	case 0:
		quantity *= 12
	case 1:
		if d.status == "delivered" {
			quantity = -quantity // came back
		}
	}
	return store.OrderLine{
		SellerID:          d.shop.seller.ID,
		LineNumber:        i + 1,
		ProductID:         p.ID,
		SKU:               p.SKU,
		ProductName:       p.Name,
		Quantity:          quantity,
		UnitPrice:         p.Price,
		Amount:            p.Price.Times(quantity),
		MarketplaceLineID: fmt.Sprintf("20%016d", made*7919+1), // 18 digits: a number loses the last ones
		OrderedAt:         d.at,
		CreatedAt:         d.at,
	}
}
