-- The call that a recording is of, and when it began: so that lists of recordings by time come from an index. Both are
-- kept up to date wherever a recording or a call record is added. began_at is stored_at as long as there is no call.

ALTER TABLE recording ADD COLUMN call BIGINT;
ALTER TABLE recording ADD COLUMN began_at BIGINT NOT NULL DEFAULT 0;

UPDATE recording SET call = (
    SELECT c.id FROM call_record c WHERE c.customer = recording.customer AND c.recording = recording.name
    ORDER BY c.started_at, c.id LIMIT 1
);
UPDATE recording SET began_at = COALESCE((SELECT c.started_at FROM call_record c WHERE c.id = recording.call), stored_at);

CREATE INDEX recording_arrival ON recording (customer, id);
CREATE INDEX recording_began ON recording (customer, began_at, id);
