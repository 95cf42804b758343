/* cmd_rule.c - rule test: when a rule would have fired on what is stored, for how long, how often. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "triage/replay.h"

#define FILE_MAX	(100u * 1000)
#define DEFAULT_WINDOW	((int64_t)30 * 24 * 60 * 60 * 1000)
#define DEFAULT_TIMEOUT 60000

/* ---- which rule ------------------------------------------------------------------------------- */

static int
read_file(struct bn_cli *cli, const char *path, struct bn_rule *rule, struct bn_error *err)
{
	FILE *in = fopen(path, "re");
	char *text;
	size_t size;

	if (in == NULL) {
		bn_fail(err, BN_ENOTFOUND, "%s: neither a rule's name nor a file that can be read",
			path);
		return bn_hint(err, "built-in rules are listed in binnacle-concepts(7)");
	}
	text = bn_arena_alloc(cli->arena, FILE_MAX + 2);
	size = fread(text, 1, FILE_MAX + 1, in);
	fclose(in);
	if (size > FILE_MAX)
		return bn_fail(err, BN_ETOOBIG, "%s: a rule of more than %u bytes", path, FILE_MAX);
	text[size] = '\0';
	if (strlen(text) != size)
		return bn_fail(err, BN_EINVAL, "%s: that is no text", path);
	*rule = (struct bn_rule){.name = path, .severity = BN_WARN, .sql = text};
	return BN_OK;
}

/* A built-in rule by its name, one of the configuration, or a file. */
static int
find_rule(struct bn_cli *cli, const char *name, struct bn_rule *rule, bool *user,
	  struct bn_error *err)
{
	const struct bn_config_section *section;

	*user = false;
	for (const struct bn_rule *r = bn_builtin_rules; r->name != NULL; r++)
		if (strcmp(r->name, name) == 0) {
			*rule = *r;
			return BN_OK;
		}
	*user = true;
	for (size_t i = 0; (section = bn_config_section(cli->config, "rule", i)) != NULL; i++) {
		const char *sql = bn_section_get(section, NULL, "sql");

		if (sql != NULL && strcmp(section->name, name) == 0) {
			*rule = (struct bn_rule){.name = section->name,
						 .severity = BN_WARN,
						 .sql = sql,
						 .doc = bn_section_get(section, NULL, "title")};
			return BN_OK;
		}
	}
	return read_file(cli, name, rule, err);
}

/* ---- writing ---------------------------------------------------------------------------------- */

struct writer {
	struct bn_cli *cli;
	const struct bn_replay *replay;
	bn_time since, until;
	struct bn_buf out;
};

/* Of all stretches together; two at once count twice. */
static int64_t
total(const struct writer *w)
{
	int64_t sum = 0;

	for (size_t i = 0; i < w->replay->count; i++) {
		const struct bn_fired *f = &w->replay->fired[i];

		sum += (f->until != 0 ? f->until : w->replay->done_until) - f->from;
	}
	return sum;
}

static int64_t
unobserved(const struct writer *w)
{
	int64_t sum = 0;

	for (size_t i = 0; i < w->replay->unobserved_count; i++)
		sum += w->replay->unobserved[i].until - w->replay->unobserved[i].from;
	return sum;
}

static size_t
entities(const struct writer *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->replay->count; i++) {
		size_t k = 0;

		while (k < i && strcmp(w->replay->fired[k].entity, w->replay->fired[i].entity) != 0)
			k++;
		count += k == i;
	}
	return count;
}

static const char *
when(struct writer *w, bn_time at)
{
	char text[BN_TIME_TEXT];

	return at != 0 ? bn_arena_strdup(w->cli->arena, bn_time_rfc3339(at, text)) : NULL;
}

static void
add_json_text(struct bn_buf *out, const char *name, const char *text)
{
	bn_buf_addf(out, "\"%s\":", name);
	bn_json_quote(out, text); /* NULL: null */
	bn_buf_addc(out, ',');
}

static void
add_json(struct writer *w, const struct bn_fired *f)
{
	bn_time end = f->until != 0 ? f->until : w->replay->done_until;

	bn_buf_addc(&w->out, '{');
	add_json_text(&w->out, "entity", f->entity[0] != '\0' ? f->entity : NULL);
	add_json_text(&w->out, "title", f->title);
	add_json_text(&w->out, "severity", bn_severity_word(f->severity));
	add_json_text(&w->out, "from", when(w, f->from));
	add_json_text(&w->out, "until", when(w, f->until));
	bn_buf_addf(&w->out, "\"for\":%lld,\"cut\":%s}", (long long)((end - f->from) / 1000),
		    f->cut ? "true" : "false");
}

static void
add_json_summary(struct writer *w)
{
	const struct bn_replay *r = w->replay;

	bn_buf_addc(&w->out, '{');
	add_json_text(&w->out, "since", when(w, w->since));
	add_json_text(&w->out, "until", when(w, w->until));
	add_json_text(&w->out, "done_until", when(w, r->done_until));
	bn_buf_addf(&w->out,
		    "\"count\":%zu,\"entities\":%zu,\"total\":%lld,\"moments\":%zu,\"widest\":%lld,"
		    "\"unobserved_total\":%lld,\"unobserved\":[",
		    r->count, entities(w), (long long)(total(w) / 1000), r->moments,
		    (long long)(r->widest / 1000), (long long)(unobserved(w) / 1000));
	for (size_t i = 0; i < r->unobserved_count; i++) {
		bn_buf_addf(&w->out, "%s{", i > 0 ? "," : "");
		add_json_text(&w->out, "from", when(w, r->unobserved[i].from));
		bn_buf_adds(&w->out, "\"until\":");
		bn_json_quote(&w->out, when(w, r->unobserved[i].until));
		bn_buf_addc(&w->out, '}');
	}
	bn_buf_adds(&w->out, "]}");
}

static void
add_field(struct writer *w, const char *text, bool last)
{
	struct bn_buf clean = BN_BUF_INIT(0);
	const char *end = w->cli->format == BN_OUT_CSV	? (last ? "\r\n" : ",")
			  : w->cli->format == BN_OUT_MD ? (last ? " |\n" : " | ")
							: (last ? "\n" : "  ");

	bn_sanitise(&clean, text, strlen(text), BN_SANITISE_FIELD);
	if (w->cli->format == BN_OUT_CSV && strpbrk(bn_buf_text(&clean), ",\"") != NULL) {
		bn_buf_addc(&w->out, '"');
		for (const char *p = bn_buf_text(&clean); *p != '\0'; p++)
			bn_buf_addf(&w->out, *p == '"' ? "\"\"" : "%c", *p);
		bn_buf_addc(&w->out, '"');
	} else
		bn_buf_adds(&w->out, bn_buf_text(&clean));
	bn_buf_adds(&w->out, end);
	bn_buf_free(&clean);
}

static void
add_row(struct writer *w, const struct bn_fired *f)
{
	char took[BN_TIME_TEXT];
	bn_time end = f->until != 0 ? f->until : w->replay->done_until;
	const char *absent = w->cli->format == BN_OUT_CSV ? "" : bn_view_absent(&w->cli->style);

	if (w->cli->format == BN_OUT_MD)
		bn_buf_adds(&w->out, "| ");
	add_field(w, when(w, f->from), false);
	add_field(w, f->until != 0 ? when(w, f->until) : absent, false);
	add_field(w, bn_duration_show(end - f->from, took), false);
	add_field(w, bn_severity_word(f->severity), false);
	add_field(w, f->entity[0] != '\0' ? f->entity : absent, false);
	add_field(w, f->title, true);
}

static void
add_header(struct writer *w)
{
	static const char *const names[] = {"FROM", "UNTIL", "FOR", "SEVERITY", "ENTITY", "TITLE"};

	if (bn_flag_has(w->cli->in, "no-header"))
		return;
	if (w->cli->format == BN_OUT_MD)
		bn_buf_adds(&w->out, "| ");
	for (size_t i = 0; i < 6; i++)
		add_field(w, names[i], i == 5);
	if (w->cli->format == BN_OUT_MD)
		bn_buf_adds(&w->out, "| --- | --- | --- | --- | --- | --- |\n");
}

/* For people, on standard error: standard output is data. */
static void
tell(const struct writer *w)
{
	const struct bn_replay *r = w->replay;
	char sum[BN_TIME_TEXT], blind[BN_TIME_TEXT], wide[BN_TIME_TEXT];
	char until[BN_TIME_TEXT];

	bn_cli_note(w->cli, "it would have fired %zu times on %zu things, %s in all", r->count,
		    entities(w), bn_duration_show(total(w), sum));
	bn_cli_note(w->cli, "looked at %zu moments, at most %s apart", r->moments,
		    bn_duration_show(r->widest, wide));
	if (r->unobserved_count > 0)
		bn_cli_note(w->cli, "%s of the window were not observed, in %zu parts",
			    bn_duration_show(unobserved(w), blind), r->unobserved_count);
	if (r->stopped)
		bn_cli_note(w->cli,
			    "the time was over: nothing after %s was looked at; see --timeout",
			    bn_time_rfc3339(r->done_until, until));
}

static int
write_replay(struct writer *w, struct bn_error *err)
{
	enum bn_output format = w->cli->format;
	int rc;

	if (format == BN_OUT_JSON)
		bn_cli_json_begin(w->cli, &w->out, "rule-test", 1);
	else if (format != BN_OUT_NDJSON)
		add_header(w);
	for (size_t i = 0; i < w->replay->count; i++) {
		if (format == BN_OUT_JSON && i > 0)
			bn_buf_addc(&w->out, ',');
		if (format == BN_OUT_JSON || format == BN_OUT_NDJSON)
			add_json(w, &w->replay->fired[i]);
		else
			add_row(w, &w->replay->fired[i]);
		if (format == BN_OUT_NDJSON)
			bn_buf_addc(&w->out, '\n');
	}
	if (format == BN_OUT_JSON) {
		bn_buf_adds(&w->out, "],\"summary\":");
		add_json_summary(w);
		bn_buf_adds(&w->out, "}\n");
	}
	rc = bn_cli_flush(w->cli, &w->out, err);
	if (rc == BN_OK && format != BN_OUT_JSON)
		tell(w);
	return rc;
}

/* ---- the command ------------------------------------------------------------------------------ */

static int
window(struct bn_cli *cli, bn_time *since, struct bn_error *err)
{
	bn_time now = bn_reader_now(cli->reader);
	int rc;

	*since = now - DEFAULT_WINDOW;
	rc = bn_cli_since(cli, since, err);
	if (rc == BN_OK && *since >= now)
		return bn_fail(err, BN_EINVAL, "--since has not come yet");
	return rc;
}

static int
run_rule_test(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct writer w = {.cli = cli, .out = BN_BUF_INIT(0)};
	struct bn_replay replay = {0};
	struct bn_error err = {0};
	struct bn_rule rule;
	bool user, stopped, fired;
	int rc = bn_cli_refresh(cli, NULL, false, &err);

	if (rc == BN_OK)
		rc = find_rule(cli, in->operands[0], &rule, &user, &err);
	if (rc == BN_OK)
		rc = window(cli, &w.since, &err);
	w.until = rc == BN_OK ? bn_reader_now(cli->reader) : 0;
	if (rc == BN_OK)
		rc = bn_replay_run(cli->store, &rule, user, w.since, w.until,
				   bn_flag_has(in, "timeout") ? cli->timeout : DEFAULT_TIMEOUT,
				   &replay, &err);
	w.replay = &replay;
	if (rc == BN_OK)
		rc = write_replay(&w, &err);
	stopped = replay.stopped;
	fired = replay.count > 0;
	bn_replay_free(&replay);
	bn_buf_free(&w.out);
	if (rc == BN_EINVAL || rc == BN_EPERM)
		return bn_cli_report(cli, &err), BN_EXIT_DATA;
	if (rc != BN_OK)
		return bn_cli_report(cli, &err);
	return stopped ? BN_EXIT_TIMEOUT : fired ? BN_EXIT_ATTENTION : BN_EXIT_OK;
}

static const struct bn_example rule_test_examples[] = {
    {"binnacle --demo rule test run-failed --since 12h", 1,
     "What a built-in rule would have found tonight"},
    {"binnacle --demo rule test run-failed --since 12h -o json", 1,
     "The same for a program, with the gaps"},
    {"binnacle --demo rule test nothing-of-that-name", 66, "66: neither a rule nor a file"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_rule_test = {
    .name = "rule test",
    .page = "rule",
    .operands = "RULE|FILE.sql",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "when a rule would have fired on what is stored",
    .doc = "Evaluates a rule again as of every moment since --since (default 30d) at which "
	   "something is known to have changed, and in between "
	   "at a rhythm of a five-hundredth of the window (at least a minute), at most 2000 "
	   "moments: a built-in rule "
	   "or a [rule] of the configuration by its name, or a file with one SELECT as a [rule] "
	   "has it.\n\n"
	   "Prints a row for each stretch of time for which it held of one thing. Where binnacle "
	   "did not run nothing "
	   "is known: a stretch ends there and is marked as cut, and how much of the window that "
	   "is is told on "
	   "standard error and in the JSON. Nothing that is stored changes.\n\n"
	   "The exit status is 0 when it would never have fired, 1 when it would have, 65 when the "
	   "SQL is wrong, "
	   "and 124 when --timeout (here 60s, unless given) was over before the window was.",
    .examples = rule_test_examples,
    .run = run_rule_test,
};
