-- What an app's canary, an account that is there for trials, last showed of each flow of its playbook.
CREATE TABLE canaries (
    app           text COLLATE "C" NOT NULL,
    flow          text COLLATE "C" NOT NULL,
    account       text NOT NULL,
    job           uuid NOT NULL,
    tried_at      bigint NOT NULL,
    outcome       text NOT NULL,
    code          text NOT NULL,
    message       text NOT NULL,
    playbook_hash text,
    -- Since when it has not succeeded.
    failing_since bigint,
    PRIMARY KEY (app, flow)
);
