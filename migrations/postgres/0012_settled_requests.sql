-- Whether nothing is under way for a request any more: else its message may come after it, and answer another account's.
ALTER TABLE code_requests ADD COLUMN settled boolean NOT NULL DEFAULT false;

CREATE INDEX requests_unsettled ON code_requests (address, expires_at) WHERE NOT settled;
