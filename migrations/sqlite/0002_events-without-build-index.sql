-- Every event was entered in this index and nothing on the way of a turn asks for it: a build's events are read from where
-- the reader last was, and that is the order they lie in.
DROP INDEX events_by_build;
