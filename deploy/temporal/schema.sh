#!/bin/sh
# Makes or updates the tables of a Temporal cluster. SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD say where,
# as temporal-sql-tool reads them. Harmless when there is nothing to do.
set -eu

schema=${TEMPORAL_SCHEMA_DIR:-/etc/temporal/schema}/mysql/v8
for pair in temporal:temporal temporal_visibility:visibility; do
	database=${pair%%:*}
	temporal-sql-tool --database "$database" setup-schema --version 0.0 # the version table; no more than that
	temporal-sql-tool --database "$database" update-schema --schema-dir "$schema/${pair#*:}/versioned"
done
