-- A row of the log is written once, when its attempt has ended, into all of the log's indexes at a time. While it is
-- under way an attempt stands in a small table of its own: it has no outcome, cannot be rewritten, and does not go
-- but into the log.
CREATE TABLE attempts_under_way (
    seq        bigint NOT NULL DEFAULT nextval('automation_log_seq'),
    changed    bigint NOT NULL,
    id         uuid PRIMARY KEY,
    job        uuid NOT NULL,
    kind       text NOT NULL,
    app        text COLLATE "C" NOT NULL,
    account    text COLLATE "C" NOT NULL,
    attempt    bigint NOT NULL,
    worker     text NOT NULL,
    queued_at  bigint NOT NULL,
    started_at bigint NOT NULL
);

INSERT INTO attempts_under_way
SELECT seq, changed, id, job, kind, app, account, attempt, worker, queued_at, started_at
FROM automation_log WHERE outcome IS NULL;

DROP INDEX log_open;
DROP TRIGGER log_ended_once ON automation_log;
DROP TRIGGER log_kept ON automation_log;
DELETE FROM automation_log WHERE outcome IS NULL;
ALTER TABLE automation_log
    ALTER outcome SET NOT NULL, ALTER code SET NOT NULL, ALTER message SET NOT NULL,
    ALTER ended_at SET NOT NULL, ALTER duration_ms SET NOT NULL;
CREATE TRIGGER log_kept BEFORE UPDATE OR DELETE ON automation_log FOR EACH ROW
EXECUTE FUNCTION turnlock_refuse('the automation log is append-only');

CREATE FUNCTION turnlock_attempts_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM gone AS g
    WHERE NOT EXISTS (SELECT 1 FROM automation_log AS l WHERE l.id = g.id AND l.started_at = g.started_at);
    IF FOUND THEN
        RAISE EXCEPTION 'an attempt goes nowhere but into the automation log'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER attempts_fixed BEFORE UPDATE ON attempts_under_way FOR EACH ROW
EXECUTE FUNCTION turnlock_refuse('an attempt that is under way cannot be rewritten');
CREATE TRIGGER attempts_logged AFTER DELETE ON attempts_under_way REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
EXECUTE FUNCTION turnlock_attempts_logged();
CREATE TRIGGER attempts_kept_whole BEFORE TRUNCATE ON attempts_under_way
EXECUTE FUNCTION turnlock_refuse('an attempt goes nowhere but into the automation log');

-- Both, for who reads.
CREATE VIEW attempts AS
SELECT seq, changed, id, job, kind, app, account, attempt, outcome, code, message, user_action, playbook,
       playbook_hash, browser_version, worker, queued_at, started_at, ended_at, duration_ms, evidence_path
FROM automation_log
UNION ALL
SELECT seq, changed, id, job, kind, app, account, attempt, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, worker, queued_at, started_at, NULL, NULL, NULL
FROM attempts_under_way;

CREATE OR REPLACE FUNCTION turnlock_step_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM attempts_under_way WHERE id = NEW.attempt AND started_at = NEW.began_at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no attempt under way of which this could be a step'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION turnlock_put_aside(before bigint) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    part  text;
    month timestamp;
    low   bigint;
    high  bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('months', x'54524e4c'::bigint));
    FOR part IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'automation_log'::regclass AND c.relname ~ '^automation_log_\d{4}_\d{2}$'
        ORDER BY c.relname
    LOOP
        month := to_timestamp(right(part, 7), 'YYYY_MM')::timestamp;
        low := (extract(epoch FROM month) * 1000)::bigint;
        high := (extract(epoch FROM month + interval '1 month') * 1000)::bigint;
        CONTINUE WHEN high > before
            OR EXISTS (SELECT 1 FROM attempts_under_way WHERE started_at >= low AND started_at < high);
        EXECUTE format('ALTER TABLE automation_log DETACH PARTITION %I', part);
        RETURN NEXT part;
        part := replace(part, 'automation_log', 'automation_step');
        EXECUTE format('ALTER TABLE automation_step DETACH PARTITION %I', part);
        RETURN NEXT part;
    END LOOP;
END $$;
