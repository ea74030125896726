package bench

import (
	"context"
	"fmt"
	"time"

	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/longhaul/longhaul/internal/store"
)

// plainBatch is how many rows the plain loop saves at once.
const plainBatch = 500

// counts are what a saving process tells at its end.
type counts struct {
	Rows    int64 `json:"rows"`
	Refused int64 `json:"refused"`
}

// plainSave is the loop that one would write to save an upload: read, check, upsert 500 rows at a time. It is kinder to
// itself than most: one transaction for each batch, no order or product asked for twice. It keeps no account of refused
// rows, and what it has done when it dies nobody knows.
func plainSave(ctx context.Context, spec Spec) (counts, error) {
	db, err := openPlain(spec.Database)
	if err != nil {
		return counts{}, err
	}
	zone, err := time.LoadLocation(saveZone)
	if err != nil {
		return counts{}, err
	}
	s := &plainSaver{db: db.WithContext(ctx), seller: spec.SellerID, products: map[string]int64{}, orders: map[string]int64{}}
	reader := plainReader{format: spec.Format, zone: zone, lines: map[string]int{}}
	var done counts
	err = plainRows(spec.File, spec.Format, func(cells []string) error {
		done.Rows++
		row, err := reader.read(cells)
		if err != nil {
			done.Refused++
			return nil //nolint:nilerr // a row that is refused does not end the loop
		}
		if s.batch = append(s.batch, row); len(s.batch) == plainBatch {
			return s.flush()
		}
		return nil
	})
	if err == nil {
		err = s.flush()
	}
	return done, err
}

func openPlain(databaseURL string) (*gorm.DB, error) {
	pool, err := openLines(databaseURL)
	if err != nil {
		return nil, err
	}
	return gorm.Open(mysql.New(mysql.Config{Conn: pool}), &gorm.Config{Logger: logger.Discard})
}

type plainSaver struct {
	db               *gorm.DB
	seller           int64
	products, orders map[string]int64 // IDs by SKU and by number
	batch            []plainRow
}

func (s *plainSaver) flush() error {
	if len(s.batch) == 0 {
		return nil
	}
	err := s.db.Transaction(func(tx *gorm.DB) error {
		if err := s.saveProducts(tx); err != nil {
			return fmt.Errorf("save products: %w", err)
		}
		if err := s.saveOrders(tx); err != nil {
			return fmt.Errorf("save orders: %w", err)
		}
		if err := s.saveLines(tx); err != nil {
			return fmt.Errorf("save lines: %w", err)
		}
		return nil
	})
	s.batch = s.batch[:0]
	return err
}

// saveProducts makes those that are not known yet, and asks for their IDs: what gorm fills in after an upsert cannot be
// trusted.
func (s *plainSaver) saveProducts(tx *gorm.DB) error {
	var rows []store.Product
	var skus []string
	for _, r := range s.batch {
		if _, known := s.products[r.code]; known {
			continue
		}
		s.products[r.code] = 0
		rows = append(rows, store.Product{SellerID: s.seller, SKU: r.code, Name: r.name, Price: r.price})
		skus = append(skus, r.code)
	}
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return err
	}
	var found []store.Product
	if err := tx.Select("id", "sku").Where("seller_id = ? AND sku IN ?", s.seller, skus).Find(&found).Error; err != nil {
		return err
	}
	for _, p := range found {
		s.products[p.SKU] = p.ID
	}
	return nil
}

func (s *plainSaver) saveOrders(tx *gorm.DB) error {
	var rows []store.Order
	var numbers []string
	for _, r := range s.batch {
		if _, known := s.orders[r.invoice]; known {
			continue
		}
		s.orders[r.invoice] = 0
		rows = append(rows, store.Order{
			SellerID: s.seller, OrderNumber: r.invoice, Status: "new", OrderedAt: r.at, CustomerID: r.customer, Country: r.country,
		})
		numbers = append(numbers, r.invoice)
	}
	if len(rows) == 0 {
		return nil
	}
	err := tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "seller_id"}, {Name: "order_number"}},
		DoUpdates: clause.AssignmentColumns([]string{"customer_id", "country", "updated_at"}),
	}).Create(&rows).Error
	if err != nil {
		return err
	}
	var found []store.Order
	if err := tx.Select("id", "order_number").Where("seller_id = ? AND order_number IN ?", s.seller, numbers).Find(&found).Error; err != nil {
		return err
	}
	for _, o := range found {
		s.orders[o.OrderNumber] = o.ID
	}
	return nil
}

func (s *plainSaver) saveLines(tx *gorm.DB) error {
	rows := make([]store.OrderLine, len(s.batch))
	for i, r := range s.batch {
		rows[i] = store.OrderLine{
			SellerID: s.seller, OrderID: s.orders[r.invoice], LineNumber: r.line, ProductID: s.products[r.code], SKU: r.code,
			ProductName: r.name, Quantity: r.quantity, UnitPrice: r.price, Amount: r.price.Times(r.quantity), OrderedAt: r.at,
		}
	}
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "order_id"}, {Name: "line_number"}},
		DoUpdates: clause.AssignmentColumns([]string{
			"product_id", "sku", "product_name", "quantity", "unit_price", "amount", "ordered_at",
		}),
	}).Create(&rows).Error
}
