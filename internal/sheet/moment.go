package sheet

import (
	"math"
	"strconv"
	"time"
)

const (
	secondsPerDay = 86_400
	millisPerDay  = secondsPerDay * 1000

	// Days are counted from 1970-01-01; a serial number, as cells hold it, from the end of 1899.
	serialOfEpoch = 25_569
	firstDay      = 2 - serialOfEpoch         // 1900-01-01
	lastDay       = 2_958_465 - serialOfEpoch // 9999-12-31
)

// zoneOffsets answers a zone's offset from UTC. It remembers the stretch between two changes of the clock
// that it was last asked for: rows of one page mostly lie in the same one, and time.Location's own search
// costs more than all the rest of writing an instant.
type zoneOffsets struct {
	zone        *time.Location
	from, until int64 // Unix seconds; the offset holds for from <= t < until
	offset      int64
}

func (z *zoneOffsets) at(seconds int64) int64 {
	if seconds < z.from || seconds >= z.until {
		t := time.Unix(seconds, 0).In(z.zone)
		start, end := t.ZoneBounds()
		z.from, z.until = math.MinInt64, math.MaxInt64
		if !start.IsZero() {
			z.from = start.Unix()
		}
		if !end.IsZero() {
			z.until = end.Unix()
		}
		_, offset := t.Zone()
		z.offset = int64(offset)
	}
	return z.offset
}

// parseInstant reads "2006-01-02 15:04:05", with T instead of the space, with 1 to 9 decimals of a second,
// and with Z or an offset as +09:00. It returns Unix seconds and the milliseconds beyond, cut, not rounded.
func parseInstant(v []byte) (seconds, milli int64, ok bool) {
	if len(v) < 19 || v[10] != ' ' && v[10] != 'T' || v[13] != ':' || v[16] != ':' {
		return 0, 0, false
	}
	days, ok := parseDay(v[:10])
	hour, minute, second := twoDigits(v[11:]), twoDigits(v[14:]), twoDigits(v[17:])
	if !ok || hour > 23 || minute > 59 || second > 59 {
		return 0, 0, false
	}
	seconds = days*secondsPerDay + int64(hour*3600+minute*60+second)
	milli, rest, ok := parseFraction(v[19:])
	if !ok {
		return 0, 0, false
	}
	offset, ok := parseOffset(rest)
	return seconds - offset, milli, ok
}

func parseFraction(v []byte) (milli int64, rest []byte, ok bool) {
	if len(v) == 0 || v[0] != '.' {
		return 0, v, true
	}
	n := 1
	for weight := int64(100); n < len(v) && isDigit(v[n]); n++ {
		milli += int64(v[n]-'0') * weight
		weight /= 10
	}
	return milli, v[n:], n > 1 && n <= 10
}

func parseOffset(v []byte) (seconds int64, ok bool) {
	if len(v) == 0 || len(v) == 1 && v[0] == 'Z' {
		return 0, true
	}
	if len(v) != 6 || v[0] != '+' && v[0] != '-' || v[3] != ':' {
		return 0, false
	}
	hours, minutes := twoDigits(v[1:]), twoDigits(v[4:])
	if hours > 23 || minutes > 59 {
		return 0, false
	}
	seconds = int64(hours*3600 + minutes*60)
	if v[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// parseDate reads YYYY-MM-DD as days since 1970-01-01. Midnight behind it is accepted, in whatever zone: some
// drivers hand out dates as times.
func parseDate(v []byte) (days int64, ok bool) {
	if len(v) == 10 {
		return parseDay(v)
	}
	if _, milli, ok := parseInstant(v); !ok || milli != 0 || string(v[11:19]) != "00:00:00" {
		return 0, false
	}
	return parseDay(v[:10])
}

// parseDay reads the ten bytes YYYY-MM-DD. It refuses days that do not exist, MySQL's zero date with them.
func parseDay(v []byte) (days int64, ok bool) {
	if v[4] != '-' || v[7] != '-' {
		return 0, false
	}
	century, year, month, day := twoDigits(v), twoDigits(v[2:]), twoDigits(v[5:]), twoDigits(v[8:])
	if century > 99 || year > 99 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	year += century * 100
	if day > 28 && day > daysIn(year, month) {
		return 0, false
	}
	return daysFromCivil(year, month, day), true
}

// twoDigits returns the value of the first two bytes, 0 to 99, or 100 if they are not digits.
func twoDigits(v []byte) int {
	tens, ones := v[0]-'0', v[1]-'0'
	if tens > 9 || ones > 9 {
		return 100
	}
	return int(tens)*10 + int(ones)
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysFromCivil counts the days from 1970-01-01 in the Gregorian calendar. Years begin in March here, so
// that the leap day comes last and months have a regular pattern; an era is 400 years of 146,097 days.
func daysFromCivil(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := int(floorDiv(int64(year), 400)) // January of year 0 lies in March's year -1
	inEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := inEra*365 + inEra/4 - inEra/100 + dayOfYear
	return int64(era)*146_097 + int64(dayOfEra) - 719_468
}

// civilFromDays is the way back from daysFromCivil.
func civilFromDays(days int64) (year, month, day int) {
	days += 719_468
	era := floorDiv(days, 146_097)
	dayOfEra := int(days - era*146_097)
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36_524 - dayOfEra/146_096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*m+2)/5 + 1
	year, month = yearOfEra+int(era)*400, m+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}

// appendSerial appends a cell's number for a day and a time of day in milliseconds: the very double that
// Excel computes for date + time, so that comparing and looking up work.
func appendSerial(b []byte, days, milli int64) []byte {
	serial := days + serialOfEpoch
	if serial < 61 {
		serial-- // Excel believes in 1900-02-29: before it, days are one less
	}
	if milli == 0 {
		return strconv.AppendInt(b, serial, 10)
	}
	return strconv.AppendFloat(b, float64(serial)+float64(milli)/millisPerDay, 'f', -1, 64)
}

// appendLocal appends "2006-01-02 15:04:05".
func appendLocal(b []byte, days, milli int64) []byte {
	year, month, day := civilFromDays(days)
	second := int(milli / 1000)
	b = appendTwo(appendTwo(b, year/100), year%100)
	b = appendTwo(append(b, '-'), month)
	b = appendTwo(append(b, '-'), day)
	b = appendTwo(append(b, ' '), second/3600)
	b = appendTwo(append(b, ':'), second/60%60)
	return appendTwo(append(b, ':'), second%60)
}

func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
