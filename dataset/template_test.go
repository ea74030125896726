package dataset_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/sheet"
)

func TestTemplateSaysWhatEachColumnTakes(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())

	english, korean := k.Template("en"), k.Template("ko")

	require.Equal(t, "Returns", english.Sheet)
	require.Equal(t, "반품", korean.Sheet)
	require.Equal(t, sheet.TemplateColumn{
		Header: "Quantity", Note: "What it is\nwhole number (pcs), at least -100, at most 1000000", Type: sheet.Integer,
		Required: true, Example: "2",
	}, english.Columns[5])
	require.Equal(t, []string{"CJ대한통운", "우체국택배", "직접 배송"}, korean.Columns[8].Choices)
	require.Equal(t, "CJ Logistics", english.Columns[8].Example)
	require.Equal(t, sheet.Decimal, korean.Columns[6].Type)
	require.Equal(t, 2, korean.Columns[6].Decimals)
	require.Equal(t, []string{"SKU", "exactly one of SKU, Barcode", "code, at most 10 characters", "What it is", "stock code"}, english.GuideRows[2])
	require.Equal(t, []string{"바코드", "하나만: 상품코드(SKU), 바코드", "코드, 숫자 8자리 또는 13자리", "설명", ""}, korean.GuideRows[3])
	require.Equal(t, []string{"환불금액", "선택", "숫자 (원), 소수점 아래 2자리까지, -99999.99 이상, 9999999.99 이하", "설명", "amount"}, korean.GuideRows[6])
}

func TestTemplateIsAnUploadOfItsKind(t *testing.T) {
	t.Parallel()
	k := checkedSave(t, returns())
	for _, locale := range []string{dataset.LocaleKorean, dataset.LocaleEnglish} {
		var file bytes.Buffer
		require.NoError(t, k.Template(locale).Write(&file))
		book, err := excelize.OpenReader(&file)
		require.NoError(t, err)
		require.Len(t, book.GetSheetList(), 2)
		rows, err := book.GetRows(book.GetSheetName(0))
		require.NoError(t, err)
		require.NoError(t, book.Close())

		var head []dataset.HeadRow
		for i, row := range rows {
			head = append(head, dataset.HeadRow{Row: i + 1, Cells: row})
		}
		found, err := k.FindHead(head)
		require.NoError(t, err)
		m, err := k.Match(found, nil, nil)
		require.NoError(t, err)
		require.Empty(t, m.Missing)
		require.Empty(t, m.Unknown)
	}
}
