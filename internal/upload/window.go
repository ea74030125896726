package upload

// window is the part of a text that a parser looks at: what of its record it has read, and what lies ahead.
type window struct {
	text *text
	buf  []byte
	keep int // where the record begins: all from here on stays
	pos  int // what is read next
}

// more appends some of the text, which moves the record to the front of buf: what a parser remembers of it has to
// count from keep. Nothing changes on an error.
func (w *window) more() error {
	data, err := w.text.next()
	if err != nil {
		return err
	}
	n := copy(w.buf, w.buf[w.keep:])
	w.buf = append(w.buf[:n], data...)
	w.pos -= w.keep
	w.keep = 0
	return nil
}

// close ends reading.
func (w *window) close() error {
	w.text.in.close()
	return nil
}
