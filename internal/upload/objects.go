package upload

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// keyObjects is how many objects the columns are taken from. A key that comes first behind them is an error: it would
// have been no column of the rows before it, and nobody was shown it.
const keyObjects = 1_000

// objects reads a JSON array of objects, or an object a line. Objects are flat, so that there is nothing to nest and an
// object is never larger than a row may be.
type objects struct {
	parser
	array bool

	columns []string
	index   map[string]int // column by key
	seen    []int          // by column: the last object that had it, from 1
	headed  bool
	row     Row
}

func newObjects(t *text, format Format, columns []string, l Limits) *objects {
	o := &objects{parser: newParser(t, format, l), array: format == JSON, index: map[string]int{}}
	for _, key := range columns {
		o.addColumn(key)
	}
	return o
}

func (o *objects) addColumn(key string) {
	o.index[key] = len(o.columns)
	o.columns = append(o.columns, key)
	o.seen = append(o.seen, 0)
}

// readColumns reads the keys of the first objects, in order of first appearance, and closes t.
func readColumns(t *text, format Format, l Limits) ([]string, error) {
	o := newObjects(t, format, nil, l)
	defer o.close()
	for range keyObjects {
		err := o.object()
		if err == io.EOF { //nolint:errorlint // a wrapped one is a failure
			break
		}
		if err != nil {
			return nil, err
		}
		for _, m := range o.members {
			key := o.buf[o.keep+m.key.from : o.keep+m.key.to]
			if _, known := o.index[string(key)]; !known {
				o.addColumn(string(key))
			}
		}
		if len(o.columns) > l.Columns {
			return nil, l.columnsError("the file, up to " + o.place() + ",")
		}
	}
	if len(o.columns) == 0 {
		return nil, invalid("the file holds no objects with anything in them")
	}
	return o.columns, nil
}

func (o *objects) next() (*Row, error) {
	if !o.headed {
		o.headed = true
		o.header()
		return &o.row, nil
	}
	for {
		if err := o.object(); err != nil {
			return nil, err
		}
		filled, err := o.fill()
		if err != nil {
			return nil, err
		}
		if filled {
			return &o.row, nil
		}
	}
}

func (o *objects) header() {
	o.row.Cells = make([]Cell, len(o.columns))
	for i, key := range o.columns {
		if key != "" {
			o.row.Cells[i] = Cell{Kind: Text, Text: []byte(key)}
		}
	}
}

// fill makes the row of the members just read, and tells whether there is something in it.
func (o *objects) fill() (filled bool, err error) {
	o.row.Number = o.item
	if !o.array {
		o.row.Number = o.line
	}
	clear(o.row.Cells)
	record := o.buf[o.keep:]
	for i, m := range o.members {
		column, err := o.column(i, record[m.key.from:m.key.to])
		if err != nil {
			return false, err
		}
		if m.kind == Empty || m.value.from == m.value.to {
			continue
		}
		o.row.Cells[column] = Cell{Kind: m.kind, Text: record[m.value.from:m.value.to:m.value.to]}
		filled = true
	}
	return filled, nil
}

// column finds the column of the i-th key: as a rule the i-th.
func (o *objects) column(i int, key []byte) (int, error) {
	column := i
	if i >= len(o.columns) || o.columns[i] != string(key) {
		var known bool
		if column, known = o.index[string(key)]; !known {
			return 0, invalid("%s: the key %s is in none of the first %s objects; "+
				"a file has to name all its keys in those (null will do)", o.place(), shown(key), grouped(keyObjects))
		}
	}
	if o.seen[column] == o.item {
		return 0, invalid("%s: the key %s is there twice", o.place(), shown(key))
	}
	o.seen[column] = o.item
	return column, nil
}

// object reads the next object; after the last one io.EOF.
func (o *objects) object() error {
	if o.array {
		return o.arrayItem()
	}
	return o.lineItem()
}

// arrayItem reads [ or , and an object, or ] and the end.
func (o *objects) arrayItem() error {
	o.release()
	c, err := o.peek()
	if err != nil {
		return o.cutOff(err)
	}
	first := o.item == 0
	switch {
	case first && c == '[':
		o.pos++
		if c, err = o.peek(); err != nil {
			return o.cutOff(err)
		}
	case !first && c == ',':
		o.pos++
		if c, err = o.peek(); err != nil {
			return o.cutOff(err)
		}
		if c == ']' {
			return invalid("%s: a comma behind the last object", o.place())
		}
	case !first && c != ']':
		return invalid("%s: a comma or ] was expected behind the object, not %s", o.place(), shown([]byte{c}))
	}
	if c == ']' {
		return o.endOfArray()
	}
	o.item++
	o.release()
	return o.readObject(c)
}

func (o *objects) endOfArray() error {
	o.pos++
	c, err := o.peek()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return err
	}
	return invalid("%s: the array ends here, but the file goes on with %s", o.place(), shown([]byte{c}))
}

// lineItem reads an object that stands in a line, and the rest of the line.
func (o *objects) lineItem() error {
	o.release()
	c, err := o.peek() // passes blank lines over
	if err != nil {
		return err
	}
	if o.item > 0 && !o.fresh {
		return invalid("%s: more than one object", o.place())
	}
	o.item++
	o.release()
	o.fresh = false
	return o.readObject(c)
}

// shown is a key for a message, cut to what a person needs.
func shown(key []byte) string {
	const most = 100
	if utf8.RuneCount(key) > most {
		key = append(bytes.Clone([]byte(string([]rune(string(key))[:most]))), "…"...)
	}
	return `"` + string(bytes.ToValidUTF8(key, []byte(replacement))) + `"`
}
