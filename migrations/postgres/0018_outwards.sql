-- How far the automation log has been told to those who get webhooks. No row: nobody has got one yet.
CREATE TABLE webhook_cursor (
    one     smallint PRIMARY KEY CHECK (one = 1),
    changed bigint NOT NULL
);

-- What happened beside the log, with the change that it belongs to, and was not told yet.
CREATE TABLE happenings (
    seq   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at    bigint NOT NULL,
    event text NOT NULL,
    -- JSON.
    data  text NOT NULL
);

-- What is to be delivered to whom. One that was delivered is gone.
CREATE TABLE webhook_deliveries (
    id         uuid PRIMARY KEY,
    endpoint   text NOT NULL,
    event      text NOT NULL,
    body       text NOT NULL,
    created_at bigint NOT NULL,
    tries      bigint NOT NULL DEFAULT 0,
    -- Not before then, by the store's clock; NULL where it is tried no more.
    due_at     bigint,
    tried_at   bigint,
    failure    text
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE due_at IS NOT NULL;

-- The trace that the job belongs to, as W3C's traceparent.
ALTER TABLE jobs ADD COLUMN traceparent text;

-- What a worker's browser holds, in bytes, when it was known last.
ALTER TABLE workers ADD COLUMN browser_memory bigint;
