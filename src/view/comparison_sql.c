/* comparison_sql.c - what comparison_side.c asks of one version: its numbers, what is told of it, its parts. */
/* SPDX-License-Identifier: MIT */
#include "view/comparison_sql.h"

#include <stddef.h>

#include "view/model_sql.h"
#include "view/sql.h"

/* SQL is laid out by what it says. */
/* clang-format off */

const char bn_compare_find[] =
    "SELECT w.id, w.model, w.version, coalesce(w.metric, (SELECT CASE count(*) WHEN 1 THEN substr(min(q.name), 6) END"
    "  FROM measure q WHERE q.entity_id = w.id AND q.name GLOB 'eval:*')), w.better, w.live"
    " FROM version_now w WHERE w.key = ?1 AND (?2 IS NULL OR w.source = ?2) LIMIT 1";

/* The newest of a series before a moment, of points or of what is left of them. */
#define NEWEST(what, rolled, bound)                                                                                  \
	"(SELECT x.y FROM (SELECT p.at, p." what " AS y FROM point p WHERE p.series_id = sr.id AND p.value IS NOT NULL"  \
	"  AND p.at <= now() AND p.at < " bound " UNION ALL SELECT r.at, r." rolled " FROM rollup r"                    \
	"  WHERE r.series_id = sr.id AND r.count > 0 AND r.at <= now() AND r.at < " bound " ORDER BY 1 DESC LIMIT 1) x)"
#define FOREVER "9223372036854775807"
/* A series bears no unit: that of the same number elsewhere in the model. */
#define UNIT_OF                                                                                                      \
	"(SELECT q.unit FROM measure q WHERE q.name = sr.name AND q.unit IS NOT NULL AND q.entity_id IN"                 \
	"  (SELECT mv.entity_id FROM model_version mv WHERE mv.model_id = v.model_id UNION SELECT v.model_id) LIMIT 1)"
#define ALONE(at)                                                                                                    \
	"NOT EXISTS (SELECT 1 FROM others o WHERE o.began <= " at " AND (o.ended IS NULL OR o.ended > " at "))"
/* Within the last time that it was live. What was found so at first sight may have begun any time before. */
#define WITHIN(at)                                                                                                   \
	"(" at " >= span.began OR NOT span.began_seen) AND (span.ended IS NULL OR " at " < span.ended) AND " ALONE(at)

/* Its own numbers as measured last; then the model's, of a moment at which it alone was what the model answered
 * with. */
const char bn_compare_numbers[] =
    "WITH v AS MATERIALIZED (SELECT w.id, w.model_id, w.version FROM version_now w WHERE w.id = :id),"
    " span AS MATERIALIZED (SELECT l.began, l.ended, l.began_seen FROM live_now l WHERE l.version_id = :id"
    "  ORDER BY l.began DESC LIMIT 1),"
    " others AS MATERIALIZED (SELECT l.began, l.ended FROM v JOIN live_now l ON l.model_id = v.model_id"
    "  AND l.version <> v.version),"
    " own(entity, name, value, unit, at) AS MATERIALIZED (SELECT q.entity_id, q.name, q.value, q.unit, q.at"
    "  FROM measure q WHERE q.entity_id = :id AND q.value IS NOT NULL AND NOT " SQL_IS_TARGET("q.name")
    "  UNION ALL SELECT sr.entity_id, sr.name, " NEWEST("value", "last", FOREVER) ", " UNIT_OF ", "
    NEWEST("at", "at", FOREVER) " FROM v JOIN series sr ON sr.entity_id = v.id WHERE NOT " SQL_IS_TARGET("sr.name")
    "  AND NOT EXISTS (SELECT 1 FROM measure q WHERE q.entity_id = v.id AND q.name = sr.name AND q.value IS NOT NULL)),"
    " of_model(entity, name, value, unit, at) AS MATERIALIZED (SELECT q.entity_id, q.name, q.value, q.unit, q.at"
    "  FROM span, v JOIN measure q ON q.entity_id = v.model_id WHERE q.value IS NOT NULL AND NOT "
    SQL_IS_TARGET("q.name") " AND " WITHIN("q.at")
    "  UNION ALL SELECT y.* FROM span, (SELECT sr.entity_id, sr.name, " NEWEST("value", "last", "z.ended") ", " UNIT_OF
    ", " NEWEST("at", "at", "z.ended") " AS at FROM (SELECT coalesce(span.ended, " FOREVER ") AS ended FROM span) z, v"
    "   JOIN series sr ON sr.entity_id = v.model_id WHERE NOT " SQL_IS_TARGET("sr.name") ") y"
    "  WHERE " WITHIN("y.at") "),"
    " n AS MATERIALIZED (SELECT * FROM own WHERE value IS NOT NULL UNION ALL SELECT entity, name, value, unit, max(at)"
    "  FROM of_model WHERE value IS NOT NULL AND name NOT IN (SELECT o.name FROM own o WHERE o.value IS NOT NULL)"
    "  GROUP BY name)"
    " SELECT n.name, n.value, n.unit, n.at, " SQL_TARGET("least", "n.entity", "n.name") ", "
    SQL_TARGET("most", "n.entity", "n.name") " FROM n"
    " UNION ALL SELECT '" COST_PER_1000 "', 1000.0 * " SQL_PER_MONTH("c.value", "c.unit") " / " SQL_PER_MONTH("p.value",
    "p.unit") ", " SQL_CURRENCY("c.unit") " || '/1000', min(c.at, p.at), NULL, NULL FROM n c JOIN n p"
    "  ON p.name = 'predictions' AND " SQL_PER_MONTH("p.value", "p.unit") " > 0 WHERE c.name = 'cost'"
    "  AND " SQL_PER_MONTH("c.value", "c.unit") " IS NOT NULL";

const struct told bn_compare_told[] = {
    {"stage", 0, TOLD_TEXT},
    {"live from", 1, TOLD_TIME},
    {"data window", 2, TOLD_WINDOW},
    {"image", 4, TOLD_TEXT},
    {"framework", 5, TOLD_TEXT},
    {"signature", 6, TOLD_TEXT},
    {"train time", 7, TOLD_DURATION},
    {"trained", 8, TOLD_TIME},
    {"registered", 9, TOLD_TIME},
    {"approved by", 10, TOLD_TEXT},
    {NULL, 0, TOLD_TEXT},
};

#define SIGNATURE(part) "json_extract(CASE WHEN json_valid(v.signature) THEN v.signature END, '$." part "')"
#define COLUMNS(part)	"CASE WHEN json_valid(" SIGNATURE(part) ") THEN " SIGNATURE(part) " END"

const char bn_compare_facts[] =
    "SELECT coalesce((SELECT group_concat(substr(a.name, 7), ', ') FROM attribute a WHERE a.entity_id = v.model_id"
    "   AND a.name GLOB 'alias:*' AND a.value = v.version), (SELECT nullif(a.value, 'None') FROM attribute a"
    "   WHERE a.entity_id = v.entity_id AND a.name = 'stage')),"
    " (SELECT max(l.began) FROM live_now l WHERE l.version_id = v.entity_id),"
    " v.data_from, v.data_to, v.image, v.framework,"
    " CASE WHEN json_valid(v.signature) THEN json_array_length(" COLUMNS("inputs") ") || ' in, '"
    "  || coalesce(json_array_length(" COLUMNS("outputs") "), 0) || ' out' END,"
    " v.train_finished_at - v.train_started_at, v.train_finished_at, v.created_at,"
    " nullif(trim(coalesce(v.approved_by, '') || coalesce(' ' || v.change, '')), '')"
    " FROM model_version v WHERE v.entity_id = :id";

#define PART(number, part)                                                                                           \
	"SELECT " number ", coalesce(json_extract(j.value, '$.name'), j.key), coalesce(json_extract(j.value, '$.type'),"  \
	" json_extract(j.value, '$.\"tensor-spec\".dtype')) FROM model_version v, json_each(" COLUMNS(part) ") j"         \
	" WHERE v.entity_id = :id AND j.type = 'object'"

const char bn_compare_parts[] =
    "SELECT * FROM (" PART("0", "inputs") " LIMIT 100) UNION ALL SELECT * FROM (" PART("1", "outputs") " LIMIT 20)"
    " UNION ALL SELECT * FROM (SELECT 2, j.key, j.value FROM model_version v,"
    "  json_each(CASE WHEN json_valid(v.params) THEN v.params END) j WHERE v.entity_id = :id LIMIT 200)";

/* clang-format on */
