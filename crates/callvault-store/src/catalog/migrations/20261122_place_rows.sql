-- Being in no record group is a place like any other, with a row of its own: a recording has at least one row here, and may
-- be in groups besides. The ends of recordings in no group move here; the column of before goes.

CREATE TABLE recording_place_row (
    record_group BIGINT REFERENCES record_group (id),
    recording BIGINT NOT NULL REFERENCES recording (id),
    began_at BIGINT NOT NULL,
    expires_at BIGINT
);
INSERT INTO recording_place_row (record_group, recording, began_at, expires_at)
    SELECT record_group, recording, began_at, expires_at FROM recording_place;
INSERT INTO recording_place_row (record_group, recording, began_at, expires_at)
    SELECT NULL, r.id, r.began_at, r.expires_at FROM recording r
    WHERE NOT EXISTS (SELECT 1 FROM recording_place p WHERE p.recording = r.id);
DROP TABLE recording_place;
ALTER TABLE recording_place_row RENAME TO recording_place;
CREATE UNIQUE INDEX recording_place_recording ON recording_place (recording, record_group);
CREATE UNIQUE INDEX recording_place_ungrouped ON recording_place (recording) WHERE record_group IS NULL;
CREATE INDEX recording_place_began ON recording_place (record_group, began_at, recording);
CREATE INDEX recording_place_expires ON recording_place (expires_at, recording) WHERE expires_at IS NOT NULL;

DROP INDEX recording_expires;
ALTER TABLE recording DROP COLUMN expires_at;
