/* cmd_run.c - one run: show, tree, gantt, log. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/show.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/* ---- finding the run and its tasks --------------------------------------------------------- */

/* "run show transform-hourly" means its latest run. */
static int
latest_run(struct bn_cli *cli, const struct bn_ref *pipeline, struct bn_ref *out,
	   struct bn_error *err)
{
	struct bn_query query = {
	    .table = bn_view_table("runs"), .scope = *pipeline, .sort = "-start", .limit = 1};
	struct bn_rows *rows = NULL;
	int rc = bn_view_query(cli->reader, &query, &rows, err);

	if (rc == BN_OK && bn_rows_count(rows) == 0)
		rc = bn_fail(err, BN_ENOTFOUND, "%s has no run yet", pipeline->key);
	if (rc == BN_OK) {
		struct bn_ref ref = bn_rows_ref(rows, 0);

		*out = (struct bn_ref){ref.kind, bn_arena_strdup(cli->arena, ref.source),
				       bn_arena_strdup(cli->arena, ref.key)};
	}
	bn_rows_free(rows);
	return rc;
}

/* A pipeline's name means its latest run: it is what people remember, and the names of runs begin
 * with it. */
static int
find_run(struct bn_cli *cli, const char *text, struct bn_ref *out, struct bn_error *err)
{
	struct bn_error ignored = {0};
	struct bn_ref found = {0};
	int rc = BN_ENOTFOUND;

	if (strncmp(text, "run/", 4) != 0)
		rc = bn_cli_resolve(cli, text, BN_PIPELINE, &found, &ignored);
	if (rc != BN_OK)
		rc = bn_cli_resolve(cli, text, BN_RUN, &found, err);
	if (rc == BN_OK && found.kind == BN_PIPELINE)
		return latest_run(cli, &found, out, err);
	*out = found;
	return rc;
}

/* Refreshes, finds the run, and has its tasks loaded unless --offline. A source that can't be asked
 * leaves what is stored, and an incomplete answer. */
static int
open_run(struct bn_cli *cli, const char *text, struct bn_ref *run, struct bn_error *err)
{
	struct bn_error detail = {0};
	int rc = bn_cli_refresh(cli, NULL, false, err);

	if (rc == BN_OK)
		rc = find_run(cli, text, run, err);
	if (rc == BN_OK && !cli->offline &&
	    bn_collect_detail(cli->collect, *run, cli->timeout, &detail) != BN_OK &&
	    detail.code != BN_EUNSUPPORTED) {
		bn_cli_note(cli, "the tasks could not be read: %s", detail.message);
		cli->incomplete = true;
	}
	return rc;
}

/* All of them: what these commands show is not what one terminal width shows. */
static const char *const task_columns[] = {"status",   "task",	  "duration", "start",
					   "finished", "message", "depth",    "try",
					   "attempt",  "log",	  "key",      NULL};

static int
query_tasks(struct bn_cli *cli, const struct bn_invocation *in, const struct bn_ref *run,
	    struct bn_rows **rows, struct bn_error *err)
{
	struct bn_query query = {
	    .table = bn_view_table("tasks"), .columns = task_columns, .scope = *run};
	int64_t attempt;
	int rc = bn_flag_int(in, "attempt", 0, &attempt, err);

	query.attempt = (int)attempt;
	return rc == BN_OK ? bn_view_query(cli->reader, &query, rows, err) : rc;
}

/* ---- show ---------------------------------------------------------------------------------- */

static int
show_detail(struct bn_cli *cli, const struct bn_ref *ref, struct bn_error *err)
{
	struct bn_detail detail;
	struct bn_buf out = BN_BUF_INIT(0);
	size_t i;
	int rc = bn_view_detail(cli->reader, *ref, &cli->style, cli->arena, &detail, err);

	if (rc != BN_OK)
		return rc;
	bn_buf_addf(&out, "%s  %s\n", detail.title, detail.subtitle != NULL ? detail.subtitle : "");
	for (i = 0; i < detail.count; i++) {
		bn_text_cell(&out, detail.lines[i].label, 11, BN_PAD_RIGHT, cli->style.ascii);
		bn_buf_addf(&out, " %s\n", detail.lines[i].text);
	}
	rc = bn_cli_flush(cli, &out, err);
	bn_buf_free(&out);
	return rc;
}

int
bn_cli_show(struct bn_cli *cli, const char *table, const struct bn_ref *ref, struct bn_error *err)
{
	struct bn_query query = {.table = bn_view_table(table), .scope = *ref};

	if (cli->format == BN_OUT_TABLE || cli->format == BN_OUT_WIDE)
		return show_detail(cli, ref, err);
	return bn_cli_list(cli, &query, NULL, err);
}

static int
run_show(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	struct bn_ref run = {0};

	if (open_run(cli, in->operands[0], &run, &err) != BN_OK ||
	    bn_cli_show(cli, "runs", &run, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_example show_examples[] = {
    {"binnacle --demo run show transform-hourly", 0,
     "The latest run of a pipeline: why it failed, what it touches"},
    {"binnacle --demo run show transform-hourly -o json", 0, "The same for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_run_show = {
    .name = "run show",
    .page = "run",
    .operands = "RUN",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_RUN,
    .summary = "one run: why, since when, what it touches, what changed",
    .doc = "RUN is run/SOURCE/KEY, a run's key, or a pipeline's name for its latest run.",
    .table = "runs",
    .examples = show_examples,
    .run = run_show,
    .past = true,
};

/* ---- tree ---------------------------------------------------------------------------------- */

static void
add_named(struct bn_cli *cli, struct bn_buf *out, const struct bn_rows *rows, size_t row,
	  const char *name)
{
	size_t c;

	for (c = 0; c < bn_rows_columns(rows); c++) {
		if (strcmp(bn_rows_column(rows, c)->name, name) == 0)
			bn_view_show(out, bn_rows_column(rows, c), bn_rows_value(rows, row, c),
				     &cli->style, 0);
	}
}

/* Indented name and glyph of one task, cut to `width` columns. */
static void
add_task_name(struct bn_cli *cli, struct bn_buf *out, const struct bn_rows *rows, size_t row,
	      size_t width)
{
	struct bn_value depth = bn_rows_named(rows, row, "depth");
	const struct bn_status_row *status = bn_status_row(bn_rows_status(rows, row));
	struct bn_buf cell = BN_BUF_INIT(1 << 20);
	int64_t i;

	for (i = 0; i < depth.i && i < 16; i++)
		bn_buf_adds(&cell, "  ");
	bn_buf_addf(&cell, "%s ", cli->style.ascii ? status->ascii : status->glyph);
	add_named(cli, &cell, rows, row, "task");
	bn_text_cell(out, bn_buf_text(&cell), width, BN_PAD_RIGHT, cli->style.ascii);
	bn_buf_free(&cell);
}

static void
add_tree_line(struct bn_cli *cli, struct bn_buf *out, const struct bn_rows *rows, size_t row)
{
	struct bn_buf duration = BN_BUF_INIT(256);

	add_task_name(cli, out, rows, row, 44);
	bn_buf_addc(out, ' ');
	bn_text_cell(out, bn_status_row(bn_rows_status(rows, row))->word, 10, BN_PAD_RIGHT,
		     cli->style.ascii);
	add_named(cli, &duration, rows, row, "duration");
	bn_text_cell(out, bn_buf_text(&duration), 8, BN_PAD_LEFT, cli->style.ascii);
	bn_buf_adds(out, "  ");
	add_named(cli, out, rows, row, "message");
	while (out->size > 0 && out->data[out->size - 1] == ' ')
		out->data[--out->size] = '\0';
	bn_buf_addc(out, '\n');
	bn_buf_free(&duration);
}

static int
run_tree(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_error err = {0};
	struct bn_rows *rows = NULL;
	struct bn_ref run = {0};
	size_t i;
	int rc = open_run(cli, in->operands[0], &run, &err);

	if (rc == BN_OK && cli->format != BN_OUT_TABLE && cli->format != BN_OUT_WIDE) {
		struct bn_query query = {.table = bn_view_table("tasks"), .scope = run};
		int64_t attempt;

		rc = bn_flag_int(in, "attempt", 0, &attempt, &err);
		query.attempt = (int)attempt;
		if (rc == BN_OK)
			rc = bn_cli_list(cli, &query, NULL, &err);
	} else if (rc == BN_OK) {
		rc = query_tasks(cli, in, &run, &rows, &err);
		for (i = 0; rc == BN_OK && i < bn_rows_count(rows); i++)
			add_tree_line(cli, &out, rows, i);
		if (rc == BN_OK)
			rc = bn_cli_flush(cli, &out, &err);
	}
	bn_rows_free(rows);
	bn_buf_free(&out);
	return rc == BN_OK ? bn_cli_complete(cli) : bn_cli_report(cli, &err);
}

static const struct bn_flag attempt_flags[] = {
    {"attempt", 0, "N", false, NULL, "of attempt N instead of the latest"},
    BN_FLAGS_END,
};

static const struct bn_example tree_examples[] = {
    {"binnacle --demo run tree transform-hourly", 0, "The tasks of the latest run as a tree"},
    {"binnacle --demo run tree transform-hourly -o ndjson --filter status:failed", 0,
     "Its failed tasks, one a line"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_run_tree = {
    .name = "run tree",
    .page = "run",
    .operands = "RUN",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_RUN,
    .summary = "the tasks of a run",
    .doc = "Tasks in tree order with state, duration and message. Every other format than table "
	   "lists the columns "
	   "below.",
    .table = "tasks",
    .flags = attempt_flags,
    .examples = tree_examples,
    .run = run_tree,
    .past = true,
};

/* ---- gantt --------------------------------------------------------------------------------- */

struct span {
	int64_t from, to;
};

static struct span
task_span(const struct bn_rows *rows, size_t row, bn_time now)
{
	struct bn_value started = bn_rows_named(rows, row, "start");
	struct bn_value finished = bn_rows_named(rows, row, "finished");

	if (started.type == BN_VALUE_NULL)
		return (struct span){0, 0};
	return (struct span){started.i, finished.type != BN_VALUE_NULL ? finished.i : now};
}

static struct span
whole_span(const struct bn_rows *rows, bn_time now)
{
	struct span all = {0, 0};
	size_t i;

	for (i = 0; i < bn_rows_count(rows); i++) {
		struct span one = task_span(rows, i, now);

		if (one.from != 0 && (all.from == 0 || one.from < all.from))
			all.from = one.from;
		if (one.to > all.to)
			all.to = one.to;
	}
	return all;
}

static void
add_bar(struct bn_cli *cli, struct bn_buf *out, struct span all, struct span one, int width)
{
	int64_t length = all.to - all.from > 0 ? all.to - all.from : 1;
	int first, last, i;

	if (one.from == 0)
		return;
	first = (int)((one.from - all.from) * width / length);
	last = (int)((one.to - all.from) * width / length);
	for (i = 0; i < width && i <= last; i++)
		bn_buf_adds(out, i < first ? " " : cli->style.ascii ? "=" : "▬");
}

static int
run_gantt(struct bn_cli *cli, const struct bn_invocation *in)
{
	char from[BN_TIME_TEXT], to[BN_TIME_TEXT];
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_error err = {0};
	struct bn_rows *rows = NULL;
	struct bn_ref run = {0};
	struct span all;
	size_t i;
	int rc = open_run(cli, in->operands[0], &run, &err);

	if (rc == BN_OK)
		rc = query_tasks(cli, in, &run, &rows, &err);
	if (rc == BN_OK && cli->format != BN_OUT_TABLE && cli->format != BN_OUT_WIDE)
		rc = bn_cli_write_rows(cli, bn_view_table("tasks"), rows, &err);
	else if (rc == BN_OK) {
		all = whole_span(rows, cli->style.now);
		bn_buf_addf(&out, "%-36s %s%*s\n", "",
			    bn_time_show(all.from, cli->style.zone, BN_TIME_HMS, from), 40 - 8,
			    bn_time_show(all.to, cli->style.zone, BN_TIME_HMS, to));
		for (i = 0; i < bn_rows_count(rows); i++) {
			add_task_name(cli, &out, rows, i, 36);
			bn_buf_addc(&out, ' ');
			add_bar(cli, &out, all, task_span(rows, i, cli->style.now), 40);
			bn_buf_addc(&out, '\n');
		}
		rc = bn_cli_flush(cli, &out, &err);
	}
	bn_rows_free(rows);
	bn_buf_free(&out);
	return rc == BN_OK ? bn_cli_complete(cli) : bn_cli_report(cli, &err);
}

static const struct bn_example gantt_examples[] = {
    {"binnacle --demo run gantt transform-hourly", 0, "When each task ran"},
    {"binnacle --demo run gantt transform-hourly -o json", 0, "The times behind the bars"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_run_gantt = {
    .name = "run gantt",
    .page = "run",
    .operands = "RUN",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_RUN,
    .summary = "when each task of a run was at work",
    .doc = "A bar a task from its start to its end, over the time of the whole run.",
    .table = "tasks",
    .flags = attempt_flags,
    .examples = gantt_examples,
    .run = run_gantt,
    .past = true,
};

/* ---- log ----------------------------------------------------------------------------------- */

static int
write_line(struct bn_cli *cli, const struct bn_log_line *line, struct bn_error *err)
{
	struct bn_buf out = BN_BUF_INIT(0);
	char time[BN_TIME_TEXT];
	int rc;

	if (cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON) {
		bn_buf_adds(&out, "{\"at\":");
		bn_json_quote(&out, line->at != 0 ? bn_time_rfc3339(line->at, time) : NULL);
		bn_buf_adds(&out, ",\"text\":");
		bn_json_quote(&out, line->text);
		bn_buf_adds(&out, "}\n");
	} else {
		if (line->at != 0)
			bn_buf_addf(&out, "%s ",
				    bn_time_show(line->at, cli->style.zone, BN_TIME_HMS, time));
		bn_sanitise(&out, line->text, line->size, BN_SANITISE_TEXT);
		bn_buf_addc(&out, '\n');
	}
	rc = bn_cli_flush(cli, &out, err);
	bn_buf_free(&out);
	return rc;
}

/* Which task is meant by a name or key: its handle, and the try wanted. */
static int
choose_task(struct bn_cli *cli, const struct bn_invocation *in, const struct bn_ref *run,
	    struct bn_log_request *request, struct bn_error *err)
{
	const char *wanted = in->count > 1 ? in->operands[1] : NULL;
	struct bn_rows *rows = NULL;
	bool found = false;
	size_t i;
	int rc;

	if (wanted == NULL)
		return BN_OK;
	rc = query_tasks(cli, in, run, &rows, err);
	for (i = 0; rc == BN_OK && !found && i < bn_rows_count(rows); i++) {
		struct bn_value name = bn_rows_named(rows, i, "task"),
				key = bn_rows_named(rows, i, "key");
		struct bn_value log = bn_rows_named(rows, i, "log");

		if ((name.s == NULL || strcmp(name.s, wanted) != 0) &&
		    (key.s == NULL || strcmp(key.s, wanted) != 0))
			continue;
		found = true;
		request->task = bn_arena_strdup(cli->arena, key.s);
		request->handle = bn_arena_strdup(cli->arena, log.s);
	}
	if (rc == BN_OK && !found) {
		bn_fail(err, BN_ENOTFOUND, "the run has no task '%s'", wanted);
		rc = bn_hint(err, "binnacle run tree %s lists them", in->operands[0]);
	}
	bn_rows_free(rows);
	return rc;
}

static int
copy_log(struct bn_cli *cli, struct bn_log_reader *reader, struct bn_error *err)
{
	struct bn_log_line line;
	int rc = BN_OK;

	while (rc == BN_OK) {
		int got = bn_log_next(reader, &line, 100, err);

		if (got == 1)
			rc = write_line(cli, &line, err);
		else if (got == BN_ECANCELLED)
			break;
		else if (got < 0)
			rc = got;
		else if (bn_cli_wait(cli, 0) != 0)
			break;
	}
	if (bn_log_dropped(reader) > 0)
		bn_cli_note(cli, "%lld lines were dropped", (long long)bn_log_dropped(reader));
	return rc;
}

static int
run_log(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_log_request request = {.follow = bn_flag_has(in, "follow")};
	struct bn_log_reader *reader = NULL;
	struct bn_error err = {0};
	struct bn_ref run = {0};
	int64_t tail = 0, try_number = 0;
	int rc = bn_flag_int(in, "tail", 0, &tail, &err);

	if (rc == BN_OK)
		rc = bn_flag_int(in, "try", 0, &try_number, &err);
	if (rc == BN_OK)
		rc = bn_cli_may_ask(cli, "logs are read", &err);
	if (rc == BN_OK)
		rc = open_run(cli, in->operands[0], &run, &err);
	if (rc == BN_OK)
		rc = choose_task(cli, in, &run, &request, &err);
	request.run = run.key;
	request.tail = (int)tail;
	request.try_number = (int)try_number;
	if (rc == BN_OK && request.follow)
		rc = bn_cli_catch_signals(cli, &err);
	if (rc == BN_OK)
		rc = bn_collect_log_open(&reader, cli->collect, run, &request, &err);
	if (rc == BN_OK)
		rc = copy_log(cli, reader, &err);
	if (reader != NULL)
		bn_log_reader_close(reader);
	return rc == BN_OK ? BN_EXIT_OK : bn_cli_report(cli, &err);
}

static const struct bn_flag log_flags[] = {
    {"follow", 'f', NULL, false, NULL, "go on with what is written while it runs"},
    {"tail", 'n', "N", false, NULL, "only the last N lines"},
    {"try", 0, "N", false, NULL, "of the task's try N instead of the latest"},
    {"attempt", 0, "N", false, NULL, "of the run's attempt N instead of the latest"},
    BN_FLAGS_END,
};

static const struct bn_example log_examples[] = {
    {"binnacle --demo run log transform-hourly stg_payments", 0, "What a failed task wrote"},
    {"binnacle --demo run log transform-hourly stg_payments --tail 5 -o ndjson", 0,
     "Its last lines, for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_run_log = {
    .name = "run log",
    .page = "run",
    .operands = "RUN [TASK]",
    .min_operands = 1,
    .max_operands = 2,
    .completes = BN_RUN,
    .summary = "what a run or one of its tasks wrote",
    .doc = "Lines as the platform has them, made safe for the terminal; -o ndjson keeps the "
	   "original text.",
    .flags = log_flags,
    .examples = log_examples,
    .run = run_log,
};
