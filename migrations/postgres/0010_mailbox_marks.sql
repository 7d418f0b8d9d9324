-- How far a mailbox was seen through, for whoever watches it next: what has a higher number came after that look.
CREATE TABLE mailbox_marks (
    mailbox     text COLLATE "C" PRIMARY KEY,
    validity    bigint NOT NULL,
    next        bigint NOT NULL,
    looked_at   bigint NOT NULL,
    -- What the mail server's clock showed then, in milliseconds: at least, and at most.
    shown_least bigint,
    shown_most  bigint
);
