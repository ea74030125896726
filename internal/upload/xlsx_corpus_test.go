package upload

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/job"
)

// corpusCells is what all files of testdata/xlsx hold; they were made from the same table by different programs.
var corpusCells = map[string]string{
	"Orders!A1": "text id", "Orders!B1": "text 상품 & <name>", "Orders!C1": "text  padded ",
	"Orders!D1": "text line\nbreak", "Orders!E1": "text 😀", "Orders!F1": "text _x0041_",
	"Orders!A2": "number 1", "Orders!B2": "number 0.1", "Orders!C2": "number -1234.5",
	"Orders!D2": "number 123456789012345", "Orders!E2": "number 1e-10", "Orders!F2": "number 150000000000000000000",
	"Orders!A3": "moment 2024-02-29", "Orders!B3": "moment 2024-02-29 07:45:00.000",
	"Orders!C3": "moment 07:44:59.000", "Orders!D3": "moment 12:30:00.000", "Orders!E3": "moment 1999-12-31",
	"Orders!A4": "flag true", "Orders!B4": "flag false", "Orders!C4": "fault #N/A",
	"Orders!D4": "number 2", "Orders!E4": "text ab",
	"Orders!A7": "text bold and plain", "Orders!C7": "text after a gap",
	"Orders!A8": "text merged", "Orders!A9": "text hidden row",
	"Second!B2": "text two",
}

// corpusDifferences are by file; "" is a cell that the file does not have.
var corpusDifferences = map[string]map[string]string{
	// These write a text that looks like an escape without escaping it.
	"exceljs.xlsx":        {"Orders!F1": "text A"},
	"exceljs-inline.xlsx": {"Orders!F1": "text A"},
	"sheetjs.xlsx":        {"Orders!F1": "text A"},
	"sheetjs-shared.xlsx": {"Orders!F1": "text A"},
	"libxlsxwriter.xlsx":  {"Orders!F1": "text A", "Orders!C4": ""}, // cannot write errors
	"openpyxl.xlsx":       {"Orders!F1": "text A", "Orders!D4": "", "Orders!E4": ""},
	"openpyxl-iso.xlsx":   {"Orders!F1": "text A", "Orders!D4": "", "Orders!E4": ""}, // no formulas: it writes no values of them
	"gnumeric.xlsx":       {"Hidden!A1": "text x"},                                   // saves hidden sheets as visible ones
}

func TestWorkbooksOfManyPrograms(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/xlsx/*.xlsx")
	require.NoError(t, err)
	require.Len(t, files, 13)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want := maps.Clone(corpusCells)
			maps.Copy(want, corpusDifferences[filepath.Base(file)])
			maps.DeleteFunc(want, func(_, cell string) bool { return cell == "" })
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, want, requireCells(t, data))
		})
	}
}

func TestFormatsOfOtherProgramsAreNamed(t *testing.T) {
	t.Parallel()
	xls, err := os.ReadFile("testdata/xlsx/libreoffice.xls")
	require.NoError(t, err)
	requireRefused(t, describeCompound(strings.NewReader(string(xls)), int64(len(xls))), job.CodeInvalid, "Excel 97-2003 (.xls)")

	ods, err := os.ReadFile("testdata/xlsx/libreoffice.ods")
	require.NoError(t, err)
	_, err = openBytes(t.Context(), ods, Limits{})
	requireRefused(t, err, job.CodeInvalid, "OpenDocument", "save it as .xlsx")
}
