package dataset

import (
	"time"

	"github.com/longhaul/longhaul/internal/sheet"
)

// ReportFilename is the name of a result workbook: title, tenant and day, such as 배송통보_acme_2026-11-22_결과.xlsx. The
// day is read in day's own location.
func (k Sync) ReportFilename(locale, tenant string, day time.Time) string {
	result := Text{Ko: "결과", En: "result"}
	stem := plain(k.Title.In(locale)) + "_" + plain(tenant) + "_" + day.Format(time.DateOnly)
	return stem + "_" + result.In(locale) + sheet.XLSX.Extension()
}
