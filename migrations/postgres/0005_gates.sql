-- The app of a job's account: an app whose gate is shut is passed over, however many of its jobs wait.
ALTER TABLE jobs ADD COLUMN app text COLLATE "C" GENERATED ALWAYS AS (split_part(account, '/', 1)) STORED;
CREATE INDEX jobs_by_app ON jobs (app, rank, seq) WHERE state = 'queued';

-- 0 is held back until its app has room. Then a queue outside of the database is told of the job, which is on its way
-- there until this time.
ALTER TABLE jobs ADD COLUMN called_up_until bigint;
CREATE INDEX jobs_held_back ON jobs (app, called_up_until, rank, seq)
WHERE state = 'queued' AND called_up_until IS NOT NULL;

-- The gates of apps that have limits, or have failed lately.
CREATE TABLE app_gates (
    app           text COLLATE "C" PRIMARY KEY,
    -- The limits, as the last worker told them.
    concurrent    bigint,
    beginnings    bigint,
    window_ms     bigint,
    -- So many have begun lately that no attempt may begin before then.
    full_until    bigint NOT NULL DEFAULT 0,
    -- Attempts in a row that failed, and how the last of them ended.
    failures      bigint NOT NULL DEFAULT 0,
    code          text,
    -- The breaker: since when it is open, before when no probe may be made, how many have failed, and the claim of the last.
    opened_at     bigint,
    probe_after   bigint NOT NULL DEFAULT 0,
    failed_probes bigint NOT NULL DEFAULT 0,
    probe_job     uuid,
    probe_token   bigint
);

-- When attempts at apps that have limits began, and by which claim: a place in the app is held as long as that stands.
CREATE TABLE app_beginnings (
    job   uuid NOT NULL,
    token bigint NOT NULL,
    app   text COLLATE "C" NOT NULL,
    at    bigint NOT NULL,
    PRIMARY KEY (job, token)
);

CREATE INDEX beginnings_by_app ON app_beginnings (app, at);
