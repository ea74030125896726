//go:build unix

package e2e

import (
	"fmt"
	"time"

	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// orderBook registers orders and changes some. Every tenant's have the same numbers, and products of the same codes.
func orderBook(tenant string, orders int) *book {
	b := &book{
		kind: "orders", tenant: tenant, main: "line ",
		header: []string{"order_number", "line_number", "ordered_at", "sku", "quantity", "unit_price", "channel", "memo"},
	}
	b.seed.products = []store.Product{
		{SKU: "G-1", Name: "Seeded", Price: money("1")}, {SKU: "G-2", Name: "Seeded", Price: money("2")}, {SKU: "G-3", Name: "Seeded", Price: money("3")},
	}
	var lines []line
	for n := range orders {
		lines = append(lines, b.order(n)...)
	}
	b.addAll(lines)
	return b
}

// ordered is a line of an order as this file thinks of it.
type ordered struct {
	book          *book
	order         int
	number        int
	sku           string
	quantity      int64
	channel, memo string
}

// cents is the price of one piece.
func (o ordered) cents() int64 { return int64(250 + 5*o.number + o.order%100) }

func (o ordered) name() string { return fmt.Sprintf("O-%05d", o.order) }

// entry is the state's. It also tells of the order, as a row of the file does.
func (o ordered) entry() state {
	return state{fmt.Sprintf("line %s/%s/%d", o.book.tenant, o.name(), o.number): fmt.Sprintf("%s %s, %d × %d.%02d00 = %d.%02d00, %s, %s, %s",
		o.sku, o.sku, o.quantity, o.cents()/100, o.cents()%100, o.quantity*o.cents()/100, o.quantity*o.cents()%100,
		seededAt.Format(time.DateTime), o.channel, o.memo)}
}

// as is the row of the file.
func (o ordered) as(v target.Verdict) line {
	l := line{verdict: v, key: fmt.Sprint(o.name(), "/", o.number), cells: []string{
		o.name(), decimal(o.number), seededAt.Format(time.DateTime), o.sku, decimal(o.quantity),
		fmt.Sprintf("%d.%02d", o.cents()/100, o.cents()%100), o.channel, o.memo,
	}}
	if v != target.Unchanged {
		l.sets = o.entry()
	}
	return l
}

// unread is the row, refused by reading.
func (o ordered) unread(code job.RowCode, reason string) line {
	l := o.as(target.Refused)
	l.unread, l.code, l.reason, l.sets = true, code, reason, nil
	return l
}

// order makes three or four rows of one order.
func (b *book) order(n int) []line {
	lines := make([]ordered, 4)
	pieces := int64(1 + n%5)
	if b.tenant != tenantA {
		pieces += 100
	}
	for i := range lines {
		lines[i] = ordered{book: b, order: n, number: i + 1, sku: fmt.Sprintf("G-%d", i%3+1), quantity: pieces + int64(i), channel: "web"}
	}
	if n%8 < 4 {
		b.seedOrder(n, lines[:3])
	}
	verdicts := [4]target.Verdict{target.Created, target.Created, target.Created, target.Created}
	if n%8 < 4 {
		verdicts = [4]target.Verdict{target.Unchanged, target.Unchanged, target.Unchanged, target.Created}
	}
	rows := lines[:3]
	switch n % 8 {
	case 1:
		lines[1].quantity, verdicts[1] = 77, target.Updated
	case 2:
		for i := range 3 {
			lines[i].memo, verdicts[i] = "ring twice", target.Updated
		}
	case 3:
		rows = lines // one more than there is
	case 5:
		lines[2].sku = fmt.Sprintf("N-%05d", n) // a product that is not known yet
	case 7:
		lines[3].number, rows = 1, lines // line 1 again, so that neither counts
	}
	var out []line
	for i, o := range rows {
		out = append(out, o.as(verdicts[i]))
	}
	switch n % 8 {
	case 5:
		out[2].sets[fmt.Sprintf("product %s/%s", b.tenant, lines[2].sku)] =
			fmt.Sprintf(", , %d.%02d00", lines[2].cents()/100, lines[2].cents()%100)
	case 6:
		out[1] = lines[1].unread(job.RowNotANumber, "is not a number")
		out[1].cells[4] = "two"
		out[2] = lines[2].unread(job.RowDisagree, "which has the same")
		out[2].cells[6] = "shop"
	}
	return out
}

func (b *book) seedOrder(n int, lines []ordered) {
	b.seed.orders = append(b.seed.orders, store.Order{OrderNumber: lines[0].name(), Channel: "web", Status: "new"})
	for i, o := range lines {
		b.seed.lines = append(b.seed.lines, store.OrderLine{
			OrderID: int64(len(b.seed.orders) - 1), LineNumber: o.number, ProductID: int64(i % 3), SKU: o.sku, Quantity: o.quantity,
			UnitPrice: money(fmt.Sprintf("%d.%02d", o.cents()/100, o.cents()%100)),
			Amount:    money(fmt.Sprintf("%d.%02d", o.quantity*o.cents()/100, o.quantity*o.cents()%100)),
		})
	}
}
