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

#define OVER(column) "(SELECT o." column " FROM temp.at_over o WHERE o.id = x.id)"
#define IS_OVER	     "EXISTS (SELECT 1 FROM temp.at_over o WHERE o.id = x.id)"
/* What was read with a list is as old as the list, the rest as its source. */
#define OBSERVED(e) "CASE WHEN " e ".scope_id IS NULL THEN (SELECT u.observed FROM temp.at_src u WHERE u.id = " e     \
	".source_id) ELSE (SELECT c.observed FROM temp.at_read c WHERE c.id = " e ".scope_id) END"

const char *const bn_asof_tables[] = {
    /* ok, tried: when the source was last read to its end, polled at all; observed: not stale by then;
     * known: the platform's runs of that moment were read later */
    "CREATE TEMP TABLE at_src (id INTEGER PRIMARY KEY, ok INTEGER, tried INTEGER, observed INTEGER, known INTEGER,"
    " state TEXT, error TEXT, since INTEGER)",
    "CREATE TEMP TABLE at_read (id INTEGER PRIMARY KEY, source_id INTEGER, ok INTEGER, observed INTEGER)",
    "CREATE TEMP TABLE at_over (id INTEGER PRIMARY KEY, status INTEGER, raw TEXT, since INTEGER, message TEXT,"
    " seen_at INTEGER, gone_at INTEGER)",
    "CREATE TEMP TABLE at_over_run (id INTEGER PRIMARY KEY, pipeline_id INTEGER, n INTEGER, queued_at INTEGER,"
    " started_at INTEGER, finished_at INTEGER, ended INTEGER)",
    "CREATE INDEX temp.at_over_run_of ON at_over_run (pipeline_id)",
    "CREATE TEMP TABLE at_attr (entity_id INTEGER, name TEXT, value TEXT, since INTEGER,"
    " PRIMARY KEY (entity_id, name)) WITHOUT ROWID",
    "CREATE TEMP TABLE at_pipe (id INTEGER PRIMARY KEY, latest INTEGER, good INTEGER, p50 INTEGER, p95 INTEGER,"
    " due INTEGER)",
    NULL,
};

#define RUN_OVER "EXISTS (SELECT 1 FROM temp.at_over_run o WHERE o.id = x.entity_id)"
#define OF_RUN(column) "(SELECT o." column " FROM temp.at_over_run o WHERE o.id = x.entity_id)"
#define UNDER_WAY RUN_OVER " AND NOT " OF_RUN("ended")
#define CURRENT "EXISTS (SELECT 1 FROM temp.at_over_run o WHERE o.id = x.run_id AND o.n = x.n AND NOT o.ended)"
#define RUN_ENDED "coalesce((SELECT o.ended OR o.n > x.attempt FROM temp.at_over_run o WHERE o.id = x.run_id), 1)"
#define TASK_ENDED "(x.finished_at <= now() OR (x.finished_at IS NULL AND " RUN_ENDED "))"
#define PAST(column) {column, "CASE WHEN x." column " <= now() THEN x." column " END"}
#define SRC(column) "(SELECT u." column " FROM temp.at_src u WHERE u.id = x.id)"
#define PIPE_OVER "EXISTS (SELECT 1 FROM temp.at_pipe o WHERE o.id = x.entity_id)"
#define PIPE(column, ours) {column, "CASE WHEN " PIPE_OVER " THEN (SELECT o." ours " FROM temp.at_pipe o"    \
	" WHERE o.id = x.entity_id) ELSE x." column " END"}
#define ATTR(name) "(SELECT o.value FROM temp.at_attr o WHERE o.entity_id = x.entity_id AND o.name = '" name "')"
#define HAS_ATTR(name) "EXISTS (SELECT 1 FROM temp.at_attr o WHERE o.entity_id = x.entity_id AND o.name = '" name "')"
#define LATEST(what, names)                                                                                    \
	"(SELECT p." what " FROM main.series z JOIN main.point p ON p.series_id = z.id WHERE z.entity_id ="    \
	" x.entity_id AND z.name " names " AND p.at <= now() AND p.seen_at <= now() ORDER BY p.at DESC LIMIT 1)"
/* Until when a stream was read: that moment, if it was watched without a break then, else the end of what was; and
 * where nobody watched, all that came later counts. */
#define READ_TO                                                                                                \
	"(SELECT CASE WHEN e.scope_id IS NULL THEN (SELECT CASE WHEN u.observed THEN u.ok ELSE now() END FROM temp.at_src u" \
	" WHERE u.id = e.source_id) ELSE (SELECT CASE WHEN c.observed THEN c.ok ELSE now() END FROM temp.at_read c"      \
	" WHERE c.id = e.scope_id) END FROM main.entity e WHERE e.id = x.entity_id)"
#define PROBED(column) {column, "CASE WHEN x.checked_at <= now() THEN x." column " END"}
#define JUDGED(column) {column, "CASE WHEN x.evaluated_at <= now() THEN x." column " END"}

/* What a finding said then, if it has said otherwise since. */
#define WAS(column)                                                                                            \
	"(SELECT w." column " FROM main.finding_was w WHERE w.finding_id = x.id AND w.until > now()"             \
	" ORDER BY w.until, w.id LIMIT 1)"
#define SAID(column) {column, "coalesce(" WAS(column) ", x." column ")"}
#define SAID_OR_NOT(column) {column, "CASE WHEN " WAS("id") " IS NOT NULL THEN " WAS(column) " ELSE x." column " END"}

const struct bn_shadow bn_asof_shadows[] = {
    {"source", NULL, {
	{"configured_at", "CASE WHEN " SRC("observed") " THEN coalesce(x.configured_at, now()) ELSE x.configured_at END"},
	{"state", "coalesce(" SRC("state") ", 'new')"},
	{"last_try_at", SRC("tried")}, {"last_ok_at", SRC("ok")},
	{"last_error", SRC("error")}, {"failing_since", SRC("since")},
	{"lease_holder", "NULL"}, {"last_error_at", "NULL"}, {"last_error_code", "NULL"}, {"last_http_status", "NULL"},
	{"last_hint", "NULL"}, {"failures", "NULL"}, {"next_poll_at", "NULL"}, {"requests", "NULL"}, {"skipped", "NULL"},
	{"skip_reason", "NULL"}, {"auth_expires_at", "NULL"}}},
    {"scope", NULL, {{"last_ok_at", "(SELECT c.ok FROM temp.at_read c WHERE c.id = x.id)"}}},

    /* Names, owners, links and labels are today's: they say what a thing is, not how it was. */
    {"entity", "x.first_seen_at <= now() OR " IS_OVER, {
	{"status", "CASE WHEN " IS_OVER " THEN " OVER("status") " ELSE x.status END"},
	{"raw_status", "CASE WHEN " IS_OVER " THEN " OVER("raw") " WHEN x.said_at > now() THEN NULL ELSE x.raw_status END"},
	{"since", "CASE WHEN " IS_OVER " THEN " OVER("since") " WHEN x.said_at > now() THEN (SELECT max(t.at)"
	 " FROM main.transition t WHERE t.entity_id = x.id AND t.seen_at <= now()) ELSE x.since END"},
	{"message", "CASE WHEN x.kind <> 2 AND x.kind <> 11 AND NOT (" OBSERVED("x") ") THEN 'not observed'"
	 " WHEN " IS_OVER " THEN " OVER("message") " WHEN x.said_at > now() THEN NULL ELSE x.message END"},
	{"seen_at", "CASE WHEN " IS_OVER " THEN " OVER("seen_at") " WHEN x.seen_at <= now() THEN x.seen_at"
	 " WHEN x.scope_id IS NULL THEN (SELECT CASE x.kind WHEN 11 THEN u.tried ELSE u.ok END FROM temp.at_src u"
	 "  WHERE u.id = x.source_id) ELSE x.first_seen_at END"},
	{"gone_at", "CASE WHEN " IS_OVER " THEN " OVER("gone_at") " ELSE x.gone_at END"}}},

    {"pipeline", NULL, {
	PIPE("latest_run_id", "latest"), PIPE("last_good_at", "good"), PIPE("p50_ms", "p50"), PIPE("p95_ms", "p95"),
	PIPE("next_due_at", "due"),
	{"paused", "coalesce(CASE WHEN " HAS_ATTR("paused") " THEN coalesce(" ATTR("paused") " = 'yes', 0) END, x.paused)"},
	{"schedule", "CASE WHEN " HAS_ATTR("schedule") " THEN " ATTR("schedule") " ELSE x.schedule END"}}},

    {"run", NULL, {
	{"attempt", "CASE WHEN " RUN_OVER " THEN " OF_RUN("n") " ELSE x.attempt END"},
	{"queued_at", "CASE WHEN " RUN_OVER " THEN " OF_RUN("queued_at") " ELSE x.queued_at END"},
	{"started_at", "CASE WHEN " RUN_OVER " THEN " OF_RUN("started_at") " ELSE x.started_at END"},
	{"finished_at", "CASE WHEN " RUN_OVER " THEN " OF_RUN("finished_at") " ELSE x.finished_at END"},
	{"progress", "CASE WHEN " UNDER_WAY " THEN NULL ELSE x.progress END"},
	{"tasks_total", "CASE WHEN " UNDER_WAY " THEN NULL ELSE x.tasks_total END"},
	{"tasks_failed", "CASE WHEN " UNDER_WAY " THEN NULL ELSE x.tasks_failed END"},
	{"tasks_skipped", "CASE WHEN " UNDER_WAY " THEN NULL ELSE x.tasks_skipped END"},
	{"tasks_done", "CASE WHEN " UNDER_WAY " THEN NULL ELSE x.tasks_done END"}}},

    /* Attempts up to that one of then; it stands as its run did. */
    {"attempt", "x.n <= coalesce((SELECT o.n FROM temp.at_over_run o WHERE o.id = x.run_id), x.n)", {
	{"status", "CASE WHEN " CURRENT " THEN coalesce((SELECT o.status FROM temp.at_over o WHERE o.id = x.run_id),"
	 " x.status) ELSE x.status END"},
	{"raw_status", "CASE WHEN " CURRENT " THEN NULL ELSE x.raw_status END"},
	{"message", "CASE WHEN " CURRENT " THEN NULL ELSE x.message END"},
	{"finished_at", "CASE WHEN " CURRENT " OR x.finished_at > now() THEN NULL ELSE x.finished_at END"},
	PAST("queued_at"), PAST("started_at")}},

    /* A task's state follows from its times. One without any is as the end of its run left it, and before
     * that nobody knows. */
    {"task", "x.attempt <= coalesce((SELECT o.n FROM temp.at_over_run o WHERE o.id = x.run_id), x.attempt)"
	" AND (x.try_number = 1 OR coalesce(x.queued_at, x.started_at, x.finished_at, 0) <= now())", {
	{"status", "CASE WHEN " TASK_ENDED " THEN x.status WHEN x.started_at <= now() THEN 2"
	 " WHEN coalesce(x.queued_at, x.started_at, x.finished_at) IS NOT NULL THEN 1 ELSE 0 END"},
	{"raw_status", "CASE WHEN " TASK_ENDED " THEN x.raw_status END"},
	{"message", "CASE WHEN " TASK_ENDED " THEN x.message END"},
	{"log", "CASE WHEN x.started_at <= now() OR " TASK_ENDED " THEN x.log END"},
	PAST("queued_at"), PAST("started_at"), PAST("finished_at")}},

    /* Of a probe only its time is history. */
    {"endpoint", NULL, {
	PROBED("http_status"), PROBED("resolve_us"), PROBED("connect_us"), PROBED("tls_us"), PROBED("first_byte_us"),
	PROBED("transfer_us"), PROBED("certificate_expires_at"), PROBED("asserts"),
	{"total_us", "CASE WHEN x.checked_at <= now() THEN x.total_us ELSE CAST(1000 * " LATEST("value", "= 'total'")
	 " AS INTEGER) END"},
	{"checked_at", "CASE WHEN x.checked_at <= now() THEN x.checked_at ELSE " LATEST("at", "IN ('up', 'total')") " END"}}},

    {"attribute_history", "x.at <= now()", {{NULL, NULL}}},
    {"transition", "x.at <= now()", {{NULL, NULL}}},

    /* What was measured later is the point of then, if points were kept, else nothing. */
    {"measure", NULL, {
	{"value", "CASE WHEN x.at <= now() THEN x.value ELSE " LATEST("value", "= x.name") " END"},
	{"at", "CASE WHEN x.at <= now() THEN x.at ELSE " LATEST("at", "= x.name") " END"}}},
    /* A late point was missing until it came; but where nobody watched, all that came later counts. */
    {"point", "x.at <= now() AND (x.seen_at <= now() OR EXISTS (SELECT 1 FROM main.series z JOIN main.entity e"
	" ON e.id = z.entity_id JOIN temp.at_src u ON u.id = e.source_id WHERE z.id = x.series_id AND NOT u.observed))",
	{{NULL, NULL}}},
    {"rollup", "x.at + 600000 <= now()", {{NULL, NULL}}},

    {"finding", "x.opened_at <= now()", {
	SAID("severity"), SAID("title"), SAID_OR_NOT("message"), SAID("since"), SAID("silenced"),
	SAID_OR_NOT("silenced_until"), SAID_OR_NOT("silenced_by"), SAID_OR_NOT("silenced_why"),
	{"seen_at", "min(x.seen_at, now())"}, PAST("closed_at"),
	{"root_id", "CASE WHEN EXISTS (SELECT 1 FROM main.finding g WHERE g.id = x.root_id AND g.opened_at <= now()"
	 " AND (g.closed_at IS NULL OR g.closed_at > now())) THEN x.root_id END"},
	{"same_as", "CASE WHEN EXISTS (SELECT 1 FROM main.finding g WHERE g.id = x.same_as AND g.opened_at <= now()"
	 " AND (g.closed_at IS NULL OR g.closed_at > now())) THEN x.same_as END"}}},

    /* What the configuration says holds for the past as well. */
    {"link", "x.origin = 'config' OR coalesce(x.first_at, 0) <= now()", {{NULL, NULL}}},
    {"commit_log", "x.at <= now()", {{NULL, NULL}}},
    {"call", "x.at <= now()", {{NULL, NULL}}},
    {"observed", "x.began <= now()", {{"ended", "min(x.ended, now())"}}},

    {"model_version", "coalesce(x.created_at, 0) <= now()", {
	{"stage", "CASE WHEN EXISTS (SELECT 1 FROM main.attribute h WHERE h.entity_id = x.entity_id AND h.name = 'stage')"
	 " THEN (SELECT a.value FROM temp.at_attribute a WHERE a.entity_id = x.entity_id AND a.name = 'stage')"
	 " ELSE x.stage END"},
	{"aliases", "CASE WHEN EXISTS (SELECT 1 FROM main.attribute h WHERE h.entity_id = x.model_id"
	 "  AND h.name GLOB 'alias:*') THEN (SELECT nullif(json_group_array(word), '[]') FROM (SELECT substr(a.name, 7)"
	 "   AS word FROM temp.at_attribute a WHERE a.entity_id = x.model_id AND a.name GLOB 'alias:*'"
	 "   AND a.value = x.version ORDER BY 1)) ELSE x.aliases END"},
	PAST("updated_at")}},

    {"product", NULL, {
	{"lifecycle", "coalesce(CASE WHEN " HAS_ATTR("lifecycle") " THEN " ATTR("lifecycle") " END, x.lifecycle)"}}},

    /* A reading of later says nothing of what was known then. */
    {"stream_read", "x.began <= now()", {{"ended", "min(x.ended, " READ_TO ")"}}},
    {"stream", NULL, {
	{"examined_at", "min(x.examined_at, (" READ_TO " - 60000 - x.settle_ms) / 60000 * 60000)"},
	{"last_at", "CASE WHEN x.last_at <= now() THEN x.last_at ELSE (SELECT max(p.at) FROM main.series z"
	 " JOIN main.point p ON p.series_id = z.id WHERE z.entity_id = x.entity_id AND z.name = 'value'"
	 " AND p.at + 60000 <= now() AND p.value IS NOT NULL AND p.seen_at <= now()) END"}}},
    /* A minute that was filled later was missing then; its marks came with its value. */
    {"stream_minute", "x.at + 60000 <= now() AND (x.missed_at <= " READ_TO " OR x.filled_at <= now() OR x.marks <> 0)", {
	{"missed_at", "CASE WHEN x.missed_at <= " READ_TO " THEN x.missed_at END"}, PAST("filled_at"), {"marks", "CASE WHEN x.filled_at > now() THEN 0 ELSE x.marks END"},
	{"value", "CASE WHEN x.filled_at > now() THEN NULL ELSE x.value END"}}},
    {"stream_verdict", "x.since <= now()", {{NULL, NULL}}},

    /* How an objective stood follows from its ten minutes where they are of one mind. */
    {"objective", NULL, {
	JUDGED("value"), JUDGED("since"), JUDGED("evaluated_at"), JUDGED("detail"), JUDGED("due_at"), JUDGED("predicted_at"),
	/* where they are not, as it stood at the end of the ten minutes before */
	{"state", "CASE WHEN x.evaluated_at <= now() THEN x.state ELSE coalesce((SELECT CASE WHEN h.unknown_ms > 0 THEN 0"
	 " WHEN h.bad_ms = 0 THEN 8 WHEN h.good_ms = 0 THEN max(h.state, 10) END FROM main.objective_history h"
	 " WHERE h.objective_id = x.id AND h.at <= now() AND h.at + 600000 > now()),"
	 " (SELECT h.state FROM main.objective_history h WHERE h.objective_id = x.id AND h.at + 600000 <= now()"
	 "  AND h.at + 1200000 > now()), 0) END"}}},
    {"objective_history", "x.at + 600000 <= now()", {{NULL, NULL}}},
    {NULL, NULL, {{NULL, NULL}}},
};

/* These are no plain selections of one table. */
const char *const bn_asof_views[] = {
    "CREATE TEMP VIEW at_attribute AS SELECT a.* FROM main.attribute a"
    " WHERE NOT EXISTS (SELECT 1 FROM temp.at_attr o WHERE o.entity_id = a.entity_id AND o.name = a.name)"
    " UNION ALL SELECT o.entity_id, o.name, o.value, o.since, o.since FROM temp.at_attr o WHERE o.value IS NOT NULL",
    "CREATE TEMP VIEW at_record AS SELECT * FROM journal.record WHERE at <= now()",
    NULL,
};

/* What changed since. */
#define CHANGED "(SELECT DISTINCT entity_id AS id FROM main.transition WHERE seen_at > now())"
/* A status of a run that has come to its end. */
#define ENDED "(3, 4, 5, 6)"

const char *const bn_asof_fill[] = {
    "DELETE FROM temp.at_src", "DELETE FROM temp.at_over", "DELETE FROM temp.at_over_run", "DELETE FROM temp.at_attr",
    "DELETE FROM temp.at_read", "DELETE FROM temp.at_pipe",

    "INSERT INTO temp.at_src SELECT id, ok, tried, coalesce(now() - ok <= stale_ms * clock_factor(), 0),"
    " EXISTS (SELECT 1 FROM main.backfilled b WHERE b.source_id = q.id AND b.began <= now() AND b.ended >= now()),"
    " NULL, NULL, NULL FROM (SELECT s.id, s.stale_ms,"
    "  (SELECT min(o.ended, now()) FROM main.observed o WHERE o.source_id = s.id AND o.began <= now()"
    "   ORDER BY o.began DESC LIMIT 1) AS ok,"
    "  (SELECT min(w.ended, now()) FROM main.watched w WHERE w.source_id = s.id AND w.scope_id = 0"
    "   AND w.began <= now() ORDER BY w.began DESC LIMIT 1) AS tried FROM main.source s) q",

    /* A scope of which no coverage was kept (schema 1) is as old as its source. */
    "INSERT INTO temp.at_read SELECT c.id, c.source_id,"
    " CASE WHEN EXISTS (SELECT 1 FROM main.watched w WHERE w.source_id = c.source_id AND w.scope_id = c.id) THEN"
    "  (SELECT min(w.ended, now()) FROM main.watched w WHERE w.source_id = c.source_id AND w.scope_id = c.id"
    "   AND w.began <= now() ORDER BY w.began DESC LIMIT 1)"
    "  ELSE (SELECT u.ok FROM temp.at_src u WHERE u.id = c.source_id) END, 0 FROM main.scope c",
    "UPDATE temp.at_read SET observed = coalesce(now() - ok <= (SELECT s.stale_ms FROM main.source s"
    " WHERE s.id = source_id) * clock_factor(), 0)",

    /* Things that were known and changed since: as the last change before says. */
    "INSERT INTO temp.at_over SELECT e.id, coalesce(t.new, t.old, 0), t.raw,"
    " CASE WHEN t.since IS NULL THEN t.at ELSE nullif(t.since, 0) END, t.message,"
    " CASE WHEN e.scope_id IS NULL THEN CASE e.kind WHEN 11 THEN u.tried ELSE u.ok END ELSE t.seen_at END,"
    " CASE WHEN t.new IS NULL THEN t.seen_at END"
    " FROM " CHANGED " c JOIN main.entity e ON e.id = c.id JOIN temp.at_src u ON u.id = e.source_id"
    " JOIN main.transition t ON t.id = (SELECT max(x.id) FROM main.transition x WHERE x.entity_id = e.id"
    "  AND x.seen_at <= now()) WHERE e.first_seen_at <= now() AND (e.kind <> 2 OR " OBSERVED("e") ")",

    /* Of a source nobody watched then: what came to be known later may have been there, unless its registry says
     * when it was made. */
    "INSERT INTO temp.at_over SELECT e.id, 0, NULL, NULL, 'not observed', NULL, NULL FROM temp.at_src u"
    " JOIN main.entity e ON e.source_id = u.id WHERE e.kind <> 2 AND e.first_seen_at > now()"
    " AND e.gone_at IS NULL AND NOT (" OBSERVED("e") ") AND NOT EXISTS (SELECT 1 FROM main.model_version v"
    "  WHERE v.entity_id = e.id AND v.created_at > now())",
    /* ... and its runs by the platform's own times. */
    "INSERT INTO temp.at_over_run SELECT e.id, r.pipeline_id, max(a.n), a.queued_at, a.started_at,"
    " CASE WHEN a.status IN " ENDED " AND a.finished_at <= now() THEN a.finished_at END,"
    " a.status IN " ENDED " AND a.finished_at <= now() FROM temp.at_src u JOIN main.entity e"
    " ON e.source_id = u.id AND e.kind = 2 JOIN main.run r ON r.entity_id = e.id JOIN main.attempt a ON a.run_id = e.id"
    " WHERE NOT (" OBSERVED("e") ") AND coalesce(a.queued_at, a.started_at, a.finished_at) <= now()"
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

    /* The first change after says what was before it. A version's stage was the one it was found with, where nobody
     * watched, if its registry has not touched it since. */
    "INSERT INTO temp.at_attr SELECT entity_id, name, old, coalesce((SELECT p.at FROM main.attribute_history p"
    "  WHERE p.entity_id = f.entity_id AND p.name = f.name AND p.id < f.first ORDER BY p.id DESC LIMIT 1), 0)"
    " FROM (SELECT h.entity_id, h.name, h.old, min(h.id) AS first FROM main.attribute_history h"
    "  WHERE h.seen_at > now() GROUP BY h.entity_id, h.name) f WHERE NOT (f.name = 'stage' AND f.old IS NULL"
    "  AND EXISTS (SELECT 1 FROM main.model_version v JOIN main.entity e ON e.id = v.entity_id"
    "   WHERE v.entity_id = f.entity_id AND v.updated_at <= now() AND NOT (" OBSERVED("e") ")))",

    "UPDATE temp.at_src SET (state, error, since) = (SELECT CASE e.status WHEN 8 THEN 'ok' WHEN 10 THEN 'throttled'"
    "  WHEN 11 THEN 'failing' ELSE 'new' END, CASE WHEN e.status IN (10, 11) THEN e.message END,"
    "  CASE WHEN e.status IN (10, 11) THEN e.since END FROM temp.at_entity e WHERE e.source_id = at_src.id AND e.kind = 11"
    "  LIMIT 1)",
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

const char bn_asof_put_pipeline[] = "INSERT INTO temp.at_pipe VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/* clang-format on */
