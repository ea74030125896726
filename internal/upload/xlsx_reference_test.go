package upload

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The slow way to read a worksheet, with encoding/xml and whole trees, to compare the scanner with.

// node is an element with what is in it; a text is a node without name.
type node struct {
	name  string
	attrs map[string]string // those without prefix
	text  string
	inner []*node
}

// errNotXML is for what encoding/xml refuses, or reads in its own way: the scanner may do with that what it likes.
var errNotXML = errors.New("not XML")

// errReference is for what is well-formed but no worksheet: the scanner has to refuse it.
var errReference = errors.New("not a worksheet")

var surrogateReference = regexp.MustCompile(`&#(x0*[dD][89a-fA-F]..|0*5[5-7]\d\d\d|[^;]{28});`)

func parseTree(text []byte) (*node, error) {
	if surrogateReference.Match(text) || bytes.Contains(text, []byte("\x00")) {
		return nil, errNotXML // encoding/xml makes U+FFFD of them
	}
	decoder := xml.NewDecoder(bytes.NewReader(text))
	top := &node{}
	open := []*node{top}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errNotXML
		}
		parent := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				if strings.Contains(a.Name.Local, ":") || a.Name.Space == "" && n.attrs[a.Name.Local] != "" {
					return nil, errNotXML
				}
				if a.Name.Space == "" {
					n.attrs[a.Name.Local] = a.Value
				}
			}
			if strings.Contains(n.name, ":") {
				return nil, errNotXML
			}
			parent.inner = append(parent.inner, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			parent.inner = append(parent.inner, &node{text: string(token)})
		case xml.ProcInst:
			if token.Target == "xml" && bytes.Contains(token.Inst, []byte("encoding")) && !bytes.Contains(token.Inst, []byte(` encoding="UTF-8"`)) {
				return nil, errNotXML
			}
		case xml.Directive:
			return nil, errNotXML
		}
	}
	top.inner = slices.DeleteFunc(top.inner, func(n *node) bool { return n.name == "" })
	if len(top.inner) == 0 {
		return nil, errNotXML
	}
	return top.inner[0], nil
}

func (n *node) direct() string {
	var b strings.Builder
	for _, inner := range n.inner {
		b.WriteString(inner.text)
	}
	return b.String()
}

// rich is the text of an <si> or <is>.
func (n *node) rich() string {
	var b strings.Builder
	for _, inner := range n.inner {
		switch inner.name {
		case "t":
			b.WriteString(referenceUnescape(inner.direct()))
		case "r":
			for _, run := range inner.inner {
				if run.name == "t" {
					b.WriteString(referenceUnescape(run.direct()))
				}
			}
		}
	}
	return b.String()
}

var escapePattern = regexp.MustCompile(`_x[0-9a-fA-F]{4}_`)

func referenceUnescape(s string) string {
	var b strings.Builder
	for s != "" {
		at := escapePattern.FindStringIndex(s)
		if at == nil {
			break
		}
		b.WriteString(s[:at[0]])
		var units []uint16
		for s = s[at[0]:]; len(s) >= 7 && escapePattern.MatchString(s[:7]); s = s[7:] {
			unit, _ := strconv.ParseUint(s[2:6], 16, 16)
			units = append(units, uint16(unit))
		}
		b.WriteString(string(utf16.Decode(units)))
	}
	return b.String() + s
}

const xmlSpace = " \t\r\n"

// referenceTexts reads the part of shared texts.
func referenceTexts(shared []byte) ([]string, error) {
	root, err := parseTree(shared)
	if err != nil {
		return nil, err
	}
	if root.name != "sst" {
		return nil, errReference
	}
	var texts []string
	for _, n := range root.inner {
		if n.name == "si" {
			texts = append(texts, n.rich())
		}
	}
	return texts, nil
}

// referenceCells reads a worksheet as cellsOf does, with errReference where it has to fail. Style 1 shows dates.
func referenceCells(sheet []byte, texts []string, l Limits) (map[string]string, error) {
	root, err := parseTree(sheet)
	if err != nil {
		return nil, err
	}
	if root.name != "worksheet" {
		return nil, errReference
	}
	cells := map[string]string{}
	at := slices.IndexFunc(root.inner, func(n *node) bool { return n.name == "sheetData" })
	if at < 0 {
		return cells, nil
	}
	number := 0
	for _, row := range root.inner[at].inner {
		if row.name != "row" {
			continue
		}
		before := number
		number++
		r, given := row.attrs["r"]
		if given {
			number, err = strconv.Atoi(strings.Trim(r, xmlSpace))
			if err != nil || strings.ContainsAny(r, "+-") || len(strings.Trim(r, xmlSpace)) > 10 || number <= before || number > maxSheetRow {
				return nil, errReference
			}
		}
		if number, err = referenceRow(row, number, before, given, texts, l, cells); err != nil {
			return nil, err
		}
		if number > maxSheetRow {
			return nil, errReference
		}
	}
	return cells, nil
}

var referencePattern = regexp.MustCompile(`^([A-Za-z]{1,4})([0-9]{1,10})$`)

func referenceRow(row *node, number, before int, given bool, texts []string, l Limits, cells map[string]string) (int, error) {
	column := 0
	for _, c := range row.inner {
		if c.name != "c" {
			continue
		}
		last := column
		column++
		if r, ok := c.attrs["r"]; ok {
			m := referencePattern.FindStringSubmatch(r)
			if m == nil {
				return 0, errReference
			}
			column = 0
			for _, letter := range strings.ToUpper(m[1]) {
				column = column*26 + int(letter-'A') + 1
			}
			at, _ := strconv.Atoi(m[2])
			if !given && last == 0 && at > before {
				number = at
			}
			if at != number {
				return 0, errReference
			}
		}
		if column <= last || column > maxSheetColumn || number > maxSheetRow {
			return 0, errReference
		}
		cell, err := referenceCell(c, texts)
		if err != nil {
			return 0, err
		}
		_, text, _ := strings.Cut(cell, " ")
		if text == "" {
			continue
		}
		if column > l.Columns || !strings.HasPrefix(cell, "moment") && utf8.RuneCountInString(text) > l.CellChars {
			return 0, errReference
		}
		cells["Data!"+columnName(column)+strconv.Itoa(number)] = cell
	}
	return number, nil
}

func referenceCell(c *node, texts []string) (string, error) {
	kind, value := c.attrs["t"], ""
	for _, n := range c.inner {
		switch {
		case n.name == "v":
			value = n.direct()
			if kind == "str" || kind == "inlineStr" {
				value = referenceUnescape(value)
			}
		case n.name == "is" && kind == "inlineStr":
			value = n.rich()
		}
	}
	trimmed := strings.Trim(value, xmlSpace)
	switch kind {
	case "s":
		if value == "" {
			return "", nil
		}
		i, err := strconv.Atoi(trimmed)
		if err != nil || strings.ContainsAny(trimmed, "+-") || i >= len(texts) {
			return "", errReference
		}
		return "text " + texts[i], nil
	case "str", "inlineStr":
		return "text " + value, nil
	case "b":
		switch trimmed {
		case "1", "true":
			return "flag true", nil
		case "0", "false":
			return "flag false", nil
		}
		return "text " + trimmed, nil
	case "e":
		return "fault " + trimmed, nil
	case "d":
		return "text " + trimmed, nil // dates are compared elsewhere
	}
	return referenceNumber(trimmed, c.attrs["s"]), nil
}

var numberPattern = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

func referenceNumber(text, style string) string {
	f, err := strconv.ParseFloat(text, 64)
	if !numberPattern.MatchString(text) || err != nil {
		return "text " + text
	}
	short := strconv.FormatFloat(f, 'f', -1, 64)
	if f != 0 && (f < 1e-7 && f > -1e-7 || f >= 1e21 || f <= -1e21) {
		short = strconv.FormatFloat(f, 'e', -1, 64)
	}
	if style == "1" && f >= 61 && f < 2_000_000 {
		return fmt.Sprintf("moment %d", int(f)) // only by day
	}
	return "number " + short
}
