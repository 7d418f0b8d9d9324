-- Who may ask for what over HTTP: tokens, of which only hashes are kept, and the browsers that were signed in with one.
CREATE TABLE tokens (
    id           uuid PRIMARY KEY,
    name         text NOT NULL UNIQUE,
    hash         bytea NOT NULL UNIQUE,
    -- Names with commas between them.
    scopes       text NOT NULL,
    created_at   bigint NOT NULL,
    created_by   text,
    expires_at   bigint,
    last_used_at bigint,
    revoked_at   bigint
);

CREATE TABLE sessions (
    hash       bytea PRIMARY KEY,
    token      uuid NOT NULL REFERENCES tokens (id),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

-- Every change and every reveal. Rows are never changed.
CREATE TABLE audit (
    seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     bigint NOT NULL,
    who    text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    detail text
);
