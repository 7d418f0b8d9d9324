-- An attempt that is under way has no outcome to be found by: it comes into these indexes when it has ended, once.
DROP INDEX log_by_app_and_outcome, log_by_outcome, log_by_outcome_and_start;
CREATE INDEX log_by_app_and_outcome ON automation_log (app, outcome, seq) WHERE outcome IS NOT NULL;
CREATE INDEX log_by_outcome ON automation_log (outcome, seq) WHERE outcome IS NOT NULL;
CREATE INDEX log_by_outcome_and_start ON automation_log (outcome, started_at) WHERE outcome IS NOT NULL;
-- Those under way, for who puts months aside.
CREATE INDEX log_open ON automation_log (id) WHERE outcome IS NULL;
