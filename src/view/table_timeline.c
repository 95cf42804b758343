/* table_timeline.c - everything that happened, in one list; notes; and what changed around one thing. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* A thing seen for the first time is no event; a run is. */
/* clang-format off */
/* Every part gives: at, mark (status number), kind (word), entity, what, who, evidence, link, source, ekind, ekey. */
#define SPAN(at) at " >= coalesce(:since, now() - 86400000) AND " at " <= coalesce(:until, now())"
#define ABOUT(source, kind, key)                                                                   \
	" AND (:key IS NULL OR (" key " = :key AND " kind " = :kind"                               \
	" AND (:source IS NULL OR " source " = :source)))"

/* A status entered again without having been seen to be left counts for runs: they failed again. */
#define TRANSITIONS                                                                                \
	"SELECT t.at, coalesce(t.new, " SQL_UNKNOWN ") AS mark, kind_word(e.kind) AS kind,"        \
	" coalesce(pe.name, e.name) AS entity,"                                                    \
	" CASE WHEN t.new IS NULL THEN 'gone' ELSE status_word(t.new) END"                         \
	"  || CASE WHEN t.old IS t.new THEN ' again' ELSE '' END"                                  \
	"  || CASE WHEN r.tasks_failed > 0 AND t.new = " SQL_FAILED " THEN ' ' || r.tasks_failed"  \
	"   || CASE WHEN r.tasks_skipped > 0 THEN ', skipped ' || r.tasks_skipped ELSE '' END"     \
	"   ELSE '' END || CASE WHEN t.message <> '' THEN ': ' || t.message ELSE '' END AS what,"  \
	" NULL AS who, CASE WHEN pe.id IS NOT NULL THEN e.name WHEN e.kind = " SQL_SOURCE          \
	"  THEN 'polls of ' || e.key ELSE s.name || coalesce(': ' || nullif(t.raw, ''), '') END"   \
	" AS evidence, e.url AS link,"                                                             \
	" s.name AS source, e.kind AS ekind, e.key AS ekey"                                        \
	" FROM transition t JOIN entity e ON e.id = t.entity_id JOIN source s ON s.id = e.source_id" \
	" LEFT JOIN run r ON r.entity_id = e.id LEFT JOIN entity pe ON pe.id = r.pipeline_id"      \
	" WHERE " SPAN("t.at") " AND (t.old IS NOT t.new OR e.kind = " SQL_RUN ")"                 \
	" AND (t.old IS NOT NULL OR e.kind = " SQL_RUN ")"                                           \
	" AND (:key IS NULL OR ((:source IS NULL OR s.name = :source)"                             \
	"  AND ((e.key = :key AND e.kind = :kind)"                                                 \
	"   OR (:kind = " SQL_PIPELINE " AND pe.key = :key))))"
/* What a rule found in a stream is seen in one of its minutes. */
#define FINDINGS(at, mark, kind, suffix)                                                           \
	"SELECT f." at ", " mark ", '" kind "', coalesce(f.about_key, f.title), f.title || " suffix \
	", NULL, 'finding ' || f.id || CASE f.about_kind WHEN " SQL_STREAM " THEN ', ' || f.about_key" \
	"  || ' at ' || strftime('%H:%MZ', f.since / 1000, 'unixepoch') ELSE ', rule ' || f.rule END," \
	" f.url, coalesce(f.about_source, ''), coalesce(f.about_kind, 0),"                         \
	" coalesce(f.about_key, f.rule || '/' || f.key) FROM finding f WHERE " SPAN("f." at)        \
	ABOUT("f.about_source", "f.about_kind", "f.about_key")
#define ATTRIBUTES                                                                                 \
	"SELECT h.at, " SQL_PROGRESSING ", 'change', e.name, h.name || ' ' || coalesce(h.old, '')" \
	" || ' to ' || coalesce(h.new, ''), NULL, s.name || ': ' || h.name, e.url, s.name, e.kind, e.key" \
	" FROM attribute_history h JOIN entity e ON e.id = h.entity_id"                            \
	" JOIN source s ON s.id = e.source_id WHERE " SPAN("h.at") " AND h.old IS NOT NULL"        \
	ABOUT("s.name", "e.kind", "e.key")
#define COMMITS                                                                                    \
	"SELECT c.at, " SQL_PROGRESSING ", 'commit', coalesce(c.merge, c.repo), c.subject,"        \
	" c.author, substr(c.id, 1, 10), NULL, c.repo, 0, c.id FROM commit_log c WHERE " SPAN("c.at") \
	" AND (:key IS NULL OR EXISTS (SELECT 1 FROM link d JOIN commit_file cf"                   \
	"  ON cf.repo = d.from_source AND cf.path = d.from_key WHERE cf.repo = c.repo"             \
	"  AND cf.id = c.id AND d.kind = 'defines' AND d.to_kind = :kind AND d.to_key = :key"      \
	"  AND (:source IS NULL OR d.to_source IN ('', :source))))"
#define OF_BODY(path) "CASE WHEN json_valid(j.body) THEN json_extract(j.body, '" path "') END"
/* A retry is told as one, not as the records that it consists of; and so are many under one record. */
#define RECORD_WORDS                                                                               \
	"coalesce(CASE j.verb WHEN 'intent' THEN " OF_BODY("$.verb")                                \
	"  WHEN 'sending' THEN 'retry sent'"                                                       \
	"  WHEN 'outcome' THEN 'retry ' || " OF_BODY("$.state") " || coalesce(': ' || " OF_BODY("$.answer") ", '')" \
	"  WHEN 'bulk' THEN 'bulk ' || " OF_BODY("$.verb") " || ' of ' || json_array_length(" OF_BODY("$.targets") ")" \
	"  WHEN 'bulk-end' THEN 'bulk ' || " OF_BODY("$.state") " || coalesce(': ' || " OF_BODY("$.text") ", '')" \
	" END, j.verb)"
#define RECORDS                                                                                    \
	"SELECT j.at, " SQL_HEALTHY ", CASE j.verb WHEN 'intent' THEN coalesce(" OF_BODY("$.verb")  \
	"  , 'intent') ELSE j.verb END, CASE WHEN j.key <> '' THEN j.key WHEN j.verb IN ('bulk', 'bulk-end')" \
	"  THEN 'bulk ' || coalesce(j.parent, j.seq) ELSE '' END, " RECORD_WORDS                   \
	" || CASE WHEN j.reason <> '' THEN ': ' || j.reason ELSE '' END, j.user, 'record ' || j.seq, NULL, j.source," \
	" j.kind, j.key FROM record j WHERE " SPAN("j.at")                                         \
	" AND (:key IS NULL OR (j.key = :key AND j.kind = kind_word(:kind)"                        \
	"  AND (:source IS NULL OR j.source IN ('', :source))))"
/* What nobody watched: from the end of one span of coverage to the begin of the next. */
#define GAPS                                                                                       \
	"SELECT g.at, " SQL_UNKNOWN ", 'gap', g.name, 'not observed for ' || human_ms(g.until - g.at)" \
	", NULL, 'coverage of ' || g.name, NULL, g.name, " SQL_SOURCE ", g.name FROM (SELECT s.name," \
	"  o.ended AS at, (SELECT min(n.began) FROM observed n WHERE n.source_id = o.source_id"    \
	"   AND n.began > o.began) AS until FROM observed o JOIN source s ON s.id = o.source_id) g" \
	" WHERE g.until IS NOT NULL AND " SPAN("g.at") ABOUT("g.name", SQL_SOURCE, "g.name")

/* Where an event belongs in the hour at a glance. */
#define GROUP                                                                                      \
	"CASE WHEN x.kind IN ('change', 'commit') THEN 'changes' WHEN x.who IS NOT NULL THEN 'people'" \
	" WHEN x.ekind IN (" SQL_PIPELINE ", " SQL_RUN ", " SQL_TASK ") THEN 'runs'"               \
	" WHEN x.ekind = " SQL_MODEL " THEN 'models' WHEN x.ekind = " SQL_STREAM " THEN 'streams'" \
	" ELSE 'infra' END"

/* clang-format on */

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, "x.mark", "Mark of the event"},
    {"at", "TIME", 8, 8, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "x.at", "When it happened"},
    {"kind", "KIND", 8, 6, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.kind",
     "The kind of thing whose status changed, or: finding, recovered, change, commit, gap (nobody "
     "watched), ack, snooze, note …"},
    {"group", "GROUP", 8, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, GROUP,
     "Where it belongs: runs, changes, models, infra, streams, people"},
    {"entity", "ENTITY", 20, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.entity",
     "What it happened to"},
    {"what", "WHAT", 0, 16, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.what", "What happened"},
    {"who", "WHO", 10, 5, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "x.who",
     "Who did it, where a person did"},
    {"evidence", "EVIDENCE", 22, 8, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "x.evidence",
     "Where it can be looked up: run, rule, commit, journal record"},
    {"link", "LINK", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.link",
     "The page on the platform that shows it"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.source",
     "The source or repository it comes from"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.ekey", "Key of the thing"},
    {NULL},
};

const struct bn_view_table bn_table_timeline = {
    .name = "timeline",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "Everything that happened, newest first: statuses, findings, changes, commits, what "
	   "people did. "
	   "Without --since, the last 24 hours.",
    .from = "FROM (" TRANSITIONS " UNION ALL " FINDINGS(
	"since",
	"CASE f.severity WHEN 2 THEN " SQL_FAILED " WHEN 1 THEN " SQL_DEGRADED " ELSE " SQL_HEALTHY
	" END",
	"finding", "''") " UNION ALL " FINDINGS("closed_at", SQL_SUCCEEDED, "recovered",
						"': over'") " UNION ALL " ATTRIBUTES
							    " UNION ALL " COMMITS
							    " UNION ALL " RECORDS " UNION ALL " GAPS
							    ") x WHERE 1",
    .id_sql = "x.source, x.ekind, x.ekey",
    .status_sql = "x.mark",
    .stale_sql = "0",
    .order = "x.at DESC, x.kind, x.entity",
    .problem_sql = "status_problem(x.mark)",
    .time_sql = "x.at",
    .search_sql = "x.entity || char(10) || x.what || char(10) || coalesce(x.who, '')",
    .name_sql = "x.entity",
    .columns = columns,
};

static const struct bn_column note_columns[] = {
    {"at", "TIME", 8, 8, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "j.at", "When it was written"},
    {"who", "WHO", 12, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "j.user", "Who wrote it"},
    {"about", "ABOUT", 24, 10, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "nullif(j.key, '')",
     "The thing it is about"},
    {"note", "NOTE", 0, 16, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "j.reason", "What was written"},
    {"tag", "TAG", 10, 5, BN_LEFT, 2, BN_FORMAT_TEXT, NULL,
     "CASE WHEN json_valid(j.body) THEN json_extract(j.body, '$.tag') END", "Its tag"},
    {"kind", "KIND", 9, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "nullif(j.kind, '')",
     "Kind of that thing"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "nullif(j.source, '')",
     "Source of that thing"},
    {"seq", "RECORD", 6, 4, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "j.seq",
     "Number of the record in the journal"},
    {NULL},
};

const struct bn_view_table bn_table_notes = {
    .name = "notes",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "Notes people left, newest first.",
    .from = "FROM record j WHERE j.verb = 'note' AND (:key IS NULL OR (j.key = :key"
	    " AND j.kind = kind_word(:kind) AND (:source IS NULL OR j.source IN ('', :source))))",
    .id_sql = "j.source, kind_number(j.kind), j.key",
    .order = "j.seq DESC",
    .time_sql = "j.at",
    .search_sql = "j.reason || char(10) || j.key",
    .name_sql = "j.key",
    .columns = note_columns,
};

/* clang-format off */
/* The thing in scope (a run stands for its pipeline too) and everything upstream of it, with its source. */
#define UPSTREAM                                                                                   \
	"WITH RECURSIVE mine(id) AS (SELECT e.id FROM entity e JOIN source s ON s.id = e.source_id" \
	"  WHERE e.kind = :kind AND e.key = :key AND (:source IS NULL OR s.name = :source)"        \
	" UNION SELECT r.pipeline_id FROM mine JOIN run r ON r.entity_id = mine.id), " SQL_BEGAN "," \
	" up(source, kind, key) AS (SELECT coalesce(:source, ''), :kind, :key"                     \
	" UNION SELECT rs.name, " SQL_PIPELINE ", pe.key FROM entity re JOIN source rs"            \
	"  ON rs.id = re.source_id JOIN run r ON r.entity_id = re.id"                              \
	"  JOIN entity pe ON pe.id = r.pipeline_id WHERE :kind = " SQL_RUN " AND re.kind = " SQL_RUN \
	"  AND re.key = :key AND (:source IS NULL OR rs.name = :source)"                           \
	" UNION SELECT CASE l.from_source WHEN '' THEN up.source ELSE l.from_source END,"          \
	"  l.from_kind, l.from_key FROM up JOIN link l ON l.to_kind = up.kind"                     \
	"  AND l.to_key = up.key AND (l.to_source IN ('', up.source) OR up.source = '')"           \
	"  WHERE l.kind NOT IN ('defines', 'retry-of') LIMIT 10000),"                              \
	" thing(id, source, kind, key, name) AS MATERIALIZED (SELECT e.id, s.name, e.kind, e.key,"  \
	"  e.name FROM up JOIN entity e ON e.kind = up.kind AND e.key = up.key"                    \
	"  JOIN source s ON s.id = e.source_id WHERE up.source IN ('', s.name)) "
#define DAY(at)                                                                                    \
	at " >= coalesce(:since, coalesce((SELECT at FROM began), now()) - 86400000) AND " at      \
	   " <= coalesce(:until, now())"
/* Which heading a changed attribute belongs under. */
#define GROUP_OF(name)                                                                             \
	"CASE WHEN " name " IN ('schedule', 'paused', 'timezone') THEN 'schedule'"                 \
	" WHEN " name " IN ('alias', 'live', 'weight', 'variant', 'stage', 'version') THEN 'model'" \
	" WHEN " name " IN ('revision', 'image', 'definition') THEN 'code' ELSE 'infra' END"
/* The tasks that failed in the run, or latest run, in scope: a file called like one of them defines it. */
#define FAILED_TASKS                                                                               \
	"SELECT t.name FROM thing h JOIN run r ON r.entity_id = CASE h.kind WHEN " SQL_RUN         \
	" THEN h.id ELSE (SELECT p.latest_run_id FROM pipeline p WHERE p.entity_id = h.id) END"    \
	" JOIN task t ON t.run_id = r.entity_id AND t.attempt = r.attempt"                         \
	" WHERE t.status = " SQL_FAILED

/* The parts of what changed; each gives grp, at, what, who, entity, evidence, source, ekind, ekey, id, came. One
 * commit may touch many files that define many things: one row, with one file named. */
#define COMMIT "'code', c.at, coalesce(c.merge || ' ', '') || c.subject, c.author"
/* When it came into effect: what was written on a branch, with the merge that has its subject. */
#define CAME                                                                                       \
	"CASE WHEN c.merge IS NULL THEN (SELECT min(m.at) FROM commit_log m WHERE +m.repo = c.repo" \
	"  AND m.subject = c.subject AND m.merge IS NOT NULL AND m.at >= c.at) END"
#define DEFINING                                                                                   \
	"SELECT " COMMIT ", (SELECT h.name FROM thing h WHERE h.kind = d.to_kind"                  \
	"  AND h.key = d.to_key), cf.path, c.repo, d.to_kind, d.to_key, c.id, " CAME               \
	" FROM up JOIN link d ON d.kind = 'defines' AND d.to_kind = up.kind"                       \
	"  AND d.to_key = up.key AND (d.to_source IN ('', up.source) OR up.source = '')"           \
	" JOIN commit_file cf ON cf.repo = d.from_source AND cf.path = d.from_key"                 \
	" JOIN commit_log c ON c.repo = cf.repo AND c.id = cf.id WHERE " DAY("c.at")
#define OF_TASKS                                                                                   \
	"SELECT " COMMIT ", k.name, cf.path, c.repo, " SQL_TASK ", k.name, c.id, " CAME            \
	" FROM commit_log c JOIN commit_file cf ON cf.repo = c.repo AND cf.id = c.id"              \
	" JOIN (" FAILED_TASKS ") k ON instr('/' || cf.path, '/' || k.name || '.') > 0"            \
	" WHERE " DAY("c.at")
#define ATTRIBUTES_OF                                                                              \
	"SELECT " GROUP_OF("a.name") ", a.at, a.name || ' ' || coalesce(a.old, 'unset')"           \
	" || ' to ' || coalesce(a.new, 'unset'), NULL, h.name, NULL, h.source, h.kind, h.key,"     \
	" 'a' || a.id, NULL FROM thing h JOIN attribute_history a ON a.entity_id = h.id"           \
	" WHERE a.old IS NOT NULL AND " DAY("a.at")
#define TROUBLE_UPSTREAM                                                                           \
	"SELECT 'data', t.at, status_word(t.new) || coalesce(': ' || nullif(t.message, ''), ''),"  \
	" NULL, h.name, NULL, h.source, h.kind, h.key, 't' || t.id, NULL"                          \
	" FROM thing h JOIN transition t ON t.entity_id = h.id WHERE status_problem(t.new)"        \
	" AND NOT (h.kind = :kind AND h.key = :key) AND " DAY("t.at")
#define TROUBLE_OF_SOURCE                                                                          \
	"SELECT 'infra', s.failing_since, coalesce(s.last_error, s.state), NULL, s.name, NULL,"    \
	" s.name, " SQL_SOURCE ", s.name, 's' || s.id, NULL FROM source s"                         \
	" WHERE s.failing_since IS NOT NULL AND s.name IN (SELECT source FROM thing)"              \
	" AND " DAY("s.failing_since")
#define CHANGES                                                                                    \
	"FROM (" UPSTREAM "SELECT grp, at, what, who, min(entity) AS entity,"                      \
	" max(CASE WHEN path IS NULL THEN NULL ELSE substr(id, 1, 10) || ' ' || path END)"         \
	"  || CASE WHEN count(DISTINCT path) > 1 THEN ' +' || (count(DISTINCT path) - 1) ELSE ''"  \
	"  END AS evidence, source, min(ekind) AS ekind, min(ekey) AS ekey,"                       \
	" coalesce(min(came), at) > (SELECT at FROM began) AS later"                               \
	" FROM (SELECT NULL AS grp, NULL AS at, NULL AS what, NULL AS who, NULL AS entity,"        \
	"  NULL AS path, NULL AS source, NULL AS ekind, NULL AS ekey, NULL AS id, NULL AS came WHERE 0" \
	"  UNION ALL " DEFINING " UNION ALL " OF_TASKS " UNION ALL " ATTRIBUTES_OF                 \
	"  UNION ALL " TROUBLE_UPSTREAM " UNION ALL " TROUBLE_OF_SOURCE ")"                        \
	" GROUP BY source, id) x WHERE 1"
/* clang-format on */

static const struct bn_column changed_columns[] = {
    {"group", "KIND", 8, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.grp",
     "code, schedule, infra, model or data"},
    {"at", "TIME", 8, 8, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "x.at", "When it changed"},
    {"when", "WHEN", 6, 6, BN_LEFT, 0, BN_FORMAT_TEXT, NULL,
     "CASE x.later WHEN 0 THEN 'before' WHEN 1 THEN 'after' END",
     "Before or after the trouble with the thing began; nothing where there is none, or no thing "
     "is named"},
    {"what", "WHAT", 0, 16, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.what", "What changed"},
    {"who", "WHO", 14, 6, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "x.who", "Who changed it"},
    {"entity", "THING", 20, 10, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "x.entity",
     "The thing it defines or happened to"},
    {"evidence", "EVIDENCE", 24, 10, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "x.evidence",
     "Commit and file, or source"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.source",
     "The repository or source"},
    {NULL},
};

const struct bn_view_table bn_table_changed = {
    .name = "changed",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc =
	"What changed around one thing and what is upstream of it: commits on the files that "
	"define it, "
	"changed attributes, troubles of its source. Without --since, the last 24 hours. Of a "
	"thing that is not well, what lies before that began comes first, the newest first; what "
	"came after it did not bring it about.",
    .from = CHANGES,
    .id_sql = "x.source, x.ekind, x.ekey",
    .order = "x.later IS TRUE, x.at DESC, x.what",
    .time_sql = "x.at",
    .search_sql = "x.what || char(10) || coalesce(x.who, '') || char(10) || x.entity",
    .name_sql = "x.entity",
    .columns = changed_columns,
};
