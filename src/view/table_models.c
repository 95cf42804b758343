/* table_models.c - registered models with the versions that count, and every version of one model. */
/* SPDX-License-Identifier: MIT */
#include "view/model_sql.h"
#include "view/sql.h"
#include "view/tables.h"

/* A row is a model (v is all NULL then) or a version of it; m is the model of either, me its entity. */
#define IS_VERSION "v.entity_id IS NOT NULL"
#define STAGE                                                                                      \
	"(SELECT nullif(a.value, 'None') FROM attribute a WHERE a.entity_id = e.id AND a.name = "  \
	"'stage')"
/* Aliases of this version. */
#define ALIASES_FROM                                                                               \
	"FROM attribute a WHERE a.entity_id = v.model_id AND a.name GLOB 'alias:*'"                \
	" AND a.value = v.version"
#define MEANS_LIVE(word) "(instr(m.live, ',' || lower(" word ") || ',') > 0)"
/* Is this version what the model answers with now? */
#define LIVE_NOW                                                                                   \
	"(" IS_VERSION " AND (EXISTS (SELECT 1 " ALIASES_FROM                                      \
	" AND " MEANS_LIVE("substr(a.name, 7)") ") OR coalesce(" MEANS_LIVE(STAGE) ", 0)))"
/* Has the model such a version at all? */
#define ANY_LIVE                                                                                   \
	"(EXISTS (SELECT 1 FROM attribute a WHERE a.entity_id = m.entity_id AND a.name GLOB "      \
	"'alias:*'"                                                                                \
	" AND a.value IS NOT NULL AND " MEANS_LIVE(                                                \
	    "substr(a.name, 7)") ")"                                                               \
				 " OR EXISTS (SELECT 1 FROM model_version o JOIN attribute a ON "  \
				 "a.entity_id = o.entity_id"                                       \
				 "  AND a.name = 'stage' WHERE o.model_id = m.entity_id "          \
				 "AND " MEANS_LIVE("a.value") "))"

#define OWN_MEASURE(name)                                                                          \
	"(SELECT q.value FROM measure q WHERE q.entity_id = e.id AND q.name = " name ")"
/* Numbers from production are told of a version, or of the model (mo, see ROWS): then they are its live version's. */
#define MEASURE_OF(what, name)                                                                     \
	"coalesce((SELECT q." what " FROM measure q WHERE q.entity_id = e.id AND q.name = " name   \
	" AND " IS_VERSION "), (SELECT q." what " FROM measure q WHERE q.entity_id = mo.id"        \
	" AND q.name = " name "))"
#define PRODUCTION(name) MEASURE_OF("value", "'" name "'")
#define UNIT(name)	 MEASURE_OF("unit", "'" name "'")
/* In µs, whatever unit the source tells it in; ms where it tells none. */
#define LATENCY(name)                                                                              \
	"CAST(" PRODUCTION(name) " * CASE lower(" UNIT(                                            \
	    name) ") WHEN 's' THEN 1e6 WHEN 'seconds'"                                             \
		  " THEN 1e6 WHEN 'us' THEN 1 WHEN 'µs' THEN 1 WHEN 'microseconds' THEN 1 ELSE "  \
		  "1e3 END"                                                                        \
		  " AS INTEGER)"
/* A month where its unit says of what time it speaks, else as it was told. */
#define MONTHLY(name)                                                                              \
	"coalesce(" SQL_PER_MONTH(PRODUCTION(name), UNIT(name)) ", " PRODUCTION(name) ")"
#define COST_OF_1000                                                                               \
	"1000.0 * " SQL_PER_MONTH(PRODUCTION("cost"), UNIT("cost")) " / nullif(" SQL_PER_MONTH(    \
	    PRODUCTION("predictions"), UNIT("predictions")) ", 0)"
#define HIGH(name)                                                                                 \
	"CASE WHEN " PRODUCTION(name) " > " SQL_UTILISATION_HIGH " THEN " SQL_DEGRADED             \
				      " WHEN " PRODUCTION(name) " IS NOT NULL THEN " SQL_HEALTHY   \
								" END"

#define SERVING_NUMBERS                                                                            \
	"q.name IN ('p50', 'p95', 'p99', 'model-latency', 'overhead', 'cost', 'cpu', 'memory',"    \
	" 'traffic', 'predictions')"

#define KPI(what) SQL_KPI(what, "ko.id")
#define KPI_LEAST SQL_KPI_TARGET("least", "ko.id")
#define KPI_MOST  SQL_KPI_TARGET("most", "ko.id")
#define KPI_SERIES                                                                                 \
	"SELECT sr.id FROM series sr WHERE sr.entity_id = ko.id AND sr.name = " KPI("name")

/* The number that counts: the declared one, or the only one there is. */
#define METRIC                                                                                     \
	"coalesce(m.metric, (SELECT CASE count(*) WHEN 1 THEN substr(min(q.name), 6) END"          \
	" FROM measure q WHERE q.entity_id = e.id AND q.name GLOB 'eval:*'))"
#define EVAL	 OWN_MEASURE("'eval:' || " METRIC)
#define EVALLESS "(" EVAL " IS NULL AND (v.run_read OR v.run_key IS NULL))"
#define SHORT_NUMBER(x)                                                                            \
	"CASE WHEN abs(" x ") < 1 THEN replace(printf('%.3g', " x "), '0.', '.')"                  \
	" ELSE printf('%.4g', " x ") END"
#define EVAL_TEXT                                                                                  \
	"CASE WHEN " IS_VERSION " THEN CASE WHEN " EVAL " IS NOT NULL THEN"                        \
	" " METRIC " || ' ' || " SHORT_NUMBER(EVAL) " WHEN " EVALLESS " AND (m.metric IS NOT "     \
						    "NULL"                                         \
						    " OR NOT EXISTS (SELECT 1 FROM measure q "     \
						    "WHERE q.entity_id = e.id"                     \
						    "  AND q.name GLOB 'eval:*')) THEN 'no eval' " \
						    "END END"

/* Open findings about this row: of a model, about its versions too. */
#define FINDINGS                                                                                   \
	"FROM finding f WHERE f.closed_at IS NULL AND f.about_kind = " SQL_MODEL                   \
	" AND coalesce(f.about_source, e.source) = e.source AND (f.about_key = e.key"              \
	"  OR (v.entity_id IS NULL AND substr(f.about_key, 1, length(e.key) + 1) = e.key || '@'))"
#define WORST "(SELECT max(f.severity) " FINDINGS ")"

#define STATUS                                                                                     \
	"CASE WHEN e.stale THEN " SQL_UNKNOWN " WHEN " WORST " = 2 THEN " SQL_DOWN " WHEN " WORST  \
	" = 1 THEN " SQL_DEGRADED " WHEN e.status_now <> " SQL_HEALTHY " THEN e.status_now"        \
	" WHEN " LIVE_NOW " OR (v.entity_id IS NULL AND " ANY_LIVE ") THEN " SQL_HEALTHY           \
	" WHEN " PRODUCTION("traffic") " > 0 THEN " SQL_PROGRESSING " ELSE " SQL_QUEUED " END"

/* Where it answers; `nowhere` when it never did. Of a time that nobody observed it is what somebody declared at
 * the registry, and else not known. */
#define DECLARED_LIVE                                                                              \
	"(e.stale AND EXISTS (SELECT 1 FROM live_now ln WHERE ln.version_id = e.id"                \
	" AND ln.ended IS NULL))"
#define LIVE_ON                                                                                    \
	"CASE WHEN v.entity_id IS NULL THEN NULL WHEN " LIVE_NOW " OR " DECLARED_LIVE              \
	" THEN coalesce(m.live_on, m.serving)"                                                     \
	" WHEN " PRODUCTION("traffic") " > 0 THEN m.live_on WHEN NOT e.stale AND NOT EXISTS"       \
				       " (SELECT 1 FROM live_now ln WHERE ln.version_id = e.id) "  \
				       "THEN 'nowhere' END"

#define PSI_SERIES                                                                                 \
	"SELECT sr.id FROM series sr WHERE sr.name = 'psi' AND (sr.entity_id = e.id"               \
	" OR sr.entity_id = mo.id)"
#define PSI_14D SQL_DAILY(PSI_SERIES)

#define FLAGGED                                                                                    \
	"EXISTS (SELECT 1 FROM note_now nt WHERE nt.kind = 'model' AND nt.tag = 'flag'"            \
	" AND nt.source IN ('', e.source) AND nt.key IN (e.key, v.model_key))"

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, STATUS,
     "healthy: live; progressing: gets a share of the traffic, or is being registered; queued: "
     "registered, not live; degraded and down: a finding is open; unknown when stale"},
    {"level", "", 1, 1, BN_RIGHT, 3, BN_FORMAT_INT, NULL,
     "CASE WHEN " IS_VERSION " THEN 1 ELSE 0 END", "0 for a model, 1 for a version of it"},
    {"model", "MODEL", 16, 10, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "coalesce(v.model_key, e.key)",
     "The registered model"},
    {"version", "VERSION", 8, 6, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "v.version",
     "The version, as the registry counts; nothing in the row of a model"},
    {"title", "MODEL / VERSION", 20, 15, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     "CASE WHEN " IS_VERSION " THEN v.version ELSE e.key END",
     "What names the row under its model: the version; of a model itself its name"},
    {"created", "CREATED", 11, 7, BN_LEFT, 1, BN_FORMAT_TIME, NULL, "v.created_at",
     "When it was registered"},
    {"stage", "STAGE", 10, 6, BN_LEFT, 0, BN_FORMAT_TEXT, NULL,
     "coalesce((SELECT group_concat(word, ', ') FROM (SELECT substr(a.name, 7) AS word,"
     " " MEANS_LIVE("substr(a.name, 7)") " AS first " ALIASES_FROM " ORDER BY 2 DESC, 1)), " STAGE
					 ")",
     "Its aliases, the live one first; where it has none, its stage"},
    {"aliases", "ALIASES", 16, 8, BN_LEFT, 3, BN_FORMAT_JSON, NULL,
     "CASE WHEN " IS_VERSION
     " THEN (SELECT json_group_array(word) FROM (SELECT substr(a.name, 7) AS "
     "word " ALIASES_FROM " ORDER BY a.name)) END",
     "Its aliases as a list"},
    {"registry_stage", "REGISTRY", 10, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, STAGE,
     "Its stage in the registry, where one is set"},
    {"kind", "KIND", 8, 5, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "m.serving",
     "How it serves: endpoint, batch, embedded"},
    {"live_on", "LIVE ON", 16, 9, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, LIVE_ON,
     "Where it answers; `nowhere` when it never did; nothing where that is not known, because its "
     "registry was not read then and says nothing of that time"},
    {"live", "LIVE?", 5, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL,
     "CASE WHEN " IS_VERSION " THEN nullif(" LIVE_NOW " OR " DECLARED_LIVE
     ", CASE WHEN e.stale THEN 0 END) ELSE nullif(" ANY_LIVE ", CASE WHEN e.stale THEN 0 END) END",
     "Whether an alias or stage that means production points to it (`live-alias`); nothing where "
     "that is not known"},
    {"traffic", "TRAFFIC", 7, 5, BN_RIGHT, 1, BN_FORMAT_PERCENT, "%", PRODUCTION("traffic"),
     "Share of the traffic it answers, where a source measures it"},
    {"eval", "EVAL", 10, 9, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, EVAL_TEXT,
     "The declared number of its training run (offline); `no eval` where the run has none"},
    {"metric", "METRIC", 8, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, METRIC,
     "Name of that number: `metric` of the configuration, or the only one there is"},
    {"better", "BETTER", 6, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "m.better",
     "Whether a lower or a higher number is better"},
    {"eval_value", "OFFLINE", 8, 5, BN_RIGHT, 3, BN_FORMAT_NUMBER, NULL, EVAL, "The number itself"},
    {"eval_delta", "DELTA", 8, 5, BN_RIGHT, 3, BN_FORMAT_NUMBER, NULL,
     "CASE WHEN " IS_VERSION " AND NOT " LIVE_NOW " THEN " EVAL
     " - (SELECT q.value FROM live_now ln JOIN entity k ON k.id = ln.version_id"
     "  JOIN measure q ON q.entity_id = k.id AND q.name = 'eval:' || " METRIC
     " WHERE ln.model_id = v.model_id AND ln.ended IS NULL"
     "  ORDER BY ln.began DESC LIMIT 1) END",
     "Its difference to the live version's"},
    {"quality", "LIVE", 6, 5, BN_RIGHT, 0, BN_FORMAT_NUMBER, NULL, PRODUCTION("live"),
     "The same as measured in production"},
    {"psi", "PSI", 5, 4, BN_RIGHT, 0, BN_FORMAT_NUMBER, NULL, PRODUCTION("psi"),
     "Population stability index of its input: how far it drifted"},
    {"psi_state", "DRIFT", 5, 4, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     "CASE WHEN " PRODUCTION("psi") " IS NULL THEN NULL WHEN " PRODUCTION(
	 "psi") " >= m.psi_bad THEN 'bad' WHEN " PRODUCTION("psi") " >= m.psi_warn THEN 'warn' "
								   "ELSE 'ok' END",
     "ok, warn or bad by the model's own thresholds (0.1 and 0.2)"},
    {"psi_age", "PSI AGE", 7, 5, BN_RIGHT, 3, BN_FORMAT_AGE, "s",
     "now() - " MEASURE_OF("at", "'psi'"), "How long ago that was measured"},
    {"psi_14d", "PSI 14d", 10, 7, BN_LEFT, 2, BN_FORMAT_SPARK, NULL,
     "CASE WHEN " IS_VERSION " THEN " PSI_14D " END",
     "Its daily mean over fourteen days, oldest first; holes where nothing was measured"},
    {"psi_mark", "DRIFT?", 6, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL,
     "CASE WHEN " PRODUCTION("psi") " >= m.psi_warn THEN " SQL_DEGRADED " WHEN " PRODUCTION(
	 "psi") " IS NOT NULL THEN " SQL_HEALTHY " END",
     "How its drift stands"},
    {"p50", "p50", 6, 4, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", LATENCY("p50"),
     "Median of the time it takes to answer"},
    {"p95", "p95", 6, 4, BN_RIGHT, 2, BN_FORMAT_MILLIS, "ms", LATENCY("p95"),
     "95th percentile of the time it takes to answer"},
    {"p99", "p99", 6, 4, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", LATENCY("p99"),
     "99th percentile of the time it takes to answer"},
    {"model_latency", "MODEL", 6, 4, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", LATENCY("model-latency"),
     "The part of that time which the model itself takes"},
    {"overhead", "OVERHEAD", 8, 4, BN_RIGHT, 3, BN_FORMAT_MILLIS, "ms", LATENCY("overhead"),
     "The part of that time which what is around it takes"},
    {"cost", "$/MO", 6, 4, BN_RIGHT, 2, BN_FORMAT_NUMBER, "USD/month", MONTHLY("cost"),
     "What it costs a month, where a source says it; another currency is in `cost_unit`"},
    {"cpu", "CPU%", 4, 4, BN_RIGHT, 2, BN_FORMAT_PERCENT, "%", PRODUCTION("cpu"),
     "Share of its processors that it uses; marked over " SQL_UTILISATION_HIGH "%"},
    {"memory", "MEM%", 4, 4, BN_RIGHT, 2, BN_FORMAT_PERCENT, "%", PRODUCTION("memory"),
     "Share of its memory that it uses; marked over " SQL_UTILISATION_HIGH "%"},
    {"cpu_mark", "CPU?", 4, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL, HIGH("cpu"),
     "Whether that is too much"},
    {"memory_mark", "MEM?", 4, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL, HIGH("memory"),
     "Whether that is too much"},
    {"predictions", "PRED/MO", 7, 5, BN_RIGHT, 3, BN_FORMAT_INT, "1/month", MONTHLY("predictions"),
     "How many predictions it makes a month, where a source counts them"},
    {"cost_1000", "$/1000", 7, 5, BN_RIGHT, 3, BN_FORMAT_NUMBER, "USD", COST_OF_1000,
     "What a thousand predictions cost: of `cost` and `predictions`, where both are told with a "
     "time"},
    {"cost_unit", "CURRENCY", 8, 3, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     "CASE WHEN instr(" UNIT("cost") ", '/') > 0 THEN " SQL_CURRENCY(UNIT("cost")) " ELSE " UNIT(
	 "cost") " END",
     "In which currency costs are told"},
    {"measured", "MEASURED", 8, 5, BN_RIGHT, 3, BN_FORMAT_AGE, "s",
     "now() - coalesce((SELECT min(q.at) FROM measure q WHERE q.entity_id = e.id AND " IS_VERSION
     " AND q.value IS NOT NULL AND " SERVING_NUMBERS
     "), (SELECT min(q.at) FROM measure q WHERE q.entity_id = mo.id"
     " AND q.value IS NOT NULL AND " SERVING_NUMBERS "))",
     "How old the oldest of its numbers from production is (latency, cost, utilisation, traffic, "
     "predictions)"},
    {"age", "AGE", 6, 6, BN_RIGHT, 0, BN_FORMAT_AGE, "s", "now() - v.created_at",
     "How long ago it was registered"},
    {"note", "NOTE", 0, 12, BN_LEFT, 1, BN_FORMAT_TEXT, NULL,
     "(SELECT f.title " FINDINGS " ORDER BY f.severity DESC, f.since LIMIT 1)",
     "The worst of what is wrong with it"},
    {"flagged", "FLAG", 4, 3, BN_LEFT, 1, BN_FORMAT_BOOL, NULL, FLAGGED,
     "Whether somebody flagged it (`note add model/NAME --tag flag`)"},
    {"kpi", "KPI", 16, 8, BN_LEFT, 3, BN_FORMAT_JSON, NULL,
     "(SELECT CASE WHEN count(*) > 0 THEN json_group_array(json_object('name', substr(q.name, 5), "
     "'value',"
     "  q.value, 'unit', q.unit, 'least', " SQL_TARGET(
	 "least", "q.entity_id",
	 "q.name") ", 'most', " SQL_TARGET("most", "q.entity_id",
					   "q.name") ", 'age', (now() - q.at) / 1000)) END"
						     " FROM measure q WHERE q.entity_id = ko.id "
						     "AND q.name GLOB 'kpi:*')",
     "What it does for the business: the measures named kpi:, each with its target (least or most) "
     "and age"},
    {"kpi_name", "KPI NAME", 14, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "substr(" KPI("name") ", 5)",
     "Name of the first of them"},
    {"kpi_value", "KPI VALUE", 9, 5, BN_RIGHT, 3, BN_FORMAT_NUMBER, NULL, KPI("value"),
     "Its value"},
    {"kpi_text", "KPI", 10, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     SQL_WITH_UNIT(KPI("value"), KPI("unit")), "Its value with its unit"},
    {"kpi_target", "TARGET", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     SQL_TARGET_TEXT(KPI_LEAST, KPI_MOST, KPI("unit")), "What it should be"},
    {"kpi_mark", "KPI?", 4, 1, BN_LEFT, 3, BN_FORMAT_STATUS, NULL,
     SQL_TARGET_STATE(KPI("value"), KPI("at"), KPI_LEAST, KPI_MOST), "Whether it is"},
    {"kpi_age", "KPI AGE", 7, 5, BN_RIGHT, 3, BN_FORMAT_AGE, "s", "now() - " KPI("at"),
     "How long ago that was measured"},
    {"kpi_14d", "KPI 14d", 14, 7, BN_LEFT, 3, BN_FORMAT_SPARK, NULL, SQL_DAILY(KPI_SERIES),
     "Its daily mean over fourteen days, oldest first; holes where nothing was measured"},
    {"live_from", "LIVE FROM", 11, 8, BN_LEFT, 3, BN_FORMAT_TIME, NULL,
     "(SELECT max(ln.began) FROM live_now ln WHERE ln.version_id = e.id)",
     "When it last went live"},
    {"live_until", "LIVE UNTIL", 11, 8, BN_LEFT, 3, BN_FORMAT_TIME, NULL,
     "(SELECT CASE WHEN count(*) > 0 AND sum(ln.ended IS NULL) = 0 THEN max(ln.ended) END"
     " FROM live_now ln WHERE ln.version_id = e.id)",
     "When that ended; nothing while it is live, or where it never was"},
    {"approved_by", "APPROVED BY", 12, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "v.approved_by",
     "Who approved it, as its tags say"},
    {"change", "CHANGE", 14, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "v.change",
     "The change that made it live, as its tags say"},
    {"data_from", "DATA FROM", 11, 8, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "v.data_from",
     "Begin of the window of its training data, where tags or parameters declare it"},
    {"data_to", "DATA TO", 11, 8, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "v.data_to", "End of it"},
    {"train_time", "TRAINING", 8, 6, BN_LEFT, 3, BN_FORMAT_DURATION, "s",
     "v.train_finished_at - v.train_started_at", "How long its training run took"},
    {"trained", "TRAINED", 11, 8, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "v.train_finished_at",
     "When its training run ended"},
    {"image", "IMAGE", 16, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "v.image", "Its image"},
    {"framework", "FRAMEWORK", 12, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "v.framework",
     "What it was made with"},
    {"run", "RUN", 32, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "v.run_key", "Its training run"},
    {"artifact", "ARTIFACT", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "v.artifact",
     "Where its artifact lies"},
    {"signature", "SIGNATURE", 40, 12, BN_LEFT, 3, BN_FORMAT_JSON, NULL, "v.signature",
     "Names and types of what goes in and comes out, where the registry tells them"},
    {"updated", "UPDATED", 11, 8, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "v.updated_at",
     "When the registry last changed it"},
    {"params", "PARAMS", 30, 12, BN_LEFT, 3, BN_FORMAT_JSON, NULL, "v.params",
     "Parameters of its training run"},
    {"tags", "TAGS", 30, 12, BN_LEFT, 3, BN_FORMAT_JSON, NULL, "coalesce(v.tags, e.labels)",
     "Its tags in the registry"},
    {"platform_status", "STATE", 10, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.raw_status",
     "The registry's own word"},
    {"message", "MESSAGE", 30, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.message",
     "What the registry says about it"},
    {"owner", "OWNER", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "coalesce(e.owner, me.owner)",
     "Who looks after it"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.source",
     "The configured source it comes from"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.key", "Key within the source"},
    {"url", "LINK", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.url", "Its page in the registry"},
    {"read", "READ", 6, 4, BN_RIGHT, 3, BN_FORMAT_AGE, "s", "e.age_ms",
     "How long ago the registry was last read"},
    {"stale", "STALE", 5, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL, "e.stale",
     "Whether that is too long ago to be believed"},
    {NULL},
};

/* lv: how many of a model's versions are live (two under two aliases, say), and which is if it is one. */
#define LIVE_VERSIONS                                                                              \
	"(SELECT lm.entity_id AS model_id, count(DISTINCT lx.version) AS n, max(lx.version) AS"    \
	" sole FROM model lm LEFT JOIN (SELECT a.entity_id AS model_id, a.value AS version,"       \
	"   substr(a.name, 7) AS word FROM attribute a WHERE a.name GLOB 'alias:*'"                \
	"  UNION ALL SELECT o.model_id, o.version, a.value FROM model_version o JOIN attribute a"  \
	"   ON a.entity_id = o.entity_id AND a.name = 'stage') lx ON lx.model_id = lm.entity_id"   \
	"  AND lx.version IS NOT NULL AND instr(lm.live, ',' || lower(lx.word) || ',') > 0"        \
	" GROUP BY lm.entity_id)"
/* mo: the model whose own numbers are shown in the row: that of the one live version; where none is live or more than
 * one, they stand with the model itself. ko: the thing whose KPIs are. */
#define ROWS                                                                                       \
	"FROM entity_now e LEFT JOIN model_version v ON v.entity_id = e.id"                        \
	" LEFT JOIN model m ON m.entity_id = coalesce(v.model_id, e.id)"                           \
	" LEFT JOIN entity me ON me.id = m.entity_id"                                              \
	" LEFT JOIN " LIVE_VERSIONS " lv ON lv.model_id = m.entity_id"                             \
	" LEFT JOIN entity mo ON mo.id = CASE WHEN CASE WHEN v.entity_id IS NULL THEN lv.n <> 1"   \
	"  ELSE lv.n = 1 AND lv.sole = v.version END THEN m.entity_id END"                         \
	" LEFT JOIN entity ko ON ko.id = CASE WHEN v.entity_id IS NULL OR EXISTS (SELECT 1 FROM"   \
	"  measure kx WHERE kx.entity_id = e.id AND kx.name GLOB 'kpi:*') THEN e.id ELSE mo.id"    \
	"  END WHERE e.kind = " SQL_MODEL

/* What a person wants to see of a model: its versions with a name, the newest, and those in trouble. */
#define NOTABLE                                                                                    \
	"(v.entity_id IS NULL OR EXISTS (SELECT 1 " ALIASES_FROM ") OR " STAGE                     \
	" NOT IN ('Archived') OR " WORST " >= 1 OR e.id = (SELECT n.entity_id FROM model_version " \
	"n"                                                                                        \
	"  JOIN entity ne ON ne.id = n.entity_id AND ne.gone_at IS NULL"                           \
	"  WHERE n.model_id = v.model_id ORDER BY n.created_at DESC, n.entity_id DESC LIMIT 1))"

/* The worst of a model and its versions, so that they stay together. */
#define FAMILY_WORST                                                                               \
	"(SELECT max(f.severity) FROM finding f WHERE f.closed_at IS NULL AND f.about_kind "       \
	"= " SQL_MODEL " AND coalesce(f.about_source, e.source) = e.source"                        \
	" AND (f.about_key = coalesce(v.model_key, e.key)"                                         \
	"  OR substr(f.about_key, 1, length(coalesce(v.model_key, e.key)) + 1)"                    \
	"   = coalesce(v.model_key, e.key) || '@'))"

const struct bn_view_table bn_table_models = {
    .name = "models",
    .schema = 1,
    .kind = BN_MODEL,
    .doc = "Registered models, each followed by its versions that count: those with an alias or a "
	   "stage, the newest, and those that something is wrong with.",
    .from = ROWS " AND (:key IS NOT NULL OR " NOTABLE ")",
    .row_sql = "e.id",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = STATUS,
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order =
	"coalesce(" FAMILY_WORST ", -1) DESC, coalesce(v.model_key, e.key), e.source, " IS_VERSION
	", v.created_at DESC, " LIVE_NOW " DESC, v.version DESC",
    .problem_sql = "(status_problem(" STATUS ") OR " STATUS " = " SQL_UNKNOWN ")",
    .time_sql = "coalesce(v.updated_at, e.first_seen_at)",
    .search_sql = "e.name || char(10) || e.key || char(10) || coalesce(e.message, '')",
    .name_sql = "e.name",
    .columns = columns,
};

/* The scope may be a model. */
const struct bn_view_table bn_table_versions = {
    .name = "versions",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "Every version of registered models, the newest first.",
    .from = ROWS " AND " IS_VERSION " AND (:key IS NULL OR (v.model_key = :key"
		 " AND (:source IS NULL OR e.source = :source)))",
    .row_sql = "e.id",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = STATUS,
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order = "v.model_key, v.created_at DESC, v.version DESC",
    .problem_sql = "(status_problem(" STATUS ") OR " STATUS " = " SQL_UNKNOWN ")",
    .time_sql = "coalesce(v.updated_at, e.first_seen_at)",
    .search_sql = "e.name || char(10) || e.key || char(10) || coalesce(e.message, '')",
    .name_sql = "e.name",
    .columns = columns,
};
