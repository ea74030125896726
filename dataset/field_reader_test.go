package dataset_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// reading is a cell and what becomes of it: a value, or a code with its limit.
type reading struct {
	field string
	cell  upload.Cell
	want  any
	code  job.RowCode
	limit string
}

func (r reading) check(t *testing.T, zone *time.Location) {
	t.Helper()
	value, errs := readCell(t, r.field, r.cell, zone)
	if r.code == "" {
		require.Empty(t, errs)
		require.Equal(t, r.want, value)
		return
	}
	require.Nil(t, value)
	require.Len(t, errs, 1)
	require.Equal(t, r.code, errs[0].Code)
	require.Equal(t, r.limit, errs[0].Limit)
	require.Equal(t, r.field, errs[0].Column)
	require.Equal(t, r.field, errs[0].Header)
}

func checkReadings(t *testing.T, zone *time.Location, all []reading) {
	t.Helper()
	for _, r := range all {
		t.Run(r.field+" "+string(r.cell.Text), func(t *testing.T) {
			t.Parallel()
			r.check(t, zone)
		})
	}
}

func TestTextsAreTrimmedAndComposed(t *testing.T) {
	t.Parallel()
	checkReadings(t, time.UTC, []reading{
		{field: "name", cell: said("mug"), want: "mug"},
		{field: "name", cell: said("  머그컵\t\r\n"), want: "머그컵"},
		{field: "name", cell: said("\u00A0\u3000\u200B\uFEFFmug\u200E\u00A0 "), want: "mug"},
		{field: "name", cell: said(" \u3000 \u200B"), want: nil},
		{field: "name", cell: said("\u1112\u1161\u11ab"), want: "한"}, // as macOS writes it
		{field: "name", cell: said("a\u00A0b"), want: "a\u00A0b"},
		{field: "name", cell: said("a\r\nb\rc\nd"), want: "a\nb\nc\nd"},
		{field: "name", cell: said("a\u2028b"), want: "a\u2028b"},
		{field: "name", cell: said("👨‍👩‍👧"), want: "👨‍👩‍👧"},
		{field: "name", cell: said("가나다라마바사아자차카타"), want: "가나다라마바사아자차카타"},
		{field: "name", cell: said("가나다라마바사아자차카타파"), code: job.RowTooLong, limit: "12"},
		{field: "name", cell: said("a\tb"), code: job.RowBadCharacters},
		{field: "name", cell: said("a\x00b"), code: job.RowBadCharacters},
		{field: "name", cell: said("a\x7Fb"), code: job.RowBadCharacters},
		{field: "name", cell: said("a\u0085b"), code: job.RowBadCharacters},
		{field: "name", cell: said("a\uFFFDb"), code: job.RowBadCharacters},
		{field: "name", cell: said("a\xB0\xA1b"), code: job.RowBadCharacters}, // CP949 in UTF-8
		{field: "name", cell: faulty("#N/A"), code: job.RowCellError},
		{field: "name", cell: said("#N/A"), code: job.RowCellError},
		{field: "name", cell: said("#1 seller"), want: "#1 seller"},
		{field: "name", cell: upload.Cell{}, want: nil},

		{field: "name", cell: counted("2023"), want: "2023"},
		{field: "name", cell: counted("0.1"), want: "0.1"},
		{field: "name", cell: counted("1E-05"), want: "0.00001"},
		{field: "name", cell: flagged("true"), want: "TRUE"},
		{field: "name", cell: dated(t, "2024-03-05 00:00:00", true, false), want: "2024-03-05"},
		{field: "name", cell: dated(t, "2024-03-05 14:30:00", false, true), want: "14:30:00"},
		{field: "note", cell: dated(t, "2024-03-05 14:30:00", true, true), want: "2024-03-05 14:30:00"},
	})
}

func TestCodesKeepEveryDigit(t *testing.T) {
	t.Parallel()
	checkReadings(t, time.UTC, []reading{
		{field: "sku", cell: said("007"), want: "007"},
		{field: "sku", cell: said("13085.0"), want: "13085.0"},
		{field: "sku", cell: said("1E5"), want: "1E5"},
		{field: "sku", cell: said("A.23E+12"), want: "A.23E+12"},
		{field: "sku", cell: counted("85048"), want: "85048"},
		{field: "sku", cell: counted("85048.0"), want: "85048"},
		{field: "sku", cell: counted("85048.5"), want: "85048.5"},
		{field: "sku", cell: counted("-7"), want: "-7"},
		{field: "sku", cell: flagged("false"), want: "FALSE"},
		{field: "sku", cell: said("a\nb"), code: job.RowBadCharacters},
		{field: "sku", cell: said("a\u2029b"), code: job.RowBadCharacters},
		{field: "sku", cell: said("12345678901"), code: job.RowTooLong, limit: "10"},
		{field: "sku", cell: said("4.9012E+12"), code: job.RowTooPrecise, limit: "15 digits"},
		{field: "sku", cell: faulty("#REF!"), code: job.RowCellError},
		{field: "sku", cell: dated(t, "2024-03-04 00:00:00", true, false), code: job.RowBadFormat, limit: "text"},

		{field: "order_number", cell: counted("4.90123456789E+12"), want: "4901234567890"},
		{field: "order_number", cell: counted("4901234567890"), want: "4901234567890"},
		{field: "order_number", cell: counted("999999999999999"), want: "999999999999999"},
		{field: "order_number", cell: counted("1E+15"), code: job.RowTooPrecise, limit: "15 digits"},
		{field: "order_number", cell: counted("1.23456789012345E+15"), code: job.RowTooPrecise, limit: "15 digits"},
		{field: "order_number", cell: counted("1234567890123456789"), code: job.RowTooPrecise, limit: "15 digits"},
		{field: "order_number", cell: upload.Cell{}, code: job.RowRequired},
		{field: "order_number", cell: said("\u3000"), code: job.RowRequired},

		{field: "barcode", cell: said("04012345"), want: "04012345"},
		{field: "barcode", cell: counted("4.90123456789E+12"), want: "4901234567890"},
		{field: "barcode", cell: said("0401234"), code: job.RowBadFormat, limit: "8 or 13 digits"},
		{field: "barcode", cell: said("040123456"), code: job.RowBadFormat, limit: "8 or 13 digits"},
		{field: "barcode", cell: said("x04012345"), code: job.RowBadFormat, limit: "8 or 13 digits"},
	})
}

func TestWholeNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	checkReadings(t, time.UTC, []reading{
		{field: "quantity", cell: said("12"), want: int64(12)},
		{field: "quantity", cell: said("007"), want: int64(7)},
		{field: "quantity", cell: said("-3"), want: int64(-3)},
		{field: "quantity", cell: said("+3"), want: int64(3)},
		{field: "quantity", cell: said("\u22123"), want: int64(-3)},
		{field: "quantity", cell: said("(3)"), want: int64(-3)},
		{field: "quantity", cell: said("-0"), want: int64(0)},
		{field: "quantity", cell: said("12.0"), want: int64(12)},
		{field: "quantity", cell: said("12."), want: int64(12)},
		{field: "quantity", cell: said("1,200"), want: int64(1200)},
		{field: "quantity", cell: said("1,000,000"), want: int64(1_000_000)},
		{field: "quantity", cell: said("１，２００"), want: int64(1200)},
		{field: "quantity", cell: said("3개"), want: int64(3)},
		{field: "quantity", cell: said("3 PCS"), want: int64(3)},
		{field: "quantity", cell: counted("12"), want: int64(12)},
		{field: "quantity", cell: counted("1E+05"), want: int64(100_000)},
		{field: "quantity", cell: counted("12.000000000000002"), want: int64(12)},
		{field: "quantity", cell: counted("-3"), want: int64(-3)},

		{field: "quantity", cell: said("12.5"), code: job.RowNotWhole},
		{field: "quantity", cell: counted("12.5"), code: job.RowNotWhole},
		{field: "quantity", cell: said("1,20"), code: job.RowNotANumber},
		{field: "quantity", cell: said("1,2000"), code: job.RowNotANumber},
		{field: "quantity", cell: said(",200"), code: job.RowNotANumber},
		{field: "quantity", cell: said("1200,"), code: job.RowNotANumber},
		{field: "quantity", cell: said("1 200"), code: job.RowNotANumber},
		{field: "quantity", cell: said("--3"), code: job.RowNotANumber},
		{field: "quantity", cell: said("-(3)"), code: job.RowNotANumber},
		{field: "quantity", cell: said("-"), code: job.RowNotANumber},
		{field: "quantity", cell: said("."), code: job.RowNotANumber},
		{field: "quantity", cell: said("()"), code: job.RowNotANumber},
		{field: "quantity", cell: said("개"), code: job.RowNotANumber},
		{field: "quantity", cell: said("three"), code: job.RowNotANumber},
		{field: "quantity", cell: said("1E5"), code: job.RowNotANumber},
		{field: "quantity", cell: said("0x10"), code: job.RowNotANumber},
		{field: "quantity", cell: said("₩12"), code: job.RowNotANumber},
		{field: "quantity", cell: flagged("true"), code: job.RowNotANumber},
		{field: "quantity", cell: dated(t, "2024-03-05 00:00:00", true, false), code: job.RowNotANumber},
		{field: "quantity", cell: faulty("#DIV/0!"), code: job.RowCellError},
		{field: "quantity", cell: said(" #DIV/0! "), code: job.RowCellError},
		{field: "quantity", cell: upload.Cell{}, code: job.RowRequired},
		{field: "quantity", cell: said("-101"), code: job.RowBelowMinimum, limit: "-100"},
		{field: "quantity", cell: said("1000001"), code: job.RowAboveMaximum, limit: "1000000"},
		{field: "quantity", cell: said(strings.Repeat("9", 400)), code: job.RowAboveMaximum, limit: "1000000"},
		{field: "quantity", cell: counted("1E+300"), code: job.RowAboveMaximum, limit: "1000000"},
		{field: "line", cell: said("9223372036854775807"), want: int64(9223372036854775807)},
		{field: "line", cell: said("9223372036854775808"), code: job.RowAboveMaximum, limit: "9223372036854775807"},
		{field: "line", cell: counted("9007199254740993"), code: job.RowTooPrecise, limit: "15 digits"},
		{field: "line", cell: counted("1E+999"), code: job.RowNotANumber},
	})
}

func TestDecimalsAreExact(t *testing.T) {
	t.Parallel()
	checkReadings(t, time.UTC, []reading{
		{field: "price", cell: said("6.95"), want: target.Decimal("6.95")},
		{field: "price", cell: said("6.9500"), want: target.Decimal("6.95")},
		{field: "price", cell: said("1000"), want: target.Decimal("1000")},
		{field: "price", cell: said(".5"), want: target.Decimal("0.5")},
		{field: "price", cell: said("-0.00"), want: target.Decimal("0")},
		{field: "price", cell: said("-12.5"), want: target.Decimal("-12.5")},
		{field: "price", cell: said("₩1,200"), want: target.Decimal("1200")},
		{field: "price", cell: said("￦ 1,200"), want: target.Decimal("1200")}, // full width
		{field: "price", cell: said("1,200원"), want: target.Decimal("1200")},
		{field: "price", cell: said("-₩1,200.50"), want: target.Decimal("-1200.5")},
		{field: "price", cell: said("₩-1,200.50"), want: target.Decimal("-1200.5")},
		{field: "price", cell: said("(₩1,200.50)"), want: target.Decimal("-1200.5")},
		{field: "price", cell: said("$(3)"), want: target.Decimal("-3")},
		{field: "price", cell: said("US$12 usd"), want: target.Decimal("12")},
		{field: "price", cell: said("KRW 1,200"), want: target.Decimal("1200")},
		{field: "price", cell: said("12 €"), want: target.Decimal("12")},
		{field: "price", cell: said("£12"), want: target.Decimal("12")},
		{field: "price", cell: said("¥12"), want: target.Decimal("12")},
		{field: "price", cell: counted("0.1"), want: target.Decimal("0.1")},
		{field: "price", cell: counted("6.950000000000001"), want: target.Decimal("6.95")},
		{field: "price", cell: counted("9.9999999999999995"), want: target.Decimal("10")},
		{field: "price", cell: counted("1.2E-1"), want: target.Decimal("0.12")},
		{field: "price", cell: counted("1.2E+3"), want: target.Decimal("1200")},
		{field: "price", cell: counted("0E5"), want: target.Decimal("0")},

		{field: "price", cell: said("6.955"), code: job.RowTooPrecise, limit: "2"},
		{field: "price", cell: counted("1E-05"), code: job.RowTooPrecise, limit: "2"},
		{field: "price", cell: said("12,50"), code: job.RowNotANumber},
		{field: "price", cell: said("1.234,56"), code: job.RowNotANumber},
		{field: "price", cell: said("1,200.5,0"), code: job.RowNotANumber},
		{field: "price", cell: said("$$3"), code: job.RowNotANumber},
		{field: "price", cell: said("$"), code: job.RowNotANumber},
		{field: "price", cell: said("12 %"), code: job.RowNotANumber},
		{field: "price", cell: said("1.2.3"), code: job.RowNotANumber},
		{field: "price", cell: said("10000000"), code: job.RowAboveMaximum, limit: "9999999.99"},
		{field: "price", cell: said("9999999.991"), code: job.RowAboveMaximum, limit: "9999999.99"},
		{field: "price", cell: said("-100000"), code: job.RowBelowMinimum, limit: "-99999.99"},
		{field: "price", cell: said("-" + strings.Repeat("9", 40)), code: job.RowBelowMinimum, limit: "-99999.99"},
	})
}

func TestChoicesGoByEveryName(t *testing.T) {
	t.Parallel()
	list := "cj, post, 1"
	checkReadings(t, time.UTC, []reading{
		{field: "carrier", cell: said("cj"), want: "cj"},
		{field: "carrier", cell: said("CJ"), want: "cj"},
		{field: "carrier", cell: said("CJ 대한통운"), want: "cj"},
		{field: "carrier", cell: said("cj-logistics"), want: "cj"},
		{field: "carrier", cell: said("대한통운 "), want: "cj"},
		{field: "carrier", cell: said("우체국 택배"), want: "post"},
		{field: "carrier", cell: counted("1"), want: "1"},
		{field: "carrier", cell: counted("1.0"), want: "1"},
		{field: "carrier", cell: said("한진"), code: job.RowNotAChoice, limit: list},
		{field: "carrier", cell: said("--"), code: job.RowNotAChoice, limit: list},
		{field: "carrier", cell: counted("1E+20"), code: job.RowNotAChoice, limit: list},
		{field: "carrier", cell: dated(t, "2024-03-05 00:00:00", true, false), code: job.RowNotAChoice, limit: list},
		{field: "carrier", cell: faulty("#NAME?"), code: job.RowCellError},
		{field: "carrier", cell: upload.Cell{}, code: job.RowRequired},
	})
}
