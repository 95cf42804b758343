/* detail_sql.c - what the detail pane says of each kind of thing: why, then, hits, changed, next … */
/* SPDX-License-Identifier: MIT */
#include "base/status.h"
#include "view/detail.h"
#include "view/model_sql.h"
#include "view/sql.h"

#define PIPELINE (1u << BN_PIPELINE)
#define RUN	 (1u << BN_RUN)
#define ENDPOINT (1u << BN_ENDPOINT)
#define SOURCE	 (1u << BN_SOURCE)
#define STREAM	 (1u << BN_STREAM)
#define OTHER                                                                                      \
	(1u << BN_APP | 1u << BN_DATASET | 1u << BN_PRODUCT | 1u << BN_STREAM | 1u << BN_MODEL |   \
	 1u << BN_CHANGE)
#define PRODUCT (1u << BN_PRODUCT)
#define ANY	(PIPELINE | RUN | ENDPOINT | SOURCE | OTHER)

static_assert(BN_ROLE_DIM == 1 && BN_ROLE_OK == 5 && BN_ROLE_WARN == 7 && BN_ROLE_FAILED == 8 &&
		  BN_ROLE_CHANGE == 11,
	      "the queries below name roles by number");

/* The queries are easier to read as laid out by hand. */
/* clang-format off */

/* A moment in the reader's zone; detail.c fills it in. */
#define TIME(x) "char(1) || (" x ") || char(2)"
#define MS(x)	"CASE WHEN " x " >= 10000 THEN round(" x " / 1000.0) || '' ELSE round(" x " /" \
	" 1000.0, 1) || '' END"

/* The run that counts for a pipeline: its latest, or while that one is in flight the one before. */
const char bn_detail_head[] =
    "SELECT e.id, CASE e.kind WHEN " SQL_RUN " THEN e.id WHEN " SQL_PIPELINE " THEN"
    " coalesce((SELECT r.entity_id FROM run r JOIN entity x ON x.id = r.entity_id"
    "  WHERE r.pipeline_id = e.id AND x.status IN " SQL_FINISHED " ORDER BY r.started_at DESC"
    " LIMIT 1),"
    "  (SELECT p.latest_run_id FROM pipeline p WHERE p.entity_id = e.id)) END, s.name, e.name,"
    " CASE e.kind WHEN " SQL_PIPELINE " THEN (SELECT coalesce(p.engine || ' · ', '') ||"
    " coalesce(p.grp || ' · ', '')"
    "   FROM pipeline p WHERE p.entity_id = e.id)"
    "  WHEN " SQL_RUN " THEN coalesce((SELECT pe.name || ' · ' FROM run r JOIN entity pe ON"
    " pe.id = r.pipeline_id"
    "   WHERE r.entity_id = e.id), '')"
    "  WHEN " SQL_ENDPOINT " THEN coalesce((SELECT n.target || ' · ' FROM endpoint n WHERE"
    " n.entity_id = e.id), '')"
    "  WHEN " SQL_SOURCE " THEN s.type || coalesce(' · ' || s.url, '') || ' · ' ELSE '' END"
    "  || CASE e.kind WHEN " SQL_SOURCE " THEN status_word(e.status) ELSE s.name END"
    " FROM entity e JOIN source s ON s.id = e.source_id"
    " WHERE e.kind = :kind AND e.key = :key AND (:source = '' OR s.name = :source)"
    " ORDER BY e.gone_at IS NOT NULL, e.seen_at DESC LIMIT 1";

/* Which thing counts for lineage: a run's pipeline, anything else itself. */
#define SELF \
	"self(source, kind, key) AS (SELECT s.name, e.kind, e.key FROM entity e" \
	" JOIN source s ON s.id = e.source_id WHERE e.id = coalesce((SELECT r.pipeline_id" \
	"  FROM run r WHERE r.entity_id = :id), :id))"
#define DOWN \
	"WITH RECURSIVE " SELF ", down(source, kind, key) AS (SELECT * FROM self" \
	" UNION SELECT CASE l.to_source WHEN '' THEN d.source ELSE l.to_source END, l.to_kind," \
	"  l.to_key FROM down d JOIN link l ON l.from_kind = d.kind AND l.from_key = d.key" \
	"  AND l.from_source IN ('', d.source) WHERE l.kind NOT IN ('defines', 'retry-of')" \
	" LIMIT 10000) "
#define UP \
	"WITH RECURSIVE " SELF ", up(source, kind, key) AS (SELECT * FROM self" \
	" UNION SELECT CASE l.from_source WHEN '' THEN u.source ELSE l.from_source END," \
	"  l.from_kind, l.from_key FROM up u JOIN link l ON l.to_kind = u.kind AND l.to_key =" \
	" u.key" \
	"  AND l.to_source IN ('', u.source) WHERE l.kind NOT IN ('defines', 'retry-of')" \
	" LIMIT 10000) "
/* The names in `set` by kind, the worst first: "products a, b, c +4". */
#define NAMES(set) \
	"SELECT group_concat(line, ' · ') FROM (SELECT kind_word(kind) || CASE n WHEN 1 THEN ' '" \
	"  ELSE 's ' END || names || CASE WHEN n > 3 THEN ' +' || (n - 3) ELSE '' END AS line" \
	" FROM (SELECT kind, max(n) AS n, group_concat(key, ', ') AS names FROM" \
	"  (SELECT d.kind, d.key, count(*) OVER (PARTITION BY d.kind) AS n, row_number() OVER" \
	"    (PARTITION BY d.kind ORDER BY coalesce((SELECT max(status_rank(e.status)) FROM entity e" \
	"     WHERE e.kind = d.kind AND e.key = d.key AND e.gone_at IS NULL), 0) DESC, d.key) AS i FROM (SELECT DISTINCT kind, key FROM " set \
	"    EXCEPT SELECT kind, key FROM self) d)" \
	"  WHERE i <= 3 GROUP BY kind) ORDER BY kind = " SQL_PRODUCT " DESC, kind DESC)"

static const char why_sql[] =
    "SELECT names || coalesce(': ' || nullif(message, ''), '') FROM (SELECT CASE WHEN"
    " count(*) > 4"
    "  THEN min(t.name) || ' and ' || (count(*) - 1) || ' more' ELSE group_concat(t.name, ',"
    " ') END AS names,"
    "  t.message, min(t.finished_at) AS at FROM task t JOIN run r ON r.entity_id = t.run_id"
    "  AND r.attempt = t.attempt WHERE t.run_id = :run AND t.status = " SQL_FAILED
    "  AND t.key NOT IN (SELECT c.parent FROM task c WHERE c.run_id = :run AND c.parent <> c.key"
    "   AND c.attempt = (SELECT attempt FROM run WHERE entity_id = :run)"
    "   AND c.status = " SQL_FAILED ")"
    "  AND NOT EXISTS (SELECT 1 FROM task c WHERE c.run_id = t.run_id AND c.attempt = t.attempt"
    "   AND c.key = t.key AND c.try_number > t.try_number)"
    "  GROUP BY t.message ORDER BY at LIMIT 3)"
    " UNION ALL SELECT coalesce(x.message, (SELECT e.message FROM entity e WHERE e.id = :id"
    "   AND :kind <> " SQL_SOURCE ")) FROM (SELECT 1)"
    "  LEFT JOIN entity x ON x.id = :run WHERE NOT EXISTS (SELECT 1 FROM task t JOIN run r"
    "   ON r.entity_id = t.run_id AND r.attempt = t.attempt WHERE t.run_id = :run AND"
    " t.status = " SQL_FAILED ")";

/* The latest minute, and what is expected. */
static const char stream_sql[] =
    "SELECT coalesce((SELECT printf('%.6g', pt.value) || coalesce(' ' || st.unit, '') || ' at ' ||"
    " " TIME("pt.at") " FROM series sr JOIN point pt ON pt.series_id = sr.id WHERE sr.entity_id ="
    " :id AND sr.name = 'value' AND pt.value IS NOT NULL AND pt.at < now() / 60000 * 60000"
    " ORDER BY pt.at DESC LIMIT 1), 'no value yet') || CASE WHEN st.expect IS NULL THEN ' · any rhythm' ELSE"
    " ' · expects ' || printf('%g', st.expect) || '/min' END || CASE WHEN st.ceiling IS NULL THEN ''"
    " ELSE ' · ceiling ' || printf('%g', st.ceiling) END || ' · settles in ' || human_ms(st.settle_ms) || coalesce(' · ' ||"
    " st.scope, '') FROM stream st WHERE st.entity_id = :id";

static const char stream_gap_sql[] =
    "SELECT " TIME("m.at") " || CASE WHEN m.filled_at <= now() THEN ' late, came ' ||"
    " human_ms(m.filled_at - m.at - 60000) || ' after its end' ELSE ' missing, had to be there ' ||"
    " human_ms(now() - m.missed_at) || ' ago' END, CASE WHEN m.filled_at <= now() THEN 7 ELSE 8"
    " END FROM stream_minute m WHERE m.entity_id = :id AND m.missed_at <= now()"
    " AND m.at >= now() - 86400000 ORDER BY m.at DESC LIMIT 8";

static const char then_sql[] =
    "SELECT trim(coalesce(r.tasks_failed || ' failed', '')"
    " || CASE WHEN r.tasks_skipped > 0 THEN ', ' || r.tasks_skipped || ' skipped after it'"
    " ELSE '' END"
    " || CASE WHEN r.tasks_done > 0 THEN '; ' || r.tasks_done || CASE WHEN r.tasks_total > 0"
    "  THEN ' of ' || r.tasks_total ELSE '' END || ' ok' ELSE '' END"
    " || CASE WHEN p.last_good_at IS NOT NULL THEN '; last good run ' ||"
    " " TIME("p.last_good_at") " ELSE '' END, '; ')"
    " FROM run r JOIN entity e ON e.id = r.entity_id LEFT JOIN pipeline p ON p.entity_id ="
    " r.pipeline_id"
    " WHERE r.entity_id = :run AND e.status = " SQL_FAILED;

/* What is known before anybody plans a retry of what failed: may it run twice, was this run retried before, and what
 * came of retrying this error. A line each: the pane may be narrow. */
#define PRINTED \
	" FROM intent_now i WHERE i.state = 'done' AND i.fingerprint = x.print AND i.came_to"
static const char retry_sql[] =
    "WITH x AS (SELECT r.pipeline_id, s.name AS source, e.key, fingerprint(e.message) AS print"
    "  FROM run r JOIN entity e ON e.id = r.entity_id JOIN source s ON s.id = e.source_id"
    "  WHERE r.entity_id = :run AND e.status = " SQL_FAILED "),"
    " n AS (SELECT x.*, (SELECT count(*) FROM intent_now i WHERE i.source = x.source"
    "   AND i.kind = 'run' AND i.key = x.key AND i.state = 'done') AS mine,"
    "  (SELECT count(*)" PRINTED " IN ('succeeded', 'failed', 'cancelled')) AS seen,"
    "  (SELECT count(*)" PRINTED " = 'succeeded') AS cured FROM x)"
    " SELECT CASE (SELECT p.idempotence FROM pipeline p WHERE p.entity_id = n.pipeline_id) WHEN 1"
    "  THEN 'idempotent' WHEN 2 THEN 'at least once' WHEN 3 THEN 'appends: can duplicate'"
    "  ELSE 'may it run twice? unknown' END || CASE WHEN mine > 0 THEN ' · retried ' || mine"
    "  || 'x before' ELSE '' END FROM n"
    " UNION ALL SELECT CASE WHEN seen > 0 THEN 'same error: ' || cured || ' of ' || seen || ' cured'"
    "  ELSE 'same error: never retried' END FROM n WHERE print IS NOT NULL";

/* Commits on the files that define it or what is upstream, changed attributes: the newest first, but what came after the
 * trouble began comes last, and says so. */
#define SINCE_DAY(at) at " >= coalesce((SELECT at FROM began), now()) - 86400000 AND " at " <= now()"
#define COMMIT "coalesce(c.merge || ' ', '') || c.subject || ' (' || c.author || ')' AS what, c.at"
static const char changed_sql[] =
    UP ", mine(id) AS (SELECT :id UNION SELECT r.pipeline_id FROM run r WHERE r.entity_id = :id),"
    " " SQL_BEGAN ","
    " change(what, at) AS (SELECT what, at FROM (SELECT " COMMIT ", c.repo, c.id FROM up JOIN link d"
    "  ON d.kind = 'defines' AND d.to_kind = up.kind AND d.to_key = up.key"
    "  AND d.to_source IN ('', up.source) JOIN commit_file cf ON cf.repo = d.from_source"
    "  AND cf.path = d.from_key JOIN commit_log c ON c.repo = cf.repo AND c.id = cf.id"
    "  WHERE " SINCE_DAY("c.at") " AND " SQL_IN_MAIN("c")
    " UNION SELECT " COMMIT ", c.repo, c.id FROM commit_log c JOIN commit_file cf ON cf.repo = c.repo"
    "  AND cf.id = c.id JOIN task t ON t.run_id = :run AND t.status = " SQL_FAILED
    "  AND instr('/' || cf.path, '/' || t.name || '.') > 0"
    "  WHERE " SINCE_DAY("c.at") " AND " SQL_IN_MAIN("c") ")"
    " UNION ALL SELECT a.name || ' ' || coalesce(a.old, 'unset') || ' to ' || coalesce(a.new, 'unset')"
    "  || CASE WHEN e.id = :id THEN '' ELSE ' on ' || e.name END, a.at"
    "  FROM up JOIN entity e ON e.kind = up.kind AND e.key = up.key JOIN source s ON s.id ="
    " e.source_id"
    "  AND up.source IN ('', s.name) JOIN attribute_history a ON a.entity_id = e.id"
    "  WHERE a.old IS NOT NULL AND " SINCE_DAY("a.at") "),"
    " line(text, role, later, at) AS (SELECT " TIME("x.at") " || CASE WHEN later THEN ' after: ' ELSE"
    "  ' ' END || what, CASE WHEN later THEN 1 ELSE 11 END, later, at FROM (SELECT what, at,"
    "  at > (SELECT at FROM began) IS TRUE AS later FROM change) x),"
    " none(text) AS (SELECT CASE WHEN EXISTS (SELECT 1 FROM line) THEN 'none in the 24h before it'"
    "  ELSE 'none in 24h' END WHERE EXISTS (SELECT 1 FROM commit_log)"
    "  AND NOT EXISTS (SELECT 1 FROM line WHERE NOT later))"
    " SELECT text, role FROM (SELECT text, 1 AS role, 0 AS later, 0 AS at FROM none"
    "  UNION ALL SELECT text, role, later, at FROM line ORDER BY later, at DESC LIMIT 4)";
#undef COMMIT

/* The files that define it, the one changed last first; a dbt project has hundreds. */
static const char file_sql[] =
    "WITH " SELF ", file(path, repo, at, words) AS (SELECT d.from_key, d.from_source, max(c.at),"
    "  ', last commit ' || " TIME("max(c.at)") " || ' ' || coalesce(c.merge, substr(c.id, 1, 7)) || ' by ' || c.author"
    "  FROM self JOIN link d ON d.kind = 'defines' AND d.to_kind = self.kind AND d.to_key = self.key"
    "   AND d.to_source IN ('', self.source) LEFT JOIN commit_file cf ON cf.repo = d.from_source"
    "   AND cf.path = d.from_key LEFT JOIN commit_log c ON c.repo = cf.repo AND c.id = cf.id"
    "  GROUP BY d.from_source, d.from_key)"
    " SELECT * FROM (SELECT path || ' in ' || repo || coalesce(words, '') FROM file ORDER BY at DESC, path LIMIT 2)"
    " UNION ALL SELECT 'and ' || (count(*) - 2) || ' more' FROM file HAVING count(*) > 2"
    " UNION ALL SELECT p.definition FROM self JOIN source s ON s.name = self.source JOIN entity e"
    "  ON e.source_id = s.id AND e.kind = self.kind AND e.key = self.key JOIN pipeline p ON p.entity_id = e.id"
    "  WHERE NOT EXISTS (SELECT 1 FROM file)";

/* What the platform itself says of a finding it keeps from people. */
#define SILENCE                                                                                    \
	"CASE WHEN f.silenced THEN ' · silenced' || coalesce(' by ' || nullif(f.silenced_by, ''),"    \
	" '') || coalesce(' until ' || " TIME("f.silenced_until") ", '')"                              \
	" || coalesce(': ' || nullif(f.silenced_why, ''), '') ELSE '' END"

/* What it promises, as it stands: "freshness 1h01m of 1h missed since 03:11, by transform-hourly". */
static const char promises_sql[] =
    "SELECT o.sli || ' ' || CASE o.sli WHEN 'freshness' THEN coalesce(human_ms((now() - o.good_at)"
    "   / 60000 * 60000) || ' of ' || o.text, o.text)"
    "  WHEN 'deadline' THEN o.text || coalesce(', due ' || " TIME("o.due_at") ", '')"
    "   || coalesce(', ready about ' || " TIME("o.predicted_at") ", '')"
    "  ELSE coalesce(rtrim(rtrim(printf('%.2f', 100 * o.value), '0'), '.') || '% of ', '') || o.text END"
    " || CASE CASE WHEN n.stale THEN 0 ELSE o.state END WHEN " SQL_UNKNOWN " THEN ' not known'"
    "  WHEN " SQL_HEALTHY " THEN ' kept' WHEN " SQL_DEGRADED " THEN CASE o.sli WHEN 'deadline' THEN"
    "  ' at risk' ELSE ' missed' END ELSE ' missed' END"
    " || CASE WHEN o.state IN (" SQL_DEGRADED ", " SQL_DOWN ") AND o.since IS NOT NULL THEN ' since ' ||"
    "  " TIME("o.since") " ELSE '' END || coalesce(', ' || o.detail, ''),"
    " CASE CASE WHEN n.stale THEN 0 ELSE o.state END WHEN " SQL_UNKNOWN " THEN 9 WHEN " SQL_DEGRADED
    "  THEN 7 WHEN " SQL_DOWN " THEN 8 ELSE 5 END"
    " FROM objective o JOIN entity_now n ON n.id = o.product_id WHERE o.product_id = :id"
    "  AND o.gone_at IS NULL ORDER BY o.id";

/* What it needs and what those are made from: the worst first, with the word for how each stands. */
static const char chain_sql[] =
    UP ", met(source, kind, key) AS (SELECT DISTINCT * FROM up EXCEPT SELECT * FROM self)"
    " SELECT group_concat(line, ', ') || CASE WHEN n > 6 THEN ' and ' || (n - 6) || ' more' ELSE '' END"
    " FROM (SELECT e.name || CASE status_rank(st) < 60 WHEN 1 THEN '' ELSE ' ' || status_word(st) END AS line,"
    "  count(*) OVER () AS n FROM (SELECT e.id, e.name, m.key, CASE WHEN e.stale THEN 0 ELSE"
    "   coalesce((SELECT l.status FROM pipeline p JOIN entity l ON l.id = p.latest_run_id"
    "    WHERE p.entity_id = e.id), e.status_now) END AS st FROM met m JOIN entity_now e"
    "   ON e.kind = m.kind AND e.key = m.key AND m.source IN ('', e.source)) e"
    "  ORDER BY status_rank(st) DESC, e.key LIMIT 6)";

static const char budget_sql[] =
    "SELECT o.sli || ' may be missed ' || human_ms(CAST((1 - o.goal) * o.window_ms AS INTEGER)) || ' in '"
    " || human_ms(o.window_ms) || ', was ' || human_ms(u.bad) || CASE WHEN u.hour_bad > 0 THEN"
    "  '; at this rate used up in ' || human_ms(max(0, CAST(((1 - o.goal) * o.window_ms - u.bad)"
    "   * u.hour_seen / u.hour_bad AS INTEGER))) ELSE '' END"
    " || ' (' || CAST(100.0 * u.seen / o.window_ms AS INTEGER) || '% of it observed)',"
    " CASE WHEN u.bad >= (1 - o.goal) * o.window_ms THEN 8 WHEN u.hour_bad > 0 THEN 7 ELSE 0 END"
    " FROM objective o JOIN (SELECT x.id, sum(h.bad_ms) AS bad, sum(h.good_ms + h.bad_ms) AS seen,"
    "  sum(CASE WHEN h.at > now() - 3600000 THEN h.bad_ms ELSE 0 END) AS hour_bad,"
    "  sum(CASE WHEN h.at > now() - 3600000 THEN h.good_ms + h.bad_ms ELSE 0 END) AS hour_seen"
    "  FROM objective x JOIN objective_history h ON h.objective_id = x.id AND h.at > now() - x.window_ms"
    "   AND h.at <= now() WHERE x.product_id = :id AND x.gone_at IS NULL GROUP BY x.id) u ON u.id = o.id"
    " WHERE u.seen > 0 ORDER BY u.bad / ((1 - o.goal) * o.window_ms) DESC, o.id";

/* When it would be well again if what failed were run anew now, by what it usually takes. */
static const char ends_sql[] =
    UP "SELECT 'if ' || e.name || ' were run anew now: ready about ' || " TIME("now() + p.p50_ms")
    " || coalesce('; else with the next run, due ' || " TIME("nullif(p.next_due_at, 0)") ", '')"
    " FROM (SELECT DISTINCT * FROM up) u JOIN entity_now e ON e.kind = u.kind AND e.key = u.key"
    "  AND u.source IN ('', e.source) JOIN pipeline p ON p.entity_id = e.id"
    " JOIN entity l ON l.id = p.latest_run_id AND l.status = " SQL_FAILED
    " WHERE e.kind = " SQL_PIPELINE " AND p.p50_ms > 0 AND NOT e.stale AND EXISTS (SELECT 1 FROM entity x"
    "  WHERE x.id = :id AND status_problem(x.status)) ORDER BY p.p50_ms DESC LIMIT 1";

/* ---- models ------------------------------------------------------------------------------------- */

/* The thing itself, and the model of the one version that is live. */
#define WITH_NUMBERS \
	"WITH mine(id) AS MATERIALIZED (SELECT :id UNION SELECT w.model_id FROM version_now w WHERE w.id = :id AND w.live" \
	" AND (SELECT count(DISTINCT o.version) FROM live_moved o WHERE o.model_id = w.model_id AND o.ended IS NULL) = 1) "
#define NUMBERS_OF "(SELECT id FROM mine)"
/* The version's own before the model's. */
#define NUMBER(what, name) \
	"(SELECT q." what " FROM measure q WHERE q.entity_id IN " NUMBERS_OF " AND q.name = '" name "'" \
	" AND q.value IS NOT NULL ORDER BY q.entity_id <> :id LIMIT 1)"
#define PART(word, name, unit) \
	"coalesce(' · " word "' || " SQL_WITH_UNIT(NUMBER("value", name), "coalesce(" NUMBER("unit", name) ", '" unit "')") ", '')"
#define AGO(names) \
	"(SELECT ', measured ' || human_ms(now() - min(q.at)) || ' ago' FROM measure q WHERE q.entity_id IN " NUMBERS_OF \
	" AND q.value IS NOT NULL AND q.name IN (" names "))"
/* " · a · b" without its beginning, where there is anything. */
#define JOINED(parts) "substr(nullif(" parts ", ''), 4)"

static const char kpi_sql[] =
    WITH_NUMBERS "SELECT k.name || ' ' || " SQL_WITH_UNIT("k.value", "k.unit") " || coalesce(', target ' || "
    SQL_TARGET_TEXT("k.least", "k.most", "k.unit") ", '') || ', measured ' || human_ms(now() - k.at) || ' ago',"
    " CASE " SQL_TARGET_STATE("k.value", "k.at", "k.least", "k.most") " WHEN " SQL_DEGRADED " THEN 7 ELSE 0 END"
    " FROM (SELECT substr(q.name, 5) AS name, q.value, q.unit, q.at, " SQL_TARGET("least", "q.entity_id", "q.name")
    "  AS least, " SQL_TARGET("most", "q.entity_id", "q.name") " AS most FROM measure q"
    "  WHERE q.entity_id IN " NUMBERS_OF " AND q.name GLOB 'kpi:*' AND q.value IS NOT NULL ORDER BY 1) k";

static const char latency_sql[] =
    WITH_NUMBERS "SELECT " JOINED(PART("p50 ", "p50", "ms") " || " PART("p95 ", "p95", "ms") " || " PART("p99 ", "p99", "ms")
    " || " PART("model ", "model-latency", "ms") " || " PART("overhead ", "overhead", "ms"))
    " || " AGO("'p50', 'p95', 'p99', 'model-latency', 'overhead'");

#define HIGH(name) "coalesce(" NUMBER("value", name) " > " SQL_UTILISATION_HIGH ", 0)"
static const char use_sql[] =
    WITH_NUMBERS "SELECT " JOINED(PART("CPU ", "cpu", "%") " || CASE WHEN " HIGH("cpu") " THEN ' (over " SQL_UTILISATION_HIGH
    "%)' ELSE '' END || " PART("memory ", "memory", "%") " || CASE WHEN " HIGH("memory") " THEN ' (over "
    SQL_UTILISATION_HIGH "%)' ELSE '' END || " PART("traffic ", "traffic", "%"))
    " || " AGO("'cpu', 'memory', 'traffic'") ", CASE WHEN " HIGH("cpu") " OR " HIGH("memory") " THEN 7 ELSE 0 END";

static const char model_cost_sql[] =
    WITH_NUMBERS "SELECT " SQL_WITH_UNIT("x.cost", "x.cost_unit") " || coalesce(' for ' || " SQL_WITH_UNIT("x.n", "x.n_unit")
    " || ' predictions' || coalesce(': ' || " SQL_SHORT("x.rate") " || ' ' || " SQL_CURRENCY("x.cost_unit")
    " || ' per 1,000', ''), '') || " AGO("'cost', 'predictions'") " FROM (SELECT y.*, 1000.0 * "
    SQL_PER_MONTH("y.cost", "y.cost_unit") " / nullif(" SQL_PER_MONTH("y.n", "y.n_unit") ", 0) AS rate FROM (SELECT "
    NUMBER("value", "cost") " AS cost, " NUMBER("unit", "cost") " AS cost_unit, " NUMBER("value", "predictions")
    " AS n, " NUMBER("unit", "predictions") " AS n_unit) y) x WHERE x.cost IS NOT NULL";

/* What the lines above don't say. */
static const char measured_sql[] =
    "SELECT group_concat(q.name || ' ' || " SQL_WITH_UNIT("q.value", "q.unit") ", ' · ')"
    " || ', measured ' || human_ms(now() - min(q.at)) || ' ago' FROM measure q WHERE q.entity_id = :id"
    " AND q.name NOT GLOB 'eval:*' AND q.name NOT GLOB 'kpi:*' AND NOT " SQL_IS_TARGET("q.name")
    " AND q.name NOT IN ('p50', 'p95', 'p99', 'model-latency', 'overhead', 'cpu', 'memory', 'traffic', 'cost',"
    " 'predictions') AND q.value IS NOT NULL";

static const char findings_sql[] =
    "SELECT f.title || coalesce(': ' || nullif(f.message, ''), '') || ', since ' ||"
    " " TIME("f.since")
    " || CASE WHEN f.root_id IS NOT NULL THEN coalesce(' (follows from ' || (SELECT"
    " coalesce(g.about_key, g.title)"
    "  FROM finding g WHERE g.id = f.root_id) || ')', '') ELSE '' END"
    " || " SILENCE ","
    " CASE f.severity WHEN 2 THEN 8 WHEN 1 THEN 7 ELSE 0 END"
    " FROM finding f WHERE f.closed_at IS NULL AND f.same_as IS NULL AND ((f.about_kind = :kind AND f.about_key = :key"
    "  AND coalesce(f.about_source, :source) = :source)"
    "  OR (:kind = " SQL_RUN " AND f.about_kind = " SQL_PIPELINE " AND f.about_source = :source"
    "   AND f.about_key = (SELECT pe.key FROM run r JOIN entity pe ON pe.id = r.pipeline_id"
    "    WHERE r.entity_id = :id))"
    "  OR f.root_id IN (SELECT g.id FROM finding g WHERE g.closed_at IS NULL AND g.about_kind"
    " = :kind"
    "   AND g.about_key = :key AND coalesce(g.about_source, :source) = :source))"
    " ORDER BY f.root_id IS NOT NULL, f.severity DESC, f.since LIMIT 8";

const struct bn_detail_query bn_detail_queries[] = {
    {ANY & ~SOURCE, "stale", BN_ROLE_STALE,
	"SELECT 'last read ' || human_ms(e.age_ms) || ' ago; what it is now is not known'"
	" || CASE WHEN e.source_state IN ('ok', 'new') THEN '' ELSE ': source ' || e.source"
	" || ' is ' || e.source_state END"
	" FROM entity_now e WHERE e.id = :id AND e.stale AND NOT (e.kind = " SQL_RUN " AND"
	" e.status IN " SQL_FINISHED ")"},
    {PRODUCT, "promises", BN_ROLE_TEXT, promises_sql},
    {PRODUCT, "chain", BN_ROLE_TEXT, chain_sql},
    {PRODUCT, "used by", BN_ROLE_TEXT,
	"SELECT coalesce((SELECT group_concat(c.value, ', ') FROM json_each(CASE WHEN json_valid(p.consumers)"
	" THEN p.consumers ELSE '[]' END) c), 'nobody that is known')"
	" || coalesce(' · ask ' || p.contact, '') FROM product p WHERE p.entity_id = :id"},
    {PRODUCT, "budget", BN_ROLE_TEXT, budget_sql},
    {PRODUCT, "ends", BN_ROLE_TEXT, ends_sql},
    {PRODUCT, "cost", BN_ROLE_TEXT,
	"SELECT rtrim(rtrim(printf('%.2f', p.cost), '0'), '.') || coalesce(' ' || p.cost_unit, '')"
	" FROM product p WHERE p.entity_id = :id AND p.cost IS NOT NULL"},
    {PRODUCT, "state", BN_ROLE_DIM,
	"SELECT p.lifecycle || coalesce(' · ' || p.domain, '') FROM product p WHERE p.entity_id = :id"},
    {PIPELINE | RUN | (OTHER & ~PRODUCT), "why", BN_ROLE_TEXT, why_sql},
    {ENDPOINT, "why", BN_ROLE_TEXT, "SELECT message FROM entity WHERE id = :id AND NOT"
	" status_fine(status)"},
    {SOURCE, "why", BN_ROLE_FAILED,
	"SELECT s.last_error FROM source s WHERE s.name = :key AND s.state NOT IN ('ok',"
	" 'new')"},
    {SOURCE, "do", BN_ROLE_TEXT,
	"SELECT s.last_hint FROM source s WHERE s.name = :key AND s.state NOT IN ('ok', 'new')"},
    {STREAM, "state", BN_ROLE_TEXT, stream_sql},
    {STREAM, "gap", BN_ROLE_WARN, stream_gap_sql},
    {STREAM, "chain", BN_ROLE_TEXT,
	"SELECT group_concat(coalesce(x.stage, e.name), ' > ') FROM stream st JOIN stream x ON"
	" x.grp = st.grp AND x.stage IS NOT NULL JOIN entity e ON e.id = x.entity_id"
	" AND e.gone_at IS NULL WHERE st.entity_id = :id"},
    {STREAM, "query", BN_ROLE_DIM, "SELECT st.query FROM stream st WHERE st.entity_id = :id"},
    {PIPELINE | RUN, "then", BN_ROLE_TEXT, then_sql},
    {RUN, "retry", BN_ROLE_TEXT, retry_sql},
    {PIPELINE | RUN | ENDPOINT | OTHER, "hits", BN_ROLE_TEXT, DOWN NAMES("down")},
    {SOURCE, "hits", BN_ROLE_STALE,
	"SELECT count(*) || CASE count(*) WHEN 1 THEN ' entity is' ELSE ' entities are' END"
	" || ' unknown: '"
	" || group_concat(CASE WHEN i <= 3 THEN name END, ', ') || CASE WHEN count(*) > 3"
	" THEN ' …' ELSE '' END"
	" FROM (SELECT e.name, row_number() OVER (ORDER BY e.kind, e.name) AS i FROM"
	" entity_now e"
	"  WHERE e.source = :key AND e.stale AND e.kind IN " SQL_STANDING ") HAVING count(*)"
	" > 0"},
    {ANY & ~SOURCE, "w", BN_ROLE_CHANGE, changed_sql},
    {PIPELINE, "next", BN_ROLE_TEXT,
	"SELECT CASE WHEN p.paused THEN 'paused' WHEN p.next_due_at IS NULL THEN"
	" coalesce(p.schedule, 'no schedule')"
	" ELSE 'due ' || " TIME("p.next_due_at") " || coalesce(', ' || p.schedule, '') END"
	" || CASE p.idempotence WHEN 1 THEN ' · idempotent' WHEN 2 THEN ' · at least once'"
	" WHEN 3 THEN ' · appends' ELSE '' END"
	" || coalesce(' · typical ' || human_ms(p.p50_ms) || ', p95 ' || human_ms(p.p95_ms), '')"
	" FROM pipeline p WHERE p.entity_id = :id"},
    {PIPELINE, "retry", BN_ROLE_TEXT, retry_sql},
    {RUN, "run", BN_ROLE_TEXT,
	"SELECT coalesce('started ' || " TIME("r.started_at") ", 'not started') ||"
	" coalesce(', took ' || human_ms(r.finished_at - r.started_at), '')"
	" || coalesce(' · ' || r.trigger, '') || CASE WHEN r.attempt > 1 THEN ' · attempt '"
	" || r.attempt ELSE '' END"
	" || coalesce(' · typical ' || human_ms(p.p50_ms) || ', p95 ' || human_ms(p.p95_ms), '')"
	" || coalesce(' · resubmitted from ' || r.retry_of, '')"
	" FROM run r LEFT JOIN pipeline p ON p.entity_id = r.pipeline_id WHERE r.entity_id ="
	" :id"},
    {RUN, "before", BN_ROLE_DIM,
	"SELECT 'attempt ' || a.n || ' ' || status_word(a.status) || ' ' ||"
	" " TIME("coalesce(a.finished_at, a.started_at)")
	" || coalesce(': ' || nullif(a.message, ''), '') FROM attempt a JOIN run r ON"
	" r.entity_id = a.run_id"
	" WHERE a.run_id = :id AND a.n < r.attempt ORDER BY a.n DESC LIMIT 5"},
    {PIPELINE | RUN | OTHER, "file", BN_ROLE_TEXT, file_sql},
    {PIPELINE | RUN, "sql", BN_ROLE_TEXT,
	"SELECT cf.path || ', last commit ' || " TIME("max(c.at)") " || ' ' ||"
	" coalesce(c.merge, substr(c.id, 1, 7))"
	" FROM task t JOIN run r ON r.entity_id = t.run_id AND r.attempt = t.attempt"
	" JOIN commit_file cf ON instr('/' || cf.path, '/' || t.name || '.') > 0"
	" JOIN commit_log c ON c.repo = cf.repo AND c.id = cf.id WHERE t.run_id = :run AND"
	" t.status = " SQL_FAILED
	" GROUP BY cf.path ORDER BY max(c.at) DESC LIMIT 3"},
    {ENDPOINT, "asserts", BN_ROLE_TEXT,
	"SELECT json_extract(a.value, '$[0]') || ' ' || json_extract(a.value, '$[1]')"
	" || coalesce(' (' || nullif(json_extract(a.value, '$[2]'), '') || ')', ''),"
	" CASE json_extract(a.value, '$[1]') WHEN 'ok' THEN 5 ELSE 7 END"
	" FROM endpoint n JOIN json_each(CASE WHEN json_valid(n.asserts) THEN n.asserts ELSE"
	" '[]' END) a"
	" WHERE n.entity_id = :id LIMIT 12"},
    {1u << BN_MODEL, "live", BN_ROLE_OK,
	"SELECT v.version || coalesce(' on ' || v.live_on, '') || coalesce(', since ' || "
	" " TIME("v.live_from") ", '') || coalesce(', approved by ' || v.approved_by, '')"
	" || coalesce(' (' || v.change || ')', '') FROM version_now v"
	" WHERE v.live AND (v.model_id = :id OR v.id = :id) ORDER BY v.live_from DESC LIMIT 3"},
    {1u << BN_MODEL, "before", BN_ROLE_DIM,
	"SELECT l.version || ' from ' || " TIME("l.began") " || ' to ' || " TIME("l.ended")
	" || coalesce(', approved by ' || l.approved_by, '') FROM live_now l"
	" WHERE l.ended IS NOT NULL AND (l.model_id = :id OR l.version_id = :id)"
	" ORDER BY l.ended DESC LIMIT 3"},
    {1u << BN_MODEL, "offline", BN_ROLE_TEXT,
	"SELECT group_concat(substr(q.name, 6) || ' ' || printf('%.4g', q.value), ' · ')"
	" FROM measure q WHERE q.entity_id = :id AND q.name GLOB 'eval:*'"
	" UNION ALL SELECT 'no eval' FROM model_version v WHERE v.entity_id = :id AND (v.run_read"
	"  OR v.run_key IS NULL) AND NOT EXISTS (SELECT 1 FROM measure q WHERE q.entity_id = :id"
	"  AND q.name GLOB 'eval:*')"},
    {1u << BN_MODEL, "measured", BN_ROLE_TEXT, measured_sql},
    {1u << BN_MODEL | PRODUCT, "kpi", BN_ROLE_TEXT, kpi_sql},
    {1u << BN_MODEL, "latency", BN_ROLE_TEXT, latency_sql},
    {1u << BN_MODEL, "use", BN_ROLE_TEXT, use_sql},
    {1u << BN_MODEL, "cost", BN_ROLE_TEXT, model_cost_sql},
    {1u << BN_MODEL, "trained", BN_ROLE_TEXT,
	"SELECT coalesce('run ' || v.run_key, 'by no known run') || coalesce(', took ' ||"
	" human_ms(v.train_finished_at - v.train_started_at), '') || coalesce(', image ' || v.image,"
	" '') || coalesce(', data ' || strftime('%Y-%m-%d', v.data_from / 1000, 'unixepoch') ||"
	" '..' || strftime('%Y-%m-%d', v.data_to / 1000, 'unixepoch'), '') FROM model_version v"
	" WHERE v.entity_id = :id"},
    {1u << BN_MODEL, "artifact", BN_ROLE_DIM,
	"SELECT v.artifact FROM model_version v WHERE v.entity_id = :id"},
    {ENDPOINT, "behind", BN_ROLE_TEXT, UP NAMES("up")},
    {ENDPOINT, "latency", BN_ROLE_TEXT,
	"SELECT 'total ' || " MS("n.total_us") " || ' ms'"
	" || coalesce(' = dns ' || " MS("n.resolve_us") ", '') || coalesce(' + connect ' ||"
	" " MS("n.connect_us") ", '')"
	" || coalesce(' + tls ' || " MS("n.tls_us") ", '') || coalesce(' + wait ' ||"
	" " MS("n.first_byte_us") ", '')"
	" || coalesce(' + body ' || " MS("n.transfer_us") ", '') || coalesce(' · p99 at most"
	" ' || n.slo_p99_ms || ' ms', '')"
	" FROM endpoint n WHERE n.entity_id = :id AND n.total_us IS NOT NULL"},
    {ENDPOINT, "probe", BN_ROLE_TEXT,
	"SELECT 'every ' || human_ms(s.interval_ms) || ' from this host, last ' ||"
	" human_ms(now() - n.checked_at) || ' ago'"
	" || CASE WHEN n.http_status > 0 THEN ', answered ' || n.http_status ELSE '' END"
	" || CASE WHEN n.certificate_expires_at IS NULL THEN '' WHEN n.certificate_expires_at"
	" <= now()"
	"  THEN ', certificate expired' ELSE ', certificate lasts '"
	"  || ((n.certificate_expires_at - now()) / 86400000) || ' days' END"
	" FROM endpoint n JOIN entity e ON e.id = n.entity_id JOIN source s ON s.id ="
	" e.source_id WHERE n.entity_id = :id"},
    {ANY & ~SOURCE, "config", BN_ROLE_DIM,
	"SELECT group_concat(a.name || ' ' || a.value, ' · ') FROM attribute a WHERE"
	" a.entity_id = :id AND a.value <> '' AND NOT (:kind = " SQL_PIPELINE
	" AND a.name IN ('paused', 'schedule'))"},
    {SOURCE, "auth", BN_ROLE_TEXT,
	"SELECT coalesce(s.auth, 'none') || coalesce(', expires ' ||"
	" " TIME("s.auth_expires_at") ", '') FROM source s WHERE s.name = :key"},
    {SOURCE, "last", BN_ROLE_TEXT,
	"SELECT " TIME("c.at") " || ' ' || c.what || coalesce(' ' || nullif(c.http_status,"
	" 0), '') || ' ' || human_ms(c.took_ms)"
	" || coalesce(' ' || c.bytes || ' bytes', '') || coalesce(': ' || c.error, ''),"
	" CASE WHEN c.error IS NULL THEN 0 ELSE 8 END"
	" FROM call c JOIN source s ON s.id = c.source_id WHERE s.name = :key ORDER BY c.at"
	" DESC, c.id DESC LIMIT 4"},
    {SOURCE, "broken", BN_ROLE_WARN,
	"SELECT s.skipped || ' items skipped in the latest poll' || coalesce(': ' ||"
	" s.skip_reason, '')"
	" FROM source s WHERE s.name = :key AND s.skipped > 0"},
    {SOURCE, "polled", BN_ROLE_DIM,
	"SELECT 'every ' || human_ms(s.interval_ms) || coalesce(' by ' || s.lease_holder, '')"
	" || coalesce(', last took ' || human_ms(s.took_ms), '') || coalesce(', next ' ||"
	" " TIME("s.next_poll_at") ", '')"
	" FROM source s WHERE s.name = :key"},
    {ANY, "open", BN_ROLE_WARN, findings_sql},
    {ANY, "acked", BN_ROLE_OK,
	"SELECT 'by ' || a.user || ' ' || " TIME("a.at") " || coalesce(': ' ||"
	" nullif(a.reason, ''), '') FROM ack_now a"
	" WHERE a.kind = kind_word(:kind) AND a.key = :key AND a.source IN ('', :source)"
	" ORDER BY a.seq DESC LIMIT 1"},
    {ANY, "snoozed", BN_ROLE_OFF,
	"SELECT 'by ' || z.user || ' until ' || " TIME("z.until") " || coalesce(': ' ||"
	" nullif(z.reason, ''), '') FROM snooze_now z"
	" WHERE z.kind = kind_word(:kind) AND z.key = :key AND z.source IN ('', :source)"
	" ORDER BY z.seq DESC LIMIT 1"},
    {ANY, "notes", BN_ROLE_TEXT,
	"SELECT " TIME("n.at") " || ' ' || n.user || ': ' || n.text FROM note_now n"
	" WHERE n.kind = kind_word(:kind) AND n.key = :key AND n.source IN ('', :source)"
	" ORDER BY n.seq DESC LIMIT 5"},
    {ANY & ~SOURCE, "owner", BN_ROLE_DIM, "SELECT owner FROM entity WHERE id = :id"},
    {ANY, "link", BN_ROLE_DIM, "SELECT url FROM entity WHERE id = :id"},
    {0, NULL, BN_ROLE_TEXT, NULL},
};

const struct bn_detail_query bn_detail_bare_finding = {1, "why", BN_ROLE_TEXT,
    "SELECT f.title || coalesce(': ' || nullif(f.message, ''), '') || ', since ' ||"
    " " TIME("f.since")
    " || " SILENCE " || coalesce(' · ' || f.url, ''), CASE f.severity WHEN 2 THEN 8 WHEN 1 THEN 7 ELSE 0 END"
    " FROM finding f WHERE f.closed_at IS NULL AND f.same_as IS NULL AND coalesce(f.about_kind, 0) = 0"
    " AND f.rule || '/' || f.key = :key ORDER BY f.severity DESC LIMIT 5"};
