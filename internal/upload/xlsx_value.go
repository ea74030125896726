package upload

import (
	"math"
	"strconv"
	"time"
)

const (
	// surelyShort: a number of as many digits is the shortest that reads back to its float64, unless it has zeros at
	// its ends: no other of as many digits reads back to the same.
	surelyShort = 15
	// surelyNormal bounds the decimal places for which that holds; below 1e-307 float64 has fewer digits.
	surelyNormal = 250
)

// tidyNumber makes the number at the end of text, from start on, the shortest that reads back to the same float64,
// mostly by leaving it alone: Excel writes 15 or 17 digits, so that 0.1 can be 0.10000000000000001. It fails for what
// is no number, with text unchanged but for white space around it.
func tidyNumber(text []byte, start int) ([]byte, bool) {
	v := text[start:]
	if isSpace(v[0]) || isSpace(v[len(v)-1]) {
		v = trimSpace(v)
		text = append(text[:start], v...)
		v = text[start:]
	}
	short, ok := checkNumber(v)
	if short || !ok {
		return text, ok
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return text, false // beyond float64
	}
	return appendNumber(text[:start], f), true
}

// appendNumber appends f plainly where that is not longer than some 20 characters.
func appendNumber(b []byte, f float64) []byte {
	if size := math.Abs(f); f != 0 && (size < 1e-7 || size >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

// checkNumber tells whether v is a number, and whether it surely is the shortest way to write it.
func checkNumber(v []byte) (short, ok bool) {
	i := 0
	if i < len(v) && (v[i] == '-' || v[i] == '+') {
		i++
	}
	short = i == 0 || v[0] == '-'
	whole, significant, leading := 0, 0, 0 // digits before the point; from the first that is not zero on; zeros before it
	for ; i < len(v) && v[i]-'0' <= 9; i++ {
		whole++
		if v[i] != '0' || significant > 0 {
			significant++
		} else {
			leading++
		}
	}
	short = short && (leading == 0 || leading == 1 && whole == 1)
	digits := whole
	if i < len(v) && v[i] == '.' {
		i++
		from := i
		for ; i < len(v) && v[i]-'0' <= 9; i++ {
			if v[i] != '0' || significant > 0 {
				significant++
			}
		}
		digits += i - from
		short = short && whole > 0 && i > from && v[i-1] != '0' && i-from < surelyNormal
	}
	if digits == 0 {
		return false, false
	}
	short = short && significant <= surelyShort
	if i == len(v) {
		return short && (significant > 0 || v[0] != '-'), true
	}
	return false, validExponent(v[i:]) // programs write 1E-10, 1e-10 and 1E-010
}

func validExponent(v []byte) bool {
	if v[0] != 'e' && v[0] != 'E' {
		return false
	}
	v = v[1:]
	if len(v) > 0 && (v[0] == '-' || v[0] == '+') {
		v = v[1:]
	}
	for _, c := range v {
		if c-'0' > 9 {
			return false
		}
	}
	return len(v) > 0
}

const (
	millisPerDay = 24 * 60 * 60 * 1000

	// Days are counted from the end of 1899, or from the beginning of 1904, to 1970.
	epoch1900 = 25_569
	epoch1904 = epoch1900 - 1_462

	// lastSerial is the end of 9999, after which Excel shows no moments, counted from 1899.
	lastSerial = 2_958_466
)

// moment makes c, a number, the moment that it shows. Negative numbers, days beyond 9999 and days that never were
// (1900-02-29, which Excel took over from Lotus, and 1900-01-00) stay numbers.
func (c *Cell) moment(shown shows, from1904 bool) {
	f, err := strconv.ParseFloat(string(c.Text), 64)
	if err != nil || f < 0 || f >= lastSerial {
		return
	}
	// To the millisecond: 7:45 is 0.322916666666667, a little less.
	millis := int64(math.Round(f * millisPerDay))
	day, inDay := millis/millisPerDay, millis%millisPerDay
	if day >= lastSerial {
		return
	}
	switch {
	case from1904:
		day -= epoch1904
		if day > lastSerial-1-epoch1900 {
			return
		}
	case day > 60:
		day -= epoch1900
	case shown&showsDate != 0 && (day == 60 || day == 0):
		return
	default:
		day -= epoch1900 - 1 // day 1 is 1900-01-01
	}
	c.Kind = Moment
	c.Time = time.UnixMilli(day*millisPerDay + inDay).UTC()
	c.HasDate, c.HasTime = shown&showsDate != 0, shown&showsTime != 0
}

// appendSerial appends the number that stands for a moment.
func appendSerial(b []byte, t time.Time, from1904 bool) []byte {
	millis := t.UnixMilli()
	day, inDay := millis/millisPerDay, millis%millisPerDay
	if inDay < 0 {
		day, inDay = day-1, inDay+millisPerDay
	}
	switch {
	case from1904:
		day += epoch1904
	case day+epoch1900 > 60:
		day += epoch1900
	default:
		day += epoch1900 - 1
	}
	return appendNumber(b, float64(day)+float64(inDay)/millisPerDay)
}

// isoLayouts are the forms of ISO 8601 that workbooks use, by what they show. A zone, which cells should not have,
// is passed over: the wall clock counts.
var isoLayouts = []struct {
	layout string
	shown  shows
}{
	{"2006-01-02T15:04:05.999999999", showsDate | showsTime},
	{"2006-01-02T15:04:05.999999999Z07:00", showsDate | showsTime},
	{"2006-01-02T15:04", showsDate | showsTime},
	{"2006-01-02", showsDate},
	{"T15:04:05.999999999", showsTime},
	{"15:04:05.999999999", showsTime},
}

func parseISO(v []byte) (t time.Time, shown shows, ok bool) {
	if len(v) > 40 {
		return t, 0, false
	}
	for _, form := range isoLayouts {
		t, err := time.Parse(form.layout, string(v))
		if err != nil {
			continue
		}
		year, month, day := t.Date()
		if form.shown&showsDate == 0 {
			year, month, day = 1899, time.December, 31 // day 0, as a number has it
		}
		hour, minute, second := t.Clock()
		t = time.Date(year, month, day, hour, minute, second, t.Nanosecond(), time.UTC).Round(time.Millisecond)
		return t, form.shown, true
	}
	return t, 0, false
}
