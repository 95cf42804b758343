/* table_products.c - data products, what each promises, and how each promise was kept day by day. */
/* SPDX-License-Identifier: MIT */
#include "view/model_sql.h"
#include "view/sql.h"
#include "view/tables.h"

/* What is summed up over the objective's window, up to the moment that is shown. */
#define PAST(what, span)                                                                           \
	"(SELECT sum(" what ") FROM objective_history h WHERE h.objective_id = o.id"               \
	" AND h.at > now() - " span " AND h.at <= now())"
#define USED	"coalesce(" PAST("h.bad_ms", "o.window_ms") ", 0)"
#define SEEN	PAST("h.good_ms + h.bad_ms", "o.window_ms")
#define ALLOWED "((1 - o.goal) * o.window_ms)"
/* Share of the error budget that is left; nothing where nothing was observed. */
#define LEFT "CASE WHEN " SEEN " > 0 THEN 100.0 * max(0, 1 - " USED " / " ALLOWED ") END"
/* How fast it goes: 1 is a pace that uses it up exactly at the window's end. */
#define HOUR_BAD  PAST("h.bad_ms", "3600000")
#define HOUR_SEEN PAST("h.good_ms + h.bad_ms", "3600000")
#define BURN	  "(1.0 * " HOUR_BAD " / nullif(" HOUR_SEEN ", 0) / (1 - o.goal))"
#define EMPTY_IN                                                                                   \
	"CASE WHEN " HOUR_BAD " > 0 THEN max(0, CAST((" ALLOWED " - " USED ") * " HOUR_SEEN        \
	" / " HOUR_BAD " AS INTEGER)) END"

/* One of the product's objectives. */
#define OF(sli, what)                                                                              \
	"(SELECT " what " FROM objective o WHERE o.product_id = e.id AND o.sli = '" sli "'"        \
	" AND o.gone_at IS NULL)"
#define ANY(what)                                                                                  \
	"(SELECT " what " FROM objective o WHERE o.product_id = e.id AND o.gone_at IS NULL)"
/* What its state says too; not known is not what it was. */
#define STATE "CASE WHEN e.stale THEN " SQL_UNKNOWN " ELSE o.state END"
#define SHARE "CASE WHEN NOT e.stale THEN 100.0 * o.value END"
#define AGE   "CASE WHEN o.good_at <= now() THEN now() - o.good_at END"
/* Tests of the data of what it needs, where a source tells of them. */
#define TESTS                                                                                      \
	"(SELECT CASE WHEN count(*) > 0 THEN CAST(sum(tp.value) AS INTEGER) || '/' ||"             \
	" CAST(sum(tt.value) AS INTEGER) END FROM link l JOIN source ls ON ls.name = "             \
	"l.from_source"                                                                            \
	" JOIN entity n ON n.source_id = ls.id AND n.kind = l.from_kind AND n.key = l.from_key"    \
	" JOIN measure tp ON tp.entity_id = n.id AND tp.name = 'tests-passed'"                     \
	" JOIN measure tt ON tt.entity_id = n.id AND tt.name = 'tests-total'"                      \
	" WHERE l.to_kind = " SQL_PRODUCT " AND l.to_source = e.source AND l.to_key = e.key"       \
	" AND NOT e.stale)"
#define CONSUMERS "json_array_length(CASE WHEN json_valid(p.consumers) THEN p.consumers END)"
#define CONSUMER_LIST                                                                              \
	"(SELECT group_concat(c.value, ', ') FROM json_each(CASE WHEN json_valid(p.consumers)"     \
	" THEN p.consumers ELSE '[]' END) c)"

/* Endpoints that it needs and that are known. */
#define ENDPOINTS                                                                                  \
	"FROM link l JOIN entity n ON n.kind = l.from_kind AND n.key = l.from_key"                 \
	" AND n.gone_at IS NULL JOIN source ls ON ls.id = n.source_id AND l.from_source IN ('',"   \
	" ls.name) JOIN endpoint ep ON ep.entity_id = n.id WHERE l.from_kind = " SQL_ENDPOINT      \
	" AND l.to_kind = " SQL_PRODUCT " AND l.to_source = e.source AND l.to_key = e.key"         \
	" AND NOT e.stale"
/* Their 99th percentile of the last hour in ms: as a platform measures it, else of our own probes. */
#define P99                                                                                        \
	"coalesce((SELECT q.value FROM measure q WHERE q.entity_id = n.id AND q.name = 'p99'"      \
	"  AND q.at >= now() - 3600000), (SELECT min(v) FROM (SELECT pt.value AS v,"               \
	"  count(*) OVER () AS c, row_number() OVER (ORDER BY pt.value) AS i FROM series sr"       \
	"  JOIN point pt ON pt.series_id = sr.id WHERE sr.entity_id = n.id AND sr.name = 'total'"  \
	"   AND pt.at >= now() - 3600000 AND pt.value IS NOT NULL) WHERE i >= c * 0.99))"
#define SLOWEST(what) "(SELECT " what " " ENDPOINTS " ORDER BY " P99 " DESC LIMIT 1)"
#define TOO_SLOW                                                                                   \
	"(SELECT max(CASE WHEN ep.slo_p99_ms > 0 AND " P99 " > ep.slo_p99_ms THEN " SQL_DEGRADED   \
	" WHEN " P99 " IS NOT NULL THEN " SQL_HEALTHY " END) " ENDPOINTS ")"
/* Of its promises the one that was kept least, as a share of what was observed. */
#define MET "100.0 * " PAST("h.good_ms", "o.window_ms") " / nullif(" SEEN ", 0)"
#define MISS                                                                                       \
	"max(CASE WHEN " MET " < 100.0 * o.goal THEN " SQL_DEGRADED " WHEN " MET                   \
	" IS NOT NULL THEN " SQL_HEALTHY " END)"
/* ko: whose KPI it is, its own or that of a model it needs. */
#define KPI(what) SQL_KPI(what, "ko.id")
#define KPI_LEAST SQL_KPI_TARGET("least", "ko.id")
#define KPI_MOST  SQL_KPI_TARGET("most", "ko.id")
#define KPI_JOIN                                                                                   \
	" LEFT JOIN entity ko ON ko.id = coalesce((SELECT kx.entity_id FROM measure kx"            \
	"  WHERE kx.entity_id = e.id AND kx.name GLOB 'kpi:*' LIMIT 1), (SELECT n.id FROM link l"  \
	"  JOIN entity n ON n.kind = l.from_kind AND n.key = l.from_key AND n.gone_at IS NULL"     \
	"  JOIN source ls ON ls.id = n.source_id AND l.from_source IN ('', ls.name)"               \
	"  JOIN measure kx ON kx.entity_id = n.id AND kx.name GLOB 'kpi:*'"                        \
	"  WHERE l.from_kind = " SQL_MODEL " AND l.to_kind = " SQL_PRODUCT                         \
	"   AND l.to_source = e.source AND l.to_key = e.key LIMIT 1))"
#define COST_A_MONTH "coalesce(" SQL_PER_MONTH("p.cost", "p.cost_unit") ", p.cost)"
#define COST_UNIT                                                                                  \
	"CASE WHEN " SQL_PER_MONTH(                                                                \
	    "1",                                                                                   \
	    "p.cost_unit") " IS NULL THEN p.cost_unit ELSE " SQL_CURRENCY("p.cost_unit") " END"

static const struct bn_column product_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, "e.status_now",
     "healthy: every promise is kept; degraded: one is missed, or will be; down: by far; unknown: "
     "something it "
     "needs is not known; paused: dormant or retired"},
    {"product", "PRODUCT", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "e.name", "Its name"},
    {"domain", "DOMAIN", 10, 6, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "p.domain",
     "The part of the business it belongs to"},
    {"owner", "OWNER", 10, 6, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "e.owner", "Who answers for it"},
    {"fresh", "FRESH", 7, 5, BN_RIGHT, 0, BN_FORMAT_AGE, "s", OF("freshness", AGE),
     "How old its data are: since the good end that counts"},
    {"target", "TARGET", 6, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL,
     "coalesce(" OF("freshness", "o.text") ", " OF("deadline", "substr(o.text, 1, 5)") ")",
     "How old they may be, or by when they have to be ready"},
    {"due", "DUE", 5, 5, BN_LEFT, 1, BN_FORMAT_UNTIL, NULL, OF("deadline", "o.due_at"),
     "The next moment at which it has to be ready"},
    {"complete", "COMPL%", 6, 4, BN_RIGHT, 0, BN_FORMAT_PERCENT, "%", OF("completeness", SHARE),
     "Share of what should be there that is"},
    {"quality", "QUAL", 5, 4, BN_RIGHT, 1, BN_FORMAT_PERCENT, "%", OF("quality", SHARE),
     "Share of tests that pass, where a source tells of tests"},
    {"tests", "TESTS", 7, 5, BN_RIGHT, 2, BN_FORMAT_TEXT, NULL, TESTS,
     "How many tests of the data pass, of how many; nothing where no source tells of tests"},
    {"avail", "AVAIL%", 6, 4, BN_RIGHT, 0, BN_FORMAT_PERCENT, "%", OF("availability", SHARE),
     "Share of the last hour's probes that were answered"},
    {"latency", "p99", 5, 4, BN_RIGHT, 2, BN_FORMAT_MILLIS, "ms",
     "CAST(1000 * " SLOWEST(P99) " AS INTEGER)",
     "99th percentile of the last hour of the slowest endpoint it needs, as a platform measures "
     "it, "
     "else of our own probes; marked where one is over its own slo-p99"},
    {"slo", "SLO%", 6, 5, BN_RIGHT, 2, BN_FORMAT_NUMBER, "%", ANY("min(" MET ")"),
     "Share of the observed time of the window in which a promise was kept, of the one with the "
     "least; marked under its goal"},
    {"budget", "BUDGET", 10, 4, BN_RIGHT, 0, BN_FORMAT_PERCENT, "%", ANY("min(" LEFT ")"),
     "Share of the error budget that is left, of the promise with the least; what was not observed "
     "uses none"},
    {"cost_text", "COST/MO", 8, 7, BN_RIGHT, 2, BN_FORMAT_TEXT, NULL,
     SQL_WITH_UNIT(COST_A_MONTH, COST_UNIT),
     "What it costs a month; of a cost that is of no time, what it is"},
    {"kpi", "KPI", 8, 5, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, SQL_WITH_UNIT(KPI("value"), KPI("unit")),
     "What it does for the business: its own first measure named kpi:, else that of a model it "
     "needs; marked where its target is missed"},
    {"used_by", "USED BY", 7, 4, BN_RIGHT, 1, BN_FORMAT_INT, NULL, CONSUMERS,
     "How many consumers are known"},
    {"lifecycle", "STATE", 8, 6, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "p.lifecycle",
     "active, dormant, retiring or retired"},
    {"since", "SINCE", 5, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "e.since", "When its status began"},
    {"message", "MESSAGE", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.message",
     "What is missed or not known"},
    {"fresh_state", "FRESH?", 6, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL, OF("freshness", STATE),
     "How its freshness stands"},
    {"due_state", "DUE?", 4, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL, OF("deadline", STATE),
     "How its deadline stands"},
    {"complete_state", "COMPL?", 6, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL,
     OF("completeness", STATE), "How its completeness stands"},
    {"quality_state", "QUAL?", 5, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL, OF("quality", STATE),
     "How its quality stands"},
    {"avail_state", "AVAIL?", 6, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL, OF("availability", STATE),
     "How its availability stands"},
    {"latency_of", "SLOWEST", 16, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, SLOWEST("n.name"),
     "Which endpoint that is"},
    {"latency_state", "p99?", 4, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL, TOO_SLOW,
     "How the latency of what it needs stands"},
    {"slo_state", "SLO?", 4, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL, ANY(MISS),
     "Whether every promise was kept for the share of the window that is its goal"},
    {"cost", "COST", 6, 4, BN_RIGHT, 3, BN_FORMAT_NUMBER, NULL, "p.cost",
     "What it costs, in `cost_unit`"},
    {"kpi_name", "KPI NAME", 14, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "substr(" KPI("name") ", 5)",
     "Which KPI that is"},
    {"kpi_value", "KPI VALUE", 9, 5, BN_RIGHT, 3, BN_FORMAT_NUMBER, NULL, KPI("value"),
     "Its value, in `kpi_unit`"},
    {"kpi_unit", "KPI UNIT", 8, 4, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, KPI("unit"), "Its unit"},
    {"kpi_target", "KPI GOAL", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     SQL_TARGET_TEXT(KPI_LEAST, KPI_MOST, KPI("unit")), "What it should be"},
    {"kpi_state", "KPI?", 4, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL,
     SQL_TARGET_STATE(KPI("value"), KPI("at"), KPI_LEAST, KPI_MOST), "Whether it is"},
    {"kpi_age", "KPI AGE", 7, 5, BN_RIGHT, 3, BN_FORMAT_AGE, "s", "now() - " KPI("at"),
     "How long ago it was measured"},
    {"predicted", "READY", 5, 5, BN_LEFT, 3, BN_FORMAT_UNTIL, NULL,
     OF("deadline", "o.predicted_at"),
     "When it will be ready for the next deadline by what its runs usually take, or was"},
    {"burn", "BURN", 5, 4, BN_RIGHT, 3, BN_FORMAT_NUMBER, NULL, ANY("max(" BURN ")"),
     "Pace of the last hour at which the budget is used, of the fastest promise: 1 lasts exactly "
     "the window"},
    {"empty_in", "EMPTY IN", 8, 5, BN_RIGHT, 3, BN_FORMAT_DURATION, "s", ANY("min(" EMPTY_IN ")"),
     "When the budget is used up at that pace"},
    {"observed", "SEEN%", 6, 4, BN_RIGHT, 3, BN_FORMAT_PERCENT, "%",
     ANY("min(100.0 * coalesce(" SEEN ", 0) / o.window_ms)"),
     "Share of the window about which anything is known"},
    {"contact", "CONTACT", 16, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "p.contact", "Where to ask"},
    {"consumers", "CONSUMERS", 30, 10, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, CONSUMER_LIST,
     "Who uses it"},
    {"cost_unit", "UNIT", 9, 4, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "p.cost_unit",
     "In what the cost is"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.key", "Its key: the name"},
    {"age", "AGE", 6, 4, BN_RIGHT, 3, BN_FORMAT_AGE, "s", "e.age_ms",
     "How long ago it was last judged"},
    {"stale", "STALE", 5, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL, "e.stale",
     "Whether that is too long ago to be believed"},
    {NULL},
};

const struct bn_view_table bn_table_products = {
    .name = "products",
    .schema = 1,
    .kind = BN_PRODUCT,
    .doc =
	"Data products: who answers for each, what it promises, whether it keeps it, and how much "
	"may still go "
	"wrong.",
    .from = "FROM entity_now e JOIN product p ON p.entity_id = e.id" KPI_JOIN
	    " WHERE e.kind = " SQL_PRODUCT,
    .row_sql = "e.id",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = "e.status_now",
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order = "status_rank(e.status_now) DESC, " ANY("min(" LEFT ")") ", e.name",
    .problem_sql = "(status_problem(e.status_now) OR e.status_now = " SQL_UNKNOWN ")",
    .time_sql = "e.since",
    .search_sql = "e.name || char(10) || coalesce(p.domain, '') || char(10) || coalesce(e.message, "
		  "'')",
    .name_sql = "e.name",
    .columns = product_columns,
};

/* ---- objectives ---------------------------------------------------------------------------- */

/* As a person says it; a deadline's moments have columns of their own, since SQL knows no zones. */
#define NOW_TEXT                                                                                   \
	"CASE o.sli WHEN 'freshness' THEN human_ms((now() - o.good_at) / 60000 * 60000)"           \
	" WHEN 'deadline' THEN CASE WHEN o.state = " SQL_DOWN                                      \
	" THEN 'missed' WHEN o.state = " SQL_DEGRADED                                              \
	" THEN 'at risk' WHEN o.state = " SQL_HEALTHY " THEN 'on time' END"                        \
	" ELSE CASE WHEN o.value IS NOT NULL THEN rtrim(rtrim(printf('%.2f', 100 * o.value), "     \
	"'0'),"                                                                                    \
	" '.') || '%' END END"

static const struct bn_column objective_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, STATE,
     "healthy: kept; degraded: missed, or a deadline that will be; down: missed by far; unknown"},
    {"product", "PRODUCT", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "e.name",
     "Whose promise it is"},
    {"sli", "SLI", 12, 8, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "o.sli",
     "What is promised: freshness, completeness, deadline, availability, quality"},
    {"target", "TARGET", 8, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "o.text", "As it was written"},
    {"now", "NOW", 7, 5, BN_RIGHT, 0, BN_FORMAT_TEXT, NULL, NOW_TEXT, "What it is now"},
    {"met", "MET%", 6, 4, BN_RIGHT, 1, BN_FORMAT_PERCENT, "%", MET,
     "Share of the observed time of the window in which it was kept"},
    {"goal", "GOAL%", 5, 4, BN_RIGHT, 1, BN_FORMAT_PERCENT, "%", "100.0 * o.goal",
     "Share of the window in which it has to be"},
    {"budget", "BUDGET", 14, 4, BN_RIGHT, 0, BN_FORMAT_PERCENT, "%", LEFT,
     "Share of the error budget that is left; nothing where nothing was observed"},
    {"burn", "BURN", 5, 4, BN_RIGHT, 0, BN_FORMAT_NUMBER, NULL, BURN,
     "Pace of the last hour: 1 uses the budget up exactly at the window's end"},
    {"empty_in", "EMPTY IN", 8, 5, BN_RIGHT, 1, BN_FORMAT_DURATION, "s", EMPTY_IN,
     "When the budget is used up at that pace; nothing while none is used"},
    {"budget_allowed_ms", "MAY", 7, 5, BN_RIGHT, 2, BN_FORMAT_DURATION, "s",
     "CAST(round(" ALLOWED ") AS INTEGER)", "How long it may be missed within the window"},
    {"budget_used_ms", "USED", 7, 5, BN_RIGHT, 2, BN_FORMAT_DURATION, "s",
     "CASE WHEN " SEEN " > 0 THEN " USED " END",
     "How long it was missed within the window, as far as it was observed"},
    {"observed", "SEEN%", 6, 4, BN_RIGHT, 2, BN_FORMAT_PERCENT, "%",
     "100.0 * coalesce(" SEEN ", 0) / o.window_ms",
     "Share of the window about which anything is known: the rest counts neither way"},
    {"window", "WINDOW", 6, 4, BN_RIGHT, 3, BN_FORMAT_DURATION, "s", "o.window_ms",
     "Over how long it is reckoned"},
    {"since", "SINCE", 5, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "o.since", "When its state began"},
    {"good", "GOOD", 5, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "o.good_at",
     "The good end that freshness or deadline counts from"},
    {"due", "DUE", 5, 5, BN_LEFT, 3, BN_FORMAT_UNTIL, NULL, "o.due_at", "The next deadline"},
    {"predicted", "READY", 5, 5, BN_LEFT, 3, BN_FORMAT_UNTIL, NULL, "o.predicted_at",
     "When it will be ready by what its runs usually take, or was"},
    {"value", "VALUE", 10, 5, BN_RIGHT, 3, BN_FORMAT_NUMBER, NULL,
     "CASE WHEN NOT e.stale THEN o.value END",
     "Freshness: age in ms; deadline: ms to spare; else a share of 1"},
    {"detail", "DETAIL", 30, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "o.detail",
     "By which of its needs, or why it is not known"},
    {NULL},
};

const struct bn_view_table bn_table_objectives = {
    .name = "objectives",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "What each data product promises, how it stands, and its error budget: the least left "
	   "first.",
    .from = "FROM objective o JOIN entity_now e ON e.id = o.product_id WHERE o.gone_at IS NULL"
	    " AND (:key IS NULL OR e.key = :key) AND (:source IS NULL OR e.source = :source)",
    .row_sql = "o.id",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = STATE,
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order = LEFT " IS NULL, " LEFT ", status_rank(" STATE ") DESC, e.name, o.id",
    .problem_sql = "(status_problem(" STATE ") OR " STATE " = " SQL_UNKNOWN ")",
    .time_sql = "o.since",
    .search_sql = "e.name || char(10) || o.sli",
    .name_sql = "e.name",
    .columns = objective_columns,
};

/* ---- days ---------------------------------------------------------------------------------- */

#define DAY "86400000"
/* The part of the day that has passed. */
#define PASSED "(min(d.day + " DAY ", now()) - d.day)"
#define DAY_STATE                                                                                  \
	"CASE WHEN d.bad > (1 - o.goal) * " DAY " THEN " SQL_DOWN                                  \
	" WHEN d.bad > 0 THEN " SQL_DEGRADED " WHEN d.good * 2 >= " PASSED " THEN " SQL_HEALTHY    \
	" ELSE " SQL_UNKNOWN " END"

static const struct bn_column day_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, DAY_STATE,
     "healthy: kept all day as far as is known; degraded: missed, for no longer than its goal "
     "allows "
     "of a day; "
     "down: for longer; unknown: more than half of it was not observed"},
    {"product", "PRODUCT", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "e.name",
     "Whose promise it is"},
    {"sli", "SLI", 12, 8, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "o.sli", "What is promised"},
    {"day", "DAY", 10, 10, BN_LEFT, 0, BN_FORMAT_TEXT, NULL,
     "strftime('%Y-%m-%d', d.day / 1000, 'unixepoch')", "The day, in UTC"},
    {"kept", "KEPT", 7, 5, BN_RIGHT, 0, BN_FORMAT_DURATION, "s", "d.good", "How long it was kept"},
    {"missed", "MISSED", 7, 5, BN_RIGHT, 0, BN_FORMAT_DURATION, "s", "d.bad",
     "How long it was not"},
    {"unobserved", "NOT SEEN", 8, 5, BN_RIGHT, 0, BN_FORMAT_DURATION, "s",
     "max(0, " PASSED " - d.good - d.bad)", "How long nobody knows"},
    {"at", "AT", 5, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "d.day", "Its beginning"},
    {NULL},
};

const struct bn_view_table bn_table_slo_days = {
    .name = "slo_days",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "The last 30 days of each promise, a row a day, oldest first; days on which nothing was "
	   "observed too.",
    .from = "FROM (WITH RECURSIVE n(day) AS (SELECT (now() / " DAY " - 29) * " DAY
	    "  UNION ALL SELECT day + " DAY " FROM n WHERE day + " DAY " <= now())"
	    " SELECT n.day AS day, x.id AS objective_id, coalesce(sum(h.good_ms), 0) AS good,"
	    "  coalesce(sum(h.bad_ms), 0) AS bad FROM n JOIN objective x ON x.gone_at IS NULL"
	    "  LEFT JOIN objective_history h ON h.objective_id = x.id AND h.at >= n.day"
	    "   AND h.at < n.day + " DAY " AND h.at <= now()"
	    "  GROUP BY x.id, n.day) d JOIN objective o ON o.id = d.objective_id"
	    " JOIN entity_now e ON e.id = o.product_id"
	    " WHERE (:key IS NULL OR e.key = :key) AND (:source IS NULL OR e.source = :source)",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = DAY_STATE,
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order = "e.name, o.id, d.day",
    .problem_sql = "(d.bad > 0)",
    .time_sql = "d.day",
    .search_sql = "e.name || char(10) || o.sli",
    .name_sql = "e.name",
    .columns = day_columns,
};
