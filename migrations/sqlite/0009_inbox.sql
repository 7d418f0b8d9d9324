-- The number that an app sends text messages to. Several accounts may share one.
ALTER TABLE accounts ADD COLUMN number TEXT;
CREATE INDEX accounts_by_number ON accounts (number) WHERE number IS NOT NULL;

-- Messages for managed addresses, sealed, until their retention is over. Times are told by the clock of leases.
CREATE TABLE messages (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    address    TEXT NOT NULL,
    mark       TEXT,
    arrived_at INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    -- The request that it answers: one message, one request.
    request    TEXT UNIQUE REFERENCES code_requests (id) ON DELETE CASCADE,
    refused    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX messages_by_mark ON messages (address, mark) WHERE mark IS NOT NULL;
CREATE INDEX messages_untaken ON messages (address, arrived_at) WHERE request IS NULL;
CREATE INDEX messages_by_age ON messages (arrived_at);

CREATE TABLE code_requests (
    id         TEXT PRIMARY KEY,
    job        TEXT NOT NULL,
    account    TEXT NOT NULL,
    address    TEXT NOT NULL,
    senders    TEXT NOT NULL,
    asked_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    closed_at  INTEGER
) STRICT, WITHOUT ROWID;

-- One address, one request: else codes could cross.
CREATE UNIQUE INDEX one_request ON code_requests (address) WHERE closed_at IS NULL;
CREATE INDEX requests_by_account ON code_requests (account) WHERE closed_at IS NULL;
CREATE INDEX requests_by_age ON code_requests (expires_at);

-- What was taken by one request never answers another, and comes for nobody else.
CREATE TRIGGER message_fixed BEFORE UPDATE ON messages
WHEN OLD.request IS NOT NULL AND NEW.request IS NOT OLD.request
  OR OLD.address <> NEW.address OR OLD.arrived_at <> NEW.arrived_at OR OLD.id <> NEW.id
BEGIN SELECT RAISE(ABORT, 'a message answers one request, of the address that it came for'); END;

CREATE TRIGGER message_fits BEFORE UPDATE ON messages
WHEN OLD.request IS NULL AND NEW.request IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM code_requests AS r
    WHERE r.id = NEW.request AND r.address = NEW.address AND r.asked_at <= NEW.arrived_at AND r.closed_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'a message answers an open request for its address that is no younger'); END;

-- Who brings the messages of a mailbox, one process at a time.
CREATE TABLE inbox_sources (
    source     TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
