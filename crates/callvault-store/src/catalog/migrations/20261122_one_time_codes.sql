-- People's one-time codes. The secret is kept as it is, because codes are computed from it; no code counts whose step is not
-- after the last one.

CREATE TABLE one_time_code (
    person BIGINT NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    secret BYTEA NOT NULL,
    confirmed BOOL NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
