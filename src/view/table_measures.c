/* table_measures.c - the named numbers of one thing, as last measured. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, "e.status_now",
     "How the thing stands; unknown when stale"},
    {"measure", "MEASURE", 0, 10, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "m.name",
     "Name of the number: p95, error-rate, psi …"},
    {"value", "VALUE", 12, 5, BN_RIGHT, 0, BN_FORMAT_NUMBER, NULL, "m.value",
     "The number; none where the latest answer had none"},
    {"unit", "UNIT", 10, 4, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "m.unit", "What it counts"},
    {"at", "AT", 8, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "m.at", "When it was measured"},
    {"age", "AGE", 6, 4, BN_RIGHT, 1, BN_FORMAT_AGE, "s", "now() - m.at", "How long ago that is"},
    {"entity", "THING", 24, 10, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.name", "Name of the thing"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.source",
     "The configured source it comes from"},
    {NULL},
};

const struct bn_view_table bn_table_measures = {
    .name = "measures",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "The named numbers of one thing, as last measured.",
    .from = "FROM measure m JOIN entity_now e ON e.id = m.entity_id WHERE (:key IS NULL OR (e.key "
	    "= :key"
	    " AND e.kind = :kind AND (:source IS NULL OR e.source = :source)))",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = "e.status_now",
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order = "e.name, e.source, m.name",
    .problem_sql = "e.stale",
    .time_sql = "m.at",
    .search_sql = "e.name || char(10) || m.name",
    .name_sql = "m.name",
    .columns = columns,
};
