-- What was set aside, by target: for lists, and for sending it again.
CREATE INDEX report_set_aside ON report (target, id) WHERE parked_at IS NOT NULL;
