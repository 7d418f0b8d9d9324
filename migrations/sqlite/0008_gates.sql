-- The app of a job's account: an app whose gate is shut is passed over, however many of its jobs wait.
ALTER TABLE jobs ADD COLUMN app TEXT GENERATED ALWAYS AS (substr(account, 1, instr(account, '/') - 1)) VIRTUAL;
CREATE INDEX jobs_by_app ON jobs (app, rank, seq) WHERE state = 'queued';

-- What Turnlock owes comes first: found without a walk along all that wait.
CREATE INDEX jobs_owed ON jobs (rank, seq) WHERE state = 'queued' AND cause IS NOT NULL;

-- 0 is held back until its app has room. Then a queue outside of the database is told of the job, which is on its way
-- there until this time.
ALTER TABLE jobs ADD COLUMN called_up_until INTEGER;
CREATE INDEX jobs_held_back ON jobs (app, called_up_until, rank, seq)
WHERE state = 'queued' AND called_up_until IS NOT NULL;

-- The gates of apps that have limits, or have failed lately.
CREATE TABLE app_gates (
    app           TEXT PRIMARY KEY,
    -- The limits, as the last worker told them.
    concurrent    INTEGER,
    beginnings    INTEGER,
    window_ms     INTEGER,
    -- So many have begun lately that no attempt may begin before then.
    full_until    INTEGER NOT NULL DEFAULT 0,
    -- Attempts in a row that failed, and how the last of them ended.
    failures      INTEGER NOT NULL DEFAULT 0,
    code          TEXT,
    -- The breaker: since when it is open, before when no probe may be made, how many have failed, and the claim of the last.
    opened_at     INTEGER,
    probe_after   INTEGER NOT NULL DEFAULT 0,
    failed_probes INTEGER NOT NULL DEFAULT 0,
    probe_job     TEXT,
    probe_token   INTEGER
) STRICT, WITHOUT ROWID;

-- When attempts at apps that have limits began, and by which claim: a place in the app is held as long as that stands.
CREATE TABLE app_beginnings (
    job   TEXT NOT NULL,
    token INTEGER NOT NULL,
    app   TEXT NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (job, token)
) STRICT, WITHOUT ROWID;

CREATE INDEX beginnings_by_app ON app_beginnings (app, at);
