-- What a person's client gets for call records of which there are none: the header line alone, or a failure.

ALTER TABLE person ADD COLUMN empty_calls TEXT NOT NULL DEFAULT 'header';
