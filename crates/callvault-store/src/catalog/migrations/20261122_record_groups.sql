-- Record groups: named groups of a customer's recordings, and whether a customer's plan has them. Numbers that hunt groups
-- were told before stay as they are.

CREATE TABLE record_group (
    id BIGINT NOT NULL PRIMARY KEY,
    customer BIGINT NOT NULL REFERENCES customer (id),
    name TEXT NOT NULL,
    owner BIGINT REFERENCES person (id),
    created_at BIGINT NOT NULL,
    description TEXT NOT NULL,
    email TEXT NOT NULL,
    retention_days BIGINT NOT NULL,
    fraction_percent BIGINT NOT NULL,
    beep_seconds BIGINT NOT NULL,
    record_inbound BOOL NOT NULL,
    record_outbound BOOL NOT NULL,
    transcribe BOOL NOT NULL,
    announcement TEXT NOT NULL
);
CREATE INDEX record_group_customer ON record_group (customer, id);
CREATE INDEX record_group_owner ON record_group (owner);
CREATE INDEX hunt_group_record_group ON hunt_group (record_group);

ALTER TABLE customer ADD COLUMN record_groups_allowed BOOL NOT NULL DEFAULT TRUE;
