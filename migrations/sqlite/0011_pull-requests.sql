-- Pull requests of the forge that are for a card: one row each, whatever became of it. `owner` looks after it now; `version`
-- rises with each change.
CREATE TABLE pull_requests (
  id INTEGER PRIMARY KEY,
  repository INTEGER NOT NULL,
  number INTEGER NOT NULL,
  full_name TEXT NOT NULL,
  title TEXT NOT NULL,
  author TEXT NOT NULL,
  head_sha TEXT NOT NULL,
  base_branch TEXT NOT NULL,
  web_url TEXT NOT NULL,
  build TEXT NOT NULL,
  card TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'merged', 'rejected', 'closed')),
  round INTEGER NOT NULL CHECK (round >= 1),
  cycles INTEGER NOT NULL CHECK (cycles >= 0),
  rejections TEXT NOT NULL,
  seen_reviews TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  is_escalated INTEGER NOT NULL CHECK (is_escalated IN (0, 1)),
  is_rejecting INTEGER NOT NULL CHECK (is_rejecting IN (0, 1)),
  verification TEXT,
  agent_review TEXT,
  refusal TEXT,
  merge_commit TEXT,
  state_comment TEXT,
  look_at_ms INTEGER,
  looks INTEGER NOT NULL,
  version INTEGER NOT NULL,
  owner TEXT,
  lease_until_ms INTEGER,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (repository, number),
  CHECK ((owner IS NULL) = (lease_until_ms IS NULL))
) STRICT;
CREATE INDEX pull_requests_due ON pull_requests (look_at_ms) WHERE look_at_ms IS NOT NULL;
CREATE INDEX pull_requests_by_head ON pull_requests (head_sha) WHERE state = 'active';

-- What is to be done about them outside of the store, each once in a round. Whoever takes an errand has its number of attempts.
CREATE TABLE pull_request_errands (
  id INTEGER PRIMARY KEY,
  repository INTEGER NOT NULL,
  number INTEGER NOT NULL,
  round INTEGER NOT NULL,
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  facts TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'done', 'dropped', 'given-up')),
  attempts INTEGER NOT NULL,
  next_attempt_ms INTEGER NOT NULL,
  failure TEXT,
  answer TEXT,
  owner TEXT,
  lease_until_ms INTEGER,
  UNIQUE (repository, number, round, kind, about),
  FOREIGN KEY (repository, number) REFERENCES pull_requests (repository, number),
  CHECK ((owner IS NULL) = (lease_until_ms IS NULL))
) STRICT;
CREATE INDEX pull_request_errands_open ON pull_request_errands (next_attempt_ms) WHERE state = 'open';
