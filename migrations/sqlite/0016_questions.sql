-- How long a job waits for a person.
ALTER TABLE jobs ADD COLUMN wait_for_human_ms INTEGER NOT NULL DEFAULT 0;

-- What jobs ask people for. An answer is sealed with the question's own key, stands here until its worker takes it, and
-- opens in that worker's memory only.
CREATE TABLE questions (
    id            TEXT PRIMARY KEY,
    job           TEXT NOT NULL,
    attempt       TEXT NOT NULL,
    account       TEXT NOT NULL,
    wanted        TEXT NOT NULL,
    step          TEXT NOT NULL,
    key           BLOB NOT NULL,
    -- By the clock that leases run by.
    asked_at      INTEGER NOT NULL,
    until         INTEGER NOT NULL,
    state         TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'expired', 'withdrawn')),
    answer        BLOB,
    answered_by   TEXT,
    -- Somebody looks on until then; the last picture of the page, its secrets covered.
    watched_until INTEGER NOT NULL DEFAULT 0,
    picture       BLOB
);
CREATE INDEX questions_of_jobs ON questions (job, asked_at);
CREATE INDEX questions_open ON questions (asked_at) WHERE state = 'open';
