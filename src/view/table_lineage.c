/* table_lineage.c - everything upstream and downstream of one thing, along the links. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* A walk goes so far, and meets so many; a ring ends by the depth, since a thing counts at its least. */
#define DEPTH "12"
#define MOST  "20000"

/* The far end of a link: one without a source is the thing of that name there is, of the same source first. */
#define NAMED(far, where)                                                                          \
	"(SELECT min(fs.name) FROM entity fe JOIN source fs ON fs.id = fe.source_id"               \
	" WHERE fe.kind = l." far "_kind AND fe.key = l." far "_key AND fe.gone_at IS NULL" where  \
	")"
#define FAR_SOURCE(far)                                                                            \
	"CASE l." far "_source WHEN '' THEN coalesce(" NAMED(                                      \
	    far, " AND fs.name = w.source") ", " NAMED(far, "") ", w.source) ELSE l." far          \
								"_source END"
#define STEP(direction, near, far)                                                                 \
	" UNION SELECT '" direction                                                                \
	"', w.depth + 1, " FAR_SOURCE(far) ", l." far "_kind, l." far                              \
					   "_key, l.kind FROM walk w JOIN link l ON l." near       \
					   "_kind = w.kind AND l." near "_key = w.key AND l." near \
					   "_source IN ('', w.source)"                             \
					   " WHERE w.direction IN ('" direction                    \
					   "', '') AND w.depth < " DEPTH                           \
					   " AND l.kind NOT IN ('defines', 'retry-of')"

/* A run stands for its pipeline. */
#define WALK                                                                                       \
	"WITH RECURSIVE walk(direction, depth, source, kind, key, via) AS ("                       \
	" SELECT '', 0, coalesce(:source, ''), :kind, :key, '' WHERE :kind <> " SQL_RUN            \
	" UNION SELECT '', 0, rs.name, pe.kind, pe.key, '' FROM entity re"                         \
	"  JOIN source rs ON rs.id = re.source_id JOIN run rr ON rr.entity_id = re.id"             \
	"  JOIN entity pe ON pe.id = rr.pipeline_id WHERE :kind = " SQL_RUN                        \
	"  AND re.kind = " SQL_RUN                                                                 \
	" AND re.key = :key AND (:source IS NULL OR rs.name = :source)" STEP("up", "to", "from")   \
	    STEP("down", "from", "to") " LIMIT " MOST ")"

/* A pipeline stands as its latest run does. */
#define STALE "coalesce((SELECT n.stale FROM entity_now n WHERE n.id = e.id), 1)"
#define STATUS                                                                                     \
	"CASE WHEN " STALE " THEN " SQL_UNKNOWN " WHEN p.paused AND lr.status IS NOT " SQL_RUNNING \
	" THEN " SQL_PAUSED " ELSE coalesce(lr.status, e.status) END"
#define SINCE "coalesce(lr.since, e.since)"

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, STATUS,
     "How it stands, a pipeline by its latest run; unknown where no source tells of it"},
    {"direction", "WAY", 4, 4, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "x.direction",
     "up: it feeds the thing; down: the thing feeds it"},
    {"depth", "DEPTH", 5, 2, BN_RIGHT, 0, BN_FORMAT_INT, NULL, "x.depth",
     "How many links away, by the shortest way"},
    {"kind", "KIND", 9, 5, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "kind_word(x.kind)", "What it is"},
    {"name", "NAME", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "coalesce(e.name, x.key)",
     "Its name"},
    {"since", "SINCE", 5, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, SINCE,
     "When its state changed last: of what is upstream the latest is the first suspect"},
    {"for", "FOR", 6, 5, BN_LEFT, 1, BN_FORMAT_AGE, "s", "max(now() - " SINCE ", 0)",
     "How long that is ago"},
    {"via", "LINK", 8, 5, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "x.via", "The kind of link"},
    {"message", "MESSAGE", 30, 12, BN_LEFT, 2, BN_FORMAT_TEXT, NULL,
     "coalesce(lr.message, e.message)", "What is wrong with it"},
    {"owner", "OWNER", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.owner", "Who looks after it"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.source",
     "The configured source it comes from"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "x.key", "Key within the source"},
    {"stale", "STALE", 5, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL, STALE,
     "Whether what it says is too old to be believed"},
    {NULL},
};

const struct bn_view_table bn_table_lineage = {
    .name = "lineage",
    .schema = 1,
    .kind = BN_KIND_NONE,
    .doc = "What a thing depends on, what changed last first, and what depends on it, the nearest "
	   "first.",
    .from =
	"FROM (" WALK " SELECT direction, min(depth) AS depth, source, kind, key, via FROM walk"
	" WHERE depth > 0 AND NOT (kind = :kind AND key = :key) GROUP BY direction, source, kind,"
	" key) x LEFT JOIN source s ON s.name = x.source"
	" LEFT JOIN entity e ON e.source_id = s.id AND e.kind = x.kind AND e.key = x.key"
	"  AND e.gone_at IS NULL"
	" LEFT JOIN pipeline p ON p.entity_id = e.id"
	" LEFT JOIN entity lr ON lr.id = p.latest_run_id WHERE :key IS NOT NULL",
    .id_sql = "x.source, x.kind, x.key",
    .status_sql = STATUS,
    .stale_sql = STALE,
    .age_sql = "(SELECT n.age_ms FROM entity_now n WHERE n.id = e.id)",
    .order =
	"x.direction DESC, CASE x.direction WHEN 'up' THEN -coalesce(" SINCE ", 0) ELSE x.depth "
	"END, status_rank(" STATUS ") DESC, x.key",
    .problem_sql = "(status_problem(" STATUS ") OR " STATUS " = " SQL_UNKNOWN ")",
    .time_sql = SINCE,
    .search_sql = "coalesce(e.name, '') || char(10) || x.key",
    .name_sql = "coalesce(e.name, x.key)",
    .columns = columns,
};
