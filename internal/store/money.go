package store

import (
	"database/sql/driver"
	"fmt"

	"github.com/shopspring/decimal"
	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// moneyPlaces and moneyDigits are those of DECIMAL(18,4).
const (
	moneyPlaces = 4
	moneyDigits = 18
)

// Money is an exact amount with up to 4 decimal places and 14 digits before them. It bears no currency: an
// amount is in the currency of its seller.
type Money struct{ decimal.Decimal }

// NewMoney reads an amount, e.g. "12345.67".
func NewMoney(text string) (Money, error) {
	d, err := decimal.NewFromString(text)
	if err != nil {
		return Money{}, fmt.Errorf("read amount %q: not a decimal number", text)
	}
	m := Money{d}
	_, err = m.Value()
	return m, err
}

// Times multiplies by a quantity, exactly.
func (m Money) Times(quantity int64) Money {
	return Money{m.Mul(decimal.NewFromInt(quantity))}
}

// Value is the text with all 4 places. An amount that does not fit is an error: nothing is rounded unseen.
func (m Money) Value() (driver.Value, error) {
	if !m.Equal(m.Truncate(moneyPlaces)) {
		return nil, fmt.Errorf("save amount %s: more than %d decimal places", m.Decimal, moneyPlaces)
	}
	if m.Abs().GreaterThanOrEqual(decimal.New(1, moneyDigits-moneyPlaces)) {
		return nil, fmt.Errorf("save amount %s: more than %d digits before the point", m.Decimal, moneyDigits-moneyPlaces)
	}
	return m.StringFixed(moneyPlaces), nil
}

// Scan reads what Value wrote.
func (m *Money) Scan(value any) error {
	switch v := value.(type) {
	case []byte:
		return m.parse(string(v))
	case string:
		return m.parse(v)
	}
	return fmt.Errorf("read amount: the database gave a %T", value)
}

func (m *Money) parse(text string) (err error) {
	if m.Decimal, err = decimal.NewFromString(text); err != nil {
		return fmt.Errorf("read amount: %w", err)
	}
	return nil
}

// GormDBDataType is the column type. SQLite has no exact decimals; as text they stay exact.
func (Money) GormDBDataType(db *gorm.DB, _ *schema.Field) string {
	if db.Name() == "sqlite" {
		return "TEXT"
	}
	return fmt.Sprintf("DECIMAL(%d,%d)", moneyDigits, moneyPlaces)
}
