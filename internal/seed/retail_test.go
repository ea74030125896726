package seed_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/seed"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

const header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"

// nasty is a file in the layout of the data set with all that is odd about it, and more.
const nasty = header +
	"489434,85048,15CM CHRISTMAS GLASS BALL 20 LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n" +
	"489434,79323W, WHITE CHERRY LIGHTS,12,2009-12-01 07:45:00,6.75,13085.0,United Kingdom\n" +
	"489434,22041,\"RECORD FRAME 7\"\" SINGLE SIZE \",48,2009-12-01 07:45:00,2.1,13085.0,United Kingdom\n" +
	"489435,22041 ,=1+1,1,2009-12-01 07:46:00,0.001,,EIRE\n" + // a stray space in the code: the same product
	"C489449,22087,\"PAPER BUNTING, \nWHITE LACE\",-12,2009-12-01 10:33:00,2.95,16321.0,Australia\n" +
	"489434,85048,15CM CHRISTMAS GLASS BALL 20 LIGHTS,1,2009-12-01 07:47:00,6.95,13085.0,United Kingdom\n" + // again, and later
	"489436,gift_0001_80,,-1,2010-07-15 12:00:00,0.0,,Côte d’Ivoire\n" +
	"489437,GIFT_0001_80,Dotcomgiftshop Gift Voucher £80.00,1,2010-07-15 12:00:00,68.09,,United Kingdom\n" + // another code
	"A506401,B,Adjust bad debt,1,2010-10-31 01:30:00,-53594.36,,United Kingdom\n" // an hour that comes twice

func TestRetailGivesBackTheFile(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		st := migrated(t, url)
		// Others' rows are there, so that IDs do not begin at 1.
		require.NoError(t, seed.Sample(t.Context(), st, seed.Options{OrderLines: 20}))

		report, err := seed.Retail(t.Context(), st, strings.NewReader(nasty), seed.RetailOptions{})

		require.NoError(t, err)
		require.Equal(t, seed.Report{Rows: 9, Orders: 6, Products: 7}, report)
		require.Equal(t, records(t, nasty), exported(t, st, "online-retail"))
		require.Equal(t, [][]string{{"C489449", "cancelled"}, {"A506401", "delivered"}},
			query(t, st, "SELECT order_number, status FROM orders WHERE order_number LIKE 'C%' OR order_number LIKE 'A%' ORDER BY id"))
		require.Equal(t, [][]string{{"-35.4000"}},
			query(t, st, "SELECT amount FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE order_number = 'C489449'"))
		row, err := st.Seller(t.Context(), "online-retail")
		require.NoError(t, err)
		require.Equal(t, "Europe/London", row.TimeZone)
	})
}

func TestRetailKnowsGzip(t *testing.T) {
	t.Parallel()
	st := migrated(t, testenv.SQLite(t))

	report, err := seed.Retail(t.Context(), st, bytes.NewReader(zipped(t, nasty)), seed.RetailOptions{Seller: "shop"})

	require.NoError(t, err)
	require.Equal(t, 9, report.Rows)
	require.Equal(t, records(t, nasty), exported(t, st, "shop"))
}

func TestRetailAgainAddsNothing(t *testing.T) {
	t.Parallel()
	st := migrated(t, testenv.SQLite(t))
	_, err := seed.Retail(t.Context(), st, strings.NewReader(nasty), seed.RetailOptions{})
	require.NoError(t, err)
	before := digest(t, st, "order_lines")

	report, err := seed.Retail(t.Context(), st, strings.NewReader(nasty), seed.RetailOptions{})

	require.NoError(t, err)
	require.Equal(t, seed.Report{Rows: 9, Already: 9, Orders: 6, Products: 7}, report)
	require.Equal(t, before, digest(t, st, "order_lines"))
}

// long is a file of two chunks of 1000; edit changes some of its rows.
func long(edit func(i int, fields []string)) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range 1200 {
		fields := []string{
			strconv.Itoa(500_000 + i/7), strconv.Itoa(i % 300), "NAME " + strconv.Itoa(i%300), strconv.Itoa(i%9 - 2),
			"2010-06-01 10:00:00", fmt.Sprintf("%d.5", i%20), "", "France",
		}
		edit(i, fields)
		b.WriteString(strings.Join(fields, ",") + "\n")
	}
	return b.String()
}

func TestABadRowSavesNothingOfItsChunk(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		st := migrated(t, url)
		good := long(func(int, []string) {})
		bad := long(func(i int, fields []string) {
			if i == 1100 {
				fields[3] = "many"
			}
		})

		report, err := seed.Retail(t.Context(), st, strings.NewReader(bad), seed.RetailOptions{Chunk: 1000})

		require.Equal(t, job.CodeInvalid, job.CodeOf(err))
		require.EqualError(t, err, `line 1102, column Quantity: "many" is not a whole number (the first 1000 rows are saved; nothing after them)`)
		require.Equal(t, 1000, report.Rows)
		require.Equal(t, 1000, number(t, st, "SELECT COUNT(*) FROM order_lines"))
		require.Zero(t, number(t, st, "SELECT COUNT(*) FROM orders o WHERE NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id)"))

		report, err = seed.Retail(t.Context(), st, strings.NewReader(good), seed.RetailOptions{})

		require.NoError(t, err)
		require.Equal(t, seed.Report{Rows: 1200, Already: 1000, Orders: 172, Products: 300}, report)
		require.Equal(t, records(t, good), exported(t, st, "online-retail"))
	})
}

// Lines are saved after their orders and products; a run may be killed in between.
func TestRetailGoesOnAfterAnyTable(t *testing.T) {
	t.Parallel()
	st := migrated(t, testenv.SQLite(t))
	good := long(func(int, []string) {})
	_, err := seed.Retail(t.Context(), st, strings.NewReader(good), seed.RetailOptions{})
	require.NoError(t, err)
	require.NoError(t, st.DB(t.Context()).Exec("DELETE FROM order_lines WHERE id > 1003").Error)
	var last int
	progress := func(rows int) { last = rows }

	report, err := seed.Retail(t.Context(), st, strings.NewReader(good), seed.RetailOptions{Progress: progress})

	require.NoError(t, err)
	require.Equal(t, seed.Report{Rows: 1200, Already: 1003, Orders: 172, Products: 300}, report)
	require.Equal(t, 1200, last)
	require.Equal(t, records(t, good), exported(t, st, "online-retail"))
}

func TestRetailDoesNotMixFiles(t *testing.T) {
	t.Parallel()
	good := long(func(int, []string) {})
	for name, other := range map[string]string{
		"another": long(func(_ int, fields []string) { fields[0] = "6" + fields[0] }),
		"shorter": nasty,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := migrated(t, testenv.SQLite(t))
			_, err := seed.Retail(t.Context(), st, strings.NewReader(good), seed.RetailOptions{})
			require.NoError(t, err)

			_, err = seed.Retail(t.Context(), st, strings.NewReader(other), seed.RetailOptions{})

			require.Equal(t, job.CodeConflict, job.CodeOf(err))
			require.Equal(t, 1200, number(t, st, "SELECT COUNT(*) FROM order_lines"))
		})
	}
}

func TestAFaultyFileIsNamedByLineAndColumn(t *testing.T) {
	t.Parallel()
	const good = "489434,85048,LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n"
	for want, file := range map[string]string{
		"line 1: the file is empty":                                                                   "",
		`line 1, column 1: the header is "InvoiceNo" instead of "Invoice"`:                            "InvoiceNo,StockCode\n",
		"line 1: column StockCode is missing":                                                         "Invoice\n",
		`line 1, column 9: unknown header "More"`:                                                     strings.TrimSpace(header) + ",More\n" + good,
		"line 3, character 1: wrong number of fields":                                                 header + good + "489434,85048\n",
		`line 2, character 15: bare " in non-quoted-field`:                                            header + "489434,85048,7\" NAIL,12\n",
		"line 2, column Invoice: \" 489434\" is empty, or has space around it":                        header + " " + good,
		"line 2, column StockCode: it is empty":                                                       header + strings.Replace(good, "85048", "  ", 1),
		"line 2, column StockCode: 65 characters are more than the 64":                                header + strings.Replace(good, "85048", strings.Repeat("é", 65), 1),
		"line 2, column Description: the text is not valid UTF-8":                                     header + strings.Replace(good, "LIGHTS", "\xa380", 1),
		`line 3, column Quantity: "1.5" is not a whole number`:                                        header + good + strings.Replace(good, ",12,", ",1.5,", 1),
		`line 2, column InvoiceDate: "1.12.2009 07:45" is not a date`:                                 header + strings.Replace(good, "2009-12-01 07:45:00", "1.12.2009 07:45", 1),
		"line 2, column InvoiceDate: 2010-03-28 01:30:00 does not exist":                              header + strings.Replace(good, "2009-12-01 07:45:00", "2010-03-28 01:30:00", 1),
		`line 2, column Price: "6.95001" is not an amount`:                                            header + strings.Replace(good, "6.95", "6.95001", 1),
		`line 2, column Price: "free" is not an amount`:                                               header + strings.Replace(good, "6.95", "free", 1),
		"line 2, column Price: the amount, 1199999999999988, has more":                                header + strings.Replace(good, "6.95", "99999999999999", 1),
		`line 3, column Customer ID: invoice 489434 has customer "13085.0" in an earlier row`:         header + good + strings.Replace(good, "13085", "13086", 1),
		`line 4, column Country: invoice 489434 has country "United Kingdom"`:                         header + good + good + strings.Replace(good, "United", "Untied", 1),
		`line 3, column Quantity: "x" is not a whole number (the first 0 rows are saved; nothing aft`: header + good + strings.Replace(good, ",12,", ",x,", 1),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			st := migrated(t, testenv.SQLite(t))

			_, err := seed.Retail(t.Context(), st, strings.NewReader(file), seed.RetailOptions{})

			require.ErrorContains(t, err, want)
			require.Equal(t, job.CodeInvalid, job.CodeOf(err))
			require.Zero(t, number(t, st, "SELECT COUNT(*) FROM order_lines"))
			require.Zero(t, number(t, st, "SELECT COUNT(*) FROM orders"))
		})
	}
}

func TestABrokenStreamIsNoFaultOfARow(t *testing.T) {
	t.Parallel()
	whole := zipped(t, long(func(int, []string) {}))
	for name, file := range map[string][]byte{
		"cut in the rows":   whole[:len(whole)/2],
		"cut in the header": whole[:5],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := seed.Retail(t.Context(), migrated(t, testenv.SQLite(t)), bytes.NewReader(file), seed.RetailOptions{})

			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		})
	}
}

func TestRetailStopsWhenTold(t *testing.T) {
	t.Parallel()
	st := migrated(t, testenv.SQLite(t))
	ctx, stop := context.WithCancel(t.Context())

	_, err := seed.Retail(ctx, st, strings.NewReader(long(func(int, []string) {})), seed.RetailOptions{Chunk: 1000, Progress: func(int) { stop() }})

	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1000, number(t, st, "SELECT COUNT(*) FROM order_lines"))
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// records are the rows of a file with numbers in one spelling.
func records(t *testing.T, file string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	require.NoError(t, err)
	for _, row := range rows[1:] {
		row[5] = decimal.RequireFromString(row[5]).String()
	}
	return rows[1:]
}

// exported are the rows that the kind order-lines gives, in the columns and spelling of the file.
func exported(t *testing.T, st *store.Store, code string) [][]string {
	t.Helper()
	registry, err := catalog.New()
	require.NoError(t, err)
	kind, err := registry.Export("order-lines")
	require.NoError(t, err)
	row, err := st.Seller(t.Context(), code)
	require.NoError(t, err)
	sel, err := kind.Select(dataset.Request{Columns: []string{
		"order_number", "sku", "product_name", "quantity", "ordered_at", "unit_price", "customer_id", "country",
	}}, row.Zone)
	require.NoError(t, err)
	page := sel.Page(row.ID, 0, 1<<60)
	rows := query(t, st, page.SQL, page.Args...)
	for _, row := range rows {
		row[4] = london(t, row[4])
		row[5] = decimal.RequireFromString(row[5]).String()
	}
	return rows
}

func london(t *testing.T, utc string) string {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	require.NoError(t, err)
	at, err := time.Parse("2006-01-02 15:04:05.000000", utc)
	require.NoError(t, err)
	return at.In(zone).Format(time.DateTime)
}

func query(t *testing.T, st *store.Store, sql string, args ...any) [][]string {
	t.Helper()
	var rows [][]string
	require.NoError(t, st.Stream(t.Context(), sql, args, func(cells [][]byte) error {
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = string(cell)
		}
		rows = append(rows, row)
		return nil
	}))
	return rows
}
