-- Call records. Each way of asking for them (all, by caller, by callee, by recording) has an index that ends in the order
-- of the list, so that a page costs the same with ten million rows as with ten thousand.

CREATE TABLE call_record (
    id BIGINT NOT NULL PRIMARY KEY,
    customer BIGINT NOT NULL REFERENCES customer (id),
    call_id TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    caller TEXT NOT NULL,
    callee TEXT NOT NULL,
    call_seconds BIGINT NOT NULL,
    talk_seconds BIGINT NOT NULL,
    source_trunk TEXT NOT NULL,
    destination_trunk TEXT NOT NULL,
    pin_code TEXT NOT NULL,
    status TEXT NOT NULL,
    kind TEXT NOT NULL,
    recording TEXT,
    did_number TEXT NOT NULL,
    agent_ring_seconds BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    UNIQUE (customer, call_id, started_at, callee)
);
CREATE INDEX call_record_started ON call_record (customer, started_at, id);
CREATE INDEX call_record_caller ON call_record (customer, caller, started_at, id);
CREATE INDEX call_record_callee ON call_record (customer, callee, started_at, id);
CREATE INDEX call_record_recording ON call_record (customer, recording, started_at, id);
