package sheet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

func TestTypedValues(t *testing.T) {
	t.Parallel()
	seoul := location(t, "Asia/Seoul")
	cases := []struct {
		kind     Type
		value    string
		raw      string // what the cell holds; "" means the value itself
		shown    string // by its number format; "" means raw
		isText   bool
		decimals int
	}{
		{kind: Integer, value: "0"},
		{kind: Integer, value: "-42"},
		{kind: Integer, value: "1234567", shown: "1,234,567"},
		{kind: Integer, value: "999999999999999", shown: "999,999,999,999,999"},
		{kind: Integer, value: "1000000000000000", isText: true},
		{kind: Integer, value: "-9223372036854775808", isText: true},
		{kind: Integer, value: "12.5", isText: true},
		{kind: Integer, value: "007", isText: true},
		{kind: Integer, value: "+1", isText: true},
		{kind: Integer, value: "-", isText: true},
		{kind: Integer, value: "1 000", isText: true},
		{kind: Integer, value: "=1+1", isText: true},
		{kind: Decimal, value: "12.3400", decimals: 2, shown: "12.34"},
		{kind: Decimal, value: "-0.5", decimals: 3, shown: "-0.500"},
		{kind: Decimal, value: "1234567.891", decimals: 1, shown: "1,234,567.9"},
		{kind: Decimal, value: "0.00", decimals: 2, shown: "0.00"},
		{kind: Decimal, value: "1234567890123.45", decimals: 2, shown: "1,234,567,890,123.45"},
		{kind: Decimal, value: "12345678901234.560000", decimals: 2, shown: "12,345,678,901,234.56", isText: true},
		{kind: Decimal, value: "0.1234567890123456", isText: true},
		{kind: Decimal, value: "0.000000000000000012345", decimals: 2, shown: "0.00"},
		{kind: Decimal, value: "1.5e-07", decimals: 2, shown: "0.00"},
		{kind: Decimal, value: "1.5e999", isText: true},
		{kind: Decimal, value: ".5", isText: true},
		{kind: Decimal, value: "5.", isText: true},
		{kind: Decimal, value: "NaN", isText: true},
		{kind: Date, value: "2026-11-22", raw: "46348", shown: "2026-11-22"},
		{kind: Date, value: "2026-11-22T00:00:00Z", raw: "46348", shown: "2026-11-22"},
		{kind: Date, value: "2026-11-22 00:00:00+00:00", raw: "46348", shown: "2026-11-22"},
		{kind: Date, value: "2026-11-22T00:00:00+09:00", raw: "46348", shown: "2026-11-22"},
		{kind: Date, value: "2026-11-22 00:00:01", isText: true},
		{kind: Date, value: "2026-11-22T09:00:00+09:00", isText: true},
		{kind: Date, value: "1900-03-01", raw: "61", shown: "1900-03-01"},
		{kind: Date, value: "1900-02-28", raw: "59"},
		{kind: Date, value: "1900-01-01", raw: "1"},
		{kind: Date, value: "1899-12-31", isText: true},
		{kind: Date, value: "9999-12-31", raw: "2958465", shown: "9999-12-31"},
		{kind: Date, value: "2026-02-29", isText: true},
		{kind: Date, value: "1900-02-29", isText: true},
		{kind: Date, value: "0000-00-00", isText: true},
		{kind: Date, value: "22.11.2026", isText: true},
		{kind: Instant, value: "2026-11-22 15:00:00", raw: "46349", shown: "2026-11-23 00:00:00"},
		{kind: Instant, value: "2026-11-22 03:00:00.000000", raw: "46348.5", shown: "2026-11-22 12:00:00"},
		{kind: Instant, value: "2026-11-22T12:00:00+09:00", raw: "46348.5", shown: "2026-11-22 12:00:00"},
		{kind: Instant, value: "2026-11-21T22:00:00.25-05:00", raw: "46348.50000289352", shown: "2026-11-22 12:00:00"},
		{kind: Instant, value: "2026-11-22T14:59:59.999Z", raw: "46348.999999988424"},
		{kind: Instant, value: "9999-12-31 14:59:59", raw: "2958465.999988426", shown: "9999-12-31 23:59:59"},
		{kind: Instant, value: "9999-12-31 15:00:00", isText: true},
		{kind: Instant, value: "1899-12-31 15:00:00", isText: true}, // Seoul's clock stood 8:27:52 ahead
		{kind: Instant, value: "2026-11-22 24:00:00", isText: true},
		{kind: Instant, value: "2026-11-22 03:00:00.", isText: true},
		{kind: Instant, value: "2026-11-22 03:00:00 KST", isText: true},
		{kind: Instant, value: "2026-11-22", isText: true},
		{kind: Flag, value: "1", raw: "1", shown: "TRUE"},
		{kind: Flag, value: "0", raw: "0", shown: "FALSE"},
		{kind: Flag, value: "\x01", raw: "1", shown: "TRUE"},
		{kind: Flag, value: "\x00", raw: "0", shown: "FALSE"},
		{kind: Flag, value: "true", raw: "1", shown: "TRUE"},
		{kind: Flag, value: "2", isText: true},
	}
	layout := Layout{Zone: seoul}
	row := make([][]byte, len(cases))
	var asText int64
	for i, c := range cases {
		layout.Columns = append(layout.Columns, Column{Type: c.kind, Decimals: c.decimals})
		row[i] = []byte(c.value)
		if c.isText {
			asText++
		}
	}
	workbook, summary := workbookOf(t, layout, row)
	for i, c := range cases {
		name, err := excelize.CoordinatesToCellName(i+1, 2)
		require.NoError(t, err)
		about := fmt.Sprintf("%q in a column of type %d", c.value, c.kind)
		kind, err := workbook.GetCellType("Sheet1", name)
		require.NoError(t, err)
		require.Equal(t, c.isText, kind == excelize.CellTypeInlineString, about)
		raw, err := workbook.GetCellValue("Sheet1", name, excelize.Options{RawCellValue: true})
		require.NoError(t, err)
		want := c.raw
		if want == "" {
			want = c.value
		}
		require.Equal(t, want, raw, about)
		if c.shown != "" && !c.isText {
			shown, err := workbook.GetCellValue("Sheet1", name)
			require.NoError(t, err)
			require.Equal(t, c.shown, shown, about)
		}
	}
	require.Equal(t, asText, summary.CellsAsText)
}

// NULL and empty text are empty cells that keep their column's style, so that what is typed into them is
// treated like its neighbours.
func TestEmptyCells(t *testing.T) {
	t.Parallel()
	columns := []Column{{Type: Text}, {Type: Integer}, {Type: Instant}, {Type: Flag}, {Type: Text}}
	workbook, _ := workbookOf(t, Layout{Columns: columns}, [][]byte{nil, {}, nil, nil, []byte("last")})
	for i := range columns {
		name, err := excelize.CoordinatesToCellName(i+1, 2)
		require.NoError(t, err)
		style, err := workbook.GetCellStyle("Sheet1", name)
		require.NoError(t, err)
		require.Equal(t, stylesOf(columns).of[i], style, name)
	}
	rows, err := workbook.GetRows("Sheet1")
	require.NoError(t, err)
	require.Equal(t, []string{"", "", "", "", "last"}, rows[1])
}

// Many instants, over the changes of the clock too, must be read back to the second.
func TestInstantsAreReadBackToTheSecond(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			local := location(t, zone)
			rng := rand.New(rand.NewPCG(5, 6))
			from, until := time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
			var instants []time.Time
			for range 1500 {
				instants = append(instants, time.Unix(from+rng.Int64N(until-from), 0).UTC())
			}
			change := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			for range 4 { // each second around the next changes of the clock
				if _, change = change.In(local).ZoneBounds(); change.IsZero() {
					break
				}
				for s := -2; s <= 2; s++ {
					instants = append(instants, change.Add(time.Duration(s)*time.Second).UTC())
				}
			}
			rows := make([][][]byte, len(instants))
			for i, instant := range instants {
				rows[i] = cells(instant.Format("2006-01-02 15:04:05"))
			}
			workbook, summary := workbookOf(t, Layout{Zone: local, Columns: []Column{{Type: Instant}}}, rows...)
			require.Zero(t, summary.CellsAsText)
			shown, err := workbook.GetRows("Sheet1")
			require.NoError(t, err)
			raw, err := workbook.GetRows("Sheet1", excelize.Options{RawCellValue: true})
			require.NoError(t, err)
			for i, instant := range instants {
				want := instant.In(local).Format("2006-01-02 15:04:05")
				require.Equal(t, want, shown[i+1][0])
				serial, err := strconv.ParseFloat(raw[i+1][0], 64)
				require.NoError(t, err)
				read, err := excelize.ExcelDateToTime(serial, false)
				require.NoError(t, err)
				require.Equal(t, want, read.Format("2006-01-02 15:04:05"))
			}
		})
	}
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	for year := range 10_000 {
		step := 1 // each day of the centuries that matter, and the ends of months in the others
		if year < 1800 || year >= 2200 {
			step = 27
		}
		for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == year; day = nextDay(day, step) {
			days := daysFromCivil(year, int(day.Month()), day.Day())
			if days != day.Unix()/secondsPerDay {
				t.Fatalf("%s is day %d, got %d", day.Format(time.DateOnly), day.Unix()/secondsPerDay, days)
			}
			y, m, d := civilFromDays(days)
			if y != year || m != int(day.Month()) || d != day.Day() {
				t.Fatalf("day %d is %s, got %d-%d-%d", days, day.Format(time.DateOnly), y, m, d)
			}
		}
	}
}

// nextDay goes on by a day, but from the first of a month by as many as are asked for.
func nextDay(day time.Time, step int) time.Time {
	if day.Day() == 1 {
		return day.AddDate(0, 0, step)
	}
	return day.AddDate(0, 0, 1)
}

func TestEverySecondOfADay(t *testing.T) {
	t.Parallel()
	const day = 46_348
	var b []byte
	for second := range int64(secondsPerDay) {
		b = appendSerial(b[:0], day-serialOfEpoch, second*1000)
		got, err := strconv.ParseFloat(string(b), 64)
		if want := day + float64(second)/secondsPerDay; err != nil || got != want {
			t.Fatalf("second %d is %s, want %v: %v", second, b, want, err)
		}
	}
	require.Less(t, string(appendSerial(b[:0], day-serialOfEpoch, millisPerDay-1)), strconv.Itoa(day+1))
}

func TestCSVValues(t *testing.T) {
	t.Parallel()
	cases := []struct {
		kind      Type
		value     string
		field     string
		isText    bool
		isGuarded bool
	}{
		{Text, "0012345", "0012345", false, false},
		{Text, "=1+1", "'=1+1", false, true},
		{Text, "@SUM(A1)", "'@SUM(A1)", false, true},
		{Text, "+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0", false, true},
		{Text, "-2+A1", "'-2+A1", false, true},
		{Text, "\t=1", "\"'\t=1\"", false, true},
		{Text, "\r=1", "\"'\r=1\"", false, true},
		{Text, "＝1", "'＝1", false, true},
		{Text, "+82-10-1234-5678", "+82-10-1234-5678", false, false},
		{Text, "+1 (555) 010.99", "+1 (555) 010.99", false, false},
		{Text, "-12", "-12", false, false},
		{Text, "'=1", "''=1", false, true},
		{Text, "'tis", "'tis", false, false},
		{Text, "a=1", "a=1", false, false},
		{Text, `say "hi"`, `"say ""hi"""`, false, false},
		{Text, "a,b", `"a,b"`, false, false},
		{Text, "a\nb", "\"a\nb\"", false, false},
		{Text, " a", `" a"`, false, false},
		{Text, "한글", "한글", false, false},
		{Integer, "-5", "-5", false, false},
		{Integer, "123456789012345678", "123456789012345678", false, false},
		{Integer, "-5+A1", "'-5+A1", true, true},
		{Decimal, "12.3400", "12.3400", false, false},
		{Decimal, "0.12345678901234567890", "0.12345678901234567890", false, false},
		{Date, "2026-11-22T00:00:00Z", "2026-11-22", false, false},
		{Date, "0000-00-00", "0000-00-00", true, false},
		{Instant, "2026-11-22 15:00:00.5", "2026-11-23 00:00:00", false, false},
		{Instant, "1066-10-14 15:32:08", "1066-10-15 00:00:00", false, false}, // local mean time
		{Instant, "9999-12-31 23:00:00", "9999-12-31 23:00:00", true, false},
		{Flag, "1", "TRUE", false, false},
		{Flag, "\x00", "FALSE", false, false},
	}
	for _, c := range cases {
		e, err := NewEncoder(Layout{Format: CSV, Columns: []Column{{Type: c.kind}}, Zone: location(t, "Asia/Seoul")})
		require.NoError(t, err)
		line := e.appendCSVRow(nil, cells(c.value))
		require.Equal(t, c.field+"\r\n", string(line), "%q", c.value)
		require.Equal(t, c.isText, e.info.CellsAsText == 1, "%q", c.value)
		require.Equal(t, c.isGuarded, e.info.CellsGuarded == 1, "%q", c.value)
	}
}

func TestCSVFile(t *testing.T) {
	t.Parallel()
	layout := Layout{Format: CSV, Columns: []Column{{Header: "주문,번호"}, {Header: "=B"}}}
	rows := [][][]byte{cells("1", "a"), {nil, nil}, cells("2", "한글"), cells("\xff", "")}
	file, summary := assembleAll(t, layout, encodePages(t, layout, 2, rows), 0)
	require.Equal(t, "\uFEFF\"주문,번호\",'=B\r\n1,a\r\n,\r\n2,한글\r\n\uFFFD,\r\n", string(file))
	require.Equal(t, Summary{Rows: 4, CharsEscaped: 1}, summary)

	one := Layout{Format: CSV, Columns: []Column{{}}}
	file, _ = assembleAll(t, one, encodePages(t, one, 9, [][][]byte{{nil}}), 0)
	require.Equal(t, "\uFEFF\"\"\r\n\"\"\r\n", string(file), "an empty line would be skipped by readers")
	require.Equal(t, 1, bytes.Count(file, []byte(byteOrderMark)))
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}
