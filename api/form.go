package api

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/longhaul/longhaul/job"
)

const (
	typeForm = "multipart/form-data"
	typeJSON = "application/json"
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	// filePart is the name of the part of a form that holds the file.
	filePart = "file"
)

// fileTypes are the media types of a file that is the whole body, and its name if the client gives none. What a file
// is, its content decides: browsers name a CSV by what is installed on the machine.
var fileTypes = map[string]string{
	"application/octet-stream":  "upload",
	"application/vnd.ms-excel":  "upload",
	"application/x-ndjson":      "upload.ndjson",
	"text/csv":                  "upload.csv",
	"text/tab-separated-values": "upload.tsv",
	typeJSON:                    "upload.json",
	"application/vnd.ms-excel.sheet.macroenabled.12": "upload.xlsm",
	typeXLSX: "upload.xlsx",
}

// file is a file on its way in.
type file struct {
	io.Reader
	name        string
	contentType string // as the client says
	size        int64  // in bytes; -1 where nobody has said
	form        bool   // it came in a form, whose fields say what it is for
}

// parameters are those of the names whose values are expected in the query.
func (f file) parameters(b *body, names ...string) []string {
	if !f.form {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !b.request.URL.Query().Has(name) })
}

// fields are what a form may have before its file, by name. To set one may fail for a reason to tell the client.
type fields map[string]func(value string) error

// repeated are the fields that may come several times.
var repeated = map[string]bool{"map": true}

// receiveFile finds the file in a body: it is the body, or a part of a form, whose fields are set on the way.
func (s *server) receiveFile(b *body, known fields) (file, error) {
	contentType := b.request.Header.Get("Content-Type")
	media, params, err := mime.ParseMediaType(contentType)
	if err == nil && media == typeForm && params["boundary"] != "" {
		return s.receiveForm(b, params["boundary"], known)
	}
	name, ok := fileTypes[media]
	if err != nil || !ok {
		types := append(slices.Sorted(maps.Keys(fileTypes)), typeForm)
		return file{}, blank(http.StatusUnsupportedMediaType, "the Content-Type must be one of "+strings.Join(types, ", "))
	}
	b.allow(s.MaxUpload, s.fileTooLarge())
	if b.size() > s.MaxUpload {
		return file{}, b.fail(b.tooLarge)
	}
	return file{Reader: b, name: name, contentType: contentType, size: b.size()}, nil
}

func (s *server) fileTooLarge() *Problem {
	return newProblem(problems[job.CodeTooLarge], "a file may have at most "+sizeOf(s.MaxUpload))
}

// receiveForm reads the fields of a form and stops at its file. What the file is for has to be known by then, because
// it is stored while it comes.
func (s *server) receiveForm(b *body, boundary string, known fields) (file, error) {
	if b.size() > s.MaxUpload+maxForm {
		return file{}, b.fail(s.fileTooLarge())
	}
	b.allow(maxForm, newProblem(problems[job.CodeTooLarge], "what comes before the file may have at most "+sizeOf(maxForm)))
	form := multipart.NewReader(b, boundary)
	seen := map[string]bool{}
	for {
		part, err := form.NextPart()
		switch {
		case err == io.EOF: // one that is wrapped means that the closing boundary is missing
			return file{}, wrongField(filePart, "is required: the part with the file")
		case err != nil:
			return file{}, b.malformed()
		}
		if name := part.FormName(); name != filePart {
			if err := setField(b, part, name, known, seen); err != nil {
				return file{}, err
			}
			continue
		}
		b.allow(s.MaxUpload+maxForm, s.fileTooLarge()) // the file and what frames it
		return file{
			Reader: &lastPart{body: b, form: form, part: part, left: s.MaxUpload},
			name:   part.FileName(), contentType: part.Header.Get("Content-Type"), size: -1, form: true,
		}, nil
	}
}

func setField(b *body, part io.Reader, name string, known fields, seen map[string]bool) error {
	set := known[name]
	switch {
	case set == nil:
		return wrongField(name, "is not known here; known: "+strings.Join(slices.Sorted(maps.Keys(known)), ", ")+", and the part file")
	case seen[name] && !repeated[name]:
		return wrongField(name, "is given twice")
	case b.request.URL.Query().Has(name):
		return wrongField(name, "is given in the query, too")
	}
	seen[name] = true
	value, err := io.ReadAll(part) // within maxForm
	if err != nil {
		return b.malformed()
	}
	if err := set(string(value)); err != nil {
		return wrongField(name, err.Error())
	}
	return nil
}

// malformed is for a form that cannot be read, unless the body itself is at fault.
func (b *body) malformed() error {
	var p *Problem
	if errors.As(b.err, &p) {
		return p
	}
	return b.fail(blank(http.StatusBadRequest, "the form is malformed: it has no proper parts, or ends before its closing boundary"))
}

// lastPart is the file of a form. It ends well only if nothing comes after it.
type lastPart struct {
	body *body
	form *multipart.Reader
	part *multipart.Part
	left int64
	err  error
}

// Read implements io.Reader. Its errors, but for io.EOF, are *Problem.
func (p *lastPart) Read(buf []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.part.Read(buf)
	if p.left -= int64(n); p.left < 0 {
		n, err = 0, p.body.fail(p.body.tooLarge)
	} else if err == io.EOF { //nolint:errorlint // as in receiveForm
		err = p.end()
	} else if err != nil {
		err = p.body.malformed()
	}
	p.err = err
	return n, err
}

// end returns io.EOF if the form ends here.
func (p *lastPart) end() error {
	after, err := p.form.NextPart()
	switch {
	case err == io.EOF: // bare, as in receiveForm
		return io.EOF
	case err != nil:
		return p.body.malformed()
	case after.FormName() == filePart:
		return p.body.fail(wrongField(filePart, "is given twice; send one file at a time"))
	}
	return p.body.fail(wrongField(after.FormName(), "comes after the file; fields must come before it, because the file is stored while it comes"))
}

// text sets a text of at most so many characters.
func text(into *string, most int) func(string) error {
	return func(value string) error {
		if !utf8.ValidString(value) || utf8.RuneCountInString(value) > most {
			return fmt.Errorf("must be UTF-8, at most %d characters", most)
		}
		*into = value
		return nil
	}
}

// word sets one of a few words.
func word(into *string, words ...string) func(string) error {
	return func(value string) error {
		if !slices.Contains(words, value) {
			return errors.New("must be one of " + strings.Join(words, ", "))
		}
		*into = value
		return nil
	}
}

// flag sets true or false, by the words that are taken in a query too.
func flag(into *bool) func(string) error {
	return func(value string) error {
		set, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("must be true or false")
		}
		*into = set
		return nil
	}
}

// wrongField is the answer to a field of a form; the fields are the members of the body.
func wrongField(name, message string) *Problem {
	p := newProblem(problems[job.CodeInvalid], "the request is not valid")
	pointer := "/" + escapePointer(name)
	p.Errors = []ProblemPlace{{Pointer: &pointer, Message: message}}
	p.bound()
	return p
}

// sizeOf words a limit.
func sizeOf(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
