-- The workers, by their signs of life; one that ends in good order takes its row away.
CREATE TABLE workers (
    worker      text COLLATE "C" PRIMARY KEY,
    version     text NOT NULL,
    slots       bigint NOT NULL,
    -- What it does, and since when; and what is wanted of it.
    duty        text NOT NULL CHECK (duty IN ('working', 'draining')),
    since       bigint NOT NULL,
    wanted      text NOT NULL CHECK (wanted IN ('working', 'draining')),
    started_at  bigint NOT NULL,
    beat_at     bigint NOT NULL,
    -- It counts as gone from then on.
    alive_until bigint NOT NULL
);
