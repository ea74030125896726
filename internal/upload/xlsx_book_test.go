package upload

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// book is a workbook by its parts' names. Those that are missing are as in a small ordinary one.
type book map[string]string

const (
	mainNS = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	relsNS = `xmlns="http://schemas.openxmlformats.org/package/2006/relationships"`
	relNS  = `xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relURL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

	sheetPart  = "xl/worksheets/sheet1.xml"
	sharedPath = "xl/sharedStrings.xml"
	stylesPath = "xl/styles.xml"
)

// ordinary are the parts of a workbook with one sheet, Data.
func ordinary() book {
	return book{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels":         `<Relationships ` + relsNS + `><Relationship Id="rId1" Type="` + relURL + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":     `<workbook ` + mainNS + ` ` + relNS + `><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships ` + relsNS + `>
			<Relationship Id="rId1" Type="` + relURL + `worksheet" Target="worksheets/sheet1.xml"/>
			<Relationship Id="rId2" Type="` + relURL + `sharedStrings" Target="sharedStrings.xml"/>
			<Relationship Id="rId3" Type="` + relURL + `styles" Target="styles.xml"/></Relationships>`,
		sheetPart:  sheetXML(`<row r="1"><c r="A1"><v>1</v></c></row>`),
		sharedPath: `<sst ` + mainNS + `><si><t>zero</t></si><si><t>one</t></si></sst>`,
		stylesPath: `<styleSheet ` + mainNS + `><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="21"/></cellXfs></styleSheet>`,
	}
}

func sheetXML(rows string) string {
	return `<worksheet ` + mainNS + `><sheetData>` + rows + `</sheetData></worksheet>`
}

// bytes is the file; a part that is "-" is left out.
func (b book) bytes(t testing.TB) []byte {
	t.Helper()
	parts := ordinary()
	for name, text := range b {
		parts[name] = text
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range parts {
		if text == "-" {
			continue
		}
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

func openBytes(ctx context.Context, file []byte, l Limits) (*workbook, error) {
	return openWorkbook(ctx, bytes.NewReader(file), int64(len(file)), l.withDefaults())
}

// cellsOf reads all of a workbook: the cells that are not empty by "Sheet!A1", as told by tell.
func cellsOf(ctx context.Context, file []byte, l Limits) (map[string]string, error) {
	w, err := openBytes(ctx, file, l)
	if err != nil {
		return nil, err
	}
	cells := map[string]string{}
	rows := w.rows(ctx)
	for {
		row, err := rows.next()
		if err != nil {
			if closing := rows.close(); closing != nil {
				return nil, closing
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return cells, err
		}
		for i, c := range row.Cells {
			if c.Kind != Empty {
				cells[w.sheets[row.Sheet].Name+"!"+columnName(i+1)+strconv.Itoa(row.Number)] = tell(c)
			}
		}
	}
}

func requireCells(t *testing.T, file []byte) map[string]string {
	t.Helper()
	cells, err := cellsOf(t.Context(), file, Limits{})
	require.NoError(t, err)
	return cells
}

var kindNames = map[Kind]string{Empty: "empty", Text: "text", Number: "number", Moment: "moment", Flag: "flag", Fault: "fault"}

// tell is a cell in one line. A Moment is what it shows, without its number.
func tell(c Cell) string {
	if c.Kind != Moment {
		return kindNames[c.Kind] + " " + string(c.Text)
	}
	var layout []string
	if c.HasDate {
		layout = append(layout, time.DateOnly)
	}
	if c.HasTime {
		layout = append(layout, "15:04:05.000")
	}
	return "moment " + c.Time.Format(strings.Join(layout, " "))
}

// requireRefused checks that err is for the user, with that code and all of these words.
func requireRefused(t *testing.T, err error, code job.Code, words ...string) {
	t.Helper()
	var e *job.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	for _, word := range words {
		require.Contains(t, e.Message, word)
	}
}

// failingReader is storage that fails behind so many bytes.
type failingReader struct {
	io.ReaderAt
	limit int64
}

var errStorage = errors.New("storage has gone")

func (f failingReader) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > f.limit {
		return 0, fmt.Errorf("get object: %w", errStorage)
	}
	return f.ReaderAt.ReadAt(p, at)
}
