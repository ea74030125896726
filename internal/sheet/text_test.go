package sheet

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// nastyTexts is what breaks spreadsheets.
var nastyTexts = []string{
	"plain", "0012345", "202600000000000013", "1E5", "TRUE", "2026-01-02", "=1+1", "+82-10-1234-5678", "-1",
	"@SUM(A1)", "'quoted", `say "hi"`, "a,b;c", "line\nbreak", "tab\there", "cr\rhere", "crlf\r\nhere",
	" leading", "trailing ", "   ", "\n", "\t", "\u00a0nbsp\u00a0", "주문 목록", "👩‍👩‍👧‍👦 가족 🎉", "é́ combining",
	"<b>&amp;</b>", "]]>", "<![CDATA[x]]>", "&#13;", "\x00", "a\x01b\x1f", "\x7f\u0085\u2028", "\ufffe\uffff",
	"\ufeffBOM", "\U0001FFFE", "\ufffd", "\xff\xfe", "\xed\xa0\x80", "\xf0\x9f\x8e", "한\xea\xb5",
	"_x0041_", "_x005F_x0041_", "_x0041_x0042_", "__x0041__", "_x004_", "_xZZZZ_", "_X0041_", "_x00e9_", "_x",
	"_x0041\x01", "_x0041\r", "_x0041\uffff", "_x0041가", "_x0041&", "\x01x0041_", "a_x_x0041_x", "snake_case_x",
	strings.Repeat("가나다", 100), strings.Repeat("name ", 60),
	strings.Repeat("a", MaxCellChars), strings.Repeat("a", MaxCellChars+1), strings.Repeat("한", MaxCellChars+1),
	strings.Repeat("😀", 16_383), strings.Repeat("😀", 16_384), "a" + strings.Repeat("😀", 16_383),
	strings.Repeat("x", 40_000), strings.Repeat("\x01", 33_000), strings.Repeat("\xff", 33_000),
}

// cellText is what a cell shall hold: the text as UTF-8, cut at the limit.
func cellText(s string) (text string, replaced int64, cut bool) {
	var b strings.Builder
	units := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if units += utf16.RuneLen(r); units > MaxCellChars {
			return b.String(), replaced, true
		}
		switch {
		case r == utf8.RuneError && size == 1:
			replaced++
		case r < 0x20 && r != '\t' && r != '\n' && r != '\r', r == 0xFFFE, r == 0xFFFF:
			replaced++
		}
		b.WriteRune(r)
		i += size
	}
	return b.String(), replaced, false
}

func TestTextIsReadBack(t *testing.T) {
	t.Parallel()
	var rows [][][]byte
	var escaped, truncated int64
	for _, text := range nastyTexts {
		rows = append(rows, cells(text))
		_, n, cut := cellText(text)
		escaped += n
		if cut {
			truncated++
		}
	}
	workbook, summary := workbookOf(t, Layout{Columns: []Column{{Header: "_x0041_ <&>"}}}, rows...)
	require.Equal(t, escaped, summary.CharsEscaped)
	require.Equal(t, truncated, summary.CellsTruncated)
	require.Zero(t, summary.CellsAsText)

	header, err := workbook.GetCellValue("Sheet1", "A1")
	require.NoError(t, err)
	require.Equal(t, "_x0041_ <&>", header)
	for i, text := range nastyTexts {
		want, _, _ := cellText(text)
		name, err := excelize.CoordinatesToCellName(1, i+2)
		require.NoError(t, err)
		got, err := workbook.GetCellValue("Sheet1", name)
		require.NoError(t, err)
		require.Equal(t, want, got, "text %d: %.40q", i, text)
		formula, err := workbook.GetCellFormula("Sheet1", name)
		require.NoError(t, err)
		require.Empty(t, formula, "text %d: %.40q", i, text)
		kind, err := workbook.GetCellType("Sheet1", name)
		require.NoError(t, err)
		require.Equal(t, excelize.CellTypeInlineString, kind, "text %d: %.40q", i, text)
	}
}

// White space is kept only where the element says so.
func TestSignificantSpaceIsMarked(t *testing.T) {
	t.Parallel()
	for text, marked := range map[string]bool{
		"a b": false, " a": true, "a ": true, "a\nb": true, "a\tb": true, "\r": true, "한글": false,
	} {
		var e Encoder
		form := formOf(Text, 0, 2)
		cell := string(e.appendXMLText(nil, &form, []byte(text)))
		require.Equal(t, marked, strings.Contains(cell, `xml:space="preserve"`), "%q", text)
	}
}

func FuzzText(f *testing.F) {
	for _, text := range nastyTexts {
		f.Add([]byte(text))
	}
	layout := Layout{Format: XLSX, Columns: []Column{{Header: "A"}, {Header: "B"}}}
	f.Fuzz(func(t *testing.T, value []byte) {
		want, replaced, cut := cellText(string(value))
		workbook, summary := workbookOf(t, layout, [][]byte{value, []byte("next")})
		rows, err := workbook.GetRows("Sheet1")
		require.NoError(t, err)
		require.Equal(t, [][]string{{"A", "B"}, {want, "next"}}, rows)
		require.Equal(t, replaced, summary.CharsEscaped)
		require.Equal(t, cut, summary.CellsTruncated == 1)
	})
}

// The same values in every type of column: never lost, never an error, always XML.
func FuzzValue(f *testing.F) {
	for _, text := range []string{
		"0", "-1", "12.3400", "1.5e-07", "999999999999999", "1000000000000000", "007", "--1", "1.", "2026-02-29", "2024-02-29",
		"2026-01-02 03:04:05.678", "2026-01-02T03:04:05+09:00", "0000-00-00", "9999-12-31 23:59:59", "1", "\x01", "NaN", "1e999",
	} {
		f.Add([]byte(text))
	}
	layout := Layout{Format: XLSX, Columns: []Column{
		{Type: Integer}, {Type: Decimal, Decimals: 2}, {Type: Date}, {Type: Instant}, {Type: Flag},
	}}
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := NewEncoder(layout)
		require.NoError(t, err)
		decoder := xml.NewDecoder(bytes.NewReader(e.appendXMLRow(nil, [][]byte{value, value, value, value, value})))
		var asText int64
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "t" {
				asText++
			}
		}
		require.Equal(t, e.info.CellsAsText, asText)
	})
}

func FuzzCSV(f *testing.F) {
	for _, text := range nastyTexts {
		f.Add([]byte(text))
	}
	layout := Layout{Format: CSV, Columns: []Column{{Header: "A"}}}
	f.Fuzz(func(t *testing.T, value []byte) {
		s := encodePages(t, layout, 1, [][][]byte{{value}})
		file, summary := assembleAll(t, layout, s, 0)
		require.True(t, utf8.Valid(file))
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte(byteOrderMark)))).ReadAll()
		require.NoError(t, err)
		got := rows[1][0]
		if summary.CellsGuarded == 1 {
			require.True(t, strings.HasPrefix(got, "'"))
			got = got[1:]
		}
		require.Equal(t, summary.CellsGuarded == 1, needsGuard([]byte(got)))
		var want strings.Builder // unlike ToValidUTF8, one replacement for each byte
		for _, r := range string(value) {
			want.WriteRune(r)
		}
		require.Equal(t, strings.ReplaceAll(want.String(), "\r\n", "\n"), got) // the reader makes \n of it
	})
}
