/* table_oncall.c - what being on call was like, week by week: incidents, interrupts, how long until well again. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

#define WEEK "604800000"
/* Monday 1970-01-05T00:00:00Z: weeks begin on Mondays, in UTC. */
#define MONDAY "345600000"

/* Findings that began in the week and followed from no other. */
#define BEGAN(what, more)                                                                          \
	"(SELECT " what " FROM finding f WHERE f.since >= w.began AND f.since < w.began + " WEEK   \
	" AND f.since <= now() AND f.root_id IS NULL AND f.severity >= 1" more ")"
#define OVER " AND f.severity = 2 AND f.closed_at IS NOT NULL"
/* The middle one of the times to recovery of what was critical. */
#define MEDIAN                                                                                     \
	"(SELECT d FROM (SELECT f.closed_at - f.since AS d, row_number() OVER (ORDER BY"           \
	"  f.closed_at - f.since) AS i, count(*) OVER () AS n FROM finding f"                      \
	"  WHERE f.since >= w.began AND f.since < w.began + " WEEK " AND f.root_id IS NULL" OVER   \
	" ) WHERE i = (n + 1) / 2)"
/* Share of the week so far in which the sources were observed, on the average. */
#define PASSED "(min(w.began + " WEEK ", now()) - w.began)"
#define SEEN                                                                                       \
	"(SELECT 100.0 * sum(max(0, min(o.ended, w.began + " WEEK ", now()) - max(o.began,"        \
	" w.began))) / (" PASSED " * (SELECT count(*) FROM source s WHERE s.configured_at"         \
	" IS NOT NULL AND NOT s.disabled AND s.type NOT IN ('products', 'repo')))"                 \
	" FROM observed o JOIN source c ON c.id = o.source_id WHERE c.configured_at IS NOT NULL"   \
	" AND NOT c.disabled AND c.type NOT IN ('products', 'repo')"                               \
	" AND o.ended > w.began AND o.began < w.began + " WEEK ")"
/* Of a week nobody looked at, none is not known to be none. */
#define KNOWN(count) "CASE WHEN " count " > 0 OR coalesce(" SEEN ", 0) > 0 THEN " count " END"
#define STATUS                                                                                     \
	"CASE WHEN coalesce(" SEEN ", 0) < 50 THEN " SQL_UNKNOWN                                   \
	" WHEN " BEGAN("count(*)", " AND f.severity = 2") " > 0 THEN " SQL_DEGRADED                \
							  " ELSE " SQL_HEALTHY " END"

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, STATUS,
     "healthy: no incident; degraded: there were some; unknown: less than half of it was observed"},
    {"week", "WEEK OF", 10, 10, BN_LEFT, 0, BN_FORMAT_TEXT, NULL,
     "strftime('%Y-%m-%d', w.began / 1000, 'unixepoch')", "Its Monday, in UTC"},
    {"incidents", "INCIDENTS", 9, 5, BN_RIGHT, 0, BN_FORMAT_INT, NULL,
     KNOWN(BEGAN("count(*)", " AND f.severity = 2")),
     "Critical findings that began in it, each with all that followed from it counted once"},
    {"warnings", "WARNINGS", 8, 5, BN_RIGHT, 0, BN_FORMAT_INT, NULL,
     KNOWN(BEGAN("count(*)", " AND f.severity = 1")), "Warnings that began in it, likewise"},
    {"interrupts", "INTERRUPTS", 10, 5, BN_RIGHT, 0, BN_FORMAT_INT, NULL,
     "(SELECT count(*) FROM journal.record a WHERE a.verb = 'ack' AND a.at >= w.began"
     " AND a.at < w.began + " WEEK " AND a.at <= now())",
     "How often somebody took something up: acknowledgements"},
    {"recovered", "RECOVERED", 9, 5, BN_RIGHT, 1, BN_FORMAT_INT, NULL,
     KNOWN(BEGAN("count(*)", OVER)), "Of the incidents, how many are over"},
    {"time_to_recover", "MEDIAN", 7, 5, BN_RIGHT, 0, BN_FORMAT_DURATION, "s", MEDIAN,
     "Median time from the beginning of an incident to its end"},
    {"longest", "LONGEST", 7, 5, BN_RIGHT, 1, BN_FORMAT_DURATION, "s",
     BEGAN("max(f.closed_at - f.since)", OVER), "The longest"},
    {"night", "NIGHT", 5, 4, BN_RIGHT, 1, BN_FORMAT_INT, NULL,
     KNOWN(BEGAN("count(*)",
		 " AND f.severity = 2 AND CAST(strftime('%H', f.since / 1000, 'unixepoch')"
		 " AS INTEGER) NOT BETWEEN 7 AND 21")),
     "Incidents that began between 22:00 and 07:00 UTC"},
    {"observed", "SEEN%", 6, 4, BN_RIGHT, 0, BN_FORMAT_PERCENT, "%", "coalesce(" SEEN ", 0)",
     "Share of the week in which the sources were observed: of the rest nobody knows"},
    {"began", "BEGAN", 5, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "w.began", "Its beginning"},
    {NULL},
};

const struct bn_view_table bn_table_oncall = {
    .name = "oncall",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "What being on call was like, a row a week, the newest first: eight weeks, or those "
	   "since a "
	   "moment.",
    .from = "FROM (WITH RECURSIVE n(began) AS (SELECT (now() - " MONDAY ") / " WEEK " * " WEEK
	    " + " MONDAY " UNION ALL SELECT began - " WEEK " FROM n"
	    " WHERE began > coalesce(:since, now() - 7 * " WEEK
	    ") LIMIT 520) SELECT began FROM n) w WHERE 1",
    .id_sql = "'', 0, ''",
    .status_sql = STATUS,
    .stale_sql = "0",
    .order = "w.began DESC",
    .problem_sql = "(" STATUS " <> " SQL_HEALTHY ")",
    .search_sql = "strftime('%Y-%m-%d', w.began / 1000, 'unixepoch')",
    .name_sql = "strftime('%Y-%m-%d', w.began / 1000, 'unixepoch')",
    .columns = columns,
};
