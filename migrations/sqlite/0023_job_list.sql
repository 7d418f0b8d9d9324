-- Jobs, newest first: by each of what they are asked for by. Most jobs finish and succeed; whoever asks for those finds them
-- without an index.
CREATE INDEX jobs_of_account ON jobs (account, seq);
CREATE INDEX jobs_of_app ON jobs (app, seq);
CREATE INDEX jobs_by_asker ON jobs (requested_by, seq) WHERE requested_by IS NOT NULL;
CREATE INDEX jobs_by_state ON jobs (state, seq) WHERE state <> 'finished';
CREATE INDEX jobs_by_outcome ON jobs (outcome, seq) WHERE outcome <> 'succeeded';
CREATE INDEX jobs_by_code ON jobs (code, seq) WHERE outcome <> 'succeeded';
CREATE INDEX jobs_by_kind ON jobs (kind, seq) WHERE kind <> 'verify_login';
