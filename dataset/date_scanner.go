package dataset

import "strings"

// scanner reads a date from left to right.
type scanner struct {
	rest    string
	swapped bool // month and day may be the other way round
}

// number takes 1 to most digits, or none at all.
func (p *scanner) number(most int) (value, digits int) {
	for digits < len(p.rest) && digits <= most && p.rest[digits] >= '0' && p.rest[digits] <= '9' {
		value = value*10 + int(p.rest[digits]-'0')
		digits++
	}
	if digits > most {
		return 0, 0
	}
	p.rest = p.rest[digits:]
	return value, digits
}

func (p *scanner) spaces() {
	for p.rest != "" && (p.rest[0] == ' ' || p.rest[0] == '\t') {
		p.rest = p.rest[1:]
	}
}

// take takes the first of some words, in any case; its index, or -1.
func (p *scanner) take(words ...string) int {
	for i, word := range words {
		if len(p.rest) >= len(word) && strings.EqualFold(p.rest[:len(word)], word) {
			p.rest = p.rest[len(word):]
			return i
		}
	}
	return -1
}

func (p *scanner) date(w *wall) bool {
	p.weekday()
	first, digits := p.number(14)
	switch digits {
	case 0:
		return p.monthFirst(w)
	case 14, 12:
		if digits == 12 {
			first *= 100
		}
		w.second, w.minute, w.hour, w.timed = first%100, first/100%100, first/10_000%100, true
		first /= 1_000_000
		fallthrough
	case 8:
		w.year, w.month, w.day = first/10_000, first/100%100, first%100
		return true
	case 4:
		w.year = first
		return p.yearFirst(w) && p.dayDone()
	case 1, 2:
		return p.dayFirst(w, first) && p.dayDone()
	}
	return false
}

// dayDone takes what may stand after a date: the day of the week, in brackets.
func (p *scanner) dayDone() bool {
	before := p.rest
	p.spaces()
	if p.take("(") < 0 {
		p.rest = before
		return true
	}
	return p.weekday() && p.take(")") == 0
}

// weekday takes the name of a day of the week and a comma after it.
func (p *scanner) weekday() bool {
	day := p.take("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일",
		"월", "화", "수", "목", "금", "토", "일")
	p.take(",")
	p.spaces()
	return day >= 0
}

// yearFirst reads -3-5, /3/5, ". 3. 5." and "년 3월 5일" after a year.
func (p *scanner) yearFirst(w *wall) bool {
	p.spaces()
	separator := p.take("-", "/", ".", "년")
	if separator < 0 {
		return false
	}
	var month, day int
	p.spaces()
	if w.month, month = p.number(2); month == 0 {
		return false
	}
	p.spaces()
	if p.take([]string{"-", "/", ".", "월"}[separator]) < 0 {
		return false
	}
	p.spaces()
	if w.day, day = p.number(2); day == 0 {
		return false
	}
	switch separator {
	case 2:
		p.take(".")
	case 3:
		p.spaces()
		return p.take("일") == 0
	}
	return true
}

// dayFirst reads "Mar 2024" and /3/2024 after a day, or a month.
func (p *scanner) dayFirst(w *wall, first int) bool {
	w.day = first
	spaced := strings.HasPrefix(p.rest, " ")
	p.spaces()
	separator := p.take("-", "/", ".")
	p.spaces()
	if month, ok := p.month(); ok {
		w.month = month
		p.take(",", ".")
		p.take("-", "/")
		p.spaces()
		return p.year(w)
	}
	second, digits := p.number(2)
	if digits == 0 || separator < 0 || spaced {
		return false
	}
	p.spaces()
	if p.take([]string{"-", "/", "."}[separator]) < 0 {
		return false
	}
	p.spaces()
	w.month = second
	p.swapped = first != second
	return p.year(w)
}

// monthFirst reads "Mar 5, 2024".
func (p *scanner) monthFirst(w *wall) bool {
	month, ok := p.month()
	if !ok {
		return false
	}
	w.month = month
	p.take(".")
	p.spaces()
	day, digits := p.number(2)
	if digits == 0 {
		return false
	}
	w.day = day
	p.take(",")
	p.spaces()
	return p.year(w)
}

func (p *scanner) month() (int, bool) {
	long := p.take("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
		"November", "December")
	if long >= 0 {
		return long + 1, true
	}
	short := p.take("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
	return short + 1, short >= 0
}

// year takes a year of four digits: of two, nobody can tell the century.
func (p *scanner) year(w *wall) bool {
	year, digits := p.number(4)
	w.year = year
	return digits == 4
}

// timeOfDay reads what follows a date; nothing is the begin of the day.
func (p *scanner) timeOfDay(w *wall) bool {
	if p.rest == "" {
		return true
	}
	if w.timed {
		return false // 20240305143000 has it already
	}
	if p.take("T") < 0 {
		before := p.rest
		p.take(",")
		p.spaces()
		if p.rest == before {
			return false // 2024-03-0514:30
		}
	}
	half := p.half()
	var digits int
	if w.hour, digits = p.number(2); digits == 0 || !p.minutes(w) {
		return false
	}
	p.spaces()
	if half < 0 {
		half = p.half()
	}
	if half >= 0 {
		if w.hour < 1 || w.hour > 12 {
			return false
		}
		w.hour = w.hour%12 + 12*half
	}
	w.timed = true
	return p.zone(w)
}

// half takes the half of the day: 0 is the morning, 1 the afternoon, -1 neither.
func (p *scanner) half() int {
	half := p.take("오전", "오후", "AM", "PM", "a.m.", "p.m.")
	p.spaces()
	if half < 0 {
		return -1
	}
	return half % 2
}

// minutes reads :30, :30:05.123 and "시 30분 5초" after an hour.
func (p *scanner) minutes(w *wall) bool {
	var digits int
	if p.take("시") == 0 {
		return p.koreanMinutes(w)
	}
	if p.take(":") < 0 {
		return false
	}
	if w.minute, digits = p.number(2); digits != 2 {
		return false
	}
	if p.take(":") < 0 {
		return true
	}
	if w.second, digits = p.number(2); digits != 2 {
		return false
	}
	if p.take(".", ",") < 0 {
		return true
	}
	if w.nanos, digits = p.number(9); digits == 0 {
		return false
	}
	for ; digits < 9; digits++ {
		w.nanos *= 10
	}
	return true
}

func (p *scanner) koreanMinutes(w *wall) bool {
	for _, unit := range []struct {
		name string
		to   *int
	}{{"분", &w.minute}, {"초", &w.second}} {
		p.spaces()
		value, digits := p.number(2)
		if digits == 0 {
			return true
		}
		if p.take(unit.name) < 0 {
			return false
		}
		*unit.to = value
	}
	return true
}

// zone reads Z, +09:00, +0900 and +09 after a time.
func (p *scanner) zone(w *wall) bool {
	p.spaces()
	switch p.take("Z", "UTC", "GMT", "KST") {
	case 0, 1, 2:
		w.zoned = true
		return true
	case 3:
		w.zoned, w.offset = true, 9*60*60
		return true
	}
	sign := p.take("+", "-")
	if sign < 0 {
		return true
	}
	hours, digits := p.number(4)
	minutes := 0
	switch digits {
	case 4:
		hours, minutes = hours/100, hours%100
	case 2:
		if p.take(":") == 0 {
			if minutes, digits = p.number(2); digits != 2 {
				return false
			}
		}
	default:
		return false
	}
	if hours > 14 || minutes > 59 {
		return false
	}
	w.zoned, w.offset = true, (1-2*sign)*(hours*60+minutes)*60
	return true
}
