/* statements.c - the SQL of everything the writer does again and again, in one place. */
/* SPDX-License-Identifier: MIT */
#include "store/statements.h"

/* SQL is laid out by what it says. */
/* clang-format off */
static const char *const texts[BN_ST_COUNT] = {
    /* IMMEDIATE: to wait for the lock at the beginning, where waiting is safe. */
    [BN_ST_BEGIN] = "BEGIN IMMEDIATE",
    [BN_ST_COMMIT] = "COMMIT",
    [BN_ST_ROLLBACK] = "ROLLBACK",

    [BN_ST_EPOCH] = "SELECT lease_epoch = ?2, lease_holder FROM source WHERE id = ?1",
    [BN_ST_SOURCE_ADD] =
	"INSERT INTO source (name, type, url, interval_ms, config_digest, configured_at,"
	" disabled, auth, origin)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (name) DO UPDATE SET type ="
	" excluded.type,"
	" url = excluded.url, interval_ms = excluded.interval_ms, config_digest ="
	" excluded.config_digest,"
	" configured_at = excluded.configured_at, disabled = excluded.disabled, auth ="
	" excluded.auth, origin = excluded.origin"
	" RETURNING id, state",
    [BN_ST_LEASE] =
	"UPDATE source SET lease_epoch = lease_epoch + 1, lease_holder = ?2 WHERE id = ?1"
	" RETURNING lease_epoch",
    [BN_ST_SOURCE_ROW] = "SELECT name, interval_ms, failing_since FROM source WHERE id = ?1",
    [BN_ST_POLL_FINE] =
	"UPDATE source SET state = 'ok', last_try_at = ?2, last_ok_at = ?3, failures = 0,"
	" failing_since = NULL, next_poll_at = ?4, took_ms = ?5, requests ="
	" requests + ?6,"
	" skipped = ?7, skip_reason = ?8, auth_expires_at = coalesce(?9,"
	" auth_expires_at),"
	" last_http_status = NULL WHERE id = ?1",
    [BN_ST_POLL_FAILED] = "UPDATE source SET state = ?2, last_try_at = ?3, last_error_at = ?4,"
			  " last_error_code = ?5, last_http_status = ?6, last_error = ?7,"
			  " last_hint = ?8,"
			  " failures = failures + 1, failing_since = coalesce(failing_since, ?3),"
			  " next_poll_at = ?9, requests = requests + ?10,"
			  " auth_expires_at = coalesce(?11, auth_expires_at) WHERE id = ?1",
    [BN_ST_OBSERVED_LAST] =
	"SELECT began, ended FROM observed WHERE source_id = ?1 ORDER BY began DESC LIMIT 1",
    [BN_ST_OBSERVED_EXTEND] =
	"UPDATE observed SET ended = ?3 WHERE source_id = ?1 AND began = ?2 AND ended < ?3",
    [BN_ST_OBSERVED_ADD] =
	"INSERT OR IGNORE INTO observed (source_id, began, ended) VALUES (?1, ?2, ?3)",
    [BN_ST_WATCHED_LAST] =
	"SELECT w.began, w.ended, s.stale_ms FROM source s LEFT JOIN watched w ON w.source_id = s.id"
	" AND w.scope_id = ?2 WHERE s.id = ?1 ORDER BY w.began DESC LIMIT 1",
    [BN_ST_WATCHED_EXTEND] = "UPDATE watched SET ended = ?4 WHERE source_id = ?1 AND scope_id = ?2"
			     " AND began = ?3 AND ended < ?4",
    [BN_ST_WATCHED_ADD] = "INSERT OR IGNORE INTO watched (source_id, scope_id, began, ended)"
			  " VALUES (?1, ?2, ?3, ?4)",
    [BN_ST_BACKFILLED] = "INSERT INTO backfilled (source_id, began, ended) VALUES (?1, ?2, ?3)"
			 " ON CONFLICT (source_id, began) DO UPDATE SET ended = max(ended,"
			 " excluded.ended)",
    [BN_ST_CALL_ADD] = "INSERT INTO call (source_id, at, took_ms, what, http_status, bytes, error)"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",

    [BN_ST_SCOPE_BEGIN] =
	"INSERT INTO scope (source_id, name, complete, generation) VALUES (?1, ?2, ?3, 1)"
	" ON CONFLICT (source_id, name) DO UPDATE SET complete ="
	" excluded.complete,"
	" generation = generation + 1 RETURNING id, generation",
    [BN_ST_SCOPE_DONE] =
	"UPDATE scope SET last_ok_at = coalesce(?2, last_ok_at), sent_at = ?3, items = ?4, skipped = ?5 WHERE id = ?1",
    [BN_ST_SCOPE_SAME] = "UPDATE scope SET last_ok_at = ?3, sent_at = ?4"
			 " WHERE source_id = ?1 AND name = ?2 AND last_ok_at IS NOT NULL"
			 " RETURNING id",
    [BN_ST_SWEEP_FIND] = "SELECT id, status FROM entity WHERE scope_id = ?1 AND gone_at IS NULL"
			 " AND generation <> ?2 AND sent_at <= ?3",
    [BN_ST_SWEEP_GONE] = "UPDATE entity SET gone_at = ?2, sent_at = ?3 WHERE id = ?1",
    [BN_ST_FINDING_SWEEP] = "UPDATE finding SET closed_at = ?3, sent_at = ?4 WHERE scope_id = ?1"
			    " AND closed_at IS NULL AND generation <> ?2 AND sent_at <= ?4",
    [BN_ST_WATERMARK_GET] = "SELECT value FROM watermark WHERE source_id = ?1 AND name = ?2",
    [BN_ST_WATERMARK_SET] = "INSERT INTO watermark (source_id, name, value) VALUES (?1, ?2, ?3)"
			    " ON CONFLICT (source_id, name) DO UPDATE SET value = excluded.value",

    /* Where a whole list was read again and said the same (304), its request's time counts for
     * every member. */
    [BN_ST_ENTITY_FIND] =
	"SELECT id, status, since, max(sent_at, coalesce((SELECT c.sent_at FROM scope c WHERE"
	" c.id = e.scope_id"
	" AND c.complete), 0)), gone_at, scope_id, generation, name, raw_status, message, owner,"
	" url, labels"
	" FROM entity e WHERE source_id = ?1 AND kind = ?2 AND key = ?3",
    [BN_ST_ENTITY_ADD] =
	"INSERT INTO entity (source_id, scope_id, kind, key, name, status, raw_status, since,"
	" message, owner, url,"
	" labels, first_seen_at, seen_at, sent_at, generation)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15)",
    [BN_ST_ENTITY_UPDATE] =
	"UPDATE entity SET scope_id = ?2, name = ?3, status = ?4, raw_status = ?5, since = ?6,"
	" message = ?7,"
	" owner = ?8, url = ?9, labels = ?10, seen_at = ?11, sent_at = ?12, generation = ?13,"
	" gone_at = NULL, said_at = CASE WHEN status = ?4 AND message IS ?7 AND raw_status IS ?5"
	" AND since IS ?6 THEN said_at ELSE ?11 END"
	" WHERE id = ?1",
    [BN_ST_ENTITY_TOUCH] =
	"UPDATE entity SET seen_at = ?2, sent_at = ?3, generation = ?4 WHERE id = ?1",
    [BN_ST_ENTITY_LISTED] = "UPDATE entity SET generation = ?2 WHERE id = ?1",
    /* Products are judged after the first poll: until then they have no source. */
    [BN_ST_SOURCE_UNREAD] =
	"SELECT 1 FROM source WHERE name = ?1 AND last_ok_at IS NULL"
	" UNION ALL SELECT 1 WHERE ?1 = 'products' AND NOT EXISTS (SELECT 1 FROM source WHERE name = ?1)",
    [BN_ST_ENTITY_ID] = "SELECT e.id FROM source s JOIN entity e ON e.source_id = s.id"
			" WHERE s.name = ?1 AND e.kind = ?2 AND e.key = ?3",
    [BN_ST_TEXT_CHANGED] =
	"UPDATE search_done SET seen_at = 0 WHERE entity_id = ?1 AND seen_at <> 0",
    [BN_ST_TRANSITION] =
	"INSERT INTO transition (entity_id, at, seen_at, old, new, message, raw, since)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",

    [BN_ST_PIPELINE_FIND] =
	"SELECT schedule, timezone, next_due_at, due_computed, paused, latest_run_id FROM pipeline"
	" WHERE entity_id = ?1",
    [BN_ST_PIPELINE_PUT] =
	"INSERT INTO pipeline (entity_id, schedule, timezone, next_due_at, due_computed, paused,"
	" grp, engine,"
	" definition, idempotence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
	" ON CONFLICT (entity_id) DO UPDATE SET schedule = excluded.schedule, timezone ="
	" excluded.timezone,"
	" next_due_at = excluded.next_due_at, due_computed = excluded.due_computed, paused ="
	" excluded.paused,"
	" grp = coalesce(excluded.grp, grp), engine = coalesce(excluded.engine, engine),"
	" definition = coalesce(excluded.definition, definition),"
	" idempotence = CASE excluded.idempotence WHEN 0 THEN idempotence ELSE"
	" excluded.idempotence END",
    [BN_ST_PIPELINE_ADOPT] =
	"UPDATE run SET pipeline_id = ?1 WHERE pipeline_id IS NULL AND pipeline_key = ?3"
	" AND (SELECT source_id FROM entity WHERE id = run.entity_id) = ?2",
    [BN_ST_PIPELINE_RUNS] =
	"SELECT r.entity_id, r.started_at, r.finished_at, e.status, e.gone_at IS NULL"
	" FROM run r JOIN entity e ON e.id = r.entity_id WHERE r.pipeline_id = ?1 AND"
	" r.started_at IS NOT NULL"
	" ORDER BY r.started_at DESC LIMIT 200",
    [BN_ST_PIPELINE_QUEUED] =
	"SELECT r.entity_id, coalesce(r.queued_at, e.since, e.first_seen_at)"
	" FROM run r JOIN entity e ON e.id = r.entity_id WHERE r.pipeline_id = ?1 AND"
	" r.started_at IS NULL"
	" AND e.gone_at IS NULL ORDER BY r.entity_id DESC LIMIT 1",
    [BN_ST_PIPELINE_STATS] =
	"UPDATE pipeline SET latest_run_id = ?2, last_good_at = ?3, p50_ms = ?4, p95_ms = ?5,"
	" next_due_at = CASE WHEN ?6 THEN ?7 ELSE next_due_at END WHERE"
	" entity_id = ?1",

    [BN_ST_RUN_FIND] =
	"SELECT attempt, queued_at, started_at, finished_at, pipeline_key, trigger, progress,"
	" retry_of,"
	" tasks_total, tasks_failed, tasks_skipped, tasks_done FROM run WHERE"
	" entity_id = ?1",
    [BN_ST_RUN_PUT] =
	"INSERT INTO run (entity_id, pipeline_id, pipeline_key, attempt, queued_at, started_at,"
	" finished_at, trigger,"
	" progress, retry_of, tasks_total, tasks_failed, tasks_skipped, tasks_done)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
	" ON CONFLICT (entity_id) DO UPDATE SET pipeline_id = coalesce(excluded.pipeline_id,"
	" pipeline_id),"
	" pipeline_key = coalesce(excluded.pipeline_key, pipeline_key), attempt = excluded.attempt,"
	" queued_at = excluded.queued_at, started_at = excluded.started_at, finished_at ="
	" excluded.finished_at,"
	" trigger = coalesce(excluded.trigger, trigger), progress = excluded.progress,"
	" retry_of = coalesce(excluded.retry_of, retry_of),"
	" tasks_total = coalesce(excluded.tasks_total, tasks_total),"
	" tasks_failed = coalesce(excluded.tasks_failed, tasks_failed),"
	" tasks_skipped = coalesce(excluded.tasks_skipped, tasks_skipped),"
	" tasks_done = coalesce(excluded.tasks_done, tasks_done)",
    [BN_ST_ATTEMPT_PUT] =
	"INSERT INTO attempt (run_id, n, status, raw_status, queued_at, started_at, finished_at,"
	" message, seen_at)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (run_id, n) DO UPDATE SET status ="
	" excluded.status,"
	" raw_status = excluded.raw_status, queued_at = coalesce(excluded.queued_at, queued_at),"
	" started_at = coalesce(excluded.started_at, started_at), finished_at ="
	" excluded.finished_at,"
	" message = excluded.message",
    /* An attempt that was going on when the next one was first seen: how it ended was not
     * observed. */
    [BN_ST_ATTEMPT_LOST] =
	"UPDATE attempt SET status = 0 WHERE run_id = ?1 AND n < ?2 AND finished_at IS NULL"
	" AND status IN (1, 2, 7)",
    [BN_ST_RUN_ATTEMPT] = "SELECT e.id, r.attempt FROM entity e JOIN run r ON r.entity_id = e.id"
			  " WHERE e.source_id = ?1 AND e.kind = 2 AND e.key = ?2",
    [BN_ST_TASK_PUT] =
	"INSERT INTO task (run_id, attempt, key, try_number, name, status, raw_status, message,"
	" url, parent, depends,"
	" type, position, queued_at, started_at, finished_at, log, sent_at)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
	" ON CONFLICT (run_id, attempt, key, try_number) DO UPDATE SET name = excluded.name,"
	" status = excluded.status, raw_status = excluded.raw_status,"
	" message = CASE WHEN excluded.message IS NULL AND excluded.status = status THEN message"
	"  ELSE excluded.message END,"
	" url = coalesce(excluded.url, url), parent = excluded.parent, depends = excluded.depends,"
	" type = coalesce(excluded.type, type), position = excluded.position, queued_at ="
	" excluded.queued_at,"
	" started_at = excluded.started_at, finished_at = excluded.finished_at,"
	" log = coalesce(excluded.log, log), sent_at = excluded.sent_at WHERE excluded.sent_at"
	" >= sent_at",
    /* An answer that names none at all is not believed to mean that there are none any more. */
    [BN_ST_TASK_SWEEP] =
	"DELETE FROM task WHERE run_id = ?1 AND attempt = ?2 AND sent_at < ?3 AND EXISTS"
	" (SELECT 1 FROM task n WHERE n.run_id = ?1 AND n.attempt = ?2 AND"
	" n.sent_at >= ?3)",
    [BN_ST_RUN_DETAIL] = "UPDATE run SET detail_at = ?2 WHERE entity_id = ?1",
    [BN_ST_LOG_PUT] =
	"INSERT INTO logtext (run_id, attempt, task_key, try_number, fetched_at, complete,"
	" bytes, text)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (run_id, attempt, task_key,"
	" try_number)"
	" DO UPDATE SET fetched_at = excluded.fetched_at, complete = excluded.complete, bytes ="
	" excluded.bytes,"
	" text = excluded.text",

    [BN_ST_ENDPOINT_PUT] =
	"INSERT INTO endpoint (entity_id, type, target, http_status, resolve_us, connect_us,"
	" tls_us, first_byte_us,"
	" transfer_us, total_us, certificate_expires_at, checked_at, slo_p99_ms, asserts)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
	" ON CONFLICT (entity_id) DO UPDATE SET type = excluded.type, target = excluded.target,"
	" http_status = excluded.http_status, resolve_us = excluded.resolve_us, connect_us ="
	" excluded.connect_us,"
	" tls_us = excluded.tls_us, first_byte_us = excluded.first_byte_us, transfer_us ="
	" excluded.transfer_us,"
	" total_us = excluded.total_us,"
	" certificate_expires_at = coalesce(excluded.certificate_expires_at,"
	" certificate_expires_at),"
	" checked_at = excluded.checked_at, slo_p99_ms = excluded.slo_p99_ms, asserts ="
	" excluded.asserts",
    [BN_ST_MODEL_PUT] =
	"INSERT INTO model (entity_id, serving, live_on, metric, better, live, psi_warn, "
	"psi_bad, auto_deploy, grace_ms, checks)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
	" ON CONFLICT (entity_id) DO UPDATE SET serving = excluded.serving, "
	"live_on = excluded.live_on, metric = excluded.metric, better = excluded.better, "
	"live = excluded.live, psi_warn = excluded.psi_warn, psi_bad = excluded.psi_bad, "
	"auto_deploy = excluded.auto_deploy, grace_ms = excluded.grace_ms, "
	"checks = excluded.checks",
    [BN_ST_MODEL_ADOPT] =
	"UPDATE model_version SET model_id = ?1 WHERE model_id IS NULL AND model_key = ?3"
	" AND (SELECT source_id FROM entity WHERE id = model_version.entity_id) = ?2",
    /* Aliases that this model had and that the list (a JSON object) does not name any more. */
    [BN_ST_VERSION_ALIASES] =
	"SELECT substr(name, 7) FROM attribute WHERE entity_id = ?1 AND name GLOB 'alias:*' AND value = ?2",
    [BN_ST_MODEL_ALIASES] =
	"SELECT name FROM attribute WHERE entity_id = ?1 AND name GLOB 'alias:*'"
	" AND value IS NOT NULL AND substr(name, 7) NOT IN (SELECT key FROM json_each(?2))",
    /* What comes from the training run is kept where a reading could not see the run. */
    [BN_ST_VERSION_PUT] =
	"INSERT INTO model_version (entity_id, model_id, model_key, version, stage, "
	"created_at, updated_at, run_key, run_read, artifact, image, framework, signature, "
	"train_started_at, train_finished_at, data_from, data_to, tags, params, live_from, "
	"live_until, approved_by, change)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
	"?17, ?18, ?19, ?20, ?21, ?22, ?23)"
	" ON CONFLICT (entity_id) DO UPDATE SET "
	"model_id = coalesce(excluded.model_id, model_id), model_key = excluded.model_key, "
	"version = excluded.version, stage = excluded.stage, "
	"created_at = excluded.created_at, updated_at = excluded.updated_at, "
	"run_key = excluded.run_key, "
	"run_read = CASE WHEN excluded.run_key IS run_key THEN max(excluded.run_read, run_read) ELSE excluded.run_read END, "
	"artifact = excluded.artifact, image = coalesce(excluded.image, image), "
	"framework = coalesce(excluded.framework, framework), "
	"signature = coalesce(excluded.signature, signature), "
	"train_started_at = coalesce(excluded.train_started_at, train_started_at), "
	"train_finished_at = coalesce(excluded.train_finished_at, train_finished_at), "
	"data_from = coalesce(excluded.data_from, data_from), "
	"data_to = coalesce(excluded.data_to, data_to), tags = excluded.tags, "
	"params = coalesce(excluded.params, params), live_from = excluded.live_from, "
	"live_until = excluded.live_until, approved_by = excluded.approved_by, "
	"change = excluded.change",
    /* The open one if there is one, else the latest closed one. */
    [BN_ST_FINDING_FIND] =
	"SELECT id, closed_at, sent_at, severity, since FROM finding WHERE source_id = ?1"
	" AND rule = ?2 AND key = ?3 AND origin = 'source'"
	" ORDER BY closed_at IS NOT NULL, id DESC LIMIT 1",
    [BN_ST_FINDING_ADD] =
	"INSERT INTO finding (origin, source_id, rule, key, severity, title, message,"
	" about_source, about_kind,"
	" about_key, since, opened_at, seen_at, url, labels, scope_id, generation, sent_at,"
	" silenced, silenced_until, silenced_by, silenced_why)"
	" VALUES ('source', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13, ?14,"
	" ?15, ?16, ?17, ?18, ?19, ?20)",
    [BN_ST_FINDING_UPDATE] =
	"UPDATE finding SET severity = ?2, title = ?3, message = ?4, about_source = ?5,"
	" about_kind = ?6,"
	" about_key = ?7, since = coalesce(?8, since), seen_at = ?9, url = ?10, labels = ?11,"
	" scope_id = coalesce(?12, scope_id), generation = CASE WHEN ?12 IS NULL THEN generation"
	" ELSE ?13 END,"
	" sent_at = ?14, silenced = ?15, silenced_until = ?16, silenced_by = ?17,"
	" silenced_why = ?18 WHERE id = ?1",
    [BN_ST_ATTRIBUTE_FIND] =
	"SELECT value, sent_at FROM attribute WHERE entity_id = ?1 AND name = ?2",
    [BN_ST_ATTRIBUTE_PUT] =
	"INSERT INTO attribute (entity_id, name, value, since, sent_at) VALUES (?1, ?2, ?3, ?4, ?5)"
	" ON CONFLICT (entity_id, name) DO UPDATE SET sent_at = excluded.sent_at,"
	" since = CASE WHEN value IS excluded.value THEN since ELSE excluded.since END, value ="
	" excluded.value",
    [BN_ST_ATTRIBUTE_CHANGE] =
	"INSERT INTO attribute_history (entity_id, name, at, seen_at, old, new)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [BN_ST_MEASURE_PUT] =
	"INSERT INTO measure (entity_id, name, value, unit, at) VALUES (?1, ?2, ?3, ?4, ?5)"
	" ON CONFLICT (entity_id, name) DO UPDATE SET value = excluded.value,"
	" unit = excluded.unit, at = excluded.at WHERE excluded.at >= at",
    [BN_ST_SERIES_PUT] = "INSERT INTO series (entity_id, name) VALUES (?1, ?2)"
			 " ON CONFLICT (entity_id, name) DO UPDATE SET name = excluded.name"
			 " RETURNING id",
    [BN_ST_POINT_PUT] = "INSERT INTO point (series_id, at, value, seen_at) VALUES (?1, ?2, ?3, ?4)"
			" ON CONFLICT (series_id, at) DO UPDATE SET value = excluded.value,"
			" seen_at = excluded.seen_at"
			" WHERE value IS NOT excluded.value",
    /* A minute of a stream that was judged already and is another now. */
    [BN_ST_POINT_CHANGED] =
	"INSERT OR IGNORE INTO stream_changed (entity_id, at) SELECT ?1, ?2 FROM stream"
	" WHERE entity_id = ?1 AND examined_at > ?2 AND examined_from <= ?2",
    [BN_ST_STREAM_PUT] =
	"INSERT INTO stream (entity_id, unit, query, expect, counted, settle_ms, ceiling, burst,"
	" flat_ms, anomaly, scope, grp, stage, position, checks)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
	" ON CONFLICT (entity_id) DO UPDATE SET unit = excluded.unit, query = excluded.query,"
	" expect = excluded.expect, counted = excluded.counted, settle_ms = excluded.settle_ms,"
	" ceiling = excluded.ceiling, burst = excluded.burst, flat_ms = excluded.flat_ms,"
	" anomaly = excluded.anomaly, scope = excluded.scope, grp = excluded.grp,"
	" stage = excluded.stage, position = excluded.position, checks = excluded.checks"
	" WHERE (unit, query, expect, counted, settle_ms, ceiling, burst, flat_ms, anomaly, scope,"
	"  grp, stage, position, checks) IS NOT (excluded.unit, excluded.query, excluded.expect,"
	"  excluded.counted, excluded.settle_ms, excluded.ceiling, excluded.burst,"
	"  excluded.flat_ms, excluded.anomaly, excluded.scope, excluded.grp, excluded.stage,"
	"  excluded.position, excluded.checks)",
    [BN_ST_STREAM_SETTLE] = "SELECT settle_ms FROM stream WHERE entity_id = ?1",
    /* Two readings are one where the later one asked again for all that might still have come after
     * the earlier: ?4 is how long before its end that begins. */
    [BN_ST_READING_EXTEND] =
	"UPDATE stream_read SET ended = max(ended, ?3) WHERE entity_id = ?1 AND began <= ?2"
	" AND ended - ?4 >= ?2",
    [BN_ST_READING_JOIN] =
	"SELECT min(began), max(ended) FROM stream_read WHERE entity_id = ?1"
	" AND ((began <= ?2 AND ended - ?4 >= ?2) OR (began >= ?2 AND began <= ?3 - ?4))",
    [BN_ST_READING_DROP] =
	"DELETE FROM stream_read WHERE entity_id = ?1 AND began >= ?2 AND ended <= ?3",
    [BN_ST_READING_INSIDE] =
	"DELETE FROM stream_read WHERE entity_id = ?1 AND began > ?2 AND ended <= ?3",
    [BN_ST_READING_ADD] =
	"INSERT INTO stream_read (entity_id, began, ended) VALUES (?1, ?2, ?3)"
	" ON CONFLICT (entity_id, began) DO UPDATE SET ended = max(ended, excluded.ended)",
    [BN_ST_EARLY_ADD] =
	"INSERT INTO early_number (source, kind, key, name, point, value, unit, at, seen_at)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [BN_ST_EARLY_FIND] = "SELECT 1 FROM early_number WHERE source = ?1 AND kind = ?2 AND key = ?3",
    [BN_ST_EARLY_MEASURE] =
	"INSERT INTO measure (entity_id, name, value, unit, at)"
	" SELECT ?4, name, value, unit, max(at) FROM early_number WHERE source = ?1 AND kind = ?2"
	"  AND key = ?3 AND NOT point GROUP BY name"
	" ON CONFLICT (entity_id, name) DO UPDATE SET value = excluded.value, unit = excluded.unit,"
	" at = excluded.at WHERE excluded.at > at",
    [BN_ST_EARLY_SERIES] =
	"INSERT OR IGNORE INTO series (entity_id, name) SELECT DISTINCT ?4, name FROM early_number"
	" WHERE source = ?1 AND kind = ?2 AND key = ?3 AND point",
    [BN_ST_EARLY_POINTS] =
	"INSERT OR REPLACE INTO point (series_id, at, value, seen_at)"
	" SELECT r.id, n.at, n.value, n.seen_at FROM early_number n"
	" JOIN series r ON r.entity_id = ?4 AND r.name = n.name"
	" WHERE n.source = ?1 AND n.kind = ?2 AND n.key = ?3 AND n.point",
    [BN_ST_EARLY_DROP] = "DELETE FROM early_number WHERE source = ?1 AND kind = ?2 AND key = ?3",
    [BN_ST_LINK_PUT] =
	"INSERT INTO link (from_source, from_kind, from_key, to_source, to_kind, to_key, kind,"
	" origin, seen_at, first_at)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"
	" ON CONFLICT (from_source, from_kind, from_key, to_source, to_kind, to_key, kind, origin)"
	" DO UPDATE SET seen_at = excluded.seen_at WHERE excluded.seen_at > seen_at + 3600000",
    [BN_ST_LINKS_DROP] = "DELETE FROM link WHERE origin = ?1",
};

/* clang-format on */

const char *
bn_statement_sql(enum bn_statement which)
{
	return texts[which];
}
