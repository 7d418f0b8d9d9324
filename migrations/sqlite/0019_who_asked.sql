-- Who asked for the job stands with each attempt at it, so that the log can be asked by it. Attempts that were made
-- before name nobody.
ALTER TABLE automation_log ADD COLUMN requested_by TEXT;
CREATE INDEX log_by_code ON automation_log (code, seq);
CREATE INDEX log_by_asker ON automation_log (requested_by, seq) WHERE requested_by IS NOT NULL;
