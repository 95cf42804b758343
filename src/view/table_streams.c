/* table_streams.c - streams, their minutes, and what they must agree with. */
/* SPDX-License-Identifier: MIT */
#include "view/stream_sql.h"
#include "view/tables.h"

/* clang-format off */

/* ---- streams ------------------------------------------------------------------------------------ */

/* The start of the minute that is not closed yet. */
#define OPEN_MINUTE "(now() / 60000 * 60000)"
#define HOUR_OF(id) STREAM_VALUES(id, OPEN_MINUTE " - 3600000", OPEN_MINUTE " - 60000")
/* The latest closed minute with a value. */
#define LAST                                                                                       \
	"FROM series sr JOIN point pt ON pt.series_id = sr.id WHERE sr.entity_id = e.id"           \
	" AND sr.name = 'value' AND pt.value IS NOT NULL AND pt.at < " OPEN_MINUTE                 \
	" ORDER BY pt.at DESC LIMIT 1"
#define LAST_AT    "(SELECT pt.at " LAST ")"
#define LAST_VALUE "(SELECT pt.value " LAST ")"
#define SPARK                                                                                      \
	"(WITH RECURSIVE m(i) AS (SELECT 60 UNION ALL SELECT i - 1 FROM m WHERE i > 1),"           \
	" v AS MATERIALIZED (SELECT * FROM " HOUR_OF("e.id") ")"                                   \
	" SELECT CASE WHEN EXISTS (SELECT 1 FROM v) THEN json_group_array("                        \
	"  (SELECT v.value FROM v WHERE v.at = " OPEN_MINUTE " - m.i * 60000)) END FROM m)"
/* Minutes of the last hour that were missed: filled since, or not. */
#define MISSED(filled)                                                                             \
	"(SELECT count(*) FROM stream_minute sm WHERE sm.entity_id = e.id AND sm.at >= "           \
	OPEN_MINUTE " - 3600000 AND sm.missed_at <= now() AND " filled ")"
#define GAPS MISSED("(sm.filled_at IS NULL OR sm.filled_at > now())")
#define LATE MISSED("sm.filled_at <= now()")
#define SATURATED                                                                                  \
	"CASE WHEN st.ceiling IS NOT NULL THEN (SELECT count(*) FROM " HOUR_OF("e.id")             \
	" v WHERE v.value >= st.ceiling) END"
/* What a number counts: fine, or what the worst open finding about it makes of that; never better than
 * unknown while it is that. */
#define STATUS                                                                                     \
	"CASE WHEN e.status_now = " SQL_UNKNOWN " THEN " SQL_UNKNOWN " ELSE coalesce((SELECT"      \
	" CASE max(f.severity) WHEN 2 THEN " SQL_DOWN " WHEN 1 THEN " SQL_DEGRADED " END"          \
	" FROM finding f WHERE f.closed_at IS NULL AND f.about_kind = " STREAM_ENTITY              \
	" AND f.about_key = e.key AND f.about_source = e.source), e.status_now) END"
#define WORST                                                                                      \
	"(SELECT f.title FROM finding f WHERE f.closed_at IS NULL AND f.about_kind = "             \
	STREAM_ENTITY " AND f.about_key = e.key AND f.about_source = e.source"                     \
	" ORDER BY f.severity DESC, f.since LIMIT 1)"
/* By how many records the two sides of its first equality differ over the last hour; NULL: not known. */
#define LOST                                                                                       \
	"(SELECT CASE WHEN x.last < x.first THEN NULL ELSE abs("                                   \
	STREAM_SUM("x.entity_id", "x.first", "x.last") " - "                                       \
	STREAM_SUM("x.other_id", "x.first", "x.last") ") END FROM "                                \
	STREAM_CHECKS("AND st.entity_id = e.id AND json_extract(c.value, '$.kind') = 'must-equal'")\
	" x LIMIT 1)"

/* The worst level that its value is beyond, by the finding about that. */
#define LEVEL                                                                                      \
	"CASE WHEN e.status_now <> " SQL_UNKNOWN " AND EXISTS (SELECT 1 FROM " ITS_LEVELS ") THEN" \
	" coalesce((SELECT CASE f.severity WHEN 2 THEN 'bad' ELSE 'warn' END FROM finding f WHERE" \
	" f.closed_at IS NULL AND f.rule = 'stream-level' AND f.about_kind = " STREAM_ENTITY       \
	" AND f.about_key = e.key AND f.about_source = e.source), 'ok') END"
#define ITS_LEVELS                                                                                 \
	"json_each(CASE WHEN json_valid(st.checks) THEN st.checks ELSE '[]' END) c"                \
	" WHERE json_extract(c.value, '$.kind') = 'level'"
#define LEVELS                                                                                     \
	"(SELECT group_concat(json_extract(c.value, '$.text'), ', ') FROM " ITS_LEVELS ")"
/* What a chart of it has a line at: the level it is beyond, else its ceiling, else its first level. */
#define FIRST_LEVEL(what, of)                                                                      \
	"(SELECT json_extract(c.value, '$." what "') FROM " ITS_LEVELS of " LIMIT 1)"
#define LEVEL_LINE(what)                                                                           \
	FIRST_LEVEL(what, " AND json_extract(c.value, '$.word') = " LEVEL)

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, STATUS,
     "How it stands, by the worst of its open findings; unknown when stale"},
    {"stream", "STREAM", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "e.name", "Name of the stream"},
    {"group", "CHAIN", 12, 6, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "st.grp",
     "The chain it is part of"},
    {"stage", "STAGE", 9, 5, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "st.stage",
     "Its place in the chain; none for what the chain results in"},
    {"last_value", "LAST", 7, 4, BN_RIGHT, 0, BN_FORMAT_NUMBER, NULL, LAST_VALUE,
     "Value of the latest closed minute that has one"},
    {"unit", "UNIT", 9, 4, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "st.unit", "What the value counts"},
    {"avg", "AVG", 7, 4, BN_RIGHT, 1, BN_FORMAT_NUMBER, NULL,
     "(SELECT avg(v.value) FROM " HOUR_OF("e.id") " v)",
     "Mean of the minutes of the last hour that have a value"},
    {"spark", "60m", 15, 6, BN_LEFT, 1, BN_FORMAT_SPARK, NULL, SPARK,
     "The last 60 closed minutes, a hole where there is no value"},
    {"lag", "LAG", 6, 4, BN_RIGHT, 0, BN_FORMAT_AGE, "s", "now() - (" LAST_AT " + 60000)",
     "How long ago the latest minute with a value ended"},
    {"gaps", "GAPS", 4, 3, BN_RIGHT, 0, BN_FORMAT_INT, "minutes", GAPS,
     "Minutes of the last hour that are missing: closed, settled, observed, and without a value"},
    {"late", "LATE", 4, 3, BN_RIGHT, 0, BN_FORMAT_INT, "minutes", LATE,
     "Minutes of the last hour that were missing and came later"},
    {"lost", "LOST", 5, 4, BN_RIGHT, 2, BN_FORMAT_NUMBER, NULL, LOST,
     "By how much the last hour's sum differs from the one it must equal; empty where nothing is "
     "compared, or not all was observed"},
    {"ceiling", "CEIL", 6, 4, BN_RIGHT, 2, BN_FORMAT_NUMBER, NULL, "st.ceiling",
     "The most that can be counted in a minute"},
    {"saturated", "SAT", 4, 3, BN_RIGHT, 2, BN_FORMAT_INT, "minutes", SATURATED,
     "Minutes of the last hour at the ceiling: lower bounds"},
    {"level", "LEVEL", 5, 5, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, LEVEL,
     "Whether its value is beyond a level of its section: ok, warn or bad; empty without one"},
    {"note", "NOTE", 24, 10, BN_LEFT, 2, BN_FORMAT_TEXT, NULL,
     "coalesce(" WORST ", st.scope, e.message)", "The worst of what is wrong, or its scope"},
    {"last_minute", "MINUTE", 6, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, LAST_AT,
     "Start of the latest closed minute that has a value"},
    {"expect", "EXPECT", 6, 4, BN_RIGHT, 3, BN_FORMAT_NUMBER, "1/min", "st.expect",
     "Records expected a minute; empty: any number"},
    {"settle", "SETTLE", 6, 4, BN_RIGHT, 3, BN_FORMAT_DURATION, "s", "st.settle_ms",
     "How long after its end a minute may be filled in time"},
    {"levels", "LEVELS", 30, 10, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, LEVELS,
     "Where its value is a warning or bad, as configured"},
    {"line", "LINE", 7, 4, BN_RIGHT, 3, BN_FORMAT_NUMBER, NULL,
     "coalesce(" LEVEL_LINE("bound") ", st.ceiling, " FIRST_LEVEL("bound", "") ")",
     "Where its chart has a line: the level it is beyond, else its ceiling, else its first level"},
    {"line_word", "LINE IS", 7, 4, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     "coalesce(" LEVEL_LINE("word") ", CASE WHEN st.ceiling IS NOT NULL THEN 'ceiling' END, "
     FIRST_LEVEL("word", "") ")",
     "What that line is: ceiling, warn or bad"},
    {"scope", "SCOPE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "st.scope",
     "What else the number covers"},
    {"position", "POS", 3, 3, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "st.position",
     "Its place in the chain as a number"},
    {"query", "QUERY", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "st.query", "What is asked"},
    {"message", "MESSAGE", 30, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.message",
     "Why it is not known, in the platform's words"},
    {"since", "SINCE", 6, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "e.since", "When its status began"},
    {"owner", "OWNER", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.owner", "Who looks after it"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.source",
     "The configured source it comes from"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.key", "Key within the source"},
    {"age", "AGE", 6, 4, BN_RIGHT, 3, BN_FORMAT_AGE, "s", "e.age_ms",
     "How long ago it was last read"},
    {"stale", "STALE", 5, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL, "e.stale",
     "Whether that is too long ago to be believed"},
    {NULL},
};

const struct bn_view_table bn_table_streams = {
    .name = "streams",
    .schema = 1,
    .kind = BN_STREAM,
    .doc = "Per-minute streams: the latest minute, the last hour, gaps and late minutes.",
    .from = "FROM entity_now e JOIN stream st ON st.entity_id = e.id WHERE e.kind = " STREAM_ENTITY,
    .row_sql = "e.id",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = STATUS,
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order = "status_rank(" STATUS ") DESC, st.grp IS NULL, st.grp, st.stage IS NOT NULL,"
	     " st.position, e.name",
    .problem_sql = "(status_problem(" STATUS ") OR " STATUS " = " SQL_UNKNOWN ")",
    .search_sql = "e.name || char(10) || coalesce(st.grp, '') || char(10) || coalesce(st.stage, '')"
		  " || char(10) || coalesce(e.message, '')",
    .name_sql = "e.name",
    .columns = columns,
};

/* ---- points ------------------------------------------------------------------------------------- */

/* Every step of the window is a row, the one that :since lies in and the one of :until included, so no time_sql. Before `edge` only ten-minute roll-ups are left. */
#define POINTS                                                                                     \
	"FROM (WITH RECURSIVE me AS MATERIALIZED (SELECT e.id, s.name AS source, e.key, st.unit,"  \
	"  st.settle_ms, st.ceiling, st.counted, st.expect, (SELECT r.id FROM series r WHERE"      \
	"   r.entity_id = e.id AND r.name = 'value') AS series FROM entity e"                      \
	"  JOIN source s ON s.id = e.source_id JOIN stream st ON st.entity_id = e.id"              \
	"  WHERE e.kind = " STREAM_ENTITY " AND e.key = :key AND (:source IS NULL OR s.name ="     \
	"   :source) ORDER BY e.gone_at IS NOT NULL, e.seen_at DESC LIMIT 1),"                     \
	" edge(at) AS MATERIALIZED (SELECT coalesce((SELECT max(ru.at) + 600000 FROM rollup ru"    \
	"  WHERE ru.series_id = me.series), 0) FROM me),"                                          \
	" w(first, last) AS MATERIALIZED (SELECT CASE WHEN f < edge.at THEN f / 600000 * 600000"   \
	"  ELSE f / 60000 * 60000 END, l FROM edge, (SELECT coalesce(:since, " OPEN_MINUTE         \
	"  - 3600000) AS f, min(coalesce(:until, now()), now()) AS l)),"                           \
	" m(at, step) AS (SELECT first, CASE WHEN first < edge.at THEN 600000 ELSE 60000 END"      \
	"  FROM w, edge WHERE first <= last UNION ALL SELECT m.at + m.step, CASE WHEN m.at + m.step"\
	"  < edge.at THEN 600000 ELSE 60000 END FROM m, w, edge WHERE m.at + m.step <= w.last"     \
	"  LIMIT 100000)"                                                                          \
	" SELECT m.at, m.step, me.source, me.key, me.unit, p.seen_at, sm.missed_at, sm.filled_at," \
	"  coalesce(p.value, ru.sum / nullif(ru.count, 0)) AS value,"                              \
	"  CASE WHEN m.step > 60000 THEN coalesce(ru.count, 0) ELSE p.value IS NOT NULL END AS n," \
	"  CASE WHEN m.step > 60000 THEN CASE WHEN ru.count >= 10 THEN 'ok' WHEN ru.count > 0 THEN"\
	"    'missing' WHEN " STREAM_OBSERVED("me.id", "m.at", "me.settle_ms") " THEN 'missing'"   \
	"    ELSE 'unobserved' END"                                                                \
	"   WHEN p.value IS NULL OR (me.counted AND me.expect > 0 AND p.value <= 0) THEN"          \
	"    CASE WHEN m.at + 60000 + me.settle_ms > now() THEN 'open' WHEN me.expect IS NULL AND "\
	STREAM_OBSERVED("me.id", "m.at", "me.settle_ms") " THEN 'ok' WHEN "                        \
	STREAM_OBSERVED("me.id", "m.at", "me.settle_ms") " THEN 'missing' ELSE 'unobserved' END"   \
	"   WHEN m.at + 60000 > now() THEN 'open'"                                                 \
	"   WHEN sm.missed_at <= now() THEN 'late'"                                                \
	"   WHEN p.value >= me.ceiling THEN 'over' ELSE 'ok' END AS state"                         \
	" FROM me, m LEFT JOIN point p ON p.series_id = me.series AND p.at = m.at AND m.step = 60000"\
	" LEFT JOIN rollup ru ON ru.series_id = me.series AND ru.at = m.at AND m.step > 60000"     \
	" LEFT JOIN stream_minute sm ON sm.entity_id = me.id AND sm.at = m.at) x WHERE 1"
#define POINT_STATUS                                                                               \
	"CASE x.state WHEN 'ok' THEN " SQL_HEALTHY " WHEN 'open' THEN " SQL_PROGRESSING            \
	" WHEN 'missing' THEN " SQL_DOWN " WHEN 'unobserved' THEN " SQL_UNKNOWN                    \
	" ELSE " SQL_DEGRADED " END"

static const struct bn_column point_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, POINT_STATUS, "Mark of the state"},
    {"at", "MINUTE", 8, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "x.at", "Start of the minute"},
    {"value", "VALUE", 10, 5, BN_RIGHT, 0, BN_FORMAT_NUMBER, NULL, "x.value",
     "Its value; none where there is none"},
    {"unit", "UNIT", 10, 4, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.unit", "What the value counts"},
    {"state", "STATE", 10, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.state",
     "ok; missing: observed, settled and without a value; late: it came after it was missed; over: at "
     "the ceiling; open: not closed or not settled; unobserved: nobody looked"},
    {"missed_at", "MISSED", 8, 5, BN_LEFT, 1, BN_FORMAT_TIME, NULL,
     "CASE WHEN x.missed_at <= now() THEN x.missed_at END", "When it had to be there and was not"},
    {"filled_at", "FILLED", 8, 5, BN_LEFT, 1, BN_FORMAT_TIME, NULL,
     "CASE WHEN x.filled_at <= now() THEN x.filled_at END", "When it came after that"},
    {"seen_at", "SEEN", 8, 5, BN_LEFT, 2, BN_FORMAT_TIME, NULL, "x.seen_at",
     "When binnacle first had this value"},
    {"step", "STEP", 5, 4, BN_RIGHT, 3, BN_FORMAT_DURATION, "s", "x.step",
     "How long the row's step is: a minute, or ten where only summaries are left"},
    {"minutes", "MIN", 3, 3, BN_RIGHT, 3, BN_FORMAT_INT, "minutes", "x.n",
     "Minutes of the step that have a value"},
    {NULL},
};

const struct bn_view_table bn_table_points = {
    .name = "points",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "The minutes of one stream, each a row, holes too. Without --since, the last hour.",
    .from = POINTS,
    .id_sql = "x.source, " STREAM_ENTITY ", x.key",
    .status_sql = POINT_STATUS,
    .stale_sql = "0",
    .order = "x.at",
    .problem_sql = "x.state NOT IN ('ok', 'open')",
    .search_sql = "x.state",
    .name_sql = "x.state",
    .columns = point_columns,
};

/* ---- checks ------------------------------------------------------------------------------------- */

#define NUMBER(x) "CASE WHEN " x " = CAST(" x " AS INTEGER) THEN printf('%,d', " x ")"             \
	" ELSE printf('%.6g', " x ") END"
#define ALLOWED "max(CASE WHEN k.relative THEN k.tolerance * max(abs(l), abs(r)) ELSE k.tolerance END, 1e-9)"

/* Two sums over the settled minutes that both were observed for. */
#define EQUALITIES                                                                                 \
	"SELECT k.source, k.key, k.grp, k.position, 1 AS place, 'must-equal' AS kind,"             \
	" k.key || ' = ' || k.other AS name, k.key AS left, k.other AS right,"                     \
	" l AS left_value, r AS right_value, k.tolerance, k.relative,"                             \
	" CASE WHEN n IS NULL OR n < 3 OR missing > 0 THEN 'unknown' WHEN abs(l - r) <= " ALLOWED  \
	"  THEN 'ok' ELSE 'unequal' END AS state, n * 60000 AS window,"                            \
	" CASE WHEN n IS NULL OR n < 3 THEN 'not enough observed' WHEN missing > 0 THEN"           \
	"   missing || ' min in neither' WHEN abs(l - r) <= " ALLOWED " THEN 'over ' || n || ' min'"\
	"  ELSE " NUMBER("abs(l - r)") " || ' apart over ' || n || ' min' END AS text"                  \
	" FROM (WITH k AS MATERIALIZED (SELECT k.*, CASE WHEN k.last >= k.first THEN (k.last"      \
	"  - k.first) / 60000 + 1 END AS n, CASE WHEN k.last >= k.first THEN " STREAM_SUM("k.entity_id", "k.first", "k.last") \
	"  END AS l, CASE WHEN k.last >= k.first THEN " STREAM_SUM("k.other_id", "k.first",        \
	"k.last") " END AS r, CASE WHEN k.last >= k.first THEN "                                   \
	STREAM_BOTH_MISSING("k.entity_id", "k.other_id", "k.first", "k.last") " END AS missing"    \
	" FROM " STREAM_CHECKS(MINE) " k WHERE k.kind = 'must-equal') SELECT * FROM k) k"

/* A value and the quotient of two others, minute by minute; the latest of them is shown. */
#define CONSISTENCIES                                                                              \
	"SELECT k.source, k.key, k.grp, k.position, 2, 'consistency', k.key || ' = ' || k.other"   \
	" || ' / ' || k.by, k.key, k.other || ' / ' || k.by,"                                      \
	" (SELECT v.value FROM " CONSISTENT " ORDER BY v.at DESC LIMIT 1),"                        \
	" (SELECT a.value / nullif(b.value, 0) FROM " CONSISTENT " ORDER BY v.at DESC LIMIT 1),"   \
	" k.tolerance, k.relative, CASE WHEN n = 0 THEN 'unknown' WHEN bad = 0 THEN 'ok'"          \
	"  ELSE 'unequal' END, n * 60000,"                                                         \
	" CASE WHEN n = 0 THEN 'no minute has all three' WHEN bad = 0 THEN 'in ' || n || ' min'"   \
	"  ELSE 'not in ' || bad || ' of ' || n || ' min' END"                                     \
	" FROM (WITH k AS MATERIALIZED (SELECT k.*, (SELECT count(*) FROM " CONSISTENT ") AS n,"   \
	"  (SELECT count(*) FROM " CONSISTENT " WHERE " OFF ") AS bad FROM " STREAM_CHECKS(MINE)   \
	" k WHERE k.kind = 'consistency') SELECT * FROM k) k"
#define CONSISTENT                                                                                 \
	STREAM_VALUES("k.entity_id", "k.first", "k.last") " v JOIN "                               \
	STREAM_VALUES("k.other_id", "k.first", "k.last") " a ON a.at = v.at JOIN "                 \
	STREAM_VALUES("k.by_id", "k.first", "k.last") " b ON b.at = v.at AND b.value <> 0"
#define OFF                                                                                        \
	"abs(v.value - a.value / b.value) > CASE WHEN k.relative THEN k.tolerance * max("          \
	"abs(v.value), abs(a.value / b.value)) ELSE k.tolerance END + 1e-12"

/* How many of the settled minutes of the last hour came in time. */
#define RHYTHMS                                                                                    \
	"SELECT k.source, k.key, k.grp, k.position, 0, 'rhythm', k.key || ' ' ||"                  \
	" printf('%g', k.expect) || '/min', k.key, printf('%g', k.expect) || '/min',"              \
	" n - missed, n, 0, 0, CASE WHEN n IS NULL THEN 'unknown' WHEN missed > late THEN"         \
	" 'missing' WHEN late > 0 THEN 'late' ELSE 'ok' END, n * 60000,"                           \
	" CASE WHEN n IS NULL THEN 'not observed' WHEN missed = 0 THEN 'every minute'"             \
	" ELSE late || ' late, ' || (missed - late) || ' missing' END"                             \
	" FROM (WITH k AS MATERIALIZED (SELECT k.*, CASE WHEN last >= first THEN"                  \
	"   (last - first) / 60000 + 1 END AS n,"                                                  \
	"  (SELECT count(*) FROM stream_minute m WHERE m.entity_id = k.entity_id AND m.at BETWEEN" \
	"   first AND last AND m.missed_at <= now()) AS missed, (SELECT count(*) FROM"             \
	"   stream_minute m WHERE m.entity_id = k.entity_id AND m.at BETWEEN first AND last"       \
	"   AND m.missed_at <= now() AND m.filled_at <= now()) AS late FROM (SELECT p.*,"          \
	"  ended AS last, max(ended - 59 * 60000, began) AS first FROM (WITH p AS MATERIALIZED"    \
	"  (SELECT st.entity_id, s.name AS source, e.key, st.grp, st.position, st.expect, ("                            \
	STREAM_READ_TO("st.entity_id") " - st.settle_ms - 60000) / 60000 * 60000 AS ended, "       \
	STREAM_READ_FROM("st.entity_id") " AS began FROM stream st JOIN entity e"                  \
	"   ON e.id = st.entity_id AND e.gone_at IS NULL JOIN source s ON s.id = e.source_id"      \
	"   WHERE st.expect IS NOT NULL " MINE ") SELECT * FROM p) p) k) SELECT * FROM k) k"

/* How many minutes of the last hour are lower bounds. */
#define CEILINGS                                                                                   \
	"SELECT s.name, e.key, st.grp, st.position, 3, 'ceiling', e.key || ' < ' ||"               \
	" printf('%g', st.ceiling), e.key, printf('%g', st.ceiling), " SATURATED ", 0, 0, 0,"      \
	" CASE WHEN NOT EXISTS (SELECT 1 FROM " HOUR_OF("e.id") ") THEN 'unknown'"                 \
	"  WHEN " SATURATED " = 0 THEN 'ok' ELSE 'over' END, 3600000,"                             \
	" " SATURATED " || ' min at the ceiling' FROM stream st JOIN entity e ON e.id = st.entity_id"\
	" AND e.gone_at IS NULL JOIN source s ON s.id = e.source_id"                               \
	" WHERE st.ceiling IS NOT NULL " MINE

/* A value and where it may be. */
#define LEVEL_CHECKS                                                                               \
	"SELECT k.source, k.key, k.grp, k.position, 4, 'level', k.key || CASE WHEN k.above THEN"   \
	" ' <= ' ELSE ' >= ' END || printf('%g', k.bound), k.key, printf('%g', k.bound), k.value," \
	" k.bound, 0, 0, CASE WHEN k.n < k.lasting THEN 'unknown' WHEN k.beyond < k.lasting THEN"  \
	" 'ok' ELSE k.word END, k.lasting * 60000, CASE WHEN k.n < k.lasting THEN"                 \
	" 'not enough observed' ELSE k.text END FROM " STREAM_LEVELS(MINE) " k"

/* Of one stream, or of all. */
#define MINE                                                                                       \
	"AND (:key IS NULL OR (e.key = :key AND (:source IS NULL OR s.name = :source)))"
#define CHECK_STATUS                                                                               \
	"CASE x.state WHEN 'ok' THEN " SQL_HEALTHY " WHEN 'unknown' THEN " SQL_UNKNOWN             \
	" WHEN 'bad' THEN " SQL_DOWN " ELSE " SQL_DEGRADED " END"

static const struct bn_column check_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, CHECK_STATUS, "Mark of the state"},
    {"name", "CHECK", 0, 16, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.name", "What must hold"},
    {"left_value", "IS", 10, 5, BN_RIGHT, 0, BN_FORMAT_NUMBER, NULL, "x.left_value",
     "The left side: a sum, a value, or a number of minutes"},
    {"right_value", "MUST BE", 10, 5, BN_RIGHT, 0, BN_FORMAT_NUMBER, NULL, "x.right_value",
     "The right side"},
    {"state", "STATE", 8, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.state",
     "ok, unequal, late, missing, over, warn, bad, or unknown where not all was observed"},
    {"text", "", 24, 10, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "x.text", "In words"},
    {"window", "OVER", 5, 4, BN_RIGHT, 1, BN_FORMAT_DURATION, "s", "x.window",
     "The minutes it was looked at over"},
    {"kind", "KIND", 11, 6, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "x.kind",
     "rhythm, must-equal, consistency, ceiling or level"},
    {"stream", "STREAM", 16, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.key",
     "The stream whose section asks for it"},
    {"group", "CHAIN", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.grp", "The chain of that stream"},
    {"left", "LEFT", 16, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.left", "Name of the left side"},
    {"right", "RIGHT", 16, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.right", "Name of the right side"},
    {"tolerance", "TOL", 6, 3, BN_RIGHT, 2, BN_FORMAT_TEXT, NULL,
     "CASE WHEN x.relative THEN printf('%g%%', 100 * x.tolerance) ELSE printf('%g', x.tolerance) END",
     "How far apart the two may be"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.source",
     "The configured source it comes from"},
    {NULL},
};

const struct bn_view_table bn_table_checks = {
    .name = "checks",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "What streams must agree with: their rhythm, each other, their ceilings and their levels.",
    .from = "FROM (" EQUALITIES " UNION ALL " CONSISTENCIES " UNION ALL " RHYTHMS " UNION ALL "
	    CEILINGS " UNION ALL " LEVEL_CHECKS ") x WHERE 1",
    .id_sql = "x.source, " STREAM_ENTITY ", x.key",
    .status_sql = CHECK_STATUS,
    .stale_sql = "0",
    .order = "x.grp, x.position, x.key, x.place, x.name",
    .problem_sql = "x.state <> 'ok'",
    .search_sql = "x.name || char(10) || x.text",
    .name_sql = "x.name",
    .columns = check_columns,
};

/* clang-format on */
