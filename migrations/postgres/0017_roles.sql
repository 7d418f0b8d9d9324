-- Whose accounts a token is for: all of them, or those that are shared with it and no others.
ALTER TABLE tokens ADD COLUMN only_shared boolean NOT NULL DEFAULT false;

-- What a token's holder is to an account.
CREATE TABLE shares (
    token      uuid NOT NULL REFERENCES tokens (id),
    account    text COLLATE "C" NOT NULL REFERENCES accounts (account) ON DELETE CASCADE,
    role       text NOT NULL CHECK (role IN ('owner', 'collaborator')),
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (token, account)
);

CREATE INDEX shares_by_account ON shares (account);

-- A row is written before the change, and settled once, when it is known what came of it. Of older rows nothing is known.
ALTER TABLE audit ADD COLUMN outcome text NOT NULL DEFAULT 'asked' CHECK (outcome IN ('asked', 'done', 'refused'));
ALTER TABLE audit ADD COLUMN account text COLLATE "C";
CREATE INDEX audit_by_account ON audit (account, seq) WHERE account IS NOT NULL;
CREATE INDEX audit_by_who ON audit (who, seq);

CREATE TRIGGER audit_settled_once BEFORE UPDATE ON audit FOR EACH ROW
WHEN (OLD.outcome <> 'asked' OR (OLD.seq, OLD.at, OLD.who, OLD.action, OLD.target, OLD.account)
      IS DISTINCT FROM (NEW.seq, NEW.at, NEW.who, NEW.action, NEW.target, NEW.account))
EXECUTE FUNCTION turnlock_refuse('a row of the audit is settled once, and else stays as it is');
CREATE TRIGGER audit_kept BEFORE DELETE ON audit FOR EACH ROW
EXECUTE FUNCTION turnlock_refuse('the audit is append-only');
CREATE TRIGGER audit_kept_whole BEFORE TRUNCATE ON audit
EXECUTE FUNCTION turnlock_refuse('the audit is append-only');

-- How many recovery codes a credential holds: what is sealed tells nobody.
ALTER TABLE candidates ADD COLUMN codes bigint;
