-- What the forge sent: kept before it is answered, worked off later, in order for each pull request.

-- `lane` is what is worked on one at a time: a repository and a pull request of it. `attempts` counts how often a process
-- took the delivery, and is the right to settle it: whoever holds an older number has lost it.
CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  event TEXT NOT NULL,
  action TEXT,
  repository INTEGER,
  repository_name TEXT,
  pull_request INTEGER,
  sender INTEGER,
  sender_name TEXT,
  lane TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('webhook', 'test', 'replay')),
  size_bytes INTEGER NOT NULL,
  body_digest TEXT NOT NULL,
  received_at TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('accepted', 'working', 'done', 'dead', 'ignored')),
  attempts INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  next_attempt_ms INTEGER NOT NULL,
  owner TEXT,
  lease_until_ms INTEGER,
  settled_at TEXT,
  CHECK ((state = 'working') = (owner IS NOT NULL) AND (state = 'working') = (lease_until_ms IS NOT NULL)),
  CHECK ((state IN ('done', 'dead', 'ignored')) = (settled_at IS NOT NULL))
) STRICT;

-- The same body is the same delivery, whatever id it comes with: the id is not signed.
CREATE UNIQUE INDEX deliveries_by_body ON deliveries (body_digest, event);
CREATE INDEX deliveries_open ON deliveries (number) WHERE state IN ('accepted', 'working');
CREATE INDEX deliveries_by_lane ON deliveries (lane, number) WHERE state IN ('accepted', 'working');

-- Apart, because lists never need them.
CREATE TABLE delivery_bodies (
  delivery INTEGER PRIMARY KEY REFERENCES deliveries (number),
  body TEXT NOT NULL
) STRICT;
