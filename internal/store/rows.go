package store

import (
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"
)

// NormalCode is a code as it is saved and looked for: in Unicode's composed form, without space around it.
func NormalCode(code string) string { return norm.NFC.String(strings.TrimSpace(code)) }

// Seller is a tenant: whose orders, products and stock these are.
type Seller struct {
	ID       int64
	Code     string
	Name     string
	TimeZone string // IANA name; empty means Asia/Seoul
	// Zone is TimeZone, loaded; set by [Store.Seller].
	Zone      *time.Location `gorm:"-"`
	CreatedAt time.Time
}

// Product is what is sold.
type Product struct {
	ID         int64
	SellerID   int64
	SKU        string
	Barcode    string // text: zeros lead
	Name       string
	OptionName string
	Price      Money
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// StockLevel is how much of a product a warehouse has. Available is OnHand less Reserved.
type StockLevel struct {
	ID        int64
	SellerID  int64
	ProductID int64
	Warehouse string
	OnHand    int64
	Reserved  int64
	UpdatedAt time.Time
}

// Order is what one customer ordered at once.
type Order struct {
	ID           int64
	SellerID     int64
	OrderNumber  string
	Channel      string
	Status       string // new, paid, preparing, shipped, delivered or cancelled
	OrderedAt    time.Time
	CustomerID   string
	CustomerName string
	Phone        string
	Country      string
	Address      string
	Memo         string
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Shipment is a parcel on its way.
type Shipment struct {
	ID             int64
	SellerID       int64
	OrderID        int64
	Carrier        string
	TrackingNumber string
	Status         string
	ShippedAt      *time.Time
	DeliveredAt    *time.Time
	CreatedAt      time.Time
}

// OrderLine is one product of an order. SKU and ProductName are kept as they were ordered, and Amount as it
// was then: UnitPrice times Quantity.
type OrderLine struct {
	ID                int64
	SellerID          int64
	OrderID           int64
	LineNumber        int
	ProductID         int64
	ShipmentID        *int64
	SKU               string
	ProductName       string
	Quantity          int64 // below zero for a return
	UnitPrice         Money
	Amount            Money
	MarketplaceLineID string // 18 digits, more than a number in a sheet holds
	OrderedAt         time.Time
	CreatedAt         time.Time
}

// normalise brings codes and times into the form in which they are compared.
func (s *Seller) normalise() {
	s.Code = NormalCode(s.Code)
	if s.TimeZone == "" {
		s.TimeZone = "Asia/Seoul"
	}
	s.CreatedAt = instant(s.CreatedAt)
}

func (p *Product) normalise() {
	p.SKU, p.Barcode = NormalCode(p.SKU), NormalCode(p.Barcode)
	p.CreatedAt, p.UpdatedAt = instant(p.CreatedAt), instant(p.UpdatedAt)
}

func (l *StockLevel) normalise() {
	l.Warehouse = NormalCode(l.Warehouse)
	l.UpdatedAt = instant(l.UpdatedAt)
}

func (o *Order) normalise() {
	o.OrderNumber = NormalCode(o.OrderNumber)
	o.OrderedAt, o.CreatedAt, o.UpdatedAt = instant(o.OrderedAt), instant(o.CreatedAt), instant(o.UpdatedAt)
}

func (s *Shipment) normalise() {
	s.TrackingNumber = NormalCode(s.TrackingNumber)
	s.ShippedAt, s.DeliveredAt = instantOrNil(s.ShippedAt), instantOrNil(s.DeliveredAt)
	s.CreatedAt = instant(s.CreatedAt)
}

func (l *OrderLine) normalise() {
	l.MarketplaceLineID = NormalCode(l.MarketplaceLineID)
	l.OrderedAt, l.CreatedAt = instant(l.OrderedAt), instant(l.CreatedAt)
}

// The keys by which an upsert finds a row.
func (*Seller) key() []string     { return []string{"code"} }
func (*Product) key() []string    { return []string{"seller_id", "sku"} }
func (*StockLevel) key() []string { return []string{"product_id", "warehouse"} }
func (*Order) key() []string      { return []string{"seller_id", "order_number"} }
func (*Shipment) key() []string   { return []string{"id"} }
func (*OrderLine) key() []string  { return []string{"order_id", "line_number"} }

// gorm calls BeforeSave before every insert and update of a model.
func (s *Seller) BeforeSave(*gorm.DB) error     { s.normalise(); return nil }
func (p *Product) BeforeSave(*gorm.DB) error    { p.normalise(); return nil }
func (l *StockLevel) BeforeSave(*gorm.DB) error { l.normalise(); return nil }
func (o *Order) BeforeSave(*gorm.DB) error      { o.normalise(); return nil }
func (s *Shipment) BeforeSave(*gorm.DB) error   { s.normalise(); return nil }
func (l *OrderLine) BeforeSave(*gorm.DB) error  { l.normalise(); return nil }

func instantOrNil(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := instant(*t)
	return &u
}
