-- The plan of a customer: what it may keep of hunt groups' messages and of sounds. No value is no limit.

ALTER TABLE customer ADD COLUMN hunt_groups_allowed BOOL NOT NULL DEFAULT TRUE;
ALTER TABLE customer ADD COLUMN largest_message_bytes BIGINT;
ALTER TABLE customer ADD COLUMN total_message_bytes BIGINT;
