package fake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/partner/fake"
)

// TestChanceDoesNotDependOnOrder sends the same items five times each, one by one and all at once, in
// different orders and under different keys: each item has the same mishaps.
func TestChanceDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	b := fake.Behaviour{Seed: 11, ErrorShare: 0.2, DropShare: 0.2, DropBeforeShare: 0.2, RefuseShare: 0.1, Odd: fake.OddGarbage, OddShare: 0.1}
	story := func(g *rig, key string, line int) string {
		var story []string
		for len(story) < 5 {
			got := g.send(fmt.Sprint(key, line), "A", line)
			switch {
			case got.err != nil:
				story = append(story, "dropped")
			case !json.Valid([]byte(got.body)):
				story = append(story, "odd")
			default:
				story = append(story, fmt.Sprint(got.status))
			}
		}
		return strings.Join(story, " ")
	}
	const lines = 80
	inOrder := map[int]string{}
	g := run(t, b)
	for line := range lines {
		inOrder[line] = story(g, "one", line)
	}
	require.Zero(t, g.Seen().Overlaps)
	require.Zero(t, g.Seen().Backward)

	atOnce := map[int]string{}
	b.LatencyMax = 5 * time.Millisecond // so that they do overlap
	g = run(t, b)
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, line := range rand.Perm(lines) {
		all.Go(func() {
			s := story(g, "other", line)
			mu.Lock()
			defer mu.Unlock()
			atOnce[line] = s
		})
	}
	all.Wait()
	require.Equal(t, inOrder, atOnce)
	kinds := map[string]bool{}
	for _, s := range inOrder {
		for _, kind := range strings.Fields(s) {
			kinds[kind] = true
		}
	}
	require.Len(t, kinds, 6, "all that can happen does: %v", kinds)

	b.Seed = 12
	g = run(t, b)
	other := map[int]string{}
	for line := range lines {
		other[line] = story(g, "one", line)
	}
	require.NotEqual(t, inOrder, other)
}

func TestTheOrderOfItems(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{Poison: []string{"B"}})
	for _, line := range []int{2, 1, 3, 1} {
		g.send(fmt.Sprint("A", line), "A", line)
	}
	g.send("B", "B", 1)
	seen := g.Seen()
	require.Equal(t, map[string]fake.Order{
		"A": {Lines: []string{"2", "1", "3"}, Effects: []string{"2", "1", "3"}, Backward: 1},
		"B": {Lines: []string{"1"}},
	}, seen.Orders)
	require.EqualValues(t, 1, seen.Backward)
}

func TestSeenIsReadAndForgotten(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{})
	for line := range 3 {
		g.send(fmt.Sprint(line), "A", line)
	}
	got := g.get("/_seen?closer_than=1h")
	var seen fake.Seen
	require.NoError(t, json.Unmarshal([]byte(got.body), &seen))
	require.EqualValues(t, 2, seen.Spacing.Gaps)
	require.EqualValues(t, 2, seen.Spacing.Closer)
	require.EqualValues(t, 2, g.Closer(time.Hour))
	require.Zero(t, g.Closer(10*time.Microsecond))
	require.Positive(t, seen.Spacing.Min)
	require.GreaterOrEqual(t, seen.Spacing.Mean, seen.Spacing.Min)
	require.GreaterOrEqual(t, seen.Spacing.P99, seen.Spacing.P50)
	require.InDelta(t, seen.Last.Sub(seen.First).Seconds()*1e3, 2*seen.Spacing.Mean, 1e-3)
	require.Equal(t, 1, seen.MostInFlight)
	mine, err := json.Marshal(g.Seen())
	require.NoError(t, err)
	require.JSONEq(t, string(mine), g.get("/_seen").body, "questions about the records are not in them")

	short := g.get("/_seen?lists=no")
	require.EqualValues(t, 3, short.get(t, "effects"))
	require.Nil(t, short.get(t, "dispatches"))
	require.Nil(t, short.get(t, "orders"))
	require.Equal(t, http.StatusUnprocessableEntity, g.get("/_seen?closer_than=x").status)

	require.Equal(t, http.StatusNoContent, g.call(http.MethodDelete, "/_seen", "", "").status)
	empty := g.Seen()
	require.WithinRange(t, empty.Since, seen.Since, time.Now())
	require.Equal(t, fake.Seen{Since: empty.Since, Routes: map[string]int64{}, Answers: map[string]int64{}, Orders: map[string]fake.Order{}}, empty)
	require.Equal(t, "D-000001", g.send("1", "A", 1).get(t, "id"), "the key is forgotten too")
}

// TestACallOutlastsAReset: what is on its way when the records are forgotten ends as it would have.
func TestACallOutlastsAReset(t *testing.T) {
	t.Parallel()
	g := run(t, fake.Behaviour{Latency: 500 * time.Millisecond})
	done := make(chan reply, 1)
	go func() { done <- g.send("k", "A", 1) }()
	require.Eventually(t, func() bool { return g.Seen().InFlight == 1 }, time.Minute, time.Millisecond)
	g.Reset()
	require.Equal(t, 1, g.Seen().MostInFlight)
	require.Equal(t, http.StatusCreated, (<-done).status)
	require.Equal(t, http.StatusOK, g.send("k", "A", 1).status)
	require.EqualValues(t, 1, g.Seen().Effects)
	require.Zero(t, g.Seen().InFlight)
}

// TestUnderLoad has many clients, each with connections that it keeps, and all that can change meanwhile.
func TestUnderLoad(t *testing.T) {
	t.Parallel()
	const clients, each = 16, 60
	g := run(t, fake.Behaviour{LatencyMax: time.Millisecond})
	g.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	t.Cleanup(g.client.CloseIdleConnections)
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for line := range each {
				order := fmt.Sprint("O", i)
				key := fmt.Sprint(order, "-", line)
				if got := g.send(key, order, line); got.status != http.StatusCreated {
					t.Errorf("got %+v", got)
				}
				if got := g.send(key, order, line); got.status != http.StatusOK {
					t.Errorf("got %+v", got)
				}
				if line%20 == 0 {
					g.get("/_seen?closer_than=1ms")
					g.call(http.MethodPatch, "/_behaviour", "", fmt.Sprintf(`{"seed": %d}`, line))
				}
			}
		})
	}
	all.Wait()
	seen := g.Seen()
	require.EqualValues(t, 2*clients*each, seen.Calls)
	require.EqualValues(t, 2*clients*each-1, seen.Spacing.Gaps)
	require.EqualValues(t, clients*each, seen.Effects)
	require.EqualValues(t, clients*each, seen.Replays)
	require.Zero(t, seen.Duplicates)
	require.Zero(t, seen.Overlaps, "who waits for an answer never has two calls on their way")
	require.LessOrEqual(t, seen.MostInFlight, clients)
	require.Zero(t, seen.InFlight)
	require.Len(t, seen.Orders, clients)
	for number, o := range seen.Orders {
		require.Equal(t, o.Lines, o.Effects, number)
		require.True(t, slices.IsSortedFunc(o.Lines, func(a, b string) int { return len(a) - len(b) }), number)
		require.Len(t, o.Lines, each)
	}
}

// BenchmarkCalls is what a partner without latency costs, its clients included.
func BenchmarkCalls(b *testing.B) {
	partner, err := fake.Listen(b.Context(), "127.0.0.1:0", fake.Options{})
	require.NoError(b, err)
	defer partner.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	defer client.CloseIdleConnections()
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(10)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			line := int(n.Add(1))
			request, _ := http.NewRequest(http.MethodPost, partner.URL+"/dispatches", strings.NewReader(dispatch("A", line)))
			request.Header.Set("Idempotency-Key", strconv.Itoa(line))
			response, err := client.Do(request)
			if err != nil || response.StatusCode != http.StatusCreated {
				b.Error(response, err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	})
	require.EqualValues(b, b.N, partner.Seen().Effects)
}

func TestServeEndsGracefully(t *testing.T) {
	t.Parallel()
	s, err := fake.New(fake.Options{Behaviour: fake.Behaviour{Latency: 500 * time.Millisecond}})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served, got := make(chan error, 1), make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	go func() {
		response, err := http.Get("http://" + listener.Addr().String() + "/trackings/cj/1")
		if err == nil {
			err = response.Body.Close()
		}
		got <- err
	}()
	require.Eventually(t, func() bool { return s.Seen().InFlight == 1 }, time.Minute, time.Millisecond)
	stop()
	require.NoError(t, <-got, "a call on its way is answered")
	require.NoError(t, <-served)
	_, err = net.Dial("tcp", listener.Addr().String())
	require.Error(t, err)
}

func TestServeTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := fake.Listen(t.Context(), "127.0.0.1:http-of-nobody", fake.Options{})
	require.ErrorContains(t, err, "listen as a partner")
	_, err = fake.Listen(t.Context(), "127.0.0.1:0", fake.Options{Behaviour: fake.Behaviour{DropShare: 2}})
	require.ErrorContains(t, err, "drop_share")
	s, err := fake.New(fake.Options{})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.ErrorIs(t, s.Serve(t.Context(), listener), net.ErrClosed)
}
