/* cmd_audit.c - audit: what people did, what came of it, and whether the record of it is whole. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "action/action.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/* ---- list ------------------------------------------------------------------------------------ */

/* The journal outlives what it is about: KIND/SOURCE/KEY is good though nothing else is known of it any more. */
static int
subject(struct bn_cli *cli, const char *text, struct bn_ref *out, struct bn_error *err)
{
	struct bn_ref_text parsed = {0};
	struct bn_error ignored = {0};
	const char *slash;
	int rc = bn_cli_resolve(cli, text, BN_KIND_NONE, out, err);

	if (rc == BN_ENOTFOUND && bn_ref_parse(text, NULL, NULL, &parsed, &ignored) == BN_OK &&
	    (slash = strchr(parsed.key, '/')) != NULL) {
		*out = (struct bn_ref){
		    parsed.kind,
		    bn_arena_strndup(cli->arena, parsed.key, (size_t)(slash - parsed.key)),
		    bn_arena_strdup(cli->arena, slash + 1)};
		rc = BN_OK;
	}
	bn_ref_free(&parsed);
	return rc;
}

static int
run_list(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("audit")};
	const char *verb = bn_flag_get(in, "verb");
	struct bn_error err = {0};

	if (bn_cli_open_store(cli, &err) != BN_OK ||
	    (in->count > 0 && subject(cli, in->operands[0], &query.scope, &err) != BN_OK))
		return bn_cli_report(cli, &err);
	if (verb != NULL && strspn(verb, "abcdefghijklmnopqrstuvwxyz-") != strlen(verb)) {
		bn_fail(&err, BN_EINVAL, "'%.40s' is no verb", verb);
		return bn_cli_report(cli, &err);
	}
	if (verb != NULL)
		query.filter = bn_arena_format(cli->arena, "verb=\"%s\"", verb);
	query.problems = bn_flag_has(in, "unsettled");
	return bn_cli_list(cli, &query, NULL, &err) == BN_OK ? BN_EXIT_OK
							     : bn_cli_report(cli, &err);
}

static const struct bn_flag list_flags[] = {
    {"verb", 0, "VERB", false, NULL, "only records of that verb: retry, bulk, ack, note, lock …"},
    {"unsettled", 0, NULL, false, NULL, "only retries whose outcome is not known"},
    BN_FLAGS_END,
};

static const struct bn_example list_examples[] = {
    {"binnacle --demo audit list --verb retry --since 30d -o csv", 0, "Who retried what, and why"},
    {"binnacle --demo audit list --unsettled", 0, "What nobody knows the outcome of"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_audit_list = {
    .name = "audit list",
    .page = "audit",
    .operands = "[KIND/[SOURCE/]KEY]",
    .max_operands = 1,
    .summary = "what people did, of everything or of one thing",
    .doc = "The journal's records, newest first. An intent is listed as the verb it was about, "
	   "with what "
	   "came of it.",
    .table = "audit",
    .flags = list_flags,
    .examples = list_examples,
    .run = run_list,
    .past = true,
};

/* ---- show and export ------------------------------------------------------------------------- */

static const char columns[] = "SELECT seq, at, verb, user, identity, host, origin, source, kind, "
			      "key, parent, reason, body, prev,"
			      " hash FROM journal.record ";

/* The record exactly as it is hashed: every column under its name, the body as the text it is. */
static void
add_record(struct bn_buf *out, sqlite3_stmt *st)
{
	int i;

	bn_buf_addc(out, '{');
	for (i = 0; i < sqlite3_column_count(st); i++) {
		bn_buf_addf(out, "%s\"%s\":", i > 0 ? "," : "", sqlite3_column_name(st, i));
		if (sqlite3_column_type(st, i) == SQLITE_INTEGER)
			bn_buf_addf(out, "%" PRId64, (int64_t)sqlite3_column_int64(st, i));
		else
			bn_json_quote(out, (const char *)sqlite3_column_text(st, i));
	}
	bn_buf_adds(out, "}\n");
}

static int
each_record(struct bn_cli *cli, const char *where, int64_t number,
	    int (*on_record)(struct bn_cli *, sqlite3_stmt *, struct bn_error *), int *count,
	    struct bn_error *err)
{
	char *sql = bn_xasprintf("%s%s", columns, where);
	sqlite3 *db = bn_reader_db(cli->reader);
	sqlite3_stmt *st = NULL;
	int step = SQLITE_ERROR, rc = BN_OK;

	*count = 0;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, number);
		while (rc == BN_OK && (step = sqlite3_step(st)) == SQLITE_ROW) {
			rc = on_record(cli, st, err);
			(*count)++;
		}
	}
	if (rc == BN_OK && step != SQLITE_DONE)
		rc = bn_fail(err, BN_EIO, "journal.db: %s", sqlite3_errmsg(db));
	sqlite3_finalize(st);
	free(sql);
	return rc;
}

static int
export_record(struct bn_cli *cli, sqlite3_stmt *st, struct bn_error *err)
{
	struct bn_buf out = BN_BUF_INIT(0);
	int rc;

	add_record(&out, st);
	rc = bn_cli_flush(cli, &out, err);
	bn_buf_free(&out);
	return rc;
}

/* A number of a body is written as what it counts. */
enum unit { PLAIN, MOMENT, SPAN, SHARE };

static void
show_value(struct bn_cli *cli, struct bn_buf *out, const char *label, enum unit unit,
	   const json_t *value)
{
	const char *text = json_string_value(value);
	char *dumped = NULL, time[BN_TIME_TEXT];

	if (value == NULL || json_is_null(value))
		return;
	if (unit == MOMENT && json_is_integer(value))
		text = bn_time_rfc3339(json_integer_value(value), time);
	else if (unit == SPAN && json_is_integer(value))
		text = bn_duration_show(json_integer_value(value), time);
	else if (unit == SHARE && json_is_number(value))
		text = dumped = bn_xasprintf("%.4g%%", 100 * json_number_value(value));
	if (text == NULL)
		text = dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	bn_text_cell(out, label, 10, BN_PAD_RIGHT, cli->style.ascii);
	bn_buf_addf(out, " %s\n", bn_sanitised(cli->arena, text != NULL ? text : ""));
	free(dumped);
}

static void
show_logs(struct bn_cli *cli, struct bn_buf *out, const json_t *logs)
{
	const char *at;
	json_t *log;
	size_t i;

	json_array_foreach(logs, i, log)
	{
		show_value(cli, out, "log of", PLAIN, json_object_get(log, "task"));
		for (at = json_string_value(json_object_get(log, "tail"));
		     at != NULL && *at != '\0';) {
			size_t size = strcspn(at, "\n");
			char *one = bn_xstrndup(at, size);

			bn_buf_addf(out, "           | %s\n", bn_sanitised(cli->arena, one));
			free(one);
			at += size + (at[size] != '\0');
		}
	}
}

static void
show_left_out(struct bn_cli *cli, struct bn_buf *out, const json_t *list)
{
	json_t *one, *text;
	size_t i;

	json_array_foreach(list, i, one)
	{
		text = json_sprintf("%s/%s: %s", bn_json_str_at(one, "source"),
				    bn_json_str_at(one, "key"), bn_json_str_at(one, "why"));
		show_value(cli, out, i == 0 ? "left out" : "", PLAIN, text);
		json_decref(text);
	}
}

/* What a body says that a person asks first; all of it is in the JSON form. */
static void
show_body(struct bn_cli *cli, struct bn_buf *out, const char *text)
{
	static const struct {
		const char *label, *path;
		enum unit unit;
	} members[] = {{"state", "state"},
		       {"by", "by"},
		       {"answer", "answer"},
		       {"http", "http_status"},
		       {"new run", "run"},
		       {"what", "plan/what"},
		       {"mode", "plan/mode"},
		       {"request", "plan/request"},
		       {"body", "plan/body"},
		       {"plan", "digest"},
		       {"class", "class"},
		       {"attempt", "plan/attempt"},
		       {"was", "snapshot/status"},
		       {"because", "snapshot/message"},
		       {"failed", "snapshot/tasks_failed"},
		       {"until", "until", MOMENT},
		       {"tag", "tag"},
		       {"summary", "text"},
		       {"rest of", "rest_of"},
		       {"unread", "unread"},
		       {"waves", "waves"},
		       {"ratio", "abort_ratio", SHARE},
		       {"spacing", "spacing", SPAN},
		       {"time", "timeout", SPAN},
		       {"at once", "concurrency"}};
	struct bn_error ignored;
	json_t *body = NULL;
	size_t i;

	if (text == NULL || bn_json_load(&body, text, strlen(text), &ignored) != BN_OK)
		return;
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		show_value(cli, out, members[i].label, members[i].unit,
			   bn_json_at(body, members[i].path));
	show_left_out(cli, out, bn_json_at(body, "left_out"));
	show_logs(cli, out, bn_json_at(body, "snapshot/logs"));
	json_decref(body);
}

static int
show_record(struct bn_cli *cli, sqlite3_stmt *st, struct bn_error *err)
{
	static const char *const labels[] = {"record",	NULL,	  "verb",   "user", "identity",
					     "host",	"origin", "source", "kind", "key",
					     "part of", "reason", NULL,	    NULL,   "hash"};
	struct bn_buf out = BN_BUF_INIT(0);
	char time[BN_TIME_TEXT];
	int i, rc;

	if (cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON) {
		bn_buf_free(&out);
		return export_record(cli, st, err);
	}
	for (i = 0; i < 15; i++) {
		const char *text = (const char *)sqlite3_column_text(st, i);

		if (labels[i] == NULL || text == NULL || *text == '\0')
			continue;
		bn_text_cell(&out, labels[i], 10, BN_PAD_RIGHT, cli->style.ascii);
		bn_buf_addf(&out, " %s\n", bn_sanitised(cli->arena, text));
		if (i == 0)
			bn_buf_addf(&out, "at         %s\n",
				    bn_time_rfc3339(sqlite3_column_int64(st, 1), time));
		if (i == 11)
			show_body(cli, &out, (const char *)sqlite3_column_text(st, 12));
	}
	if (sqlite3_column_text(st, 11) == NULL || *sqlite3_column_text(st, 11) == '\0')
		show_body(cli, &out, (const char *)sqlite3_column_text(st, 12));
	bn_buf_addc(&out, '\n');
	rc = bn_cli_flush(cli, &out, err);
	bn_buf_free(&out);
	return rc;
}

/* A bulk's retries, a line each: all of each is under its own number. Then what it never came to. */
static int
show_children(struct bn_cli *cli, int64_t bulk, struct bn_error *err)
{
	static const char sql[] =
	    "SELECT i.seq, i.state, i.source, i.key, i.answer FROM intent_now i WHERE i.parent = ?1"
	    " UNION ALL SELECT NULL, CASE b.state WHEN 'running' THEN 'waits'"
	    "  ELSE 'not-sent' END, json_extract(t.value, '$.source'),"
	    " json_extract(t.value, '$.key'), NULL FROM bulk_now b, json_each(b.targets) t"
	    " WHERE b.seq = ?1 AND NOT EXISTS (SELECT 1 FROM intent_now i WHERE i.parent = b.seq"
	    "  AND i.source = json_extract(t.value, '$.source')"
	    "  AND i.key = json_extract(t.value, '$.key'))";
	sqlite3 *db = bn_reader_db(cli->reader);
	struct bn_buf out = BN_BUF_INIT(0);
	sqlite3_stmt *st = NULL;
	int rc, step = SQLITE_ERROR;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, bulk);
		while ((step = sqlite3_step(st)) == SQLITE_ROW) {
			const char *answer = (const char *)sqlite3_column_text(st, 4);

			bn_buf_adds(&out, "retry      ");
			if (sqlite3_column_type(st, 0) != SQLITE_NULL)
				bn_buf_addf(&out, "%lld ", (long long)sqlite3_column_int64(st, 0));
			bn_buf_addf(
			    &out, "%s %s/%s",
			    bn_sanitised(cli->arena, (const char *)sqlite3_column_text(st, 1)),
			    bn_sanitised(cli->arena, (const char *)sqlite3_column_text(st, 2)),
			    bn_sanitised(cli->arena, (const char *)sqlite3_column_text(st, 3)));
			if (answer != NULL)
				bn_buf_addf(&out, ": %s", bn_sanitised(cli->arena, answer));
			bn_buf_addc(&out, '\n');
		}
	}
	rc = step == SQLITE_DONE ? bn_cli_flush(cli, &out, err)
				 : bn_fail(err, BN_EIO, "journal.db: %s", sqlite3_errmsg(db));
	sqlite3_finalize(st);
	bn_buf_free(&out);
	return rc;
}

static int
is_bulk(struct bn_cli *cli, int64_t number, bool *out, struct bn_error *err)
{
	sqlite3 *db = bn_reader_db(cli->reader);
	sqlite3_stmt *st = NULL;
	int step = sqlite3_prepare_v2(
	    db, "SELECT 1 FROM journal.record WHERE seq = ?1 AND verb = 'bulk'", -1, &st, NULL);

	if (step == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, number);
		step = sqlite3_step(st);
	}
	*out = step == SQLITE_ROW;
	sqlite3_finalize(st);
	return step == SQLITE_ROW || step == SQLITE_DONE
		   ? BN_OK
		   : bn_fail(err, BN_EIO, "journal.db: %s", sqlite3_errmsg(db));
}

static int
record_number(const struct bn_invocation *in, int64_t *out, struct bn_error *err)
{
	const char *text = in->operands[0];

	if (*text == '\0' || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		return bn_fail(err, BN_EINVAL, "'%.40s' is not the number of a record", text);
	*out = strtoll(text, NULL, 10);
	return BN_OK;
}

static int
run_show(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	bool bulk, text = cli->format != BN_OUT_JSON && cli->format != BN_OUT_NDJSON;
	int64_t number;
	int count = 0;

	if (record_number(in, &number, &err) != BN_OK || bn_cli_open_store(cli, &err) != BN_OK ||
	    is_bulk(cli, number, &bulk, &err) != BN_OK ||
	    each_record(cli,
			bulk && text
			    ? "WHERE seq = ?1 OR (parent = ?1 AND verb = 'bulk-end') ORDER BY seq"
			: bulk ? "WHERE seq = ?1 OR parent = ?1 OR parent IN (SELECT i.seq FROM"
				 " journal.record i WHERE i.parent = ?1 AND i.verb = 'intent')"
				 " ORDER BY seq"
			       : "WHERE seq = ?1 OR parent = ?1 ORDER BY seq",
			number, show_record, &count, &err) != BN_OK ||
	    (bulk && text && show_children(cli, number, &err) != BN_OK))
		return bn_cli_report(cli, &err);
	if (count > 0)
		return BN_EXIT_OK;
	bn_fail(&err, BN_ENOTFOUND, "there is no record %lld", (long long)number);
	return bn_cli_report(cli, &err);
}

static const struct bn_example show_examples[] = {
    {"binnacle --demo audit show 1", 0, "A record, and those that belong to it"},
    {"binnacle --demo audit show 999999", 66, "66: there is none of that number"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_audit_show = {
    .name = "audit show",
    .page = "audit",
    .operands = "RECORD",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "one record with everything it holds",
    .doc =
	"Of an intent: the plan, the request, why the run had failed and the ends of its logs "
	"as they "
	"were, and the records that belong to it (sending, outcome). Of a bulk: how it was sent, "
	"how it ended, and a line for each of its retries. With -o json the records "
	"as they "
	"are stored, one a line.",
    .examples = show_examples,
    .run = run_show,
};

static int
run_export(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	int count = 0;

	(void)in;
	if (bn_cli_open_store(cli, &err) != BN_OK ||
	    each_record(cli, "WHERE seq > ?1 ORDER BY seq", 0, export_record, &count, &err) !=
		BN_OK)
		return bn_cli_report(cli, &err);
	return BN_EXIT_OK;
}

static const struct bn_example export_examples[] = {
    {"binnacle --demo audit export", 0, "Everything, oldest first"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_audit_export = {
    .name = "audit export",
    .page = "audit",
    .operands = "",
    .summary = "all records, as they are hashed",
    .doc = "One JSON object a line with every column of every record, oldest first; the body is "
	   "the text "
	   "that was hashed. Enough to check the chain elsewhere.",
    .examples = export_examples,
    .run = run_export,
};

/* ---- verify ---------------------------------------------------------------------------------- */

/* An "ok" says less where the journal was compared with itself alone. */
static void
note_unanchored(struct bn_cli *cli)
{
	if (!bn_journal_anchored(cli->store))
		bn_cli_note(cli, "compared with nothing outside the journal: an end that was cut "
				 "off, or all of it written anew, would not be seen; with anchor = "
				 "FILE in [state] it would");
}

static int
run_verify(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	int64_t count = 0, bad = 0;
	int rc;

	(void)in;
	if (bn_cli_open_store(cli, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	rc = bn_journal_verify(cli->store, &count, &bad, &err);
	if (cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON) {
		fprintf(cli->out, "{\"ok\":%s,\"records\":%lld,\"anchored\":%s,\"first_bad\":",
			rc == BN_OK ? "true" : "false", (long long)count,
			bn_journal_anchored(cli->store) ? "true" : "false");
		fprintf(cli->out, bad > 0 ? "%lld}\n" : "null}\n", (long long)bad);
	} else if (rc == BN_OK && !cli->quiet) {
		fprintf(cli->out, "ok %lld records\n", (long long)count);
		note_unanchored(cli);
	}
	if (rc == BN_OK)
		return BN_EXIT_OK;
	rc = bn_cli_report(cli, &err);
	return err.code == BN_ECONFLICT ? BN_EXIT_FAILED : rc;
}

static const struct bn_example verify_examples[] = {
    {"binnacle --demo audit verify", 0, "Is the record of what people did whole?"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_audit_verify = {
    .name = "audit verify",
    .page = "audit",
    .operands = "",
    .summary = "is the record whole?",
    .doc = "Walks the chain of hashes. Prints `ok N records`, or names the first record that does "
	   "not fit and exits with 2: one that was changed, removed or put in. With a second file "
	   "([state] anchor) it is compared with the heads there, so that an end that was cut off, "
	   "a record that was added and a chain that was written anew whole are found as well; "
	   "without one they can't be, and standard error says so.\n\n"
	   "With -o json one object: ok, records (how many fit), anchored (whether there was such "
	   "a file to compare with) and first_bad (the number of a record, or null).",
    .examples = verify_examples,
    .run = run_verify,
};

/* ---- settle ---------------------------------------------------------------------------------- */

static int
run_settle(struct bn_cli *cli, const struct bn_invocation *in)
{
	const char *as = bn_flag_get(in, "as");
	const char *reason = bn_flag_get(in, "reason");
	struct bn_error err = {0};
	int64_t number, seq = 0;
	int rc = record_number(in, &number, &err);

	if (rc == BN_OK && (as == NULL || reason == NULL || *reason == '\0')) {
		rc = bn_fail(&err, BN_EINVAL,
			     "say --as done or --as not-done, and --reason how you know");
		bn_hint(&err, "look at the run on its platform first");
	}
	if (rc == BN_OK)
		rc = bn_cli_may_write(cli, &err);
	if (rc == BN_OK)
		rc = bn_cli_open_action(cli, NULL, &err);
	if (rc == BN_OK)
		rc = bn_action_settle(cli->action, number, strcmp(as, "done") == 0, reason, &seq,
				      &err);
	if (rc != BN_OK) {
		rc = bn_cli_report(cli, &err);
		return err.code == BN_ECONFLICT ? BN_EXIT_FAILED : rc;
	}
	if (cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON)
		fprintf(cli->out, "{\"record\":%lld}\n", (long long)seq);
	else if (!cli->quiet)
		fprintf(cli->out, "intent %lld is settled as %s (record %lld)\n", (long long)number,
			as, (long long)seq);
	return BN_EXIT_OK;
}

static const struct bn_flag settle_flags[] = {
    {"as", 0, "OUTCOME", false, "done|not-done",
     "what the platform shows: it was done, or it was not"},
    BN_FLAG_REASON,
    BN_FLAGS_END,
};

static const struct bn_example settle_examples[] = {
    {"binnacle --demo audit settle 999999 --as not-done --reason 'asked the team'", 66,
     "66: there is no such intent"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_audit_settle = {
    .name = "audit settle",
    .page = "audit",
    .operands = "INTENT",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "decide what became of a request whose answer was lost",
    .doc = "binnacle reads the platform by itself whenever an answer was lost. Where that does not "
	   "tell, the "
	   "intent stays unknown and nothing more can be sent to the run, until a person has "
	   "looked and says "
	   "how it was. That is recorded with who said it and why.",
    .flags = settle_flags,
    .examples = settle_examples,
    .run = run_settle,
    .writes = true,
};
