-- How often the target of a report answered and did not take it, and when first: counted across restarts, or a report that is
-- never taken would hold up the others of a server that restarts often.
ALTER TABLE report ADD COLUMN rejections BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN rejected_at BIGINT;
