package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/api/enums/v1"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/job"
)

const (
	// lookEvery is how often a large job is asked how it stands, as `longhaul start --wait` does it.
	lookEvery = 200 * time.Millisecond
	// upWithin bounds the start of the API and of a worker, which takes a second on a busy machine.
	upWithin = time.Minute
	// tryEvery is how often something that starts is tried.
	tryEvery = 20 * time.Millisecond
)

// system is Longhaul: an API and one worker, a process each.
type system struct {
	rig    *rig
	env    []string
	worker *child
	more   []*child // further workers
	api    *child
	url    string
}

// startSystem starts API and worker, with further variables, and returns when both are there to work.
func (r *rig) startSystem(ctx context.Context, s sample, env ...string) (_ *system, err error) {
	sys := &system{rig: r, env: append(env,
		"LONGHAUL_DATABASE_URL="+s.url,
		"LONGHAUL_DATA_DIR="+filepath.Join(r.dir, "data"),
		"LONGHAUL_LOG_LEVEL=warn",
		"TEMPORAL_ADDRESS="+r.temporal.Address,
	)}
	defer func() {
		if err != nil {
			sys.stop()
		}
	}()
	if sys.worker, err = sys.startWorker(); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	sys.url = "http://" + address
	sys.api, err = spawn(r.Options, r.dir, RoleAPI, Spec{}, append(sys.env, "LONGHAUL_HTTP_ADDR="+address)...)
	if err != nil {
		return nil, err
	}
	if err := await(ctx, sys.api, func(ctx context.Context) error { return ready(ctx, sys.url) }); err != nil {
		return nil, err
	}
	return sys, await(ctx, sys.worker, func(ctx context.Context) error { return r.polled(ctx, contract.TaskQueue, sys.worker) })
}

func (sys *system) startWorker() (*child, error) {
	r := sys.rig
	return spawn(r.Options, r.dir, RoleWorker, Spec{Profile: r.Profile}, sys.env...)
}

func (sys *system) stop() {
	for _, c := range append([]*child{sys.api, sys.worker}, sys.more...) {
		if c != nil {
			c.stop()
		}
	}
}

// freeAddress finds a port of the loopback address that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// await tries until it succeeds, the child has ended or its time to start is over.
func await(ctx context.Context, c *child, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, upWithin)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.exited:
			return c.failure("it ended")
		case <-ctx.Done():
			return c.failure(fmt.Sprintf("it is not there after %s: %v", upWithin, err))
		case <-time.After(tryEvery):
		}
	}
}

// ready asks the API whether it and all that it stands on are there.
func ready(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// polled tells whether the worker asks for all work of a queue; on a partner's there are no workflows.
func (r *rig) polled(ctx context.Context, queue string, worker *child) error {
	kinds := []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_ACTIVITY}
	if queue == contract.TaskQueue {
		kinds = append(kinds, enums.TASK_QUEUE_TYPE_WORKFLOW)
	}
	for _, kind := range kinds {
		d, err := r.client.DescribeTaskQueue(ctx, queue, kind)
		if err != nil {
			return err
		}
		polls := false
		for _, p := range d.GetPollers() {
			polls = polls || hasPID(p.GetIdentity(), worker.pid())
		}
		if !polls {
			return errors.New("the worker does not poll yet")
		}
	}
	return nil
}

// hasPID tells whether an identity, which ends in a process's number, is that of a process.
func hasPID(identity string, pid int) bool {
	return bytes.HasSuffix([]byte(identity), fmt.Appendf(nil, "-%d", pid))
}

// runLonghaul measures from POST to the file that can be downloaded, and then its download.
func (r *rig) runLonghaul(ctx context.Context, s sample, ran *answer) (Measure, error) {
	sys, err := r.startSystem(ctx, s)
	if err != nil {
		return Measure{}, err
	}
	defer sys.stop()
	meter := newMeter(r.processes(map[string]int{partMain: sys.worker.pid(), partServer: sys.api.pid()}))
	began := time.Now()
	c := caller{url: sys.url, every: lookEvery}
	j, err := c.start(ctx, exportColumns)
	if err == nil {
		j, err = c.wait(ctx, j, nil)
	}
	if err != nil {
		return Measure{}, err
	}
	m := Measure{Contender: Longhaul, Wall: time.Since(began).Seconds()}
	if j.State == job.Succeeded {
		m.FileSize, err = c.download(ctx, j, r.file(Longhaul, s))
		m.WallDownloaded = time.Since(began).Seconds()
	}
	if err = errors.Join(r.complete(ctx, j, s.rows), err); err != nil {
		return m, err
	}
	m.take(meter.read(), 1) // what it takes to clean up is part of a job
	*ran = j
	return m, nil
}

// caller is a client of the API.
type caller struct {
	url   string
	every time.Duration // between two questions
}

// answer is what a client reads of a job.
type answer struct {
	ID         string       `json:"id"`
	WorkflowID string       `json:"workflow_id"`
	State      job.State    `json:"state"`
	Message    string       `json:"message"`
	Progress   job.Progress `json:"progress"`
	Save       *job.Save    `json:"save"`
	Sync       *job.Sync    `json:"sync"`
	Links      struct {
		Self     string `json:"self"`
		Resume   string `json:"resume"`
		Download string `json:"download"`
	} `json:"links"`
	Artifacts []struct {
		Rows int64 `json:"rows"`
	} `json:"artifacts"`
}

// complete tells whether a job has ended well, with so many rows.
func (a answer) complete(rows int) error {
	if a.State != job.Succeeded || len(a.Artifacts) != 1 || a.Artifacts[0].Rows != int64(rows) {
		return fmt.Errorf("job %s ended %s with %v instead of a file of %d rows: %s", a.ID, a.State, a.Artifacts, rows, a.Message)
	}
	return nil
}

// complete waits until the job's execution has closed, and fails unless it ended well, with so many rows. A
// job cleans up after its file is there; until that is done it can be neither started again nor left without
// a worker.
func (r *rig) complete(ctx context.Context, j answer, rows int) error {
	failure := r.client.GetWorkflow(ctx, j.WorkflowID, "").Get(ctx, nil)
	return errors.Join(j.complete(rows), failure)
}

func (c caller) start(ctx context.Context, columns []string) (answer, error) {
	body, err := json.Marshal(map[string]any{"tenant": exportTenant, "columns": columns})
	if err != nil {
		return answer{}, err
	}
	return c.ask(ctx, http.MethodPost, "/v1/exports/"+exportKind, bytes.NewReader(body))
}

// wait asks until the job has ended, or enough says that it has come far enough.
func (c caller) wait(ctx context.Context, j answer, enough func(answer) bool) (answer, error) {
	for {
		now, err := c.ask(ctx, http.MethodGet, j.Links.Self, nil)
		if err != nil || now.State.Ended() || (enough != nil && enough(now)) {
			return now, err
		}
		select {
		case <-ctx.Done():
			return now, ctx.Err()
		case <-time.After(c.every):
		}
	}
}

func (c caller) ask(ctx context.Context, method, path string, body io.Reader) (answer, error) {
	var a answer
	return a, c.send(ctx, method, path, "application/json", body, &a)
}

// send sends a request and reads its answer.
func (c caller) send(ctx context.Context, method, path, contentType string, body io.Reader, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = errors.New(string(data))
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %s: %w", method, path, response.Status, err)
	}
	return nil
}

// download fetches the file of a job and tells its size.
func (c caller) download(ctx context.Context, j answer, to string) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+j.Links.Download, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("download: %s", response.Status)
	}
	file, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(file, response.Body)
	return n, errors.Join(err, file.Close())
}
