/* snapshot.c - the failed attempt as it was: a retry destroys the evidence. */
/* SPDX-License-Identifier: MIT */
#include "action/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* A record holds 1 MiB, and nothing may keep a big incident from being one: what is too much is cut, and said. */
#define TASKS_MAX   400			/* that failed or were skipped */
#define TASKS_BYTES ((size_t)256 << 10) /* all their texts together */
#define TEXT_BYTES  2048		/* of one text */
#define LOGS_MAX    3			/* tasks whose log is read */
#define LOG_LINES   40			/* of its end */
#define LOG_BYTES   8192		/* of each */
#define LOG_WAIT    2000		/* ms for all of them */

json_t *
bn_action_short(const char *whole, size_t most, size_t *spent)
{
	size_t size = strlen(whole), kept = bn_utf8_cut(whole, size, most);
	char *text = bn_xasprintf("%.*s%s", (int)kept, whole, kept < size ? "\xe2\x80\xa6" : "");
	json_t *json = json_string(text);

	free(text);
	*spent += kept;
	return json;
}

static json_t *
short_text(const char *whole, size_t *spent)
{
	return bn_action_short(whole, TEXT_BYTES, spent);
}

static json_t *
column(sqlite3_stmt *st, int at, size_t *spent)
{
	switch (sqlite3_column_type(st, at)) {
	case SQLITE_NULL:
		return json_null();
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(st, at));
	default: {
		json_t *text = short_text((const char *)sqlite3_column_text(st, at), spent);

		return text != NULL ? text : json_null();
	}
	}
}

/* Each row as an object named by its columns; *left_out (may be NULL) counts those there was no room for. */
static json_t *
rows(struct bn_reader *reader, const char *sql, const struct bn_ref *run, int *left_out)
{
	json_t *all = json_array(), *one;
	sqlite3_stmt *st = NULL;
	size_t spent = 0;
	int i;

	if (sqlite3_prepare_v2(bn_reader_db(reader), sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_text(st, 1, run->source, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 2, run->key, -1, SQLITE_STATIC);
		while (sqlite3_step(st) == SQLITE_ROW) {
			if (json_array_size(all) == TASKS_MAX || spent > TASKS_BYTES) {
				(*left_out)++;
				continue;
			}
			one = json_object();
			for (i = 0; i < sqlite3_column_count(st); i++)
				json_object_set_new(one, sqlite3_column_name(st, i),
						    column(st, i, &spent));
			json_array_append_new(all, one);
		}
	}
	sqlite3_finalize(st);
	return all;
}

static const char run_sql[] = "SELECT attempt, last_status AS status, raw_status, message, "
			      "queued_at, started_at, finished_at,"
			      " tasks_total, tasks_failed, tasks_skipped, tasks_done FROM run_now "
			      "WHERE source = ?1 AND key = ?2"
			      " LIMIT 1";
static const char tasks_sql[] =
    "SELECT t.key, t.name, t.last_status AS status, t.raw_status, t.message, t.try_number AS try,"
    " t.started_at, t.finished_at, t.log FROM task_now t JOIN run_now r ON r.id = t.run_id AND"
    " t.attempt = r.attempt WHERE r.source = ?1 AND r.key = ?2 AND t.last_status IN ('failed', "
    "'skipped')"
    " ORDER BY t.last_status = 'skipped', t.finished_at, t.name";

/* The end of one task's log, as one text. */
static char *
log_tail(struct bn_actions *action, const struct bn_ref *run, const json_t *task, int64_t until)
{
	struct bn_log_request request = {
	    .run = run->key,
	    .task = json_string_value(json_object_get(task, "key")),
	    .handle = json_string_value(json_object_get(task, "log")),
	    .try_number = (int)json_integer_value(json_object_get(task, "try")),
	    .tail = LOG_LINES,
	};
	struct bn_buf text = BN_BUF_INIT(0);
	struct bn_log_reader *reader = NULL;
	struct bn_log_line line;
	struct bn_error err;
	int64_t left;
	int rc;

	if (request.handle == NULL ||
	    bn_collect_log_open(&reader, action->options.collect, *run, &request, &err) != BN_OK)
		return NULL;
	while ((left = until - bn_monotonic()) > 0 &&
	       (rc = bn_log_next(reader, &line, left, &err)) >= 0) {
		if (rc == 0)
			continue;
		bn_buf_add(&text, line.text, line.size);
		bn_buf_addc(&text, '\n');
		if (text.size > 64 * LOG_BYTES)
			break;
	}
	bn_log_reader_close(reader);
	if (text.size > LOG_BYTES) { /* the end is what says why */
		memmove(text.data, text.data + text.size - LOG_BYTES, LOG_BYTES + 1);
		text.size = LOG_BYTES;
	}
	return text.size > 0 ? bn_buf_take(&text) : NULL;
}

static json_t *
logs(struct bn_actions *action, const struct bn_ref *run, json_t *tasks)
{
	int64_t until = bn_monotonic() + LOG_WAIT;
	json_t *all = json_array(), *task, *text;
	char *tail;
	size_t i;

	json_array_foreach(tasks, i, task)
	{
		if (json_array_size(all) == LOGS_MAX ||
		    strcmp(json_string_value(json_object_get(task, "status")), "failed") != 0)
			break;
		if ((tail = log_tail(action, run, task, until)) == NULL)
			continue;
		/* A cut may lie within a character. */
		for (char *at = tail;
		     (text = json_string(at)) == NULL && *at != '\0' && at < tail + 4;)
			at++;
		if (text != NULL)
			json_array_append_new(all, json_pack("{s:O, s:o}", "task",
							     json_object_get(task, "name"), "tail",
							     text));
		free(tail);
	}
	return all;
}

json_t *
bn_action_snapshot(struct bn_actions *action, struct bn_reader *reader,
		   const struct bn_action_plan *plan)
{
	int left_out = 0;
	json_t *found = rows(reader, run_sql, &plan->about, NULL);
	json_t *tasks = rows(reader, tasks_sql, &plan->about, &left_out);
	json_t *snapshot =
	    json_array_size(found) > 0 ? json_incref(json_array_get(found, 0)) : json_object();

	json_decref(found);
	if (plan->fingerprint != NULL)
		json_object_set_new(snapshot, "fingerprint", json_string(plan->fingerprint));
	json_object_set_new(snapshot, "logs", logs(action, &plan->about, tasks));
	json_object_set_new(snapshot, "tasks", tasks);
	if (left_out > 0)
		json_object_set_new(snapshot, "tasks_left_out", json_integer(left_out));
	return snapshot;
}
