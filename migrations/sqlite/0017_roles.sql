-- Whose accounts a token is for: all of them, or those that are shared with it and no others.
ALTER TABLE tokens ADD COLUMN only_shared INTEGER NOT NULL DEFAULT 0;

-- What a token's holder is to an account.
CREATE TABLE shares (
    token      TEXT NOT NULL REFERENCES tokens (id),
    account    TEXT NOT NULL REFERENCES accounts (account) ON DELETE CASCADE,
    role       TEXT NOT NULL CHECK (role IN ('owner', 'collaborator')),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (token, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX shares_by_account ON shares (account);

-- A row is written before the change, and settled once, when it is known what came of it. Of older rows nothing is known.
ALTER TABLE audit ADD COLUMN outcome TEXT NOT NULL DEFAULT 'asked' CHECK (outcome IN ('asked', 'done', 'refused'));
ALTER TABLE audit ADD COLUMN account TEXT;
CREATE INDEX audit_by_account ON audit (account, seq) WHERE account IS NOT NULL;
CREATE INDEX audit_by_who ON audit (who, seq);

CREATE TRIGGER audit_settled_once BEFORE UPDATE ON audit
WHEN OLD.outcome <> 'asked' OR OLD.seq <> NEW.seq OR OLD.at <> NEW.at OR OLD.who <> NEW.who
  OR OLD.action <> NEW.action OR OLD.target <> NEW.target OR OLD.account IS NOT NEW.account
BEGIN SELECT RAISE(ABORT, 'a row of the audit is settled once, and else stays as it is'); END;

CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- How many recovery codes a credential holds: what is sealed tells nobody.
ALTER TABLE candidates ADD COLUMN codes INTEGER;
