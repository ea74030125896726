-- Frozen: what is out there has been made from it. A change is a new migration.

CREATE TABLE sellers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  code TEXT NOT NULL CHECK (length(code) <= 64),
  name TEXT NOT NULL CHECK (length(name) <= 200),
  time_zone TEXT NOT NULL DEFAULT 'Asia/Seoul' CHECK (length(time_zone) <= 64),
  created_at DATETIME NOT NULL
);

CREATE UNIQUE INDEX sellers_code ON sellers (code);

CREATE TABLE products (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seller_id INTEGER NOT NULL,
  sku TEXT NOT NULL CHECK (length(sku) <= 64),
  barcode TEXT NOT NULL CHECK (length(barcode) <= 64),
  name TEXT NOT NULL CHECK (length(name) <= 500),
  option_name TEXT NOT NULL CHECK (length(option_name) <= 300),
  price TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);

CREATE UNIQUE INDEX products_sku ON products (seller_id, sku);

CREATE TABLE stock_levels (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seller_id INTEGER NOT NULL,
  product_id INTEGER NOT NULL,
  warehouse TEXT NOT NULL CHECK (length(warehouse) <= 32),
  on_hand INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  updated_at DATETIME NOT NULL
);

CREATE UNIQUE INDEX stock_levels_product ON stock_levels (product_id, warehouse);

CREATE INDEX stock_levels_seller ON stock_levels (seller_id, id);

CREATE TABLE orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seller_id INTEGER NOT NULL,
  order_number TEXT NOT NULL CHECK (length(order_number) <= 64),
  channel TEXT NOT NULL CHECK (length(channel) <= 32),
  status TEXT NOT NULL CHECK (length(status) <= 32),
  ordered_at DATETIME NOT NULL,
  customer_id TEXT NOT NULL CHECK (length(customer_id) <= 64),
  customer_name TEXT NOT NULL CHECK (length(customer_name) <= 300),
  phone TEXT NOT NULL CHECK (length(phone) <= 40),
  country TEXT NOT NULL CHECK (length(country) <= 100),
  address TEXT NOT NULL CHECK (length(address) <= 1000),
  memo TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);

CREATE UNIQUE INDEX orders_number ON orders (seller_id, order_number);

CREATE TABLE shipments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seller_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  carrier TEXT NOT NULL CHECK (length(carrier) <= 64),
  tracking_number TEXT NOT NULL CHECK (length(tracking_number) <= 64),
  status TEXT NOT NULL CHECK (length(status) <= 32),
  shipped_at DATETIME NULL,
  delivered_at DATETIME NULL,
  created_at DATETIME NOT NULL
);

CREATE INDEX shipments_seller ON shipments (seller_id, id);
CREATE INDEX shipments_order ON shipments (order_id);

CREATE TABLE order_lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seller_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  line_number INTEGER NOT NULL,
  product_id INTEGER NOT NULL,
  shipment_id INTEGER NULL,
  sku TEXT NOT NULL CHECK (length(sku) <= 64),
  product_name TEXT NOT NULL CHECK (length(product_name) <= 500),
  quantity INTEGER NOT NULL,
  unit_price TEXT NOT NULL,
  amount TEXT NOT NULL,
  marketplace_line_id TEXT NOT NULL CHECK (length(marketplace_line_id) <= 32),
  ordered_at DATETIME NOT NULL,
  created_at DATETIME NOT NULL
);

CREATE UNIQUE INDEX order_lines_number ON order_lines (order_id, line_number);

CREATE INDEX order_lines_seller ON order_lines (seller_id, id);

CREATE INDEX order_lines_product ON order_lines (product_id);

CREATE TABLE jobs (
  id TEXT NOT NULL CHECK (length(id) <= 64),
  type TEXT NOT NULL CHECK (length(type) <= 32),
  kind TEXT NOT NULL CHECK (length(kind) <= 64),
  tenant TEXT NOT NULL CHECK (length(tenant) <= 64),
  state TEXT NOT NULL CHECK (length(state) <= 32),
  reason TEXT NOT NULL CHECK (length(reason) <= 32),
  message TEXT NOT NULL,
  progress TEXT NOT NULL,
  request TEXT NOT NULL,
  requested_by TEXT NOT NULL CHECK (length(requested_by) <= 200),
  workflow_id TEXT NOT NULL CHECK (length(workflow_id) <= 1000),
  run_id TEXT NOT NULL CHECK (length(run_id) <= 64),
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  ended_at DATETIME NULL,
  PRIMARY KEY (id)
);

CREATE INDEX jobs_newest ON jobs (created_at, id);

CREATE INDEX jobs_tenant ON jobs (tenant, created_at, id);

CREATE INDEX jobs_state ON jobs (state, updated_at);

CREATE INDEX jobs_workflow ON jobs (workflow_id);

CREATE TABLE job_runs (
  job_id TEXT NOT NULL CHECK (length(job_id) <= 64),
  run_id TEXT NOT NULL CHECK (length(run_id) <= 64),
  seen_at DATETIME NOT NULL,
  PRIMARY KEY (job_id, run_id)
);

CREATE INDEX job_runs_run ON job_runs (run_id);

CREATE TABLE artifacts (
  job_id TEXT NOT NULL CHECK (length(job_id) <= 64),
  name TEXT NOT NULL CHECK (length(name) <= 255),
  position INTEGER NOT NULL,
  blob_key TEXT NOT NULL CHECK (length(blob_key) <= 500),
  content_type TEXT NOT NULL CHECK (length(content_type) <= 200),
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) <= 64),
  row_count INTEGER NOT NULL,
  sheets INTEGER NOT NULL,
  cells_truncated INTEGER NOT NULL,
  chars_escaped INTEGER NOT NULL,
  created_at DATETIME NOT NULL,
  expires_at DATETIME NULL,
  deleted_at DATETIME NULL,
  PRIMARY KEY (job_id, name)
);

CREATE INDEX artifacts_expiry ON artifacts (deleted_at, expires_at);

CREATE TABLE idempotency_keys (
  key_hash TEXT NOT NULL CHECK (length(key_hash) <= 64),
  fingerprint TEXT NOT NULL CHECK (length(fingerprint) <= 128),
  workflow_id TEXT NOT NULL CHECK (length(workflow_id) <= 1000),
  job_id TEXT NOT NULL CHECK (length(job_id) <= 64),
  created_at DATETIME NOT NULL,
  PRIMARY KEY (key_hash)
);

CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
