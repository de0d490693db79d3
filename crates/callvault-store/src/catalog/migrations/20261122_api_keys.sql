-- Keys of our own API, of which only the hashes are kept. `made_by` is a note and no reference: a key outlives who made it.

CREATE TABLE api_key (
    id BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    customer BIGINT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    below BOOL NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    privileges TEXT NOT NULL,
    made_by BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX api_key_customer ON api_key (customer, id);
