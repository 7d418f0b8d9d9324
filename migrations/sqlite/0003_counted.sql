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
