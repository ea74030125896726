package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/longhaul/longhaul/job"
)

// Seller finds a seller by its code; it fails with job.CodeNotFound.
func (s *Store) Seller(ctx context.Context, code string) (Seller, error) {
	var row Seller
	err := s.gorm.WithContext(ctx).Where("code = ?", NormalCode(code)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Seller{}, job.Errorf(job.CodeNotFound, "there is no tenant %q", code)
	}
	if err == nil {
		row.Zone, err = time.LoadLocation(row.TimeZone)
	}
	if err != nil {
		return Seller{}, fail(fmt.Sprintf("read seller %s", code), err)
	}
	return row, nil
}

// Sellers lists all sellers by code. Their zones are not loaded.
func (s *Store) Sellers(ctx context.Context) ([]Seller, error) {
	var rows []Seller
	err := s.gorm.WithContext(ctx).Order("code").Find(&rows).Error
	return rows, fail("list sellers", err)
}
