/* asof_sql.c - the SQL of time travel: what each table held at now(), from what is kept of changes. */
/* SPDX-License-Identifier: MIT */
#include "store/asof.h"

/* Two kinds of moments. One that was watched shows what binnacle knew then (seen_at <= now()), so that it
 * is exactly what was on the screen. One that nobody watched has only what platforms told later of their
 * runs, by the platforms' own times; other things then are unknown, "not observed".
 *
 * What differs from today is laid down in small tables when the moment is set (at_over: things that changed
 * since; at_over_run, at_attr), and the views look there first: so a moment costs what changed since, not
 * all there is. Subqueries rather than joins, because SQLite flattens only views of one table everywhere. */

/* clang-format off */

#define OVER(column) "(SELECT o." column " FROM temp.at_over o WHERE o.id = e.id)"
#define IS_OVER	     "EXISTS (SELECT 1 FROM temp.at_over o WHERE o.id = e.id)"
/* What was read with a list is as old as the list, the rest as its source. */
#define OBSERVED     "CASE WHEN e.scope_id IS NULL THEN (SELECT u.observed FROM temp.at_src u WHERE u.id = e.source_id)" \
	" ELSE (SELECT c.observed FROM temp.at_scope c WHERE c.id = e.scope_id) END"

const char *const bn_asof_views[] = {
    /* ok, tried: when the source was last read to its end, polled at all; observed: not stale by then;
     * known: the platform's runs of that moment were read later */
    "CREATE TEMP TABLE at_src (id INTEGER PRIMARY KEY, ok INTEGER, tried INTEGER, observed INTEGER, known INTEGER)",
    "CREATE TEMP TABLE at_over (id INTEGER PRIMARY KEY, status INTEGER, raw TEXT, since INTEGER, message TEXT,"
    " seen_at INTEGER, gone_at INTEGER)",
    "CREATE TEMP TABLE at_over_run (id INTEGER PRIMARY KEY, pipeline_id INTEGER, n INTEGER, queued_at INTEGER,"
    " started_at INTEGER, finished_at INTEGER, ended INTEGER)",
    "CREATE INDEX temp.at_over_run_of ON at_over_run (pipeline_id)",
    "CREATE TEMP TABLE at_attr (entity_id INTEGER, name TEXT, value TEXT, since INTEGER,"
    " PRIMARY KEY (entity_id, name)) WITHOUT ROWID",
    "CREATE TEMP TABLE at_scope (id INTEGER PRIMARY KEY, source_id INTEGER, name TEXT, complete INTEGER,"
    " generation INTEGER, last_ok_at INTEGER, sent_at INTEGER, items INTEGER, skipped INTEGER,"
    " observed INTEGER)",
    "CREATE TEMP TABLE at_source (id INTEGER PRIMARY KEY, name TEXT UNIQUE, type TEXT, url TEXT, interval_ms INTEGER,"
    " config_digest TEXT, configured_at INTEGER, origin TEXT, disabled INTEGER, lease_epoch INTEGER,"
    " lease_holder TEXT, state TEXT, last_try_at INTEGER, last_ok_at INTEGER, last_error_at INTEGER,"
    " last_error_code INTEGER, last_http_status INTEGER, last_error TEXT, last_hint TEXT, failures INTEGER,"
    " failing_since INTEGER, next_poll_at INTEGER, took_ms INTEGER, requests INTEGER, skipped INTEGER,"
    " skip_reason TEXT, auth TEXT, auth_expires_at INTEGER, stale_ms INTEGER)",
    "CREATE TEMP TABLE at_pipeline (entity_id INTEGER PRIMARY KEY, schedule TEXT, timezone TEXT, next_due_at INTEGER,"
    " due_computed INTEGER, paused INTEGER, grp TEXT, engine TEXT, definition TEXT, idempotence INTEGER,"
    " latest_run_id INTEGER, last_good_at INTEGER, p50_ms INTEGER, p95_ms INTEGER)",

    /* Names, owners, links and labels are today's: they say what a thing is, not how it was. */
    "CREATE TEMP VIEW at_entity AS SELECT e.id, e.source_id, e.scope_id, e.kind, e.key, e.name,"
    " CASE WHEN " IS_OVER " THEN " OVER("status") " ELSE e.status END AS status,"
    " CASE WHEN " IS_OVER " THEN " OVER("raw") " WHEN e.said_at > now() THEN NULL ELSE e.raw_status END AS raw_status,"
    " CASE WHEN " IS_OVER " THEN " OVER("since") " WHEN e.said_at > now() THEN (SELECT max(t.at) FROM main.transition t"
    "  WHERE t.entity_id = e.id AND t.seen_at <= now()) ELSE e.since END AS since,"
    " CASE WHEN e.kind <> 2 AND e.kind <> 11 AND NOT (" OBSERVED ") THEN 'not observed'"
    "  WHEN " IS_OVER " THEN " OVER("message") " WHEN e.said_at > now() THEN NULL ELSE e.message END AS message,"
    " e.owner, e.url, e.labels, e.first_seen_at,"
    " CASE WHEN " IS_OVER " THEN " OVER("seen_at") " WHEN e.seen_at <= now() THEN e.seen_at"
    "  WHEN e.scope_id IS NULL THEN (SELECT CASE e.kind WHEN 11 THEN u.tried ELSE u.ok END FROM temp.at_src u"
    "   WHERE u.id = e.source_id) ELSE e.first_seen_at END AS seen_at,"
    " e.sent_at, e.generation, CASE WHEN " IS_OVER " THEN " OVER("gone_at") " ELSE e.gone_at END AS gone_at, e.said_at"
    " FROM main.entity e WHERE e.first_seen_at <= now() OR " IS_OVER,

    "CREATE TEMP VIEW at_run AS SELECT r.entity_id, r.pipeline_id, r.pipeline_key,"
#define RUN_OVER "EXISTS (SELECT 1 FROM temp.at_over_run o WHERE o.id = r.entity_id)"
#define OF_RUN(column) "(SELECT o." column " FROM temp.at_over_run o WHERE o.id = r.entity_id)"
    " CASE WHEN " RUN_OVER " THEN " OF_RUN("n") " ELSE r.attempt END AS attempt,"
    " CASE WHEN " RUN_OVER " THEN " OF_RUN("queued_at") " ELSE r.queued_at END AS queued_at,"
    " CASE WHEN " RUN_OVER " THEN " OF_RUN("started_at") " ELSE r.started_at END AS started_at,"
    " CASE WHEN " RUN_OVER " THEN " OF_RUN("finished_at") " ELSE r.finished_at END AS finished_at,"
    " r.trigger, CASE WHEN " RUN_OVER " AND NOT " OF_RUN("ended") " THEN NULL ELSE r.progress END AS progress, r.retry_of,"
    " CASE WHEN " RUN_OVER " AND NOT " OF_RUN("ended") " THEN NULL ELSE r.tasks_total END AS tasks_total,"
    " CASE WHEN " RUN_OVER " AND NOT " OF_RUN("ended") " THEN NULL ELSE r.tasks_failed END AS tasks_failed,"
    " CASE WHEN " RUN_OVER " AND NOT " OF_RUN("ended") " THEN NULL ELSE r.tasks_skipped END AS tasks_skipped,"
    " CASE WHEN " RUN_OVER " AND NOT " OF_RUN("ended") " THEN NULL ELSE r.tasks_done END AS tasks_done,"
    " r.detail_at FROM main.run r",

    /* Attempts up to that one of then. How it stands follows from its times; but for what was watched,
     * the thing's own status of then is the latest attempt's. */
    "CREATE TEMP VIEW at_attempt AS SELECT a.run_id, a.n,"
#define CURRENT "EXISTS (SELECT 1 FROM temp.at_over_run o WHERE o.id = a.run_id AND o.n = a.n AND NOT o.ended)"
    " CASE WHEN " CURRENT " THEN coalesce((SELECT o.status FROM temp.at_over o WHERE o.id = a.run_id), a.status)"
    "  ELSE a.status END AS status,"
    " CASE WHEN " CURRENT " THEN NULL ELSE a.raw_status END AS raw_status,"
    " CASE WHEN a.queued_at <= now() THEN a.queued_at END AS queued_at,"
    " CASE WHEN a.started_at <= now() THEN a.started_at END AS started_at,"
    " CASE WHEN " CURRENT " OR a.finished_at > now() THEN NULL ELSE a.finished_at END AS finished_at,"
    " CASE WHEN " CURRENT " THEN NULL ELSE a.message END AS message, a.seen_at"
    " FROM main.attempt a WHERE a.n <= coalesce((SELECT o.n FROM temp.at_over_run o WHERE o.id = a.run_id), a.n)",

    /* A task's state follows from its times. One without any is as the end of its run left it, and before
     * that nobody knows. */
    "CREATE TEMP VIEW at_task AS SELECT t.id, t.run_id, t.attempt, t.key, t.try_number, t.name,"
#define RUN_ENDED "coalesce((SELECT o.ended OR o.n > t.attempt FROM temp.at_over_run o WHERE o.id = t.run_id), 1)"
#define TASK_ENDED "(t.finished_at <= now() OR (t.finished_at IS NULL AND " RUN_ENDED "))"
    " CASE WHEN " TASK_ENDED " THEN t.status WHEN t.started_at <= now() THEN 2"
    "  WHEN coalesce(t.queued_at, t.started_at, t.finished_at) IS NOT NULL THEN 1 ELSE 0 END AS status,"
    " CASE WHEN " TASK_ENDED " THEN t.raw_status END AS raw_status,"
    " CASE WHEN " TASK_ENDED " THEN t.message END AS message, t.url, t.parent, t.depends, t.type, t.position,"
    " CASE WHEN t.queued_at <= now() THEN t.queued_at END AS queued_at,"
    " CASE WHEN t.started_at <= now() THEN t.started_at END AS started_at,"
    " CASE WHEN t.finished_at <= now() THEN t.finished_at END AS finished_at,"
    " CASE WHEN t.started_at <= now() OR " TASK_ENDED " THEN t.log END AS log, t.sent_at"
    " FROM main.task t WHERE t.attempt <= coalesce((SELECT o.n FROM temp.at_over_run o WHERE o.id = t.run_id),"
    "  t.attempt) AND (t.try_number = 1 OR coalesce(t.queued_at, t.started_at, t.finished_at, 0) <= now())",

    /* Of a probe only its time is history. */
#define LASTING(column) "CASE WHEN n.checked_at <= now() THEN n." column " END AS " column ","
    "CREATE TEMP VIEW at_endpoint AS SELECT n.entity_id, n.type, n.target,"
    LASTING("http_status") LASTING("resolve_us") LASTING("connect_us") LASTING("tls_us") LASTING("first_byte_us")
    LASTING("transfer_us")
    " CASE WHEN n.checked_at <= now() THEN n.total_us ELSE (SELECT CAST(1000 * p.value AS INTEGER) FROM main.series x"
    "  JOIN main.point p ON p.series_id = x.id WHERE x.entity_id = n.entity_id AND x.name = 'total'"
    "  AND p.at <= now() AND p.seen_at <= now() ORDER BY p.at DESC LIMIT 1) END AS total_us,"
    LASTING("certificate_expires_at")
    " CASE WHEN n.checked_at <= now() THEN n.checked_at ELSE (SELECT p.at FROM main.series x"
    "  JOIN main.point p ON p.series_id = x.id WHERE x.entity_id = n.entity_id AND x.name IN ('up', 'total')"
    "  AND p.at <= now() AND p.seen_at <= now() ORDER BY p.at DESC LIMIT 1) END AS checked_at,"
    " n.slo_p99_ms, CASE WHEN n.checked_at <= now() THEN n.asserts END AS asserts FROM main.endpoint n",

    "CREATE TEMP VIEW at_attribute AS SELECT a.entity_id, a.name, a.value, a.since, a.sent_at FROM main.attribute a"
    " WHERE NOT EXISTS (SELECT 1 FROM temp.at_attr o WHERE o.entity_id = a.entity_id AND o.name = a.name)"
    " UNION ALL SELECT o.entity_id, o.name, o.value, o.since, o.since FROM temp.at_attr o WHERE o.value IS NOT NULL",
    "CREATE TEMP VIEW at_attribute_history AS SELECT * FROM main.attribute_history WHERE at <= now()",
    "CREATE TEMP VIEW at_transition AS SELECT * FROM main.transition WHERE at <= now()",

    /* What was measured later is the point of then, if points were kept, else nothing. */
#define POINT_OF(what) "(SELECT p." what " FROM main.series x JOIN main.point p ON p.series_id = x.id"            \
	" WHERE x.entity_id = m.entity_id AND x.name = m.name AND p.at <= now() AND p.seen_at <= now()"                \
	" ORDER BY p.at DESC LIMIT 1)"
    "CREATE TEMP VIEW at_measure AS SELECT m.entity_id, m.name,"
    " CASE WHEN m.at <= now() THEN m.value ELSE " POINT_OF("value") " END AS value, m.unit,"
    " CASE WHEN m.at <= now() THEN m.at ELSE " POINT_OF("at") " END AS at FROM main.measure m",

    /* A late point was missing until it came; but where nobody watched, all that came later counts. */
    "CREATE TEMP VIEW at_point AS SELECT p.series_id, p.at, p.value, p.seen_at FROM main.point p WHERE p.at <= now()"
    " AND (p.seen_at <= now() OR EXISTS (SELECT 1 FROM main.series x JOIN main.entity e ON e.id = x.entity_id"
    "  JOIN temp.at_src u ON u.id = e.source_id WHERE x.id = p.series_id AND NOT u.observed))",
    "CREATE TEMP VIEW at_rollup AS SELECT * FROM main.rollup WHERE at + 600000 <= now()",

    "CREATE TEMP VIEW at_finding AS SELECT f.id, f.origin, f.source_id, f.rule, f.key, f.severity, f.title, f.message,"
    " f.about_source, f.about_kind, f.about_key, f.since, f.opened_at, min(f.seen_at, now()) AS seen_at,"
    " CASE WHEN f.closed_at <= now() THEN f.closed_at END AS closed_at,"
    " CASE WHEN EXISTS (SELECT 1 FROM main.finding g WHERE g.id = f.root_id AND g.opened_at <= now()"
    "  AND (g.closed_at IS NULL OR g.closed_at > now())) THEN f.root_id END AS root_id,"
    " f.url, f.labels, f.scope_id, f.generation, f.sent_at FROM main.finding f WHERE f.opened_at <= now()",

    /* What the configuration says holds for the past as well. */
    "CREATE TEMP VIEW at_link AS SELECT * FROM main.link WHERE origin = 'config' OR coalesce(first_at, 0) <= now()",
    "CREATE TEMP VIEW at_stream_read AS SELECT entity_id, began, min(ended, now()) AS ended FROM main.stream_read"
    " WHERE began <= now()",
    "CREATE TEMP VIEW at_stream AS SELECT st.entity_id, st.unit, st.query, st.step_ms, st.expect, st.counted,"
    " st.settle_ms, st.ceiling, st.burst, st.flat_ms, st.anomaly, st.scope, st.grp, st.stage, st.position, st.checks,"
    " min(st.examined_at, (now() - 60000 - st.settle_ms) / 60000 * 60000) AS examined_at,"
    " CASE WHEN st.last_at <= now() THEN st.last_at ELSE (SELECT max(p.at) FROM main.series x JOIN main.point p"
    "  ON p.series_id = x.id WHERE x.entity_id = st.entity_id AND x.name = 'value' AND p.at + 60000 <= now()"
    "  AND p.value IS NOT NULL AND p.seen_at <= now()) END AS last_at FROM main.stream st",
    /* A minute that was filled later was missing then; its marks came with its value. */
    "CREATE TEMP VIEW at_stream_minute AS SELECT entity_id, at, CASE WHEN missed_at <= now() THEN missed_at END AS missed_at,"
    " CASE WHEN filled_at <= now() THEN filled_at END AS filled_at,"
    " CASE WHEN filled_at > now() THEN 0 ELSE marks END AS marks,"
    " CASE WHEN filled_at > now() THEN NULL ELSE value END AS value, usual FROM main.stream_minute"
    " WHERE at + 60000 <= now() AND (missed_at <= now() OR filled_at <= now() OR marks <> 0)",
    "CREATE TEMP VIEW at_stream_verdict AS SELECT * FROM main.stream_verdict WHERE since <= now()",
    "CREATE TEMP VIEW at_commit_log AS SELECT * FROM main.commit_log WHERE at <= now()",
    "CREATE TEMP VIEW at_call AS SELECT * FROM main.call WHERE at <= now()",
    "CREATE TEMP VIEW at_observed AS SELECT source_id, began, min(ended, now()) AS ended FROM main.observed"
    " WHERE began <= now()",
    "CREATE TEMP VIEW at_record AS SELECT * FROM journal.record WHERE at <= now()",

    "CREATE TEMP VIEW at_model_version AS SELECT v.entity_id, v.model_id, v.model_key, v.version,"
    " CASE WHEN EXISTS (SELECT 1 FROM main.attribute h WHERE h.entity_id = v.entity_id AND h.name = 'stage') THEN"
    "  (SELECT a.value FROM temp.at_attribute a WHERE a.entity_id = v.entity_id AND a.name = 'stage')"
    "  ELSE v.stage END AS stage,"
    " CASE WHEN EXISTS (SELECT 1 FROM main.attribute h WHERE h.entity_id = v.model_id AND h.name GLOB 'alias:*') THEN"
    "  (SELECT json_group_array(word) FROM (SELECT substr(a.name, 7) AS word FROM temp.at_attribute a"
    "   WHERE a.entity_id = v.model_id AND a.name GLOB 'alias:*' AND a.value = v.version ORDER BY 1))"
    "  ELSE v.aliases END AS aliases,"
    " v.created_at, CASE WHEN v.updated_at <= now() THEN v.updated_at END AS updated_at, v.run_key, v.artifact, v.image,"
    " v.framework, v.signature, v.data_from, v.data_to, v.tags, v.params, v.description FROM main.model_version v"
    " WHERE coalesce(v.created_at, 0) <= now()",

    /* How an objective stood follows from its ten minutes where they are of one mind. */
    "CREATE TEMP VIEW at_objective AS SELECT j.id, j.product_id, j.sli, j.target, j.text, j.goal, j.window_ms,"
    " CASE WHEN j.evaluated_at <= now() THEN j.value END AS value,"
    " CASE WHEN j.evaluated_at <= now() THEN j.state ELSE coalesce((SELECT CASE WHEN h.unknown_ms > 0 THEN 0"
    "   WHEN h.bad_ms = 0 THEN 8 WHEN h.good_ms = 0 THEN 11 ELSE 0 END FROM main.objective_history h"
    "   WHERE h.objective_id = j.id AND h.at <= now() AND h.at + 600000 > now()), 0) END AS state,"
    " CASE WHEN j.evaluated_at <= now() THEN j.since END AS since,"
    " CASE WHEN j.evaluated_at <= now() THEN j.evaluated_at END AS evaluated_at,"
    " CASE WHEN j.evaluated_at <= now() THEN j.detail END AS detail FROM main.objective j",
    "CREATE TEMP VIEW at_objective_history AS SELECT * FROM main.objective_history WHERE at + 600000 <= now()",
    NULL,
};

/* What changed since. */
#define CHANGED "(SELECT DISTINCT entity_id AS id FROM main.transition WHERE seen_at > now())"
/* A status of a run that has come to its end. */
#define ENDED "(3, 4, 5, 6)"

const char *const bn_asof_fill[] = {
    "DELETE FROM temp.at_src", "DELETE FROM temp.at_over", "DELETE FROM temp.at_over_run", "DELETE FROM temp.at_attr",
    "DELETE FROM temp.at_scope", "DELETE FROM temp.at_source", "DELETE FROM temp.at_pipeline",

    "INSERT INTO temp.at_src SELECT id, ok, tried, coalesce(now() - ok <= stale_ms * clock_factor(), 0),"
    " EXISTS (SELECT 1 FROM main.backfilled b WHERE b.source_id = q.id AND b.began <= now() AND b.ended >= now())"
    " FROM (SELECT s.id, s.stale_ms,"
    "  (SELECT min(o.ended, now()) FROM main.observed o WHERE o.source_id = s.id AND o.began <= now()"
    "   ORDER BY o.began DESC LIMIT 1) AS ok,"
    "  (SELECT min(w.ended, now()) FROM main.watched w WHERE w.source_id = s.id AND w.scope_id = 0"
    "   AND w.began <= now() ORDER BY w.began DESC LIMIT 1) AS tried FROM main.source s) q",

    /* A scope of which no coverage was kept (schema 1) is as old as its source. */
    "INSERT INTO temp.at_scope SELECT c.id, c.source_id, c.name, c.complete, c.generation,"
    " CASE WHEN EXISTS (SELECT 1 FROM main.watched w WHERE w.source_id = c.source_id AND w.scope_id = c.id) THEN"
    "  (SELECT min(w.ended, now()) FROM main.watched w WHERE w.source_id = c.source_id AND w.scope_id = c.id"
    "   AND w.began <= now() ORDER BY w.began DESC LIMIT 1)"
    "  ELSE (SELECT u.ok FROM temp.at_src u WHERE u.id = c.source_id) END,"
    " c.sent_at, c.items, c.skipped, 0 FROM main.scope c",
    "UPDATE temp.at_scope SET observed = coalesce(now() - last_ok_at <= (SELECT s.stale_ms FROM main.source s"
    " WHERE s.id = source_id) * clock_factor(), 0)",

    /* Things that were known and changed since: as the last change before says. */
    "INSERT INTO temp.at_over SELECT e.id, coalesce(t.new, t.old, 0), t.raw,"
    " CASE WHEN t.since IS NULL THEN t.at ELSE nullif(t.since, 0) END, t.message,"
    " CASE WHEN e.scope_id IS NULL THEN CASE e.kind WHEN 11 THEN u.tried ELSE u.ok END ELSE t.seen_at END,"
    " CASE WHEN t.new IS NULL THEN t.seen_at END"
    " FROM " CHANGED " c JOIN main.entity e ON e.id = c.id JOIN temp.at_src u ON u.id = e.source_id"
    " JOIN main.transition t ON t.id = (SELECT max(x.id) FROM main.transition x WHERE x.entity_id = e.id"
    "  AND x.seen_at <= now()) WHERE e.first_seen_at <= now() AND (e.kind <> 2 OR " OBSERVED ")",

    /* Of a source nobody watched then: what came to be known later may have been there. */
    "INSERT INTO temp.at_over SELECT e.id, 0, NULL, NULL, 'not observed', NULL, NULL FROM temp.at_src u"
    " JOIN main.entity e ON e.source_id = u.id WHERE e.kind <> 2 AND e.first_seen_at > now()"
    " AND e.gone_at IS NULL AND NOT (" OBSERVED ")",
    /* ... and its runs by the platform's own times. */
    "INSERT INTO temp.at_over_run SELECT e.id, r.pipeline_id, max(a.n), a.queued_at, a.started_at,"
    " CASE WHEN a.status IN " ENDED " AND a.finished_at <= now() THEN a.finished_at END,"
    " a.status IN " ENDED " AND a.finished_at <= now() FROM temp.at_src u JOIN main.entity e"
    " ON e.source_id = u.id AND e.kind = 2 JOIN main.run r ON r.entity_id = e.id JOIN main.attempt a ON a.run_id = e.id"
    " WHERE NOT (" OBSERVED ") AND coalesce(a.queued_at, a.started_at, a.finished_at) <= now()"
    " AND (e.first_seen_at > now() OR e.id IN " CHANGED ") GROUP BY e.id",
    "INSERT INTO temp.at_over SELECT o.id, CASE WHEN o.ended THEN a.status WHEN o.started_at <= now() THEN 2 ELSE 1 END,"
    " CASE WHEN o.ended THEN a.raw_status END,"
    " CASE WHEN o.ended THEN o.finished_at WHEN o.started_at <= now() THEN o.started_at ELSE o.queued_at END,"
    " CASE WHEN o.ended THEN a.message END, CASE WHEN u.known THEN now() END, NULL"
    " FROM temp.at_over_run o JOIN main.attempt a ON a.run_id = o.id AND a.n = o.n JOIN main.entity e ON e.id = o.id"
    " JOIN temp.at_src u ON u.id = e.source_id",

    /* Runs of watched sources that changed since, or are under way now: the attempt that was known. */
    "INSERT INTO temp.at_over_run SELECT r.entity_id, r.pipeline_id, q.n,"
    " CASE WHEN q.n = r.attempt OR (a.queued_at IS NULL AND r.queued_at <= a.started_at) THEN r.queued_at"
    "  ELSE a.queued_at END,"
    /* that it had begun was not known while it was known to wait */
    " CASE WHEN q.status = 1 AND e.status <> 1 THEN NULL WHEN q.n = r.attempt THEN r.started_at ELSE a.started_at END,"
    " CASE WHEN q.status IN " ENDED " THEN CASE WHEN q.n = r.attempt THEN r.finished_at ELSE a.finished_at END END,"
    " q.status IN " ENDED
    " FROM (SELECT c.id, c.status, coalesce((SELECT max(b.n) FROM main.attempt b WHERE b.run_id = c.id"
    "   AND coalesce(b.seen_at, b.queued_at, b.started_at, 0) <= now()), 1) AS n FROM"
    "  (SELECT o.id, o.status FROM temp.at_over o JOIN main.entity e ON e.id = o.id WHERE e.kind = 2"
    "   UNION SELECT e.id, e.status FROM main.entity e WHERE e.kind = 2 AND e.status IN (1, 2, 7)"
    "   AND e.first_seen_at <= now() AND e.id NOT IN (SELECT id FROM temp.at_over)) c"
    "  WHERE c.id NOT IN (SELECT id FROM temp.at_over_run)) q"
    " JOIN main.entity e ON e.id = q.id JOIN main.run r ON r.entity_id = q.id LEFT JOIN main.attempt a ON a.run_id = q.id AND a.n = q.n",
    "UPDATE temp.at_over_run SET queued_at = CASE WHEN queued_at <= now() THEN queued_at END,"
    " started_at = CASE WHEN started_at <= now() THEN started_at END,"
    " finished_at = CASE WHEN finished_at <= now() THEN finished_at END",

    /* The first change after says what was before it. */
    "INSERT INTO temp.at_attr SELECT entity_id, name, old, coalesce((SELECT p.at FROM main.attribute_history p"
    "  WHERE p.entity_id = f.entity_id AND p.name = f.name AND p.id < f.first ORDER BY p.id DESC LIMIT 1), 0)"
    " FROM (SELECT h.entity_id, h.name, h.old, min(h.id) AS first FROM main.attribute_history h"
    "  WHERE h.seen_at > now() GROUP BY h.entity_id, h.name) f",

    "INSERT INTO temp.at_source SELECT s.id, s.name, s.type, s.url, s.interval_ms, s.config_digest,"
    " CASE WHEN u.observed THEN coalesce(s.configured_at, now()) ELSE s.configured_at END, s.origin, s.disabled,"
    " s.lease_epoch, NULL, CASE e.status WHEN 8 THEN 'ok' WHEN 10 THEN 'throttled' WHEN 11 THEN 'failing' ELSE 'new' END,"
    " u.tried, u.ok, NULL, NULL, NULL, CASE WHEN e.status IN (10, 11) THEN e.message END, NULL, NULL,"
    " CASE WHEN e.status IN (10, 11) THEN e.since END, NULL, s.took_ms, NULL, NULL, NULL, s.auth, NULL, s.stale_ms"
    " FROM main.source s JOIN temp.at_src u ON u.id = s.id LEFT JOIN temp.at_entity e ON e.source_id = s.id"
    "  AND e.kind = 11 AND e.key = s.name",

    "INSERT INTO temp.at_pipeline SELECT p.entity_id, CASE WHEN EXISTS (SELECT 1 FROM temp.at_attr o"
    "  WHERE o.entity_id = p.entity_id AND o.name = 'schedule') THEN (SELECT o.value FROM temp.at_attr o"
    "  WHERE o.entity_id = p.entity_id AND o.name = 'schedule') ELSE p.schedule END, p.timezone, p.next_due_at, p.due_computed,"
    " coalesce((SELECT coalesce(o.value = 'yes', 0) FROM temp.at_attr o WHERE o.entity_id = p.entity_id AND o.name = 'paused'),"
    "  p.paused), p.grp, p.engine, p.definition, p.idempotence, p.latest_run_id, p.last_good_at, p.p50_ms, p.p95_ms"
    " FROM main.pipeline p",
    NULL,
};

const char bn_asof_pipelines[] =
    "SELECT p.entity_id, p.schedule, p.timezone, p.paused, e.first_seen_at, (SELECT max(h.at) FROM main.attribute_history h"
    "  WHERE h.entity_id = p.entity_id AND h.name IN ('paused', 'schedule') AND h.old IS NOT NULL AND h.seen_at <= now())"
    " FROM temp.at_pipeline p"
    " JOIN main.entity e ON e.id = p.entity_id WHERE p.entity_id IN"
    " (SELECT r.pipeline_id FROM " CHANGED " c JOIN main.run r ON r.entity_id = c.id UNION"
    "  SELECT o.pipeline_id FROM temp.at_over_run o UNION"
    "  SELECT o.entity_id FROM temp.at_attr o WHERE o.name IN ('paused', 'schedule'))";

const char bn_asof_runs[] =
    "SELECT r.entity_id, r.started_at, r.finished_at, x.status, x.gone_at IS NULL,"
    " coalesce(r.started_at, r.queued_at, x.since, x.first_seen_at) AS begun FROM"
    " (SELECT * FROM (SELECT m.entity_id AS id FROM main.run m WHERE m.pipeline_id = ?1 AND m.started_at <= now()"
    "   ORDER BY m.started_at DESC LIMIT 200)"
    "  UNION SELECT m.entity_id FROM main.run m WHERE m.pipeline_id = ?1 AND m.started_at IS NULL"
    "  UNION SELECT o.id FROM temp.at_over_run o WHERE o.pipeline_id = ?1) c"
    " JOIN temp.at_run r ON r.entity_id = c.id JOIN temp.at_entity x ON x.id = c.id"
    " WHERE r.started_at IS NOT NULL OR x.gone_at IS NULL"
    " ORDER BY begun DESC, r.started_at IS NOT NULL, r.entity_id DESC";

const char bn_asof_put_pipeline[] =
    "UPDATE temp.at_pipeline SET latest_run_id = ?2, last_good_at = ?3, p50_ms = ?4, p95_ms = ?5, next_due_at = ?6"
    " WHERE entity_id = ?1";

/* clang-format on */
