-- Accounts whose newest attempt wants a human: to show them costs what is shown, however many accounts and attempts there
-- are. The writes of attempts keep it, by whomever they are made.
CREATE TABLE wanting (
    account    text COLLATE "C" PRIMARY KEY REFERENCES accounts (account) ON DELETE CASCADE,
    code       text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    -- Tells the month in which the attempt stands.
    started_at bigint NOT NULL
);
CREATE INDEX wanting_by_code ON wanting (code, seq);

INSERT INTO wanting
SELECT l.account, l.code, l.seq, l.started_at
FROM accounts AS a CROSS JOIN LATERAL (
    SELECT * FROM attempts WHERE account = a.account ORDER BY seq DESC LIMIT 1) AS l
WHERE l.outcome = 'needs_human';

CREATE FUNCTION turnlock_wants_no_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM wanting WHERE account = NEW.account AND seq < NEW.seq;
    RETURN NULL;
END $$;

-- The account cannot go meanwhile: one that has gone wants nothing.
CREATE FUNCTION turnlock_wants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO wanting
    SELECT NEW.account, NEW.code, NEW.seq, NEW.started_at FROM accounts AS a
    WHERE a.account = NEW.account
      AND NOT EXISTS (SELECT 1 FROM attempts WHERE account = NEW.account AND seq > NEW.seq)
    FOR KEY SHARE OF a
    ON CONFLICT (account) DO UPDATE
    SET code = excluded.code, seq = excluded.seq, started_at = excluded.started_at
    WHERE wanting.seq < excluded.seq;
    RETURN NULL;
END $$;

CREATE TRIGGER wanting_begun AFTER INSERT ON attempts_under_way FOR EACH ROW EXECUTE FUNCTION turnlock_wants_no_more();
-- What ends without having begun.
CREATE TRIGGER wanting_passed AFTER INSERT ON automation_log FOR EACH ROW
WHEN (NEW.worker = 'nobody' AND NEW.outcome <> 'needs_human') EXECUTE FUNCTION turnlock_wants_no_more();
CREATE TRIGGER wanting_ended AFTER INSERT ON automation_log FOR EACH ROW
WHEN (NEW.outcome = 'needs_human') EXECUTE FUNCTION turnlock_wants();
