/* metrics.c - what is known, as numbers for other systems: names, labels, values. */
/* SPDX-License-Identifier: MIT */
#include "view/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "view/model_sql.h"
#include "view/sql.h"

/* clang-format off */
/* A phase of the latest probe; not of one that is too old to be believed. */
#define PHASE(name, column) \
	" SELECT source, key AS endpoint, '" name "' AS phase, " column " / 1e6 AS value FROM endpoint_now" \
	" WHERE NOT stale AND " column " IS NOT NULL"
/* Whose hand an open root is in. */
#define HAND \
	"CASE WHEN silenced THEN 'silenced' WHEN coalesce(snooze_until, 0) > now() THEN 'snoozed'" \
	" WHEN ack_seq IS NOT NULL THEN 'acknowledged' ELSE 'open' END"
#define SOURCE_FROM " FROM source s WHERE s.configured_at IS NOT NULL AND NOT s.disabled"
#define PIPELINE_FROM \
	" FROM entity_now e JOIN pipeline p ON p.entity_id = e.id WHERE e.kind = " SQL_PIPELINE

/* Versions that are live, and how many of their model are. */
#define LIVE_ONES \
	"one AS MATERIALIZED (SELECT x.model_id, x.model, x.version, e.id, e.source," \
	"  count(*) OVER (PARTITION BY x.model_id) AS n FROM (SELECT DISTINCT o.source_id, o.model_id, o.model," \
	"   o.version FROM live_moved o WHERE o.ended IS NULL) x JOIN entity_now e ON e.source_id = x.source_id" \
	"  AND e.kind = " SQL_MODEL " AND e.key = x.model || '@' || x.version WHERE NOT e.stale)"
/* Those and the others that have a name. */
#define NAMED_VERSIONS \
	"WITH " LIVE_ONES ", named AS MATERIALIZED (SELECT e.id, e.source, v.model_key AS model, v.version," \
	"  v.created_at, e.id IN (SELECT id FROM one) AS live FROM model_version v JOIN entity_now e" \
	"  ON e.id = v.entity_id AND NOT e.stale WHERE e.id IN (SELECT id FROM one) OR EXISTS (SELECT 1 FROM attribute a" \
	"   WHERE a.entity_id = v.model_id AND a.name GLOB 'alias:*' AND a.value = v.version)) "
/* What was measured of versions within the last hour: their own numbers, then the model's of the one that is live. */
#define RECENT "q.value IS NOT NULL AND q.at >= now() - 3600000"
#define VERSION_NUMBERS(names) \
	"WITH " LIVE_ONES ", n AS MATERIALIZED (SELECT e.source, v.model_key AS model, v.version, q.name, q.value, q.unit" \
	"  FROM model_version v JOIN entity_now e ON e.id = v.entity_id AND NOT e.stale JOIN measure q ON q.entity_id = e.id" \
	"  WHERE " RECENT " AND q.name IN (" names ") UNION ALL SELECT one.source, one.model, one.version, q.name, q.value," \
	"  q.unit FROM one JOIN measure q ON q.entity_id = one.model_id WHERE one.n = 1 AND " RECENT \
	"  AND q.name IN (" names ") AND NOT EXISTS (SELECT 1 FROM measure y WHERE y.entity_id = one.id" \
	"   AND y.name = q.name)) "
#define VERSION_LABELS "n.source, n.model, n.version"
/* Shares may come as such or in %, times in ms where they bear no unit. */
#define AS_SHARE   "n.value / CASE n.unit WHEN '%' THEN 100.0 ELSE 1.0 END"
#define AS_SECONDS \
	"n.value / CASE lower(n.unit) WHEN 's' THEN 1.0 WHEN 'seconds' THEN 1.0 WHEN 'us' THEN 1e6 WHEN 'µs' THEN 1e6" \
	" WHEN 'microseconds' THEN 1e6 ELSE 1e3 END"
#define KPI_FROM(kind) \
	" FROM entity_now e JOIN measure q ON q.entity_id = e.id AND q.name GLOB 'kpi:*' WHERE e.kind = " kind \
	" AND NOT e.stale AND " RECENT
#define LAST_OF_STREAM \
	"(SELECT pt.value FROM series sr JOIN point pt ON pt.series_id = sr.id WHERE sr.entity_id = e.id" \
	" AND sr.name = 'value' AND pt.value IS NOT NULL AND pt.at < now() / 60000 * 60000 ORDER BY pt.at DESC LIMIT 1)"

const struct bn_metric bn_metrics[] = {
    {"binnacle_source_up", "gauge",
     "Whether the source answered the last time it was asked, not longer ago than two intervals; no "
     "sample before it was asked",
     "SELECT s.name AS source, s.type, CASE WHEN s.last_try_at IS NULL THEN NULL"
     " ELSE s.state = 'ok' AND now() - s.last_ok_at <= s.stale_ms * clock_factor() END" SOURCE_FROM,
     NULL, NULL, 1},
    {"binnacle_source_last_success_timestamp_seconds", "gauge",
     "When the source was last read to the end",
     "SELECT s.name AS source, s.last_ok_at / 1e3" SOURCE_FROM, NULL, NULL, 1},
    {"binnacle_source_age_seconds", "gauge", "How long ago that was",
     "SELECT s.name AS source, max(now() - s.last_ok_at, 0) / 1e3" SOURCE_FROM, NULL, NULL, 1},
    {"binnacle_source_poll_duration_seconds", "gauge", "How long the latest poll took",
     "SELECT s.name AS source, s.took_ms / 1e3" SOURCE_FROM, NULL, NULL, 1},
    {"binnacle_source_failures", "gauge", "Polls that failed, in a row",
     "SELECT s.name AS source, s.failures" SOURCE_FROM, NULL, NULL, 1},
    {"binnacle_source_requests_total", "counter", "Requests sent, ever",
     "SELECT s.name AS source, s.requests" SOURCE_FROM, NULL, NULL, 1},
    {"binnacle_source_broken_items", "gauge", "Items of the latest poll that could not be read",
     "SELECT s.name AS source, s.skipped" SOURCE_FROM, NULL, NULL, 1},
    {"binnacle_findings", "gauge",
     "Open findings folded to their root causes, by severity and by whether somebody has them in hand: "
     "open, acknowledged, snoozed, silenced by the platform",
     "WITH r AS MATERIALIZED (SELECT severity, " HAND " AS hand FROM finding_now WHERE root_id IS NULL)"
     " SELECT v.column1 AS severity, h.column1 AS state, (SELECT count(*) FROM r"
     "  WHERE r.severity = v.column1 AND r.hand = h.column1) FROM (VALUES ('crit'), ('warn'), ('info')) v,"
     " (VALUES ('open'), ('acknowledged'), ('snoozed'), ('silenced')) h", NULL, NULL, 1},
    {"binnacle_findings_folded", "gauge", "Open findings that follow from another one",
     "SELECT v.column1 AS severity, (SELECT count(*) FROM finding_now f WHERE f.root_id IS NOT NULL"
     "  AND f.severity = v.column1) FROM (VALUES ('crit'), ('warn'), ('info')) v", NULL, NULL, 1},
    {"binnacle_finding_oldest_timestamp_seconds", "gauge",
     "Since when the oldest open root of that severity has lasted that nobody has in hand",
     "SELECT severity, min(since) / 1e3 FROM finding_now WHERE root_id IS NULL AND " HAND " = 'open'"
     " GROUP BY severity", NULL, NULL, 1},
    {"binnacle_entities", "gauge",
     "Things by kind and status; what has not been read for too long is unknown, whatever it was",
     "SELECT kind_name AS kind, status_word(status_now) AS status, count(*) FROM entity_now"
     " WHERE kind <> " SQL_SOURCE " GROUP BY kind, status_now", NULL, NULL, 1},
    {"binnacle_pipeline_last_success_timestamp_seconds", "gauge", "When its latest good run ended",
     "SELECT e.source, e.key AS pipeline, p.last_good_at / 1e3" PIPELINE_FROM, NULL, NULL, 1},
    {"binnacle_pipeline_run_duration_seconds", "gauge",
     "How long its runs take: the median and the 95th percentile of the last 20 good ones",
     "SELECT e.source, e.key AS pipeline, '50' AS percentile, p.p50_ms / 1e3" PIPELINE_FROM
     " UNION ALL SELECT e.source, e.key, '95', p.p95_ms / 1e3" PIPELINE_FROM, NULL, NULL, 1},
    {"binnacle_pipeline_last_run_duration_seconds", "gauge",
     "How long its latest run took, or has taken so far",
     "SELECT e.source, e.key AS pipeline, (coalesce(r.finished_at, now()) - r.started_at) / 1e3"
     " FROM entity_now e JOIN pipeline p ON p.entity_id = e.id JOIN run r ON r.entity_id = p.latest_run_id"
     " WHERE e.kind = " SQL_PIPELINE " AND (r.finished_at IS NOT NULL OR NOT e.stale)", NULL, NULL, 1},
    {"binnacle_pipeline_next_due_timestamp_seconds", "gauge", "When it has to start next",
     "SELECT e.source, e.key AS pipeline, p.next_due_at / 1e3" PIPELINE_FROM " AND NOT p.paused",
     NULL, NULL, 1},
    {"binnacle_endpoint_up", "gauge", "Whether it answers as it should; no sample where that is not known",
     "SELECT source, key AS endpoint, CASE status WHEN 'down' THEN 0 WHEN 'unknown' THEN NULL ELSE 1 END"
     " FROM endpoint_now", NULL, NULL, 1},
    {"binnacle_endpoint_phase_seconds", "gauge",
     "How long the phases of the latest probe took: resolve, connect, tls, processing (to the first byte), "
     "transfer",
     PHASE("resolve", "resolve_us") " UNION ALL" PHASE("connect", "connect_us") " UNION ALL"
     PHASE("tls", "tls_us") " UNION ALL" PHASE("processing", "first_byte_us") " UNION ALL"
     PHASE("transfer", "transfer_us"), NULL, NULL, 1},
    {"binnacle_endpoint_duration_seconds", "gauge", "How long the latest probe took in all",
     "SELECT source, key AS endpoint, total_us / 1e6 FROM endpoint_now WHERE NOT stale", NULL, NULL, 1},
    {"binnacle_endpoint_http_status_code", "gauge", "What it answered",
     "SELECT source, key AS endpoint, nullif(http_status, 0) FROM endpoint_now WHERE NOT stale", NULL, NULL, 1},
    {"binnacle_endpoint_certificate_expiry_timestamp_seconds", "gauge",
     "When the first certificate of its chain ends",
     "SELECT source, key AS endpoint, certificate_expires_at / 1e3 FROM endpoint_now", NULL, NULL, 1},
    {"binnacle_dataset_rows", "gauge", "Rows it holds, as far as a source says so",
     "SELECT e.source, e.key AS dataset, m.value FROM entity_now e JOIN measure m ON m.entity_id = e.id"
     " WHERE e.kind = " SQL_DATASET " AND m.name = 'rows' AND NOT e.stale", NULL, NULL, 1},
    {"binnacle_dataset_age_seconds", "gauge", "How long ago it was written, as far as a source says so",
     "SELECT e.source, e.key AS dataset, m.value + max(now() - m.at, 0) / 1e3 FROM entity_now e"
     " JOIN measure m ON m.entity_id = e.id WHERE e.kind = " SQL_DATASET " AND m.name = 'age'"
     " AND NOT e.stale", NULL, NULL, 1},
    {"binnacle_model_version_live", "gauge",
     "Whether the version is what its model answers with; of versions that have an alias or are live",
     NAMED_VERSIONS "SELECT source, model, version, live FROM named", NULL, NULL, 1},
    {"binnacle_model_version_live_since_timestamp_seconds", "gauge", "When it last went live, of those that are",
     "WITH " LIVE_ONES " SELECT one.source, one.model, one.version, max(l.began) / 1e3 FROM one JOIN live_now l"
     "  ON l.version_id = one.id AND l.ended IS NULL GROUP BY one.id", NULL, NULL, 1},
    {"binnacle_model_version_age_seconds", "gauge", "How long ago the version was registered",
     NAMED_VERSIONS "SELECT source, model, version, max(now() - created_at, 0) / 1e3 FROM named"
     " WHERE created_at > 0", NULL, NULL, 1},
    {"binnacle_model_eval", "gauge", "Numbers of its training run, by name",
     NAMED_VERSIONS "SELECT w.source, w.model, w.version, substr(q.name, 6) AS metric, q.value FROM named w"
     " JOIN measure q ON q.entity_id = w.id AND q.name GLOB 'eval:*'", NULL, NULL, 1},
    {"binnacle_model_quality", "gauge",
     "The declared number as production has it; this and what follows as measured within the last hour",
     VERSION_NUMBERS("'live'") "SELECT " VERSION_LABELS ", n.value FROM n", NULL, NULL, 1},
    {"binnacle_model_drift_psi", "gauge", "Population stability index of its input",
     VERSION_NUMBERS("'psi'") "SELECT " VERSION_LABELS ", n.value FROM n", NULL, NULL, 1},
    {"binnacle_model_traffic_ratio", "gauge", "Share of the traffic it answers",
     VERSION_NUMBERS("'traffic'") "SELECT " VERSION_LABELS ", " AS_SHARE " FROM n", NULL, NULL, 1},
    {"binnacle_model_latency_seconds", "gauge", "How long it takes to answer",
     VERSION_NUMBERS("'p50', 'p95', 'p99'") "SELECT " VERSION_LABELS ", substr(n.name, 2) AS percentile, " AS_SECONDS
     " FROM n", NULL, NULL, 1},
    {"binnacle_model_latency_part_seconds", "gauge",
     "What of that the model itself takes (model), and what is around it (overhead)",
     VERSION_NUMBERS("'model-latency', 'overhead'") "SELECT " VERSION_LABELS ", CASE n.name WHEN 'overhead' THEN"
     " 'overhead' ELSE 'model' END AS part, " AS_SECONDS " FROM n", NULL, NULL, 1},
    {"binnacle_model_utilization_ratio", "gauge", "Share of its cpu and memory that it uses",
     VERSION_NUMBERS("'cpu', 'memory'") "SELECT " VERSION_LABELS ", n.name AS resource, " AS_SHARE " FROM n",
     NULL, NULL, 1},
    {"binnacle_model_monthly_cost", "gauge", "What it costs in 30 days, where its unit says of what time it speaks",
     VERSION_NUMBERS("'cost'") "SELECT " VERSION_LABELS ", " SQL_CURRENCY("n.unit") " AS currency, "
     SQL_PER_MONTH("n.value", "n.unit") " FROM n", NULL, NULL, 1},
    {"binnacle_model_monthly_predictions", "gauge", "How many predictions it makes in 30 days",
     VERSION_NUMBERS("'predictions'") "SELECT " VERSION_LABELS ", " SQL_PER_MONTH("n.value", "n.unit") " FROM n",
     NULL, NULL, 1},
    {"binnacle_model_kpi", "gauge", "What a model, or a version, does for the business, in the unit it is told in",
     "SELECT e.source, e.key AS model, substr(q.name, 5) AS kpi, coalesce(q.unit, '') AS unit, q.value"
     KPI_FROM(SQL_MODEL), NULL, NULL, 1},
    {"binnacle_model_kpi_target", "gauge", "What that should be at least, or at most",
     "SELECT e.source, e.key AS model, substr(q.name, 5) AS kpi, coalesce(q.unit, '') AS unit, coalesce("
     SQL_TARGET("least", "e.id", "q.name") ", " SQL_TARGET("most", "e.id", "q.name") ")" KPI_FROM(SQL_MODEL),
     NULL, NULL, 1},
    {"binnacle_stream_value", "gauge",
     "Value of the latest closed minute that has one, in the unit it is told in; the lag says how old that is",
     "SELECT e.source, e.key AS stream, coalesce(st.unit, '') AS unit, " LAST_OF_STREAM
     " FROM entity_now e JOIN stream st ON st.entity_id = e.id WHERE NOT e.stale", NULL, NULL, 1},
    {"binnacle_stream_lag_seconds", "gauge", "How long ago its latest minute with a value ended",
     NULL, "streams", "lag", 1e-3},
    {"binnacle_stream_gaps", "gauge", "Minutes of the last hour that are missing", NULL, "streams",
     "gaps", 1},
    {"binnacle_stream_late_windows", "gauge", "Minutes of the last hour that came late", NULL, "streams",
     "late", 1},
    {"binnacle_product_error_budget_ratio", "gauge",
     "Share of its error budget that is left, of the promise with the least", NULL, "products", "budget",
     1e-2},
    {"binnacle_product_error_budget_burn_rate", "gauge",
     "Pace of the last hour at which the budget is used; 1 lasts exactly the window", NULL, "products",
     "burn", 1},
    {"binnacle_product_kpi", "gauge", "What it does for the business, in the unit it is told in",
     "SELECT e.source, e.key AS product, substr(q.name, 5) AS kpi, coalesce(q.unit, '') AS unit, q.value"
     KPI_FROM(SQL_PRODUCT), NULL, NULL, 1},
    {NULL, NULL, NULL, NULL, NULL, NULL, 0},
};
/* clang-format on */

/* What one family has given so far, to leave out what would come twice. */
struct family {
	struct bn_arena *arena;
	const char **seen;
	size_t count, capacity;
};

static const char *
identity(struct family *family, const struct bn_sample *sample)
{
	struct bn_buf out = BN_BUF_INIT(0);
	const char *text;

	for (size_t i = 0; sample->label[i] != NULL; i++)
		bn_buf_addf(&out, "%zu:%s", strlen(sample->label[i]), sample->label[i]);
	text = bn_arena_strdup(family->arena, bn_buf_text(&out));
	bn_buf_free(&out);
	return text;
}

/* Families are short, but for pipelines and endpoints; those come sorted by nothing, so a hash would be
 * the next step if somebody had tens of thousands. */
static bool
is_new(struct family *family, const struct bn_sample *sample)
{
	const char *text = identity(family, sample);

	for (size_t i = 0; i < family->count; i++)
		if (strcmp(family->seen[i], text) == 0)
			return false;
	if (family->count == family->capacity) {
		family->capacity = family->capacity > 0 ? family->capacity * 2 : 64;
		family->seen = bn_xrealloc(family->seen, family->capacity, sizeof(*family->seen));
	}
	family->seen[family->count++] = text;
	return true;
}

static int
from_sql(struct bn_reader *reader, struct family *family, const struct bn_metric *metric,
	 bn_sample_fn *on_sample, void *payload, struct bn_error *err)
{
	sqlite3 *db = bn_reader_db(reader);
	sqlite3_stmt *row = NULL;
	int rc = BN_OK, step = SQLITE_DONE;

	if (sqlite3_prepare_v2(db, metric->sql, -1, &row, NULL) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "%s: %s", metric->name, sqlite3_errmsg(db));
	while (rc == BN_OK && (step = sqlite3_step(row)) == SQLITE_ROW) {
		struct bn_sample sample = {.metric = metric};
		int last = sqlite3_column_count(row) - 1;
		size_t n = 0;

		sample.value = sqlite3_column_double(row, last) * metric->scale;
		if (sqlite3_column_type(row, last) == SQLITE_NULL || !isfinite(sample.value))
			continue;
		for (int i = 0; i < last && n < 2 * (size_t)BN_METRIC_LABELS; i++) {
			const char *text = (const char *)sqlite3_column_text(row, i);

			sample.label[n++] = sqlite3_column_name(row, i);
			sample.label[n++] = text != NULL ? text : "";
		}
		if (is_new(family, &sample))
			rc = on_sample(&sample, payload, err);
	}
	if (rc == BN_OK && step != SQLITE_DONE)
		rc = bn_fail(err, BN_EIO, "%s: %s", metric->name, sqlite3_errmsg(db));
	sqlite3_finalize(row);
	return rc;
}

/* The thing a row of the table is about gives the labels. */
static int
from_table(struct bn_reader *reader, struct family *family, const struct bn_metric *metric,
	   bn_sample_fn *on_sample, void *payload, struct bn_error *err)
{
	const char *columns[] = {metric->column, NULL};
	struct bn_query query = {.table = bn_view_table(metric->table), .columns = columns};
	struct bn_rows *rows = NULL;
	int rc = bn_view_query(reader, &query, &rows, err);

	for (size_t i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		struct bn_value value = bn_rows_named(rows, i, metric->column);
		struct bn_ref ref = bn_rows_ref(rows, i);
		struct bn_sample sample = {.metric = metric,
					   .label = {"source", ref.source != NULL ? ref.source : "",
						     ref.kind == BN_PRODUCT ? "product" : "stream",
						     ref.key, NULL}};

		sample.value =
		    (value.type == BN_VALUE_INT ? (double)value.i : value.r) * metric->scale;
		if ((value.type == BN_VALUE_INT || value.type == BN_VALUE_REAL) &&
		    isfinite(sample.value) && ref.key != NULL && is_new(family, &sample))
			rc = on_sample(&sample, payload, err);
	}
	bn_rows_free(rows);
	return rc;
}

int
bn_metrics_each(struct bn_reader *reader, bn_sample_fn *on_sample, void *payload,
		struct bn_error *err)
{
	int rc = BN_OK;

	for (const struct bn_metric *metric = bn_metrics; rc == BN_OK && metric->name != NULL;
	     metric++) {
		struct family family = {.arena = bn_arena_new()};

		rc = metric->sql != NULL
			 ? from_sql(reader, &family, metric, on_sample, payload, err)
			 : from_table(reader, &family, metric, on_sample, payload, err);
		free(family.seen);
		bn_arena_free(family.arena);
	}
	return rc;
}
