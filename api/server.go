package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

// Jobs starts, steers and tells about jobs; the starter implements it. Errors that the user may see are
// [*job.Error].
type Jobs interface {
	// StartExport checks a request and starts it, or returns the job that the same key has started before
	// (replayed). An empty key stands for none. A CodeInvalid that names no field, or a CodeConflict, says
	// that the key belongs to another request.
	StartExport(ctx context.Context, in contract.ExportInput, key string) (j job.Job, replayed bool, err error)
	// Job is truthful, and marked stale where it is only the last known state.
	Job(ctx context.Context, id string) (job.Job, error)
	Jobs(ctx context.Context, q job.Query) (job.Page, error)
	Cancel(ctx context.Context, id string) (job.Job, error)
	Pause(ctx context.Context, id string) (job.Job, error)
	Resume(ctx context.Context, id string) (job.Job, error)
	// Retry starts the job's request anew and returns the new job.
	Retry(ctx context.Context, id string) (job.Job, error)
	// Upload stores a file while it comes, and looks at its first rows. It reads body until it returns and not after,
	// and stores nothing unless body ends with io.EOF. CodeInvalid is a file that cannot be used, CodeNotFound an
	// unknown kind.
	Upload(ctx context.Context, r starter.UploadRequest, body io.Reader) (job.Upload, error)
	UploadByID(ctx context.Context, id string) (job.Upload, error)
	// StartBulkSave is to bulk saves what StartExport is to exports; CodeConflict says that the key belongs to another
	// request.
	StartBulkSave(ctx context.Context, in contract.BulkSaveInput, key string) (j job.Job, replayed bool, err error)
	// Undo starts a job that undoes a bulk save; CodeConflict when that cannot be undone, or not any more.
	Undo(ctx context.Context, id, requestedBy string) (job.Job, error)
	// StartSync is to syncs what StartBulkSave is to bulk saves.
	StartSync(ctx context.Context, in contract.SyncInput, key string) (j job.Job, replayed bool, err error)
	// RetryItems starts a job that sends chosen items of an ended sync again; its JobID is not looked at. CodeConflict
	// when there is nothing to send again.
	RetryItems(ctx context.Context, id string, sel contract.SyncRetry, requestedBy string) (job.Job, error)
	// Items tells about single rows of a bulk save, or items of a sync.
	Items(ctx context.Context, id string, q job.ItemQuery) (job.ItemPage, error)
	// Artifact finds a file by its name; CodeGone once it has expired.
	Artifact(ctx context.Context, id, name string) (job.Artifact, error)
	// Partners are all that are configured or that a kind names.
	Partners(ctx context.Context) ([]job.Partner, error)
	Partner(ctx context.Context, name string) (job.Partner, error)
	// ChangePartner changes limits for all processes and running jobs, within seconds. reset forgets earlier changes first.
	ChangePartner(ctx context.Context, name string, change job.PartnerLimits, reset bool) (job.Partner, error)
	Schedules(ctx context.Context) ([]job.Schedule, error)
	Schedule(ctx context.Context, id string) (job.Schedule, error)
	// CreateSchedule fills in what a schedule leaves out. CodeConflict when there is one of that ID.
	CreateSchedule(ctx context.Context, s job.Schedule, requestedBy string) (job.Schedule, error)
	ChangeSchedule(ctx context.Context, id string, c job.ScheduleChange) (job.Schedule, error)
	// DeleteSchedule leaves jobs that the schedule has started alone.
	DeleteSchedule(ctx context.Context, id string) error
	// RunSchedule starts the job now, as the schedule's overlap policy allows.
	RunSchedule(ctx context.Context, id string) error
}

// Options say what the API stands on. Jobs, Files and Kinds are needed, the rest may be left out.
type Options struct {
	Jobs  Jobs
	Files *blob.Store
	Kinds *dataset.Registry

	// Version is shown in the OpenAPI document; default "dev".
	Version string
	// Web serves the page, at / and under /static/; nil leaves it out.
	Web http.Handler
	// Ready are the checks of /readyz by the name of the part that they ask. None means always ready.
	Ready map[string]func(context.Context) error
	// Metrics is the registry behind /metrics, to which the API adds its own; default a new one.
	Metrics *prometheus.Registry
	// TemporalUI is the address of Temporal's Web UI, e.g. http://127.0.0.1:8233; empty offers no links to it.
	TemporalUI string
	// Namespace is Temporal's, for those links; default "default".
	Namespace string
	// MaxUpload is the size of the largest file accepted, in bytes; default [DefaultMaxUpload].
	MaxUpload int64
	// UploadIdle is how long a client may be silent while it sends a file; default 60 s.
	UploadIdle time.Duration
	// Poll is how often a watched job is asked how it stands; default 500 ms.
	Poll time.Duration
	// Ping is how often a silent event stream gives a sign of life; default 15 s.
	Ping time.Duration
	// Logger is told of internal errors and, at debug level, of every request; default slog.Default().
	Logger *slog.Logger
	// Now is the clock; default time.Now.
	Now func() time.Time

	stall time.Duration // shorter than stallTimeout in tests
}

func (o Options) withDefaults() (Options, error) {
	if o.Jobs == nil || o.Files == nil || o.Kinds == nil {
		return o, errors.New("make the API: Jobs, Files and Kinds are needed")
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	if o.MaxUpload <= 0 {
		o.MaxUpload = DefaultMaxUpload
	}
	if o.UploadIdle <= 0 {
		o.UploadIdle = defaultUploadIdle
	}
	if o.stall <= 0 {
		o.stall = stallTimeout
	}
	if o.Poll <= 0 {
		o.Poll = defaultPoll
	}
	if o.Ping <= 0 {
		o.Ping = defaultPing
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}

type server struct {
	Options
	api     huma.API
	hub     *hub
	metrics *metrics
	openapi []byte // the document, written once
}

// New makes the handler of the whole interface. Serve it with [Serve], which ends event streams at shutdown.
func New(options Options) (http.Handler, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &server{Options: options}
	if s.metrics, err = newMetrics(s.Metrics); err != nil {
		return nil, err
	}
	if err := s.Metrics.Register(partnerMetrics{partners: s.Jobs.Partners, logger: s.Logger}); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s.hub = newHub(s.Jobs, s.Poll, s.Logger, s.metrics.watched)

	engine := s.engine()
	s.api = humagin.New(engine, s.config())
	s.registerExports()
	s.registerUploads()
	s.registerBulkSaves()
	s.registerSyncs()
	s.registerJobs()
	s.registerItems()
	s.registerEvents()
	s.registerArtifacts()
	s.registerPartners()
	s.registerSchedules()
	s.registerKinds()
	s.registerTemplate()
	s.registerHealth()
	s.registerMetrics(engine)
	s.registerDocs(engine)
	s.registerWeb(engine)
	if s.openapi, err = s.document(); err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return engine, nil
}

// engine is Gin with our own answers for everything that no operation answers.
func (s *server) engine() *gin.Engine {
	// Gin's mode is one of the whole process and its default prints every route to standard output. Setting
	// it to the same value again and again is safe.
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false // a redirected POST is resent by some clients and dropped by others
	_ = engine.SetTrustedProxies(nil)    // nothing here depends on the client's address
	engine.Use(s.observe, s.recover, secure, refuseOtherSites())
	engine.NoRoute(func(c *gin.Context) {
		writeProblem(c.Writer, newProblem(problems[job.CodeNotFound], "there is nothing at this path; /docs lists what there is"))
	})
	engine.NoMethod(func(c *gin.Context) {
		writeProblem(c.Writer, blank(http.StatusMethodNotAllowed, "this path allows "+c.Writer.Header().Get("Allow")))
	})
	return engine
}

// registerWeb mounts the page, which lies at / and under /static/.
func (s *server) registerWeb(engine *gin.Engine) {
	if s.Web == nil {
		return
	}
	for _, path := range []string{"/", "/static/*file"} {
		engine.GET(path, gin.WrapH(s.Web))
		engine.HEAD(path, gin.WrapH(s.Web))
	}
}

// register adds an operation whose errors become problems and whose calls are bounded by callTimeout.
func register[In, Out any](s *server, op huma.Operation, handle func(context.Context, *In) (*Out, error)) {
	registerLong(s, op, func(ctx context.Context, in *In) (*Out, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		return handle(ctx, in)
	})
}

// registerLong adds an operation that bounds its calls itself.
func registerLong[In, Out any](s *server, op huma.Operation, handle func(context.Context, *In) (*Out, error)) {
	huma.Register(s.api, s.documented(op), func(ctx context.Context, in *In) (*Out, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// problem turns an error into its answer and logs what the client does not get to see.
func (s *server) problem(ctx context.Context, err error) *Problem {
	id := requestIDOf(ctx)
	p := problemOf(err, id)
	if p.Status >= http.StatusInternalServerError && !errors.Is(context.Cause(ctx), context.Canceled) { // the client is still there
		s.Logger.ErrorContext(ctx, "request failed", "request", id, "status", p.Status, "error", p.cause)
	}
	return p
}

// refuse answers from within a middleware of huma.
func (s *server) refuse(ctx huma.Context, p *Problem) {
	writeProblem(humagin.Unwrap(ctx).Writer, p)
}
