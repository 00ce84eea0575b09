-- Named keys of the API. Of a key's text only the SHA-256 is kept: it holds 256 bits of chance, so there is nothing to guess.
CREATE TABLE api_keys (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('read', 'operate', 'admin')),
  digest TEXT NOT NULL CHECK (length(digest) = 64),
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at TEXT,
  last_used_at TEXT,
  revoked_at TEXT,
  revoked_by TEXT,
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
) STRICT;
CREATE INDEX api_keys_by_name ON api_keys (name, number);
