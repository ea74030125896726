package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// What made-up rows have in common with the second year of the data set: 21 rows an invoice, one invoice in seven
// cancelled, a quarter without a customer, 4,000 products, and now and then the adjustment of a bad debt, an invoice of its
// own whose price is below zero, so that it has to be refused.
const (
	madeProducts    = 4_000
	madeCustomers   = 4_300
	madeLines       = 24 // of an invoice, on average
	madeCancelled   = 7  // one in so many
	madeAnonymous   = 4
	madeNameless    = 370
	madeRefusedEach = 50_000
	madeRefusedAt   = 777 // the first one, or soon after
)

var (
	madeColours   = []string{"WHITE", "RED", "PINK", "BLUE", "GREEN", "IVORY", "BLACK", "VINTAGE", "RETROSPOT", "JUMBO"}
	madeKinds     = []string{"HANGING HEART", "METAL", "WOODEN", "GLASS", "PAPER", "ENAMEL", "KNITTED", "CERAMIC", "PARTY", "LUNCH"}
	madeThings    = []string{"T-LIGHT HOLDER", "LANTERN", "CUP", "BAG", "BOX", "CLOCK", "CAKE STAND", "FRAME", "BOTTLE", "SIGN"}
	madeCountries = []string{"United Kingdom", "Germany", "France", "EIRE", "Spain", "Netherlands", "Belgium", "Switzerland"}
)

// makeRetail makes so many rows, always the same ones.
func makeRetail(rows int, fn func(*retailRow) error) error {
	random := rand.New(rand.NewPCG(2010, 12))
	at := time.Date(2010, 12, 1, 8, 26, 0, 0, time.UTC)
	made, refused := 0, madeRefusedAt
	for invoice := 536_365; made < rows; invoice++ {
		at = at.Add(time.Duration(random.IntN(30)) * time.Minute)
		if made >= refused {
			refused += madeRefusedEach
			made++
			row := retailRow{
				"A" + strconv.Itoa(invoice), "B", "Adjust bad debt", "1", at.Format(time.DateTime), "-11062.06", "", madeCountries[0],
			}
			if err := fn(&row); err != nil {
				return err
			}
			continue
		}
		number, sign, lines := strconv.Itoa(invoice), 1, 1+random.IntN(2*madeLines)
		if random.IntN(madeCancelled) == 0 {
			number, sign, lines = "C"+number, -1, 1+random.IntN(4)
		}
		customer := ""
		if random.IntN(madeAnonymous) > 0 {
			customer = fmt.Sprintf("%d.0", 12_346+random.IntN(madeCustomers)) // the data set's own spelling
		}
		country := madeCountries[0]
		if random.IntN(10) == 0 {
			country = madeCountries[random.IntN(len(madeCountries))]
		}
		for ; lines > 0 && made < rows; lines-- {
			row := madeLine(random)
			row[retailInvoice], row[retailDate] = number, at.Format(time.DateTime)
			row[retailQuantity] = strconv.Itoa(sign * (1 + random.IntN(24)))
			row[retailCustomer], row[retailCountry] = customer, country
			made++
			if err := fn(&row); err != nil {
				return err
			}
		}
	}
	return nil
}

// madeLine is a product of a row and its price.
func madeLine(random *rand.Rand) retailRow {
	n := random.IntN(madeProducts)
	var row retailRow
	row[retailCode] = strconv.Itoa(20_000 + n)
	if n%3 == 0 {
		row[retailCode] = "8" + strconv.Itoa(1_000+n) + string(rune('A'+n%6))
	}
	if random.IntN(madeNameless) > 0 {
		row[retailDescription] = madeColours[n%10] + " " + madeKinds[n/10%10] + " " + madeThings[n/100%10]
		if n%20 == 0 {
			row[retailDescription] += " " // as the data set has it
		}
	}
	row[retailPrice] = strconv.FormatFloat(float64(29+n*7%2000+random.IntN(3)*50)/100, 'f', -1, 64)
	return row
}
