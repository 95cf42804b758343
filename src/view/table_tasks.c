/* table_tasks.c - the tasks of one attempt of one run, in the order of their tree. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* `mine`: the latest try of every task of the attempt. `tree`: reached from the roots, with depth
 * and a path that sorts a parent right before its children. What the roots don't reach (a parent
 * that names itself, a ring of parents: hostile or broken answers) is listed at depth 0 all the
 * same. */
#define TREE                                                                                       \
	"(WITH RECURSIVE"                                                                          \
	" ofrun(id, attempt, source, key) AS MATERIALIZED (SELECT e.id,"                           \
	"  coalesce(nullif(:attempt, 0), r.attempt), e.source, e.key FROM entity_now e"            \
	"  JOIN run r ON r.entity_id = e.id WHERE e.kind = " SQL_RUN                               \
	"  AND e.key = :key AND (:source IS NULL OR e.source = :source)),"                         \
	" mine AS MATERIALIZED (SELECT t.*, o.source AS source_name, o.key AS run_key FROM ofrun " \
	"o"                                                                                        \
	"  JOIN task t ON t.run_id = o.id AND t.attempt = o.attempt"                               \
	"  WHERE NOT EXISTS (SELECT 1 FROM task later WHERE later.run_id = t.run_id"               \
	"   AND later.attempt = t.attempt AND later.key = t.key"                                   \
	"   AND later.try_number > t.try_number)),"                                                \
	" tree(id, key, depth, path) AS ("                                                         \
	"  SELECT m.id, m.key, 0, printf('%08d', m.position) || m.name || char(1) || m.key"        \
	"   FROM mine m WHERE m.parent IS NULL OR m.parent = m.key"                                \
	"   OR m.parent NOT IN (SELECT key FROM mine)"                                             \
	"  UNION ALL"                                                                              \
	"  SELECT m.id, m.key, tree.depth + 1,"                                                    \
	"   tree.path || char(2) || printf('%08d', m.position) || m.name || char(1) || m.key"      \
	"   FROM tree JOIN mine m ON m.parent = tree.key AND m.key <> tree.key"                    \
	"   WHERE tree.depth < 40)"                                                                \
	" SELECT m.*, coalesce(tree.depth, 0) AS depth,"                                           \
	"  coalesce(tree.path, char(3) || m.name || char(1) || m.key) AS path,"                    \
	"  c.children, c.failed AS children_failed, c.skipped AS children_skipped,"                \
	"  c.done AS children_done, c.running AS children_running"                                 \
	" FROM mine m LEFT JOIN tree ON tree.id = m.id"                                            \
	" LEFT JOIN (SELECT parent, count(*) AS children,"                                         \
	"   sum(status = " SQL_FAILED ") AS failed, sum(status = " SQL_SKIPPED ") AS skipped,"     \
	"   sum(status = " SQL_SUCCEEDED ") AS done, sum(status = " SQL_RUNNING ") AS running"     \
	"  FROM mine WHERE parent IS NOT NULL AND parent <> key GROUP BY parent) c"                \
	"  ON c.parent = m.key)"

#define DURATION                                                                                   \
	"CASE WHEN t.started_at IS NULL THEN NULL"                                                 \
	" WHEN t.finished_at IS NOT NULL THEN t.finished_at - t.started_at"                        \
	" WHEN t.status = " SQL_RUNNING " THEN now() - t.started_at END"

static const struct bn_column columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, "t.status", "How it stands"},
    {"task", "TASK", 0, 16, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "t.name", "Name of the task"},
    {"duration", "DUR", 6, 5, BN_RIGHT, 0, BN_FORMAT_DURATION, "s", DURATION,
     "How long it took, or has been running"},
    {"start", "START", 5, 5, BN_LEFT, 1, BN_FORMAT_TIME, NULL, "t.started_at", "When it started"},
    {"try", "TRY", 3, 3, BN_RIGHT, 1, BN_FORMAT_INT, NULL, "t.try_number",
     "Its own tries within this attempt of the run"},
    {"type", "TYPE", 10, 6, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "t.type",
     "What it is on the platform: pod, operator …"},
    {"message", "MESSAGE", 30, 12, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "t.message",
     "What the platform says about it"},
    {"depth", "DEPTH", 5, 5, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "t.depth",
     "How many nodes it is drawn under"},
    {"parent", "PARENT", 20, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "t.parent",
     "Key of the node it is drawn under"},
    {"depends", "DEPENDS", 20, 8, BN_LEFT, 3, BN_FORMAT_JSON, NULL, "t.depends",
     "Keys of what it waits for"},
    {"children", "CHILDREN", 8, 5, BN_RIGHT, 3, BN_FORMAT_INT, "tasks", "coalesce(t.children, 0)",
     "Nodes right under it"},
    {"children_failed", "C FAIL", 6, 5, BN_RIGHT, 3, BN_FORMAT_INT, "tasks",
     "coalesce(t.children_failed, 0)", "Failed ones of those"},
    {"children_skipped", "C SKIP", 6, 5, BN_RIGHT, 3, BN_FORMAT_INT, "tasks",
     "coalesce(t.children_skipped, 0)",
     "Ones of those not run because something before them failed"},
    {"children_done", "C OK", 6, 5, BN_RIGHT, 3, BN_FORMAT_INT, "tasks",
     "coalesce(t.children_done, 0)", "Ones of those that ended well"},
    {"children_running", "C RUN", 6, 5, BN_RIGHT, 3, BN_FORMAT_INT, "tasks",
     "coalesce(t.children_running, 0)", "Running ones of those"},
    {"queued", "QUEUED", 6, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "t.queued_at",
     "When it was queued"},
    {"finished", "END", 6, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "t.finished_at", "When it ended"},
    {"attempt", "ATTEMPT", 7, 3, BN_RIGHT, 3, BN_FORMAT_INT, NULL, "t.attempt",
     "The attempt of the run it belongs to"},
    {"platform_status", "PHASE", 10, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "t.raw_status",
     "The platform's own word"},
    {"log", "LOG", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "t.log",
     "What its log is asked for with; nothing where it has none"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "t.key", "Key within the run"},
    {"url", "LINK", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "t.url", "Its page on the platform"},
    {NULL},
};

const struct bn_view_table bn_table_tasks = {
    .name = "tasks",
    .schema = 1,
    .kind = BN_TASK,
    .doc = "Tasks of one run, a parent right before its children.",
    .from = "FROM " TREE " t WHERE 1",
    .id_sql = "t.source_name, " SQL_TASK ", t.run_key || '/' || t.key",
    .status_sql = "t.status",
    .stale_sql = "0",
    .order = "t.path",
    .problem_sql = "status_problem(t.status)",
    .time_sql = "t.started_at",
    .search_sql = "t.name || char(10) || t.key || char(10) || coalesce(t.message, '')",
    .name_sql = "t.name",
    .columns = columns,
};
