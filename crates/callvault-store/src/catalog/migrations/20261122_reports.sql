-- Reports: where application servers want them, what waits for each, and calls whose recording is awaited.

-- The place that a session wants reports at; empty when they can go nowhere.
ALTER TABLE session ADD COLUMN report_place TEXT NOT NULL DEFAULT '';

CREATE TABLE report_target (
    id BIGINT NOT NULL PRIMARY KEY,
    person BIGINT NOT NULL REFERENCES person (id),
    customer BIGINT NOT NULL REFERENCES customer (id),
    place TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    format TEXT NOT NULL,
    kept_until BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    delivered_at BIGINT,
    failed_at BIGINT,
    failure TEXT,
    UNIQUE (person, place)
);
CREATE INDEX report_target_customer ON report_target (customer, id);

-- One row for each report and target, until the target took it. A call is told of at most twice: without its recording, and
-- with it.
CREATE TABLE report (
    id BIGINT NOT NULL PRIMARY KEY,
    target BIGINT NOT NULL REFERENCES report_target (id),
    call_record BIGINT NOT NULL REFERENCES call_record (id),
    is_whole BOOL NOT NULL,
    due_at BIGINT NOT NULL,
    parked_at BIGINT,
    reason TEXT,
    UNIQUE (target, call_record, is_whole)
);
CREATE INDEX report_waiting ON report (target, id) WHERE parked_at IS NULL;
CREATE INDEX report_due ON report (due_at) WHERE parked_at IS NULL;
CREATE INDEX report_parked ON report (parked_at) WHERE parked_at IS NOT NULL;
CREATE INDEX report_call_record ON report (call_record);

-- Calls whose recording is not stored: reported when it is, or at due_at. Without due_at they were reported, and are once
-- more when it comes.
CREATE TABLE awaited_recording (
    call_record BIGINT NOT NULL PRIMARY KEY REFERENCES call_record (id),
    customer BIGINT NOT NULL,
    recording TEXT NOT NULL,
    awaited_since BIGINT NOT NULL,
    due_at BIGINT
);
CREATE INDEX awaited_recording_name ON awaited_recording (customer, recording);
CREATE INDEX awaited_recording_due ON awaited_recording (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX awaited_recording_since ON awaited_recording (awaited_since);
