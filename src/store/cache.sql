-- cache.sql - schema 1 of cache.db: what the platforms said, and when. May be deleted at any time.
-- SPDX-License-Identifier: MIT
-- Times are ms since 1970 UTC, NULL where not known (0 never means a time). Kinds and statuses are the
-- numbers of enum bn_kind and enum bn_status; the words come from the functions kind_word() and
-- status_word() that every connection has.

CREATE TABLE source (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	type TEXT NOT NULL DEFAULT '',
	url TEXT,
	interval_ms INTEGER NOT NULL DEFAULT 30000,
	config_digest TEXT,
	configured_at INTEGER,          -- last time a process with it in its configuration was running;
	                                -- NULL: its configuration does not name it any more
	origin TEXT,                    -- the configuration that names it
	disabled INTEGER NOT NULL DEFAULT 0,
	lease_epoch INTEGER NOT NULL DEFAULT 0,
	lease_holder TEXT,              -- "user@host pid", for people
	state TEXT NOT NULL DEFAULT 'new',  -- new ok failing auth throttled
	last_try_at INTEGER,
	last_ok_at INTEGER,
	last_error_at INTEGER,
	last_error_code INTEGER,
	last_http_status INTEGER,
	last_error TEXT,
	last_hint TEXT,
	failures INTEGER NOT NULL DEFAULT 0,    -- in a row
	failing_since INTEGER,
	next_poll_at INTEGER,
	took_ms INTEGER,
	requests INTEGER NOT NULL DEFAULT 0,    -- ever
	skipped INTEGER NOT NULL DEFAULT 0,     -- broken items in the latest poll
	skip_reason TEXT,
	auth TEXT,                      -- how it logs in, for the Sources screen ("token-file", "basic", "none")
	auth_expires_at INTEGER,
	-- two intervals, of the rhythm it really has: what was read longer ago than this is not known now
	stale_ms INTEGER NOT NULL GENERATED ALWAYS AS (2 * max(interval_ms, coalesce(took_ms, 0))) STORED
);

-- One row a request made, kept for a day: calls/h, p50/p95 and errors of the Sources screen.
CREATE TABLE call (
	id INTEGER PRIMARY KEY,
	source_id INTEGER NOT NULL REFERENCES source(id),
	at INTEGER NOT NULL,
	took_ms INTEGER NOT NULL,
	what TEXT NOT NULL,             -- method and path of the request table
	http_status INTEGER,
	bytes INTEGER,
	error TEXT
);
CREATE INDEX call_at ON call (source_id, at);

CREATE TABLE scope (
	id INTEGER PRIMARY KEY,
	source_id INTEGER NOT NULL REFERENCES source(id),
	name TEXT NOT NULL,
	complete INTEGER NOT NULL,
	generation INTEGER NOT NULL DEFAULT 0,  -- raised by each reading; an entity not seen in it is gone
	last_ok_at INTEGER,
	sent_at INTEGER,
	items INTEGER NOT NULL DEFAULT 0,
	skipped INTEGER NOT NULL DEFAULT 0,
	UNIQUE (source_id, name)
);

CREATE TABLE watermark (
	source_id INTEGER NOT NULL REFERENCES source(id),
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (source_id, name)
);

CREATE TABLE entity (
	id INTEGER PRIMARY KEY,
	source_id INTEGER NOT NULL REFERENCES source(id),
	scope_id INTEGER REFERENCES scope(id),
	kind INTEGER NOT NULL,
	key TEXT NOT NULL,
	name TEXT NOT NULL,
	status INTEGER NOT NULL,
	raw_status TEXT,
	since INTEGER,
	message TEXT,
	owner TEXT,
	url TEXT,
	labels TEXT,                    -- a JSON object of strings, or NULL
	first_seen_at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL,       -- when the latest answer about it arrived
	sent_at INTEGER NOT NULL,       -- when the request of that answer was sent: older ones are dropped
	generation INTEGER NOT NULL DEFAULT 0,
	gone_at INTEGER,
	UNIQUE (source_id, kind, key)
);
CREATE INDEX entity_kind ON entity (kind, status, since);
CREATE INDEX entity_scope ON entity (scope_id) WHERE gone_at IS NULL;

CREATE TABLE pipeline (
	entity_id INTEGER PRIMARY KEY REFERENCES entity(id),
	schedule TEXT,
	timezone TEXT,
	next_due_at INTEGER,
	due_computed INTEGER NOT NULL DEFAULT 0, -- next_due_at is ours, from schedule and latest run
	paused INTEGER NOT NULL DEFAULT 0,
	grp TEXT,
	engine TEXT,
	definition TEXT,
	idempotence INTEGER NOT NULL DEFAULT 0,
	-- kept up to date by the store from its runs
	latest_run_id INTEGER,
	last_good_at INTEGER,
	p50_ms INTEGER,                 -- of the last 20 finished good runs
	p95_ms INTEGER
);

CREATE TABLE run (
	entity_id INTEGER PRIMARY KEY REFERENCES entity(id),
	pipeline_id INTEGER REFERENCES entity(id),
	pipeline_key TEXT,
	attempt INTEGER NOT NULL DEFAULT 1,
	queued_at INTEGER,
	started_at INTEGER,
	finished_at INTEGER,
	trigger TEXT,
	progress TEXT,
	retry_of TEXT,
	tasks_total INTEGER,
	tasks_failed INTEGER,
	tasks_skipped INTEGER,
	tasks_done INTEGER,
	detail_at INTEGER               -- when its tasks were last read
);
CREATE INDEX run_of_pipeline ON run (pipeline_id, started_at);
CREATE INDEX run_started ON run (started_at);
CREATE INDEX run_orphan ON run (pipeline_key) WHERE pipeline_id IS NULL AND pipeline_key IS NOT NULL;

-- Every attempt of a run, the current one included. A finished run seen running again opens n+1.
CREATE TABLE attempt (
	run_id INTEGER NOT NULL REFERENCES entity(id),
	n INTEGER NOT NULL,
	status INTEGER NOT NULL,
	raw_status TEXT,
	queued_at INTEGER,
	started_at INTEGER,
	finished_at INTEGER,
	message TEXT,
	PRIMARY KEY (run_id, n)
) WITHOUT ROWID;

CREATE TABLE task (
	id INTEGER PRIMARY KEY,
	run_id INTEGER NOT NULL REFERENCES entity(id),
	attempt INTEGER NOT NULL,
	key TEXT NOT NULL,
	try_number INTEGER NOT NULL DEFAULT 1,
	name TEXT NOT NULL,
	status INTEGER NOT NULL,
	raw_status TEXT,
	message TEXT,
	url TEXT,
	parent TEXT,                    -- key of the node it is drawn under
	depends TEXT,                   -- a JSON array of keys, or NULL
	type TEXT,
	position INTEGER NOT NULL DEFAULT 0,
	queued_at INTEGER,
	started_at INTEGER,
	finished_at INTEGER,
	log TEXT,
	sent_at INTEGER NOT NULL,
	UNIQUE (run_id, attempt, key, try_number)
);

-- Logs that were read once, bounded; `complete` when the task had finished.
CREATE TABLE logtext (
	run_id INTEGER NOT NULL REFERENCES entity(id),
	attempt INTEGER NOT NULL,
	task_key TEXT NOT NULL,
	try_number INTEGER NOT NULL,
	fetched_at INTEGER NOT NULL,
	complete INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (run_id, attempt, task_key, try_number)
);
CREATE INDEX logtext_age ON logtext (fetched_at, bytes);

CREATE TABLE endpoint (
	entity_id INTEGER PRIMARY KEY REFERENCES entity(id),
	type TEXT,
	target TEXT,
	http_status INTEGER,
	resolve_us INTEGER,
	connect_us INTEGER,
	tls_us INTEGER,
	first_byte_us INTEGER,
	transfer_us INTEGER,
	total_us INTEGER,
	certificate_expires_at INTEGER,
	checked_at INTEGER,
	slo_p99_ms INTEGER,
	asserts TEXT                    -- a JSON array of [assertion, ok|failed, seen]
);

-- Named facts whose changes are history: alias, live variant, weight, revision, image, replicas, paused.
CREATE TABLE attribute (
	entity_id INTEGER NOT NULL REFERENCES entity(id),
	name TEXT NOT NULL,
	value TEXT,
	since INTEGER NOT NULL,
	sent_at INTEGER NOT NULL,
	PRIMARY KEY (entity_id, name)
) WITHOUT ROWID;
CREATE TABLE attribute_history (
	id INTEGER PRIMARY KEY,
	entity_id INTEGER NOT NULL REFERENCES entity(id),
	name TEXT NOT NULL,
	at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL,
	old TEXT,
	new TEXT
);
CREATE INDEX attribute_history_at ON attribute_history (entity_id, at);

-- The latest value of a named number on any thing: "rps", "error-rate", "p95", "kpi:clicks" …
CREATE TABLE measure (
	entity_id INTEGER NOT NULL REFERENCES entity(id),
	name TEXT NOT NULL,
	value REAL,
	unit TEXT,
	at INTEGER NOT NULL,
	PRIMARY KEY (entity_id, name)
) WITHOUT ROWID;

CREATE TABLE series (
	id INTEGER PRIMARY KEY,
	entity_id INTEGER NOT NULL REFERENCES entity(id),
	name TEXT NOT NULL,
	unit TEXT,
	UNIQUE (entity_id, name)
);
CREATE TABLE point (
	series_id INTEGER NOT NULL REFERENCES series(id),
	at INTEGER NOT NULL,
	value REAL,
	seen_at INTEGER NOT NULL,
	PRIMARY KEY (series_id, at)
) WITHOUT ROWID;
CREATE TABLE rollup (
	series_id INTEGER NOT NULL REFERENCES series(id),
	at INTEGER NOT NULL,            -- start of the ten minutes
	count INTEGER NOT NULL,
	sum REAL, min REAL, max REAL, last REAL,
	PRIMARY KEY (series_id, at)
) WITHOUT ROWID;

-- History of statuses. Written by the store alone, whenever a status differs.
CREATE TABLE transition (
	id INTEGER PRIMARY KEY,
	entity_id INTEGER NOT NULL REFERENCES entity(id),
	at INTEGER NOT NULL,            -- when the platform says it happened (else seen_at)
	seen_at INTEGER NOT NULL,
	old INTEGER,                    -- NULL: first seen
	new INTEGER,                    -- NULL: gone
	message TEXT
);
CREATE INDEX transition_entity ON transition (entity_id, at);
CREATE INDEX transition_at ON transition (at);

-- When a source was really observed; outside these intervals the past is "not observed".
CREATE TABLE observed (
	source_id INTEGER NOT NULL REFERENCES source(id),
	began INTEGER NOT NULL,
	ended INTEGER NOT NULL,
	PRIMARY KEY (source_id, began)
) WITHOUT ROWID;

-- Lineage. Ends are named as text, since either may be unknown as yet or live in another source.
CREATE TABLE link (
	id INTEGER PRIMARY KEY,
	from_source TEXT NOT NULL, from_kind INTEGER NOT NULL, from_key TEXT NOT NULL,
	to_source TEXT NOT NULL, to_kind INTEGER NOT NULL, to_key TEXT NOT NULL,
	kind TEXT NOT NULL,             -- feeds, serves, retry-of, defines, child …
	origin TEXT NOT NULL,           -- "config", or the source's name
	seen_at INTEGER NOT NULL,
	UNIQUE (from_source, from_kind, from_key, to_source, to_kind, to_key, kind, origin)
);
CREATE INDEX link_to ON link (to_kind, to_key);

-- Intervals during which something was wrong, from rules and from the platforms themselves.
CREATE TABLE finding (
	id INTEGER PRIMARY KEY,
	origin TEXT NOT NULL,           -- "rule" or "source"
	source_id INTEGER REFERENCES source(id),
	rule TEXT NOT NULL,
	key TEXT NOT NULL,              -- unique among the open findings of (origin, source, rule)
	severity INTEGER NOT NULL,
	title TEXT NOT NULL,
	message TEXT,
	about_source TEXT, about_kind INTEGER, about_key TEXT,
	since INTEGER NOT NULL,
	opened_at INTEGER NOT NULL,     -- when binnacle first knew
	seen_at INTEGER NOT NULL,
	closed_at INTEGER,
	root_id INTEGER,                -- the finding it is folded under; NULL: a root itself
	url TEXT,
	labels TEXT,
	scope_id INTEGER,
	generation INTEGER NOT NULL DEFAULT 0,
	sent_at INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX finding_open ON finding (origin, source_id, rule, key) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX finding_open_rule ON finding (origin, rule, key)
	WHERE closed_at IS NULL AND source_id IS NULL;
CREATE INDEX finding_key ON finding (source_id, rule, key, closed_at);
CREATE INDEX finding_time ON finding (since, closed_at);
CREATE INDEX finding_scope ON finding (scope_id) WHERE closed_at IS NULL;
CREATE INDEX finding_about ON finding (about_kind, about_key) WHERE closed_at IS NULL;

-- Commits of the repositories that define things ([repo] path= or clones).
CREATE TABLE commit_log (
	repo TEXT NOT NULL,
	id TEXT NOT NULL,               -- full object name
	at INTEGER NOT NULL,            -- committer's time
	author TEXT NOT NULL,
	subject TEXT NOT NULL,
	merge TEXT,                     -- "dbt!2207", "#415" as found in the subject or trailers
	PRIMARY KEY (repo, id)
) WITHOUT ROWID;
CREATE INDEX commit_at ON commit_log (at);
CREATE TABLE commit_file (
	repo TEXT NOT NULL,
	id TEXT NOT NULL,
	path TEXT NOT NULL,
	PRIMARY KEY (repo, id, path)
) WITHOUT ROWID;
CREATE INDEX commit_path ON commit_file (repo, path);

-- Filled after the commit, in the background (rowid is the entity's id). An entity without a row in
-- search_done, or with seen_at 0 there (its text changed since), has to be searched by a scan.
CREATE VIRTUAL TABLE search USING fts5 (name, message, tokenize='trigram');
CREATE TABLE search_done (entity_id INTEGER PRIMARY KEY, seen_at INTEGER NOT NULL);
CREATE INDEX search_stale ON search_done (entity_id) WHERE seen_at = 0;
