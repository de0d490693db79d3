-- What hunt groups and their levels do with calls. A hunt group that was there before gets the settings of a new one.

ALTER TABLE hunt_group ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE hunt_group ADD COLUMN ring_order TEXT NOT NULL DEFAULT 'linear';
ALTER TABLE hunt_group ADD COLUMN ring_seconds BIGINT NOT NULL DEFAULT 10;
ALTER TABLE hunt_group ADD COLUMN music BIGINT;
ALTER TABLE hunt_group ADD COLUMN music_ringing BOOL NOT NULL DEFAULT FALSE;
ALTER TABLE hunt_group ADD COLUMN allow_forwards BOOL NOT NULL DEFAULT FALSE;
ALTER TABLE hunt_group ADD COLUMN screen TEXT NOT NULL DEFAULT 'none';
ALTER TABLE hunt_group ADD COLUMN record_group BIGINT;
ALTER TABLE hunt_group ADD COLUMN panel BOOL NOT NULL DEFAULT FALSE;
ALTER TABLE hunt_group ADD COLUMN default_exit TEXT NOT NULL DEFAULT 'hangup';
ALTER TABLE hunt_group ADD COLUMN default_number TEXT NOT NULL DEFAULT '';
ALTER TABLE hunt_group ADD COLUMN unavailable_exit TEXT NOT NULL DEFAULT 'hangup';
ALTER TABLE hunt_group ADD COLUMN unavailable_number TEXT NOT NULL DEFAULT '';
ALTER TABLE hunt_group ADD COLUMN busy_exit TEXT NOT NULL DEFAULT 'hangup';
ALTER TABLE hunt_group ADD COLUMN busy_number TEXT NOT NULL DEFAULT '';

-- A level without a row has the default settings. No value is that of the hunt group.
CREATE TABLE hunt_group_level (
    hunt_group BIGINT NOT NULL REFERENCES hunt_group (id),
    level BIGINT NOT NULL,
    ring_seconds BIGINT,
    music_ringing BOOL,
    play_message BOOL NOT NULL,
    PRIMARY KEY (hunt_group, level)
);
