package catalog

import (
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/target"
)

// products registers products and brings their names, codes and prices up to date, by SKU.
func products() dataset.BulkSave {
	return dataset.BulkSave{
		Name:  "products",
		Title: dataset.Text{Ko: "상품", En: "Products"},
		About: dataset.Text{
			Ko: "상품을 등록하거나, 상품코드(SKU)로 찾아 수정합니다. 빈 칸은 기존 값을 그대로 둡니다.",
			En: "Registers products, or updates those whose SKU is known. An empty cell leaves the value as it is",
		},
		Key: []string{"sku"},
		Fields: []dataset.Field{
			{
				Name: "sku", Header: dataset.Text{Ko: "상품코드(SKU)", En: "SKU"}, Type: dataset.FieldCode, Required: true, MaxLength: 64,
				Synonyms: []string{"상품코드", "판매자상품코드", "자체상품코드", "품번", "product code", "item code", "stock code", "seller sku"},
				About:    dataset.Text{Ko: "상품을 구분하는 코드", En: "The code that tells products apart"},
				Example:  "TS-BK-095",
			},
			{
				Name: "name", Header: dataset.Text{Ko: "상품명", En: "Product name"}, Type: dataset.FieldText, MaxLength: 500,
				Synonyms: []string{"품명", "제품명", "product", "name", "title", "description", "item name"},
				About:    dataset.Text{Ko: "새 상품에는 반드시 있어야 합니다", En: "A new product must have one"},
				Example:  "반팔 티셔츠 블랙 95",
			},
			{
				Name: "option_name", Header: dataset.Text{Ko: "옵션", En: "Option"}, Type: dataset.FieldText, MaxLength: 300,
				Synonyms: []string{"옵션명", "옵션정보", "규격", "option name", "variant", "variation"},
				About:    dataset.Text{Ko: "색상, 크기 등", En: "Colour, size and the like"},
				Example:  "블랙 / 95",
			},
			{
				Name: "barcode", Header: dataset.Text{Ko: "바코드", En: "Barcode"}, Type: dataset.FieldCode, MaxLength: 64,
				Synonyms: []string{"ean", "upc", "gtin", "jan", "국제표준코드"},
				About:    dataset.Text{Ko: "앞의 0도 그대로 보관합니다", En: "Kept as it is, leading zeros too"},
				Example:  "8801234567893",
			},
			{
				Name: "price", Header: dataset.Text{Ko: "판매가", En: "Price"}, Type: dataset.FieldDecimal, Decimals: 4,
				Min: "0", Max: "99999999999999",
				Synonyms: []string{"가격", "단가", "판매가격", "unit price", "sale price", "selling price"},
				Unit:     dataset.Text{Ko: "판매자 통화", En: "the seller's currency"},
				About:    dataset.Text{Ko: "소수점 아래 네 자리까지", En: "At most four decimal places"},
				Example:  "12900",
			},
		},
		Target: target.Plan{
			Fields: []string{"sku", "name", "option_name", "barcode", "price"},
			Steps: []target.Step{{
				Name: "product", Table: "products", Mode: target.Upsert,
				Key: []target.Column{{Name: "sku", From: target.Field("sku")}},
				Set: []target.Column{
					{Name: "name", From: target.Field("name"), Needed: true},
					{Name: "option_name", From: target.Field("option_name")},
					{Name: "barcode", From: target.Field("barcode")},
					{Name: "price", From: target.Field("price")},
				},
				KeptBy: []target.Reference{{Table: "order_lines", Column: "product_id"}, {Table: "stock_levels", Column: "product_id"}},
			}},
		},
	}
}
