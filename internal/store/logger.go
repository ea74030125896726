package store

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm/logger"
)

// slowAfter is when a statement is worth a line: what a request waits for should take milliseconds.
const slowAfter = time.Second

// slowLogger tells gorm's slow statements. Errors are not told here: they are returned, and whoever handles
// them knows whether they matter.
type slowLogger struct{ to *slog.Logger }

func (l slowLogger) LogMode(logger.LogLevel) logger.Interface      { return l }
func (l slowLogger) Info(context.Context, string, ...interface{})  {}
func (l slowLogger) Warn(context.Context, string, ...interface{})  {}
func (l slowLogger) Error(context.Context, string, ...interface{}) {}

// ParamsFilter keeps the values out of the log: they are customers' data.
func (l slowLogger) ParamsFilter(_ context.Context, sql string, _ ...interface{}) (string, []interface{}) {
	return sql, nil
}

// Trace is called after each statement.
func (l slowLogger) Trace(ctx context.Context, begin time.Time, fc func() (string, int64), _ error) {
	took := time.Since(begin)
	if l.to == nil || took < slowAfter {
		return
	}
	statement, rows := fc()
	l.to.WarnContext(ctx, "slow statement", "took", took, "rows", rows, "sql", statement)
}
