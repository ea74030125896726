package sheet

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"
)

const benchRows = 10_000

// benchLayout is a wide export as the catalogue has them: eight texts, three integers, one decimal.
func benchLayout() Layout {
	return Layout{Format: XLSX, Sheet: "Order lines", Columns: []Column{
		{Header: "주문번호"}, {Header: "라인"}, {Header: "SKU"}, {Header: "바코드"}, {Header: "상품명", Width: 40},
		{Header: "옵션"}, {Header: "판매자"}, {Header: "상태"},
		{Header: "수량", Type: Integer}, {Header: "재고", Type: Integer}, {Header: "부족", Type: Integer},
		{Header: "금액", Type: Decimal, Decimals: 2},
	}}
}

// benchData makes rows whose values repeat about as much as those of a shop do.
func benchData(n int) [][][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	names := []string{"무선 블루투스 이어폰", "Stainless bottle", "유기농 현미 20kg", "USB-C cable 2 m", "여성 봄 자켓", "강아지 사료 (대형견)", "Desk lamp LED", "캠핑 의자 & 테이블"}
	options := []string{"블랙 / L", "화이트 / M", "One size", "", "네이비 / XL"}
	states := []string{"paid", "picking", "shipped", "cancelled"}
	sellers := []string{"한빛상사", "Blue Ocean Trading", "서울유통", "acme"}
	rows := make([][][]byte, n)
	for i := range rows {
		sku, quantity, stock := rng.IntN(20_000), rng.IntN(20)+1, rng.IntN(500)
		texts := []string{
			fmt.Sprintf("2026%02d%02d-%07d", i/900%12+1, i/30%28+1, 1_000_000+i/3),
			strconv.FormatInt(202_600_000_000_000_000+int64(i)*17+rng.Int64N(17), 10),
			fmt.Sprintf("SKU-%05d", sku),
			fmt.Sprintf("0880%09d", sku*7919%1_000_000_000),
			names[sku%len(names)] + " " + strconv.Itoa(sku%97),
			options[rng.IntN(len(options))],
			sellers[i/7%len(sellers)],
			states[rng.IntN(len(states))],
			strconv.Itoa(quantity), strconv.Itoa(stock), strconv.Itoa(max(0, quantity-stock)),
			fmt.Sprintf("%d.%02d", rng.IntN(200_000), rng.IntN(100)),
		}
		rows[i] = make([][]byte, len(texts))
		for j, text := range texts {
			rows[i][j] = []byte(text)
		}
	}
	return rows
}

func BenchmarkEncode(b *testing.B) {
	for _, format := range []Format{XLSX, CSV} {
		b.Run(string(format), func(b *testing.B) {
			layout := benchLayout()
			layout.Format = format
			rows := benchData(benchRows)
			encoder, err := NewEncoder(layout)
			if err != nil {
				b.Fatal(err)
			}
			var info Info
			b.ReportAllocs()
			for b.Loop() {
				for _, row := range rows {
					if err := encoder.Append(row); err != nil {
						b.Fatal(err)
					}
				}
				if _, info, err = encoder.Finish(); err != nil {
					b.Fatal(err)
				}
			}
			reportRows(b, info.DataSize)
		})
	}
}

// BenchmarkRenumber moves a page by one row.
func BenchmarkRenumber(b *testing.B) {
	s := encodePages(b, benchLayout(), benchRows, benchData(benchRows))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Renumber(s.fragments[0], firstDataRow+1); err != nil {
			b.Fatal(err)
		}
	}
	reportRows(b, s.infos[0].DataSize)
}

// BenchmarkAssemble joins a hundred pages: what it costs a row shows that it is copying.
func BenchmarkAssemble(b *testing.B) {
	const pages = 100
	layout := benchLayout()
	s := encodePages(b, layout, benchRows, benchData(benchRows))
	for len(s.infos) < pages {
		s.add(s.fragments[0], s.infos[0])
	}
	assembleAll(b, layout, s, MaxRows) // puts the copies in their places
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Assemble(b.Context(), io.Discard, layout, s.infos, s.opener, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(pages*benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkExcelizeStream is the plain way to write the same rows: a stream writer, typed by hand.
func BenchmarkExcelizeStream(b *testing.B) {
	layout, rows := benchLayout(), benchData(benchRows)
	var size int64
	b.ReportAllocs()
	for b.Loop() {
		var buf bytes.Buffer
		if err := writeByExcelize(&buf, layout, rows); err != nil {
			b.Fatal(err)
		}
		size = int64(buf.Len())
	}
	reportRows(b, size)
}

func writeByExcelize(w io.Writer, layout Layout, rows [][][]byte) error {
	file := excelize.NewFile()
	defer file.Close()
	stream, err := file.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	cells := make([]any, len(layout.Columns))
	for i, row := range rows {
		for j, column := range layout.Columns {
			switch column.Type {
			case Integer:
				cells[j], err = strconv.ParseInt(string(row[j]), 10, 64)
			case Decimal:
				cells[j], err = strconv.ParseFloat(string(row[j]), 64)
			default:
				cells[j] = string(row[j])
			}
			if err != nil {
				return err
			}
		}
		if err := stream.SetRow("A"+strconv.Itoa(i+1), cells); err != nil {
			return err
		}
	}
	if err := stream.Flush(); err != nil {
		return err
	}
	return file.Write(w)
}

func reportRows(b *testing.B, size int64) {
	b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(size)/benchRows, "B/row")
}
