-- Jobs that have ended while somebody outside of the database wanted to hear of it and has not yet. `held_until` is for
-- how long one who announces is at it.
CREATE TABLE announcements (
    job        TEXT PRIMARY KEY,
    held_until INTEGER NOT NULL DEFAULT 0
);
