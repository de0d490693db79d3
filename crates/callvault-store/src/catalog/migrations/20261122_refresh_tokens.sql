-- What renews a session: the hash of a token that is good once, and its end.

ALTER TABLE session ADD COLUMN refresh_token BYTEA;
ALTER TABLE session ADD COLUMN refresh_expires_at BIGINT;
