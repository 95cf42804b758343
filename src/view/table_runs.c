/* table_runs.c - pipelines with their latest run, runs, and what is running at this moment. */
/* SPDX-License-Identifier: MIT */
#include "view/sql.h"
#include "view/tables.h"

/* The last `count` runs of pipeline e as status characters, oldest first (BN_FORMAT_HISTORY); what waits to
 * start is the newest. */
#define HISTORY(count)                                                                             \
	"(SELECT group_concat(c, '') FROM (SELECT c FROM (SELECT char(48 + h.status) AS c,"        \
	" hr.started_at AS at FROM run hr JOIN entity h ON h.id = hr.entity_id"                    \
	" WHERE hr.pipeline_id = e.id AND (hr.started_at IS NOT NULL OR hr.finished_at IS NULL)"   \
	" ORDER BY hr.started_at DESC NULLS FIRST LIMIT " count ") ORDER BY at NULLS LAST))"

/* How many of the last twelve runs of pipeline e failed. */
#define RECENT_FAILED                                                                              \
	"(SELECT count(*) FROM (SELECT h.status AS s FROM run hr JOIN entity h"                    \
	" ON h.id = hr.entity_id WHERE hr.pipeline_id = e.id"                                      \
	" ORDER BY hr.started_at DESC LIMIT 12) WHERE s = " SQL_FAILED ")"

/* What the pipeline's row is marked with: unknown when stale; a pipeline that is switched off; else
 * its latest run, amber where that one is fine but two or more of the last twelve were not. */
#define PIPELINE_STATUS                                                                            \
	"CASE WHEN e.status_now = " SQL_UNKNOWN " AND e.stale THEN " SQL_UNKNOWN                   \
	" WHEN p.paused AND coalesce(l.status, 0) <> " SQL_RUNNING " THEN " SQL_PAUSED             \
	" WHEN l.status = " SQL_SUCCEEDED " AND " RECENT_FAILED " >= 2 THEN " SQL_DEGRADED         \
	" ELSE coalesce(l.status, e.status_now) END"

/* ms a run took, or has been running. */
#define RUN_DURATION                                                                               \
	"CASE WHEN r.started_at IS NULL THEN NULL"                                                 \
	" WHEN r.finished_at IS NOT NULL THEN r.finished_at - r.started_at"                        \
	" WHEN l.status = " SQL_RUNNING " THEN now() - r.started_at END"

#define MEASURE(id, name)                                                                          \
	"(SELECT m.value FROM measure m WHERE m.entity_id = " id " AND m.name = '" name "')"

static const struct bn_column pipeline_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, PIPELINE_STATUS,
     "Mark of the row: the latest run's status; paused when the pipeline is switched off; degraded "
     "when "
     "the latest run is good but two or more of the last twelve failed; unknown when stale"},
    {"pipeline", "PIPELINE", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "e.name",
     "Name of the pipeline"},
    {"group", "KIND", 6, 5, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "p.grp",
     "What it is for, as the platform or a label says: ingestion, transformation …"},
    {"engine", "ENGINE", 8, 6, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "p.engine", "What runs it"},
    {"history", "LAST RUNS", 12, 6, BN_LEFT, 0, BN_FORMAT_HISTORY, NULL, HISTORY("20"),
     "Statuses of the last 20 runs, oldest first; a narrower column shows the newest"},
    {"start", "START", 5, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "r.started_at",
     "When the latest run started"},
    {"duration", "DUR", 6, 6, BN_LEFT, 0, BN_FORMAT_DURATION, "s", RUN_DURATION,
     "How long the latest run took, or has been running"},
    {"p50", "P50", 6, 6, BN_LEFT, 2, BN_FORMAT_DURATION, "s", "p.p50_ms",
     "Median duration of the last 20 good runs"},
    {"p95", "P95", 6, 6, BN_LEFT, 2, BN_FORMAT_DURATION, "s", "p.p95_ms",
     "95th percentile of the duration of the last 20 good runs"},
    {"rows", "ROWS", 6, 5, BN_LEFT, 1, BN_FORMAT_INT, "rows", MEASURE("p.latest_run_id", "rows"),
     "Rows the latest run wrote, where the platform says it"},
    {"schedule", "SCHED", 11, 6, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "p.schedule",
     "The schedule as the platform writes it"},
    {"next", "NEXT", 5, 5, BN_LEFT, 1, BN_FORMAT_UNTIL, NULL,
     "CASE WHEN p.paused THEN NULL ELSE p.next_due_at END",
     "When it is due next; nothing when it is paused"},
    {"failed", "FAIL", 5, 4, BN_RIGHT, 3, BN_FORMAT_INT, "tasks", "r.tasks_failed",
     "Failed tasks of the latest run"},
    {"skipped", "SKIP", 5, 4, BN_RIGHT, 3, BN_FORMAT_INT, "tasks", "r.tasks_skipped",
     "Tasks of the latest run that were not run because something before them failed"},
    {"tasks", "TASKS", 5, 4, BN_RIGHT, 3, BN_FORMAT_INT, "tasks", "r.tasks_total",
     "Tasks of the latest run"},
    {"done", "DONE", 5, 4, BN_RIGHT, 3, BN_FORMAT_INT, "tasks", "r.tasks_done",
     "Tasks of the latest run that ended well"},
    {"run", "RUN", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "l.key", "Key of the latest run"},
    {"run_status", "RUN STATUS", 10, 6, BN_LEFT, 3, BN_FORMAT_STATUS, NULL, "l.status",
     "Status of the latest run as last seen, whatever became of the source since"},
    {"recent_failed", "FAIL/12", 7, 4, BN_RIGHT, 3, BN_FORMAT_INT, "runs", RECENT_FAILED,
     "How many of the last twelve runs failed"},
    {"last_good", "LAST GOOD", 9, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "p.last_good_at",
     "When a run last ended well"},
    {"paused", "PAUSED", 6, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL, "p.paused",
     "Whether the schedule is switched off"},
    {"owner", "OWNER", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.owner", "Who looks after it"},
    {"message", "MESSAGE", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL,
     "coalesce(l.message, e.message)", "What the platform says about the latest run"},
    {"definition", "DEFINITION", 30, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "p.definition",
     "Path of the defining file, as far as the platform knows it"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.source",
     "The configured source it comes from"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.key", "Key within the source"},
    {"url", "LINK", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "e.url", "Its page on the platform"},
    {"age", "AGE", 6, 4, BN_RIGHT, 3, BN_FORMAT_AGE, "s", "e.age_ms",
     "How long ago the platform was last read"},
    {"stale", "STALE", 5, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL, "e.stale",
     "Whether that is too long ago to be believed"},
    {NULL},
};

const struct bn_view_table bn_table_pipelines = {
    .name = "pipelines",
    .schema = 1,
    .kind = BN_PIPELINE,
    .doc = "Pipelines, each with its latest run.",
    .from = "FROM entity_now e JOIN pipeline p ON p.entity_id = e.id"
	    " LEFT JOIN entity l ON l.id = p.latest_run_id"
	    " LEFT JOIN run r ON r.entity_id = p.latest_run_id"
	    " WHERE e.kind = " SQL_PIPELINE,
    .row_sql = "e.id",
    .id_sql = "e.source, e.kind, e.key",
    .status_sql = PIPELINE_STATUS,
    .stale_sql = "e.stale",
    .age_sql = "e.age_ms",
    .order = "status_rank(" PIPELINE_STATUS ") DESC, r.started_at IS NULL,"
	     " CASE WHEN l.status = " SQL_RUNNING " THEN r.started_at ELSE 0 END, e.name, e.source",
    .problem_sql =
	"(SELECT status_problem(s) OR s = " SQL_UNKNOWN " FROM (SELECT " PIPELINE_STATUS " AS s))",
    .time_sql = "r.started_at",
    .search_sql = "e.name || char(10) || e.key || char(10) || coalesce(l.message, e.message, '')",
    .name_sql = "e.name",
    .columns = pipeline_columns,
};

/* A run that ended stays what it was however old the answer is; only one in flight can become
 * unknown. */
#define RUN_STATUS "CASE WHEN l.status IN " SQL_FINISHED " THEN l.status ELSE l.status_now END"
#define RUN_STALE  "(l.stale AND l.status NOT IN " SQL_FINISHED ")"

static const struct bn_column run_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, RUN_STATUS,
     "How it stands; unknown when it was in flight and its source has not answered since"},
    {"run", "RUN", 0, 16, BN_LEFT, 0, BN_FORMAT_TEXT, NULL, "l.name", "Name of the run"},
    {"pipeline", "PIPELINE", 22, 12, BN_LEFT, 1, BN_FORMAT_TEXT, NULL,
     "coalesce(pe.name, r.pipeline_key)", "The pipeline it is a run of"},
    {"start", "START", 5, 5, BN_LEFT, 0, BN_FORMAT_TIME, NULL, "r.started_at", "When it started"},
    {"duration", "DUR", 6, 6, BN_LEFT, 0, BN_FORMAT_DURATION, "s", RUN_DURATION,
     "How long it took, or has been running"},
    {"attempt", "TRY", 3, 3, BN_RIGHT, 1, BN_FORMAT_INT, NULL, "r.attempt",
     "Attempts, the present one included"},
    {"failed", "FAIL", 5, 4, BN_RIGHT, 1, BN_FORMAT_INT, "tasks", "r.tasks_failed", "Failed tasks"},
    {"skipped", "SKIP", 5, 4, BN_RIGHT, 1, BN_FORMAT_INT, "tasks", "r.tasks_skipped",
     "Tasks that were not run because something before them failed"},
    {"tasks", "TASKS", 5, 4, BN_RIGHT, 2, BN_FORMAT_INT, "tasks", "r.tasks_total", "Tasks in all"},
    {"done", "DONE", 5, 4, BN_RIGHT, 3, BN_FORMAT_INT, "tasks", "r.tasks_done",
     "Tasks that ended well"},
    {"trigger", "TRIGGER", 9, 6, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "r.trigger", "What started it"},
    {"message", "MESSAGE", 30, 12, BN_LEFT, 2, BN_FORMAT_TEXT, NULL, "l.message",
     "What the platform says about it"},
    {"engine", "ENGINE", 8, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "p.engine", "What runs it"},
    {"group", "KIND", 6, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "p.grp", "What its pipeline is for"},
    {"queued", "QUEUED", 6, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "r.queued_at",
     "When it was queued"},
    {"finished", "END", 6, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "r.finished_at", "When it ended"},
    {"progress", "PROGRESS", 8, 5, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "r.progress",
     "Progress as the platform says it"},
    {"p50", "P50", 6, 6, BN_LEFT, 3, BN_FORMAT_DURATION, "s", "p.p50_ms",
     "Median duration of its pipeline's good runs"},
    {"p95", "P95", 6, 6, BN_LEFT, 3, BN_FORMAT_DURATION, "s", "p.p95_ms",
     "95th percentile of the duration of its pipeline's good runs"},
    {"rows", "ROWS", 6, 5, BN_RIGHT, 3, BN_FORMAT_INT, "rows", MEASURE("r.entity_id", "rows"),
     "Rows it wrote, where the platform says it"},
    {"again", "AGAIN", 5, 4, BN_RIGHT, 3, BN_FORMAT_INT, "tasks",
     "(SELECT i.again FROM intent_now i WHERE i.kind = 'run' AND i.source = l.source AND i.key = "
     "l.key"
     " AND i.state = 'done' ORDER BY i.seq DESC LIMIT 1)",
     "How many the last retry that was asked from here runs again"},
    {"retry_of", "RETRY OF", 16, 8, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "r.retry_of",
     "Key of the run it was resubmitted from"},
    {"platform_status", "PHASE", 10, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "l.raw_status",
     "The platform's own word"},
    {"owner", "OWNER", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "coalesce(l.owner, pe.owner)",
     "Who looks after it"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "l.source",
     "The configured source it comes from"},
    {"key", "KEY", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "l.key", "Key within the source"},
    {"url", "LINK", 40, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "l.url", "Its page on the platform"},
    {"age", "AGE", 6, 4, BN_RIGHT, 3, BN_FORMAT_AGE, "s", "l.age_ms",
     "How long ago the platform was last read"},
    {"stale", "STALE", 5, 3, BN_LEFT, 3, BN_FORMAT_BOOL, NULL, RUN_STALE,
     "Whether that is too long ago to be believed"},
    {NULL},
};

#define RUN_JOINS                                                                                  \
	" LEFT JOIN pipeline p ON p.entity_id = r.pipeline_id"                                     \
	" LEFT JOIN entity pe ON pe.id = r.pipeline_id"

/* `l` is the run's own entity here, as in the pipelines' table. The scope may be a pipeline, a run
 * or a source. The plus keeps SQLite from walking the index on kinds where the search index has
 * named a few of a million runs: 20 to 200 times as long. */
const struct bn_view_table bn_table_runs = {
    .name = "runs",
    .schema = 1,
    .kind = BN_RUN,
    .doc = "Runs of pipelines, and runs that belong to none.",
    .from = "FROM entity_now l JOIN run r ON r.entity_id = l.id" RUN_JOINS
	    " WHERE +l.kind = " SQL_RUN " AND (:source IS NULL OR l.source = :source)",
    .from_pipeline =
	"FROM entity x JOIN source xs ON xs.id = x.source_id JOIN run r ON r.pipeline_id = x.id"
	" JOIN entity_now l ON l.id = r.entity_id" RUN_JOINS " WHERE x.kind = " SQL_PIPELINE
	" AND x.key = :key"
	" AND (:source IS NULL OR xs.name = :source)",
    .row_sql = "l.id",
    .id_sql = "l.source, l.kind, l.key",
    .status_sql = RUN_STATUS,
    .stale_sql = RUN_STALE,
    .age_sql = "l.age_ms",
    .order = "status_rank(" RUN_STATUS ") DESC, r.started_at DESC, l.name",
    .problem_sql = "status_problem(" RUN_STATUS ")",
    .time_sql = "coalesce(r.started_at, r.queued_at, l.first_seen_at)",
    .search_sql = "l.name || char(10) || l.key || char(10) || coalesce(l.message, '')",
    .indexed_sql = "l.id",
    .name_sql = "l.name",
    .columns = run_columns,
};

#define ELAPSED "(now() - coalesce(r.started_at, r.queued_at, l.since))"

static const struct bn_column moving_columns[] = {
    {"status", "", 1, 1, BN_LEFT, 0, BN_FORMAT_STATUS, NULL, "l.status_now",
     "Running, or unknown when stale"},
    {"pipeline", "PIPELINE", 0, 12, BN_LEFT, 0, BN_FORMAT_TEXT, NULL,
     "coalesce(pe.name, r.pipeline_key, l.name)",
     "The pipeline, or the run where it belongs to none"},
    {"engine", "ENGINE", 14, 6, BN_LEFT, 1, BN_FORMAT_TEXT, NULL, "p.engine", "What runs it"},
    {"share", "PROGRESS", 10, 6, BN_LEFT, 0, BN_FORMAT_PERCENT, "%",
     "CASE WHEN p.p50_ms > 0 THEN min(100.0, 100.0 * " ELAPSED " / p.p50_ms)"
     " WHEN r.tasks_total > 0 THEN 100.0 * r.tasks_done / r.tasks_total END",
     "How far it should be: elapsed against the median duration, else tasks done against tasks in "
     "all"},
    {"elapsed", "ELAPSED", 7, 5, BN_RIGHT, 0, BN_FORMAT_DURATION, "s", ELAPSED,
     "How long it has been running"},
    {"typical", "TYPICAL", 7, 5, BN_RIGHT, 0, BN_FORMAT_DURATION, "s", "p.p50_ms",
     "Median duration of its pipeline's good runs"},
    {"rows", "ROWS", 6, 5, BN_RIGHT, 1, BN_FORMAT_INT, "rows", MEASURE("r.entity_id", "rows"),
     "Rows so far, where the platform says it"},
    {"progress", "DONE", 8, 5, BN_LEFT, 2, BN_FORMAT_TEXT, NULL,
     "coalesce(r.progress, CASE WHEN r.tasks_total > 0 THEN r.tasks_done || '/' || r.tasks_total "
     "END)",
     "Tasks done of all"},
    {"late", "LATE", 4, 4, BN_LEFT, 3, BN_FORMAT_BOOL, NULL,
     "p.p95_ms > 0 AND " ELAPSED " > p.p95_ms",
     "Whether it has been running longer than 95 of 100 good runs"},
    {"start", "START", 5, 5, BN_LEFT, 3, BN_FORMAT_TIME, NULL, "r.started_at", "When it started"},
    {"run", "RUN", 24, 12, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "l.name", "Name of the run"},
    {"source", "SOURCE", 12, 6, BN_LEFT, 3, BN_FORMAT_TEXT, NULL, "l.source",
     "The configured source it comes from"},
    {NULL},
};

const struct bn_view_table bn_table_moving = {
    .name = "moving",
    .schema = 1,
    .kind = BN_RUN,
    .doc = "Runs in flight, with how long they take as a rule.",
    .from = "FROM entity_now l JOIN run r ON r.entity_id = l.id"
	    " LEFT JOIN pipeline p ON p.entity_id = r.pipeline_id"
	    " LEFT JOIN entity pe ON pe.id = r.pipeline_id"
	    " WHERE l.kind = " SQL_RUN " AND l.status = " SQL_RUNNING,
    .id_sql = "l.source, l.kind, l.key",
    .status_sql = "l.status_now",
    .stale_sql = "l.stale",
    .age_sql = "l.age_ms",
    /* what was asked for anew is what somebody waits for */
    .order = "(r.attempt > 1 OR r.retry_of IS NOT NULL) DESC, " ELAPSED " DESC, l.name",
    .problem_sql = "(l.stale OR (p.p95_ms > 0 AND " ELAPSED " > p.p95_ms))",
    .time_sql = "r.started_at",
    .search_sql =
	"l.name || char(10) || coalesce(pe.name, '') || char(10) || coalesce(l.message, '')",
    .name_sql = "coalesce(pe.name, l.name)",
    .columns = moving_columns,
};
