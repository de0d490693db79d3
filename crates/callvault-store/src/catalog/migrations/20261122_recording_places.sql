-- Where recordings are kept: in record groups, each with an end of its own. A recording without a row here is in none, and has
-- its end in its own row, which is empty otherwise. began_at is that of the recording, for lists of a group from an index.

CREATE TABLE recording_place (
    record_group BIGINT NOT NULL REFERENCES record_group (id),
    recording BIGINT NOT NULL REFERENCES recording (id),
    began_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (record_group, recording)
);
CREATE INDEX recording_place_recording ON recording_place (recording, record_group);
CREATE INDEX recording_place_began ON recording_place (record_group, began_at, recording);
CREATE INDEX recording_place_expires ON recording_place (expires_at, recording) WHERE expires_at IS NOT NULL;

ALTER TABLE recording ADD COLUMN expires_at BIGINT;
CREATE INDEX recording_expires ON recording (expires_at, id) WHERE expires_at IS NOT NULL;
