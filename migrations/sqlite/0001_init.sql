-- The base schema. JSON is TEXT, a boolean is 0 or 1, a moment is ISO 8601 text in UTC; tables are STRICT, so that a
-- value of another type is refused when it is written.

-- `id_key` is the id in lower case: two ids of one build differ in more than their case.
-- `changed_seq` is the number of the first event after the write; readers ask for what is newer than the event they know.
CREATE TABLE cards (
  number INTEGER PRIMARY KEY,
  build TEXT NOT NULL,
  id TEXT NOT NULL,
  id_key TEXT NOT NULL,
  kind TEXT NOT NULL,
  type TEXT NOT NULL,
  summary TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('ready', 'in_progress', 'blocked', 'waiting_for_developer', 'ready_for_testing',
    'code_review', 'done', 'canceled', 'archived')),
  wait_reason TEXT CHECK (wait_reason IN ('resource', 'dependency', 'review', 'input', 'system')),
  wait_detail TEXT,
  version INTEGER NOT NULL,
  priority REAL NOT NULL,
  seat TEXT,
  epic TEXT,
  parent TEXT,
  department TEXT NOT NULL,
  position INTEGER NOT NULL,
  depends_on TEXT NOT NULL,
  retry_count INTEGER NOT NULL,
  retries_max INTEGER NOT NULL,
  cycle INTEGER NOT NULL,
  verified INTEGER NOT NULL,
  orphaned INTEGER NOT NULL,
  author_seats TEXT NOT NULL,
  assignee TEXT,
  credits REAL NOT NULL,
  resolution TEXT,
  last_error TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  changed_seq INTEGER NOT NULL,
  UNIQUE (build, id_key),
  CHECK ((wait_reason IS NOT NULL) = (status IN ('blocked', 'waiting_for_developer')))
) STRICT;
CREATE INDEX cards_by_id ON cards (id_key, build);
CREATE INDEX cards_by_change ON cards (build, changed_seq);

-- What a card is about, apart from its state: a move rewrites a short row.
CREATE TABLE card_briefs (
  build TEXT NOT NULL,
  id_key TEXT NOT NULL,
  brief TEXT NOT NULL,
  PRIMARY KEY (build, id_key),
  FOREIGN KEY (build, id_key) REFERENCES cards (build, id_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE verifications (
  number INTEGER PRIMARY KEY,
  build TEXT NOT NULL,
  card_key TEXT NOT NULL,
  at TEXT NOT NULL,
  cycle INTEGER NOT NULL,
  workspace_digest TEXT NOT NULL,
  total INTEGER NOT NULL,
  passed INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  not_executed INTEGER NOT NULL,
  verdict TEXT CHECK (verdict IN ('pass', 'fail')),
  logs TEXT NOT NULL,
  FOREIGN KEY (build, card_key) REFERENCES cards (build, id_key)
) STRICT;
CREATE INDEX verifications_by_card ON verifications (build, card_key, number);

CREATE TABLE comments (
  number INTEGER PRIMARY KEY,
  build TEXT NOT NULL,
  card TEXT NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL,
  at TEXT NOT NULL,
  turn TEXT
) STRICT;
CREATE INDEX comments_by_card ON comments (build, card, number);

CREATE TABLE builds (
  id TEXT PRIMARY KEY NOT NULL,
  epic TEXT NOT NULL,
  department TEXT NOT NULL,
  rock TEXT,
  workspace_digest TEXT
) STRICT, WITHOUT ROWID;

-- `replies` counts the steps of its turns.
CREATE TABLE runs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  card TEXT NOT NULL,
  kind TEXT NOT NULL,
  builds TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'paused', 'done', 'blocked', 'failed', 'canceled')),
  reason TEXT,
  detail TEXT,
  turns INTEGER NOT NULL,
  replies INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  tokens_max REAL,
  cost_usd_max REAL,
  minutes_max REAL,
  model TEXT,
  created_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT,
  epoch INTEGER NOT NULL,
  owner TEXT,
  lease_until_ms INTEGER,
  CHECK ((owner IS NULL) = (lease_until_ms IS NULL))
) STRICT;
CREATE INDEX runs_by_status ON runs (status, number);

CREATE TABLE run_snapshots (
  run TEXT PRIMARY KEY NOT NULL REFERENCES runs (id),
  snapshot TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The builds of each run. `active` follows the run's status, and the index refuses a second active run on a build.
CREATE TABLE run_builds (
  build TEXT NOT NULL,
  number INTEGER NOT NULL REFERENCES runs (number),
  run TEXT NOT NULL REFERENCES runs (id),
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  PRIMARY KEY (build, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_builds_by_run ON run_builds (run);
CREATE UNIQUE INDEX run_builds_active ON run_builds (build) WHERE active = 1;

-- The row is the key: a turn is written with as few pages as can be, because it is written in every cycle of the loop.
CREATE TABLE turns (
  build TEXT NOT NULL,
  card TEXT NOT NULL,
  number INTEGER NOT NULL,
  id TEXT NOT NULL UNIQUE,
  run TEXT NOT NULL REFERENCES runs (id),
  seat TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('work', 'review')),
  cycle INTEGER NOT NULL,
  model TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('live', 'committed', 'failed', 'violated', 'dropped')),
  outcome TEXT,
  commit_id TEXT,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  PRIMARY KEY (build, card, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE turn_prompts (
  turn TEXT PRIMARY KEY NOT NULL REFERENCES turns (id),
  prompt TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The long columns come last: what a turn used is summed up without reading them.
CREATE TABLE turn_steps (
  turn TEXT NOT NULL REFERENCES turns (id),
  number INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  text TEXT NOT NULL,
  calls TEXT NOT NULL,
  PRIMARY KEY (turn, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE turn_calls (
  turn TEXT NOT NULL,
  step INTEGER NOT NULL,
  call_id TEXT NOT NULL,
  begun INTEGER NOT NULL CHECK (begun IN (0, 1)),
  result TEXT,
  PRIMARY KEY (turn, step, call_id),
  FOREIGN KEY (turn, step) REFERENCES turn_steps (turn, number)
) STRICT, WITHOUT ROWID;

-- Paths that turns of a card wrote. `committed` is 0 from the write until a commit holds it.
CREATE TABLE card_files (
  build TEXT NOT NULL,
  card TEXT NOT NULL,
  path TEXT NOT NULL,
  committed INTEGER NOT NULL CHECK (committed IN (0, 1)),
  PRIMARY KEY (build, card, path)
) STRICT, WITHOUT ROWID;

-- The event log. `data` is canonical JSON, exactly the text that was hashed.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  type TEXT NOT NULL,
  run TEXT,
  build TEXT,
  card TEXT,
  turn TEXT,
  actor TEXT NOT NULL,
  data TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_run ON events (run, seq) WHERE run IS NOT NULL;
CREATE INDEX events_by_build ON events (build, seq) WHERE build IS NOT NULL;
CREATE INDEX events_by_card ON events (card, seq) WHERE card IS NOT NULL;

-- Where the log ends: a tail that was cut off is noticed by it.
CREATE TABLE event_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO event_head (id, seq, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are never changed');
END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are never removed');
END;
CREATE TRIGGER event_head_only_rises BEFORE UPDATE ON event_head WHEN new.seq <= old.seq
BEGIN
  SELECT RAISE(ABORT, 'the end of the event log only moves on');
END;
CREATE TRIGGER event_head_stays BEFORE DELETE ON event_head
BEGIN
  SELECT RAISE(ABORT, 'the end of the event log is never removed');
END;
