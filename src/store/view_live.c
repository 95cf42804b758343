/* view_live.c - the temporary view of which model version was in production, when, and how one knows. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

/* SQL is laid out by what it says. */
/* clang-format off */

#define K_MODEL "4"

/* When it went from its registry, as of now(); one that came back later was gone all the same. */
#define GONE                                                                                       \
	"CASE WHEN x.gone_at <= now() THEN x.gone_at ELSE (SELECT CASE WHEN t.new IS NULL THEN t.seen_at END" \
	" FROM main.transition t WHERE t.entity_id = x.id AND t.seen_at <= now() ORDER BY t.id DESC LIMIT 1) END"

/* live_now: one row an interval in which a version was live, as of now(), versions that are gone included.
 *   source, model_id, model, version, version_id   version_id: NULL where the version was never listed
 *   role         the alias or stage it was live by; NULL where only declared
 *   began, ended ms; ended NULL: it is live; began_seen: binnacle saw it begin, rather than found it so
 *   approved_by, change   as declared at the platform, or NULL
 *   evidence     declared, seen, found (it was so when binnacle looked first)
 * What somebody declared (tags of the version) and what was seen of the same interval are one row. The tables
 * are named with their schema: the view answers for any moment by itself. */
const char bn_views_live[] =
    /* What was seen of aliases and stages. */
    "CREATE TEMP VIEW live_moved AS"
    "  SELECT e.source_id, e.id AS model_id, e.key AS model, h.new AS version, substr(h.name, 7) AS role, h.at AS began,"
    "   (SELECT min(n.at) FROM main.attribute_history n WHERE n.entity_id = h.entity_id AND n.name = h.name"
    "     AND n.id > h.id AND n.at <= now()) AS ended,"
    "   EXISTS (SELECT 1 FROM main.attribute_history b WHERE b.entity_id = h.entity_id AND b.name = h.name"
    "     AND b.id < h.id) AS began_seen"
    "  FROM main.model lm JOIN main.entity e ON e.id = lm.entity_id AND e.kind = " K_MODEL
    "  JOIN main.attribute_history h ON h.entity_id = e.id"
    "  WHERE h.name GLOB 'alias:*' AND h.new IS NOT NULL AND h.at <= now()"
    "   AND instr(lm.live, ',' || lower(substr(h.name, 7)) || ',') > 0"
    "  UNION ALL"
    "  SELECT e.source_id, v.model_id, v.model_key, v.version, h.new, h.at,"
    "   (SELECT min(n.at) FROM main.attribute_history n WHERE n.entity_id = h.entity_id AND n.name = h.name"
    "     AND n.id > h.id AND n.at <= now()),"
    "   EXISTS (SELECT 1 FROM main.attribute_history b WHERE b.entity_id = h.entity_id AND b.name = h.name"
    "     AND b.id < h.id)"
    "  FROM main.model_version v JOIN main.entity e ON e.id = v.entity_id JOIN main.model lm ON lm.entity_id = v.model_id"
    "  JOIN main.attribute_history h ON h.entity_id = e.id AND h.name = 'stage'"
    "  WHERE h.at <= now() AND instr(lm.live, ',' || lower(h.new) || ',') > 0;"

    /* What tags of the versions say. */
    "CREATE TEMP VIEW live_declared AS"
    "  SELECT e.source_id, v.model_id, v.model_key AS model, v.version, v.live_from AS began,"
    "   CASE WHEN v.live_until <= now() THEN v.live_until END AS ended, v.approved_by, v.change"
    "  FROM main.model_version v JOIN main.entity e ON e.id = v.entity_id WHERE v.live_from <= now();"

    "CREATE TEMP VIEW live_merged AS"
    "  SELECT d.source_id, d.model_id, d.model, d.version, max(o.role) AS role, d.began,"
    "   CASE WHEN d.ended IS NOT NULL THEN d.ended WHEN count(o.version) > 0 AND max(o.ended IS NULL) = 0 THEN"
    "    max(o.ended) WHEN count(o.version) = 0 THEN (SELECT min(n.began) FROM temp.live_declared n WHERE n.source_id ="
    "     d.source_id AND n.model = d.model AND n.began > d.began) END AS ended,"
    "   max(coalesce(o.began_seen, 0)) AS began_seen, d.approved_by, d.change, 'declared' AS evidence"
    "  FROM temp.live_declared d LEFT JOIN temp.live_moved o ON o.source_id = d.source_id AND o.model = d.model AND o.version = d.version"
    "   AND (d.ended IS NULL OR o.began < d.ended) AND (o.ended IS NULL OR o.ended > d.began)"
    "  GROUP BY d.source_id, d.model, d.version, d.began"
    "  UNION ALL"
    "  SELECT o.source_id, o.model_id, o.model, o.version, o.role, o.began, o.ended, o.began_seen, NULL, NULL,"
    "   CASE WHEN o.began_seen THEN 'seen' ELSE 'found' END FROM temp.live_moved o WHERE NOT EXISTS (SELECT 1 FROM temp.live_declared d"
    "    WHERE d.source_id = o.source_id AND d.model = o.model AND d.version = o.version"
    "    AND (d.ended IS NULL OR o.began < d.ended) AND (o.ended IS NULL OR o.ended > d.began));"

    "CREATE TEMP VIEW live_now AS SELECT s.name AS source, g.source_id, g.model_id, g.model, g.version, x.id AS version_id,"
    "  ref_text(" K_MODEL ", s.name, g.model || '@' || g.version) AS entity, g.role, g.began,"
    "  coalesce(g.ended, " GONE ") AS ended, g.began_seen, g.approved_by, g.change, g.evidence, " GONE " AS gone_at"
    " FROM temp.live_merged g JOIN main.source s ON s.id = g.source_id LEFT JOIN main.entity x ON x.source_id = g.source_id"
    "  AND x.kind = " K_MODEL " AND x.key = g.model || '@' || g.version;";

/* version_now: every version of a registered model that is not gone, with what its model declares. live: an
 * alias or stage that means production points to it; live_from: since when, NULL if it is not live. */
const char bn_views_version[] =
    "CREATE TEMP VIEW version_now AS SELECT e.id, e.entity, e.source, e.source_id, e.key, e.name, e.stale, e.status_now,"
    "  status_word(e.status_now) AS status, e.raw_status, e.url, e.age_ms, v.model_id, v.model_key AS model, v.version,"
    "  v.created_at, v.updated_at, v.run_key, v.run_read, v.artifact, v.image, v.framework, v.train_started_at,"
    "  v.train_finished_at, v.data_from, v.data_to, v.tags, v.params, v.approved_by, v.change,"
    "  lm.serving, lm.live_on, lm.metric, lm.better, lm.psi_warn, lm.psi_bad, lm.auto_deploy, lm.grace_ms, lm.checks,"
    "  EXISTS (SELECT 1 FROM temp.live_moved o WHERE o.model_id = v.model_id AND o.version = v.version"
    "   AND o.ended IS NULL) AS live,"
    "  (SELECT max(l.began) FROM temp.live_now l WHERE l.version_id = e.id AND l.ended IS NULL) AS live_from"
    " FROM temp.entity_now e JOIN main.model_version v ON v.entity_id = e.id"
    " JOIN main.model lm ON lm.entity_id = v.model_id WHERE e.kind = " K_MODEL ";";

/* clang-format on */
