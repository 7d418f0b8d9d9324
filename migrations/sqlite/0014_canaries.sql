-- What an app's canary, an account that is there for trials, last showed of each flow of its playbook.
CREATE TABLE canaries (
    app           TEXT NOT NULL,
    flow          TEXT NOT NULL,
    account       TEXT NOT NULL,
    job           TEXT NOT NULL,
    tried_at      INTEGER NOT NULL,
    outcome       TEXT NOT NULL,
    code          TEXT NOT NULL,
    message       TEXT NOT NULL,
    playbook_hash TEXT,
    -- Since when it has not succeeded.
    failing_since INTEGER,
    PRIMARY KEY (app, flow)
);
