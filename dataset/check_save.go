package dataset

func checkBulkSave(k BulkSave) []error { return nil }

// withDefaults returns a copy of k in which every limit is set.
func (k BulkSave) withDefaults() BulkSave {
	orElse(&k.ChunkRows, DefaultChunkRows)
	orElse(&k.UndoFor, DefaultUndoFor)
	orElse(&k.HoldFor, DefaultHoldFor)
	orElse(&k.SlowAfter, DefaultSlowAfter)
	orElse(&k.StallAfter, DefaultStallAfter)
	orElse(&k.GiveUpAfter, DefaultGiveUpAfter)
	orElse(&k.MaxDuration, DefaultMaxDuration)
	orElse(&k.Window, DefaultWindow)
	return k
}
