package store

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

const (
	zeroMoney = "0.0000"
	mostMoney = "99999999999999.9999"
)

// zeroTime stands where a time that must be there was left out.
var zeroTime = time.Unix(0, 0).UTC()

// valueError is a value that a column does not take.
type valueError struct {
	code  job.RowCode
	limit string
}

func (e *valueError) Error() string { return fmt.Sprintf("value is refused as %s %s", e.code, e.limit) }

// take is a row's value as the column keeps it; a *[valueError] where it does not fit. A reference to a record that
// has no id yet stays what it is.
func (c *savedColumn) take(v any) (any, error) {
	switch x := v.(type) {
	case nil, *record:
		return v, nil
	case string:
		if c.kind == kindText {
			return v, nil
		}
	case int64:
		switch c.kind {
		case kindInt:
			return v, nil
		case kindMoney:
			return moneyText(strconv.FormatInt(x, 10))
		}
	case bool:
		if c.kind == kindInt {
			if x {
				return int64(1), nil
			}
			return int64(0), nil
		}
	case target.Decimal:
		if c.kind == kindMoney {
			return moneyText(string(x))
		}
	case time.Time:
		if c.kind == kindTime {
			if at := instant(x); at != x {
				return at, nil
			}
			return v, nil
		}
	}
	return nil, fmt.Errorf("column %s: a %T does not go there", c.name, v)
}

// moneyText writes plain notation with all places: nothing is rounded unseen. It is checked here because MySQL rounds
// and SQLite keeps whatever it is given.
func moneyText(plain string) (any, error) {
	whole, places, _ := strings.Cut(plain, ".")
	switch digits := strings.TrimPrefix(whole, "-"); {
	case len(places) > moneyPlaces:
		return nil, &valueError{job.RowTooPrecise, strconv.Itoa(moneyPlaces)}
	case len(digits) <= moneyDigits-moneyPlaces:
		return whole + "." + places + "0000"[len(places):], nil
	case digits != whole:
		return nil, &valueError{job.RowBelowMinimum, "-" + mostMoney}
	}
	return nil, &valueError{job.RowAboveMaximum, mostMoney}
}

// Scan takes what a driver has read, as the column keeps it.
func (c *cell) Scan(v any) error {
	c.value = v
	switch x := v.(type) {
	case nil, int64:
	case []byte:
		return c.text(string(x))
	case string:
		return c.text(x)
	case time.Time:
		if at := instant(x); at != x {
			c.value = at
		}
	default:
		return fmt.Errorf("the database gave a %T", v)
	}
	return nil
}

// cell reads one column of a row.
type cell struct {
	kind  columnKind
	value any
}

func (c *cell) text(text string) error {
	c.value = text
	switch c.kind {
	case kindMoney:
		if dot := len(text) - moneyPlaces - 1; dot > 0 && text[dot] == '.' {
			return nil
		}
		d, err := decimal.NewFromString(text)
		if err != nil {
			return fmt.Errorf("read amount: %w", err)
		}
		c.value = d.StringFixed(moneyPlaces)
	case kindInt: // the text protocol
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("read number: %w", err)
		}
		c.value = n
	case kindTime:
		return errors.New("the database gave text for a time")
	}
	return nil
}

// product multiplies exactly. Factors are int64 or [target.Decimal].
func product(a, b any) (target.Decimal, error) {
	if d, n, ok := amountAndCount(a, b); ok {
		if text, ok := smallProduct(d, n); ok {
			return text, nil
		}
	}
	x, err := factor(a)
	if err != nil {
		return "", err
	}
	y, err := factor(b)
	if err != nil {
		return "", err
	}
	return target.Decimal(x.Mul(y).String()), nil
}

func amountAndCount(a, b any) (d target.Decimal, n int64, ok bool) {
	if d, ok = a.(target.Decimal); !ok {
		a, b = b, a
		if d, ok = a.(target.Decimal); !ok {
			return "", 0, false
		}
	}
	n, ok = b.(int64)
	return d, n, ok
}

// smallProduct multiplies what fits into a machine word, as nearly everything does, with the amount's places: big
// numbers would take a tenth of a chunk's time.
func smallProduct(d target.Decimal, n int64) (target.Decimal, bool) {
	const most = 15 // digits, of which the word holds 18
	if len(d) > most || n > 999 || n < -999 {
		return "", false
	}
	whole, places, _ := strings.Cut(string(d), ".")
	unscaled, err := strconv.ParseInt(whole+places, 10, 64)
	if err != nil {
		return "", false
	}
	total := unscaled * n
	if len(places) == 0 {
		return target.Decimal(strconv.FormatInt(total, 10)), true
	}
	var buf [24]byte
	text := buf[:0]
	if total < 0 {
		text, total = append(text, '-'), -total
	}
	scale := int64(1)
	for range places {
		scale *= 10
	}
	text = strconv.AppendInt(text, total/scale, 10)
	text = append(text, '.')
	text = strconv.AppendInt(text, scale+total%scale, 10)
	at := len(text) - len(places) - 1 // the 1 that kept the leading zeros
	return target.Decimal(append(text[:at], text[at+1:]...)), true
}

func factor(v any) (decimal.Decimal, error) {
	switch x := v.(type) {
	case int64:
		return decimal.NewFromInt(x), nil
	case target.Decimal:
		return decimal.NewFromString(string(x))
	}
	return decimal.Decimal{}, fmt.Errorf("a %T is no factor", v)
}

// sum adds whole numbers; ok is false where the result has no room.
func sum(a, b int64) (total int64, ok bool) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, false
	}
	return a + b, true
}

// compareValues orders the values of one column as the servers order codes and numbers; NULL comes first.
func compareValues(a, b any) int {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	case nil:
		if b == nil {
			return 0
		}
		return -1
	}
	return 1
}

// showValue is a value for people, in a [job.Change].
func showValue(c *savedColumn, v any) string {
	switch x := v.(type) {
	case int64:
		return strconv.FormatInt(x, 10)
	case string:
		if c.kind == kindMoney {
			return strings.TrimSuffix(strings.TrimRight(x, "0"), ".")
		}
		return x
	case time.Time:
		return x.Format(time.RFC3339Nano)
	case *record:
		return "new" // it has no id yet
	}
	return ""
}
