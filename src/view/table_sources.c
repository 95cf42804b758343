/* table_sources.c - the collector's own health: configured sources, and the requests one of them made. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* Whether what is known from it can still be believed: read to the end within two intervals. */
#define FRESH                                                                                      \
	"(s.last_ok_at IS NOT NULL"                                                                \
	" AND now() - s.last_ok_at <= stale_after(s.interval_ms, coalesce(s.took_ms, 0)))"
/* The store keeps a status for each source; one that was fine but isn't polled any more is unknown.
 */
#define STATUS                                                                                     \
	"CASE WHEN s.disabled THEN " SQL_PAUSED " WHEN s.state = 'ok' AND NOT " FRESH              \
	" THEN " SQL_UNKNOWN " WHEN s.state = 'failing' AND " FRESH " THEN " SQL_DEGRADED          \
	" ELSE s.status_now END"

#define HOUR "c.source_id = s.source_id AND c.at >= now() - 3600000"
/* Nearest-rank percentile of the last hour's request times, in ms. */
#define PERCENTILE(share)                                                                          \
	"(SELECT min(v) FROM (SELECT c.took_ms AS v, count(*) OVER () AS n,"                       \
	" row_number() OVER (ORDER BY c.took_ms) AS i FROM call c WHERE " HOUR                     \
	" AND c.error IS NULL) WHERE i >= n * " share ")"

/* Spans of coverage, cut to the window; what was read a moment ago is being watched. */
#define COVERAGE(window)                                                                           \
	"(SELECT 100.0 * sum(max(min(CASE WHEN now() - o.ended <= stale_after(s.interval_ms,"      \
	" coalesce(s.took_ms, 0)) THEN now() ELSE o.ended END, now()) - max(o.began, now() "       \
	"- " window "), 0)) / " window                                                             \
	" FROM observed o WHERE o.source_id = s.source_id AND o.ended > now() - " window ")"

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, STATUS,
     "healthy when it was read within two intervals; degraded when it was but the latest poll "
     "failed, or when "
     "throttled; down when it was not, or the login is refused; unknown when nobody polls it; "
     "paused when disabled"},
    {"source", "SOURCE", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "s.name",
     "Name in the configuration"},
    {"type", "KIND", 14, 6, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "s.type", "The plugin that reads it"},
    {"last_ok", "LAST OK", 8, 5, BN_RIGHT, 0, BN_FORMAT_AGE, "s", "now() - s.last_ok_at",
     "Time since it was last read to the end"},
    {"every", "EVERY", 7, 5, BN_RIGHT, 1, BN_FORMAT_DURATION, "s", "s.interval_ms",
     "Time between two polls"},
    {"calls", "REQ/h", 7, 5, BN_RIGHT, 1, BN_FORMAT_INT, "1/h",
     "(SELECT count(*) FROM call c WHERE " HOUR ")", "Requests in the last hour"},
    {"p50", "p50", 6, 5, BN_RIGHT, 2, BN_FORMAT_DURATION, "ms", PERCENTILE("0.50"),
     "Median time of the last hour's answers"},
    {"p95", "p95", 6, 5, BN_RIGHT, 1, BN_FORMAT_DURATION, "ms", PERCENTILE("0.95"),
     "95th percentile of the time of the last hour's answers"},
    {"errors", "ERR", 4, 3, BN_RIGHT, 0, BN_FORMAT_INT, "1/h",
     "(SELECT count(*) FROM call c WHERE " HOUR " AND c.error IS NOT NULL)",
     "Failed requests in the last hour"},
    {"entities", "ENT", 5, 3, BN_RIGHT, 0, BN_FORMAT_INT, NULL,
     "(SELECT count(*) FROM entity n WHERE n.source_id = s.source_id AND n.gone_at IS NULL AND "
     "n.kind IN " SQL_STANDING ")",
     "Things known from it, runs not counted"},
    {"skipped", "SKIP", 6, 4, BN_RIGHT, 1, BN_FORMAT_INT, NULL, "s.skipped",
     "Items of the latest poll that could not be read"},
    {"auth", "AUTH", 12, 5, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "s.auth", "How it logs in"},
    {"expires", "EXPIRES", 7, 5, BN_LEFT, 2, BN_FORMAT_UNTIL, NULL, "s.auth_expires_at",
     "When that login ends, where it is known"},
    {"state", "STATE", 9, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "s.state",
     "What the latest poll gave: new, ok, failing, auth, throttled"},
    {"next", "NEXT", 8, 5, BN_LEFT, 3, BN_FORMAT_UNTIL, NULL, "s.next_poll_at",
     "When it is polled next"},
    {"failures", "FAILS", 5, 4, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "s.failures",
     "Failed polls in a row"},
    {"failing_since", "SINCE", 8, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "s.failing_since",
     "When the first of those was"},
    {"http_status", "HTTP", 4, 4, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "s.last_http_status",
     "Status of the latest failed answer, where there was one"},
    {"error", "ERROR", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     "CASE WHEN s.state IN ('ok', 'new') THEN NULL ELSE s.last_error END",
     "What is wrong with it now"},
    {"hint", "HINT", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     "CASE WHEN s.state IN ('ok', 'new') THEN NULL ELSE s.last_hint END", "What to do about that"},
    {"skip_reason", "WHY BROKEN", 30, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "s.skip_reason",
     "What was wrong with the latest broken item"},
    {"took", "TOOK", 6, 5, BN_RIGHT, 3, BN_FORMAT_DURATION, "ms", "s.took_ms",
     "Time the latest poll took"},
    {"holder", "POLLED BY", 20, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "s.lease_holder",
     "Which process polls it"},
    {"url", "URL", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "s.url", "What is asked"},
    {"observed", "OBSERVED", 8, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL, FRESH,
     "Whether it is being watched: read to the end within two intervals"},
    {"observed_since", "WATCHED", 8, 5, BN_LEFT, 2, BN_FORMAT_TIME, NULL,
     "(SELECT max(o.began) FROM observed o WHERE o.source_id = s.source_id)",
     "Since when it has been watched without a break, or had been last"},
    {"coverage_24h", "24h", 4, 4, BN_RIGHT, 2, BN_FORMAT_PERCENT, "%", COVERAGE("86400000"),
     "Share of the last 24 hours in which it was watched"},
    {"coverage_7d", "7d", 4, 4, BN_RIGHT, 3, BN_FORMAT_PERCENT, "%", COVERAGE("604800000"),
     "Share of the last 7 days in which it was watched"},
    {NULL},
};

const struct bn_view_table bn_table_sources = {
    .name = "sources",
    .schema = 1,
    .kind = BN_SOURCE,
    .doc = "Configured sources: when each was last read, and what it said when it could not be.",
    .from = "FROM source_now s WHERE s.configured_at IS NOT NULL",
    .id_sql = "s.name, " SQL_SOURCE ", s.name",
    .status_sql = STATUS,
    .stale_sql = "(NOT s.disabled AND NOT " FRESH ")",
    .order =
	"CASE WHEN " STATUS " = " SQL_UNKNOWN " THEN 1000 ELSE status_rank(" STATUS ") END DESC,"
	" s.took_ms DESC, s.name",
    .problem_sql = "(" STATUS " NOT IN (" SQL_HEALTHY ", " SQL_PAUSED ") OR s.skipped > 0)",
    .time_sql = "s.last_try_at",
    .search_sql = "s.name || char(10) || s.type || char(10) || coalesce(s.last_error, '')",
    .name_sql = "s.name",
    .columns = columns,
};

static const struct bn_column coverage_columns[] = {
    {"source", "SOURCE", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "s.name", "The source"},
    {"from", "FROM", 8, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "o.began",
     "Since when it was watched"},
    {"until", "UNTIL", 8, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "o.ended",
     "Until when; for as long as it is not stale it still is"},
    {NULL},
};

const struct bn_view_table bn_table_coverage = {
    .name = "coverage",
    .schema = 1,
    .kind = BN_SOURCE,
    .doc = "When each source was watched: the spans of time without a break, newest first.",
    .from = "FROM observed o JOIN source s ON s.id = o.source_id WHERE s.configured_at IS NOT NULL"
	    " AND NOT s.disabled",
    .id_sql = "s.name, " SQL_SOURCE ", s.name",
    .order = "o.began DESC, s.name",
    .time_sql = "o.ended",
    .search_sql = "s.name",
    .name_sql = "s.name",
    .columns = coverage_columns,
};

static const struct bn_column call_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL,
     "CASE WHEN c.error IS NULL THEN " SQL_SUCCEEDED " ELSE " SQL_FAILED " END",
     "Whether it was answered as hoped"},
    {"at", "TIME", 8, 8, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "c.at", "When it was sent"},
    {"what", "REQUEST", 0, 16, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "c.what",
     "Method and path, as in the plugin's request table"},
    {"http_status", "HTTP", 4, 4, BN_RIGHT, 0, BN_FORMAT_INT, NULL, "c.http_status",
     "Status of the answer"},
    {"took", "TOOK", 7, 5, BN_RIGHT, 0, BN_FORMAT_DURATION, "ms", "c.took_ms",
     "Time until the answer was whole"},
    {"bytes", "SIZE", 7, 5, BN_RIGHT, 0, BN_FORMAT_BYTES, "bytes", "c.bytes",
     "Decoded size of the answer"},
    {"error", "ERROR", 30, 12, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "c.error", "Why it failed"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "s.name",
     "The source that asked"},
    {NULL},
};

const struct bn_view_table bn_table_calls = {
    .name = "calls",
    .schema = 1,
    .kind = BN_SOURCE,
    .doc = "Requests of the last day, newest first; of one source when one is named.",
    .from = "FROM call c JOIN source s ON s.id = c.source_id"
	    " WHERE (:key IS NULL OR s.name = :key) AND c.at >= coalesce(:since, now() - 86400000)",
    .id_sql = "s.name, " SQL_SOURCE ", s.name",
    .status_sql = "CASE WHEN c.error IS NULL THEN " SQL_SUCCEEDED " ELSE " SQL_FAILED " END",
    .stale_sql = "0",
    .order = "c.at DESC, c.id DESC",
    .problem_sql = "c.error IS NOT NULL",
    .time_sql = "c.at",
    .search_sql = "c.what || char(10) || coalesce(c.error, '')",
    .name_sql = "c.what",
    .columns = call_columns,
};
