package fake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/partner/fake"
)

// rig is a partner that listens and a client of it.
type rig struct {
	*fake.Running
	t      *testing.T
	client *http.Client
}

func run(t *testing.T, b fake.Behaviour) *rig { return runWith(t, fake.Options{Behaviour: b}) }

func runWith(t *testing.T, options fake.Options) *rig {
	t.Helper()
	partner, err := fake.Listen(t.Context(), "127.0.0.1:0", options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, partner.Close()) })
	// Without keep-alive: on a connection that was used before, Go's client sends a call again by itself where it is
	// dropped, and such a call would be counted here.
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return &rig{Running: partner, t: t, client: client}
}

// reply is what came back; with err there was none.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

func (r reply) get(t *testing.T, member string) any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.body), &out), r.body)
	return out[member]
}

func (g *rig) call(method, path, key, body string) reply {
	request, err := http.NewRequestWithContext(g.t.Context(), method, g.URL+path, bytes.NewBufferString(body))
	if err != nil {
		return reply{err: err}
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	return g.do(request)
}

func (g *rig) do(request *http.Request) reply {
	response, err := g.client.Do(request)
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(body), err}
}

func (g *rig) get(path string) reply { return g.call(http.MethodGet, path, "", "") }

func (g *rig) send(key, order string, line int) reply {
	return g.call(http.MethodPost, "/dispatches", key, dispatch(order, line))
}

func dispatch(order string, line int) string {
	return fmt.Sprintf(`{"order_number": %q, "line_number": %d, "carrier": "cj", "tracking_number": "T-%s-%d"}`, order, line, order, line)
}

func TestADispatchTakesEffectOnceForAKey(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{})
	first := g.send("k1", "A", 1)
	require.Equal(t, http.StatusCreated, first.status)
	require.Equal(t, "D-000001", first.get(t, "id"))
	require.Equal(t, "1", first.get(t, "line_number"))
	require.Empty(t, first.header.Get("Idempotent-Replayed"))

	again := g.send("k1", "A", 1)
	require.Equal(t, http.StatusOK, again.status)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.Equal(t, first.body, again.body)

	other := g.send("k1", "A", 2)
	require.Equal(t, http.StatusUnprocessableEntity, other.status)
	require.Equal(t, "the idempotency key has been used with another body", other.get(t, "message"))

	seen := g.Seen()
	require.Equal(t, map[string]int64{"201": 1, "200": 1, "422": 1}, seen.Answers)
	require.Equal(t, map[string]int64{"dispatches": 3}, seen.Routes)
	require.EqualValues(t, 3, seen.Calls)
	require.EqualValues(t, 1, seen.Effects)
	require.EqualValues(t, 1, seen.Replays)
	require.Zero(t, seen.Duplicates)
	require.Len(t, seen.Dispatches, 1)
	require.Equal(t, "k1", seen.Dispatches[0].Key)
}

func TestWithoutOneKeyItIsADuplicate(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{})
	require.Equal(t, "D-000001", g.send("", "A", 1).get(t, "id"))
	require.Equal(t, "D-000002", g.send("", "A", 1).get(t, "id"))
	require.Equal(t, "D-000003", g.send("k", "A", 1).get(t, "id"))
	seen := g.Seen()
	require.EqualValues(t, 1, seen.Effects)
	require.EqualValues(t, 2, seen.Duplicates)
	require.Equal(t, 3, seen.Dispatches[0].Count)
}

func TestAKeyInUse(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{Latency: time.Hour})
	done := make(chan reply, 1)
	go func() { done <- g.send("k", "A", 1) }()
	require.Eventually(t, func() bool { return g.Seen().InFlight == 1 }, time.Minute, time.Millisecond)
	second := g.send("k", "A", 1)
	require.Equal(t, http.StatusConflict, second.status)
	require.Equal(t, "1", second.header.Get("Retry-After"))
	require.Equal(t, "a call with this idempotency key is running", second.get(t, "message"))
	require.EqualValues(t, 1, g.Seen().Orders["A"].Overlaps)

	require.NoError(t, g.Down())
	require.Error(t, (<-done).err)
	require.Zero(t, g.Seen().Effects, "a partner that is down lets nothing take effect")
	require.NoError(t, g.Behave(fake.Behaviour{}))
	require.NoError(t, g.Up())
	require.Eventually(t, func() bool { return g.send("k", "A", 1).status == http.StatusCreated }, time.Minute, time.Millisecond)
}

func TestWhatIsWrongWithADispatch(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{})
	for _, tt := range []struct {
		name, body string
		status     int
		field      any
	}{
		{"nothing", `{}`, 422, "order_number"},
		{"no line", `{"order_number": "A", "line_number": null}`, 422, "line_number"},
		{"no carrier", `{"order_number": "A", "line_number": 1, "carrier": ""}`, 422, "carrier"},
		{"no number", `{"order_number": "A", "line_number": "1", "carrier": "cj"}`, 422, "tracking_number"},
		{"a list", `[]`, 422, nil},
		{"an object as a number", `{"order_number": {}}`, 422, "order_number"},
		{"no JSON", `{"order_number"`, 400, nil},
	} {
		got := g.call(http.MethodPost, "/dispatches", "k", tt.body)
		require.Equal(t, tt.status, got.status, tt.name)
		require.NotEmpty(t, got.get(t, "message"), tt.name)
		require.Equal(t, tt.field, got.get(t, "field"), tt.name)
	}
	require.Equal(t, http.StatusCreated, g.send("k", "A", 1).status, "what was wrong does not use up the key")
	require.Equal(t, http.StatusNotFound, g.call(http.MethodPut, "/dispatches", "k", "").status)
	require.EqualValues(t, 1, g.Seen().Effects)
}

func TestBulk(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{Refuse: []string{"B"}, Poison: []string{"C"}})
	body := fmt.Sprintf(`{"dispatches": [%s, %s, {"order_number": "D"}, %s, %s]}`,
		dispatch("A", 1), dispatch("B", 1), dispatch("C", 1), dispatch("A", 2))
	first := g.call(http.MethodPost, "/dispatches/bulk", "k", body)
	require.Equal(t, http.StatusOK, first.status)
	require.JSONEq(t, `{"results": [
	  {"id": "D-000001"},
	  {"error": "order B is closed", "field": "order_number"},
	  {"error": "line_number is missing", "field": "line_number"},
	  {"error": "an error happened"},
	  {"id": "D-000002"}]}`, first.body)
	again := g.call(http.MethodPost, "/dispatches/bulk", "k", body)
	require.Equal(t, first.body, again.body)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.Equal(t, http.StatusUnprocessableEntity, g.call(http.MethodPost, "/dispatches/bulk", "k", `{"dispatches": [`+dispatch("A", 3)+`]}`).status)
	require.Equal(t, http.StatusUnprocessableEntity, g.call(http.MethodPost, "/dispatches/bulk", "", `{"dispatches": []}`).status)
	require.Equal(t, first.body, g.get("/dispatches/by-key/k").body)

	seen := g.Seen()
	require.EqualValues(t, 2, seen.Effects)
	require.Zero(t, seen.Duplicates)
	require.Zero(t, seen.Overlaps, "items of one call do not overlap")
	require.Equal(t, fake.Order{Lines: []string{"1", "2", "3"}, Effects: []string{"1", "2"}, Backward: 1}, seen.Orders["A"],
		"the second call brings line 1 after line 2")
}

func TestLookUps(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{})
	sent := g.send("a/b c", "A/1", 7)
	for path, status := range map[string]int{
		"/dispatches/by-key/a%2Fb%20c":                        200,
		"/dispatches/by-key/other":                            404,
		"/dispatches/by-line/A%2F1/7":                         200,
		"/dispatches/by-line/A%2F1/7?tracking_number=T-A/1-7": 200,
		"/dispatches/by-line/A%2F1/7?tracking_number=other":   404,
		"/dispatches/by-line/A%2F1/8":                         404,
		"/dispatches/by-line/A/1/7":                           404,
	} {
		got := g.get(path)
		require.Equal(t, status, got.status, path)
		if status == http.StatusOK {
			require.JSONEq(t, sent.body, got.body, path)
		}
	}
	require.Equal(t, map[string]int64{"dispatches": 1, "by-key": 2, "by-line": 4, "other": 1}, g.Seen().Routes)
}

func TestTrackings(t *testing.T) {
	t.Parallel()
	ask := func(seed uint64, unknown float64) (answers map[string]string, statuses map[any]int) {
		g := run(t, fake.Behaviour{Seed: seed, UnknownShare: unknown})
		answers, statuses = map[string]string{}, map[any]int{}
		for i := range 100 {
			path := fmt.Sprintf("/trackings/cj/%d", 500+i)
			got := g.get(path)
			require.Equal(t, got.body, g.get(path).body, "asked twice")
			answers[path] = got.body
			statuses[got.get(t, "status")]++
			if got.status == http.StatusOK {
				_, err := time.Parse(time.RFC3339, got.get(t, "at").(string))
				require.NoError(t, err)
			}
		}
		require.Equal(t, http.StatusNotFound, g.get("/trackings/cj/40412").status)
		return answers, statuses
	}
	one, statuses := ask(1, 0)
	for _, status := range []string{"accepted", "in_transit", "out_for_delivery", "delivered", "returned"} {
		require.Greater(t, statuses[status], 5, status)
	}
	require.Len(t, statuses, 5)
	same, _ := ask(1, 0)
	require.Equal(t, one, same)
	other, _ := ask(2, 0)
	require.NotEqual(t, one, other)
	_, some := ask(1, 0.3)
	require.InDelta(t, 30, some[nil], 15, "unknown ones")
}

func TestToken(t *testing.T) {
	t.Parallel()
	g := runWith(t, fake.Options{Token: "s3cret"})
	for given, status := range map[string]int{"": 401, "Bearer other": 403, "Basic s3cret": 403, "Bearer s3cret": 200, "bearer s3cret": 200} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.URL+"/trackings/cj/1", nil)
		require.NoError(t, err)
		if given != "" {
			request.Header.Set("Authorization", given)
		}
		require.Equal(t, status, g.do(request).status, given)
	}
	require.Equal(t, http.StatusOK, g.get("/_seen").status, "the records ask for none")
}
