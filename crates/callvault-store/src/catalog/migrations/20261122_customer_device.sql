-- The device that a customer stands for at the Yeastar door.

ALTER TABLE customer ADD COLUMN serial TEXT NOT NULL DEFAULT '';
ALTER TABLE customer ADD COLUMN device_name TEXT NOT NULL DEFAULT '';
