package sheet

import (
	"strconv"
	"time"
)

// markedFormat is the number format of a cell.
type markedFormat uint8

const (
	formatNumber markedFormat = iota
	formatText                // also of blank cells: what somebody types in keeps its leading zeros
	formatDateTime
	formatDate
	formatTime
	formatFlag
	markedFormats
)

// markedLook is all else about how a cell looks.
type markedLook uint8

const (
	lookPlain markedLook = iota
	lookMarked
	lookReason
	lookHeader
	lookMarkedHeader
	lookReasonHeader
	markedLooks
)

// of returns how a cell looks in a row of this look, plain or header.
func (l markedLook) of(cell *MarkedCell) markedLook {
	switch {
	case cell.Reason:
		return l + lookReason
	case cell.Marked:
		return l + lookMarked
	}
	return l
}

// styleOfMarked numbers the styles; markedStyles defines them in this order.
func styleOfMarked(look markedLook, format markedFormat) int {
	return int(look)*int(markedFormats) + int(format)
}

func markedForms() []cellForm {
	forms := make([]cellForm, styleOfMarked(markedLooks, 0))
	for style := range forms {
		forms[style] = formOf(Text, 0, style)
	}
	return forms
}

// valueOf returns what stands in the cell, and how; a value that is not of its kind is text. It is valid until the
// next call.
func (m *Marked) valueOf(cell *MarkedCell) ([]byte, markedFormat) {
	b := m.value[:0]
	format := formatText
	switch cell.Kind {
	case MarkedBlank:
	case MarkedNumber:
		if b = append(b, cell.Text...); isCellNumber(b) {
			format = formatNumber
		}
	case MarkedFlag:
		b = append(b, cell.Text...)
		if on, ok := parseFlag(b); ok {
			b, format = append(b[:0], '0'), formatFlag
			if on {
				b[0] = '1'
			}
		}
	case MarkedDateTime, MarkedDate, MarkedTimeOfDay:
		b, format = appendMoment(b, cell.Kind, cell.Time)
	default:
		b = append(b, cell.Text...)
	}
	m.value = b
	return b, format
}

// isCellNumber tells whether v can be a cell's number as it is. Unlike a column's it may have more than 15 digits:
// these came out of a cell and go back into one.
func isCellNumber(v []byte) bool {
	n, ok := scanNumber(v)
	if !ok || n.digits > maxExponent {
		return false
	}
	_, err := strconv.ParseFloat(string(v), 64) // refuses what is out of range
	return err == nil
}

func appendMoment(b []byte, kind MarkedKind, t time.Time) ([]byte, markedFormat) {
	_, offset := t.Zone()
	wall := time.Unix(t.Unix()+int64(offset), int64(t.Nanosecond())).UTC()
	if kind != MarkedDate {
		// A cell's moment is a fraction of a day; what comes back from it lies a little beside the millisecond meant.
		wall = wall.Round(time.Millisecond)
	}
	days := floorDiv(wall.Unix(), secondsPerDay)
	milli := (wall.Unix()-days*secondsPerDay)*1000 + int64(wall.Nanosecond()/1e6)
	inRange := days >= firstDay && days <= lastDay
	switch {
	case kind == MarkedTimeOfDay:
		return strconv.AppendFloat(b, float64(milli)/millisPerDay, 'f', -1, 64), formatTime
	case kind == MarkedDate && inRange:
		return appendSerial(b, days, 0), formatDate
	case kind == MarkedDate:
		return wall.AppendFormat(b, time.DateOnly), formatText
	case inRange:
		return appendSerial(b, days, milli), formatDateTime
	}
	return wall.AppendFormat(b, time.DateTime), formatText
}
