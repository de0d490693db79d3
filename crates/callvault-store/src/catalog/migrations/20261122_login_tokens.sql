-- Sessions of the Enswitch dialect, of whose tokens only the hashes are kept. `switched_by` is who switched to the person;
-- without an end a token lives for ever.

CREATE TABLE login_token (
    token BYTEA NOT NULL PRIMARY KEY,
    person BIGINT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    customer BIGINT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    peer TEXT NOT NULL,
    switched_by BIGINT REFERENCES person (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX login_token_person ON login_token (person, created_at);
CREATE INDEX login_token_switched_by ON login_token (switched_by);
CREATE INDEX login_token_expires_at ON login_token (expires_at);
CREATE INDEX login_token_created_at ON login_token (created_at, token);
-- For user/switch, which finds a customer by its name.
CREATE INDEX customer_name ON customer (name);
