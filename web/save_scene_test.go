package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// putSave adds a bulk save as a test wants it.
func (d *desk) putSave(kind, tenant string, change func(*job.Job)) string {
	d.mu.Lock()
	j := d.add(job.TypeBulkSave, kind, tenant, contract.BulkSaveInput{
		Kind: kind, Tenant: tenant, Upload: "upload-0", DryRun: true, Duplicates: contract.DuplicatesRefuse, Locale: "ko",
		Mapping: map[string]string{"품번": "sku", "창고코드": "warehouse", "실사수량": "on_hand", "담당": "", "비고": ""},
	}, contract.BulkSaveWorkflowID(kind, tenant))
	d.mu.Unlock()
	d.move(j.ID, change)
	return j.ID
}

// uploadsKept are the uploads that were stored.
func (d *desk) uploadsKept() []job.Upload {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.uploads))
}

// sample gives a job n items, of which every fifth is refused.
func (d *desk) sample(id string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range n {
		item := job.Item{
			Position: int64(i + 1), Row: i + 10, Key: fmt.Sprintf("TS-BK-%03d · ICN-1", i), Outcome: "updated",
			Changes: []job.Change{{Column: "stock_levels.on_hand", Before: "120", After: "8"}},
		}
		switch i % 5 {
		case 2:
			item.Outcome, item.Changes = "refused", nil
			item.Errors = []job.RowError{
				{Column: "on_hand", Header: "실사수량", Index: 2, Code: job.RowNotANumber, Value: "열둘", Message: "실사수량: 숫자가 아닙니다 (열둘)"},
				{Column: "sku", Header: "품번", Index: 0, Code: job.RowUnknownProduct, Value: "TS-BK-999", Message: "품번: 등록되지 않은 상품입니다 (TS-BK-999)"},
			}
		case 4:
			item.Outcome, item.Changes = "created", nil
		}
		d.items[id] = append(d.items[id], item)
	}
}

// saving is a bulk save in the midst of a phase.
func saving(phase job.Phase, done, total int64, tally *job.Tally) func(*job.Job) {
	return func(j *job.Job) {
		running(done, total)(j)
		j.Progress.Phase = phase
		save := saveOf(j)
		save.Saved, save.HoldUntil = tally, nil
		j.Save = &save
	}
}

// saveOf is what a workflow says first of what it was asked for; before that, nothing is said. Its answer is a copy.
func saveOf(j *job.Job) job.Save {
	if j.Save != nil {
		return *j.Save
	}
	var in contract.BulkSaveInput
	if err := json.Unmarshal(j.Request, &in); err != nil {
		panic(err) // our own
	}
	return job.Save{Upload: "7월 재고 실사 최종_수정(2).xlsx", DryRun: in.DryRun, Undoes: in.Undo}
}

// holding is a dry run that waits.
func holding(j *job.Job) {
	saving(job.PhaseHolding, 40_000, 40_000, nil)(j)
	until := time.Now().Add(4 * time.Hour)
	j.Save.HoldUntil = &until // saving has made a copy
	j.Save.Checked = &job.Tally{Created: 30_000, Updated: 9_900, Unchanged: 30, Refused: 70, Codes: []job.CodeCount{
		{Code: job.RowNotANumber, Count: 70}, {Code: job.RowUnknownProduct, Count: 12},
	}}
	j.State, j.Progress.ETA, j.Progress.Rate = job.Paused, nil, 0
	j.Artifacts = []job.Artifact{errorFile(j, 70)}
}

// saved is a bulk save some of whose rows were refused.
func saved(j *job.Job) {
	holding(j)
	until, ended := later, j.CreatedAt.Add(93*time.Second)
	j.Save.HoldUntil, j.Save.UndoUntil = nil, &until
	j.Save.Saved = &job.Tally{Created: 29_900, Updated: 9_900, Unchanged: 30, Refused: 170, Codes: []job.CodeCount{
		{Code: job.RowDuplicate, Count: 100}, {Code: job.RowNotANumber, Count: 70}, {Code: job.RowUnknownProduct, Count: 12},
	}}
	j.State, j.Reason, j.Message = job.PartiallySucceeded, job.ReasonRefused, "170 of 40000 rows were refused; the others are saved"
	j.Progress.Phase, j.EndedAt = job.PhaseDone, &ended
	j.Artifacts = []job.Artifact{errorFile(j, 170)}
}

// undone is an undo that left some rows as they are.
func undone(j *job.Job) {
	saving(job.PhaseUndoing, 39_900, 39_900, &job.Tally{Reversed: 39_700, Kept: 200, Codes: []job.CodeCount{{Code: job.RowChangedSince, Count: 200}}})(j)
	ended := j.CreatedAt.Add(44 * time.Second)
	j.State, j.Reason, j.Message = job.PartiallySucceeded, job.ReasonKept, "200 of 39900 rows are left as they are: they have been changed or are in use since"
	j.Progress.Phase, j.EndedAt = job.PhaseDone, &ended
}

// outdated is a dry run that holds no longer.
func outdated(j *job.Job) {
	holding(j)
	checked := j.Save.Checked
	saving(job.PhaseComparing, 5_000, 40_000, nil)(j)
	j.Save.Checked, j.Save.Stale = checked, []job.RowRef{{Row: 17}, {Sheet: "반품", Row: 3}}
	ended := j.CreatedAt.Add(3 * time.Hour)
	j.State, j.Reason, j.Message, j.EndedAt = job.Failed, job.ReasonStale, "the data has changed since the dry run", &ended
}

func errorFile(j *job.Job, rows int64) job.Artifact {
	return job.Artifact{
		Name: "오류_7월 실사.xlsx", Key: "artifacts/" + j.ID, ContentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		Size: 18_204, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Rows: rows, Sheets: 1,
		CreatedAt: j.CreatedAt, ExpiresAt: later,
	}
}

// later is far enough for a test.
var later = time.Now().Add(72 * time.Hour)
