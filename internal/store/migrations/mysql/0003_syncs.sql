-- Frozen: what is out there has been made from it. A change is a new migration.
-- MySQL commits at each statement, so each can run again.

CREATE TABLE IF NOT EXISTS syncs (
  job_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  tenant VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  kind VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  partner VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  retry_of VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  upload_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  items BIGINT NOT NULL,
  stretches INT NOT NULL,
  numbered BOOLEAN NOT NULL,
  succeeded BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  unprocessed BIGINT NOT NULL,
  codes TEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  pruned_at DATETIME(6) NULL,
  emptied BOOLEAN NOT NULL,
  PRIMARY KEY (job_id),
  KEY syncs_age (emptied, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS sync_items (
  job_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  position BIGINT NOT NULL,
  stretch INT NOT NULL,
  outcome VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  sent BOOLEAN NOT NULL,
  item_key VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  order_key VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  idempotency_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  fields MEDIUMTEXT NOT NULL,
  sheet VARCHAR(100) NOT NULL,
  source_row INT NOT NULL,
  attempts INT NOT NULL,
  code VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  message VARCHAR(1000) NOT NULL,
  errors MEDIUMTEXT NOT NULL,
  remote_id VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  tries MEDIUMTEXT NOT NULL,
  sent_at DATETIME(6) NULL,
  done_at DATETIME(6) NULL,
  PRIMARY KEY (job_id, position),
  KEY sync_items_stretch (job_id, stretch, position),
  KEY sync_items_outcome (job_id, outcome, code, position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS partner_accounts (
  name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  state MEDIUMTEXT NOT NULL,
  settings TEXT NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS dispatches (
  id BIGINT NOT NULL AUTO_INCREMENT,
  seller_id BIGINT NOT NULL,
  order_line_id BIGINT NOT NULL,
  carrier VARCHAR(64) NOT NULL,
  tracking_number VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  remote_id VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  told_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY dispatches_line (order_line_id),
  KEY dispatches_seller (seller_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE IF NOT EXISTS shipment_states (
  shipment_id BIGINT NOT NULL,
  seller_id BIGINT NOT NULL,
  status VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  at DATETIME(6) NULL,
  asked_at DATETIME(6) NOT NULL,
  PRIMARY KEY (shipment_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE INDEX shipments_tracking ON shipments (seller_id, tracking_number);
