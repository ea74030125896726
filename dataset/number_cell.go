package dataset

import (
	"bytes"
	"strconv"

	"github.com/longhaul/longhaul/job"
)

// readNumberCell reads a number as a file holds it, 4.90123456789E+12, rounded to what a spreadsheet program shows. lost
// says that it has more digits before the point than were kept.
func readNumberCell(raw []byte) (n number, lost, ok bool) {
	mantissa, power := raw, 0
	if at := bytes.IndexAny(raw, "eE"); at >= 0 {
		p, err := strconv.Atoi(string(raw[at+1:]))
		if err != nil || p > 400 || p < -400 { // float64 ends at 1E±324
			return number{}, false, false
		}
		mantissa, power = raw[:at], p
	}
	n, ok = splitNumber(mantissa)
	if !ok {
		return number{}, false, false
	}
	if power == 0 && len(n.whole)+len(n.fraction) <= spreadsheetDigits {
		return n, false, true
	}
	n = shiftNumber(n, power)
	return n, len(n.whole) > spreadsheetDigits, true
}

// shiftNumber moves the point and rounds to spreadsheetDigits.
func shiftNumber(n number, power int) number {
	digits := append(append([]byte{}, n.whole...), n.fraction...)
	point := len(n.whole) + power
	zeros := len(digits) - len(bytes.TrimLeft(digits, "0"))
	digits, point = digits[zeros:], point-zeros
	if len(digits) > spreadsheetDigits {
		up := digits[spreadsheetDigits] >= '5'
		digits = digits[:spreadsheetDigits]
		for i := spreadsheetDigits - 1; up && i >= 0; i-- {
			if digits[i]++; digits[i] <= '9' {
				up = false
				break
			}
			digits[i] = '0'
		}
		if up { // 999… has become 1000…
			digits, point = append([]byte{'1'}, digits...), point+1
		}
	}
	if point < 0 {
		digits, point = append(bytes.Repeat([]byte{'0'}, -point), digits...), 0
	}
	if point > len(digits) {
		digits = append(digits, bytes.Repeat([]byte{'0'}, point-len(digits))...)
	}
	return number{n.negative, bytes.TrimLeft(digits[:point], "0"), bytes.TrimRight(digits[point:], "0")}
}

// writtenOut writes the number of a cell as digits, for codes and texts.
func writtenOut(raw []byte) (string, fault) {
	n, lost, ok := readNumberCell(raw)
	if !ok || lost || len(n.fraction) > maxDigits {
		return "", fault{job.RowTooPrecise, lostDigits}
	}
	return n.String(), fault{}
}

// isScientific tells a number such as 4.90123E+12 from a code.
func isScientific(raw []byte) bool {
	at := bytes.Index(raw, []byte("E+"))
	if at < 3 || raw[1] != '.' || !allDigits(raw[at+2:]) || len(raw) == at+2 {
		return false
	}
	return allDigits(raw[:1]) && allDigits(raw[2:at])
}
