-- Logins of the P-Series dialect: an access and a refresh token each, of which only the hashes are kept.

CREATE TABLE token_pair (
    access BYTEA NOT NULL PRIMARY KEY,
    refresh BYTEA NOT NULL UNIQUE,
    person BIGINT NOT NULL REFERENCES person (id),
    access_ends BIGINT NOT NULL,
    refresh_ends BIGINT NOT NULL
);
CREATE INDEX token_pair_person ON token_pair (person, access_ends);
CREATE INDEX token_pair_ends ON token_pair (refresh_ends);
