/* stream_sql.h - what is true of streams, as SQL that the tables and the minute engine share. */
/* SPDX-License-Identifier: MIT
 *
 * A minute is named by its start. It is closed when its end has passed, settled when its stream's settling
 * time has passed after that. It was observed if one reading holds it until it had settled: only then is a
 * minute without a value a missing one. Sums take a missing minute as nothing counted and are compared with
 * the other side's; a minute that nobody observed makes the whole comparison unknown. */
#ifndef BN_VIEW_STREAM_SQL_H
#define BN_VIEW_STREAM_SQL_H

#include "view/sql.h"

/* clang-format off */

/* Was minute `at` of stream `id` observed until it had settled? */
#define STREAM_OBSERVED(id, at, settle)                                                            \
	"EXISTS (SELECT 1 FROM stream_read r WHERE r.entity_id = " id " AND r.began <= " at        \
	" AND min(r.ended, now()) >= " at " + 60000 + " settle ")"

/* The reading that reaches furthest, up to now: its end, and where it began. */
#define STREAM_READ_TO(id)                                                                         \
	"(SELECT max(min(r.ended, now())) FROM stream_read r WHERE r.entity_id = " id              \
	" AND r.began <= now())"
#define STREAM_READ_FROM(id)                                                                       \
	"(SELECT r.began FROM stream_read r WHERE r.entity_id = " id " AND r.began <= now()"       \
	" ORDER BY min(r.ended, now()) DESC, r.began LIMIT 1)"

/* Values of a stream: columns at and value of the minutes from `first` to `last`, both included. */
#define STREAM_VALUES(id, first, last)                                                             \
	"(SELECT pt.at, pt.value FROM series sr JOIN point pt ON pt.series_id = sr.id"             \
	" WHERE sr.entity_id = " id " AND sr.name = 'value' AND pt.value IS NOT NULL"              \
	" AND pt.at BETWEEN " first " AND " last ")"
#define STREAM_SUM(id, first, last)                                                                \
	"coalesce((SELECT sum(v.value) FROM " STREAM_VALUES(id, first, last) " v), 0)"

/* The checks of streams, one row each, before they are judged: entity_id, source, key, grp, kind, other, by,
 * tolerance, relative, settle, other_id, by_id, first, last (the settled minutes that both sides were
 * observed for, at most 60; NULL where there are none). `more` narrows by columns of st and e. */
#define STREAM_CHECKS(more)                                                                        \
	"(WITH q AS MATERIALIZED (SELECT st.entity_id, s.name AS source, e.key, st.grp,"           \
	"   st.position,"                                                                          \
	"   json_extract(c.value, '$.kind') AS kind, json_extract(c.value, '$.other') AS other,"   \
	"   json_extract(c.value, '$.by') AS by, json_extract(c.value, '$.tolerance') AS tolerance,"\
	"   json_extract(c.value, '$.relative') AS relative,"                                      \
	"   max(st.settle_ms, json_extract(c.value, '$.settle'), coalesce((SELECT o.settle_ms"     \
	"    FROM entity x JOIN stream o ON o.entity_id = x.id WHERE x.kind = 6 AND x.gone_at IS"  \
	"    NULL AND x.key = json_extract(c.value, '$.other')), 0)) AS settle,"                   \
	"   (SELECT x.id FROM entity x WHERE x.kind = 6 AND x.gone_at IS NULL"                     \
	"    AND x.key = json_extract(c.value, '$.other')) AS other_id,"                           \
	"   (SELECT x.id FROM entity x WHERE x.kind = 6 AND x.gone_at IS NULL"                     \
	"    AND x.key = json_extract(c.value, '$.by')) AS by_id"                                  \
	"   FROM stream st JOIN entity e ON e.id = st.entity_id AND e.gone_at IS NULL"             \
	"   JOIN source s ON s.id = e.source_id JOIN json_each(st.checks) c"                       \
	"   WHERE json_valid(st.checks) AND json_extract(c.value, '$.kind') <> 'level' " more "),"  \
	" p AS MATERIALIZED (SELECT q.*, " STREAM_READ_TO("q.entity_id") " AS own_to, "            \
	STREAM_READ_FROM("q.entity_id") " AS own_from, " STREAM_READ_TO("q.other_id")              \
	"   AS other_to, " STREAM_READ_FROM("q.other_id") " AS other_from, "                       \
	STREAM_READ_TO("q.by_id") " AS by_to, " STREAM_READ_FROM("q.by_id") " AS by_from FROM q)," \
	" k AS MATERIALIZED (SELECT p.*, (min(p.own_to, p.other_to, coalesce(p.by_to, p.other_to))"\
	"   - p.settle - 60000) / 60000 * 60000 AS ended FROM p)"                                  \
	" SELECT k.*, max(k.ended - 59 * 60000, k.own_from, k.other_from, coalesce(k.by_from,"     \
	"   k.other_from)) AS first, k.ended AS last FROM k)"

/* The levels of streams, one row each, with what is known of them: entity_id, source, key, grp, position, unit, word
 * (warn or bad), text (as configured), above, bound, lasting, other (the stream of `while`, or NULL), value (the latest
 * settled one), since (the first of its `lasting` latest values), n (how many of these there are: a hole tells nothing),
 * beyond (how many lie beyond the bound, the other stream being where it has to be). */
#define STREAM_LEVELS(more)                                                                        \
	"(WITH q AS MATERIALIZED (SELECT st.entity_id, s.name AS source, e.key, st.grp,"           \
	"   st.position, st.unit, json_extract(c.value, '$.word') AS word,"                        \
	"   json_extract(c.value, '$.text') AS text, json_extract(c.value, '$.above') AS above,"   \
	"   json_extract(c.value, '$.bound') AS bound,"                                            \
	"   json_extract(c.value, '$.lasting') AS lasting,"                                        \
	"   json_extract(c.value, '$.other') AS other,"                                            \
	"   json_extract(c.value, '$.other_above') AS other_above,"                                \
	"   json_extract(c.value, '$.other_bound') AS other_bound,"                                \
	"   (SELECT x.id FROM entity x WHERE x.kind = 6 AND x.gone_at IS NULL"                     \
	"    AND x.key = json_extract(c.value, '$.other')) AS other_id,"                           \
	"   (" STREAM_READ_TO("st.entity_id") " - st.settle_ms - 60000) / 60000 * 60000 AS last"   \
	"   FROM stream st JOIN entity e ON e.id = st.entity_id AND e.gone_at IS NULL"             \
	"   JOIN source s ON s.id = e.source_id JOIN json_each(st.checks) c"                       \
	"   WHERE json_valid(st.checks) AND json_extract(c.value, '$.kind') = 'level' " more ")"   \
	" SELECT q.*, (SELECT v.value FROM " LEVEL_VALUES " v LIMIT 1) AS value,"                  \
	"  (SELECT count(*) FROM (" LEVEL_LATEST ")) AS n,"                                        \
	"  (SELECT min(at) FROM (" LEVEL_LATEST ")) AS since,"                                     \
	"  (SELECT coalesce(sum(beyond), 0) FROM (" LEVEL_LATEST ")) AS beyond FROM q)"
/* A value may be missing here and there, but not for longer than ten minutes in all. */
#define LEVEL_VALUES                                                                               \
	"(SELECT * FROM " STREAM_VALUES("q.entity_id", "q.last - (q.lasting + 9) * 60000", "q.last") \
	" ORDER BY at DESC)"
#define LEVEL_LATEST                                                                               \
	"SELECT * FROM (SELECT v.at, (CASE WHEN q.above THEN v.value > q.bound ELSE v.value"       \
	" < q.bound END) AND (q.other IS NULL OR CASE WHEN q.other_above THEN o.value"             \
	" > q.other_bound ELSE o.value < q.other_bound END) AS beyond,"                            \
	" row_number() OVER (ORDER BY v.at DESC) AS place FROM " LEVEL_VALUES " v LEFT JOIN "      \
	STREAM_VALUES("q.other_id", "q.last - (q.lasting + 9) * 60000", "q.last")                  \
	" o ON o.at = v.at WHERE q.other IS NULL OR o.value IS NOT NULL) WHERE place <= q.lasting"

/* How many of the minutes from first to last neither side says anything of. */
#define STREAM_BOTH_MISSING(a, b, first, last)                                                     \
	"((" last " - " first ") / 60000 + 1 - (SELECT count(*) FROM (SELECT at FROM "             \
	STREAM_VALUES(a, first, last) " UNION SELECT at FROM " STREAM_VALUES(b, first, last) ")))"

/* clang-format on */

#endif
