package dataset

import (
	"bytes"
	"cmp"
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

const (
	// spreadsheetDigits is how many digits of a number a spreadsheet program keeps: further ones are zeros that it
	// has put there, or noise of its arithmetic (6.950000000000001).
	spreadsheetDigits = 15
	// maxDigits before and after the point is more than any column keeps.
	maxDigits = 30
	// lostDigits is the limit of [job.RowTooPrecise] where a number has more digits than were kept.
	lostDigits = "15 digits"
)

// currencies may stand before or after an amount.
var currencies = []string{
	"₩", "US$", "$", "£", "€", "¥", "원", "円", "元", "엔", "달러", "유로",
	"KRW", "USD", "EUR", "GBP", "JPY", "CNY",
}

// number is an exact number: its digits before the point without leading zeros and after it without trailing ones.
type number struct {
	negative        bool
	whole, fraction []byte
}

// String is the number in plain notation.
func (n number) String() string {
	b := make([]byte, 0, len(n.whole)+len(n.fraction)+3)
	if n.negative && !n.zero() {
		b = append(b, '-')
	}
	if len(n.whole) == 0 {
		b = append(b, '0')
	}
	b = append(b, n.whole...)
	if len(n.fraction) > 0 {
		b = append(append(b, '.'), n.fraction...)
	}
	return string(b)
}

func (n number) zero() bool { return len(n.whole) == 0 && len(n.fraction) == 0 }

func (f *fieldReader) integer(kind upload.Kind, raw []byte) (any, fault) {
	n, lost, bad := f.number(kind, raw)
	switch {
	case bad.code != "":
		return nil, bad
	case len(n.fraction) > 0:
		return nil, fault{code: job.RowNotWhole}
	}
	if bad := f.outOfRange(n); bad.code != "" {
		return nil, bad
	}
	value, err := strconv.ParseInt(n.String(), 10, 64)
	switch {
	case err != nil && n.negative:
		return nil, fault{job.RowBelowMinimum, strconv.FormatInt(math.MinInt64, 10)}
	case err != nil:
		return nil, fault{job.RowAboveMaximum, strconv.FormatInt(math.MaxInt64, 10)}
	case lost:
		return nil, fault{job.RowTooPrecise, lostDigits}
	}
	return value, fault{}
}

func (f *fieldReader) decimal(kind upload.Kind, raw []byte) (any, fault) {
	n, lost, bad := f.number(kind, raw)
	if bad.code != "" {
		return nil, bad
	}
	if bad := f.outOfRange(n); bad.code != "" {
		return nil, bad
	}
	switch {
	case len(n.fraction) > f.Decimals:
		return nil, fault{job.RowTooPrecise, strconv.Itoa(f.Decimals)}
	case lost:
		return nil, fault{job.RowTooPrecise, lostDigits}
	case len(n.whole) > maxDigits && n.negative:
		return nil, fault{job.RowBelowMinimum, "-" + strings.Repeat("9", maxDigits)}
	case len(n.whole) > maxDigits:
		return nil, fault{job.RowAboveMaximum, strings.Repeat("9", maxDigits)}
	}
	return target.Decimal(n.String()), fault{}
}

// number reads the number of a cell. A number cell may have lost digits.
func (f *fieldReader) number(kind upload.Kind, raw []byte) (n number, lost bool, bad fault) {
	ok := false
	switch kind {
	case upload.Number:
		n, lost, ok = readNumberCell(raw)
	case upload.Text:
		n, ok = readNumberText(raw, f.signs)
	}
	if !ok {
		return n, false, fault{code: job.RowNotANumber}
	}
	return n, lost, fault{}
}

func (f *fieldReader) outOfRange(n number) fault {
	if f.Min != "" && compareNumbers(n, f.least) < 0 {
		return fault{job.RowBelowMinimum, f.Min}
	}
	if f.Max != "" && compareNumbers(n, f.most) > 0 {
		return fault{job.RowAboveMaximum, f.Max}
	}
	return fault{}
}

// plainNumber reads a number of a kind's file, which the registry has checked.
func plainNumber(s string) number {
	n, _ := splitNumber([]byte(s))
	return n
}

// compareNumbers is -1, 0 or 1 as a is less than, equal to or greater than b.
func compareNumbers(a, b number) int {
	below := func(n number) bool { return n.negative && !n.zero() }
	switch {
	case below(a) && below(b):
		a, b = b, a
	case below(a):
		return -1
	case below(b):
		return 1
	}
	if len(a.whole) != len(b.whole) {
		return cmp.Compare(len(a.whole), len(b.whole))
	}
	if c := bytes.Compare(a.whole, b.whole); c != 0 {
		return c
	}
	return bytes.Compare(a.fraction, b.fraction)
}

// splitNumber reads [-+]digits[.digits]; one of the two runs of digits may be missing.
func splitNumber(b []byte) (number, bool) {
	var n number
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		n.negative = b[0] == '-'
		b = b[1:]
	}
	whole, fraction, _ := bytes.Cut(b, []byte{'.'})
	if len(whole)+len(fraction) == 0 || !allDigits(whole) || !allDigits(fraction) {
		return number{}, false
	}
	n.whole, n.fraction = bytes.TrimLeft(whole, "0"), bytes.TrimRight(fraction, "0")
	return n, true
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// readNumberText reads a number as people write it: 1,200 · (3) · ₩1,200.50 · ３. Only the point is a decimal point, and
// commas must stand where thousands end: 1,5 could mean one and a half.
func readNumberText(raw []byte, signs []string) (number, bool) {
	if n, ok := splitNumber(raw); ok {
		return n, true
	}
	s := string(raw)
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			s = strings.ReplaceAll(norm.NFKC.String(s), "\u2212", "-") // the sign minus
			break
		}
	}
	s, negative, ok := stripSigns(s, signs)
	if !ok {
		return number{}, false
	}
	digits, ok := ungroup(s)
	if !ok {
		return number{}, false
	}
	n, ok := splitNumber(digits)
	n.negative = negative
	return n, ok
}

// stripSigns takes away what stands around the digits, each once: a sign or an accountant's brackets, and a currency or
// unit at either end, in any order.
func stripSigns(s string, signs []string) (rest string, negative, ok bool) {
	sign, front, back := false, false, false
	for {
		s = trim(s)
		switch {
		case !sign && len(s) > 2 && s[0] == '(' && s[len(s)-1] == ')':
			s, sign, negative = s[1:len(s)-1], true, true
			continue
		case !sign && s != "" && (s[0] == '-' || s[0] == '+'):
			sign, negative = true, s[0] == '-'
			s = s[1:]
			continue
		}
		if n := signAt(s, signs, false); n > 0 && !front {
			s, front = s[n:], true
			continue
		}
		if n := signAt(s, signs, true); n > 0 && !back {
			s, back = s[:len(s)-n], true
			continue
		}
		return s, negative, s != "" && (s[0] >= '0' && s[0] <= '9' || s[0] == '.')
	}
}

// signAt is the length of the sign at the begin or end of a text.
func signAt(s string, signs []string, end bool) int {
	for _, sign := range signs {
		if len(sign) >= len(s) {
			continue
		}
		part := s[:len(sign)]
		if end {
			part = s[len(s)-len(sign):]
		}
		if strings.EqualFold(part, sign) {
			return len(sign)
		}
	}
	return 0
}

// ungroup takes away commas that stand before groups of three digits.
func ungroup(s string) ([]byte, bool) {
	whole, fraction, point := strings.Cut(s, ".")
	groups := strings.Split(whole, ",")
	for i, g := range groups {
		if len(groups) > 1 && (i > 0 && len(g) != 3 || i == 0 && (g == "" || len(g) > 3)) {
			return nil, false
		}
	}
	b := []byte(strings.Join(groups, ""))
	if point {
		b = append(append(b, '.'), fraction...)
	}
	return b, len(b) > 0 && (b[0] >= '0' && b[0] <= '9' || b[0] == '.')
}
