package catalog

import (
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
	"github.com/longhaul/longhaul/job"
)

// stockCount sets or adjusts what a warehouse has of a product: the result of a count, or goods that came and went.
func stockCount() dataset.BulkSave {
	none := int64(0)
	return dataset.BulkSave{
		Name:  "stock-levels",
		Title: dataset.Text{Ko: "재고", En: "Stock levels"},
		About: dataset.Text{
			Ko: "창고별 재고를 정하거나(재고수량) 더하고 뺍니다(증감수량). 한 행에는 둘 중 하나만 씁니다.",
			En: "Sets what a warehouse has on hand, or adds to it and takes from it: one of the two in each row",
		},
		Key:   []string{"sku", "warehouse"},
		OneOf: [][]string{{"on_hand", "adjust"}},
		Fields: []dataset.Field{
			{
				Name: "sku", Header: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, Type: dataset.FieldCode, Required: true, MaxLength: 64,
				Synonyms: []string{"상품코드", "판매자상품코드", "품번", "product code", "item code", "stock code"},
				About:    dataset.Text{Ko: "등록된 상품이어야 합니다", En: "The product must be registered"},
				Example:  "TS-BK-095",
			},
			{
				Name: "warehouse", Header: dataset.Text{Ko: "창고", En: "Warehouse"}, Type: dataset.FieldCode, Required: true, MaxLength: 32,
				Synonyms: []string{"창고코드", "물류센터", "센터", "warehouse code", "location", "site"},
				About:    dataset.Text{Ko: "창고 코드", En: "The warehouse's code"},
				Example:  "ICN-1",
			},
			{
				Name: "on_hand", Header: dataset.Text{Ko: "재고수량", En: "On hand"}, Type: dataset.FieldInteger, Min: "0", Max: "1000000000",
				Synonyms: []string{"현재고", "재고", "실사수량", "수량", "quantity", "qty", "stock", "count"},
				Unit:     dataset.Text{Ko: "개", En: "pcs"},
				About:    dataset.Text{Ko: "창고에 있는 수량을 이 값으로 정합니다", En: "What the warehouse has becomes this"},
				Example:  "120",
			},
			{
				Name: "adjust", Header: dataset.Text{Ko: "증감수량", En: "Adjust by"}, Type: dataset.FieldInteger, Min: "-1000000000", Max: "1000000000",
				Synonyms: []string{"증감", "조정수량", "입출고수량", "adjustment", "delta", "change"},
				Unit:     dataset.Text{Ko: "개", En: "pcs"},
				About:    dataset.Text{Ko: "재고에 더하며, 음수면 뺍니다. 결과는 0 이상이어야 합니다", En: "Added to what is there; below zero it is taken away. The result must not be below zero"},
			},
		},
		Target: target.Plan{
			Fields: []string{"sku", "warehouse", "on_hand", "adjust"},
			Steps: []target.Step{
				{
					Name: "product", Table: "products", Mode: target.Find,
					Key:     []target.Column{{Name: "sku", From: target.Field("sku")}},
					Missing: target.Missing{Code: job.RowUnknownProduct, Field: "sku"},
				},
				{
					Name: "level", Table: "stock_levels", Mode: target.Upsert,
					Key: []target.Column{
						{Name: "product_id", From: target.ID("product")},
						{Name: "warehouse", From: target.Field("warehouse")},
					},
					Set: []target.Column{
						{Name: "on_hand", From: target.Field("on_hand")},
						{Name: "on_hand", From: target.Sum("adjust"), Min: &none},
					},
					Create: []target.Column{{Name: "reserved", From: target.Const(int64(0))}},
				},
			},
		},
	}
}
