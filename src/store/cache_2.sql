-- cache_2.sql - the step from schema 1 of cache.db to schema 2: models, streams, products, as-of.
-- SPDX-License-Identifier: MIT
-- Conventions as in cache.sql. A fresh cache takes both, one after the other.

-- ---- models ---------------------------------------------------------------------------------------
-- A registered model is an entity (kind model) with its name as key, each of its versions another one with
-- the key NAME@VERSION; so both have a status, transitions, notes, links and measures of their own. Aliases
-- are attributes of the model ("alias:champion" → "551902"), stages attributes of the version ("stage"), and
-- attribute_history is what answers "which version was live then". Numbers of the training run are measures
-- of the version: "eval:wape", "param" and tags are text and lie in the row.
CREATE TABLE model (
	entity_id INTEGER PRIMARY KEY REFERENCES entity(id),
	serving TEXT,                   -- endpoint, batch, embedded; NULL: nobody said
	live_on TEXT,                   -- a reference or a word: where the live version answers
	metric TEXT,                    -- the number EVAL shows: "wape"
	better TEXT,                    -- "lower" or "higher"
	live TEXT NOT NULL DEFAULT ',', -- aliases and stages that mean production, in lower case: ",champion,production,"
	psi_warn REAL NOT NULL DEFAULT 0.1,
	psi_bad REAL NOT NULL DEFAULT 0.2,
	auto_deploy INTEGER NOT NULL DEFAULT 0,
	grace_ms INTEGER NOT NULL DEFAULT 1200000,
	checks TEXT                     -- a JSON array of [measure, operator, number, text]
);
CREATE TABLE model_version (
	entity_id INTEGER PRIMARY KEY REFERENCES entity(id),
	model_id INTEGER REFERENCES entity(id),
	model_key TEXT NOT NULL,
	version TEXT NOT NULL,
	stage TEXT,
	created_at INTEGER,
	updated_at INTEGER,
	run_key TEXT,                   -- the training run
	run_read INTEGER NOT NULL DEFAULT 0, -- it was read: what it does not say does not exist
	artifact TEXT,                  -- where the artifact lies
	image TEXT,
	framework TEXT,
	signature TEXT,                 -- JSON
	train_started_at INTEGER,
	train_finished_at INTEGER,
	data_from INTEGER,              -- the window of the data it was trained on
	data_to INTEGER,
	tags TEXT,                      -- a JSON object of strings
	params TEXT,                    -- a JSON object of strings
	live_from INTEGER,              -- as somebody declared it at the platform
	live_until INTEGER,
	approved_by TEXT,
	change TEXT
);
CREATE INDEX model_version_of ON model_version (model_id, created_at);
CREATE INDEX model_version_orphan ON model_version (model_key) WHERE model_id IS NULL;

-- ---- streams --------------------------------------------------------------------------------------
-- What a [stream] section, or a platform, says of a stream. Its points are those of the series that bears
-- the name 'value' on its entity; a minute is named by its start. Where the platform tells when a minute's
-- record arrived, that is the series 'arrived' (ms since 1970).
CREATE TABLE stream (
	entity_id INTEGER PRIMARY KEY REFERENCES entity(id),
	unit TEXT,
	query TEXT,
	step_ms INTEGER NOT NULL DEFAULT 60000,
	expect REAL,                    -- records expected in a step, NULL: any number, none included
	counted INTEGER NOT NULL DEFAULT 0, -- the value is the number of records: 0 is as good as nothing
	settle_ms INTEGER NOT NULL DEFAULT 120000, -- how long after its end a minute may still be filled in time
	ceiling REAL,                   -- what can be counted at most: at or above it a value is a lower bound
	burst REAL,                     -- so many times what is expected is a burst
	flat_ms INTEGER,                -- the same value for so long is a fault
	anomaly REAL,                   -- so many MADs off the same minute of earlier days are strange
	scope TEXT,                     -- what else the number covers: 'account-wide'
	grp TEXT,                       -- the chain it is part of, and its place there
	stage TEXT,
	position INTEGER NOT NULL DEFAULT 0,
	checks TEXT,                    -- JSON: [{kind, other, by, tolerance, relative, settle}] as configured
	examined_from INTEGER,          -- the minutes from this one on …
	examined_at INTEGER             -- … and before this one have been judged
);
CREATE INDEX stream_group ON stream (grp, position);
-- What was asked of the platform: the minutes from `began` on, last at the moment `ended`. A minute is known
-- to be empty only where one such reading holds it, its end and the time it may take to settle.
CREATE TABLE stream_read (
	entity_id INTEGER NOT NULL REFERENCES entity(id),
	began INTEGER NOT NULL,
	ended INTEGER NOT NULL,
	PRIMARY KEY (entity_id, began)
) WITHOUT ROWID;
-- Minutes that changed after they had been judged: to be judged again.
CREATE TABLE stream_changed (
	entity_id INTEGER NOT NULL REFERENCES entity(id),
	at INTEGER NOT NULL,
	PRIMARY KEY (entity_id, at)
) WITHOUT ROWID;
-- Minutes of which there is more to say than their value; most have no row.
CREATE TABLE stream_minute (
	entity_id INTEGER NOT NULL REFERENCES entity(id),
	at INTEGER NOT NULL,
	missed_at INTEGER,              -- when it had to be there and was not; NULL: it was in time
	filled_at INTEGER,              -- when it came all the same; NULL: it has not
	marks INTEGER NOT NULL DEFAULT 0, -- 1 at the ceiling, 2 burst, 4 short, 8 anomaly, 16 inconsistent
	value REAL,
	usual REAL,                     -- what was expected of it
	PRIMARY KEY (entity_id, at)
) WITHOUT ROWID;
CREATE INDEX stream_minute_at ON stream_minute (at);
-- What is wrong over more than one minute, as long as it is.
CREATE TABLE stream_verdict (
	entity_id INTEGER NOT NULL REFERENCES entity(id),
	rule TEXT NOT NULL,             -- flat, imbalance, inconsistent, anomaly, short
	other TEXT NOT NULL DEFAULT '', -- the stream it was compared with
	since INTEGER NOT NULL,
	title TEXT NOT NULL,
	message TEXT,
	PRIMARY KEY (entity_id, rule, other)
) WITHOUT ROWID;
-- Numbers about things of other sources that were not read yet; they are given over when the thing comes.
CREATE TABLE early_number (
	id INTEGER PRIMARY KEY,
	source TEXT NOT NULL,
	kind INTEGER NOT NULL,
	key TEXT NOT NULL,
	name TEXT NOT NULL,
	point INTEGER NOT NULL,         -- 1: a point of the series, 0: the latest value
	value REAL,
	unit TEXT,
	at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL
);
CREATE INDEX early_number_of ON early_number (source, kind, key);

-- ---- products -------------------------------------------------------------------------------------
-- [product] sections. They are entities (kind product) of a source of their own, "products", which no
-- platform stands behind; its scopes are the configurations that name them.
CREATE TABLE product (
	entity_id INTEGER PRIMARY KEY REFERENCES entity(id),
	domain TEXT,
	contact TEXT,
	lifecycle TEXT NOT NULL DEFAULT 'active', -- active dormant retiring retired
	consumers TEXT,                 -- a JSON array of words
	cost REAL,
	cost_unit TEXT
);
CREATE TABLE objective (
	id INTEGER PRIMARY KEY,
	product_id INTEGER NOT NULL REFERENCES entity(id),
	sli TEXT NOT NULL,              -- freshness completeness deadline availability quality
	target REAL,                    -- ms for freshness, minutes past midnight for deadline, else a share
	text TEXT NOT NULL,             -- the target as it was written
	goal REAL NOT NULL DEFAULT 0.99, -- share of the window in which it has to be met
	window_ms INTEGER NOT NULL,
	value REAL,                     -- as it is now: ms of age, ms to spare, else a share; NULL: not known
	state INTEGER NOT NULL DEFAULT 0, -- enum bn_status: unknown healthy degraded down
	since INTEGER,
	good_at INTEGER,                -- the good end that its freshness or deadline counts from
	due_at INTEGER,                 -- deadline: the next one
	predicted_at INTEGER,           -- deadline: when it will be ready, or was
	evaluated_at INTEGER,
	detail TEXT,
	gone_at INTEGER,                -- the configuration does not ask for it any more
	UNIQUE (product_id, sli)
);
-- How it went, a row for ten minutes: ms in which it was met, broken, and not known, and its state at the
-- end of them. What no row speaks of was not observed.
CREATE TABLE objective_history (
	objective_id INTEGER NOT NULL REFERENCES objective(id),
	at INTEGER NOT NULL,
	good_ms INTEGER NOT NULL,
	bad_ms INTEGER NOT NULL,
	unknown_ms INTEGER NOT NULL,
	state INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (objective_id, at)
) WITHOUT ROWID;

-- ---- silences -------------------------------------------------------------------------------------
-- The platform itself keeps a finding from people (a silence, an inhibition): it is shown, not counted.
ALTER TABLE finding ADD COLUMN silenced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE finding ADD COLUMN silenced_until INTEGER;
ALTER TABLE finding ADD COLUMN silenced_by TEXT;
ALTER TABLE finding ADD COLUMN silenced_why TEXT;
-- The same alert seen through another source (Prometheus and Alertmanager): one finding stands for both,
-- and the other, which names it here, is left out of every list.
ALTER TABLE finding ADD COLUMN same_as INTEGER;

-- ---- as-of ----------------------------------------------------------------------------------------
-- A transition also keeps what the platform's word and the status' beginning were (0: it said nothing of
-- that; NULL: not recorded, as in rows of schema 1).
ALTER TABLE transition ADD COLUMN raw TEXT;
ALTER TABLE transition ADD COLUMN since INTEGER;
CREATE INDEX transition_seen ON transition (seen_at);
CREATE INDEX attribute_history_seen ON attribute_history (seen_at);
-- When anything but the status changed last: what is said now was not said before.
ALTER TABLE entity ADD COLUMN said_at INTEGER;
ALTER TABLE attempt ADD COLUMN seen_at INTEGER; -- when it was first known
ALTER TABLE link ADD COLUMN first_at INTEGER;   -- when it was first known
-- Coverage in detail: since when and until when each scope was read to its end (scope_id), and polls were
-- made at all, whatever came of them (scope_id 0). `observed` is that of whole good polls.
CREATE TABLE watched (
	source_id INTEGER NOT NULL REFERENCES source(id),
	scope_id INTEGER NOT NULL,
	began INTEGER NOT NULL,
	ended INTEGER NOT NULL,
	PRIMARY KEY (source_id, scope_id, began)
) WITHOUT ROWID;
-- Spans in which nobody watched, but of which the platform still knew every run. Nothing is claimed of
-- other things then.
CREATE TABLE backfilled (
	source_id INTEGER NOT NULL REFERENCES source(id),
	began INTEGER NOT NULL,
	ended INTEGER NOT NULL,
	PRIMARY KEY (source_id, began)
) WITHOUT ROWID;

-- Schema 1 indexed no keys: all is indexed anew, and searched by scans until then.
DELETE FROM search_done;
