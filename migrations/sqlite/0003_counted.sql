-- Until when the app may have counted a try: its window runs from then, while `at` is when the try began. As long as
-- the try is under way this is the latest that it can be.
ALTER TABLE credential_tries ADD COLUMN counted_at INTEGER;
UPDATE credential_tries SET counted_at = at;
DROP INDEX tries_that_count;
CREATE INDEX tries_that_count ON credential_tries (account, counted_at) WHERE counts;
CREATE INDEX tries_under_way ON credential_tries (account) WHERE result IS NULL;

-- A candidate that is submitted anew when its reconciliation has ended causes another one.
DROP INDEX jobs_by_cause;
CREATE UNIQUE INDEX jobs_by_cause ON jobs (cause) WHERE cause IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX jobs_caused ON jobs (cause, seq) WHERE cause IS NOT NULL;

-- Which jobs come first: `rank` is `not_before`, moved by what the priority is worth, so that none starves.
ALTER TABLE jobs ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('high', 'normal', 'low'));
ALTER TABLE jobs ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET rank = not_before;
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (rank, seq) WHERE state = 'queued';

-- Where the queue lies outside of the database: a message for the job is on its way there until then.
ALTER TABLE jobs ADD COLUMN offered_until INTEGER;
CREATE INDEX jobs_to_offer ON jobs (offered_until) WHERE state = 'queued';
