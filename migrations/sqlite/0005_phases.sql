-- Bug-fix phases of rocks, and since when a card has its status.

-- The status of a card has one writer, which keeps this beside it; for cards that are there already the log knows.
ALTER TABLE cards ADD COLUMN status_since TEXT NOT NULL DEFAULT '';
UPDATE cards SET status_since = coalesce(
  (SELECT max(at) FROM events WHERE type = 'card-moved' AND events.card = cards.id AND events.build = cards.build),
  created_at
);

-- `build` is what the names of the rock's builds begin with. `extendable_from`: a new extension is weighed from then on.
CREATE TABLE phases (
  number INTEGER PRIMARY KEY,
  rock TEXT NOT NULL,
  build TEXT NOT NULL,
  builds TEXT NOT NULL,
  department TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'completed')),
  days INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  ends_at TEXT NOT NULL,
  extendable_from TEXT NOT NULL,
  completed_at TEXT,
  CHECK ((completed_at IS NOT NULL) = (status = 'completed'))
) STRICT;

-- One open phase a rock, whoever starts it.
CREATE UNIQUE INDEX phases_open ON phases (rock) WHERE status = 'active';
CREATE INDEX phases_by_rock ON phases (rock, number);
