package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

// accountEngine is what differs between the engines where the states of partners' accounts are kept.
type accountEngine interface {
	// accountClock is the expression for the clock that all processes go by; empty: this machine's own.
	accountClock() string
	// insertAccount inserts a row unless it is there.
	insertAccount() string
}

// accountClock is read when the row's lock is held. UTC_TIMESTAMP would tell when the statement began, which may have
// waited for the lock; a server with --sysdate-is-now does so here too, and starts come a little later than they could.
// The session's time zone is UTC.
func (mysqlEngine) accountClock() string { return "SYSDATE(6)" }

func (mysqlEngine) insertAccount() string {
	return "INSERT IGNORE INTO partner_accounts (name, state, settings, updated_at) VALUES (?, '', '', ?)"
}

// accountClock: a file has one machine.
func (sqliteEngine) accountClock() string { return "" }

func (sqliteEngine) insertAccount() string {
	return "INSERT INTO partner_accounts (name, state, settings, updated_at) VALUES (?, '', '', ?) ON CONFLICT DO NOTHING"
}

// accountRow is a row of partner_accounts.
type accountRow struct {
	state, settings []byte
	now             time.Time
	// The clock was read between these.
	before, after time.Time
}

// Turn implements [pace.Book].
func (s *Store) Turn(ctx context.Context, account string, do func(now time.Time, state *pace.State, c pace.Change) error) (before, after time.Time, err error) {
	err = s.inAccount(ctx, account, func(q *session, row accountRow) error {
		before, after = row.before, row.after
		state, change, err := row.decode()
		if err != nil {
			return err
		}
		if err := do(row.now, &state, change); err != nil {
			return err
		}
		next, err := json.Marshal(&state)
		if err != nil {
			return fmt.Errorf("encode state: %w", err)
		}
		if string(next) == string(row.state) {
			return nil // a turn that only looked
		}
		return q.exec(ctx, "UPDATE partner_accounts SET state = ?, updated_at = ? WHERE name = ?", string(next), instant(row.now), account)
	})
	return before, after, fail("change state of account "+account, err)
}

// ChangeAccount changes the change of an account's limits, as one step. When fn fails nothing is kept, and its error is
// returned.
func (s *Store) ChangeAccount(ctx context.Context, account string, fn func(*pace.Change) error) error {
	return fail("change limits of account "+account, s.inAccount(ctx, account, func(q *session, row accountRow) error {
		_, change, err := row.decode()
		if err != nil {
			return err
		}
		if err := fn(&change); err != nil {
			return err
		}
		settings, err := json.Marshal(change)
		if err != nil {
			return fmt.Errorf("encode limits: %w", err)
		}
		return q.exec(ctx, "UPDATE partner_accounts SET settings = ?, updated_at = ? WHERE name = ?", string(settings), instant(row.now), account)
	}))
}

// Account reads an account for display, with the time by its clock. An account that is not known yet has the zero state
// and no change.
func (s *Store) Account(ctx context.Context, account string) (pace.State, pace.Change, time.Time, error) {
	what := "read account " + account
	row, err := s.readAccount(ctx, s.session(nil), account, "")
	if errors.Is(err, errNoAccount) {
		return pace.State{}, pace.Change{}, now(), nil // nothing in it depends on the clock
	}
	if err != nil {
		return pace.State{}, pace.Change{}, time.Time{}, fail(what, err)
	}
	state, change, err := row.decode()
	return state, change, row.now, fail(what, err)
}

// inAccount runs fn in a transaction that holds the row of an account, which it makes where there is none.
func (s *Store) inAccount(ctx context.Context, account string, fn func(q *session, row accountRow) error) error {
	if len(account) == 0 || len(account) > accountBytes {
		return job.Errorf(job.CodeInvalid, "the name of a partner account has 1 to %d letters", accountBytes)
	}
	for {
		err := retryDeadlock(func() error { return s.tryAccount(ctx, account, fn) })
		if !errors.Is(err, errNoAccount) {
			return err
		}
		// Outside the transaction: two that look for a row that is not there lock the gap, and deadlock.
		if _, err := s.typed.ExecContext(ctx, s.engine.insertAccount(), account, now()); err != nil {
			return err
		}
	}
}

// errNoAccount tells that an account has no row.
var errNoAccount = errors.New("no such account")

// accountBytes is the width of partner_accounts.name.
const accountBytes = 64

func (s *Store) tryAccount(ctx context.Context, account string, fn func(q *session, row accountRow) error) error {
	end, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer end()
	tx, err := s.typed.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	q := s.session(tx)
	row, err := s.readAccount(ctx, q, account, s.engine.lock(true))
	if err != nil {
		return err
	}
	if err := fn(q, row); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	q.keep(ctx)
	return nil
}

func (s *Store) readAccount(ctx context.Context, q *session, account, lock string) (accountRow, error) {
	var row accountRow
	clock := s.engine.accountClock()
	columns, dest := "state, settings", []any{&row.state, &row.settings}
	if clock != "" {
		columns, dest = columns+", "+clock, append(dest, &row.now)
	}
	stmt, err := q.prepare(ctx, "SELECT "+columns+" FROM partner_accounts WHERE name = ?"+lock) //nolint:sqlclosecheck // the Store keeps it, or it ends with the transaction
	if err != nil {
		return accountRow{}, err
	}
	row.before = time.Now()
	err = stmt.QueryRowContext(ctx, account).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return accountRow{}, errNoAccount
	}
	if err != nil {
		return accountRow{}, err
	}
	row.after = time.Now()
	if clock == "" {
		row.before, row.now = row.after, instant(row.after)
	}
	return row, nil
}

func (r accountRow) decode() (state pace.State, change pace.Change, err error) {
	if len(r.state) > 0 {
		if err := json.Unmarshal(r.state, &state); err != nil {
			return pace.State{}, pace.Change{}, fmt.Errorf("read state: %w", err)
		}
	}
	if len(r.settings) > 0 {
		if err := json.Unmarshal(r.settings, &change); err != nil {
			return pace.State{}, pace.Change{}, fmt.Errorf("read limits: %w", err)
		}
	}
	return state, change, nil
}
