package fake_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/partner/fake"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{ErrorShare: 1})
	require.Equal(t, http.StatusInternalServerError, g.send("k", "A", 1).status)
	require.NoError(t, g.Behave(fake.Behaviour{ErrorShare: 1, ErrorStatus: 502}))
	require.Equal(t, http.StatusBadGateway, g.send("k", "A", 1).status)
	require.Zero(t, g.Seen().Effects)
	require.NoError(t, g.Behave(fake.Behaviour{}))
	require.Equal(t, http.StatusCreated, g.send("k", "A", 1).status, "an error leaves the key free")
}

func TestDrops(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{DropBeforeShare: 1})
	require.ErrorIs(t, g.send("k", "A", 1).err, io.EOF)
	require.Zero(t, g.Seen().Effects)

	require.NoError(t, g.Behave(fake.Behaviour{DropShare: 1}))
	require.ErrorIs(t, g.send("k", "A", 1).err, io.EOF)
	require.EqualValues(t, 1, g.Seen().Effects)
	require.ErrorIs(t, g.send("k", "A", 1).err, io.EOF, "the replay is dropped too")

	require.NoError(t, g.Behave(fake.Behaviour{}))
	require.Equal(t, http.StatusOK, g.send("k", "A", 1).status)
	seen := g.Seen()
	require.Equal(t, map[string]int64{"dropped_before": 1, "dropped": 2, "200": 1}, seen.Answers)
	require.EqualValues(t, 2, seen.Replays)
	require.Zero(t, seen.Duplicates)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{Refuse: []string{"A"}, Poison: []string{"B"}})
	for range 2 {
		got := g.send("k", "A", 1)
		require.Equal(t, http.StatusUnprocessableEntity, got.status)
		require.Equal(t, "order A is closed", got.get(t, "message"))
		require.Equal(t, "order_number", got.get(t, "field"))
		require.Equal(t, http.StatusInternalServerError, g.send("l", "B", 1).status)
	}
	require.NoError(t, g.Behave(fake.Behaviour{RefuseShare: 0.5}))
	refused := 0
	for line := range 60 {
		first := g.send("", "C", line)
		require.Equal(t, first.status == http.StatusCreated, g.send("", "C", line).status == http.StatusCreated, "at every attempt")
		if first.status == http.StatusUnprocessableEntity {
			refused++
		}
	}
	require.InDelta(t, 30, refused, 20)
}

func TestOddAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		b       fake.Behaviour
		status  int
		kind    string
		effects int64
	}{
		{fake.Behaviour{Odd: fake.OddGarbage}, 200, "application/json", 1},
		{fake.Behaviour{Odd: fake.OddGarbage, OddStatus: 503}, 503, "application/json", 1},
		{fake.Behaviour{Odd: fake.OddHTML}, 200, "text/html; charset=utf-8", 0},
		{fake.Behaviour{Odd: fake.OddCut}, 200, "application/json", 1},
		{fake.Behaviour{Odd: fake.OddRedirect, RedirectTo: "http://169.254.169.254/latest"}, 307, "application/json", 0},
	} {
		g := run(t, tt.b)
		got := g.send("k", "A", 1)
		require.Equal(t, tt.status, got.status, "%+v", tt.b)
		require.Equal(t, tt.kind, got.header.Get("Content-Type"), "%+v", tt.b)
		require.Equal(t, tt.b.RedirectTo, got.header.Get("Location"))
		require.False(t, json.Valid([]byte(got.body)), "%+v", tt.b)
		require.Equal(t, tt.b.Odd == fake.OddCut, errors.Is(got.err, io.ErrUnexpectedEOF), "%v", got.err)
		seen := g.Seen()
		require.Equal(t, tt.effects, seen.Effects, "%+v", tt.b)
		require.Equal(t, map[string]int64{string(tt.b.Odd): 1}, seen.Answers)
	}
}

func TestAnEndlessBody(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{Odd: fake.OddEndless})
	response, err := g.client.Get(g.URL + "/trackings/cj/1")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	n, err := io.CopyN(io.Discard, response.Body, 10<<20)
	require.NoError(t, err)
	require.EqualValues(t, 10<<20, n)
	require.Equal(t, 1, g.Seen().InFlight)
	require.NoError(t, response.Body.Close())
	require.Eventually(t, func() bool { return g.Seen().Answers["endless"] == 1 && g.Seen().InFlight == 0 }, time.Minute, time.Millisecond)
	require.EqualValues(t, 1, g.Seen().HungUp)
}

func TestOutages(t *testing.T) {
	t.Parallel()
	at := clockAt(noon)
	g := runWith(t, fake.Options{Now: at.Now, Behaviour: fake.Behaviour{
		Outage: fake.OutageStatus, OutageFrom: noon.Add(time.Minute), OutageUntil: noon.Add(time.Hour),
	}})
	require.Equal(t, http.StatusCreated, g.send("k", "A", 1).status)
	at.forward(time.Minute)
	require.Equal(t, http.StatusServiceUnavailable, g.send("k", "A", 1).status)
	at.forward(time.Hour)
	require.Equal(t, http.StatusOK, g.send("k", "A", 1).status)
	require.NoError(t, g.Behave(fake.Behaviour{Outage: fake.OutageReset}))
	require.ErrorIs(t, g.send("k", "A", 1).err, syscall.ECONNRESET)
	require.Equal(t, map[string]int64{"201": 1, "200": 1, "outage": 1, "reset": 1}, g.Seen().Answers)
}

func TestAnOutageThatHangs(t *testing.T) {
	t.Parallel()
	at := clockAt(noon)
	g := runWith(t, fake.Options{Now: at.Now, Behaviour: fake.Behaviour{Outage: fake.OutageHang}})
	hang := func(ctx context.Context) chan error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.URL+"/trackings/cj/1", nil)
		require.NoError(t, err)
		before := g.Seen().InFlight
		done := make(chan error, 1)
		go func() { done <- g.do(request).err }()
		require.Eventually(t, func() bool { return g.Seen().InFlight > before }, time.Minute, time.Millisecond)
		return done
	}
	ctx, giveUp := context.WithCancel(t.Context())
	one, other := hang(ctx), hang(t.Context())
	giveUp()
	require.ErrorIs(t, <-one, context.Canceled)
	require.Eventually(t, func() bool { return g.Seen().HungUp == 1 && g.Seen().InFlight == 1 }, time.Minute, time.Millisecond)

	require.NoError(t, g.Behave(fake.Behaviour{Outage: fake.OutageHang, OutageUntil: noon.Add(20 * time.Millisecond)}))
	require.ErrorIs(t, <-other, io.EOF, "what hangs is let go by a change")
	require.ErrorIs(t, g.get("/trackings/cj/1").err, io.EOF, "or by the end of the outage")
	at.forward(20 * time.Millisecond)
	require.Equal(t, http.StatusOK, g.get("/trackings/cj/1").status)
}

func TestAPartnerThatIsDownRefusesConnections(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{})
	require.Equal(t, http.StatusCreated, g.send("k", "A", 1).status)
	for range 2 {
		require.NoError(t, g.Down())
		require.ErrorIs(t, g.send("k", "A", 1).err, syscall.ECONNREFUSED)
	}
	for range 2 {
		require.NoError(t, g.Up())
		require.Equal(t, http.StatusOK, g.send("k", "A", 1).status, "it still knows the key")
	}
}

// A client that gives up leaves its call running, and is not blamed for it.
func TestAClientThatHangsUp(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{SlowShare: 1, Slow: time.Second})
	ctx, giveUp := context.WithCancel(t.Context())
	hurried := *g
	hurried.client = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		return g.client.Transport.RoundTrip(r.WithContext(ctx))
	})}
	done := make(chan reply, 1)
	go func() { done <- hurried.send("k", "A", 1) }()
	require.Eventually(t, func() bool { return g.Seen().InFlight == 1 }, time.Minute, time.Millisecond)
	giveUp()
	require.ErrorIs(t, (<-done).err, context.Canceled)
	require.Eventually(t, func() bool { return g.Seen().HungUp == 1 }, time.Minute, time.Millisecond)
	require.Zero(t, g.Seen().InFlight)
	require.Eventually(t, func() bool { return g.Seen().Effects == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, g.Behave(fake.Behaviour{}))
	require.Eventually(t, func() bool { return g.send("k", "A", 1).status == http.StatusOK }, time.Minute, time.Millisecond)
	require.Zero(t, g.Seen().Overlaps)
	require.Zero(t, g.Seen().Duplicates)
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
