-- For the Enswitch dialect: the SHA-1 of audio that is taken in from now on, and how a customer's recordings are written where a
-- client does not say.

ALTER TABLE audio ADD COLUMN sha1 BYTEA;
ALTER TABLE customer ADD COLUMN recordings_encoding TEXT NOT NULL DEFAULT 'raw';
