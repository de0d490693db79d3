-- Whom the levels of hunt groups call, and how many a customer's plan allows one hunt group. No value is no limit.

CREATE TABLE destination (
    id BIGINT NOT NULL PRIMARY KEY,
    hunt_group BIGINT NOT NULL REFERENCES hunt_group (id),
    level BIGINT NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    append_caller_id TEXT NOT NULL,
    available BOOL NOT NULL,
    screen BOOL NOT NULL,
    description TEXT NOT NULL
);
CREATE INDEX destination_hunt_group ON destination (hunt_group, id);
CREATE INDEX destination_number ON destination (number, kind, id);

ALTER TABLE customer ADD COLUMN hunt_group_destinations BIGINT;
