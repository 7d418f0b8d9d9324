-- What a person has to act on, whatever it is called: not only attempts that ended in want of one, but also what was
-- refused, and jobs that have used up their tries. `Verdict::calls_a_person` says the same.
--
-- Of an account that the vault does not have, too: that it is missing is what somebody has to see to.
ALTER TABLE wanting DROP CONSTRAINT wanting_account_fkey;

CREATE FUNCTION turnlock_want(of_account text, with_code text, at_seq bigint, at_start bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- The account cannot go meanwhile: one that has gone wants nothing.
    PERFORM 1 FROM accounts WHERE account = of_account FOR KEY SHARE;
    IF NOT FOUND AND with_code <> 'unknown_account' THEN
        RETURN;
    END IF;
    INSERT INTO wanting
    SELECT of_account, with_code, at_seq, at_start
    WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE account = of_account AND seq > at_seq)
    ON CONFLICT (account) DO UPDATE
    SET code = excluded.code, seq = excluded.seq, started_at = excluded.started_at
    WHERE wanting.seq < excluded.seq;
END $$;

CREATE OR REPLACE FUNCTION turnlock_wants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM turnlock_want(NEW.account, NEW.code, NEW.seq, NEW.started_at);
    RETURN NULL;
END $$;

-- With its last try, if it has not been tried again since.
CREATE FUNCTION turnlock_wants_at_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM turnlock_want(l.account, l.code, l.seq, l.started_at)
    FROM (SELECT * FROM automation_log WHERE job = NEW.id ORDER BY seq DESC LIMIT 1) AS l
    WHERE l.outcome = 'retry_later';
    RETURN NULL;
END $$;

CREATE FUNCTION turnlock_account_wants_nothing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM wanting WHERE account = OLD.account;
    RETURN NULL;
END $$;

DROP TRIGGER wanting_passed ON automation_log;
DROP TRIGGER wanting_ended ON automation_log;
CREATE TRIGGER wanting_passed AFTER INSERT ON automation_log FOR EACH ROW
WHEN (NEW.worker = 'nobody' AND NEW.outcome NOT IN ('needs_human', 'rejected')) EXECUTE FUNCTION turnlock_wants_no_more();
CREATE TRIGGER wanting_ended AFTER INSERT ON automation_log FOR EACH ROW
WHEN (NEW.outcome IN ('needs_human', 'rejected')) EXECUTE FUNCTION turnlock_wants();
-- Not what merely was not its turn, nor what was called off.
CREATE TRIGGER wanting_at_last AFTER UPDATE OF state ON jobs FOR EACH ROW
WHEN (NEW.state = 'finished' AND NEW.outcome = 'retry_later' AND NEW.code NOT IN ('account_busy', 'app_on_hold')
      AND NOT NEW.cancel_asked) EXECUTE FUNCTION turnlock_wants_at_last();
CREATE TRIGGER wanting_removed AFTER DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION turnlock_account_wants_nothing();

INSERT INTO wanting
SELECT l.account, l.code, l.seq, l.started_at
FROM accounts AS a CROSS JOIN LATERAL (
    SELECT * FROM attempts WHERE account = a.account ORDER BY seq DESC LIMIT 1) AS l
WHERE l.outcome = 'rejected'
   OR l.outcome = 'retry_later' AND l.code NOT IN ('account_busy', 'app_on_hold') AND EXISTS (
      SELECT 1 FROM jobs AS j
      WHERE j.id = l.job AND j.state = 'finished' AND j.outcome = 'retry_later' AND NOT j.cancel_asked)
ON CONFLICT (account) DO NOTHING;

INSERT INTO wanting
SELECT l.account, l.code, l.seq, l.started_at
FROM (SELECT account, code, max(seq) AS seq FROM automation_log WHERE code = 'unknown_account' GROUP BY account, code) AS u
CROSS JOIN LATERAL (SELECT * FROM attempts WHERE account = u.account ORDER BY seq DESC LIMIT 1) AS l
WHERE l.seq = u.seq
ON CONFLICT (account) DO NOTHING;
