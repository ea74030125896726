package upload

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/longhaul/longhaul/job"
)

// maxSheetName bounds what is shown of the file in messages; Excel allows 31 characters, others some more.
const maxSheetName = 255

// maxParent bounds what is taken over from it; ids are far shorter.
const maxParent = 200

// workbook is what is known of an xlsx file before its rows are read.
type workbook struct {
	zip    *archive
	limits Limits

	sheets []Sheet // visible worksheets with something in them, in the workbook's order
	parts  []*zipEntry
	parent string // the job whose error workbook this is, if it is one

	strings  *zipEntry // nil without shared strings
	moments  []shows   // by style: what its number format shows of a moment
	from1904 bool
}

// openWorkbook reads all but the rows: directory, relations, sheets, styles. It refuses what is no workbook, is
// damaged or too large. Of each sheet it reads as far as its first cell with something in it.
func openWorkbook(ctx context.Context, r io.ReaderAt, size int64, l Limits) (*workbook, error) {
	zip, err := openArchive(r, size, l)
	if err != nil {
		return nil, refuse("", err)
	}
	w := &workbook{zip: zip, limits: l}
	main, err := w.findMain(ctx)
	if err != nil {
		return nil, refuse("", err)
	}
	listed, err := w.readMain(ctx, main)
	if err != nil {
		return nil, refuse("", err)
	}
	for _, s := range listed {
		filled, err := w.hasContent(ctx, s)
		if err != nil {
			return nil, err
		}
		if filled {
			w.sheets = append(w.sheets, Sheet{Name: s.name})
			w.parts = append(w.parts, s.part)
		}
	}
	return w, nil
}

// findMain returns the part that lists the sheets.
func (w *workbook) findMain(ctx context.Context) (*zipEntry, error) {
	root, err := w.relations(ctx, "")
	if err != nil {
		return nil, err
	}
	target := root.first("officedocument")
	if target == "" {
		target = "xl/workbook.xml" // where everybody puts it
	}
	main := w.zip.find(target)
	if main == nil {
		return nil, w.describe(ctx)
	}
	if hasSuffixFold(main.name, ".bin") {
		return nil, job.Errorf(job.CodeInvalid, "the file is a binary workbook (.xlsb); save it as .xlsx")
	}
	return main, w.readProperties(ctx, w.zip.find(root.first("custom-properties", "customproperties")))
}

// describe says what a ZIP file without a workbook is.
func (w *workbook) describe(ctx context.Context) error {
	if e := w.zip.find("mimetype"); e != nil && e.unpacked < 100 {
		if p, err := w.zip.open(ctx, e); err == nil {
			kind, err := io.ReadAll(p)
			if p.in.failed != nil {
				return p.in.failed
			}
			if err == nil && string(kind) == "application/vnd.oasis.opendocument.spreadsheet" {
				return job.Errorf(job.CodeInvalid, "the file is an OpenDocument spreadsheet (.ods); save it as .xlsx")
			}
		}
	}
	if w.zip.find("Index/Document.iwa") != nil {
		return job.Errorf(job.CodeInvalid, "the file is a Numbers spreadsheet; export it as .xlsx")
	}
	if w.zip.find("[Content_Types].xml") != nil {
		return flawf("it has no workbook part")
	}
	return job.Errorf(job.CodeInvalid, "the file is a ZIP archive without a workbook in it")
}

// listedSheet is a visible worksheet.
type listedSheet struct {
	name string
	part *zipEntry
}

// readMain reads what the workbook part says and refers to.
func (w *workbook) readMain(ctx context.Context, main *zipEntry) ([]listedSheet, error) {
	related, err := w.relations(ctx, main.name)
	if err != nil {
		return nil, err
	}
	var sheets []listedSheet
	used := map[*zipEntry]bool{}
	err = w.scan(ctx, main, "workbook", func(x *xmlScanner) (bool, error) {
		switch string(x.name) {
		case "workbookPr":
			w.from1904 = isTrue(x.attr("date1904"))
		case "sheets":
			return true, nil
		case "sheet":
			s, err := w.listSheet(x, related)
			if err != nil || s.part == nil {
				return false, err
			}
			if used[s.part] {
				return false, flawf("two sheets share part %q", s.part.name)
			}
			used[s.part] = true
			sheets = append(sheets, s)
		}
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	w.strings = w.zip.find(related.first("sharedstrings"))
	return sheets, w.readStyles(ctx, w.zip.find(related.first("styles")))
}

// listSheet reads a <sheet>; it has no part if it is hidden or no worksheet.
func (w *workbook) listSheet(x *xmlScanner, related relations) (listedSheet, error) {
	s := listedSheet{name: string(x.attr("name"))}
	if len(s.name) > maxSheetName {
		return s, flawf("a sheet has a name of %s bytes", grouped(int64(len(s.name))))
	}
	switch string(x.attr("state")) {
	case "", "visible":
	default:
		return s, nil
	}
	var id []byte
	for _, a := range x.attrs {
		if a.prefixed && string(a.name) == "id" {
			id = a.value
		}
	}
	to, ok := related.byID[string(id)]
	if !ok {
		return s, flawf("sheet %s has no part", s.name)
	}
	if to.kind != "worksheet" {
		return s, nil
	}
	s.part = w.zip.find(to.target)
	if s.part == nil {
		return s, flawf("part %.200q, sheet %s, is missing", to.target, s.name)
	}
	return s, nil
}

// readProperties looks for the job whose error workbook this is.
func (w *workbook) readProperties(ctx context.Context, e *zipEntry) error {
	if e == nil {
		return nil
	}
	wanted := false
	return w.scan(ctx, e, "Properties", func(x *xmlScanner) (bool, error) {
		if string(x.name) == "property" {
			wanted = string(x.attr("name")) == ParentProperty
			return wanted, nil
		}
		if !wanted {
			return false, nil
		}
		value, err := x.elementText(nil)
		if len(value) <= maxParent {
			w.parent = string(trimSpace(value))
		}
		x.empty = true // read to its end
		return false, err
	})
}

// scan reads a part whose outermost element is root and shows each start tag to see, which says whether to go into
// the element.
func (w *workbook) scan(ctx context.Context, e *zipEntry, root string, see seeTag) error {
	err := w.scanPart(ctx, e, root, see)
	if errors.Is(err, errTooLong) {
		err = flawf("it has a text of more than %s", bytesText(maxText))
	}
	if f, ok := err.(*flaw); ok && !strings.HasPrefix(f.what, "part ") { //nolint:errorlint // never wrapped
		return flawf("part %q: %s", e.name, f.what)
	}
	return err
}

type seeTag func(x *xmlScanner) (enter bool, err error)

func (w *workbook) scanPart(ctx context.Context, e *zipEntry, root string, see seeTag) error {
	p, err := w.zip.open(ctx, e)
	if err != nil {
		return err
	}
	x, err := newXMLScanner(p, e.unpacked)
	if err != nil {
		return err
	}
	if _, err := x.inside(); err != nil {
		return err
	}
	if string(x.name) != root {
		return wrongRoot(e.name, x.name)
	}
	depth := 1
	if x.empty {
		depth = 0
	}
	for depth > 0 {
		kind, err := x.inside()
		if err != nil {
			return err
		}
		if kind == endTag {
			depth--
			continue
		}
		enter, err := see(x)
		if err != nil {
			return err
		}
		if !enter {
			if err := x.skip(); err != nil {
				return err
			}
		} else if !x.empty {
			depth++
		}
	}
	return x.drain()
}

func wrongRoot(part string, root []byte) error {
	switch string(root) {
	case "document":
		return job.Errorf(job.CodeInvalid, "the file is a text document, not a workbook")
	case "presentation":
		return job.Errorf(job.CodeInvalid, "the file is a presentation, not a workbook")
	}
	return flawf("part %q begins with <%.40s>", part, root)
}

// isTrue reads a boolean of XML; nil is false.
func isTrue(v []byte) bool {
	switch string(v) {
	case "1", "true", "on":
		return true
	}
	return false
}

// hasContent reads a sheet up to the first cell with something in it.
func (w *workbook) hasContent(ctx context.Context, s listedSheet) (bool, error) {
	p, err := w.zip.open(ctx, s.part)
	if err != nil {
		return false, refuse("sheet "+s.name, err)
	}
	scan := newSheetScan(w, s.name, nil)
	if err := scan.open(p, s.part.unpacked); err != nil {
		return false, scan.refuse(err)
	}
	_, err = scan.next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}
