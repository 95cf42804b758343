/* views.c - the temporary views that queries, rules and a person's own SQL see. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

/* SQL is laid out by what it says. */
/* clang-format off */

/* Columns every thing has, in every view of things:
 *   id             row number in this cache (never in the journal, never across caches)
 *   entity         the reference as text, KIND/SOURCE/KEY
 *   source, source_state   name of the source; new ok failing auth throttled
 *   key, name      identity within source and kind; what a person calls it
 *   status         the word, `unknown` when stale; status_now its number
 *   last_status    what was last seen
 *   raw_status     the platform's own word
 *   since          when the present status began, ms; NULL where nobody said
 *   message owner url labels first_seen_at seen_at
 *   age_ms         time since its list was last read to the end, or itself, if that is later
 *   stale          older than two intervals; a pipeline also when its source was last read to the end
 *                  longer ago
 */
#define THING                                                                                    \
	" e.id, e.entity, e.source, e.source_state, e.key, e.name, status_word(e.status_now)"    \
	" AS status,"                                                                            \
	" e.status_now, status_word(e.status) AS last_status, e.raw_status, e.since,"            \
	" e.message, e.owner,"                                                                   \
	" e.url, e.labels, e.first_seen_at, e.seen_at, e.age_ms, e.stale"

/* Numbers of enum bn_kind, as text for SQL; reader_test holds them true. */
/* (They name the index to use as well: source, kind and key together. Not for runs: there the order of
 * their starts is the index that counts.) */
#define K_PIPELINE "1"
#define K_ENDPOINT "5"
#define K_SOURCE   "11"

/* A pipeline stands for its runs. Its definition alone, read while they could not be, makes it no
 * greener: so it is as old as the last time its source was read to the end. */
#define STALE                                                                                      \
	"(coalesce(age_ms > stale_ms * clock_factor(), 1) OR (kind = " K_PIPELINE                               \
	" AND now() - coalesce(source_ok_at, 0) > stale_ms * clock_factor()))"

/* A bulk's retries. They were recorded while it was under way (clocks are set back by less than an hour), and it is
 * by their time that an index finds them. */
#define OF_BULK                                                                                    \
	"i.parent = b.seq AND i.at BETWEEN b.at - 3600000 AND coalesce(e.at, now()) + 3600000"

const char bn_views_now[] =
    /* entity_now: every thing that is not gone. A plain join, so that SQLite flattens it into
     * the query around it; do not LEFT JOIN it. Its columns `kind` and
     * `status` are the stored numbers. */
    "CREATE TEMP VIEW entity_now AS SELECT *,"
    "  " STALE " AS stale,"
    "  CASE WHEN " STALE " THEN 0 ELSE status END AS status_now"
    " FROM (SELECT e.id, e.source_id, e.scope_id, s.name AS source, s.state AS source_state,"
    "   ref_text(e.kind, s.name, e.key) AS entity, e.kind, kind_word(e.kind) AS kind_name, e.key,"
    "   e.name, e.status, e.raw_status, e.since, e.message, e.owner, e.url, e.labels,"
    "   e.first_seen_at, e.seen_at, s.interval_ms, s.stale_ms, s.last_ok_at AS source_ok_at,"
    "   now() - max(coalesce(e.seen_at, c.last_ok_at), coalesce(c.last_ok_at, 0)) AS age_ms"
    "  FROM main.entity e JOIN main.source s ON s.id = e.source_id"
    "  LEFT JOIN main.scope c ON c.id = e.scope_id WHERE e.gone_at IS NULL"
    "   AND s.configured_at IS NOT NULL);"

    /* pipeline_now: what runs again and again. next_due_at is the platform's word, or follows
     * from the schedule and the latest run's start, so that it lies in the past when a run is
     * late. */
    "CREATE TEMP VIEW pipeline_now AS SELECT" THING ","
    "  p.schedule, p.timezone, p.next_due_at, p.paused, p.grp, p.engine, p.definition,"
    "  CASE p.idempotence WHEN 1 THEN 'idempotent' WHEN 2 THEN 'at-least-once' WHEN 3 THEN 'append'"
    "   ELSE 'unknown' END AS idempotence,"
    "  p.latest_run_id, p.last_good_at, p.p50_ms, p.p95_ms"
    " FROM main.pipeline p JOIN temp.entity_now e ON e.id = p.entity_id AND e.kind = " K_PIPELINE ";"

    /* run_now: one row a run, with its current attempt. duration_ms grows while it runs. */
    "CREATE TEMP VIEW run_now AS SELECT" THING ","
    "  r.pipeline_id, r.pipeline_key AS pipeline, r.attempt, r.queued_at, r.started_at,"
    " r.finished_at,"
    "  coalesce(r.finished_at, now()) - r.started_at AS duration_ms,"
    "  r.trigger, r.progress, r.retry_of, r.tasks_total, r.tasks_failed, r.tasks_skipped,"
    " r.tasks_done,"
    "  r.detail_at"
    " FROM main.run r JOIN temp.entity_now e ON e.id = r.entity_id;"

    /* task_now: tasks of runs, of every attempt that was read. `run` is the run's reference. */
    "CREATE TEMP VIEW task_now AS SELECT t.id, 'task/' || e.source || '/' || e.key || '/' ||"
    " t.key AS entity,"
    "  e.source, e.entity AS run, t.run_id, t.attempt, t.key, t.try_number, t.name,"
    "  status_word(CASE WHEN e.stale THEN 0 ELSE t.status END) AS status,"
    "  CASE WHEN e.stale THEN 0 ELSE t.status END AS status_now, status_word(t.status) AS"
    " last_status,"
    "  t.raw_status, coalesce(t.finished_at, t.started_at, t.queued_at) AS since, t.message, t.url,"
    "  t.parent, t.depends, t.type, t.position, t.queued_at, t.started_at, t.finished_at,"
    "  coalesce(t.finished_at, now()) - t.started_at AS duration_ms, t.log, e.age_ms, e.stale"
    " FROM main.task t JOIN temp.entity_now e ON e.id = t.run_id;"

    /* endpoint_now: the latest probe of each; phases in µs, NULL where a phase did not happen. */
    "CREATE TEMP VIEW endpoint_now AS SELECT" THING ","
    "  p.type, p.target, p.http_status, p.resolve_us, p.connect_us, p.tls_us, p.first_byte_us,"
    " p.transfer_us,"
    "  p.total_us, p.certificate_expires_at, p.checked_at, p.slo_p99_ms, p.asserts"
    " FROM main.endpoint p JOIN temp.entity_now e ON e.id = p.entity_id AND e.kind = " K_ENDPOINT ";"

    /* source_now: the sources themselves. status: healthy, degraded (throttled), down, paused
     * (disabled), unknown. */
    "CREATE TEMP VIEW source_now AS SELECT" THING ","
    "  s.id AS source_id, s.type, s.interval_ms, s.config_digest, s.configured_at, s.disabled,"
    " s.lease_holder,"
    "  s.state, s.last_try_at, s.last_ok_at, s.last_error_at, s.last_error_code,"
    " s.last_http_status,"
    "  s.last_error, s.last_hint, s.failures, s.failing_since, s.next_poll_at, s.took_ms,"
    " s.requests, s.skipped,"
    "  s.skip_reason, s.auth, s.auth_expires_at"
    " FROM main.source s JOIN temp.entity_now e ON e.source_id = s.id AND e.kind = " K_SOURCE
    "  AND e.key = s.name;"

    /* ack_last: the latest acknowledgement of each thing that was not taken back. It covers what
     * was wrong when it was given: findings whose `since` is not after `covers`. A new incident
     * is a new `since`. */
    "CREATE TEMP VIEW ack_last AS SELECT a.seq, a.at, a.user, a.identity, a.source, a.kind,"
    " a.key, a.reason,"
    "  max(a.at, CASE WHEN json_valid(a.body) THEN coalesce(json_extract(a.body, '$.since'),"
    " 0) ELSE 0 END)"
    "   AS covers"
    " FROM journal.record a WHERE a.verb = 'ack' AND NOT EXISTS (SELECT 1 FROM journal.record b"
    "  WHERE b.kind = a.kind AND b.key = a.key AND b.source = a.source AND b.verb IN ('ack',"
    " 'unack')"
    "  AND b.seq > a.seq);"

    /* ack_now: those whose incident still lasts: an open finding about the thing that it covers,
     * or the thing itself, in trouble without a pause since then. */
    "CREATE TEMP VIEW ack_now AS SELECT a.*, ref_text(kind_number(a.kind), a.source, a.key) AS"
    " entity"
    " FROM temp.ack_last a WHERE EXISTS (SELECT 1 FROM main.finding f WHERE f.closed_at IS NULL"
    "   AND f.about_kind = kind_number(a.kind) AND f.about_key = a.key"
    "   AND (a.source = '' OR a.source = f.about_source) AND f.since <= a.covers)"
    "  OR (a.kind = '' AND EXISTS (SELECT 1 FROM main.finding f LEFT JOIN main.source s ON"
    " s.id = f.source_id"
    "   WHERE f.closed_at IS NULL AND coalesce(f.about_kind, 0) = 0 AND a.key = f.rule || '/'"
    " || f.key"
    "   AND (a.source = '' OR a.source = s.name) AND f.since <= a.covers))"
    "  OR EXISTS (SELECT 1 FROM main.source s JOIN main.entity e ON e.source_id = s.id"
    "   WHERE (a.source = '' OR s.name = a.source) AND e.kind = kind_number(a.kind) AND e.key"
    " = a.key"
    "   AND e.gone_at IS NULL AND status_problem(e.status)"
    "   AND coalesce((SELECT max(t.at) FROM main.transition t WHERE t.entity_id = e.id"
    "     AND status_problem(t.new) AND NOT status_problem(coalesce(t.old, 0))), e.since,"
    " e.first_seen_at)"
    "    <= a.covers);"

    /* snooze_now: quiet until a moment, whatever happens before it. */
    "CREATE TEMP VIEW snooze_now AS SELECT a.seq, a.at, a.user, a.identity, a.source, a.kind,"
    " a.key, a.reason,"
    "  ref_text(kind_number(a.kind), a.source, a.key) AS entity, json_extract(a.body,"
    " '$.until') AS until"
    " FROM journal.record a WHERE a.verb = 'snooze' AND json_valid(a.body)"
    "  AND json_extract(a.body, '$.until') > now()"
    "  AND NOT EXISTS (SELECT 1 FROM journal.record b WHERE b.kind = a.kind AND b.key = a.key"
    "   AND b.source = a.source AND b.verb IN ('snooze', 'unsnooze') AND b.seq > a.seq);"

    /* note_now: what people wrote down, about a thing or about nothing in particular (entity
     * NULL). */
    "CREATE TEMP VIEW note_now AS SELECT a.seq, a.at, a.user, a.identity, a.source, a.kind, a.key,"
    "  CASE WHEN a.kind <> '' THEN ref_text(kind_number(a.kind), a.source, a.key) END AS entity,"
    "  CASE WHEN json_valid(a.body) THEN json_extract(a.body, '$.tag') END AS tag, a.reason AS text"
    " FROM journal.record a WHERE a.verb = 'note';"

    /* lock_now: what nobody else may act on, and until when. */
    "CREATE TEMP VIEW lock_now AS SELECT a.seq, a.at, a.user, a.identity, a.host, a.source, a.kind,"
    " a.key, a.reason,"
    "  ref_text(kind_number(a.kind), a.source, a.key) AS entity, json_extract(a.body, '$.until')"
    " AS until"
    " FROM journal.record a WHERE a.verb = 'lock' AND json_valid(a.body)"
    "  AND json_extract(a.body, '$.until') > now()"
    "  AND NOT EXISTS (SELECT 1 FROM journal.record b WHERE b.kind = a.kind AND b.key = a.key"
    "   AND b.source = a.source AND b.verb IN ('lock', 'unlock') AND b.seq > a.seq);"

    /* intent_now: every request that was ever asked of a platform. state: open (nothing was sent
     * yet), unknown (sent; what came of it is not known), done, refused, not-sent. again: how many units its plan runs again. came_to: the status of the
     * attempt that followed the one it was about, in the same run or in the run that a resubmission made; NULL
     * where the cache has forgotten it. */
    "CREATE TEMP VIEW intent_now AS SELECT i.seq, i.at, i.user, i.identity, i.host, i.origin,"
    " i.source, i.kind, i.key,"
    "  ref_text(kind_number(i.kind), i.source, i.key) AS entity, i.parent, i.reason,"
    "  json_extract(i.body, '$.verb') AS verb, json_extract(i.body, '$.plan.mode') AS mode,"
    "  json_extract(i.body, '$.pipeline') AS pipeline, json_extract(i.body, '$.digest') AS digest,"
    "  json_extract(i.body, '$.plan.request') AS request, json_extract(i.body, '$.plan.what') AS what,"
    "  json_extract(i.body, '$.plan.attempt') AS attempt,"
    "  json_extract(i.body, '$.plan.failed') + json_extract(i.body, '$.plan.skipped') AS again,"
    "  json_extract(i.body, '$.snapshot.attempt') AS run_attempt,"
    "  json_extract(i.body, '$.snapshot.fingerprint') AS fingerprint,"
    "  coalesce(json_extract(o.body, '$.state'), CASE WHEN EXISTS (SELECT 1 FROM journal.record s"
    "   WHERE s.kind = i.kind AND s.key = i.key AND s.source = i.source AND s.parent = i.seq"
    "   AND s.verb = 'sending') THEN 'unknown' ELSE 'open' END) AS state,"
    "  o.seq AS outcome_seq, o.at AS outcome_at, json_extract(o.body, '$.answer') AS answer,"
    "  json_extract(o.body, '$.by') AS settled_by, json_extract(o.body, '$.run') AS new_run,"
    "  CASE WHEN json_extract(o.body, '$.run') IS NOT NULL THEN (SELECT r.last_status FROM temp.run_now r"
    "    WHERE r.source = i.source AND r.key = json_extract(o.body, '$.run'))"
    "   ELSE (SELECT status_word(a.status) FROM temp.run_now r JOIN main.attempt a ON a.run_id = r.id"
    "    WHERE r.source = i.source AND r.key = i.key AND a.n > json_extract(i.body, '$.snapshot.attempt')"
    "    ORDER BY a.n LIMIT 1) END AS came_to"
    " FROM journal.record i LEFT JOIN journal.record o ON o.seq = (SELECT max(x.seq) FROM"
    "  journal.record x WHERE x.kind = i.kind AND x.key = i.key AND x.source = i.source"
    "  AND x.parent = i.seq AND x.verb = 'outcome')"
    " WHERE i.verb = 'intent' AND json_valid(i.body);"

    /* bulk_rest: which bulk is the rest of which. A view of its own, because what a common table expression reads
     * it reads in its own name, and on the SQL door that may read no table. */
    "CREATE TEMP VIEW bulk_rest AS SELECT b.seq, CASE WHEN json_valid(b.body)"
    "   THEN json_extract(b.body, '$.rest_of') END AS rest_of"
    " FROM journal.record b WHERE b.verb = 'bulk';"

    /* bulk_now: many retries under one record. state: running (until it has ended, whoever is at it), ended,
     * stopped (by the abort ratio), aborted (by a person), timed-out, interrupted (its process is gone). sent
     * counts what left this machine, done what the platform took; left is what it never sent itself. targets: an
     * array of {source, key, …}. rest_of: the bulk that this is the rest of; root: the first of them all, from
     * rest_of to rest_of, or itself. What is of one root sends one set of runs, each of them once, so that whoever
     * asks what is left of it asks by root: by `at`, not before the root's (there is an index for that), then by
     * `root`, which reads the body of each ancestor. */
    "CREATE TEMP VIEW bulk_now AS SELECT *, total - sent AS left,"
    /* An ancestor is an older record. What isn't is no bulk of this journal, and so there is no ring. */
    "  (WITH RECURSIVE up(seq) AS (SELECT n.seq UNION ALL SELECT p.seq FROM up"
    "    JOIN temp.bulk_rest r ON r.seq = up.seq JOIN temp.bulk_rest p ON p.seq = r.rest_of AND p.seq < r.seq)"
    "   SELECT min(seq) FROM up) AS root"
    " FROM (SELECT b.seq, b.at, b.user,"
    "  b.identity, b.host, b.origin, b.reason, json_extract(b.body, '$.verb') AS verb,"
    "  json_extract(b.body, '$.digest') AS digest, json_extract(b.body, '$.rest_of') AS rest_of,"
    "  json_extract(b.body, '$.hold') AS hold, json_extract(b.body, '$.targets') AS targets,"
    "  json_array_length(b.body, '$.targets') AS total, e.seq AS end_seq, e.at AS ended_at,"
    "  coalesce(json_extract(e.body, '$.state'), 'running') AS state,"
    "  json_extract(e.body, '$.text') AS text,"
    "  (SELECT count(*) FROM temp.intent_now i WHERE " OF_BULK " AND i.state IN ('done',"
    "   'refused', 'unknown')) AS sent,"
    "  (SELECT count(*) FROM temp.intent_now i WHERE " OF_BULK " AND i.state = 'done') AS done,"
    "  (SELECT count(*) FROM temp.intent_now i WHERE " OF_BULK " AND i.state = 'refused')"
    "   AS refused,"
    "  (SELECT count(*) FROM temp.intent_now i WHERE " OF_BULK " AND i.state = 'unknown')"
    "   AS unknown"
    " FROM journal.record b LEFT JOIN journal.record e ON e.verb = 'bulk-end' AND e.parent = b.seq"
    " WHERE b.verb = 'bulk' AND json_valid(b.body)) n;"

    /* finding_now: what is wrong at this moment, from rules and from the platforms. entity: the
     * thing it is about, NULL for none; root_id: the finding it is folded under; ack_seq,
     * snooze_until: NULL if not; silenced: the platform itself keeps it from people. */
    "CREATE TEMP VIEW finding_now AS SELECT f.id, ref_text(f.about_kind, f.about_source,"
    " f.about_key) AS entity,"
    "  f.origin, s.name AS source, f.rule, f.key, severity_word(f.severity) AS severity,"
    "  f.severity AS severity_rank, f.title, f.message, f.about_source, f.about_kind,"
    " f.about_key, f.since,"
    "  f.opened_at, f.seen_at, f.root_id, f.url, f.labels, f.silenced, f.silenced_until,"
    " f.silenced_by, f.silenced_why,"
    "  now() - max(f.seen_at, coalesce((SELECT c.last_ok_at FROM main.scope c WHERE c.id ="
    " f.scope_id), 0))"
    "   AS age_ms,"
    "  f.origin = 'source' AND now() - max(f.seen_at, coalesce((SELECT c.last_ok_at FROM"
    " main.scope c"
    "    WHERE c.id = f.scope_id), 0)) > s.stale_ms * clock_factor() AS"
    " stale,"
    "  (SELECT max(a.seq) FROM temp.ack_last a WHERE a.covers >= f.since AND"
    "    CASE WHEN coalesce(f.about_kind, 0) = 0 THEN a.kind = '' AND a.key = f.rule || '/' ||"
    " f.key"
    "      AND a.source IN ('', coalesce(s.name, ''))"
    "    ELSE a.kind = kind_word(f.about_kind) AND a.key = f.about_key"
    "      AND a.source IN ('', coalesce(f.about_source, '')) END) AS ack_seq,"
    "  (SELECT max(z.until) FROM temp.snooze_now z WHERE"
    "    CASE WHEN coalesce(f.about_kind, 0) = 0 THEN z.kind = '' AND z.key = f.rule || '/' ||"
    " f.key"
    "      AND z.source IN ('', coalesce(s.name, ''))"
    "    ELSE z.kind = kind_word(f.about_kind) AND z.key = f.about_key"
    "      AND z.source IN ('', coalesce(f.about_source, '')) END) AS snooze_until"
    " FROM main.finding f LEFT JOIN main.source s ON s.id = f.source_id WHERE f.closed_at IS NULL"
    "  AND f.same_as IS NULL;";

#define SHORT(name, from) "CREATE TEMP VIEW " name " AS SELECT * FROM temp." from ";"
#define KIND(name, number)                                                                       \
	"CREATE TEMP VIEW " name " AS SELECT" THING " FROM temp.entity_now e WHERE e.kind = " number ";"

/* The names a person writes, on the SQL door only: elsewhere they are the tables themselves. */
const char bn_views_short[] =
    SHORT("pipeline", "pipeline_now") SHORT("run", "run_now") SHORT("task", "task_now")
    SHORT("endpoint", "endpoint_now") SHORT("finding", "finding_now") SHORT("source", "source_now")
    SHORT("ack", "ack_now") SHORT("snooze", "snooze_now") SHORT("note", "note_now")
    SHORT("live", "live_now") SHORT("version", "version_now") SHORT("intent", "intent_now")
    KIND("model", "4") KIND("stream", "6") KIND("app", "7") KIND("dataset", "8") KIND("product", "9")
    KIND("change", "10")
    /* entity: things of every kind, the kind as a word. */
    "CREATE TEMP VIEW entity AS SELECT" THING ", e.kind_name AS kind FROM temp.entity_now e;"
    /* link: lineage; the ends as references and by their parts. Source '' means any. */
    "CREATE TEMP VIEW link AS SELECT ref_text(l.from_kind, l.from_source, l.from_key) AS"
    " from_entity,"
    "  ref_text(l.to_kind, l.to_source, l.to_key) AS to_entity, l.kind, l.origin, l.seen_at,"
    "  l.from_source, l.from_kind, l.from_key, l.to_source, l.to_kind, l.to_key FROM main.link l;"
    /* transition: how statuses changed; old NULL: first seen, new NULL: gone. */
    "CREATE TEMP VIEW transition AS SELECT ref_text(e.kind, s.name, e.key) AS entity, t.at,"
    " t.seen_at,"
    "  status_word(t.old) AS old, status_word(t.new) AS new, t.message"
    " FROM main.transition t JOIN main.entity e ON e.id = t.entity_id JOIN main.source s ON"
    " s.id = e.source_id;"
    /* attribute: named facts as they are now; attribute_change: how they were. */
    "CREATE TEMP VIEW attribute AS SELECT e.entity, a.name, a.value, a.since"
    " FROM main.attribute a JOIN temp.entity_now e ON e.id = a.entity_id;"
    "CREATE TEMP VIEW attribute_change AS SELECT ref_text(e.kind, s.name, e.key) AS entity,"
    " h.name, h.at,"
    "  h.seen_at, h.old, h.new FROM main.attribute_history h JOIN main.entity e ON e.id ="
    " h.entity_id"
    "  JOIN main.source s ON s.id = e.source_id;"
    /* measure: the latest value of each named number; point: the series behind. */
    "CREATE TEMP VIEW measure AS SELECT e.entity, m.name, m.value, m.unit, m.at"
    " FROM main.measure m JOIN temp.entity_now e ON e.id = m.entity_id;"
    "CREATE TEMP VIEW series AS SELECT e.entity, r.name, r.unit"
    " FROM main.series r JOIN temp.entity_now e ON e.id = r.entity_id;"
    "CREATE TEMP VIEW point AS SELECT e.entity, r.name AS series, p.at, p.value, r.unit"
    " FROM main.point p JOIN main.series r ON r.id = p.series_id JOIN temp.entity_now e ON"
    " e.id = r.entity_id;"
    /* observed: when a source was really watched; attempt: every attempt of a run. */
    "CREATE TEMP VIEW observed AS SELECT s.name AS source, o.began, o.ended"
    " FROM main.observed o JOIN main.source s ON s.id = o.source_id;"
    "CREATE TEMP VIEW attempt AS SELECT e.entity AS run, a.n, status_word(a.status) AS status,"
    " a.raw_status,"
    "  a.queued_at, a.started_at, a.finished_at, a.message"
    " FROM main.attempt a JOIN temp.entity_now e ON e.id = a.run_id;";

/* clang-format on */

const char *const bn_view_names[] = {
    "entity_now", "pipeline_now", "run_now",	 "task_now",   "endpoint_now",
    "source_now", "ack_last",	  "ack_now",	 "snooze_now", "note_now",
    "lock_now",	  "intent_now",	  "bulk_rest",	 "bulk_now",   "finding_now",
    "live_now",	  "live",	  "version_now", "version",    "pipeline",
    "run",	  "task",	  "endpoint",	 "finding",    "source",
    "ack",	  "snooze",	  "note",	 "intent",     "model",
    "stream",	  "app",	  "dataset",	 "product",    "change",
    "entity",	  "link",	  "transition",	 "attribute",  "attribute_change",
    "measure",	  "series",	  "point",	 "observed",   "attempt",
    NULL};
