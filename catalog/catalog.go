// Package catalog is what Longhaul offers: one file per kind, and the list of them.
//
// To add a kind, write its file and add its line below. Everything else follows from it: its checks, its
// place in the API and on the page, its SQL and its workbook.
package catalog

import "github.com/longhaul/longhaul/dataset"

// Exports lists the kinds of export, in the order in which people see them.
func Exports() []dataset.Export {
	return []dataset.Export{
		stockShortages(),
		orderLines(),
		stockLevels(),
	}
}

// BulkSaves lists the kinds of bulk save, in the order in which people see them.
func BulkSaves() []dataset.BulkSave {
	return []dataset.BulkSave{
		products(),
		stockCount(),
		orders(),
		trackingNumbers(),
	}
}

// Syncs lists the kinds of sync, in the order in which people see them.
func Syncs() []dataset.Sync {
	return []dataset.Sync{
		dispatchShipments(),
		carrierTracking(),
	}
}

// New returns the catalogue, checked. An error is a fault in one of this package's files.
func New() (*dataset.Registry, error) {
	return dataset.NewRegistry(dataset.Kinds{Exports: Exports(), BulkSaves: BulkSaves(), Syncs: Syncs()})
}
