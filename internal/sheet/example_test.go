package sheet_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"

	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/internal/sheet"
)

// Two pages are encoded, by whichever workers, and joined into a workbook.
func Example() {
	layout := sheet.Layout{
		Format: sheet.XLSX,
		Sheet:  "Stock",
		Columns: []sheet.Column{
			{Header: "SKU"},
			{Header: "On hand", Type: sheet.Integer},
		},
	}
	encoder, err := sheet.NewEncoder(layout)
	if err != nil {
		log.Fatal(err)
	}
	pages := [][][][]byte{
		{{[]byte("0001"), []byte("12")}, {[]byte("=1+1"), nil}},
		{{[]byte("0002"), []byte("1500")}},
	}
	var stored [][]byte // in blob storage, really
	var infos []sheet.Info
	places := sheet.Place(layout.Format, []int64{2, 1}) // as many rows as the pages shall have
	for i, rows := range pages {
		encoder.StartAt(places[i].FirstRow)
		for _, row := range rows {
			if err := encoder.Append(row); err != nil {
				log.Fatal(err)
			}
		}
		fragment, info, err := encoder.Finish()
		if err != nil {
			log.Fatal(err)
		}
		stored, infos = append(stored, bytes.Clone(fragment)), append(infos, info)
	}

	var file bytes.Buffer
	open := func(_ context.Context, i int) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(stored[i])), nil
	}
	summary, err := sheet.Assemble(context.Background(), &file, layout, infos, open, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(summary.Rows, "rows,", summary.Sheets, "sheet")

	workbook, err := excelize.OpenReader(&file)
	if err != nil {
		log.Fatal(err)
	}
	rows, err := workbook.GetRows("Stock")
	fmt.Printf("%q %v\n", rows, err)
	// Output:
	// 3 rows, 1 sheet
	// [["SKU" "On hand"] ["0001" "12"] ["=1+1"] ["0002" "1,500"]] <nil>
}
