-- How far the automation log has been told to those who get webhooks. No row: nobody has got one yet.
CREATE TABLE webhook_cursor (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    changed INTEGER NOT NULL
);

-- What happened beside the log, with the change that it belongs to, and was not told yet.
CREATE TABLE happenings (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    at    INTEGER NOT NULL,
    event TEXT NOT NULL,
    -- JSON.
    data  TEXT NOT NULL
);

-- What is to be delivered to whom. One that was delivered is gone.
CREATE TABLE webhook_deliveries (
    id         TEXT PRIMARY KEY,
    endpoint   TEXT NOT NULL,
    event      TEXT NOT NULL,
    body       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    -- Not before then, by the store's clock; NULL where it is tried no more.
    due_at     INTEGER,
    tried_at   INTEGER,
    failure    TEXT
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE due_at IS NOT NULL;

-- The trace that the job belongs to, as W3C's traceparent.
ALTER TABLE jobs ADD COLUMN traceparent TEXT;

-- What a worker's browser holds, in bytes, when it was known last.
ALTER TABLE workers ADD COLUMN browser_memory INTEGER;
