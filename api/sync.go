package api

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longhaul/longhaul/job"
)

// Sync is [job.Sync] with its documentation.
type Sync struct {
	Partner string    `json:"partner" doc:"The outside system that the items go to"`
	Tally   SyncTally `json:"tally" doc:"The outcomes so far; exact while it runs"`
	Wait    *Wait     `json:"wait,omitempty" doc:"Set while the job waits for the partner"`
	Account *Account  `json:"account,omitempty" doc:"How the partner's account stands, whoever uses it; only while the job runs"`
	RetryOf string    `json:"retry_of,omitempty" doc:"The job whose items this one sends again"`
	Upload  string    `json:"upload,omitempty" doc:"Name of the file that the items come from"`
	_       struct{}  `json:"-" additionalProperties:"true"`
}

// SyncTally is [job.SyncTally] with its documentation.
type SyncTally struct {
	Succeeded   int64           `json:"succeeded"`
	Failed      int64           `json:"failed" doc:"For good, or tried often enough"`
	Unprocessed int64           `json:"unprocessed" doc:"The job ended before them"`
	Codes       []ItemCodeCount `json:"codes,omitempty" nullable:"false" doc:"Items that did not succeed by code, the most frequent first; an item has one"`
	_           struct{}        `json:"-" additionalProperties:"true"`
}

// ItemCodeCount is [job.ItemCodeCount] with its documentation.
type ItemCodeCount struct {
	Code  ItemCode `json:"code"`
	Count int64    `json:"count"`
	_     struct{} `json:"-" additionalProperties:"true"`
}

// ItemCode is [job.ItemCode] with its list.
type ItemCode job.ItemCode

// Schema implements huma.SchemaProvider.
func (ItemCode) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: "Why an item did not succeed; from a closed list"}
	for _, code := range job.ItemCodes {
		s.Enum = append(s.Enum, string(code))
	}
	return s
}

// Wait is [job.Wait] with its documentation.
type Wait struct {
	Why   job.WaitWhy `json:"why" enum:"cooling,quota,outage" doc:"The partner asked for patience; the day's quota is used up; the partner does not answer and is probed"`
	Until time.Time   `json:"until" doc:"When it goes on by itself; for an outage, when the partner is probed next"`
	Since time.Time   `json:"since"`
	_     struct{}    `json:"-" additionalProperties:"true"`
}

// Account is [job.Account] with its documentation.
type Account struct {
	Partner      string     `json:"partner"`
	InFlight     int        `json:"in_flight" doc:"Calls on their way now, of all workers and jobs"`
	MaxInFlight  int        `json:"max_in_flight" doc:"The most allowed"`
	Interval     float64    `json:"interval_ms" doc:"The least time between two starts that holds now, in milliseconds; it grows while the partner says that its limit is near"`
	EasedUntil   *time.Time `json:"eased_until,omitempty" nullable:"false" doc:"Until when the interval is longer than set"`
	CoolingUntil *time.Time `json:"cooling_until,omitempty" nullable:"false" doc:"Until when nothing is sent, because the partner asked for it"`
	OpenSince    *time.Time `json:"open_since,omitempty" nullable:"false" doc:"Set while the breaker is open: the partner does not answer, and is probed with one call at a time"`
	ProbeAt      *time.Time `json:"probe_at,omitempty" nullable:"false" doc:"When the next probe is due"`
	QuotaUsed    int64      `json:"quota_used" doc:"Calls since the last reset"`
	DailyQuota   int64      `json:"daily_quota" doc:"The most of them; 0: no limit"`
	QuotaReset   *time.Time `json:"quota_reset,omitempty" nullable:"false" doc:"When the quota starts anew"`
	Starts       int64      `json:"starts" doc:"All calls ever started"`
	_            struct{}   `json:"-" additionalProperties:"true"`
}

// Try is [job.Try] with its documentation.
type Try struct {
	At      time.Time `json:"at"`
	Millis  int64     `json:"millis" doc:"How long the partner took, in milliseconds"`
	Status  int       `json:"status,omitempty" doc:"HTTP status; left out where there was no answer"`
	Code    ItemCode  `json:"code,omitempty"`
	Message string    `json:"message,omitempty" doc:"The partner's words, or what went wrong on the way to it"`
	Held    bool      `json:"held,omitempty" doc:"The partner was out altogether: the attempt does not count against the item"`
	JobID   string    `json:"job_id,omitempty" doc:"Of attempts of an earlier job"`
	_       struct{}  `json:"-" additionalProperties:"true"`
}

func shownSync(s *job.Sync) *Sync {
	if s == nil {
		return nil
	}
	out := &Sync{
		Partner: s.Partner, RetryOf: s.RetryOf, Upload: s.Upload,
		Tally: SyncTally{Succeeded: s.Tally.Succeeded, Failed: s.Tally.Failed, Unprocessed: s.Tally.Unprocessed},
	}
	for _, c := range s.Tally.Codes {
		out.Tally.Codes = append(out.Tally.Codes, ItemCodeCount{Code: ItemCode(c.Code), Count: c.Count})
	}
	if s.Wait != nil {
		out.Wait = &Wait{Why: s.Wait.Why, Until: s.Wait.Until, Since: s.Wait.Since}
	}
	if s.Account != nil {
		account := shownAccount(*s.Account)
		out.Account = &account
	}
	return out
}

func shownAccount(a job.Account) Account {
	return Account{
		Partner: a.Partner, InFlight: a.InFlight, MaxInFlight: a.MaxInFlight, Interval: a.Interval, EasedUntil: a.EasedUntil,
		CoolingUntil: a.CoolingUntil, OpenSince: a.OpenSince, ProbeAt: a.ProbeAt,
		QuotaUsed: a.QuotaUsed, DailyQuota: a.DailyQuota, QuotaReset: a.QuotaReset, Starts: a.Starts,
	}
}

func shownTries(tries []job.Try) []Try {
	var out []Try
	for _, t := range tries {
		out = append(out, Try{At: t.At, Millis: t.Millis, Status: t.Status, Code: ItemCode(t.Code), Message: t.Message, Held: t.Held, JobID: t.JobID})
	}
	return out
}
