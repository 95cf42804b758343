-- journal.sql - schema 1 of journal.db: what people did and said. Append-only, hash-chained, never deleted.
-- SPDX-License-Identifier: MIT
-- Things are named as text (source, kind word, key), never by a row number of the cache.

CREATE TABLE record (
	seq INTEGER PRIMARY KEY,        -- 1, 2, 3 … without a hole
	at INTEGER NOT NULL,            -- ms UTC
	verb TEXT NOT NULL,             -- ack unack snooze unsnooze note intent sending outcome bulk bulk-end lock unlock …
	user TEXT NOT NULL,             -- the login name
	identity TEXT NOT NULL,         -- who they say they are (git's user.name <user.email>), or ''
	host TEXT NOT NULL,
	origin TEXT NOT NULL,           -- address of the SSH client, or ''
	source TEXT NOT NULL,           -- '' where it is about nothing in particular
	kind TEXT NOT NULL,
	key TEXT NOT NULL,
	parent INTEGER,                 -- the record this one belongs to (an outcome's intent, an undo's act)
	reason TEXT NOT NULL,           -- what the person wrote
	body TEXT NOT NULL,             -- a JSON object: the verb's own fields
	prev TEXT NOT NULL,             -- hash of the record before; 64 zeroes for the first
	hash TEXT NOT NULL              -- SHA-256 over all fields above, each with its length before it
);
CREATE INDEX record_thing ON record (kind, key, source);
CREATE INDEX record_verb ON record (verb, at);
CREATE TRIGGER record_no_update BEFORE UPDATE ON record BEGIN
	SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER record_no_delete BEFORE DELETE ON record BEGIN
	SELECT RAISE(ABORT, 'the journal is append-only');
END;
