package dataset

import (
	"github.com/longhaul/longhaul/internal/sheet"
	"github.com/longhaul/longhaul/job"
)

// ReportColumns are those of the result workbook: the item's position, its fields, and what became of it.
func (k Sync) ReportColumns(locale string) []sheet.Column { panic("follows") }

// ReportCells are the cells of one item for [Sync.ReportColumns], as [sheet.Encoder.Append] takes them.
func (k Sync) ReportCells(item job.Item, fields map[string]string, locale string) [][]byte {
	panic("follows")
}

// ItemMessage says what a code of an item means, in one sentence.
func ItemMessage(code job.ItemCode, locale string) string { panic("follows") }

// OutcomeTitle names an outcome.
func OutcomeTitle(o job.ItemOutcome, locale string) string { panic("follows") }
