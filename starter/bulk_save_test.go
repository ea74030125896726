package starter_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/testenv"
	"github.com/longhaul/longhaul/job"
)

// shop is a house with a tenant of its own, because all tests share one Temporal, where a bulk save has its kind and
// tenant to itself. It has the products P-1 to P-9.
type shop struct {
	*house
	tenant string
}

func newShop(t *testing.T, database string) *shop {
	t.Helper()
	h := newHouseOn(t, database)
	h.Blobs = h.deeds.Export.Blobs
	h.deeds.BulkSave = &activities.BulkSave{Kinds: h.Kinds, Store: h.Store, Blobs: h.Blobs, Now: h.Now}
	s := &shop{house: h, tenant: "t-" + uuid.NewString()[:8]}
	const id = 900
	require.NoError(t, store.InsertMany(t.Context(), h.Store, []store.Seller{{ID: id, Code: s.tenant, Name: "Shop", TimeZone: "Asia/Seoul"}}))
	var products []store.Product
	for i := range 9 {
		products = append(products, store.Product{ID: int64(900_001 + i), SellerID: id, SKU: fmt.Sprintf("P-%d", i+1), Name: "상품"})
	}
	require.NoError(t, store.InsertMany(t.Context(), h.Store, products))
	return s
}

// send uploads a text for the kind stock-levels.
func (s *shop) send(t *testing.T, text string) job.Upload {
	t.Helper()
	r := toStock
	r.Tenant = s.tenant
	u, err := s.Upload(t.Context(), r, strings.NewReader(text))
	require.NoError(t, err)
	return u
}

func (s *shop) asked(t *testing.T, text string) contract.BulkSaveInput {
	t.Helper()
	return contract.BulkSaveInput{Kind: "stock-levels", Tenant: s.tenant, Upload: s.send(t, text).ID, RequestedBy: "kim"}
}

// start starts a save as soon as the one before it has made room.
func (s *shop) start(t *testing.T, in contract.BulkSaveInput) job.Job {
	t.Helper()
	var j job.Job
	require.Eventually(t, func() bool {
		var err error
		j, _, err = s.StartBulkSave(t.Context(), in, "")
		if err != nil {
			require.Equal(t, job.CodeDuplicate, job.CodeOf(err), "%v", err)
		}
		return err == nil
	}, 30*time.Second, 20*time.Millisecond)
	return j
}

// stock is what the tenant has, as sku warehouse on_hand.
func (s *shop) stock(t *testing.T) []string {
	t.Helper()
	var all []string
	require.NoError(t, s.Store.Stream(t.Context(), "SELECT p.sku, l.warehouse, l.on_hand FROM stock_levels l JOIN products p ON p.id = l.product_id"+
		" WHERE l.seller_id = 900 ORDER BY p.sku, l.warehouse", nil, func(cells [][]byte) error {
		all = append(all, fmt.Sprintf("%s %s %s", cells[0], cells[1], cells[2]))
		return nil
	}))
	return all
}

const (
	goodCount = "sku,warehouse,on_hand\nP-1,W1,5\nP-2,W1,6\n"
	badCount  = goodCount + "NONE,W1,1\nP-3,W1,x\n"
)

func TestBulkSaveFromUploadToUndo(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s := newShop(t, url)
		defer s.work(t)()
		j := s.start(t, s.asked(t, badCount))
		require.Equal(t, job.TypeBulkSave, j.Type)
		end := s.until(t, j.ID, ended)
		require.Equal(t, job.PartiallySucceeded, end.State)
		require.Equal(t, job.ReasonRefused, end.Reason)
		require.Equal(t, []string{"P-1 W1 5", "P-2 W1 6"}, s.stock(t))
		require.Equal(t, &job.Tally{Created: 2, Refused: 2, Codes: []job.CodeCount{
			{Code: job.RowNotANumber, Count: 1}, {Code: job.RowUnknownProduct, Count: 1},
		}}, end.Save.Saved)
		require.Len(t, end.Artifacts, 1)
		_, err := s.Artifact(t.Context(), j.ID, end.Artifacts[0].Name)
		require.NoError(t, err)

		for locale, says := range map[string]string{
			"": `상품코드(SKU): 등록되지 않은 상품입니다 ("NONE")`, "ko": `상품코드(SKU): 등록되지 않은 상품입니다 ("NONE")`, "en": `SKU: there is no product "NONE"`,
		} {
			page, err := s.Items(t.Context(), j.ID, job.ItemQuery{Outcome: "refused", Locale: locale})
			require.NoError(t, err)
			require.Len(t, page.Items, 2)
			require.True(t, page.Complete)
			require.Equal(t, 4, page.Items[0].Row)
			require.Equal(t, says, page.Items[0].Errors[0].Message, locale)
		}
		_, err = s.Items(t.Context(), "nonesuch", job.ItemQuery{})
		require.Equal(t, job.CodeNotFound, job.CodeOf(err))
		_, err = s.Items(t.Context(), j.ID, job.ItemQuery{PageSize: 1000})
		require.Equal(t, job.CodeInvalid, job.CodeOf(err))

		again := s.send(t, badCount)
		require.NotNil(t, again.SameAs)
		require.Equal(t, j.ID, again.SameAs.JobID)

		var undo job.Job
		require.Eventually(t, func() bool {
			undo, err = s.Undo(t.Context(), j.ID, "lee")
			return err == nil
		}, 30*time.Second, 20*time.Millisecond)
		require.Equal(t, "lee", undo.RequestedBy)
		undone := s.until(t, undo.ID, ended)
		require.Equal(t, job.Succeeded, undone.State)
		require.Equal(t, j.ID, undone.Save.Undoes)
		require.EqualValues(t, 2, undone.Save.Saved.Reversed)
		require.Empty(t, s.stock(t))
		_, err = s.Undo(t.Context(), j.ID, "kim")
		requireConflict(t, err, "has been undone by job "+undo.ID)
		_, err = s.Retry(t.Context(), undo.ID)
		requireConflict(t, err, "has been undone by job "+undo.ID)
		_, err = s.Undo(t.Context(), undo.ID, "kim")
		requireConflict(t, err, "nothing to undo")
	})
}

func requireConflict(t *testing.T, err error, says string) {
	t.Helper()
	require.Equal(t, job.CodeConflict, job.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, says)
}

func TestBulkSaveIsOneAtATime(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	first, _, err := s.StartBulkSave(t.Context(), s.asked(t, goodCount), "")
	require.NoError(t, err)
	_, _, err = s.StartBulkSave(t.Context(), s.asked(t, badCount), "")
	var dup *job.Error
	require.ErrorAs(t, err, &dup)
	require.Equal(t, job.CodeDuplicate, dup.Code, "whatever its file")
	require.Equal(t, first.ID, dup.JobID)
	_, err = s.Undo(t.Context(), first.ID, "kim")
	requireConflict(t, err, "only one that has ended can be undone")
	_, err = s.Retry(t.Context(), first.ID)
	requireConflict(t, err, "only one that has ended can be retried")

	products := contract.BulkSaveInput{Kind: "products", Tenant: s.tenant}
	r := toStock
	r.Kind, r.Tenant = "products", s.tenant
	sent, err := s.Upload(t.Context(), r, strings.NewReader("sku,name\nP-1,x\n"))
	require.NoError(t, err)
	products.Upload = sent.ID
	_, _, err = s.StartBulkSave(t.Context(), products, "")
	require.NoError(t, err, "another kind has its own turn")

	defer s.work(t)()
	s.until(t, first.ID, ended)
}

func TestBulkSaveUnderAKey(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s := newShop(t, url)
		in := s.asked(t, goodCount)
		first, replayed, err := s.StartBulkSave(t.Context(), in, "key")
		require.NoError(t, err)
		require.False(t, replayed)
		replay := func(in contract.BulkSaveInput) {
			t.Helper()
			again, replayed, err := s.StartBulkSave(t.Context(), in, "key")
			require.NoError(t, err)
			require.True(t, replayed)
			require.Equal(t, first.ID, again.ID)
		}
		replay(in)
		same := s.asked(t, goodCount) // sent once more, because nobody knows what became of the first
		require.NotEqual(t, in.Upload, same.Upload)
		replay(same)
		same.RequestedBy = "somebody else"
		replay(same)

		for name, change := range map[string]func(*contract.BulkSaveInput){
			"file":       func(in *contract.BulkSaveInput) { in.Upload = s.send(t, badCount).ID },
			"duplicates": func(in *contract.BulkSaveInput) { in.Duplicates = contract.DuplicatesLastWins },
			"dry run":    func(in *contract.BulkSaveInput) { in.DryRun = true },
			"mapping":    func(in *contract.BulkSaveInput) { in.Mapping = map[string]string{"on_hand": "adjust"} },
			"locale":     func(in *contract.BulkSaveInput) { in.Locale = "en" },
		} {
			other := in
			change(&other)
			_, _, err = s.StartBulkSave(t.Context(), other, "key")
			require.Equal(t, job.CodeConflict, job.CodeOf(err), name)
			require.NoError(t, s.Store.DB(t.Context()).Exec("DELETE FROM header_mappings").Error)
		}

		stop := s.work(t)
		defer stop()
		s.until(t, first.ID, ended)
		require.NoError(t, s.Store.DB(t.Context()).Exec("UPDATE idempotency_keys SET job_id = ''").Error)
		replay(same) // found by its execution, ended or not
	})
}

func TestBulkSaveRefusesWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	good := s.asked(t, goodCount)
	lacking := s.asked(t, "sku,warehouse,memo\nP-1,W1,5\n")
	expired := s.asked(t, goodCount)
	for name, c := range map[string]struct {
		in      contract.BulkSaveInput
		change  func(*contract.BulkSaveInput)
		code    job.Code
		pointer string
		says    string
	}{
		"kind":           {good, func(in *contract.BulkSaveInput) { in.Kind = "nonesuch" }, job.CodeNotFound, "", "stock-levels"},
		"no tenant":      {good, func(in *contract.BulkSaveInput) { in.Tenant = "" }, job.CodeInvalid, "/tenant", "required"},
		"tenant":         {good, func(in *contract.BulkSaveInput) { in.Tenant = "nobody" }, job.CodeInvalid, "/tenant", "nobody"},
		"other's upload": {good, func(in *contract.BulkSaveInput) { in.Tenant = "acme" }, job.CodeInvalid, "/upload", "no such upload"},
		"kind of upload": {good, func(in *contract.BulkSaveInput) { in.Kind = "products" }, job.CodeInvalid, "/upload", "no such upload"},
		"no upload":      {good, func(in *contract.BulkSaveInput) { in.Upload = "" }, job.CodeInvalid, "/upload", "no such upload"},
		"upload":         {good, func(in *contract.BulkSaveInput) { in.Upload = "nonesuch" }, job.CodeInvalid, "/upload", "no such upload"},
		"duplicates":     {good, func(in *contract.BulkSaveInput) { in.Duplicates = "first_wins" }, job.CodeInvalid, "/duplicates", "last_wins"},
		"locale":         {good, func(in *contract.BulkSaveInput) { in.Locale = "de" }, job.CodeInvalid, "/locale", "ko, en"},
		"column":         {good, func(in *contract.BulkSaveInput) { in.Mapping = map[string]string{"sku": "skuu"} }, job.CodeInvalid, "/mapping/sku", "skuu"},
		"header":         {good, func(in *contract.BulkSaveInput) { in.Mapping = map[string]string{"a/b~c": "sku"} }, job.CodeInvalid, "/mapping/a~1b~0c", "a/b~c"},
		"missing":        {lacking, nil, job.CodeInvalid, "", "the column On hand (재고수량) or Adjust by (증감수량) is missing"},
		"left out":       {good, func(in *contract.BulkSaveInput) { in.Mapping = map[string]string{"on_hand": ""} }, job.CodeInvalid, "", "is missing"},
	} {
		in := c.in
		if c.change != nil {
			c.change(&in)
		}
		_, _, err := s.StartBulkSave(t.Context(), in, "")
		var known *job.Error
		require.ErrorAs(t, err, &known, name)
		require.Equal(t, c.code, known.Code, name)
		require.ErrorContains(t, err, c.says, name)
		if c.pointer != "" {
			require.Len(t, known.Fields, 1, name)
			require.Equal(t, c.pointer, known.Fields[0].Pointer, name)
		}
	}
	mapping, err := s.Store.Mapping(t.Context(), s.tenant, "stock-levels")
	require.NoError(t, err)
	require.Empty(t, mapping, "what is refused is not remembered")

	s.clock = s.clock.Add(72 * time.Hour)
	_, _, err = s.StartBulkSave(t.Context(), expired, "")
	require.ErrorContains(t, err, "no such upload for this kind and tenant, or no longer")
}

// What somebody says about headers holds for the next file of the tenant; what was guessed does not.
func TestMappingIsRemembered(t *testing.T) {
	t.Parallel()
	testenv.EachDatabase(t, func(t *testing.T, url string) {
		s := newShop(t, url)
		defer s.work(t)()
		file := "Thing,창고,Amount,Memo\nP-1,W1,5,x\n"
		in := s.asked(t, file)
		in.Mapping = map[string]string{"Thing": "sku", "Amount": "on_hand"}
		j := s.start(t, in)
		var request contract.BulkSaveInput
		require.NoError(t, json.Unmarshal(j.Request, &request))
		require.Equal(t, map[string]string{"Thing": "sku", "창고": "warehouse", "Amount": "on_hand", "Memo": ""}, request.Mapping,
			"the job does not depend on what is remembered later")
		said := map[string]string{"thing": "sku", "amount": "on_hand"}
		mapping, err := s.Store.Mapping(t.Context(), s.tenant, "stock-levels")
		require.NoError(t, err)
		require.Equal(t, said, mapping)
		require.Equal(t, job.Succeeded, s.until(t, j.ID, ended).State)

		next := s.send(t, strings.ReplaceAll(file, "5", "6"))
		require.Empty(t, next.Missing)
		require.Equal(t, job.MatchRemembered, next.Columns[2].How)
		in.Upload, in.Mapping = next.ID, nil
		second := s.start(t, in)
		require.Equal(t, job.Succeeded, s.until(t, second.ID, ended).State)
		require.Equal(t, []string{"P-1 W1 6"}, s.stock(t))

		// A retry repeats what the job was given, guesses included; nobody has said those.
		require.NoError(t, s.Store.DB(t.Context()).Exec("DELETE FROM header_mappings").Error)
		var again job.Job
		require.Eventually(t, func() bool {
			again, err = s.Retry(t.Context(), second.ID)
			return err == nil
		}, 30*time.Second, 20*time.Millisecond)
		require.Equal(t, job.Succeeded, s.until(t, again.ID, ended).State)
		mapping, err = s.Store.Mapping(t.Context(), s.tenant, "stock-levels")
		require.NoError(t, err)
		require.Empty(t, mapping)
	})
}

// Two headers that look the same are one that counts and one that is left out.
func TestHeadersThatLookTheSame(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	defer s.work(t)()
	j := s.start(t, s.asked(t, "SKU,sku,Warehouse,On hand,on-hand,,오류\nP-1,NONE,W1,5,x,y,z\n"))
	require.Equal(t, job.Succeeded, s.until(t, j.ID, ended).State)
	require.Equal(t, []string{"P-1 W1 5"}, s.stock(t))
}

func TestDryRunIsCarriedOutWhenResumed(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	defer s.work(t)()
	in := s.asked(t, badCount)
	in.DryRun = true
	j := s.start(t, in)
	held := s.until(t, j.ID, func(j job.Job) bool { return j.Progress.Phase == job.PhaseHolding })
	require.Equal(t, job.Paused, held.State)
	require.EqualValues(t, 2, held.Save.Checked.Created)
	require.Nil(t, held.Save.Saved)
	require.Len(t, held.Artifacts, 1, "what is wrong can be mended before anything is saved")
	require.Empty(t, s.stock(t))
	require.Nil(t, s.send(t, badCount).SameAs, "a dry run has saved nothing")
	page, err := s.Items(t.Context(), j.ID, job.ItemQuery{Locale: "en"})
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	_, err = s.Undo(t.Context(), j.ID, "kim")
	requireConflict(t, err, "only one that has ended can be undone")

	_, err = s.Resume(t.Context(), j.ID)
	require.NoError(t, err)
	end := s.until(t, j.ID, ended)
	require.Equal(t, job.PartiallySucceeded, end.State)
	require.Equal(t, []string{"P-1 W1 5", "P-2 W1 6"}, s.stock(t))
	require.Equal(t, end.Save.Checked, end.Save.Saved)
}

func TestDryRunThatIsCancelledCannotBeUndone(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	defer s.work(t)()
	in := s.asked(t, goodCount)
	in.DryRun = true
	j := s.start(t, in)
	s.until(t, j.ID, func(j job.Job) bool { return j.Progress.Phase == job.PhaseHolding })
	_, err := s.Cancel(t.Context(), j.ID)
	require.NoError(t, err)
	require.Equal(t, job.Cancelled, s.until(t, j.ID, ended).State)
	_, err = s.Undo(t.Context(), j.ID, "kim")
	requireConflict(t, err, "nothing to undo")
	require.Empty(t, s.stock(t))
}

func TestUndoIsOnOfferForATime(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	defer s.work(t)()
	j := s.start(t, s.asked(t, goodCount))
	end := s.until(t, j.ID, ended)
	require.Equal(t, job.Succeeded, end.State)
	require.NotNil(t, end.Save.UndoUntil)
	s.clock = *end.Save.UndoUntil
	_, err := s.Undo(t.Context(), j.ID, "kim")
	requireConflict(t, err, "it could be undone until")

	exported := request(t)
	exported.Tenant = s.tenant
	export, _, err := s.StartExport(t.Context(), exported, "")
	require.NoError(t, err)
	s.until(t, export.ID, ended)
	_, err = s.Undo(t.Context(), export.ID, "kim")
	requireConflict(t, err, "only a bulk save can be undone")
	_, err = s.Undo(t.Context(), "nonesuch", "kim")
	require.Equal(t, job.CodeNotFound, job.CodeOf(err))
}

// A retry is a job of its own: rows that were saved are unchanged then, those that failed have another chance.
func TestRetryOfABulkSave(t *testing.T) {
	t.Parallel()
	s := newShop(t, testenv.SQLite(t))
	defer s.work(t)()
	in := s.asked(t, badCount)
	in.Duplicates, in.Locale = contract.DuplicatesLastWins, "en"
	first := s.start(t, in)
	require.Equal(t, job.PartiallySucceeded, s.until(t, first.ID, ended).State)
	require.NoError(t, store.InsertMany(t.Context(), s.Store, []store.Product{{ID: 900_100, SellerID: 900, SKU: "NONE", Name: "now there"}}))
	var again job.Job
	require.Eventually(t, func() bool {
		var err error
		again, err = s.Retry(t.Context(), first.ID)
		return err == nil
	}, 30*time.Second, 20*time.Millisecond)
	require.NotEqual(t, first.ID, again.ID)
	require.JSONEq(t, string(first.Request), string(again.Request))
	end := s.until(t, again.ID, ended)
	require.Equal(t, &job.Tally{Created: 1, Unchanged: 2, Refused: 1, Codes: []job.CodeCount{{Code: job.RowNotANumber, Count: 1}}}, end.Save.Saved)

	// Its upload may be gone by then.
	s.clock = s.clock.Add(30 * 24 * time.Hour)
	_, err := s.Retry(t.Context(), first.ID)
	require.Equal(t, job.CodeInvalid, job.CodeOf(err))
	require.ErrorContains(t, err, "/upload")
}
