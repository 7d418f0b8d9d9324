-- Jobs that were cancelled before they were known here, as their messages wait in a queue outside of the database: they
-- are cancelled as they are written down.
CREATE TABLE cancellations (
    id       uuid PRIMARY KEY,
    asked_at bigint NOT NULL
);
