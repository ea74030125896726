//go:build unix

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

// orderLines is the export of every case. Some columns of each type will do: what is tested is not the
// encoding of cells.
var orderLines = contract.ExportInput{
	Kind: "order-lines", Tenant: tenant, Format: "xlsx", Locale: "ko",
	Columns: []string{"order_number", "ordered_at", "sku", "product_name", "quantity", "amount"},
}

// of is the same export of another kind.
func of(kind string) contract.ExportInput {
	in := orderLines
	in.Kind = kind
	return in
}

// answer is what the API answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) job(t *testing.T) (j api.Job) {
	t.Helper()
	require.Less(t, a.status, 300, "%s", a.body)
	require.NoError(t, json.Unmarshal(a.body, &j), "%s", a.body)
	return j
}

func (a answer) problem(t *testing.T) (p api.Problem) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, &p), "%s", a.body)
	return p
}

// list lists the jobs of the tenant.
func (s *stand) list() []api.Job {
	s.Helper()
	got, err := s.ask(http.MethodGet, "/v1/jobs?tenant="+tenant, nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusOK, got.status, "%s", got.body)
	var page api.JobPage
	require.NoError(s, json.Unmarshal(got.body, &page))
	return page.Jobs
}

// ask sends a request to the API.
func (s *stand) ask(method, path string, body any, headers ...string) (answer, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return answer{}, err
		}
	}
	request, err := http.NewRequestWithContext(s.Context(), method, s.url+path, bytes.NewReader(content))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, data}, err
}

// post asks for an export.
func (s *stand) post(in contract.ExportInput, headers ...string) (answer, error) {
	return s.ask(http.MethodPost, "/v1/exports/"+in.Kind, api.ExportRequest{
		Tenant: in.Tenant, Columns: in.Columns, Format: in.Format, Locale: in.Locale,
	}, headers...)
}

// start starts an export over the API, and by the test's own starter where its kind is one of the test's.
func (s *stand) start(in contract.ExportInput) (jobID string) {
	s.Helper()
	if in.Kind != orderLines.Kind {
		j, _, err := s.starter.StartExport(s.Context(), in, "")
		require.NoError(s, err)
		return j.ID
	}
	got, err := s.post(in)
	require.NoError(s, err)
	require.Equal(s, http.StatusAccepted, got.status, "%s", got.body)
	return got.job(s.T).ID
}

// job asks how a job stands.
func (s *stand) job(id string) api.Job {
	s.Helper()
	got, err := s.ask(http.MethodGet, "/v1/jobs/"+id, nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusOK, got.status, "%s", got.body)
	return got.job(s.T)
}

// until asks until the answer is as wanted.
func (s *stand) until(id, what string, wanted func(api.Job) bool) api.Job {
	s.Helper()
	var j api.Job
	eventually(s.T, what, func() bool {
		got, err := s.ask(http.MethodGet, "/v1/jobs/"+id, nil)
		require.NoError(s, err)
		if got.status == http.StatusServiceUnavailable {
			return false // a part is down: that is what these tests do
		}
		j = got.job(s.T)
		return wanted(j)
	})
	return j
}

// end waits for the end of a job, its cleaning up included.
func (s *stand) end(id string) api.Job {
	s.Helper()
	j := s.until(id, "the job ends", func(j api.Job) bool { return j.State.Ended() })
	s.awaitClosed(j.WorkflowID)
	return s.job(id)
}

// download is a file as a client gets it.
type download struct {
	Size   int64
	SHA256 string
}

// download fetches a job's file and asserts that it is what the job says it is.
func (s *stand) download(j api.Job) download {
	s.Helper()
	require.Len(s, j.Artifacts, 1)
	got, err := s.ask(http.MethodGet, j.Artifacts[0].URL, nil)
	require.NoError(s, err)
	require.Equal(s, http.StatusOK, got.status, "%.1000s", got.body)
	sum := sha256.Sum256(got.body)
	file := download{int64(len(got.body)), hex.EncodeToString(sum[:])}
	require.Equal(s, download{j.Artifacts[0].Size, j.Artifacts[0].SHA256}, file)
	return file
}

func requireSucceeded(t *testing.T, j api.Job) {
	t.Helper()
	require.Equal(t, job.Succeeded, j.State, "%s: %s", j.Reason, j.Message)
	require.Empty(t, j.Reason)
	require.Nil(t, j.StaleSince)
}
