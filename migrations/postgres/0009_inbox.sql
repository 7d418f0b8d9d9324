-- The number that an app sends text messages to. Several accounts may share one.
ALTER TABLE accounts ADD COLUMN number text;
CREATE INDEX accounts_by_number ON accounts (number) WHERE number IS NOT NULL;

CREATE TABLE code_requests (
    id         uuid PRIMARY KEY,
    job        uuid NOT NULL,
    account    text COLLATE "C" NOT NULL,
    address    text COLLATE "C" NOT NULL,
    senders    text NOT NULL,
    asked_at   bigint NOT NULL,
    expires_at bigint NOT NULL,
    closed_at  bigint
);

-- One address, one request: else codes could cross.
CREATE UNIQUE INDEX one_request ON code_requests (address) WHERE closed_at IS NULL;
CREATE INDEX requests_by_account ON code_requests (account) WHERE closed_at IS NULL;
CREATE INDEX requests_by_age ON code_requests (expires_at);

-- Messages for managed addresses, sealed, until their retention is over.
CREATE TABLE messages (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         uuid NOT NULL UNIQUE,
    address    text COLLATE "C" NOT NULL,
    mark       text COLLATE "C",
    arrived_at bigint NOT NULL,
    sealed     bytea NOT NULL,
    -- The request that it answers: one message, one request.
    request    uuid UNIQUE REFERENCES code_requests (id) ON DELETE CASCADE,
    refused    boolean NOT NULL DEFAULT false
);

CREATE UNIQUE INDEX messages_by_mark ON messages (address, mark) WHERE mark IS NOT NULL;
CREATE INDEX messages_untaken ON messages (address, arrived_at) WHERE request IS NULL;
CREATE INDEX messages_by_age ON messages (arrived_at);

-- What was taken by one request never answers another, and comes for nobody else.
CREATE TRIGGER message_fixed BEFORE UPDATE ON messages FOR EACH ROW
WHEN (OLD.request IS NOT NULL AND NEW.request IS DISTINCT FROM OLD.request
   OR (OLD.address, OLD.arrived_at, OLD.id) IS DISTINCT FROM (NEW.address, NEW.arrived_at, NEW.id))
EXECUTE FUNCTION turnlock_refuse('a message answers one request, of the address that it came for');

CREATE FUNCTION turnlock_message_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM code_requests AS r
                   WHERE r.id = NEW.request AND r.address = NEW.address AND r.asked_at <= NEW.arrived_at
                     AND r.closed_at IS NULL) THEN
        RAISE EXCEPTION 'a message answers an open request for its address that is no younger'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER message_fits BEFORE UPDATE ON messages FOR EACH ROW
WHEN (OLD.request IS NULL AND NEW.request IS NOT NULL) EXECUTE FUNCTION turnlock_message_fits();

-- Who brings the messages of a mailbox, one process at a time.
CREATE TABLE inbox_sources (
    source     text COLLATE "C" PRIMARY KEY,
    holder     text NOT NULL,
    expires_at bigint NOT NULL
);
