-- Sandboxes: running products, one row an id, whatever became of it. `block` is the number of the port block it holds; two
-- rows never hold the same one. `owner` acts on it now, and each action has a higher `epoch`.
CREATE TABLE sandboxes (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  build TEXT NOT NULL,
  stack TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('creating', 'running', 'unhealthy', 'failed', 'stopping', 'deleted')),
  reason TEXT,
  block INTEGER CHECK (block BETWEEN 1 AND 64),
  ports TEXT NOT NULL,
  urls TEXT NOT NULL,
  services TEXT NOT NULL,
  sources TEXT,
  misses INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  owner TEXT,
  deployer TEXT,
  busy_until TEXT,
  checked_at TEXT,
  created_at TEXT NOT NULL,
  last_used_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  CHECK (state <> 'deleted' OR block IS NULL),
  CHECK (state NOT IN ('creating', 'running', 'unhealthy') OR block IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX sandboxes_by_block ON sandboxes (block) WHERE block IS NOT NULL;
CREATE INDEX sandboxes_by_build ON sandboxes (build);
