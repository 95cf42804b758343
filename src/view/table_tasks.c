/* table_tasks.c - the tasks of one attempt of one run, in the order of their tree. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* clang-format off */
/* How one node sorts among its siblings. */
#define SEGMENT(t) "printf('%08d', " t ".position) || " t ".name || char(1) || " t ".key"
/* `mine`: the latest try of every task of the attempt. `up`: from each of them towards its root, a step a row,
 * through the index over keys; the last step of each has its depth and a path that sorts a parent right before
 * its children. A ring of parents (a hostile or broken answer) never ends: what is 40 deep counts as a root. */
#define TREE                                                                                       \
	"(WITH RECURSIVE"                                                                          \
	" ofrun(id, attempt, source, key) AS MATERIALIZED (SELECT e.id,"                           \
	"  coalesce(nullif(:attempt, 0), r.attempt), e.source, e.key FROM entity_now e"            \
	"  JOIN run r ON r.entity_id = e.id WHERE e.kind = " SQL_RUN                               \
	"  AND e.key = :key AND (:source IS NULL OR e.source = :source)),"                         \
	" mine AS MATERIALIZED (SELECT t.* FROM ofrun o"                                 \
	"  JOIN task t ON t.run_id = o.id AND t.attempt = o.attempt"                               \
	"  WHERE NOT EXISTS (SELECT 1 FROM task later WHERE later.run_id = t.run_id"               \
	"   AND later.attempt = t.attempt AND later.key = t.key"                                   \
	"   AND later.try_number > t.try_number)),"                                                \
	" up(id, run_id, attempt, parent, depth, path) AS ("                                       \
	"  SELECT m.id, m.run_id, m.attempt, nullif(m.parent, m.key), 0, " SEGMENT("m")            \
	"   FROM mine m"                                                                           \
	"  UNION ALL"                                                                              \
	"  SELECT up.id, up.run_id, up.attempt, nullif(p.parent, p.key), up.depth + 1, "           \
	SEGMENT("p") " || char(2) || up.path FROM up JOIN task p ON p.run_id = up.run_id"          \
	"   AND p.attempt = up.attempt AND p.key = up.parent AND p.try_number = (SELECT"           \
	"    max(q.try_number) FROM task q WHERE q.run_id = up.run_id AND q.attempt = up.attempt"  \
	"    AND q.key = up.parent) WHERE up.parent IS NOT NULL AND up.depth < 40),"               \
	" tree(id, depth, path) AS MATERIALIZED (SELECT id, max(depth) % 40, path FROM up GROUP BY id)" \
	" SELECT m.*, o.source AS source_name, o.key AS run_key, tree.depth AS depth,"             \
	"  tree.path AS path,"                                                                     \
	"  c.children, c.failed AS children_failed, c.skipped AS children_skipped,"                \
	"  c.done AS children_done, c.running AS children_running"                                 \
	" FROM tree CROSS JOIN task m ON m.id = tree.id JOIN ofrun o ON o.id = m.run_id"           \
	" LEFT JOIN (SELECT parent, count(*) AS children,"                                         \
	"   sum(status = " SQL_FAILED ") AS failed, sum(status = " SQL_SKIPPED ") AS skipped,"     \
	"   sum(status = " SQL_SUCCEEDED ") AS done, sum(status = " SQL_RUNNING ") AS running"     \
	"  FROM mine WHERE parent IS NOT NULL AND parent <> key GROUP BY parent) c"                \
	"  ON c.parent = m.key)"
/* clang-format on */

#define DURATION                                                                                   \
	"CASE WHEN t.started_at IS NULL THEN NULL"                                                 \
	" WHEN t.finished_at IS NOT NULL THEN t.finished_at - t.started_at"                        \
	" WHEN t.status = " SQL_RUNNING " THEN now() - t.started_at END"

/* The same task in the attempt before this one, if it ran anew since; what was kept is the same in both. */
#define BEFORE(what)                                                                               \
	"(SELECT " what " FROM task q WHERE q.run_id = t.run_id AND q.attempt = t.attempt - 1"     \
	" AND q.key = t.key AND q.started_at IS NOT t.started_at ORDER BY q.try_number DESC "      \
	"LIMIT 1)"

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
    {"before", "BEFORE", 8, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     "status_word(" BEFORE("q.status") ")",
     "How it ended in the attempt before, where it ran anew since"},
    {"before_start", "B START", 7, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, BEFORE("q.started_at"),
     "When it had started then"},
    {"before_finished", "B END", 7, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, BEFORE("q.finished_at"),
     "When it had ended then"},
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
