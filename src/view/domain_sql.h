/* domain_sql.h - what the data products of one domain touch, as SQL that every table can be narrowed by. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_DOMAIN_SQL_H
#define BN_VIEW_DOMAIN_SQL_H

#include "view/sql.h"

/* clang-format off */

/* The far end of a link that names no source: the thing of that name there is, of the same source first. */
#define DOMAIN_NAMED(where)                                                                        \
	"(SELECT min(fs.name) FROM entity fe JOIN source fs ON fs.id = fe.source_id"               \
	" WHERE fe.kind = l.from_kind AND fe.key = l.from_key AND fe.gone_at IS NULL" where ")"

/* A model's version counts as its model. */
#define DOMAIN_MODEL(kind, key)                                                                    \
	"CASE WHEN " kind " = " SQL_MODEL " AND instr(" key ", '@') > 0"                           \
	" THEN substr(" key ", 1, instr(" key ", '@') - 1) ELSE " key " END"

/* To be put after WITH RECURSIVE: the table `touched` of source, kind and key. It holds the domain's products and all
 * that is upstream of them along the links, the chains that their streams are part of, and the sources of all that. */
#define DOMAIN_TABLES                                                                              \
	"touch(source, kind, key) AS (SELECT s.name, e.kind, e.key FROM product dp"                \
	"  JOIN entity e ON e.id = dp.entity_id AND e.gone_at IS NULL"                             \
	"  JOIN source s ON s.id = e.source_id WHERE dp.domain = :domain"                          \
	" UNION SELECT CASE l.from_source WHEN '' THEN coalesce("                                  \
	DOMAIN_NAMED(" AND fs.name = w.source") ", " DOMAIN_NAMED("") ", w.source)"                \
	"  ELSE l.from_source END, l.from_kind, l.from_key FROM touch w JOIN link l"               \
	"  ON l.to_kind = w.kind AND l.to_key = w.key AND l.to_source IN ('', w.source)"           \
	"  WHERE l.kind NOT IN ('defines', 'retry-of') LIMIT 20000),"                              \
	"touched AS MATERIALIZED (SELECT source, kind, " DOMAIN_MODEL("kind", "key") " AS key"     \
	"  FROM touch UNION SELECT source, " SQL_SOURCE ", source FROM touch"                      \
	"  UNION SELECT ms.name, me.kind, me.key FROM touch t JOIN source ts ON ts.name = t.source" \
	"  JOIN entity te ON te.source_id = ts.id AND te.kind = t.kind AND te.key = t.key"         \
	"  JOIN stream tt ON tt.entity_id = te.id JOIN stream mt ON mt.grp = tt.grp"               \
	"  JOIN entity me ON me.id = mt.entity_id AND me.gone_at IS NULL"                          \
	"  JOIN source ms ON ms.id = me.source_id WHERE t.kind = " SQL_STREAM ")"

/* Whether a thing is among them; a run counts as its pipeline, and what is about no thing of a source (a week's sum)
 * is everybody's. `id` is three expressions: source, kind, key. */
#define DOMAIN_HAS(id)                                                                             \
	"(WITH it(source, kind, key) AS (SELECT " id ") SELECT (it.source = '' AND it.kind = 0)"   \
	" OR (it.source, CASE it.kind WHEN " SQL_RUN " THEN " SQL_PIPELINE " ELSE it.kind END,"    \
	" CASE it.kind WHEN " SQL_RUN " THEN (SELECT coalesce(ip.key, ir.pipeline_key)"            \
	"  FROM source rs JOIN entity re ON re.source_id = rs.id AND re.kind = " SQL_RUN           \
	"  AND re.key = it.key JOIN run ir ON ir.entity_id = re.id"                                \
	"  LEFT JOIN entity ip ON ip.id = ir.pipeline_id WHERE rs.name = it.source)"               \
	" ELSE " DOMAIN_MODEL("it.kind", "it.key") " END)"                                         \
	" IN (SELECT source, kind, key FROM touched) FROM it)"

/* clang-format on */

#endif
