-- How long a job waits for a person.
ALTER TABLE jobs ADD COLUMN wait_for_human_ms bigint NOT NULL DEFAULT 0;

-- What jobs ask people for. An answer is sealed with the question's own key, stands here until its worker takes it, and
-- opens in that worker's memory only.
CREATE TABLE questions (
    id            uuid PRIMARY KEY,
    job           uuid NOT NULL,
    attempt       uuid NOT NULL,
    account       text COLLATE "C" NOT NULL,
    wanted        text NOT NULL,
    step          text NOT NULL,
    key           bytea NOT NULL,
    -- By the clock that leases run by.
    asked_at      bigint NOT NULL,
    until         bigint NOT NULL,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'expired', 'withdrawn')),
    answer        bytea,
    answered_by   text,
    -- Somebody looks on until then; the last picture of the page, its secrets covered.
    watched_until bigint NOT NULL DEFAULT 0,
    picture       bytea
);
CREATE INDEX questions_of_jobs ON questions (job, asked_at);
CREATE INDEX questions_open ON questions (asked_at) WHERE state = 'open';
