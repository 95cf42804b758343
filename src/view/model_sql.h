/* model_sql.h - fragments of SQL about numbers of models that tables, details and the comparison share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_MODEL_SQL_H
#define BN_VIEW_MODEL_SQL_H

#include "view/sql.h"

/* What a target of a measure is called: the measure `least:NAME` or `most:NAME`, told with the number. One that was
 * not told with the latest number is one that nobody sets any more. */
#define SQL_TARGET(which, entity, name)                                                            \
	"(SELECT tg.value FROM measure tg JOIN measure tn ON tn.entity_id = tg.entity_id"          \
	" AND tn.name = " name " AND tn.at = tg.at WHERE tg.entity_id = " entity                   \
	" AND tg.name = '" which ":' || " name ")"
#define SQL_IS_TARGET(name) "(" name " GLOB 'least:*' OR " name " GLOB 'most:*')"

/* So much a month of 30 days, by the unit's end; nothing where the unit says no time. */
#define SQL_PER_MONTH(value, unit)                                                                 \
	"(" value " * CASE WHEN " unit " LIKE '%/month' OR " unit                                  \
	" LIKE '%/mo' THEN 1.0 WHEN " unit " LIKE '%/day' OR " unit                                \
	" LIKE '%/d' THEN 30.0 WHEN " unit " LIKE '%/hour' OR " unit                               \
	" LIKE '%/h' THEN 720.0 WHEN " unit " LIKE '%/min' THEN 43200.0 WHEN " unit                \
	" LIKE '%/s' THEN 2592000.0 END)"
/* "USD" of "USD/month". */
#define SQL_CURRENCY(unit) "substr(" unit ", 1, instr(" unit ", '/') - 1)"

/* "3.1%", "41 ms", "11.2M/month". */
#define SQL_SHORT(value)                                                                           \
	"CASE WHEN " value " IS NULL THEN NULL WHEN abs(" value                                    \
	") >= 1e9 THEN printf('%.3gG', " value " / 1e9) WHEN abs(" value                           \
	") >= 1e6 THEN printf('%.3gM', " value " / 1e6) WHEN abs(" value                           \
	") >= 1e4 THEN printf('%.3gk', " value " / 1e3) ELSE printf('%.4g', " value ") END"
#define SQL_WITH_UNIT(value, unit)                                                                 \
	"(" SQL_SHORT(value) " || CASE WHEN coalesce(" unit ", '') = '' THEN '' WHEN " unit        \
			     " = '%' THEN '%' WHEN " unit " GLOB '1/*' THEN substr(" unit          \
			     ", 2) ELSE ' ' || " unit " END)"

/* The first KPI of a thing, by name: its measures are called `kpi:NAME`. */
#define SQL_KPI(what, entity)                                                                      \
	"(SELECT kq." what " FROM measure kq WHERE kq.entity_id = " entity                         \
	" AND kq.name GLOB 'kpi:*' AND kq.value IS NOT NULL ORDER BY kq.name LIMIT 1)"
#define SQL_KPI_TARGET(which, entity) SQL_TARGET(which, entity, SQL_KPI("name", entity))
/* "at least 3%"; nothing where nobody set one. */
#define SQL_TARGET_TEXT(least, most, unit)                                                         \
	"coalesce('at least ' || " SQL_WITH_UNIT(least, unit) ", 'at most ' || " SQL_WITH_UNIT(    \
	    most, unit) ")"
/* A status: as it should be, or not; nothing where there is no target, or the number is older than a day. */
#define SQL_TARGET_STATE(value, at, least, most)                                                   \
	"CASE WHEN " at " < now() - 86400000 THEN NULL WHEN " value " < " least " OR " value       \
	" > " most " THEN " SQL_DEGRADED " WHEN coalesce(" least ", " most                         \
	") IS NOT NULL THEN " SQL_HEALTHY " END"

/* Fourteen days of daily means of the series `ids` selects, oldest first, a hole where there was none. */
#define SQL_DAILY(ids)                                                                             \
	"(WITH RECURSIVE d(i) AS (SELECT 13 UNION ALL SELECT i - 1 FROM d WHERE i > 0),"           \
	" b(i, n, t) AS MATERIALIZED (SELECT (now() - p.at) / 86400000, count(*), sum(p.value)"    \
	"  FROM point p WHERE p.series_id IN (" ids ") AND p.at > now() - 1209600000"              \
	"   AND p.at <= now() AND p.value IS NOT NULL GROUP BY 1"                                  \
	"  UNION ALL SELECT (now() - r.at) / 86400000, sum(r.count), sum(r.sum) FROM rollup r"     \
	"   WHERE r.series_id IN (" ids ") AND r.at > now() - 1209600000 AND r.at <= now()"        \
	"   GROUP BY 1)"                                                                           \
	" SELECT CASE WHEN EXISTS (SELECT 1 FROM b WHERE t IS NOT NULL) THEN json_group_array("    \
	"  (SELECT round(sum(t) / sum(n), 6) FROM b WHERE b.i = d.i)) END FROM d)"

/* Utilisation from which on it is marked, in %. */
#define SQL_UTILISATION_HIGH "80"

#endif
