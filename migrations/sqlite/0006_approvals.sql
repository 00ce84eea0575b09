-- Questions to a person: whether one call of a turn may happen, or a plan may be applied. A decision is a change of state
-- that is made once; `used_at` is when the turn took the answer, whatever it was.
CREATE TABLE approvals (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('tool', 'plan')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'allowed', 'denied', 'expired', 'void')),
  run TEXT REFERENCES runs (id),
  build TEXT,
  card TEXT,
  turn TEXT REFERENCES turns (id),
  step INTEGER,
  call_id TEXT,
  epoch INTEGER,
  tool TEXT,
  risk TEXT,
  arguments TEXT NOT NULL,
  args_hash TEXT NOT NULL,
  payload TEXT NOT NULL,
  reason TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  decided_at TEXT,
  decided_by TEXT,
  decision_reason TEXT,
  used_at TEXT,
  CHECK (kind <> 'tool' OR (run IS NOT NULL AND build IS NOT NULL AND card IS NOT NULL AND turn IS NOT NULL
    AND step IS NOT NULL AND call_id IS NOT NULL AND tool IS NOT NULL)),
  CHECK ((state = 'pending') = (decided_at IS NULL) AND (state = 'pending') = (decided_by IS NULL)),
  CHECK (used_at IS NULL OR state <> 'pending')
) STRICT;
-- One question for one call with these arguments, however often its turn is taken up again.
CREATE UNIQUE INDEX approvals_by_call ON approvals (turn, step, call_id, args_hash);
CREATE INDEX approvals_pending ON approvals (number) WHERE state = 'pending';
CREATE INDEX approvals_by_run ON approvals (run, number);
