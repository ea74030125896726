package bench

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// peerFiles are the program that sends items by npm's async-await-queue, and what it needs, pinned.
//
//go:embed peer
var peerFiles embed.FS

// Peer is what was found of Longhaul and async-await-queue, which send the same items with the same numbers at the same
// time, each to an account of its own of one partner.
type Peer struct {
	// LeftOut tells why the peer did not run; empty: it did.
	LeftOut string `json:"left_out,omitempty"`
	// Ideal is the least time there is: an interval for each item but the last, and the last one's answer. Seconds.
	Ideal float64    `json:"ideal"`
	Turns []PeerTurn `json:"turns"`
	// Outcome and End are Longhaul's times divided by the peer's (medians): to the last outcome and to the end of the job.
	Outcome float64 `json:"outcome"`
	End     float64 `json:"end"`
}

// PeerTurn is one run of both.
type PeerTurn struct {
	Ours SyncRun `json:"ours"`
	// Theirs is from the first item that is given to the queue to the last outcome, in seconds; nil where there was none.
	Theirs *PeerRun `json:"theirs,omitempty"`
}

// PeerRun is one run of the peer.
type PeerRun struct {
	Seconds float64 `json:"seconds"`
	Failed  int     `json:"failed"`
	CPU     float64 `json:"cpu"`
	PeakRSS int64   `json:"peak_rss"`
	Seen    Seen    `json:"seen"`
}

// peer runs both side by side: at ten calls a second neither keeps the machine busy, and what else the machine does hits
// both alike.
func (b *syncBench) peer(ctx context.Context, items int) error {
	p := &Peer{Ideal: (time.Duration(items-1)*paceInterval + paceLatency).Seconds()}
	program, err := b.installPeer(ctx)
	if err != nil {
		p.LeftOut = err.Error()
		b.logf("NOT MEASURED: async-await-queue: %v", err)
	}
	for range b.Repeat {
		turn, err := b.peerTurn(ctx, items, program)
		if err != nil {
			return err
		}
		p.Turns = append(p.Turns, turn)
	}
	p.conclude()
	b.report.Peer = p
	return nil
}

// peerTurn runs both once; without a program, Longhaul alone.
func (b *syncBench) peerTurn(ctx context.Context, items int, program string) (turn PeerTurn, err error) {
	s, err := b.openStand(ctx, standOptions{pacing: atPace, items: items, tenants: 1, workers: 1, accounts: 2})
	if err != nil {
		return turn, err
	}
	defer s.close()
	if program == "" {
		turn.Ours, err = s.run(ctx, nil)
		return turn, err
	}
	c, err := s.startPeer(ctx, program)
	if err != nil {
		return turn, err
	}
	defer c.stop()
	turn.Ours, err = s.run(ctx, func(answer) error { return c.say(wordGo) })
	if err != nil {
		return turn, err
	}
	theirs, err := s.peerResult(ctx, c)
	if err != nil {
		return turn, err
	}
	turn.Theirs = &theirs
	b.logf("peer: %.2f s to the last outcome, %.2f s to the end; async-await-queue %.2f s", turn.Ours.Outcome, turn.Ours.End, theirs.Seconds)
	return turn, nil
}

// startPeer starts the peer on the second account, and returns when it waits to be told to go.
func (s *stand) startPeer(ctx context.Context, program string) (*child, error) {
	spec, err := json.Marshal(map[string]any{
		"url": s.accounts[1], "items": s.files[syncTenants[0]], "inFlight": paceInFlight, "interval": paceInterval.Milliseconds(),
	})
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", "index.mjs", string(spec))
	cmd.Dir = program
	c, err := start(s.dir, RolePeer, cmd)
	if err != nil {
		return nil, err
	}
	if err := c.expect(ctx, wordReady); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (s *stand) peerResult(ctx context.Context, c *child) (r PeerRun, err error) {
	line, err := c.next(ctx)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		return r, c.failure(fmt.Sprintf("it said %q: %v", line, err))
	}
	if r.Failed > 0 {
		return r, c.failure(fmt.Sprintf("%d items failed", r.Failed))
	}
	used := usageOf(c.pid()) // its start is a part of it, some 50 ms
	r.CPU, r.PeakRSS = used.cpu.Seconds(), used.peak
	r.Seen, err = seen(ctx, s.accounts[1], s.items)
	return r, err
}

// installWithin is enough for one small package, and short for a machine without a way to a registry.
const installWithin = time.Minute

// installPeer makes the peer's program ready in the user's cache, and tells where it is. npm fetches what the lock names
// from whatever registry it is configured with.
func (b *syncBench) installPeer(ctx context.Context) (string, error) {
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			return "", err
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	files, digest, err := readPeer()
	if err != nil {
		return "", err
	}
	program := filepath.Join(cache, "longhaul", "bench-peer-"+digest)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return "", err
	}
	draft, err := os.MkdirTemp(filepath.Dir(program), "bench-peer-draft-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(draft)
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(draft, name), content, 0o600); err != nil {
			return "", err
		}
	}
	b.logf("npm ci: fetching async-await-queue")
	ctx, cancel := context.WithTimeout(ctx, installWithin)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
	install.Dir = draft
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	// As a whole, so that what is there is complete; somebody may have been quicker.
	if err := os.Rename(draft, program); err != nil {
		if _, missing := os.Stat(program); missing != nil {
			return "", err
		}
	}
	return program, nil
}

// readPeer reads the peer's files, and makes a name of what is in them.
func readPeer() (files map[string][]byte, digest string, err error) {
	entries, err := peerFiles.ReadDir("peer")
	if err != nil {
		return nil, "", err
	}
	files = map[string][]byte{}
	sum := sha256.New()
	for _, entry := range entries { // by name
		content, err := peerFiles.ReadFile("peer/" + entry.Name())
		if err != nil {
			return nil, "", err
		}
		files[entry.Name()] = content
		fmt.Fprintf(sum, "%s %d\n%s", entry.Name(), len(content), content)
	}
	return files, fmt.Sprintf("%x", sum.Sum(nil)[:6]), nil
}

// conclude computes the ratios.
func (p *Peer) conclude() {
	if p.LeftOut != "" {
		return
	}
	p.Outcome = medianOf(p.Turns, func(t PeerTurn) float64 { return t.Ours.Outcome / t.Theirs.Seconds })
	p.End = medianOf(p.Turns, func(t PeerTurn) float64 { return t.Ours.End / t.Theirs.Seconds })
}
