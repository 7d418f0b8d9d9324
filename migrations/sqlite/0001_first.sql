-- Times are milliseconds since 1970 in UTC; ids are UUIDs as text.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    account    TEXT PRIMARY KEY,
    app        TEXT NOT NULL,
    username   TEXT NOT NULL,
    address    TEXT COLLATE NOCASE UNIQUE,
    mfa_note   TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The candidate ledger.
CREATE TABLE candidates (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    account      TEXT NOT NULL REFERENCES accounts (account) ON DELETE CASCADE,
    kind         TEXT NOT NULL CHECK (kind IN ('password', 'totp', 'recovery_codes')),
    version      INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('pending', 'current', 'previous', 'rejected')),
    sealed       BLOB NOT NULL,
    job          TEXT,
    created_at   INTEGER NOT NULL,
    submitted_at INTEGER,
    decided_at   INTEGER,
    reason       TEXT,
    UNIQUE (account, kind, version)
) STRICT;

CREATE UNIQUE INDEX one_pending ON candidates (account, kind) WHERE state = 'pending';
CREATE UNIQUE INDEX one_current ON candidates (account, kind) WHERE state = 'current';

-- The ledger's promises hold for every writer, not only for this program.
CREATE TRIGGER candidate_transitions BEFORE UPDATE OF state ON candidates
WHEN OLD.state <> NEW.state
 AND NOT (OLD.state = 'pending' AND NEW.state IN ('current', 'rejected'))
 AND NOT (OLD.state = 'current' AND NEW.state = 'previous')
 AND NOT (OLD.state = 'previous' AND NEW.state = 'current')
 AND NOT (OLD.state = 'rejected' AND NEW.state = 'current' AND OLD.submitted_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'the ledger does not allow this transition'); END;

CREATE TRIGGER candidate_fixed BEFORE UPDATE OF id, account, kind, version, sealed, job, created_at ON candidates
BEGIN SELECT RAISE(ABORT, 'a candidate cannot be rewritten'); END;

-- When the account itself is removed, its row is gone before those of its candidates.
CREATE TRIGGER candidate_kept BEFORE DELETE ON candidates
WHEN EXISTS (SELECT 1 FROM accounts WHERE account = OLD.account)
BEGIN SELECT RAISE(ABORT, 'a candidate is never deleted'); END;

CREATE TABLE totp_use (
    candidate TEXT PRIMARY KEY REFERENCES candidates (id) ON DELETE CASCADE,
    last_step INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE wrong_tries (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    what    TEXT NOT NULL CHECK (what IN ('password', 'code')),
    at      INTEGER NOT NULL
) STRICT;

CREATE INDEX wrong_tries_by_account ON wrong_tries (account, at);

-- A lease that was released has expires_at 0; the row stays, so that tokens only grow.
CREATE TABLE leases (
    account    TEXT PRIMARY KEY,
    worker     TEXT NOT NULL,
    token      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    id               TEXT NOT NULL UNIQUE,
    kind             TEXT NOT NULL,
    account          TEXT NOT NULL,
    requested_by     TEXT,
    reason           TEXT,
    evidence         INTEGER NOT NULL,
    deadline_ms      INTEGER NOT NULL,
    submitted_at     INTEGER NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('queued', 'running', 'finished', 'cancelled')),
    attempts         INTEGER NOT NULL DEFAULT 0,
    tries            INTEGER NOT NULL DEFAULT 0,
    not_before       INTEGER NOT NULL,
    worker           TEXT,
    claim_token      INTEGER NOT NULL DEFAULT 0,
    claim_expires_at INTEGER,
    cancel_asked     INTEGER NOT NULL DEFAULT 0,
    outcome          TEXT,
    code             TEXT,
    finished_at      INTEGER
) STRICT;

CREATE INDEX jobs_due ON jobs (not_before, seq) WHERE state = 'queued';
-- One account, one job at a time.
CREATE UNIQUE INDEX jobs_running ON jobs (account) WHERE state = 'running';

CREATE TABLE automation_log (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    changed         INTEGER NOT NULL UNIQUE,
    id              TEXT NOT NULL UNIQUE,
    job             TEXT NOT NULL,
    kind            TEXT NOT NULL,
    app             TEXT NOT NULL,
    account         TEXT NOT NULL,
    attempt         INTEGER NOT NULL,
    outcome         TEXT,
    code            TEXT,
    message         TEXT,
    user_action     TEXT,
    playbook        TEXT,
    playbook_hash   TEXT,
    browser_version TEXT,
    worker          TEXT NOT NULL,
    queued_at       INTEGER NOT NULL,
    started_at      INTEGER NOT NULL,
    ended_at        INTEGER,
    duration_ms     INTEGER,
    evidence_path   TEXT
) STRICT;

CREATE INDEX log_by_job ON automation_log (job, seq);
CREATE INDEX log_by_account ON automation_log (account, seq);
CREATE INDEX log_by_app ON automation_log (app, outcome, seq);
CREATE INDEX log_by_outcome ON automation_log (outcome, seq);
CREATE INDEX log_by_start ON automation_log (started_at);
CREATE INDEX log_running ON automation_log (job) WHERE outcome IS NULL;

CREATE TRIGGER log_ended_once BEFORE UPDATE ON automation_log
WHEN OLD.outcome IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an attempt that has ended cannot be changed'); END;

CREATE TRIGGER log_kept BEFORE DELETE ON automation_log
BEGIN SELECT RAISE(ABORT, 'the automation log is append-only'); END;

CREATE TABLE automation_step (
    attempt     TEXT NOT NULL REFERENCES automation_log (id),
    seq         INTEGER NOT NULL,
    step        TEXT NOT NULL,
    summary     TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    duration_ms INTEGER,
    result      TEXT,
    detail      TEXT,
    PRIMARY KEY (attempt, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER step_in_time BEFORE INSERT ON automation_step
WHEN EXISTS (SELECT 1 FROM automation_log WHERE id = NEW.attempt AND outcome IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'an attempt that has ended cannot be changed'); END;

CREATE TRIGGER step_ended_once BEFORE UPDATE ON automation_step
WHEN OLD.result IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a step that has ended cannot be changed'); END;

CREATE TRIGGER step_kept BEFORE DELETE ON automation_step
BEGIN SELECT RAISE(ABORT, 'the automation log is append-only'); END;
