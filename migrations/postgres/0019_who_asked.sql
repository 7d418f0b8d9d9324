-- Who asked for the job stands with each attempt at it, so that the log can be asked by it. Attempts that were made
-- before name nobody.
ALTER TABLE automation_log ADD COLUMN requested_by text;
ALTER TABLE attempts_under_way ADD COLUMN requested_by text;

CREATE INDEX log_by_code ON automation_log (code, seq);
CREATE INDEX log_by_asker ON automation_log (requested_by, seq) WHERE requested_by IS NOT NULL;
-- Most attempts verify logins: whoever asks for those finds them without an index.
CREATE INDEX log_by_kind ON automation_log (kind, seq) WHERE kind <> 'verify_login';

CREATE OR REPLACE VIEW attempts AS
SELECT seq, changed, id, job, kind, app, account, attempt, outcome, code, message, user_action, playbook,
       playbook_hash, browser_version, worker, queued_at, started_at, ended_at, duration_ms, evidence_path, requested_by
FROM automation_log
UNION ALL
SELECT seq, changed, id, job, kind, app, account, attempt, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, worker, queued_at, started_at, NULL, NULL, NULL, requested_by
FROM attempts_under_way;
