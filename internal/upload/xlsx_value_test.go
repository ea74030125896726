package upload

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFormatShows(t *testing.T) {
	t.Parallel()
	const both = showsDate | showsTime
	for code, want := range map[string]shows{
		"General": 0, "0": 0, "0.00": 0, "#,##0": 0, "0%": 0, "0.00E+00": 0, "##0.0E+0": 0, "0.0e-0": 0, "# ?/?": 0, "@": 0, "": 0,
		`_-* #,##0.00_-;\-* #,##0.00_-;_-* "-"??_-;_-@_-`: 0, `#,##0\ "days"`: 0, `0"d"`: 0, `0\d`: 0, `"yyyy"`: 0,
		`[$₩-412]#,##0`: 0, `[Red]0;[Blue]-0`: 0, `[Black]0;[Magenta]0`: 0, `[>=100]0;0.0`: 0, `0_d0`: 0, `0*h`: 0, `0_한0`: 0,
		"G/通用格式": 0, `#,##0"원"`: 0, `"TRUE";"TRUE";"FALSE"`: 0, `;;;`: 0, `"open`: 0, `[open`: 0, `\`: 0, "_": 0,

		"yyyy-mm-dd": showsDate, "m/d/yy": showsDate, "mmm": showsDate, "MMMM": showsDate, "d": showsDate, "dddd": showsDate, "aaaa": showsDate,
		"[$-412]yyyy\"년\" mm\"월\" dd\"일\"": showsDate, "[$-F800]dddd, mmmm dd, yyyy": showsDate, `[$-411]ggge"年"m"月"d"日"`: showsDate,
		"yyyy": showsDate, "e": showsDate, "mmm\\-yy;@": showsDate, "bbbb": showsDate, `0;[Red]"x"yyyy`: showsDate, "[$-409]mmmmm;@": showsDate,

		"h:mm": showsTime, "hh:mm:ss": showsTime, "mm:ss": showsTime, "mm:ss.0": showsTime, "[h]:mm:ss": showsTime, "[mm]:ss": showsTime, "[s]": showsTime, "[HH]": showsTime,
		"h:mm AM/PM": showsTime, "h:mm a/p": showsTime, `h"시" mm"분"`: showsTime, `[$-412]AM/PM h:mm`: showsTime, `上午/下午 h:mm`: showsTime,

		"yyyy-mm-dd hh:mm": both, "m/d/yy h:mm": both, "d.m. hh:mm:ss": both, "hh:mm dd/mm": both, `yyyy"년" m"월" d"일" h"시" m"분"`: both,
		"mm h": both, "h;m": both, "mm:ss mmm": showsTime | showsDate,
	} {
		require.Equal(t, want, formatShows(code), "%q", code)
	}
}

func TestBuiltInShows(t *testing.T) {
	t.Parallel()
	const both = showsDate | showsTime
	for id, want := range map[int]shows{
		0: 0, 1: 0, 13: 0, 14: showsDate, 17: showsDate, 18: showsTime, 21: showsTime, 22: both, 23: 0, 26: 0, 27: showsDate, 31: showsDate, 32: showsTime,
		33: showsTime, 34: showsDate, 36: showsDate, 37: 0, 44: 0, 45: showsTime, 47: showsTime, 48: 0, 49: 0, 50: showsDate, 58: showsDate, 59: 0, 164: 0, -1: 0,
	} {
		require.Equal(t, want, builtInShows(id), "%d", id)
	}
}

func TestStyles(t *testing.T) {
	t.Parallel()
	file := book{
		stylesPath: `<styleSheet><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf/><xf numFmtId="164"/><xf numFmtId="15"/><xf numFmtId="x"/></cellXfs>` +
			`<numFmts><numFmt numFmtId="164" formatCode="[h]:mm&quot;d&quot;"/><numFmt numFmtId="15" formatCode="0"/></numFmts><dxfs><dxf><numFmt numFmtId="164" formatCode="0"/></dxf></dxfs></styleSheet>`,
		sheetPart: sheetXML(`<row><c s="0"><v>1.5</v></c><c s="1"><v>1.5</v></c><c s="2"><v>1.5</v></c><c s="3"><v>1.5</v></c><c s="4"><v>1.5</v></c></row>`),
	}
	require.Equal(t, map[string]string{"Data!A1": "number 1.5", "Data!B1": "moment 12:00:00.000", "Data!C1": "number 1.5", "Data!D1": "number 1.5", "Data!E1": "number 1.5"},
		requireCells(t, file.bytes(t)))
}

func TestTidyNumber(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0": "0", "-5": "-5", "12.5": "12.5", "123456789012345": "123456789012345", "0.001": "0.001",
		"1.0": "1", "007": "7", "+3": "3", ".5": "0.5", "5.": "5", "-.5": "-0.5", "00": "0", "0.0": "0", "-0": "-0", "100": "100", "1000000000000000000": "1000000000000000000",
		"0.10000000000000001": "0.1", "45351.322916666664": "45351.322916666664", "1.1000000000000001": "1.1", "9007199254740993": "9007199254740992",
		"123456789012345678": "123456789012345680", "1E-10": "1e-10", "1e-010": "1e-10", "1E+5": "100000", "1e21": "1e+21", "0e5": "0", "5e-324": "5e-324", "\t7\n": "7",
		"0.0000000000000000000000001": "0.0000000000000000000000001", "0.00000012": "0.00000012", "0.000000120": "0.00000012",
	} {
		got, ok := tidyNumber([]byte("kept"+in), 4)
		require.True(t, ok, in)
		require.Equal(t, "kept"+want, string(got), in)
	}
	for _, in := range []string{"", " ", "-", "+", ".", "-.", "e5", "1e", "1e+", "1x", "0x10", "1_0", "Inf", "nan", "1e400", "1 2", "--1", "1.2.3", "1e5.5"} {
		got, ok := tidyNumber([]byte("kept" + in + " ")[:4+len(in)+1], 4)
		require.False(t, ok, in)
		require.Equal(t, "kept", string(got[:4]))
	}
}

// TestTidyNumbersAreShortest checks what is left alone against the formatting of floats.
func TestTidyNumbersAreShortest(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		f := rng.NormFloat64() * math.Pow10(rng.IntN(20)-4)
		in := strconv.FormatFloat(f, 'f', rng.IntN(18), 64)
		f, err := strconv.ParseFloat(in, 64)
		require.NoError(t, err)
		got, ok := tidyNumber([]byte(in), 0)
		require.True(t, ok)
		back, err := strconv.ParseFloat(string(got), 64)
		require.NoError(t, err)
		require.InDelta(t, f, back, 0)
		if math.Abs(f) >= 1e-7 && f != 0 {
			require.Equal(t, strconv.FormatFloat(f, 'f', -1, 64), string(got), in)
		}
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	const both = showsDate | showsTime
	for _, c := range []struct {
		serial   string
		shown    shows
		from1904 bool
		want     string // empty: stays a number
	}{
		{"1", showsDate, false, "1900-01-01T00:00:00"}, {"59", showsDate, false, "1900-02-28T00:00:00"}, {"61", showsDate, false, "1900-03-01T00:00:00"},
		{"60", showsDate, false, ""}, {"0", showsDate, false, ""}, {"0.5", both, false, ""}, {"-1", showsDate, false, ""}, {"2958466", showsDate, false, ""},
		{"2958465.9999999991", both, false, ""}, // rounded, the year 10000
		{"2958465.5", both, false, "9999-12-31T12:00:00"}, {"25569", showsDate, false, "1970-01-01T00:00:00"}, {"0", showsTime, false, "1899-12-31T00:00:00"},
		{"43831.3229166667", both, false, "2020-01-01T07:45:00"}, {"43831.32291666666", both, false, "2020-01-01T07:45:00"}, {"0.999988425925926", showsTime, false, "1899-12-31T23:59:59"},
		{"43831.0000000058", both, false, "2020-01-01T00:00:00.001"}, {"1.52083333333333", showsTime, false, "1900-01-01T12:30:00"},
		{"0", showsDate, true, "1904-01-01T00:00:00"}, {"1462", showsDate, true, "1908-01-02T00:00:00"}, {"24107.25", both, true, "1970-01-01T06:00:00"}, {"2957004", showsDate, true, ""}, {"2957003", showsDate, true, "9999-12-31T00:00:00"},
	} {
		cell := Cell{Kind: Number, Text: []byte(c.serial)}
		cell.moment(c.shown, c.from1904)
		if c.want == "" {
			require.Equal(t, Number, cell.Kind, c.serial)
			continue
		}
		require.Equal(t, Moment, cell.Kind, c.serial)
		require.Equal(t, c.want, cell.Time.Format("2006-01-02T15:04:05.999999999"), c.serial)
		require.Equal(t, time.UTC, cell.Time.Location())
		require.Equal(t, c.shown, map[bool]shows{cell.HasDate: showsDate}[true]|map[bool]shows{cell.HasTime: showsTime}[true])
		back := Cell{Kind: Number, Text: appendSerial(nil, cell.Time, c.from1904)}
		back.moment(c.shown, c.from1904)
		require.Equal(t, cell.Time, back.Time, c.serial)
	}
}

func TestUnescape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "_": "_", "_x": "_x", "a_x0041_": "aA", "_x005F_x0041_": "_x0041_", "_x0041": "_x0041", "_X0041_": "_X0041_", "_x00e9_": "é",
		"_xAC00_": "가", "_xD83D__xDE00_!": "😀!", "_xD83D_": "\uFFFD", "_xDE00__xD83D_": "\uFFFD\uFFFD", "_x_x0041_": "_xA", "_x0041__x0042_": "AB", "x_xGGGG_": "x_xGGGG_",
	} {
		require.Equal(t, want, string(unescape([]byte(in))), in)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	for column := 1; column <= maxSheetColumn; column++ {
		at, row, ok := parseReference([]byte(columnName(column) + "7"))
		require.True(t, ok)
		require.Equal(t, column, at)
		require.Equal(t, 7, row)
	}
	for _, bad := range []string{"", "A", "1", "A0", "$A$1", "A1:B2", "1A", "A-1", "AAAAA1", "A99999999999", "가1"} {
		_, _, ok := parseReference([]byte(bad))
		require.False(t, ok, bad)
	}
}
