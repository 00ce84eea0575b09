-- Project memory: decisions that turns left for later ones, and the words by which they are found again.

-- A row never changes. `words` are the distinct words of the text as the product splits them, written for the index: the
-- ASCII ones as they are, any other as `_` and the hex of its UTF-8. The index thus knows exactly the words the product
-- knows, whatever the Unicode version of the database.
CREATE TABLE memories (
  number INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  build TEXT NOT NULL,
  card TEXT NOT NULL,
  run TEXT NOT NULL REFERENCES runs (id),
  turn TEXT NOT NULL UNIQUE REFERENCES turns (id),
  seat TEXT NOT NULL,
  at TEXT NOT NULL,
  text TEXT NOT NULL,
  words TEXT NOT NULL
) STRICT;

-- A forgotten memory keeps its row and loses its place in the index.
CREATE TABLE forgotten_memories (
  memory INTEGER PRIMARY KEY REFERENCES memories (number),
  at TEXT NOT NULL
) STRICT;

CREATE VIRTUAL TABLE memory_index USING fts5 (
  words, content = 'memories', content_rowid = 'number', detail = 'none', columnsize = 0, tokenize = "ascii tokenchars '_'"
);

CREATE TRIGGER memories_are_indexed AFTER INSERT ON memories
BEGIN
  INSERT INTO memory_index (rowid, words) VALUES (new.number, new.words);
END;
CREATE TRIGGER forgotten_memories_leave_the_index AFTER INSERT ON forgotten_memories
BEGIN
  INSERT INTO memory_index (memory_index, rowid, words)
    SELECT 'delete', number, words FROM memories WHERE number = new.memory;
END;
CREATE TRIGGER memories_are_not_changed BEFORE UPDATE ON memories
BEGIN
  SELECT RAISE(ABORT, 'memories are never changed');
END;
CREATE TRIGGER memories_are_not_removed BEFORE DELETE ON memories
BEGIN
  SELECT RAISE(ABORT, 'memories are never removed');
END;
CREATE TRIGGER forgotten_memories_are_not_changed BEFORE UPDATE ON forgotten_memories
BEGIN
  SELECT RAISE(ABORT, 'what is forgotten stays forgotten');
END;
CREATE TRIGGER forgotten_memories_are_not_removed BEFORE DELETE ON forgotten_memories
BEGIN
  SELECT RAISE(ABORT, 'what is forgotten stays forgotten');
END;
