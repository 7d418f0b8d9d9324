-- Each use of a credential against the app: what the budget of wrong attempts counts, and what a reconciliation
-- remembers of what it tried. `result` is NULL while it is under way, and stays so if the worker dies.
CREATE TABLE credential_tries (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    account  TEXT NOT NULL,
    job      TEXT,
    flow     TEXT NOT NULL,
    password TEXT,
    totp     TEXT,
    at       INTEGER NOT NULL,
    result   TEXT CHECK (result IN ('signed_in', 'bad_credentials', 'code_refused', 'unclear', 'not_sent')),
    counts   INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX tries_that_count ON credential_tries (account, at) WHERE counts;
CREATE INDEX tries_by_job ON credential_tries (job) WHERE job IS NOT NULL;

INSERT INTO credential_tries (account, flow, at, result)
SELECT account, 'login', at, CASE what WHEN 'code' THEN 'code_refused' ELSE 'bad_credentials' END FROM wrong_tries;
DROP TABLE wrong_tries;

-- Every time step whose code was used. A clock that was set back does not make all codes wait until it has caught up.
CREATE TABLE totp_used (
    candidate TEXT NOT NULL REFERENCES candidates (id) ON DELETE CASCADE,
    step      INTEGER NOT NULL,
    PRIMARY KEY (candidate, step)
) STRICT, WITHOUT ROWID;
INSERT INTO totp_used (candidate, step) SELECT candidate, last_step FROM totp_use;
DROP TABLE totp_use;

-- The candidate whose fate a job is to find out that Turnlock submitted by itself; one job a candidate.
ALTER TABLE jobs ADD COLUMN cause TEXT;
CREATE UNIQUE INDEX jobs_by_cause ON jobs (cause) WHERE cause IS NOT NULL;
CREATE INDEX jobs_reconciling ON jobs (account, not_before) WHERE cause IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX candidates_in_doubt ON candidates (account) WHERE state = 'pending' AND submitted_at IS NOT NULL;

-- Retention: what was current once, or was rejected, may be forgotten. Its row stays, its secret goes.
ALTER TABLE candidates ADD COLUMN forgotten_at INTEGER;
DROP TRIGGER candidate_fixed;
CREATE TRIGGER candidate_fixed BEFORE UPDATE OF id, account, kind, version, job, created_at ON candidates
BEGIN SELECT RAISE(ABORT, 'a candidate cannot be rewritten'); END;
CREATE TRIGGER candidate_sealed BEFORE UPDATE OF sealed, forgotten_at ON candidates
WHEN NOT (OLD.state IN ('previous', 'rejected') AND OLD.forgotten_at IS NULL
          AND NEW.sealed = x'' AND NEW.forgotten_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'only the secret of a previous or rejected candidate can be forgotten'); END;
CREATE TRIGGER candidate_forgotten BEFORE UPDATE OF state ON candidates
WHEN OLD.forgotten_at IS NOT NULL AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'the secret of this candidate was forgotten'); END;
