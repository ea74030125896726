package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"github.com/longhaul/longhaul/activities"
	"github.com/longhaul/longhaul/api"
	"github.com/longhaul/longhaul/catalog"
	"github.com/longhaul/longhaul/contract"
	"github.com/longhaul/longhaul/dataset"
	"github.com/longhaul/longhaul/internal/blob"
	"github.com/longhaul/longhaul/internal/config"
	"github.com/longhaul/longhaul/internal/devstack"
	"github.com/longhaul/longhaul/internal/notify"
	"github.com/longhaul/longhaul/internal/store"
	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
	"github.com/longhaul/longhaul/web"
	"github.com/longhaul/longhaul/worker"
)

// parts are the parts of the system, opened by configuration and wired together.
type parts struct {
	config   config.Config
	version  string
	log      *slog.Logger
	kinds    *dataset.Registry
	store    *store.Store
	blobs    *blob.Store
	temporal client.Client
	options  client.Options
	starter  *starter.Starter
	partners map[string]config.Partner
}

// findStack lets a command reach a `longhaul dev` that runs on the data directory, for everything that
// neither the environment nor a flag names.
func (s *invocation) findStack() error {
	c := s.config
	info, err := devstack.Find(cmp.Or(c.DataDir, config.DefaultDataDir))
	if job.CodeOf(err) == job.CodeNotFound {
		return nil // none: the defaults hold
	}
	if err != nil {
		return err
	}
	if c.DatabaseURL != "" && c.DatabaseURL != info.DatabaseURL {
		return nil // another system is meant
	}
	c.DatabaseURL = info.DatabaseURL
	c.BlobURL = cmp.Or(c.BlobURL, info.BlobURL)
	c.PublicURL = cmp.Or(c.PublicURL, info.HTTPURL)
	c.TemporalUIURL = cmp.Or(c.TemporalUIURL, info.TemporalUI)
	s.partners = info.Partners
	if os.Getenv("TEMPORAL_ADDRESS") == "" {
		s.temporal, s.namespace = info.TemporalAddress, info.TemporalNamespace
	}
	return nil
}

// open opens database and files.
func (s *invocation) open() (*parts, error) {
	if err := s.config.Resolve(); err != nil {
		return nil, &job.Error{Code: job.CodeInvalid, Message: err.Error()}
	}
	p := &parts{config: *s.config, version: s.version, log: s.config.Logger(s.log)}
	var err error
	if p.kinds, err = catalog.New(); err != nil {
		return nil, err
	}
	if err := p.readPartners(s.partners); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	if p.store, err = store.Open(s, p.config.DatabaseURL, store.Options{MaxOpen: p.config.DBMaxOpen, Logger: p.log}); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if p.blobs, err = blob.Open(s, p.config.BlobURL); err != nil {
		p.close()
		return nil, fmt.Errorf("open file storage: %w", err)
	}
	return p, nil
}

// connect opens everything, Temporal included.
func (s *invocation) connect() (*parts, error) {
	if err := s.findStack(); err != nil {
		return nil, err
	}
	p, err := s.open()
	if err != nil {
		return nil, err
	}
	options, err := config.Temporal(p.log)
	if err == nil {
		options.HostPort = cmp.Or(s.temporal, options.HostPort)
		options.Namespace = cmp.Or(s.namespace, options.Namespace)
		err = p.dial(s, options)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *parts) dial(ctx context.Context, options client.Options) error {
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return &job.Error{
			Code:    job.CodeUnavailable,
			Message: fmt.Sprintf("Temporal does not answer at %s; is it running (longhaul dev), and is TEMPORAL_ADDRESS right?", cmp.Or(options.HostPort, client.DefaultHostPort)),
			Err:     err,
		}
	}
	p.temporal, p.options = c, options
	p.starter = &starter.Starter{
		Temporal: c, Store: p.store, Kinds: p.kinds, Blobs: p.blobs, Limits: p.limits(), Logger: p.log,
		PartnerSettings: p.settings(),
	}
	return nil
}

// limits are what uploads are guarded by.
func (p *parts) limits() upload.Limits {
	c := p.config
	return upload.Limits{
		Size: c.UploadMaxSize, Expanded: c.UploadMaxExpanded, Entries: c.UploadMaxEntries,
		Rows: c.UploadMaxRows, Columns: c.UploadMaxColumns, CellChars: c.UploadMaxCell,
	}
}

func (p *parts) namespace() string { return cmp.Or(p.options.Namespace, client.DefaultNamespace) }

func (p *parts) close() {
	if p.temporal != nil {
		p.temporal.Close()
	}
	var err error
	if p.blobs != nil {
		err = p.blobs.Close()
	}
	if p.store != nil {
		err = errors.Join(err, p.store.Close())
	}
	if err != nil {
		p.log.Warn("close", "error", err)
	}
}

// work runs a worker until ctx ends.
func (p *parts) work(ctx context.Context) error {
	if err := starter.EnsureSearchAttributes(ctx, p.temporal, p.namespace()); err != nil {
		return err
	}
	if err := starter.EnsureHousekeeping(ctx, p.temporal, contract.TaskQueue); err != nil {
		return err
	}
	partners, err := p.callers()
	if err != nil {
		return err
	}
	defer partners.Close()
	deeds, err := p.deeds(partners)
	if err != nil {
		return err
	}
	return worker.Run(ctx, p.temporal, deeds, worker.Options{
		MaxActivities: p.config.WorkerMaxPages, Partners: p.partnerNames(),
	})
}

func (p *parts) deeds(partners activities.Partners) (worker.Deeds, error) {
	var tell notify.Notifier = notify.Log{Logger: p.log}
	if p.config.SlackWebhookURL != "" {
		slack, err := notify.NewSlack(p.config.SlackWebhookURL, nil)
		if err != nil {
			return worker.Deeds{}, err
		}
		tell = slack
	}
	return worker.Deeds{
		Jobs:   &activities.Jobs{Kinds: p.kinds, Store: p.store, Notify: tell, PublicURL: p.config.PublicURL, Partners: partners},
		Export: &activities.Export{Kinds: p.kinds, Store: p.store, Blobs: p.blobs, KeepFor: p.config.ArtifactTTL},
		BulkSave: &activities.BulkSave{
			Kinds: p.kinds, Store: p.store, Blobs: p.blobs, Limits: p.limits(), KeepFor: p.config.ArtifactTTL,
		},
		Sync: &activities.Sync{
			Kinds: p.kinds, Store: p.store, Blobs: p.blobs, Limits: p.limits(), KeepFor: p.config.ArtifactTTL, Partners: partners,
		},
		Housekeeping: &activities.Housekeeping{Store: p.store, Blobs: p.blobs, Heal: p.starter.Heal},
	}, nil
}

// databaseReady tells whether the database answers and is the one that this program knows.
func (p *parts) databaseReady(ctx context.Context) error {
	pending, err := p.store.Pending(ctx)
	if err == nil && len(pending) > 0 {
		err = errors.New("migrations are due")
	}
	return err
}

func (p *parts) handler() (http.Handler, error) {
	page, err := web.Handler(web.Options{})
	if err != nil {
		return nil, err
	}
	metrics := prometheus.NewRegistry()
	if err := metrics.Register(pools{p.store}); err != nil {
		return nil, err
	}
	return api.New(api.Options{
		Metrics: metrics,
		Jobs:    p.starter, Files: p.blobs, Kinds: p.kinds, Version: p.version, Web: page, Logger: p.log,
		TemporalUI: p.config.TemporalUIURL, Namespace: p.namespace(), MaxUpload: p.config.UploadMaxSize,
		Ready: map[string]func(context.Context) error{
			"database": p.databaseReady,
			"files":    p.blobs.Check,
			"temporal": func(ctx context.Context) error {
				_, err := p.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
				return err
			},
		},
	})
}
