/* table_triage.c - findings, and the roots among them: what needs a person, most urgent first. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* What the store says of an open finding: acknowledged, snoozed, too old. */
#define NOW_OF(what)  "(SELECT n." what " FROM finding_now n WHERE n.id = f.id)"
#define ACKED	      "(" NOW_OF("ack_seq") " IS NOT NULL)"
#define ACKED_BY      "(SELECT a.user FROM record a WHERE a.seq = " NOW_OF("ack_seq") ")"
#define SNOOZED_UNTIL NOW_OF("snooze_until")
#define FOLDED                                                                                     \
	"(SELECT count(*) FROM finding u WHERE u.root_id = f.id AND u.closed_at IS NULL"           \
	" AND u.same_as IS NULL)"
/* The thing's own name; a run is called after its pipeline; a finding about nothing known by its
 * title. */
#define WHAT                                                                                       \
	"coalesce(CASE f.about_kind WHEN " SQL_RUN " THEN (SELECT coalesce(pe.name,"               \
	" r.pipeline_key, e.name) FROM run r LEFT JOIN entity pe ON pe.id = r.pipeline_id"         \
	" WHERE r.entity_id = e.id) ELSE e.name END, f.about_key, f.title)"
#define SILENCED                                                                                   \
	"'silenced' || coalesce(' by ' || nullif(f.silenced_by, ''), '')"                          \
	" || coalesce(' for ' || human_ms(max(f.silenced_until - now(), 0)), '')"                  \
	" || coalesce(': ' || nullif(f.silenced_why, ''), '')"
/* What came so far of the retries that were sent from here since it began. */
#define RETRIES                                                                                    \
	" FROM intent_now i WHERE i.source = f.about_source AND i.state = 'done' AND i.at >= "     \
	"f.since"                                                                                  \
	" AND f.about_key IN (i.pipeline, i.key)"
#define RETRIED                                                                                    \
	"CASE WHEN f.rule = 'run-failed' THEN coalesce((SELECT CASE WHEN i.came_to IS NULL THEN"   \
	"  'retry asked' WHEN i.came_to IN ('running', 'queued') THEN 'retrying' ||"               \
	"  coalesce((SELECT ' ' || r.progress FROM run_now r WHERE r.source = i.source"            \
	"   AND r.key = coalesce(i.new_run, i.key)), '')"                                          \
	"  WHEN i.came_to = 'failed' THEN 'failed again' || (SELECT CASE count(*) WHEN 1 THEN ''"  \
	"   ELSE ' after ' || count(*) || ' retries' END" RETRIES ")"                              \
	"  END || ' \xc2\xb7 '" RETRIES " ORDER BY i.seq DESC LIMIT 1), '') ELSE '' END"
#define STATE                                                                                      \
	"CASE WHEN f.silenced THEN " SILENCED                                                      \
	" WHEN f.about_key IS NULL THEN coalesce(f.message, f.rule) ELSE " RETRIED                 \
	" || f.title END"
#define STALE                                                                                      \
	"(coalesce((SELECT n.stale FROM entity_now n WHERE n.id = e.id AND n.kind <> " SQL_SOURCE  \
	"), 0) OR coalesce(" NOW_OF("stale") ", 0))"
#define AGE "coalesce((SELECT n.age_ms FROM entity_now n WHERE n.id = e.id), " NOW_OF("age_ms") ")"
#define MARK                                                                                       \
	"CASE WHEN " STALE " THEN " SQL_UNKNOWN " WHEN f.severity = 2 THEN " SQL_FAILED            \
	" WHEN f.severity = 1 THEN " SQL_DEGRADED " ELSE " SQL_HEALTHY " END"

/* Everything downstream of the finding's thing along the links, the thing itself left out. A run
 * stands for its pipeline. UNION keeps a set, so a ring of links ends. */
#define DOWNSTREAM                                                                                 \
	"WITH RECURSIVE down(source, kind, key) AS ("                                              \
	" SELECT f.about_source, f.about_kind, f.about_key"                                        \
	" UNION SELECT es.name, " SQL_PIPELINE ", pe.key FROM run r"                               \
	"  JOIN entity pe ON pe.id = r.pipeline_id"                                                \
	"  WHERE f.about_kind = " SQL_RUN " AND r.entity_id = e.id"                                \
	" UNION SELECT CASE l.to_source WHEN '' THEN down.source ELSE l.to_source END,"            \
	"  l.to_kind, l.to_key FROM down JOIN link l ON l.from_kind = down.kind"                   \
	"  AND l.from_key = down.key AND l.from_source IN ('', down.source)"                       \
	"  WHERE l.kind NOT IN ('defines', 'retry-of') LIMIT 10000),"                              \
	" hit(kind, n) AS (SELECT kind, count(DISTINCT key) FROM down"                             \
	"  WHERE NOT (kind IS f.about_kind AND key IS f.about_key)"                                \
	"  AND kind <> " SQL_RUN " AND NOT (kind = " SQL_PIPELINE " AND f.about_kind = " SQL_RUN   \
	"   AND key = " WHAT ") GROUP BY kind) "
#define BLAST                                                                                      \
	"(" DOWNSTREAM "SELECT nullif(trim("                                                       \
	" coalesce((SELECT n || 'p ' FROM hit WHERE kind = " SQL_PRODUCT "), '') ||"               \
	" coalesce((SELECT n || 's ' FROM hit WHERE kind = " SQL_APP "), '') ||"                   \
	" coalesce((SELECT n || 'a ' FROM hit WHERE kind = " SQL_ENDPOINT "), '') ||"              \
	" coalesce((SELECT n || 'd ' FROM hit WHERE kind = " SQL_DATASET "), '') ||"               \
	" coalesce((SELECT n || 'j ' FROM hit WHERE kind = " SQL_PIPELINE "), '')), ''))"
/* The domains of the data products among them, the thing itself included. */
#define DOMAINS                                                                                    \
	"(" DOWNSTREAM "SELECT group_concat(DISTINCT dp.domain) FROM down JOIN entity de"          \
	" ON de.kind = " SQL_PRODUCT " AND de.key = down.key AND de.gone_at IS NULL"               \
	" JOIN product dp ON dp.entity_id = de.id WHERE down.kind = " SQL_PRODUCT ")"
#define HITS "(" DOWNSTREAM "SELECT coalesce(sum(n), 0) FROM hit)"

/* 4, whatever it is, while the platform keeps it from people. 1: critical. 2: a warning about something others depend on, or about a source. 3: another
 * warning. 4: information, or a warning that hurts nothing known and is older than a day. */
#define PRIORITY                                                                                   \
	"CASE WHEN f.silenced THEN 4 WHEN f.severity = 2 THEN 1 WHEN f.severity = 0 THEN 4"        \
	" ELSE CASE WHEN f.about_kind = " SQL_SOURCE " OR " HITS " > 0 THEN 2"                     \
	"  WHEN now() - f.since > 86400000 THEN 4 ELSE 3 END END"

/* The newest commit of the 24 hours before it began that touched a file defining the thing or something
 * upstream of it; NULL where no repository is read. What came after it did not bring it about. */
#define UPSTREAM                                                                                   \
	"WITH RECURSIVE up(source, kind, key) AS ("                                                \
	" SELECT f.about_source, f.about_kind, f.about_key"                                        \
	" UNION SELECT es.name, " SQL_PIPELINE ", pe.key FROM run r"                               \
	"  JOIN entity pe ON pe.id = r.pipeline_id"                                                \
	"  WHERE f.about_kind = " SQL_RUN " AND r.entity_id = e.id"                                \
	" UNION SELECT CASE l.from_source WHEN '' THEN up.source ELSE l.from_source END,"          \
	"  l.from_kind, l.from_key FROM up JOIN link l ON l.to_kind = up.kind"                     \
	"  AND l.to_key = up.key AND l.to_source IN ('', up.source)"                               \
	"  WHERE l.kind NOT IN ('defines', 'retry-of') LIMIT 10000) "
/* A commit also counts that touched a file called like a task that failed, as in the "changed" table. */
#define FAILED_TASK_FILE                                                                           \
	"EXISTS (SELECT 1 FROM task k JOIN run kr ON kr.entity_id = k.run_id"                      \
	"  AND kr.attempt = k.attempt JOIN commit_file cf"                                         \
	"  ON instr('/' || cf.path, '/' || k.name || '.') > 0"                                     \
	"  WHERE k.run_id = CASE f.about_kind WHEN " SQL_RUN " THEN e.id ELSE"                     \
	"   (SELECT p.latest_run_id FROM pipeline p WHERE p.entity_id = e.id) END"                 \
	"  AND k.status = " SQL_FAILED " AND cf.repo = cl.repo AND cf.id = cl.id)"
#define CHANGED_ROW(what)                                                                          \
	"(" UPSTREAM "SELECT " what " FROM commit_log cl"                                          \
	" WHERE cl.at >= f.since - 86400000 AND cl.at <= min(f.since, now())"                      \
	" AND (EXISTS (SELECT 1 FROM up JOIN link d ON d.kind = 'defines'"                         \
	"  AND d.to_kind = up.kind AND d.to_key = up.key AND d.to_source IN ('', up.source)"       \
	"  JOIN commit_file cf ON cf.repo = d.from_source AND cf.path = d.from_key"                \
	"  WHERE cf.repo = cl.repo AND cf.id = cl.id) OR " FAILED_TASK_FILE                        \
	") AND " SQL_IN_MAIN("cl") " ORDER BY cl.at DESC, cl.merge IS NULL LIMIT 1)"
/* Whether any file is known to define it or something upstream: else nobody can say that none changed. */
#define DEFINED                                                                                    \
	"EXISTS (" UPSTREAM "SELECT 1 FROM up JOIN link d ON d.kind = 'defines'"                   \
	" AND d.to_kind = up.kind AND d.to_key = up.key AND d.to_source IN ('', up.source))"
/* One unit is enough for an age here: 21m, 5h. */
#define UNIT "CASE WHEN now() - cl.at >= 3600000 THEN 3600000 ELSE 60000 END"
#define CHANGE                                                                                     \
	"coalesce(cl.merge, cl.repo || ' ' || substr(cl.id, 1, 7)) || ' '"                         \
	" || human_ms((now() - cl.at) / " UNIT " * " UNIT ")"
#define CHANGED "coalesce(" CHANGED_ROW(CHANGE) ", CASE WHEN " DEFINED " THEN 'none in 24h' END)"

#define FINDING_FROM                                                                               \
	"FROM finding f LEFT JOIN source es ON es.name = f.about_source"                           \
	" LEFT JOIN entity e ON e.source_id = es.id AND e.kind = f.about_kind"                     \
	" AND e.key = f.about_key"                                                                 \
	" LEFT JOIN source so ON so.id = f.source_id"

/* A finding about nothing known is acknowledged as RULE/KEY. */
#define ID                                                                                         \
	"coalesce(f.about_source, so.name, ''), coalesce(f.about_kind, 0),"                        \
	" coalesce(f.about_key, f.rule || '/' || f.key)"

#define COMMON_COLUMNS                                                                             \
	{"severity",                                                                               \
	 "SEVERITY",                                                                               \
	 8,                                                                                        \
	 4,                                                                                        \
	 BN_LEFT,                                                                                  \
	 3,                                                                                        \
	 BN_FORMAT_TEXT,                                                                           \
	 NULL,                                                                                     \
	 "CASE f.severity WHEN 2 THEN 'crit' WHEN 1 THEN 'warn' ELSE 'info' END",                  \
	 "How bad it is: info, warn, crit"},                                                       \
	    {"rule",                                                                               \
	     "RULE",                                                                               \
	     16,                                                                                   \
	     6,                                                                                    \
	     BN_LEFT,                                                                              \
	     3,                                                                                    \
	     BN_FORMAT_TEXT,                                                                       \
	     NULL,                                                                                 \
	     "f.rule",                                                                             \
	     "The rule that found it, or the platform's word for its kind"},                       \
	    {"message", "MESSAGE",	40,   12,	   BN_LEFT,                                \
	     3,		BN_FORMAT_TEXT, NULL, "f.message", "Why, as far as it is known"},          \
	    {"kind",                                                                               \
	     "KIND",                                                                               \
	     9,                                                                                    \
	     5,                                                                                    \
	     BN_LEFT,                                                                              \
	     3,                                                                                    \
	     BN_FORMAT_TEXT,                                                                       \
	     NULL,                                                                                 \
	     "nullif(kind_word(f.about_kind), '')",                                                \
	     "Kind of the thing it is about"},                                                     \
	    {"source",                                                                             \
	     "SOURCE",                                                                             \
	     12,                                                                                   \
	     6,                                                                                    \
	     BN_LEFT,                                                                              \
	     3,                                                                                    \
	     BN_FORMAT_TEXT,                                                                       \
	     NULL,                                                                                 \
	     "coalesce(f.about_source, so.name)",                                                  \
	     "The source of that thing"},                                                          \
	    {"key",                                                                                \
	     "KEY",                                                                                \
	     24,                                                                                   \
	     12,                                                                                   \
	     BN_LEFT,                                                                              \
	     3,                                                                                    \
	     BN_FORMAT_TEXT,                                                                       \
	     NULL,                                                                                 \
	     "f.about_key",                                                                        \
	     "Key of that thing"},                                                                 \
	    {"acked", "ACKED",	      5,    3,	   BN_LEFT,                                        \
	     3,	      BN_FORMAT_BOOL, NULL, ACKED, "Whether somebody has taken it"},               \
	    {"acked_by", "ACK BY", 10, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, ACKED_BY, "Who has"},  \
	    {"snoozed",                                                                            \
	     "SNOOZED",                                                                            \
	     7,                                                                                    \
	     5,                                                                                    \
	     BN_LEFT,                                                                              \
	     3,                                                                                    \
	     BN_FORMAT_UNTIL,                                                                      \
	     NULL,                                                                                 \
	     SNOOZED_UNTIL,                                                                        \
	     "Until when it is not to be shown"},                                                  \
	    {"silenced",                                                                           \
	     "SILENCED",                                                                           \
	     8,                                                                                    \
	     5,                                                                                    \
	     BN_LEFT,                                                                              \
	     3,                                                                                    \
	     BN_FORMAT_BOOL,                                                                       \
	     NULL,                                                                                 \
	     "f.silenced",                                                                         \
	     "Whether the platform itself keeps it from people: a silence, an inhibition"},        \
	    {"silenced_until",	 "SILENT UNTIL",	 7, 5, BN_LEFT, 3, BN_FORMAT_UNTIL, NULL,  \
	     "f.silenced_until", "When the silence ends"},                                         \
	    {"silenced_by",   "SILENCED BY",	     12, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,      \
	     "f.silenced_by", "Who made the silence"},                                             \
	    {"silenced_why",   "SILENCED WHY",	      24, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,     \
	     "f.silenced_why", "What its maker wrote"},                                            \
	    {"folded", "FOLDED",      6,	  4,	  BN_RIGHT,                                \
	     3,	       BN_FORMAT_INT, "findings", FOLDED, "Findings that follow from it"},         \
	    {"url", "LINK",	    40,	  12,	   BN_LEFT,                                        \
	     3,	    BN_FORMAT_TEXT, NULL, "f.url", "Its page on the platform"},                    \
	    {"stale",                                                                              \
	     "STALE",                                                                              \
	     5,                                                                                    \
	     3,                                                                                    \
	     BN_LEFT,                                                                              \
	     3,                                                                                    \
	     BN_FORMAT_BOOL,                                                                       \
	     NULL,                                                                                 \
	     STALE,                                                                                \
	     "Whether what it is about has not been read for too long"},                           \
	{                                                                                          \
		"id", "ID", 6, 4, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "f.id",                        \
		    "Number of the finding in the cache"                                           \
	}

static const struct bn_column triage_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, MARK,
     "failed: critical; degraded: a warning; unknown: what it is about is too old to be believed"},
    {"p", "P", 1, 1, BN_RIGHT, 0, BN_FORMAT_INT, NULL, PRIORITY,
     "Priority. 1: critical; 2: a warning about a source or something others depend on; 3: another "
     "warning; "
     "4: information, or a warning older than a day on which nothing known depends, or silenced"},
    {"what", "WHAT", 0, 14, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, WHAT,
     "The thing it is about; a run by its pipeline's name"},
    {"state", "STATE", 20, 10, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, STATE,
     "What is wrong; of what was retried from here since it began first what came of it so far"},
    {"since", "SINCE", 5, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "f.since", "When it began"},
    {"for", "FOR", 6, 5, BN_LEFT, 0, BN_FORMAT_AGE, "s", "max(now() - f.since, 0)",
     "How long it has been so"},
    {"blast", "BLAST", 8, 5, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, BLAST,
     "What depends on it along the links: p products, s services (apps), a endpoints, d datasets, "
     "j pipelines; "
     "nothing where no link leads on"},
    {"changed", "CHANGED", 13, 8, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, CHANGED,
     "Newest commit of the 24 hours before it began on a file that defines it or something "
     "upstream of it, and its age; "
     "nothing where no repository is known to define it"},
    COMMON_COLUMNS,
    {"title", "TITLE", 30, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "f.title",
     "The finding's own title"},
    {"domain", "DOMAIN", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, DOMAINS,
     "Domains of the data products that it is about or that depend on it, with commas between"},
    {"hits", "HITS", 5, 4, BN_RIGHT, 3, BN_FORMAT_INT, NULL, HITS, "How many things depend on it"},
    {NULL},
};

#define TRIAGE_WHERE " WHERE f.closed_at IS NULL AND f.root_id IS NULL AND f.severity >= 1"

const struct bn_view_table bn_table_triage = {
    .name = "triage",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "What needs a person: open findings of severity warn and crit, folded to their root "
	   "causes.",
    /* The scope: what is hit by it. */
    .from = FINDING_FROM TRIAGE_WHERE
    " AND (:key IS NULL OR (f.about_key = :key AND f.about_kind = :kind)"
    " OR EXISTS (" DOWNSTREAM "SELECT 1 FROM down WHERE key = :key AND kind = :kind))",
    .id_sql = ID,
    .status_sql = MARK,
    .stale_sql = STALE,
    .age_sql = AGE,
    .order = PRIORITY ", f.since, " WHAT,
    .problem_sql = "(NOT " ACKED " AND coalesce(" SNOOZED_UNTIL ", 0) <= now() AND NOT f.silenced)",
    .time_sql = "f.since",
    .search_sql = WHAT " || char(10) || f.title || char(10) || coalesce(f.message, '')",
    .name_sql = WHAT,
    .columns = triage_columns,
};

/* The list of findings has a column for the title; what is about nothing known stands under its source. */
#define FINDING_WHAT                                                                               \
	"CASE WHEN f.about_key IS NULL THEN coalesce(so.name, f.rule) ELSE " WHAT " END"

static const struct bn_column finding_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL,
     "CASE WHEN f.closed_at IS NOT NULL THEN " SQL_SUCCEEDED " ELSE " MARK " END",
     "failed: critical; degraded: a warning; unknown: what it is about is too old to be believed; "
     "succeeded: over"},
    {"what", "WHAT", 24, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, FINDING_WHAT,
     "The thing it is about; a run by its pipeline's name"},
    {"title", "TITLE", 0, 14, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "f.title", "What is wrong"},
    {"since", "SINCE", 5, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "f.since", "When it began"},
    {"for", "FOR", 6, 5, BN_LEFT, 0, BN_FORMAT_AGE, "s",
     "max(coalesce(f.closed_at, now()) - f.since, 0)", "How long it has been so, or was"},
    {"root", "ROOT", 16, 8, BN_LEFT, 2, BN_FORMAT_TEXT, NULL,
     "(SELECT coalesce(ro.about_key, ro.title) FROM finding ro WHERE ro.id = f.root_id)",
     "The thing whose finding it follows from; nothing for a root"},
    COMMON_COLUMNS,
    {"closed", "CLOSED", 6, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "f.closed_at",
     "When it was over; nothing while it is open"},
    {"origin", "ORIGIN", 6, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "f.origin",
     "rule: binnacle found it; source: the platform says so"},
    {"root_id", "ROOT ID", 7, 4, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "f.root_id",
     "Number of the finding it follows from"},
    {NULL},
};

const struct bn_view_table bn_table_findings = {
    .name = "findings",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "Findings, the folded ones too; those that are over only when a time is asked for.",
    .from = FINDING_FROM " WHERE f.same_as IS NULL AND (f.closed_at IS NULL OR (:since IS NOT NULL "
			 "AND f.closed_at >= :since))"
			 " AND (:key IS NULL OR (f.about_key = :key AND f.about_kind = :kind"
			 "  AND (:source IS NULL OR f.about_source = :source)))",
    .id_sql = ID,
    .status_sql = "CASE WHEN f.closed_at IS NOT NULL THEN " SQL_SUCCEEDED " ELSE " MARK " END",
    .stale_sql = STALE,
    .age_sql = AGE,
    .order = "f.closed_at IS NOT NULL, f.severity DESC, f.since, f.id",
    .problem_sql = "(f.closed_at IS NULL AND f.severity >= 1 AND NOT " ACKED
		   " AND coalesce(" SNOOZED_UNTIL ", 0) <= now() AND NOT f.silenced)",
    .time_sql = "coalesce(f.closed_at, now())",
    .search_sql = WHAT " || char(10) || f.title || char(10) || coalesce(f.message, '')",
    .name_sql = WHAT,
    .columns = finding_columns,
};
