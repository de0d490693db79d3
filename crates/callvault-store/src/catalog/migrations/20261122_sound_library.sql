-- What a sound is besides its name and its file, and whether a plan has sounds. A sound that was there before belongs to its
-- customer alone, and its file is called after it.

ALTER TABLE sound ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE sound ADD COLUMN shared BOOL NOT NULL DEFAULT FALSE;
ALTER TABLE sound ADD COLUMN file_name TEXT;
CREATE INDEX sound_shared ON sound (id) WHERE shared;

ALTER TABLE customer ADD COLUMN sounds_allowed BOOL NOT NULL DEFAULT TRUE;
