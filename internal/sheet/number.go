package sheet

// maxExactDigits is how many significant digits Excel shows and keeps of any number.
const maxExactDigits = 15

// maxExponent keeps a number well within the range of a double (about 1e±308).
const maxExponent = 290

// number is what scanNumber found out about a number's text.
type number struct {
	digits      int // of the integral part
	significant int // from the first to the last digit that is not zero
	whole       bool
}

// exact tells whether a cell of this type holds the number without losing a digit.
func (n number) exact(kind Type) bool {
	if kind == Integer {
		return n.whole && n.digits <= maxExactDigits
	}
	return n.significant <= maxExactDigits && n.digits <= maxExponent
}

// scanNumber checks that v is a plain number as a database writes it: -12, 12.3400, 1.5e-07. Leading
// zeros and a plus sign make it something else (an id, a phone number), as do spaces.
func scanNumber(v []byte) (number, bool) {
	n := number{whole: true}
	i := 0
	if i < len(v) && v[i] == '-' {
		i++
	}
	start, zeros := i, 0 // zeros: those that count only if another digit follows
	for ; i < len(v) && isDigit(v[i]); i++ {
		n.count(v[i], &zeros)
	}
	n.digits = i - start
	if n.digits == 0 || n.digits > 1 && v[start] == '0' {
		return n, false
	}
	if i < len(v) && v[i] == '.' {
		n.whole = false
		i++
		start = i
		for ; i < len(v) && isDigit(v[i]); i++ {
			n.count(v[i], &zeros)
		}
		if i == start {
			return n, false
		}
	}
	if i < len(v) && (v[i] == 'e' || v[i] == 'E') {
		n.whole = false
		return n, validExponent(v[i+1:])
	}
	return n, i == len(v)
}

func (n *number) count(digit byte, zeros *int) {
	switch {
	case digit != '0':
		n.significant += *zeros + 1
		*zeros = 0
	case n.significant > 0:
		*zeros++
	}
}

func validExponent(v []byte) bool {
	if len(v) > 0 && (v[0] == '+' || v[0] == '-') {
		v = v[1:]
	}
	if len(v) == 0 || len(v) > 3 {
		return false
	}
	exponent := 0
	for _, c := range v {
		if !isDigit(c) {
			return false
		}
		exponent = exponent*10 + int(c-'0')
	}
	return exponent <= maxExponent
}

func isDigit(c byte) bool { return c-'0' <= 9 }
