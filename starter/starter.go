// Package starter is the only code that starts, cancels, pauses or schedules executions, and that tells
// how a job stands. The API and the CLI call it.
package starter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/singleflight"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/partner"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

// Starter starts jobs and answers for them.
type Starter struct {
	Temporal client.Client
	Store    *store.Store
	Kinds    *dataset.Registry
	// Blobs is where uploads go.
	Blobs *blob.Store
	// Limits guard against uploads that are larger than they look.
	Limits upload.Limits
	// PartnerSettings are those of the outside systems that are configured, by name. A sync whose partner is not among them cannot be
	// started.
	PartnerSettings map[string]partner.Settings
	// TaskQueue is where executions are started; empty means [contract.TaskQueue].
	TaskQueue string
	// Logger is for what must not fail a request; nil means slog.Default().
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	asking singleflight.Group
}

// memoKey is the memo field that holds the Idempotency-Key an execution was started under.
const memoKey = "idempotency_key"

// execution is one start: what to start, under which lock, and what its job's row says.
type execution struct {
	typ         job.Type
	kind        string
	tenant      string
	requestedBy string
	workflowID  string
	digest      string // tells two requests under one Idempotency-Key apart
	summary     string // for operators
	running     string // what to say when the lock is held
	request     any
	start       func(ctx context.Context, opts client.StartWorkflowOptions) (client.WorkflowRun, error)
}

// startKeyed starts an execution, or returns the job that the same key has started before (replayed).
func (s *Starter) startKeyed(ctx context.Context, e execution, key string) (j job.Job, replayed bool, err error) {
	if key == "" {
		j, err = s.start(ctx, e, "")
		return j, false, err
	}
	return s.startOnce(ctx, e, key)
}

// startOnce starts at most one execution for a key. The key is claimed before the start and bound to the
// job after it; the execution carries it in its memo, so that a process which dies in between leaves
// enough for the next attempt to find the job.
func (s *Starter) startOnce(ctx context.Context, e execution, key string) (job.Job, bool, error) {
	scoped := e.tenant + "/" + key
	claim, err := s.Store.ClaimKey(ctx, scoped, e.digest, e.workflowID, s.now())
	if err != nil {
		return job.Job{}, false, unavailable("the database does not answer", err)
	}
	if claim.Fingerprint != e.digest {
		return job.Job{}, false, job.Errorf(job.CodeConflict, "this Idempotency-Key was used before for another request")
	}
	jobID := claim.JobID
	if jobID == "" && !claim.New {
		if jobID, err = s.startedUnder(ctx, e.workflowID, scoped); err != nil {
			return job.Job{}, false, err
		}
	}
	if jobID != "" {
		s.bind(ctx, scoped, jobID)
		j, err := s.Job(ctx, jobID)
		return j, true, err
	}
	j, err := s.start(ctx, e, scoped)
	var dup *job.Error
	if errors.As(err, &dup) && dup.Code == job.CodeDuplicate {
		// Perhaps a request with the same key was quicker by a moment.
		if same, _ := s.startedUnder(ctx, e.workflowID, scoped); same != "" {
			j, err = s.Job(ctx, same)
			return j, true, err
		}
	}
	if err != nil {
		return job.Job{}, false, err
	}
	s.bind(ctx, scoped, j.ID)
	return j, false, nil
}

func (s *Starter) bind(ctx context.Context, key, jobID string) {
	if err := s.Store.BindKey(ctx, key, jobID); err != nil {
		s.log().Warn("bind idempotency key; the execution's memo still has it", "job", jobID, "error", err)
	}
}

// startedUnder returns the job whose latest execution carries the key, or "".
func (s *Starter) startedUnder(ctx context.Context, workflowID, key string) (string, error) {
	d, err := s.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if notFound(err) {
		return "", nil
	}
	if err != nil {
		return "", unavailable("Temporal does not answer", err)
	}
	var held string
	if payload := d.GetWorkflowExecutionInfo().GetMemo().GetFields()[memoKey]; payload != nil {
		_ = json.Unmarshal(payload.GetData(), &held) // another program's memo is simply not ours
	}
	if held != key {
		return "", nil
	}
	return d.GetWorkflowExecutionInfo().GetFirstRunId(), nil
}

// start starts the execution and makes the job's row, unless the workflow was quicker.
func (s *Starter) start(ctx context.Context, e execution, key string) (job.Job, error) {
	options := client.StartWorkflowOptions{
		ID:        e.workflowID,
		TaskQueue: s.taskQueue(),
		// The workflow ID is the lock: one runs, a second is refused, and a closed one makes room.
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		// Without this the SDK hands back the running execution as if it were a new one.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			contract.JobType.ValueSet(string(e.typ)), contract.JobKind.ValueSet(e.kind),
			contract.Tenant.ValueSet(e.tenant), contract.RequestedBy.ValueSet(e.requestedBy)),
		StaticSummary: e.summary,
		// Saves a round trip where worker and starter share a process; else it does nothing.
		EnableEagerStart: true,
	}
	if key != "" {
		options.Memo = map[string]any{memoKey: key}
	}
	run, err := e.start(ctx, options)
	var dup *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case errors.As(err, &dup):
		return job.Job{}, s.duplicate(ctx, e, dup.RunId)
	case err != nil:
		return job.Job{}, unavailable("Temporal does not answer", err)
	}
	return s.insert(ctx, e, run.GetRunID()), nil
}

// duplicate names the job that holds the lock.
func (s *Starter) duplicate(ctx context.Context, started execution, runID string) error {
	e := job.Errorf(job.CodeDuplicate, "%s", started.running)
	e.JobID = runID
	if d, err := s.Temporal.DescribeWorkflowExecution(ctx, started.workflowID, runID); err == nil {
		e.JobID = d.GetWorkflowExecutionInfo().GetFirstRunId() // differs once it has continued as new
	}
	return e
}

// insert makes the row of a job that has just been started. It is no condition for the job to run: the
// workflow registers itself.
func (s *Starter) insert(ctx context.Context, e execution, runID string) job.Job {
	now := s.now().UTC()
	j := job.Job{
		ID: runID, Type: e.typ, Kind: e.kind, Tenant: e.tenant, RequestedBy: e.requestedBy,
		WorkflowID: e.workflowID, RunID: runID, CreatedAt: now,
		Status: job.Status{State: job.Queued, Progress: job.Progress{Phase: job.PhaseQueued}, UpdatedAt: now},
	}
	request, err := json.Marshal(e.request)
	if err == nil {
		j.Request = request
		err = s.Store.InsertJob(ctx, j)
	}
	if err != nil {
		s.log().Warn("insert row of a started job; its workflow will", "job", runID, "error", err)
	}
	return j
}

// tenant finds the seller that a request is for.
func (s *Starter) tenant(ctx context.Context, code string) (store.Seller, error) {
	if code == "" {
		return store.Seller{}, job.Invalid(job.FieldError{Pointer: "/tenant", Message: "a tenant is required"})
	}
	seller, err := s.Store.Seller(ctx, code)
	if job.CodeOf(err) == job.CodeNotFound {
		return seller, job.Invalid(job.FieldError{Pointer: "/tenant", Message: fmt.Sprintf("there is no tenant %q", code)})
	}
	if err != nil {
		return seller, unavailable("the database does not answer", err)
	}
	return seller, nil
}

func (s *Starter) taskQueue() string {
	if s.TaskQueue != "" {
		return s.TaskQueue
	}
	return contract.TaskQueue
}

func (s *Starter) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Starter) log() *slog.Logger {
	if s.Logger != nil {
		return s.Logger
	}
	return slog.Default()
}

// digest is short enough for the column that keeps it, whatever names it is made from.
func digest(parts ...string) string {
	doc, err := json.Marshal(parts)
	if err != nil {
		panic(fmt.Sprintf("marshal strings: %v", err)) // cannot fail
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}

func unavailable(message string, cause error) error {
	return &job.Error{Code: job.CodeUnavailable, Message: message, Err: cause}
}

func asJobError(err error) (*job.Error, bool) {
	var e *job.Error
	return e, errors.As(err, &e)
}

func notFound(err error) bool {
	var missing *serviceerror.NotFound
	return errors.As(err, &missing)
}
