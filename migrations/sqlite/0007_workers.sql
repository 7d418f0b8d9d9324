-- The workers, by their signs of life; one that ends in good order takes its row away.
CREATE TABLE workers (
    worker      TEXT PRIMARY KEY,
    version     TEXT NOT NULL,
    slots       INTEGER NOT NULL,
    -- What it does, and since when; and what is wanted of it.
    duty        TEXT NOT NULL CHECK (duty IN ('working', 'draining')),
    since       INTEGER NOT NULL,
    wanted      TEXT NOT NULL CHECK (wanted IN ('working', 'draining')),
    started_at  INTEGER NOT NULL,
    beat_at     INTEGER NOT NULL,
    -- It counts as gone from then on.
    alive_until INTEGER NOT NULL
) WITHOUT ROWID;
