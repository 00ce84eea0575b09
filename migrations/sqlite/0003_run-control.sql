-- What a person asked a running run to do, how long it was worked on, and what an unfinished call was about to change.
ALTER TABLE runs ADD COLUMN wanted TEXT CHECK (wanted IN ('pause', 'cancel'));
ALTER TABLE runs ADD COLUMN active_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN turns_max REAL;
ALTER TABLE turn_calls ADD COLUMN effect TEXT;
