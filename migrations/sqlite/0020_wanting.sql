-- Accounts whose newest attempt wants a human: to show them costs what is shown, however many accounts and attempts there
-- are. The writes of attempts keep it, by whomever they are made.
CREATE TABLE wanting (
    account TEXT PRIMARY KEY REFERENCES accounts (account) ON DELETE CASCADE,
    code    TEXT NOT NULL,
    seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX wanting_by_code ON wanting (code, seq);

INSERT INTO wanting
SELECT l.account, l.code, l.seq
FROM accounts AS a JOIN automation_log AS l ON l.seq = (SELECT max(seq) FROM automation_log WHERE account = a.account)
WHERE l.outcome = 'needs_human';

CREATE TRIGGER wanting_begun AFTER INSERT ON automation_log
WHEN NEW.outcome IS NULL OR NEW.outcome <> 'needs_human'
BEGIN DELETE FROM wanting WHERE account = NEW.account AND seq < NEW.seq; END;

CREATE TRIGGER wanting_noted AFTER INSERT ON automation_log
WHEN NEW.outcome = 'needs_human'
BEGIN
    INSERT INTO wanting SELECT NEW.account, NEW.code, NEW.seq FROM accounts WHERE account = NEW.account
    ON CONFLICT (account) DO UPDATE SET code = excluded.code, seq = excluded.seq;
END;

CREATE TRIGGER wanting_ended AFTER UPDATE OF outcome ON automation_log
WHEN NEW.outcome = 'needs_human'
BEGIN
    INSERT INTO wanting SELECT NEW.account, NEW.code, NEW.seq FROM accounts
    WHERE account = NEW.account
      AND NOT EXISTS (SELECT 1 FROM automation_log WHERE account = NEW.account AND seq > NEW.seq)
    ON CONFLICT (account) DO UPDATE SET code = excluded.code, seq = excluded.seq;
END;
