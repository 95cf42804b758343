/* table_recovered.c - what was red and is well again: for half an hour, with how long it took and who helped. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* The moment its last good run ended; a finding is closed only when that was seen. */
#define AGAIN "min(f.closed_at, max(f.since, coalesce(p.last_good_at, f.closed_at)))"

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, "e.status_now", "As it is now"},
    {"what", "WHAT", 24, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "e.name", "The pipeline"},
    {"recovered", "AT", 8, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, AGAIN, "When it was well again"},
    {"red", "RED", 7, 5, BN_RIGHT, 0, BN_FORMAT_DURATION, "s", AGAIN " - f.since",
     "How long it had been red"},
    {"retries", "RETRIES", 7, 3, BN_RIGHT, 0, BN_FORMAT_INT, NULL,
     "(SELECT count(*) FROM intent_now i WHERE i.source = e.source AND i.pipeline = e.key"
     " AND i.state = 'done' AND i.at BETWEEN f.since AND f.closed_at)",
     "How often it was retried from here meanwhile"},
    {"by", "BY", 10, 5, BN_LEFT, 1, BN_FORMAT_TEXT, NULL,
     "(SELECT i.user FROM intent_now i WHERE i.source = e.source AND i.pipeline = e.key"
     " AND i.state = 'done' AND i.at BETWEEN f.since AND f.closed_at ORDER BY i.seq DESC LIMIT 1)",
     "Who retried it last"},
    {"why", "WHY", 0, 10, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "coalesce(f.message, f.title)",
     "What had been wrong"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.source",
     "The configured source it comes from"},
    {NULL},
};

const struct bn_view_table bn_table_recovered = {
    .name = "recovered",
    .schema = 1,
    .kind = BN_PIPELINE,
    .doc = "Pipelines that had failed and went well again within the last half hour.",
    .from = "FROM finding f JOIN entity_now e ON e.kind = f.about_kind AND e.key = f.about_key"
	    " AND e.source = f.about_source LEFT JOIN pipeline p ON p.entity_id = e.id"
	    " WHERE f.rule = 'run-failed' AND f.about_kind = " SQL_PIPELINE
	    " AND f.closed_at > now() - 1800000 AND NOT EXISTS (SELECT 1 FROM finding o WHERE"
	    "  o.rule = f.rule AND o.about_kind = f.about_kind AND o.about_key = f.about_key"
	    "  AND o.about_source = f.about_source AND (o.closed_at IS NULL OR o.id > f.id))",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = "e.status_now",
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order = "f.closed_at DESC, e.name",
    .problem_sql = "0",
    .time_sql = "f.closed_at",
    .search_sql = "e.name",
    .name_sql = "e.name",
    .columns = columns,
};
