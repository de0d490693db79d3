-- Numbers that hunt groups were told before there were record groups are given to no record group: it would be somebody's whom
-- they never meant. Numbers that leave none after them are passed over.

INSERT INTO counter (kind, last)
SELECT 'record_group', COALESCE(MAX(record_group), 0) FROM hunt_group
WHERE record_group > 0 AND record_group < 9007199254740992
ON CONFLICT (kind) DO UPDATE SET last = CASE
    WHEN counter.last < excluded.last THEN excluded.last ELSE counter.last END;
