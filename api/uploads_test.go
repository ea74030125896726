package api

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

const (
	uploadPath = "/v1/uploads?kind=stock-levels&tenant=acme"
	sheetText  = "품번,수량\nA-1,3\n"
)

// form is a multipart body: pairs of names and values, file:NAME for the file.
func form(t *testing.T, pairs ...string) (contentType, body string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := 0; i+1 < len(pairs); i += 2 {
		var part io.Writer
		var err error
		if name, isFile := strings.CutPrefix(pairs[i], "file:"); isFile {
			part, err = w.CreatePart(textproto.MIMEHeader{
				"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {"text/csv"},
			})
		} else {
			part, err = w.CreateFormField(pairs[i])
		}
		require.NoError(t, err)
		_, err = io.WriteString(part, pairs[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), buf.String()
}

func TestUploadOfEachMediaType(t *testing.T) {
	t.Parallel()
	for contentType, name := range map[string]string{
		"application/octet-stream": "upload", "text/csv; charset=euc-kr": "upload.csv", "Text/CSV": "upload.csv",
		"text/tab-separated-values": "upload.tsv", xlsxType: "upload.xlsx", "application/json": "upload.json",
		"application/x-ndjson": "upload.ndjson", "application/vnd.ms-excel": "upload",
		"application/vnd.ms-excel.sheet.macroEnabled.12": "upload.xlsm",
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			a := b.send(t, http.MethodPost, uploadPath, sheetText, "Content-Type", contentType, "X-Requested-By", "김물류")
			require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
			assert.Equal(t, "/v1/uploads/upload-1", a.Header.Get("Location"))
			assert.NotContains(t, string(a.body), "secret-place")
			assert.Equal(t, starter.UploadRequest{
				Kind: "stock-levels", Tenant: "acme", Name: name, ContentType: contentType, RequestedBy: "김물류", Size: int64(len(sheetText)),
			}, b.jobs.requests[0])
			assert.Equal(t, sheetText, b.jobs.heads["upload-1"], "byte by byte")

			again := b.get(t, a.Header.Get("Location"))
			assert.Equal(t, http.StatusOK, again.StatusCode)
			assert.Equal(t, string(a.body), string(again.body))
		})
	}
}

func TestUploadOfForm(t *testing.T) {
	t.Parallel()
	b := setup(t)
	// Hangul taken apart, as macOS sends it.
	contentType, body := form(t, "kind", "stock-levels", "tenant", "acme", norm.NFD.String("file:재고.csv"), sheetText)
	a := b.send(t, http.MethodPost, "/v1/uploads", body, "Content-Type", contentType)
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	assert.Equal(t, starter.UploadRequest{Kind: "stock-levels", Tenant: "acme", Name: "재고.csv", ContentType: "text/csv", Size: -1}, b.jobs.requests[0])
	assert.Equal(t, sheetText, b.jobs.heads["upload-1"])

	contentType, body = form(t, "filename", "other.csv", "file:재고.csv", "")
	a = b.send(t, http.MethodPost, uploadPath, body, "Content-Type", contentType)
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	assert.Equal(t, "other.csv", b.jobs.requests[1].Name)
	assert.Empty(t, b.jobs.heads["upload-2"])
}

func TestUploadNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	kind, tenant := []string{"kind", "stock-levels"}, []string{"tenant", "acme"}
	sheet := []string{"file:a.csv", sheetText}
	for _, c := range []struct {
		name, path string
		pairs      [][]string // nil: the file itself
		where, at  string
		says       string
	}{
		{"no kind", "/v1/uploads?tenant=acme", nil, "parameter", "kind", "required"},
		{"no tenant", "/v1/uploads?kind=stock-levels", nil, "parameter", "tenant", "required"},
		{"unknown tenant", "/v1/uploads?kind=stock-levels&tenant=nobody", nil, "parameter", "tenant", "no such"},
		{"unknown parameter", uploadPath + "&colour=red", nil, "parameter", "colour", "unknown"},
		{"long tenant", "/v1/uploads?kind=stock-levels&tenant=" + strings.Repeat("t", 65), nil, "parameter", "tenant", "64"},
		{"form without kind", "/v1/uploads", [][]string{tenant, sheet}, "pointer", "/kind", "required"},
		{"form with unknown tenant", "/v1/uploads", [][]string{kind, {"tenant", "nobody"}, sheet}, "pointer", "/tenant", "no such"},
		{"form and query", "/v1/uploads?kind=stock-levels&tenant=nobody", [][]string{sheet}, "parameter", "tenant", "no such"},
		{"long field", "/v1/uploads", [][]string{kind, {"tenant", strings.Repeat("t", 65)}, sheet}, "pointer", "/tenant", "64"},
		{"field that is no text", "/v1/uploads", [][]string{kind, {"tenant", "\xb0\xa1"}, sheet}, "pointer", "/tenant", "UTF-8"},
		{"field twice", "/v1/uploads", [][]string{kind, tenant, tenant, sheet}, "pointer", "/tenant", "twice"},
		{"field in form and query", uploadPath, [][]string{tenant, sheet}, "pointer", "/tenant", "query"},
		{"unknown field", uploadPath, [][]string{{"colo/r", "red"}, sheet}, "pointer", "/colo~1r", "known"},
		{"no file", "/v1/uploads", [][]string{kind, tenant}, "pointer", "/file", "required"},
		{"field after the file", "/v1/uploads?kind=stock-levels", [][]string{tenant, sheet, {"filename", "b.csv"}}, "pointer", "/filename", "before"},
		{"two files", uploadPath, [][]string{sheet, sheet}, "pointer", "/file", "twice"},
		{"bad file", uploadPath, [][]string{{"file:a.xls", "\xd0\xcf\x11\xe0"}}, "pointer", "/file", "Excel 97"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			contentType, body := "text/csv", sheetText
			if c.pairs != nil {
				var flat []string
				for _, p := range c.pairs {
					flat = append(flat, p...)
				}
				contentType, body = form(t, flat...)
			}
			p := b.send(t, http.MethodPost, c.path, body, "Content-Type", contentType).problem(t, http.StatusUnprocessableEntity)
			assert.Equal(t, c.at, place(t, p)[c.where], "%v", p)
			assert.Contains(t, place(t, p)["message"], c.says)
			assert.Zero(t, b.jobs.stored(), "nothing of it is kept")
		})
	}
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	formType, formBody := form(t, "file:a.csv", sheetText)
	for _, c := range []struct {
		name, path, contentType, body string
		headers                       []string
		status                        int
		says                          string
	}{
		{"unknown kind", "/v1/uploads?kind=nothing&tenant=acme", "text/csv", sheetText, nil, http.StatusNotFound, "nothing"},
		{"bad file", uploadPath, "application/vnd.ms-excel", "\xd0\xcf\x11\xe0", nil, http.StatusUnprocessableEntity, "Excel 97"},
		{"no type", uploadPath, "", sheetText, nil, http.StatusUnsupportedMediaType, "text/csv"},
		{"text, which any page may send", uploadPath, "text/plain", sheetText, nil, http.StatusUnsupportedMediaType, "text/csv"},
		{"no boundary", uploadPath, "multipart/form-data", formBody, nil, http.StatusUnsupportedMediaType, ""},
		{"compressed", uploadPath, "text/csv", sheetText, []string{"Content-Encoding", "gzip"}, http.StatusUnsupportedMediaType, "Content-Encoding"},
		{"other boundary", uploadPath, "multipart/form-data; boundary=x", formBody, nil, http.StatusBadRequest, "malformed"},
		{"no closing boundary", uploadPath, formType, formBody[:len(formBody)-8], nil, http.StatusBadRequest, "malformed"},
		{"cut off in the file", uploadPath, formType, strings.SplitAfter(formBody, "A-1")[0], nil, http.StatusBadRequest, "malformed"},
		{"empty form", uploadPath, formType, "", nil, http.StatusBadRequest, "malformed"},
		{"form of another site", uploadPath, formType, formBody, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden, ""},
		{"form of another site, old browser", uploadPath, formType, formBody, []string{"Origin", "https://evil.example"}, http.StatusForbidden, ""},
		{"form of a sandbox", uploadPath, formType, formBody, []string{"Origin", "null"}, http.StatusForbidden, ""},
		{"control characters", uploadPath, "text/csv", sheetText, []string{"X-Requested-By", "a\tb"}, http.StatusUnprocessableEntity, "control"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			a := b.send(t, http.MethodPost, c.path, c.body, append([]string{"Content-Type", c.contentType}, c.headers...)...)
			p := a.problem(t, c.status)
			assert.Contains(t, string(a.body), c.says)
			assert.NotContains(t, string(a.body), "secret-place")
			assert.Zero(t, b.jobs.stored())
			if c.status == http.StatusNotFound {
				assert.Equal(t, "kind", place(t, p)["parameter"])
			}
		})
	}
	t.Run("own page", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		a := b.send(t, http.MethodPost, uploadPath, formBody, "Content-Type", formType, "Origin", b.url, "Sec-Fetch-Site", "same-origin")
		assert.Equal(t, http.StatusCreated, a.StatusCode, "%s", a.body)
	})
	b := setup(t)
	b.get(t, "/v1/uploads/upload-9").problem(t, http.StatusNotFound)
}

// However wide a file is, the answer stays small.
func TestUploadAnswersBriefly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cell := strings.Repeat("가", 32_767)
	b.jobs.uploads = map[string]job.Upload{"wide": {ID: "wide"}, "few": {ID: "few", Columns: []job.UploadColumn{{Header: "품번", Samples: []string{cell}}}}}
	wide := b.jobs.uploads["wide"]
	for i := range 500 {
		wide.Columns = append(wide.Columns, job.UploadColumn{Index: i, Header: cell, Samples: []string{cell, cell, cell}, Column: "sku"})
	}
	b.jobs.uploads["wide"] = wide
	a := b.get(t, "/v1/uploads/wide")
	assert.LessOrEqual(t, len(a.body), MaxResponse)
	var u Upload
	a.json(t, &u)
	assert.Len(t, u.Columns, 500)
	b.get(t, "/v1/uploads/few").json(t, &u)
	assert.Equal(t, strings.Repeat("가", maxCell)+"…", u.Columns[0].Samples[0])
}
