-- Frozen: what is out there has been made from it. A change is a new migration.

CREATE TABLE uploads (
  id TEXT NOT NULL CHECK (length(id) <= 64),
  tenant TEXT NOT NULL CHECK (length(tenant) <= 64),
  kind TEXT NOT NULL CHECK (length(kind) <= 64),
  name TEXT NOT NULL CHECK (length(name) <= 1000),
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) <= 64),
  doc TEXT NOT NULL,
  blob_key TEXT NOT NULL CHECK (length(blob_key) <= 500),
  created_at DATETIME NOT NULL,
  expires_at DATETIME NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX uploads_file ON uploads (tenant, kind, sha256);

CREATE INDEX uploads_expiry ON uploads (expires_at);

CREATE TABLE header_mappings (
  tenant TEXT NOT NULL CHECK (length(tenant) <= 64),
  kind TEXT NOT NULL CHECK (length(kind) <= 64),
  header TEXT NOT NULL CHECK (length(header) <= 255),
  column_name TEXT NOT NULL CHECK (length(column_name) <= 64),
  updated_at DATETIME NOT NULL,
  PRIMARY KEY (tenant, kind, header)
);

CREATE INDEX header_mappings_newest ON header_mappings (tenant, kind, updated_at);

CREATE TABLE saves (
  job_id TEXT NOT NULL CHECK (length(job_id) <= 64),
  tenant TEXT NOT NULL CHECK (length(tenant) <= 64),
  kind TEXT NOT NULL CHECK (length(kind) <= 64),
  upload_id TEXT NOT NULL CHECK (length(upload_id) <= 64),
  sha256 TEXT NOT NULL CHECK (length(sha256) <= 64),
  undo_until DATETIME NULL,
  undone_by TEXT NOT NULL CHECK (length(undone_by) <= 64),
  undoes TEXT NOT NULL CHECK (length(undoes) <= 64),
  created_at DATETIME NOT NULL,
  PRIMARY KEY (job_id)
);

CREATE INDEX saves_file ON saves (tenant, kind, sha256, created_at);

CREATE TABLE save_chunks (
  job_id TEXT NOT NULL CHECK (length(job_id) <= 64),
  plan TEXT NOT NULL CHECK (length(plan) <= 64),
  chunk INTEGER NOT NULL,
  pass INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  reversed INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  codes TEXT NOT NULL,
  images BLOB NULL,
  image_rows INTEGER NOT NULL,
  created_at DATETIME NOT NULL,
  PRIMARY KEY (job_id, plan, chunk, pass)
);

CREATE INDEX save_chunks_created ON save_chunks (created_at);

CREATE TABLE save_items (
  job_id TEXT NOT NULL CHECK (length(job_id) <= 64),
  position INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (length(outcome) <= 16),
  doc TEXT NOT NULL,
  PRIMARY KEY (job_id, position)
);

CREATE TABLE save_accounts (
  job_id TEXT NOT NULL CHECK (length(job_id) <= 64),
  total INTEGER NOT NULL,
  complete BOOLEAN NOT NULL,
  made_at DATETIME NOT NULL,
  pruned_at DATETIME NULL,
  PRIMARY KEY (job_id)
);

CREATE INDEX save_accounts_age ON save_accounts (pruned_at, made_at);

CREATE INDEX order_lines_marketplace ON order_lines (seller_id, marketplace_line_id);

CREATE INDEX order_lines_shipment ON order_lines (shipment_id);
