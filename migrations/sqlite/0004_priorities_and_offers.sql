-- Which jobs come first: `rank` is `not_before`, moved by what the priority is worth, so that none starves.
ALTER TABLE jobs ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('high', 'normal', 'low'));
ALTER TABLE jobs ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET rank = not_before;
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (rank, seq) WHERE state = 'queued';

-- Where the queue lies outside of the database: a message for the job is on its way there until then.
ALTER TABLE jobs ADD COLUMN offered_until INTEGER;
CREATE INDEX jobs_to_offer ON jobs (offered_until) WHERE state = 'queued';
