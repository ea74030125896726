// Package store keeps what Longhaul keeps in a database: the sellers' data that exports read and
// bulk saves write, the rows of jobs and their files, uploads and what came of saving them, the items of
// syncs and the states of partners' accounts, and the idempotency keys of requests. It runs on MySQL (MariaDB
// too) and on SQLite, and behaves the same on both; one suite of tests holds them to it.
//
// What is worth knowing before writing SQL for it:
//
//   - Times are instants in UTC, kept to the microsecond, whatever zone they come with.
//   - Money is exact: DECIMAL(18,4) on MySQL, text on SQLite. SQLite would compute with it in floating
//     point, so SQL never computes with it.
//   - Codes (SKU, order number, …) compare by code point. MySQL takes 'a' and 'a ' for equal, SQLite does
//     not; neither takes the two Unicode spellings of 가 for equal. So codes are saved in NFC and trimmed
//     ([NormalCode]), and whoever asks for one does the same. What an order line says about its product is
//     kept as it was ordered.
//   - Widths of columns are enforced by both engines, on SQLite by CHECK.
//   - String literals have single quotes: in double quotes they are identifiers on SQLite.
//
// # Connections
//
// A process has two pools: one for typed work (gorm and inserts) and one for [Store.Stream]. Together they
// never hold more than [Options.MaxOpen] connections; each gets one half. A stream holds its connection
// until its last row, so work that waits on streams cannot starve the rest, and the other way round.
package store
