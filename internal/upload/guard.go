package upload

// ParentProperty is the custom property of a workbook that names the job whose error workbook it is. Spreadsheet
// programs keep such properties on saving.
const ParentProperty = "longhaul-job"

// MaxSize is the most bytes that a file may have.
func (l Limits) MaxSize() int64 { return l.withDefaults().Size }

// SizeError is the error about a file of more than [Limits.MaxSize]; it names the limit and its setting.
func (l Limits) SizeError(size int64) error { return l.withDefaults().sizeError(size) }
