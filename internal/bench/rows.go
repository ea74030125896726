package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/xuri/excelize/v2"
)

// exportKind is the kind that all contenders export, exportTenant whose rows they are.
const (
	exportKind   = "order-lines"
	exportTenant = "acme"
)

// exportColumns are the columns that all contenders write: eight texts, an integer, two decimals, an instant.
// They lie in three tables, as the columns of such lists do.
var exportColumns = []string{
	"order_number", "marketplace_line_id", "sku", "barcode", "product_name", "option_name", "channel", "customer_name",
	"quantity", "unit_price", "amount", "ordered_at",
}

// textColumns is how many of them are text; they come first.
const textColumns = 8

// exportHeader is what Longhaul writes above them.
var exportHeader = []any{
	"주문번호", "마켓 상품주문번호", "상품코드(SKU)", "바코드", "상품명", "옵션", "판매채널", "주문자", "수량", "단가", "금액", "주문일시",
}

// exportZone is where the seller's instants are shown.
const exportZone = "Asia/Seoul"

// selectLines is the statement of the contenders that are not Longhaul. STRAIGHT_JOIN is a courtesy to them:
// without it, stale statistics make the database begin with the products now and then, and sort everything.
const selectLines = `SELECT STRAIGHT_JOIN o.order_number, l.marketplace_line_id, l.sku, p.barcode, l.product_name, p.option_name,
  o.channel, o.customer_name, l.quantity, l.unit_price, l.amount, l.ordered_at
FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id
WHERE l.seller_id = ? ORDER BY l.id`

// line is a row as a program holds it that has types for everything.
type line struct {
	OrderNumber       string    `json:"order_number"`
	MarketplaceLineID string    `json:"marketplace_line_id"`
	SKU               string    `json:"sku"`
	Barcode           string    `json:"barcode"`
	ProductName       string    `json:"product_name"`
	OptionName        string    `json:"option_name"`
	Channel           string    `json:"channel"`
	CustomerName      string    `json:"customer_name"`
	Quantity          int64     `json:"quantity"`
	UnitPrice         float64   `json:"unit_price"`
	Amount            float64   `json:"amount"`
	OrderedAt         time.Time `json:"ordered_at"`
}

// scan reads the row a cursor stands on.
func (l *line) scan(rows *sql.Rows) error {
	return rows.Scan(&l.OrderNumber, &l.MarketplaceLineID, &l.SKU, &l.Barcode, &l.ProductName, &l.OptionName,
		&l.Channel, &l.CustomerName, &l.Quantity, &l.UnitPrice, &l.Amount, &l.OrderedAt)
}

// clone is a copy that shares no text with the original.
func (l line) clone() line {
	for _, text := range []*string{&l.OrderNumber, &l.MarketplaceLineID, &l.SKU, &l.Barcode, &l.ProductName,
		&l.OptionName, &l.Channel, &l.CustomerName} {
		*text = strings.Clone(*text)
	}
	return l
}

// openLines opens the database as a program does that knows nothing of ours.
func openLines(databaseURL string) (*sql.DB, error) {
	u, err := url.Parse(databaseURL)
	if err != nil || u.Scheme != "mysql" {
		return nil, errors.New("open database: the URL must begin with mysql://")
	}
	cfg := mysql.NewConfig()
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
	cfg.ParseTime, cfg.InterpolateParams = true, true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return sql.OpenDB(connector), nil
}

// workbook is a workbook in the making, by excelize's StreamWriter.
type workbook struct {
	file   *excelize.File
	stream *excelize.StreamWriter
	cells  []any
	rows   int
	zone   *time.Location
	money  int // styles
	moment int
}

func newWorkbook() (*workbook, error) {
	w := &workbook{file: excelize.NewFile(), cells: make([]any, len(exportColumns))}
	var err error
	if w.zone, err = time.LoadLocation(exportZone); err != nil {
		return nil, err
	}
	if w.stream, err = w.file.NewStreamWriter("Sheet1"); err != nil {
		return nil, err
	}
	money, moment := "#,##0.00", "yyyy-mm-dd hh:mm:ss"
	if w.money, err = w.file.NewStyle(&excelize.Style{CustomNumFmt: &money}); err != nil {
		return nil, err
	}
	if w.moment, err = w.file.NewStyle(&excelize.Style{CustomNumFmt: &moment}); err != nil {
		return nil, err
	}
	return w, w.set(exportHeader)
}

func (w *workbook) set(cells []any) error {
	w.rows++
	cell, err := excelize.CoordinatesToCellName(1, w.rows)
	if err != nil {
		return err
	}
	return w.stream.SetRow(cell, cells)
}

func (w *workbook) add(l *line) error {
	c := w.cells
	c[0], c[1], c[2], c[3] = l.OrderNumber, l.MarketplaceLineID, l.SKU, l.Barcode
	c[4], c[5], c[6], c[7] = l.ProductName, l.OptionName, l.Channel, l.CustomerName
	c[8] = l.Quantity
	c[9] = excelize.Cell{StyleID: w.money, Value: l.UnitPrice}
	c[10] = excelize.Cell{StyleID: w.money, Value: l.Amount}
	c[11] = excelize.Cell{StyleID: w.moment, Value: l.OrderedAt.In(w.zone)}
	return w.set(c)
}

func (w *workbook) save(path string) error {
	if err := w.stream.Flush(); err != nil {
		return err
	}
	return errors.Join(w.file.SaveAs(path), w.file.Close())
}

// plain is the loop that one would write.
func plain(ctx context.Context, spec Spec) error {
	db, err := openLines(spec.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	book, err := newWorkbook()
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, selectLines, spec.SellerID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var l line
		if err := l.scan(rows); err != nil {
			return err
		}
		if err := book.add(&l); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return book.save(spec.Out)
}
