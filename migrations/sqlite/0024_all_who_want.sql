-- What a person has to act on, whatever it is called: not only attempts that ended in want of one, but also what was
-- refused, and jobs that have used up their tries. `Verdict::calls_a_person` says the same.
--
-- Of an account that the vault does not have, too: that it is missing is what somebody has to see to.
CREATE TABLE wanted (
    account TEXT PRIMARY KEY,
    code    TEXT NOT NULL,
    seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO wanted SELECT account, code, seq FROM wanting;

DROP TRIGGER wanting_begun;
DROP TRIGGER wanting_noted;
DROP TRIGGER wanting_ended;
DROP TABLE wanting;
ALTER TABLE wanted RENAME TO wanting;
CREATE INDEX wanting_by_code ON wanting (code, seq);

INSERT INTO wanting
SELECT l.account, l.code, l.seq
FROM accounts AS a JOIN automation_log AS l ON l.seq = (SELECT max(seq) FROM automation_log WHERE account = a.account)
WHERE l.outcome = 'rejected'
   OR l.outcome = 'retry_later' AND l.code NOT IN ('account_busy', 'app_on_hold') AND EXISTS (
      SELECT 1 FROM jobs AS j
      WHERE j.id = l.job AND j.state = 'finished' AND j.outcome = 'retry_later' AND NOT j.cancel_asked)
ON CONFLICT (account) DO NOTHING;

INSERT INTO wanting
SELECT l.account, l.code, l.seq
FROM automation_log AS l
WHERE l.code = 'unknown_account' AND l.seq = (SELECT max(seq) FROM automation_log WHERE account = l.account)
ON CONFLICT (account) DO NOTHING;

CREATE TRIGGER wanting_begun AFTER INSERT ON automation_log
WHEN NEW.outcome IS NULL OR NEW.outcome NOT IN ('needs_human', 'rejected')
BEGIN DELETE FROM wanting WHERE account = NEW.account AND seq < NEW.seq; END;

CREATE TRIGGER wanting_noted AFTER INSERT ON automation_log
WHEN NEW.outcome IN ('needs_human', 'rejected')
BEGIN
    INSERT INTO wanting SELECT NEW.account, NEW.code, NEW.seq
    WHERE NEW.code = 'unknown_account' OR EXISTS (SELECT 1 FROM accounts WHERE account = NEW.account)
    ON CONFLICT (account) DO UPDATE SET code = excluded.code, seq = excluded.seq;
END;

CREATE TRIGGER wanting_ended AFTER UPDATE OF outcome ON automation_log
WHEN NEW.outcome IN ('needs_human', 'rejected')
BEGIN
    INSERT INTO wanting SELECT NEW.account, NEW.code, NEW.seq
    WHERE (NEW.code = 'unknown_account' OR EXISTS (SELECT 1 FROM accounts WHERE account = NEW.account))
      AND NOT EXISTS (SELECT 1 FROM automation_log WHERE account = NEW.account AND seq > NEW.seq)
    ON CONFLICT (account) DO UPDATE SET code = excluded.code, seq = excluded.seq;
END;

-- With its last try, if the account has not been tried again since. Not what merely was not its turn, nor what was called off.
CREATE TRIGGER wanting_at_last AFTER UPDATE OF state ON jobs
WHEN NEW.state = 'finished' AND NEW.outcome = 'retry_later' AND NEW.code NOT IN ('account_busy', 'app_on_hold')
     AND NOT NEW.cancel_asked
BEGIN
    INSERT INTO wanting SELECT l.account, l.code, l.seq
    FROM automation_log AS l JOIN accounts AS a ON a.account = l.account
    WHERE l.seq = (SELECT max(seq) FROM automation_log WHERE job = NEW.id) AND l.outcome = 'retry_later'
      AND NOT EXISTS (SELECT 1 FROM automation_log WHERE account = l.account AND seq > l.seq)
    ON CONFLICT (account) DO UPDATE SET code = excluded.code, seq = excluded.seq;
END;

CREATE TRIGGER wanting_removed AFTER DELETE ON accounts
BEGIN DELETE FROM wanting WHERE account = OLD.account; END;
