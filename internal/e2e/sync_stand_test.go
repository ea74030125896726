//go:build unix

package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/internal/partner/fake"
	"github.com/longhaul/longhaul/job"
)

// stretchItems is the stretch of the test's workers, so that a few items make several.
const stretchItems = 50

const (
	dispatching = "dispatch-shipments"
	// partnerToken is to be found nowhere but at the partner.
	partnerToken = "s3cr3t-of-the-marketplace"
)

// syncing is a stand for syncs: a marketplace, and a database that has what lots are about and nothing else.
type syncing struct {
	*stand
	partner *fake.Running
	// told are the lines that jobs have accounted for as succeeded, with how the marketplace calls them; left are the
	// others, by what was last said of them.
	told map[shippedLine]string
	left map[shippedLine]job.ItemCode
}

// settings are those of the marketplace, by the ends of their names.
func settings(pairs ...string) []string {
	var all []string
	for _, pair := range pairs {
		all = append(all, "LONGHAUL_PARTNER_MARKETPLACE_"+pair)
	}
	return all
}

// quick is as fast as it goes.
var quick = settings("INTERVAL=0", "MAX_IN_FLIGHT=8")

// syncs sets up a case on a database of its own.
func (g *ground) syncs(t *testing.T, on engine, b fake.Behaviour, more []string, lots ...*lot) *syncing {
	t.Helper()
	return g.syncsAt(t, emptyDatabase(t, on), options{more: more}, b, lots...)
}

// syncsAt sets up a case on an empty database. The marketplace of o.more comes before the test's own.
func (g *ground) syncsAt(t *testing.T, database string, o options, b fake.Behaviour, lots ...*lot) *syncing {
	t.Helper()
	fillForSyncs(t, database, lots...)
	at := marketplace(t, b)
	o.database = database
	o.more = append(append(settings("URL="+at.URL, "TOKEN="+partnerToken), "LONGHAUL_PARTNER_ALLOW_PRIVATE=1"), o.more...)
	return &syncing{stand: g.stand(t, o), partner: at, told: map[shippedLine]string{}, left: map[shippedLine]job.ItemCode{}}
}

func marketplace(t *testing.T, b fake.Behaviour) *fake.Running {
	t.Helper()
	running, err := fake.Listen(t.Context(), "127.0.0.1:0", fake.Options{Behaviour: b, Token: partnerToken})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Close()) })
	return running
}

// send starts to tell the marketplace of a tenant's lot.
func (s *syncing) send(tenant string) (jobID string) {
	s.Helper()
	got, err := s.ask(http.MethodPost, "/v1/syncs/"+dispatching, api.SyncRequest{Tenant: tenant, Locale: "en"})
	require.NoError(s, err)
	require.Equal(s, http.StatusAccepted, got.status, "%s", got.body)
	return got.job(s.T).ID
}

// retry starts a job that sends what did not succeed of another.
func (s *syncing) retry(id string) (jobID string) {
	s.Helper()
	require.NotEmpty(s, s.job(id).Links.Retry, "a retry is offered")
	got, err := s.ask(http.MethodPost, "/v1/jobs/"+id+"/retry", nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusAccepted, got.status, "%s", got.body)
	again := got.job(s.T)
	require.NotEqual(s, id, again.ID)
	return again.ID
}

// control pauses or resumes a job.
func (s *syncing) control(id, deed string) {
	s.Helper()
	got, err := s.ask(http.MethodPost, "/v1/jobs/"+id+"/"+deed, nil)
	require.NoError(s, err)
	require.Less(s, got.status, 300, "%s", got.body)
}

// behave changes the marketplace's behaviour.
func (s *syncing) behave(b fake.Behaviour) {
	s.Helper()
	require.NoError(s, s.partner.Behave(b))
}

// calls waits until the marketplace has seen so many calls.
func (s *syncing) calls(n int64) {
	s.Helper()
	eventually(s.T, "the partner sees calls", func() bool { return s.partner.Seen().Calls >= n })
}

// inFlight waits until so many calls are on their way at the marketplace.
func (s *syncing) inFlight(n int) {
	s.Helper()
	eventually(s.T, "calls are on their way", func() bool { return s.partner.Seen().InFlight == n })
}

// items lists all items of a job.
func (s *syncing) items(jobID string) (items []api.Item) {
	s.Helper()
	for token := ""; ; {
		got, err := s.ask(http.MethodGet, "/v1/jobs/"+jobID+"/items?page_size=200&page_token="+url.QueryEscape(token), nil, "Accept-Language", "en")
		require.NoError(s, err)
		require.Equal(s, http.StatusOK, got.status, "%s", got.body)
		var page api.ItemPage
		require.NoError(s, json.Unmarshal(got.body, &page))
		items = append(items, page.Items...)
		if token = page.NextPageToken; token == "" {
			require.True(s, page.Complete)
			return items
		}
	}
}
