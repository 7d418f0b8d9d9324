-- Times are milliseconds since 1970 in UTC. Texts sort by their bytes, as they do in SQLite.

-- The clock that leases, claims, waiting jobs and budgets run by, for all workers, whatever their own clocks show.
CREATE FUNCTION turnlock_now() RETURNS bigint LANGUAGE sql VOLATILE
AS $$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

CREATE TABLE meta (
    name  text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);

CREATE TABLE accounts (
    account    text COLLATE "C" PRIMARY KEY,
    app        text COLLATE "C" NOT NULL,
    username   text NOT NULL,
    address    text,
    mfa_note   text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE UNIQUE INDEX accounts_by_address ON accounts (lower(address));

-- The candidate ledger.
CREATE TABLE candidates (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           uuid NOT NULL UNIQUE,
    account      text COLLATE "C" NOT NULL REFERENCES accounts (account) ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('password', 'totp', 'recovery_codes')),
    version      bigint NOT NULL,
    state        text NOT NULL CHECK (state IN ('pending', 'current', 'previous', 'rejected')),
    sealed       bytea NOT NULL,
    job          uuid,
    created_at   bigint NOT NULL,
    submitted_at bigint,
    decided_at   bigint,
    reason       text,
    forgotten_at bigint,
    UNIQUE (account, kind, version)
);

CREATE UNIQUE INDEX one_pending ON candidates (account, kind) WHERE state = 'pending';
CREATE UNIQUE INDEX one_current ON candidates (account, kind) WHERE state = 'current';
CREATE INDEX candidates_in_doubt ON candidates (account) WHERE state = 'pending' AND submitted_at IS NOT NULL;
CREATE INDEX candidates_by_job ON candidates (job) WHERE job IS NOT NULL;

-- The promises of ledger and log hold for every writer, not only for this program.
CREATE FUNCTION turnlock_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$;

CREATE TRIGGER candidate_transitions BEFORE UPDATE ON candidates FOR EACH ROW
WHEN (OLD.state <> NEW.state
  AND NOT (OLD.state = 'pending' AND NEW.state IN ('current', 'rejected'))
  AND NOT (OLD.state = 'current' AND NEW.state = 'previous')
  AND NOT (OLD.state = 'previous' AND NEW.state = 'current')
  AND NOT (OLD.state = 'rejected' AND NEW.state = 'current' AND OLD.submitted_at IS NOT NULL))
EXECUTE FUNCTION turnlock_refuse('the ledger does not allow this transition');

CREATE TRIGGER candidate_fixed BEFORE UPDATE ON candidates FOR EACH ROW
WHEN ((OLD.seq, OLD.id, OLD.account, OLD.kind, OLD.version, OLD.job, OLD.created_at)
      IS DISTINCT FROM (NEW.seq, NEW.id, NEW.account, NEW.kind, NEW.version, NEW.job, NEW.created_at))
EXECUTE FUNCTION turnlock_refuse('a candidate cannot be rewritten');

-- Retention: what was current once, or was rejected, may be forgotten. Its row stays, its secret goes.
CREATE TRIGGER candidate_sealed BEFORE UPDATE ON candidates FOR EACH ROW
WHEN ((OLD.sealed, OLD.forgotten_at) IS DISTINCT FROM (NEW.sealed, NEW.forgotten_at)
  AND NOT (OLD.state IN ('previous', 'rejected') AND OLD.forgotten_at IS NULL
           AND NEW.sealed = '' AND NEW.forgotten_at IS NOT NULL))
EXECUTE FUNCTION turnlock_refuse('only the secret of a previous or rejected candidate can be forgotten');

CREATE TRIGGER candidate_forgotten BEFORE UPDATE ON candidates FOR EACH ROW
WHEN (OLD.forgotten_at IS NOT NULL AND NEW.state <> OLD.state)
EXECUTE FUNCTION turnlock_refuse('the secret of this candidate was forgotten');

-- When the account itself is removed, its row is gone before those of its candidates.
CREATE FUNCTION turnlock_keep_candidate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM accounts WHERE account = OLD.account) THEN
        RAISE EXCEPTION 'a candidate is never deleted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER candidate_kept BEFORE DELETE ON candidates FOR EACH ROW EXECUTE FUNCTION turnlock_keep_candidate();
CREATE TRIGGER candidates_kept BEFORE TRUNCATE ON candidates
EXECUTE FUNCTION turnlock_refuse('a candidate is never deleted');

-- Every time step whose code was used.
CREATE TABLE totp_used (
    candidate uuid NOT NULL REFERENCES candidates (id) ON DELETE CASCADE,
    step      bigint NOT NULL,
    PRIMARY KEY (candidate, step)
);

-- Each use of a credential against the app: what the budget of wrong attempts counts, and what a reconciliation
-- remembers of what it tried. `result` is NULL while it is under way, and stays so if the worker dies. `counted_at` is
-- until when the app may have counted it: its window runs from then.
CREATE TABLE credential_tries (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    text COLLATE "C" NOT NULL,
    job        uuid,
    flow       text NOT NULL,
    password   uuid,
    totp       uuid,
    at         bigint NOT NULL,
    counted_at bigint NOT NULL,
    result     text CHECK (result IN ('signed_in', 'bad_credentials', 'code_refused', 'unclear', 'not_sent')),
    counts     boolean NOT NULL DEFAULT true
);

CREATE INDEX tries_that_count ON credential_tries (account, counted_at) WHERE counts;
CREATE INDEX tries_under_way ON credential_tries (account) WHERE result IS NULL;
CREATE INDEX tries_by_job ON credential_tries (job) WHERE job IS NOT NULL;

-- A lease that was released has expires_at 0; the row stays, so that tokens only grow.
CREATE TABLE leases (
    account    text COLLATE "C" PRIMARY KEY,
    worker     text NOT NULL,
    token      bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX leases_held ON leases (expires_at) WHERE expires_at > 0;

CREATE TABLE jobs (
    seq              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id               uuid NOT NULL UNIQUE,
    kind             text NOT NULL,
    account          text COLLATE "C" NOT NULL,
    priority         text NOT NULL CHECK (priority IN ('high', 'normal', 'low')),
    requested_by     text,
    reason           text,
    evidence         boolean NOT NULL,
    deadline_ms      bigint NOT NULL,
    submitted_at     bigint NOT NULL,
    state            text NOT NULL CHECK (state IN ('queued', 'running', 'finished', 'cancelled')),
    attempts         bigint NOT NULL DEFAULT 0,
    tries            bigint NOT NULL DEFAULT 0,
    not_before       bigint NOT NULL,
    -- Which jobs come first: `not_before`, moved by what the priority is worth, so that none starves.
    rank             bigint NOT NULL,
    -- Where the queue lies outside of the database: a message for the job is on its way there until then.
    offered_until    bigint,
    worker           text,
    claim_token      bigint NOT NULL DEFAULT 0,
    claim_expires_at bigint,
    cancel_asked     boolean NOT NULL DEFAULT false,
    outcome          text,
    code             text,
    finished_at      bigint,
    -- The candidate whose fate the job is to find out, if Turnlock submitted it by itself; one at a time.
    cause            uuid
);

CREATE UNIQUE INDEX jobs_by_cause ON jobs (cause) WHERE cause IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX jobs_caused ON jobs (cause, seq) WHERE cause IS NOT NULL;

CREATE INDEX jobs_due ON jobs (rank, seq) WHERE state = 'queued';
CREATE INDEX jobs_owed ON jobs (rank, seq) WHERE state = 'queued' AND cause IS NOT NULL;
CREATE INDEX jobs_to_offer ON jobs (offered_until) WHERE state = 'queued';
CREATE INDEX jobs_reconciling ON jobs (account, not_before) WHERE cause IS NOT NULL AND state IN ('queued', 'running');
-- One account, one job at a time.
CREATE UNIQUE INDEX jobs_running ON jobs (account) WHERE state = 'running';

-- The automation log, a partition for each month in which attempts began.
CREATE SEQUENCE automation_log_seq;
CREATE TABLE automation_log (
    seq             bigint NOT NULL DEFAULT nextval('automation_log_seq'),
    changed         bigint NOT NULL,
    id              uuid NOT NULL,
    job             uuid NOT NULL,
    kind            text NOT NULL,
    app             text COLLATE "C" NOT NULL,
    account         text COLLATE "C" NOT NULL,
    attempt         bigint NOT NULL,
    outcome         text,
    code            text,
    message         text,
    user_action     text,
    playbook        text,
    playbook_hash   text,
    browser_version text,
    worker          text NOT NULL,
    queued_at       bigint NOT NULL,
    started_at      bigint NOT NULL,
    ended_at        bigint,
    duration_ms     bigint,
    evidence_path   text,
    PRIMARY KEY (id, started_at)
) PARTITION BY RANGE (started_at);

CREATE INDEX log_by_seq ON automation_log (seq);
CREATE INDEX log_by_change ON automation_log (changed);
CREATE INDEX log_by_job ON automation_log (job, seq);
CREATE INDEX log_by_account ON automation_log (account, seq);
CREATE INDEX log_by_app ON automation_log (app, seq);
CREATE INDEX log_by_app_and_outcome ON automation_log (app, outcome, seq);
CREATE INDEX log_by_outcome ON automation_log (outcome, seq);
CREATE INDEX log_by_outcome_and_start ON automation_log (outcome, started_at);
CREATE INDEX log_by_start ON automation_log (started_at);

CREATE TRIGGER log_ended_once BEFORE UPDATE ON automation_log FOR EACH ROW WHEN (OLD.outcome IS NOT NULL)
EXECUTE FUNCTION turnlock_refuse('an attempt that has ended cannot be changed');
CREATE TRIGGER log_kept BEFORE DELETE ON automation_log FOR EACH ROW
EXECUTE FUNCTION turnlock_refuse('the automation log is append-only');
CREATE TRIGGER log_kept_whole BEFORE TRUNCATE ON automation_log
EXECUTE FUNCTION turnlock_refuse('the automation log is append-only');

-- A step lies in the month in which its attempt began (`began_at`), so that both leave together.
CREATE TABLE automation_step (
    attempt     uuid NOT NULL,
    began_at    bigint NOT NULL,
    seq         bigint NOT NULL,
    step        text NOT NULL,
    summary     text NOT NULL,
    started_at  bigint NOT NULL,
    duration_ms bigint,
    result      text,
    detail      text,
    PRIMARY KEY (attempt, seq, began_at)
) PARTITION BY RANGE (began_at);

-- Instead of a foreign key, which would keep months of the log from being put aside.
CREATE FUNCTION turnlock_step_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM automation_log WHERE id = NEW.attempt AND started_at = NEW.began_at AND outcome IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no attempt under way of which this could be a step'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER step_in_time BEFORE INSERT ON automation_step FOR EACH ROW EXECUTE FUNCTION turnlock_step_in_time();
CREATE TRIGGER step_ended_once BEFORE UPDATE ON automation_step FOR EACH ROW WHEN (OLD.result IS NOT NULL)
EXECUTE FUNCTION turnlock_refuse('a step that has ended cannot be changed');
CREATE TRIGGER step_kept BEFORE DELETE ON automation_step FOR EACH ROW
EXECUTE FUNCTION turnlock_refuse('the automation log is append-only');
CREATE TRIGGER steps_kept_whole BEFORE TRUNCATE ON automation_step
EXECUTE FUNCTION turnlock_refuse('the automation log is append-only');

-- Where rows go for whose month there is no partition.
CREATE TABLE automation_log_rest PARTITION OF automation_log DEFAULT;
CREATE TABLE automation_step_rest PARTITION OF automation_step DEFAULT;

-- The cursor of those who follow the log. Numbers are drawn in one order and committed in another: whoever had seen
-- 7 before 6 was committed would miss 6. So each writer says, before it draws, above which number its own will lie,
-- by a shared advisory lock that goes when its transaction has ended; nobody ever waits for it. A follower first
-- reads which numbers were drawn, then the locks, and then, in a later statement, rows up to the lower of both: a
-- writer that drew by then is either done, and its row is seen, or holds its lock still.
CREATE SEQUENCE automation_log_changed MINVALUE 0 START 0;
SELECT nextval('automation_log_changed');

-- The upper two bytes of the lock's key are 'TL'; the rest is the number.
CREATE FUNCTION turnlock_next_change() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE drawn bigint;
BEGIN
    SELECT last_value INTO drawn FROM automation_log_changed;
    PERFORM pg_advisory_xact_lock_shared((x'544c'::bigint << 48) + drawn);
    RETURN nextval('automation_log_changed');
END $$;

CREATE FUNCTION turnlock_settled_changes() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE drawn bigint; held bigint;
BEGIN
    SELECT last_value INTO drawn FROM automation_log_changed;
    SELECT min(((classid::bigint & x'ffff'::bigint) << 32) + objid::bigint) INTO held
    FROM pg_locks
    WHERE locktype = 'advisory' AND mode = 'ShareLock' AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid::bigint >> 16 = x'544c'::bigint;
    RETURN least(drawn, held);
END $$;

-- Makes room for the attempts that begin in the month of `at`: a partition of the log and one of the steps. Rows of
-- that month that have gone to the rest meanwhile are moved. Returns whether there is room now; there is none if a
-- table of that name was put aside.
CREATE FUNCTION turnlock_make_month(at bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    month  timestamp := date_trunc('month', to_timestamp(at / 1000.0) AT TIME ZONE 'UTC');
    low    bigint := (extract(epoch FROM month) * 1000)::bigint;
    high   bigint := (extract(epoch FROM month + interval '1 month') * 1000)::bigint;
    parent text;
    part   text;
    rest   text;
    key    text;
    stray  boolean;
    bound  regclass;
BEGIN
    -- Several processes make the same month at once; all but one find it made.
    PERFORM pg_advisory_xact_lock(hashtextextended('months', x'54524e4c'::bigint));
    FOREACH parent IN ARRAY ARRAY['automation_log', 'automation_step'] LOOP
        part := parent || to_char(month, '"_"YYYY"_"MM');
        rest := parent || '_rest';
        key := CASE parent WHEN 'automation_log' THEN 'started_at' ELSE 'began_at' END;
        IF to_regclass(part) IS NOT NULL THEN
            SELECT inhparent INTO bound FROM pg_inherits WHERE inhrelid = to_regclass(part);
            IF bound IS NULL THEN RETURN false; END IF;
            CONTINUE;
        END IF;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', part, parent);
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE %I >= $1 AND %I < $2)', rest, key, key)
            INTO stray USING low, high;
        IF stray THEN
            -- Detached, the rest has no guards against deletion.
            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, rest);
            EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE %I >= $1 AND %I < $2', part, rest, key, key)
                USING low, high;
            EXECUTE format('DELETE FROM %I WHERE %I >= $1 AND %I < $2', rest, key, key) USING low, high;
        END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, part, low, high);
        IF stray THEN
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', parent, rest);
        END IF;
    END LOOP;
    RETURN true;
END $$;

-- Puts aside the months that had ended before `before`: their tables stay, by their names, but are no part of the
-- log any more. A month in which an attempt is still under way is left. Returns the names of what was put aside.
CREATE FUNCTION turnlock_put_aside(before bigint) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    part text;
    busy boolean;
    high bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('months', x'54524e4c'::bigint));
    FOR part IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'automation_log'::regclass AND c.relname ~ '^automation_log_\d{4}_\d{2}$'
        ORDER BY c.relname
    LOOP
        high := (extract(epoch FROM to_timestamp(right(part, 7), 'YYYY_MM')::timestamp + interval '1 month') * 1000)::bigint;
        CONTINUE WHEN high > before;
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE outcome IS NULL)', part) INTO busy;
        CONTINUE WHEN busy;
        EXECUTE format('ALTER TABLE automation_log DETACH PARTITION %I', part);
        RETURN NEXT part;
        part := replace(part, 'automation_log', 'automation_step');
        EXECUTE format('ALTER TABLE automation_step DETACH PARTITION %I', part);
        RETURN NEXT part;
    END LOOP;
END $$;
