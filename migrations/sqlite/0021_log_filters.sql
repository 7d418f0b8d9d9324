-- Filters of the log that had no index, or none that yields rows newest first.
CREATE INDEX log_by_app_alone ON automation_log (app, seq);
-- Most attempts verify logins: whoever asks for those finds them without an index.
CREATE INDEX log_by_kind ON automation_log (kind, seq) WHERE kind <> 'verify_login';
