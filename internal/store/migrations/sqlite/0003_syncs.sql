-- Frozen: what is out there has been made from it. A change is a new migration.

CREATE TABLE syncs (
  job_id TEXT NOT NULL CHECK (length(job_id) <= 64),
  tenant TEXT NOT NULL CHECK (length(tenant) <= 64),
  kind TEXT NOT NULL CHECK (length(kind) <= 64),
  partner TEXT NOT NULL CHECK (length(partner) <= 64),
  retry_of TEXT NOT NULL CHECK (length(retry_of) <= 64),
  upload_id TEXT NOT NULL CHECK (length(upload_id) <= 64),
  items INTEGER NOT NULL,
  stretches INTEGER NOT NULL,
  numbered BOOLEAN NOT NULL,
  succeeded INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  unprocessed INTEGER NOT NULL,
  codes TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  pruned_at DATETIME NULL,
  emptied BOOLEAN NOT NULL,
  PRIMARY KEY (job_id)
);

CREATE INDEX syncs_age ON syncs (emptied, created_at);

CREATE TABLE sync_items (
  job_id TEXT NOT NULL CHECK (length(job_id) <= 64),
  position INTEGER NOT NULL,
  stretch INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (length(outcome) <= 16),
  sent BOOLEAN NOT NULL,
  item_key TEXT NOT NULL CHECK (length(item_key) <= 300),
  order_key TEXT NOT NULL CHECK (length(order_key) <= 200),
  idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) <= 64),
  fields TEXT NOT NULL,
  sheet TEXT NOT NULL CHECK (length(sheet) <= 100),
  source_row INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  code TEXT NOT NULL CHECK (length(code) <= 32),
  message TEXT NOT NULL CHECK (length(message) <= 1000),
  errors TEXT NOT NULL,
  remote_id TEXT NOT NULL CHECK (length(remote_id) <= 300),
  tries TEXT NOT NULL,
  sent_at DATETIME NULL,
  done_at DATETIME NULL,
  PRIMARY KEY (job_id, position)
);

CREATE INDEX sync_items_stretch ON sync_items (job_id, stretch, position);

CREATE INDEX sync_items_outcome ON sync_items (job_id, outcome, code, position);

CREATE TABLE partner_accounts (
  name TEXT NOT NULL CHECK (length(name) <= 64),
  state TEXT NOT NULL,
  settings TEXT NOT NULL,
  updated_at DATETIME NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE dispatches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seller_id INTEGER NOT NULL,
  order_line_id INTEGER NOT NULL,
  carrier TEXT NOT NULL CHECK (length(carrier) <= 64),
  tracking_number TEXT NOT NULL CHECK (length(tracking_number) <= 64),
  remote_id TEXT NOT NULL CHECK (length(remote_id) <= 300),
  told_at DATETIME NOT NULL
);

CREATE UNIQUE INDEX dispatches_line ON dispatches (order_line_id);

CREATE INDEX dispatches_seller ON dispatches (seller_id, id);

CREATE TABLE shipment_states (
  shipment_id INTEGER NOT NULL,
  seller_id INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (length(status) <= 64),
  at DATETIME NULL,
  asked_at DATETIME NOT NULL,
  PRIMARY KEY (shipment_id)
);

CREATE INDEX shipments_tracking ON shipments (seller_id, tracking_number);
