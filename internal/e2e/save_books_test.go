//go:build unix

package e2e

import (
	"fmt"
	"time"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

var seededAt = time.Date(2024, 3, 5, 14, 30, 0, 0, time.UTC)

// Refusals of the kinds, with what a person reads.
var (
	noNumber     = line{verdict: target.Refused, unread: true, code: job.RowNotANumber, reason: "is not a number"}
	noProduct    = line{verdict: target.Refused, code: job.RowUnknownProduct, reason: "there is no product"}
	notEnough    = line{verdict: target.Refused, code: job.RowBelowMinimum, reason: "less than 0"}
	notOneOf     = line{verdict: target.Refused, unread: true, code: job.RowOneOf, reason: "exactly one of"}
	noName       = line{verdict: target.Refused, code: job.RowRequired, reason: "is empty"}
	byConstraint = line{verdict: target.Refused, code: job.RowConstraint, reason: "the database does not take this row"}
)

// where fills a refusal's cells in.
func (l line) where(key string, cells ...string) line {
	l.key, l.cells = key, cells
	return l
}

// ghost is a warehouse that only exists as long as no constraint denies it.
const ghost = "GHOST"

// stockBook sets and adjusts stock, a product each row. Half of the rows adjust: one that is applied twice shows in the
// sums. Its ghosts are rows of a warehouse that the database denies.
func stockBook(tenant string, rows int, ghosts bool) *book {
	b := &book{kind: "stock-levels", tenant: tenant, header: []string{"sku", "warehouse", "on_hand", "adjust"}, main: "level "}
	var lines []line
	for i := range rows {
		sku, has := fmt.Sprintf("S-%06d", i), int64(100+i%50)
		if tenant != tenantA {
			has += 1000
		}
		b.seed.products = append(b.seed.products, store.Product{SKU: sku, Name: "Seeded", Price: money("10")})
		b.seed.levels = append(b.seed.levels, store.StockLevel{ProductID: int64(i), Warehouse: "ICN", OnHand: has, Reserved: 3})
		lines = append(lines, stockLine(b, i, sku, has, ghosts))
	}
	b.addAll(lines)
	return b
}

// level is the state's entry of a stock level.
func (b *book) level(sku, warehouse string, onHand, reserved int64) state {
	return state{fmt.Sprintf("level %s/%s/%s", b.tenant, sku, warehouse): fmt.Sprintf("%d, %d reserved", onHand, reserved)}
}

func stockLine(b *book, i int, sku string, has int64, ghosts bool) line {
	count, add := has+1000, int64(i%7+1)
	there, other := sku+"/ICN", sku+"/PUS"
	switch i % 24 {
	case 0, 5:
		return line{verdict: target.Unchanged, key: there, cells: []string{sku, "ICN", decimal(has), ""}}
	case 1, 8, 14, 20:
		return line{verdict: target.Updated, key: there, cells: []string{sku, "ICN", decimal(count), ""}, sets: b.level(sku, "ICN", count, 3)}
	case 2, 12:
		return line{verdict: target.Created, key: other, cells: []string{sku, "PUS", decimal(count), ""}, sets: b.level(sku, "PUS", count, 0)}
	case 3, 16:
		return line{verdict: target.Created, key: other, cells: []string{sku, "PUS", "", decimal(add)}, sets: b.level(sku, "PUS", add, 0)}
	case 4:
		return noNumber.where("", sku, "ICN", "many", "")
	case 7:
		return notOneOf.where("", sku, "ICN", "1", "1")
	case 10:
		return noProduct.where(sku+"?", sku+"?", "ICN", "", "1")
	case 13:
		return notEnough.where(there, sku, "ICN", "", decimal(-has-1))
	case 17: // the same as four rows before, in every second cycle; then neither counts
		if i/24%2 == 1 {
			sku = fmt.Sprintf("S-%06d", i-4-24)
			return line{verdict: target.Updated, key: sku + "/ICN", cells: []string{sku, "ICN", "", "5"}, sets: b.level(sku, "ICN", has+5, 3)}
		}
	case 18:
		if ghosts {
			return byConstraint.where(sku+"/"+ghost, sku, ghost, "", "1")
		}
	}
	if i%2 == 1 {
		add = -add
	}
	return line{verdict: target.Updated, key: there, cells: []string{sku, "ICN", "", decimal(add)}, sets: b.level(sku, "ICN", has+add, 3)}
}

// spoilt says which rows of a book of products the database is made to refuse.
type spoilt int

const (
	none   spoilt = iota
	taken         // a barcode that another product has
	length        // a name of more than narrow characters
)

// narrow is the length that a test gives to the names of products.
const narrow = 20

// productBook creates and renames products.
func productBook(rows int, by spoilt) *book {
	b := &book{kind: "products", tenant: tenantA, header: []string{"sku", "name", "barcode", "price"}, main: "product "}
	var lines []line
	for i := range rows {
		sku, code := fmt.Sprintf("P-%06d", i), fmt.Sprintf("88%06d", i)
		if i%20 < 5 || i%20 == 11 {
			b.seed.products = append(b.seed.products, store.Product{SKU: sku, Name: "Seeded", Barcode: code, Price: money("10")})
		}
		lines = append(lines, b.productLine(i, sku, code, by))
	}
	b.seed.products = append(b.seed.products, store.Product{SKU: "P-other", Name: "Seeded", Barcode: "99", Price: money("10")})
	b.addAll(lines)
	return b
}

// product is the state's entry of a product.
func (b *book) product(sku, name, barcode, price string) state {
	return state{fmt.Sprintf("product %s/%s", b.tenant, sku): fmt.Sprintf("%s, %s, %s", name, barcode, price)}
}

func (b *book) productLine(i int, sku, code string, by spoilt) line {
	switch i % 20 {
	case 0, 3:
		return line{verdict: target.Unchanged, key: sku, cells: []string{sku, "Seeded", code, "10"}}
	case 1, 2, 4:
		return line{verdict: target.Updated, key: sku, cells: []string{sku, "Renamed", code, "12.5"}, sets: b.product(sku, "Renamed", code, "12.5000")}
	case 6:
		return noNumber.where("", sku, "New", code, "free")
	case 8:
		return noName.where(sku, sku, "", code, "1")
	case 9: // the same as a row of the cycle before, most of the time in the chunk before
		if i >= 20 && i/20%2 == 1 {
			sku = fmt.Sprintf("P-%06d", i-20)
		}
	case 11:
		switch by {
		case taken:
			return byConstraint.where(sku, sku, "Renamed", "99", "1")
		case length:
			return byConstraint.where(sku, sku, "a name that is much too long", code, "1")
		}
		return line{verdict: target.Unchanged, key: sku, cells: []string{sku, "", "", ""}}
	case 14:
		switch by {
		case taken:
			return byConstraint.where(sku, sku, "New", "99", "1")
		case length:
			return byConstraint.where(sku, sku, "a name that is much too long", code, "1")
		}
	}
	return line{verdict: target.Created, key: sku, cells: []string{sku, "New", code, "3"}, sets: b.product(sku, "New", code, "3.0000")}
}

func money(text string) store.Money {
	m, err := store.NewMoney(text)
	if err != nil {
		panic(err) // a constant of this file
	}
	return m
}
