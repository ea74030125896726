package store

import (
	"context"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

const (
	// headerRunes is the width of header_mappings.header. A header that is longer is a sentence, which nobody
	// writes twice alike.
	headerRunes = 255
	// mappingHeaders is how many headers are read back: some hundred layouts of a tenant's files.
	mappingHeaders = 2000
	// mappingsPerInsert keeps a statement, of five values a row, far below the limit of placeholders.
	mappingsPerInsert = 500
)

// headerMapping is what a tenant took a header for, the last time.
type headerMapping struct {
	Tenant     string `gorm:"primaryKey"`
	Kind       string `gorm:"primaryKey"`
	Header     string `gorm:"primaryKey"`
	ColumnName string
	UpdatedAt  time.Time `gorm:"autoUpdateTime:false"`
}

func (headerMapping) TableName() string { return "header_mappings" }

// RememberMapping remembers which column each header stood for, in place of what was known of that header; an
// empty column means that it was left out on purpose. Headers come in the normal form of the caller, trimmed;
// those longer than 255 characters are skipped.
func (s *Store) RememberMapping(ctx context.Context, tenant, kind string, byHeader map[string]string, at time.Time) error {
	rows := make([]headerMapping, 0, len(byHeader))
	// In order: two that lock the same rows in different orders are a deadlock.
	for _, header := range slices.Sorted(maps.Keys(byHeader)) {
		if utf8.RuneCountInString(header) > headerRunes {
			continue
		}
		rows = append(rows, headerMapping{
			Tenant: tenant, Kind: kind, Header: header, ColumnName: byHeader[header], UpdatedAt: instant(at)})
	}
	if len(rows) == 0 {
		return nil
	}
	return s.inTransaction(ctx, "remember headers", func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(rows, mappingsPerInsert).Error
	})
}

// Mapping gives what has been remembered, by header: the newest 2,000.
func (s *Store) Mapping(ctx context.Context, tenant, kind string) (map[string]string, error) {
	var rows []headerMapping
	err := s.gorm.WithContext(ctx).Where("tenant = ? AND kind = ?", tenant, kind).
		Order("updated_at DESC, header").Limit(mappingHeaders).Find(&rows).Error
	if err != nil {
		return nil, fail("read remembered headers", err)
	}
	byHeader := make(map[string]string, len(rows))
	for _, row := range rows {
		byHeader[row.Header] = row.ColumnName
	}
	return byHeader, nil
}
