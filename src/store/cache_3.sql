-- cache_3.sql - the step from schema 2 of cache.db to schema 3: how findings were worded before.
-- SPDX-License-Identifier: MIT
-- Conventions as in cache.sql. A fresh cache takes all steps, one after the other.

-- What an open finding said until the moment `until`, when it was first known to be otherwise: so a replay shows
-- its severity and wording as they were. Triggers keep it, so that no writer can forget to.
CREATE TABLE finding_was (
	id INTEGER PRIMARY KEY,
	finding_id INTEGER NOT NULL REFERENCES finding(id),
	until INTEGER NOT NULL,
	severity INTEGER NOT NULL,
	title TEXT NOT NULL,
	message TEXT,
	since INTEGER NOT NULL,
	silenced INTEGER NOT NULL,
	silenced_until INTEGER,
	silenced_by TEXT,
	silenced_why TEXT
);
CREATE INDEX finding_was_until ON finding_was (until);
CREATE INDEX finding_was_of ON finding_was (finding_id, until);
CREATE TRIGGER finding_said_otherwise AFTER UPDATE OF severity, title, message, since, silenced, silenced_until,
	silenced_by, silenced_why ON finding
WHEN old.severity <> new.severity OR old.title <> new.title OR old.message IS NOT new.message
	OR old.since <> new.since OR old.silenced <> new.silenced OR old.silenced_until IS NOT new.silenced_until
	OR old.silenced_by IS NOT new.silenced_by OR old.silenced_why IS NOT new.silenced_why
BEGIN
	INSERT INTO finding_was (finding_id, until, severity, title, message, since, silenced, silenced_until,
		silenced_by, silenced_why)
	VALUES (old.id, new.seen_at, old.severity, old.title, old.message, old.since, old.silenced,
		old.silenced_until, old.silenced_by, old.silenced_why);
END;
CREATE TRIGGER finding_deleted BEFORE DELETE ON finding
BEGIN
	DELETE FROM finding_was WHERE finding_id = old.id;
END;
