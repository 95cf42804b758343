/* table_endpoints.c - endpoints: what they answered, how fast, how long their certificate lasts. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* The http plugin adds two points a probe: "total", the time it took in ms (none where it failed),
 * and "up", 1 or 0. These are what is left where no platform measures the real traffic. */
#define POINTS(series)                                                                             \
	"FROM series sr JOIN point pt ON pt.series_id = sr.id WHERE sr.entity_id = e.id"           \
	" AND sr.name = '" series "' AND pt.at >= now() - 3600000 AND pt.value IS NOT NULL"
/* Nearest-rank percentile of the last hour's good probes, as µs. */
#define OWN_PERCENTILE(share)                                                                      \
	"(SELECT CAST(1000 * min(v) AS INTEGER) FROM (SELECT pt.value AS v, count(*) OVER () AS "  \
	"n,"                                                                                       \
	" row_number() OVER (ORDER BY pt.value) AS i " POINTS("total") ") WHERE i >= n * " share   \
								       ")"
#define MEASURE(name)                                                                              \
	"(SELECT m.value FROM measure m WHERE m.entity_id = e.id AND m.name = '" name "')"
/* Measures of latency are in ms, as platforms give them. */
#define PERCENTILE(name, share)                                                                    \
	"coalesce(CAST(1000 * " MEASURE(name) " AS INTEGER), " OWN_PERCENTILE(share) ")"
/* 60 one-minute buckets of the mean probe time in ms, oldest first, a hole where nothing was
 * measured. */
#define SPARK                                                                                      \
	"(WITH RECURSIVE m(i) AS (SELECT 59 UNION ALL SELECT i - 1 FROM m WHERE i > 0),"           \
	" b(i, v) AS MATERIALIZED (SELECT (now() - pt.at) / 60000, avg(pt.value) " POINTS(         \
	    "total") "  GROUP BY 1)"                                                               \
		     " SELECT CASE WHEN EXISTS (SELECT 1 FROM b WHERE v IS NOT NULL) THEN"         \
		     "  json_group_array(round((SELECT v FROM b WHERE b.i = m.i), 3)) END FROM m)"
/* How many assertions hold, of how many. */
#define ASSERTS                                                                                    \
	"CASE WHEN json_valid(n.asserts) THEN (SELECT CASE WHEN count(*) > 0 THEN"                 \
	" sum(json_extract(j.value, '$[1]') = 'ok') || '/' || count(*) END"                        \
	" FROM json_each(n.asserts) j) END"

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, "e.status_now",
     "How it stands; unknown when stale"},
    {"endpoint", "ENDPOINT", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "e.name",
     "Name of the endpoint"},
    {"type", "KIND", 6, 4, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "n.type", "What it is: http …"},
    {"state", "STATE", 9, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL,
     "CASE WHEN e.stale THEN 'unknown'"
     " ELSE coalesce(e.raw_status, CAST(n.http_status AS TEXT), status_word(e.status_now)) END",
     "What it answered, and what that means where it is not fine"},
    {"rps", "RPS", 4, 3, BN_RIGHT, 1, BN_FORMAT_NUMBER, "1/s", MEASURE("rps"),
     "Requests a second, where a platform measures them"},
    {"errors", "ERR%", 5, 4, BN_RIGHT, 1, BN_FORMAT_PERCENT, "%",
     "coalesce(" MEASURE("error-rate") ", (SELECT 100.0 * sum(pt.value = 0) / nullif(count(*), "
				       "0) " POINTS("up") "))",
     "Share of failed requests as a platform measures it, else of our own probes of the last hour"},
    {"p50", "p50", 4, 3, BN_RIGHT, 0, BN_FORMAT_MILLIS, "ms", PERCENTILE("p50", "0.50"),
     "Median latency as a platform measures it, else of our own probes of the last hour"},
    {"p95", "p95", 4, 3, BN_RIGHT, 0, BN_FORMAT_MILLIS, "ms", PERCENTILE("p95", "0.95"),
     "The same, 95th percentile"},
    {"p99", "p99", 4, 3, BN_RIGHT, 0, BN_FORMAT_MILLIS, "ms", PERCENTILE("p99", "0.99"),
     "The same, 99th percentile"},
    {"slo", "SLO", 5, 3, BN_RIGHT, 1, BN_FORMAT_MILLIS, "ms", "n.slo_p99_ms * 1000",
     "What the 99th percentile may be at most (slo-p99)"},
    {"spark", "60m", 12, 6, BN_LEFT, 1, BN_FORMAT_SPARK, "ms", SPARK,
     "Mean time of our probes, a minute each, the last 60 minutes; holes where nothing was "
     "measured"},
    {"latest", "LAST", 5, 3, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", "n.total_us",
     "Time the latest probe took in all"},
    {"resolve", "DNS", 5, 3, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", "n.resolve_us",
     "Latest probe: name resolution"},
    {"connect", "CONN", 5, 3, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", "n.connect_us",
     "Latest probe: TCP connection"},
    {"tls", "TLS", 5, 3, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", "n.tls_us",
     "Latest probe: TLS handshake"},
    {"first_byte", "WAIT", 5, 3, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", "n.first_byte_us",
     "Latest probe: from the request to the first byte"},
    {"transfer", "BODY", 5, 3, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", "n.transfer_us",
     "Latest probe: from the first byte to the last"},
    {"certificate", "CERT", 5, 4, BN_RIGHT, 2, BN_FORMAT_DURATION, "s",
     "n.certificate_expires_at - now()",
     "Time until the first certificate of the chain expires; negative when one has"},
    {"asserts", "ASSERT", 6, 5, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, ASSERTS,
     "Assertions that hold, of all"},
    {"http_status", "HTTP", 4, 4, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "n.http_status",
     "Status of the latest answer"},
    {"checked", "CHECKED", 7, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "n.checked_at",
     "When it was last probed"},
    {"since", "SINCE", 6, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "e.since", "When its status began"},
    {"message", "MESSAGE", 30, 12, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "e.message",
     "What is wrong with it"},
    {"target", "TARGET", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "n.target", "What is asked"},
    {"owner", "OWNER", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.owner", "Who looks after it"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.source",
     "The configured source it comes from"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.key", "Key within the source"},
    {"age", "AGE", 6, 4, BN_RIGHT, 3, BN_FORMAT_AGE, "s", "now() - n.checked_at",
     "How long ago it was last probed"},
    {"stale", "STALE", 5, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL, "e.stale",
     "Whether that is too long ago to be believed"},
    {NULL},
};

const struct bn_view_table bn_table_endpoints = {
    .name = "endpoints",
    .schema = 1,
    .kind = BN_ENDPOINT,
    .doc = "Endpoints: what they answered, how fast, and whether their assertions hold.",
    .from = "FROM entity_now e JOIN endpoint n ON n.entity_id = e.id WHERE e.kind = " SQL_ENDPOINT,
    .row_sql = "e.id",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = "e.status_now",
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order = "status_rank(e.status_now) DESC, coalesce(" MEASURE("rps") ", 0) DESC, e.name",
    .problem_sql = "(status_problem(e.status_now) OR e.status_now = " SQL_UNKNOWN
		   " OR n.certificate_expires_at < now() + 1209600000)",
    .time_sql = "n.checked_at",
    .search_sql = "e.name || char(10) || e.key || char(10) || coalesce(e.message, '')",
    .name_sql = "e.name",
    .columns = columns,
};

/* ---- latency ------------------------------------------------------------------------------ */

/* clang-format off */
/* Every minute of the window is a row: the 95th percentile as a platform measures it where there is any of it in the
 * window, else the mean of our own probes. Ten-minute roll-ups stand for what is older than points are kept. */
#define LATENCY                                                                                    \
	"FROM (WITH RECURSIVE me AS MATERIALIZED (SELECT e.id, e.source_id, s.name AS source, e.key" \
	" FROM entity e JOIN source s ON s.id = e.source_id WHERE e.kind = " SQL_ENDPOINT          \
	" AND e.key = :key AND (:source IS NULL OR s.name = :source)"                              \
	" ORDER BY e.gone_at IS NOT NULL, e.seen_at DESC LIMIT 1),"                                \
	" w(first, last) AS MATERIALIZED (SELECT coalesce(:since, now() - 3600000) / 60000 * 60000," \
	"  min(coalesce(:until, now()), now())),"                                                  \
	" chosen(id, name) AS MATERIALIZED (SELECT r.id, r.name FROM me, w, series r"              \
	"  WHERE r.entity_id = me.id AND r.name IN ('p95', 'total') AND (r.name = 'total'"         \
	"   OR EXISTS (SELECT 1 FROM point pt WHERE pt.series_id = r.id"                           \
	"    AND pt.at >= w.first AND pt.at <= w.last AND pt.value IS NOT NULL)"                   \
	"   OR EXISTS (SELECT 1 FROM rollup ru WHERE ru.series_id = r.id AND ru.at >= w.first"     \
	"    AND ru.at <= w.last)) ORDER BY r.name LIMIT 1),"                                      \
	" m(at) AS (SELECT first FROM w WHERE first <= last UNION ALL SELECT m.at + 60000"         \
	"  FROM m, w WHERE m.at + 60000 <= w.last LIMIT 100000),"                                  \
	" p(at, value) AS MATERIALIZED (SELECT pt.at / 60000 * 60000, avg(pt.value) FROM chosen, w, point pt" \
	"  WHERE pt.series_id = chosen.id AND pt.at >= w.first AND pt.at < w.last + 60000 GROUP BY 1)," \
	" old(at, value) AS MATERIALIZED (SELECT ru.at, ru.sum / nullif(ru.count, 0) FROM chosen, w, rollup ru" \
	"  WHERE ru.series_id = chosen.id AND ru.at > w.first - 600000 AND ru.at <= w.last)"       \
	" SELECT m.at, me.source, me.key, coalesce(p.value, old.value) AS value,"                  \
	"  CASE (SELECT name FROM chosen) WHEN 'p95' THEN 'p95' WHEN 'total' THEN 'probe' END AS what," \
	"  CASE WHEN m.at + 60000 > now() THEN 'open'"                                             \
	"   WHEN coalesce(p.value, old.value) IS NOT NULL THEN 'ok'"                               \
	"   WHEN EXISTS (SELECT 1 FROM observed o WHERE o.source_id = me.source_id"                \
	"    AND o.began <= m.at AND o.ended >= m.at + 60000) THEN 'missing'"                      \
	"   ELSE 'unobserved' END AS state"                                                        \
	" FROM me, m LEFT JOIN p ON p.at = m.at LEFT JOIN old ON old.at = m.at / 600000 * 600000) x WHERE 1"
/* clang-format on */
#define LATENCY_STATUS                                                                             \
	"CASE x.state WHEN 'ok' THEN " SQL_HEALTHY " WHEN 'open' THEN " SQL_PROGRESSING            \
	" WHEN 'missing' THEN " SQL_DOWN " ELSE " SQL_UNKNOWN " END"

static const struct bn_column latency_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, LATENCY_STATUS, "Mark of the state"},
    {"at", "MINUTE", 8, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "x.at", "Start of the minute"},
    {"value", "VALUE", 10, 5, BN_RIGHT, 0, BN_FORMAT_NUMBER, "ms", "x.value",
     "Latency; none where nothing was measured"},
    {"unit", "UNIT", 10, 4, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "'ms'", "What the value counts"},
    {"what", "WHAT", 6, 4, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.what",
     "p95: the 95th percentile as a platform measures it; probe: the mean of our own probes"},
    {"state", "STATE", 10, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.state",
     "ok; missing: the source was read and nothing was measured; open: the minute is not over; "
     "unobserved: nobody looked"},
    {NULL},
};

const struct bn_view_table bn_table_latency = {
    .name = "latency",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "The latency of one endpoint by the minute, each minute a row, holes too. Without "
	   "--since, the last hour.",
    .from = LATENCY,
    .id_sql = "x.source, " SQL_ENDPOINT ", x.key",
    .status_sql = LATENCY_STATUS,
    .stale_sql = "0",
    .order = "x.at",
    .problem_sql = "x.state = 'missing'",
    .time_sql = "x.at + 59999",
    .search_sql = "x.state",
    .name_sql = "x.state",
    .columns = latency_columns,
};
