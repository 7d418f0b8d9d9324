-- By what messages are known that came already, for longer than they are kept: one that comes again is no new one.
CREATE TABLE message_marks (
    address text COLLATE "C" NOT NULL,
    mark    text COLLATE "C" NOT NULL,
    seen_at bigint NOT NULL,
    PRIMARY KEY (address, mark)
);

CREATE INDEX message_marks_by_age ON message_marks (seen_at);

INSERT INTO message_marks SELECT address, mark, arrived_at FROM messages WHERE mark IS NOT NULL;
