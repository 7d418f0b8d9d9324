-- Jobs that have ended while somebody outside of the database wanted to hear of it and has not yet. `held_until` is for
-- how long one who announces is at it.
CREATE TABLE announcements (
    job        uuid PRIMARY KEY,
    held_until bigint NOT NULL DEFAULT 0
);
