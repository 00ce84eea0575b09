-- What was published: product folders with the repository on the forge they went to, and where the folder is now.

-- `sha` and `tree` are what the repository's branch is at, split out of the project's history as of `source_sha`. `place` is the
-- folder below the state directory that a move goes to; it is written before the move, so that the next call finds it.
CREATE TABLE published (
  number INTEGER PRIMARY KEY,
  source TEXT NOT NULL CHECK (source <> ''),
  project TEXT NOT NULL CHECK (project <> ''),
  repository TEXT NOT NULL,
  branch TEXT NOT NULL,
  sha TEXT NOT NULL CHECK (length(sha) = 40),
  tree TEXT NOT NULL CHECK (length(tree) = 40),
  source_sha TEXT NOT NULL CHECK (length(source_sha) = 40),
  parity INTEGER NOT NULL CHECK (parity IN (0, 1)),
  published_at TEXT NOT NULL,
  verified_at TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('present', 'archiving', 'archived', 'removing', 'deleting', 'deleted')),
  place TEXT,
  archived_at TEXT,
  deleted_at TEXT,
  CHECK (state = 'present' OR place IS NOT NULL),
  CHECK ((state = 'archived') <= (archived_at IS NOT NULL)),
  CHECK ((state = 'deleted') = (deleted_at IS NOT NULL))
) STRICT;

-- One folder, one row that speaks of it; those whose folder is put away stay beside it.
CREATE UNIQUE INDEX published_folders ON published (source, project) WHERE state IN ('present', 'archiving', 'removing');
