-- The names that phone systems show for caller and callee; empty where they show none.

ALTER TABLE call_record ADD COLUMN caller_name TEXT NOT NULL DEFAULT '';
ALTER TABLE call_record ADD COLUMN callee_name TEXT NOT NULL DEFAULT '';
