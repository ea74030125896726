package sheet

import "strconv"

// cellForm is the XML around the values of one column, made once so that a cell is a few appends.
type cellForm struct {
	kind     Type
	empty    string
	text     string // opens a text cell
	keepText string // opens a text cell whose white space is significant
	number   string // opens a number cell
	flag     string // opens a flag cell
}

const (
	textEnd   = `</t></is></c>`
	numberEnd = `</v></c>`
)

func cellForms(columns []Column) []cellForm {
	forms := make([]cellForm, len(columns))
	styles := stylesOf(columns)
	for i, c := range columns {
		forms[i] = formOf(c.Type, styles.of[i])
	}
	return forms
}

func formOf(kind Type, style int) cellForm {
	// Every cell names its style, even an empty one: a column's style holds only where there is no cell.
	c := `<c`
	if style != styleDefault {
		c += ` s="` + strconv.Itoa(style) + `"`
	}
	return cellForm{
		kind:     kind,
		empty:    c + `/>`,
		text:     c + ` t="inlineStr"><is><t>`,
		keepText: c + ` t="inlineStr"><is><t xml:space="preserve">`,
		number:   c + `><v>`,
		flag:     c + ` t="b"><v>`,
	}
}

func (e *Encoder) appendXMLRow(b []byte, cells [][]byte) []byte {
	b = append(b, "<row>"...)
	for i, value := range cells {
		form := &e.columns[i]
		switch {
		case len(value) == 0:
			b = append(b, form.empty...)
		case form.kind == Text:
			b = e.appendXMLText(b, form, value)
		default:
			typed, ok := e.appendXMLValue(b, form, value)
			if !ok {
				typed = e.appendXMLText(b, form, value)
				e.info.CellsAsText++
			}
			b = typed
		}
	}
	return append(b, "</row>"...)
}

// appendXMLValue appends a cell that is not text, or reports that value is not of the column's type.
func (e *Encoder) appendXMLValue(b []byte, form *cellForm, value []byte) ([]byte, bool) {
	switch form.kind {
	case Integer, Decimal:
		n, ok := scanNumber(value)
		if !ok || !n.exact(form.kind) {
			return b, false
		}
		b = append(b, form.number...)
		b = append(b, value...)
	case Date:
		days, ok := parseDate(value)
		if !ok || days < firstDay {
			return b, false
		}
		b = append(b, form.number...)
		b = appendSerial(b, days, 0)
	case Instant:
		days, milli, ok := e.localTime(value)
		if !ok || days < firstDay || days > lastDay {
			return b, false
		}
		b = append(b, form.number...)
		b = appendSerial(b, days, milli)
	default:
		on, ok := parseFlag(value)
		if !ok {
			return b, false
		}
		b = append(b, form.flag...)
		if on {
			b = append(b, '1')
		} else {
			b = append(b, '0')
		}
	}
	return append(b, numberEnd...), true
}

// localTime parses an instant and returns its day and time of day in the layout's zone.
func (e *Encoder) localTime(value []byte) (days, milli int64, ok bool) {
	seconds, milli, ok := parseInstant(value)
	if !ok {
		return 0, 0, false
	}
	seconds += e.zone.at(seconds)
	days = floorDiv(seconds, secondsPerDay)
	return days, (seconds-days*secondsPerDay)*1000 + milli, true
}

// parseFlag knows 0 and 1, MySQL's BIT(1), and the words that drivers make of booleans.
func parseFlag(value []byte) (on, ok bool) {
	switch string(value) {
	case "1", "\x01", "true", "TRUE":
		return true, true
	case "0", "\x00", "false", "FALSE":
		return false, true
	}
	return false, false
}
