-- The call id in a recording's name, where there is one, so that a call that names no recording is joined by it. Rows
-- of before have none: they stay joined by name alone.

ALTER TABLE recording ADD COLUMN call_id TEXT;
CREATE INDEX recording_call_id ON recording (customer, call_id) WHERE call_id IS NOT NULL;
