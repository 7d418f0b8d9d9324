-- How far the log has been told, to each server and of each event: while some process does not know yet of a server, or of an
-- event that it is to be told of, what happens is told later by one that does. No row: nobody has asked to be told.
CREATE TABLE webhook_cursors (
    endpoint TEXT NOT NULL,
    event    TEXT NOT NULL,
    changed  INTEGER NOT NULL,
    PRIMARY KEY (endpoint, event)
);
-- The one mark that there was for all: where those go on who ask first.
INSERT INTO webhook_cursors (endpoint, event, changed) SELECT '', '', changed FROM webhook_cursor;
DROP TABLE webhook_cursor;

-- To whom what happened beside the log has been told.
CREATE TABLE happenings_told (
    seq      INTEGER NOT NULL REFERENCES happenings (seq) ON DELETE CASCADE,
    endpoint TEXT NOT NULL,
    PRIMARY KEY (seq, endpoint)
);
