-- How far a mailbox was seen through, for whoever watches it next: what has a higher number came after that look.
CREATE TABLE mailbox_marks (
    mailbox     TEXT PRIMARY KEY,
    validity    INTEGER NOT NULL,
    next        INTEGER NOT NULL,
    looked_at   INTEGER NOT NULL,
    -- What the mail server's clock showed then, in milliseconds: at least, and at most.
    shown_least INTEGER,
    shown_most  INTEGER
) STRICT, WITHOUT ROWID;
