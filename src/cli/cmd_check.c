/* cmd_check.c - check: one thing against thresholds, in the monitoring plugins' convention. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/* Said of a source whose words can't be believed. */
static const char *
silent(const struct bn_cli *cli)
{
	return cli->at != 0 ? "was not observed then" : "does not answer, or not lately";
}

/* What a check has found so far: the worst code, and why. */
struct verdict {
	struct bn_cli *cli;
	int code; /* 0 ok, 1 warning, 2 critical, 3 unknown */
	struct bn_buf why;
};

/* Unknown outranks critical: what can't be seen must not look as if it had been looked at. */
static void judge(struct verdict *v, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
judge(struct verdict *v, int code, const char *format, ...)
{
	va_list ap;

	if (code == 0)
		return;
	if (code > v->code)
		v->code = code;
	if (v->why.size > 0)
		bn_buf_adds(&v->why, "; ");
	va_start(ap, format);
	bn_buf_addv(&v->why, format, ap);
	va_end(ap);
}

/* The columns the thresholds need. */
static const char *const *
columns_of(enum bn_kind kind)
{
	static const char *const pipeline[] = {"last_good", NULL};
	static const char *const endpoint[] = {"checked", "p99", "certificate", NULL};
	static const char *const source[] = {"last_ok", NULL};
	static const char *const product[] = {"fresh", NULL};
	static const char *const stream[] = {"lag", "gaps", "late", NULL};
	static const char *const model[] = {"psi", "psi_age", "age", "note", NULL};

	if (kind == BN_MODEL)
		return model;
	return kind == BN_PIPELINE   ? pipeline
	       : kind == BN_ENDPOINT ? endpoint
	       : kind == BN_SOURCE   ? source
	       : kind == BN_PRODUCT  ? product
	       : kind == BN_STREAM   ? stream
				     : NULL;
}

/* The worst that is open about it, as `findings` has it: a rule's or its platform's. */
struct open_finding {
	const char *title; /* in the arena; NULL: nothing worse than information */
	int code;	   /* what it is by itself; 0 where somebody has taken it, or put it off */
};

static bool
is_on(const struct bn_rows *rows, size_t row, const char *column)
{
	struct bn_value value = bn_rows_named(rows, row, column);

	return value.type != BN_VALUE_NULL && value.i != 0;
}

static int
find_worst(struct verdict *v, const struct bn_ref *ref, struct open_finding *worst,
	   struct bn_error *err)
{
	static const char *const columns[] = {"title",	 "severity", "acked",
					      "snoozed", "silenced", NULL};
	struct bn_query query = {.table = bn_view_table("findings"),
				 .columns = columns,
				 .filter = "status!=succeeded severity!=info",
				 .scope = *ref};
	struct bn_rows *rows = NULL;
	int rc;

	*worst = (struct open_finding){0};
	if (ref->kind != BN_STREAM && ref->kind != BN_MODEL && ref->kind != BN_PRODUCT)
		return BN_OK;
	rc = bn_view_query(v->cli->reader, &query, &rows, err);
	/* The worst come first; one that still needs somebody goes before those that don't. */
	for (size_t i = 0; rc == BN_OK && i < bn_rows_count(rows) && worst->code == 0; i++) {
		struct bn_value snoozed = bn_rows_named(rows, i, "snoozed");
		bool off = is_on(rows, i, "acked") || is_on(rows, i, "silenced") ||
			   (snoozed.type != BN_VALUE_NULL && snoozed.i > bn_rows_now(rows));

		if (off && worst->title != NULL)
			continue;
		worst->title = bn_arena_strdup(v->cli->arena, bn_rows_named(rows, i, "title").s);
		if (!off)
			worst->code =
			    strcmp(bn_rows_named(rows, i, "severity").s, "crit") == 0 ? 2 : 1;
	}
	bn_rows_free(rows);
	return rc;
}

/* How it stands, and why. What is healthy or paused is still not as it should be while a finding about it
 * waits for somebody. */
static void
judge_status(struct verdict *v, const struct bn_rows *rows, const char *name,
	     const struct open_finding *worst)
{
	enum bn_status status = bn_rows_status(rows, 0);
	const char *word = bn_status_row(status)->word;
	const char *colon = worst->title != NULL ? ": " : "",
		   *title = worst->title != NULL ? worst->title : "";

	if (bn_rows_stale(rows, 0) || status == BN_UNKNOWN)
		judge(v, 3, "%s is not known", name);
	else if (status == BN_FAILED || status == BN_DOWN)
		judge(v, 2, "%s is %s%s%s", name, word, colon, title);
	else if (status == BN_DEGRADED || status == BN_CANCELLED)
		judge(v, 1, "%s is %s%s%s", name, word, colon, title);
	else
		judge(v, worst->code, "%s", title);
}

/* --max-age: how long ago the last good run, probe or answer may be. */
static int
judge_age(struct verdict *v, const struct bn_invocation *in, const struct bn_rows *rows,
	  struct bn_error *err)
{
	static const char *const columns[] = {"last_good", "checked", "last_ok", "fresh"};
	char text[BN_TIME_TEXT], bound[BN_TIME_TEXT];
	struct bn_value value = {.type = BN_VALUE_NULL};
	int64_t most, age;
	size_t i;
	int rc = bn_flag_duration(in, "max-age", -1, &most, err);

	if (rc != BN_OK || most < 0)
		return rc;
	for (i = 0; i < 4 && value.type == BN_VALUE_NULL; i++) {
		value = bn_rows_named(rows, 0, columns[i]);
		/* the latter two are spans already, the others moments */
		if (value.type != BN_VALUE_NULL)
			age = i >= 2 ? value.i : bn_rows_now(rows) - value.i;
	}
	if (value.type == BN_VALUE_NULL)
		judge(v, 3, "it was never seen fine");
	else if (age > most)
		judge(v, 2, "last fine %s ago, at most %s", bn_duration_show(age, text),
		      bn_duration_show(most, bound));
	return BN_OK;
}

static int
judge_latency(struct verdict *v, const struct bn_invocation *in, const struct bn_rows *rows,
	      struct bn_error *err)
{
	struct bn_value p99 = bn_rows_named(rows, 0, "p99");
	int64_t most;
	int rc = bn_flag_duration(in, "max-p99", -1, &most, err);
	double ms = p99.type == BN_VALUE_REAL ? p99.r : (double)p99.i;

	if (rc != BN_OK || most < 0)
		return rc;
	/* the column's format keeps µs in the store */
	if (p99.type == BN_VALUE_NULL)
		judge(v, 3, "its p99 is not known");
	else if (ms / 1000 > (double)most)
		judge(v, 2, "p99 %.0f ms, at most %lld ms", ms / 1000, (long long)most);
	return BN_OK;
}

static int
judge_certificate(struct verdict *v, const struct bn_invocation *in, const struct bn_rows *rows,
		  struct bn_error *err)
{
	struct bn_value expires = bn_rows_named(rows, 0, "certificate");
	char text[BN_TIME_TEXT];
	int64_t least, left;
	int rc = bn_flag_duration(in, "min-certificate", -1, &least, err);

	if (rc != BN_OK || least < 0)
		return rc;
	left = expires.i;
	if (expires.type == BN_VALUE_NULL)
		judge(v, 3, "its certificate is not known");
	else if (left < least)
		judge(v, left < 0 ? 2 : 1, "certificate %s %s",
		      left < 0 ? "expired since" : "expires in",
		      bn_duration_show(left < 0 ? -left : left, text));
	return BN_OK;
}

/* --slo: its promises. One that is missed is critical, one that will be a warning, and so is a budget that
 * is used up although all is well again. */
static int
judge_slo(struct verdict *v, const struct bn_invocation *in, const struct bn_ref *ref,
	  struct bn_error *err)
{
	static const char *const columns[] = {"sli", "now", "target", "budget", "detail", NULL};
	struct bn_query query = {
	    .table = bn_view_table("objectives"), .columns = columns, .scope = *ref};
	struct bn_rows *rows = NULL;
	int rc = BN_OK;

	if (!bn_flag_has(in, "slo"))
		return BN_OK;
	if (ref->kind != BN_PRODUCT)
		return bn_fail(err, BN_EINVAL, "--slo is for products");
	rc = bn_view_query(v->cli->reader, &query, &rows, err);
	for (size_t i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		const char *sli = bn_rows_named(rows, i, "sli").s;
		struct bn_value now = bn_rows_named(rows, i, "now"),
				budget = bn_rows_named(rows, i, "budget"),
				detail = bn_rows_named(rows, i, "detail");
		enum bn_status status = bn_rows_status(rows, i);

		if (status == BN_UNKNOWN)
			judge(v, 3, "%s is not known%s%s", sli,
			      detail.type == BN_VALUE_TEXT ? ": " : "",
			      detail.type == BN_VALUE_TEXT ? detail.s : "");
		else if (bn_status_row(status)->problem)
			judge(v, status == BN_DEGRADED && strcmp(sli, "deadline") == 0 ? 1 : 2,
			      "%s %s, promised %s", sli,
			      now.type == BN_VALUE_TEXT ? now.s : "missed",
			      bn_rows_named(rows, i, "target").s);
		else if (budget.type == BN_VALUE_REAL && budget.r <= 0)
			judge(v, 1, "the error budget of its %s is used up", sli);
	}
	if (rc == BN_OK && bn_rows_count(rows) == 0)
		judge(v, 3, "it promises nothing that could be checked");
	bn_rows_free(rows);
	return rc;
}

/* --upstream: everything it depends on, however far away. */
static int
judge_upstream(struct verdict *v, const struct bn_invocation *in, const struct bn_ref *ref,
	       struct bn_error *err)
{
	static const char *const columns[] = {"name", NULL};
	struct bn_query query = {.table = bn_view_table("lineage"),
				 .columns = columns,
				 .filter = "direction=up",
				 .scope = *ref};
	struct bn_rows *rows = NULL;
	int rc = BN_OK;

	if (!bn_flag_has(in, "upstream"))
		return BN_OK;
	rc = bn_view_query(v->cli->reader, &query, &rows, err);
	for (size_t i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		const char *name = bn_rows_named(rows, i, "name").s;
		enum bn_status status = bn_rows_status(rows, i);

		if (status == BN_UNKNOWN)
			judge(v, 3, "upstream %s is not known", name);
		else if (status == BN_FAILED || status == BN_DOWN)
			judge(v, 2, "upstream %s is %s", name, bn_status_row(status)->word);
		else if (bn_status_row(status)->problem)
			judge(v, 1, "upstream %s is %s", name, bn_status_row(status)->word);
	}
	bn_rows_free(rows);
	return rc;
}

/* --max-lag, --max-gaps, --max-late: of a stream. */
static int
judge_minutes(struct verdict *v, const struct bn_invocation *in, const struct bn_rows *rows,
	      struct bn_error *err)
{
	static const char *const flags[] = {"max-gaps", "max-late"},
				 *const columns[] = {"gaps", "late"},
				 *const words[] = {"missing", "late"};
	struct bn_value lag = bn_rows_named(rows, 0, "lag");
	char text[BN_TIME_TEXT], bound[BN_TIME_TEXT];
	int64_t most;
	int rc = bn_flag_duration(in, "max-lag", -1, &most, err);

	if (rc == BN_OK && most >= 0 && lag.type == BN_VALUE_NULL)
		judge(v, 3, "it has no value yet");
	else if (rc == BN_OK && most >= 0 && lag.i > most)
		judge(v, 2, "the latest minute ended %s ago, at most %s",
		      bn_duration_show(lag.i, text), bn_duration_show(most, bound));
	for (int i = 0; rc == BN_OK && i < 2; i++) {
		struct bn_value count = bn_rows_named(rows, 0, columns[i]);

		rc = bn_flag_int(in, flags[i], -1, &most, err);
		if (rc != BN_OK || most < 0)
			continue;
		if (count.type == BN_VALUE_NULL)
			judge(v, 3, "its minutes are not known");
		else if (count.i > most)
			judge(v, 2, "%lld min of the last hour %s, at most %lld",
			      (long long)count.i, words[i], (long long)most);
	}
	return rc;
}

/* A drift that was measured longer ago says nothing of today. */
#define PSI_OUTDATED INT64_C(86400000)

/* --max-psi and --max-age: of the version that is live. */
static int
judge_model(struct verdict *v, const struct bn_invocation *in, const struct bn_rows *rows,
	    struct bn_error *err)
{
	struct bn_value psi = bn_rows_named(rows, 0, "psi"), age = bn_rows_named(rows, 0, "age");
	struct bn_value measured = bn_rows_named(rows, 0, "psi_age");
	struct bn_value note = bn_rows_named(rows, 0, "note");
	const char *text = bn_flag_get(in, "max-psi");
	char was[BN_TIME_TEXT], bound[BN_TIME_TEXT], *end = NULL;
	double most = text != NULL ? strtod(text, &end) : 0;
	int64_t oldest;
	int rc = bn_flag_duration(in, "max-age", -1, &oldest, err);

	if (rc != BN_OK)
		return rc;
	if (text != NULL && (end == text || *end != '\0' || !(most >= 0)))
		return bn_fail(err, BN_EINVAL, "--max-psi takes a number, not '%s'", text);
	/* the finding may have said it already */
	if (note.type == BN_VALUE_TEXT && strstr(bn_buf_text(&v->why), note.s) == NULL)
		judge(v, 1, "%s", note.s);
	if (text != NULL && psi.type == BN_VALUE_NULL)
		judge(v, 3, "its PSI is not known");
	else if (text != NULL && measured.i > PSI_OUTDATED)
		judge(v, 3, "its PSI was measured %s ago", bn_duration_show(measured.i, was));
	else if (text != NULL && (psi.type == BN_VALUE_REAL ? psi.r : (double)psi.i) > most)
		judge(v, 2, "PSI %.3g, at most %s",
		      psi.type == BN_VALUE_REAL ? psi.r : (double)psi.i, text);
	if (oldest >= 0 && age.type == BN_VALUE_NULL)
		judge(v, 3, "its age is not known");
	else if (oldest >= 0 && age.i > oldest)
		judge(v, 2, "registered %s ago, at most %s", bn_duration_show(age.i, was),
		      bn_duration_show(oldest, bound));
	return BN_OK;
}

static int
judge_all(struct verdict *v, const struct bn_invocation *in, const struct bn_ref *ref,
	  struct bn_error *err)
{
	struct bn_query query = {
	    .table = bn_view_table_of(ref->kind), .columns = columns_of(ref->kind), .scope = *ref};
	struct open_finding worst;
	struct bn_rows *rows = NULL;
	int rc = bn_view_query(v->cli->reader, &query, &rows, err);

	if (rc == BN_OK && bn_rows_count(rows) == 0)
		rc = bn_fail(err, BN_ENOTFOUND, "%s is gone", ref->key);
	if (rc == BN_OK)
		rc = find_worst(v, ref, &worst, err);
	if (rc == BN_OK) {
		judge_status(v, rows, ref->key, &worst);
		rc = ref->kind == BN_MODEL ? judge_model(v, in, rows, err)
					   : judge_age(v, in, rows, err);
	}
	if (rc == BN_OK)
		rc = judge_latency(v, in, rows, err);
	if (rc == BN_OK)
		rc = judge_certificate(v, in, rows, err);
	if (rc == BN_OK)
		rc = judge_slo(v, in, ref, err);
	if (rc == BN_OK)
		rc = judge_upstream(v, in, ref, err);
	if (rc == BN_OK)
		rc = judge_minutes(v, in, rows, err);
	bn_rows_free(rows);
	return rc;
}

static void
write_verdict(struct verdict *v, const struct bn_ref *ref)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	const char *why = v->why.size > 0 ? bn_buf_text(&v->why) : "as it should be";
	struct bn_buf out = BN_BUF_INIT(1 << 20);

	if (v->cli->format == BN_OUT_JSON || v->cli->format == BN_OUT_NDJSON) {
		bn_buf_addf(
		    &out, "{\"schema\":\"binnacle.check/1\",\"state\":\"%s\",\"code\":%d,\"key\":",
		    words[v->code], v->code);
		bn_json_quote(&out, ref->key);
		bn_buf_adds(&out, ",\"why\":");
		bn_json_quote(&out, why);
		bn_buf_adds(&out, "}\n");
	} else
		bn_buf_addf(&out, "%s - %s: %s\n", words[v->code],
			    bn_sanitised(v->cli->arena, ref->key),
			    bn_sanitised(v->cli->arena, why));
	bn_cli_flush(v->cli, &out, NULL);
	bn_buf_free(&out);
}

/* No platform tells of a product, but of all it is made from: those count, and no others. */
static int
refresh_upstream(struct verdict *v, const struct bn_ref *ref, struct bn_error *err)
{
	static const char *const columns[] = {"source", NULL};
	struct bn_query query = {.table = bn_view_table("lineage"),
				 .columns = columns,
				 .filter = "direction=up",
				 .scope = *ref};
	const char *names[65] = {NULL};
	struct bn_rows *rows = NULL;
	size_t count = 0, n;
	int rc = bn_view_query(v->cli->reader, &query, &rows, err);

	for (size_t i = 0; rc == BN_OK && i < bn_rows_count(rows) && count < 64; i++) {
		struct bn_value name = bn_rows_named(rows, i, "source");

		for (n = 0; n < count && name.type == BN_VALUE_TEXT; n++)
			if (strcmp(names[n], name.s) == 0)
				break;
		if (name.type == BN_VALUE_TEXT && n == count &&
		    strcmp(name.s, BN_PRODUCT_SOURCE) != 0)
			names[count++] = bn_arena_strdup(v->cli->arena, name.s);
	}
	bn_rows_free(rows);
	v->cli->incomplete = false;
	if (rc == BN_OK)
		rc = bn_cli_refresh(v->cli, names, false, err);
	if (rc == BN_OK && v->cli->incomplete)
		judge(v, 3, "some of what it depends on %s", silent(v->cli));
	return rc;
}

/* A model stands or falls with what is live of it. */
static int
live_version(struct verdict *v, struct bn_ref *ref, struct bn_error *err)
{
	struct bn_ref live = {0};
	int rc;

	if (strchr(ref->key, '@') != NULL)
		return BN_OK;
	rc = bn_view_resolve(v->cli->reader, BN_MODEL, ref->source,
			     bn_arena_format(v->cli->arena, "%s@live", ref->key), v->cli->arena,
			     &live, err);
	if (rc == BN_ENOTFOUND) {
		judge(v, 2, "no version is live");
		return BN_OK;
	}
	if (rc == BN_OK)
		*ref = live;
	return rc;
}

static int
run_check(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct verdict v = {.cli = cli, .why = BN_BUF_INIT(1 << 16)};
	enum bn_kind kind = bn_kind_from_word(in->operands[0]);
	const char *sources[2] = {NULL, NULL};
	struct bn_error err = {0};
	struct bn_ref ref = {.key = in->operands[1]};
	int rc = BN_OK;

	if (bn_view_table_of(kind) == NULL) {
		bn_fail(&err, BN_EINVAL, "there is nothing to check about a '%s'", in->operands[0]);
		bn_hint(&err, "pipeline, run, endpoint, model, stream, product or source");
		return bn_cli_report(cli, &err);
	}
	rc = bn_cli_refresh(cli, NULL, false, &err);
	if (rc == BN_OK)
		rc = bn_cli_resolve(cli, in->operands[1], kind, &ref, &err);
	if (rc == BN_OK && kind == BN_MODEL)
		rc = live_version(&v, &ref, &err);
	if (rc == BN_OK && kind == BN_PRODUCT) {
		rc = refresh_upstream(&v, &ref, &err);
	} else if (rc == BN_OK && kind != BN_SOURCE) {
		sources[0] = ref.source;
		cli->incomplete = false;
		rc = bn_cli_refresh(cli, sources, false, &err);
		if (rc == BN_OK && cli->incomplete)
			judge(&v, 3, "%s %s", ref.source, silent(cli));
	}
	if (rc == BN_OK)
		rc = judge_all(&v, in, &ref, &err);
	if (rc == BN_EINVAL) {
		bn_buf_free(&v.why);
		return bn_cli_report(cli, &err);
	}
	if (rc != BN_OK)
		judge(&v, 3, "%s", err.message);
	write_verdict(&v, &ref);
	bn_buf_free(&v.why);
	return v.code;
}

static const struct bn_flag check_flags[] = {
    {"max-psi", 0, "X", false, NULL,
     "critical when a model's live version has drifted (PSI) over X"},
    {"max-age", 0, "D", false, NULL, "critical when it was last fine longer ago than D"},
    {"max-p99", 0, "D", false, NULL, "critical when an endpoint's p99 is over D"},
    {"min-certificate", 0, "D", false, NULL,
     "warning when a certificate has less than D left, critical when it expired"},
    {"slo", 0, NULL, false, NULL,
     "critical when a product misses a promise, warning when it will, or its error budget is used "
     "up"},
    {"upstream", 0, NULL, false, NULL,
     "everything it depends on has to be known and well, however far away"},
    {"max-gaps", 0, "N", false, NULL,
     "critical when more minutes of a stream's last hour are missing"},
    {"max-late", 0, "N", false, NULL, "critical when more of them came late"},
    {"max-lag", 0, "D", false, NULL,
     "critical when a stream's latest minute with a value ended longer ago than D"},
    BN_FLAGS_END,
};

static const struct bn_example check_examples[] = {
    {"binnacle --demo check endpoint api-stock --max-p99 100ms", 0,
     "One line for a monitoring system"},
    {"binnacle --demo check pipeline transform-hourly", 2, "2: its latest run failed"},
    {"binnacle --demo check pipeline transform-daily --max-age 26h", 0,
     "Has it gone well within the last 26 hours?"},
    {"binnacle --demo check product postage-quotes --slo --fresh 10m", 2,
     "2: it misses a promise; 3 where what it depends on was read more than ten minutes ago"},
    {"binnacle --demo check product stock --upstream", 2,
     "2: something it is made from is broken, though it is still fresh itself"},
    {"binnacle --demo check stream orders --max-gaps 0 --max-lag 5m", 0,
     "Is there a value for every minute?"},
    {"binnacle --demo check model product-recs --max-psi 0.2 --max-age 7d", 0,
     "Has the live version drifted, is it recent?"},
    {"binnacle --demo check model newsletter-recs --max-psi 0.1", 2, "2: it has"},
    {"binnacle --demo check source argo-prod --fresh 10m", 0, "Does the platform answer?"},
    {"binnacle --demo check endpoint api-stock --at 2026-03-01T00:00:00Z", 3,
     "3: nobody looked at it at that moment"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_check = {
    .name = "check",
    .page = "check",
    .operands = "KIND NAME",
    .min_operands = 2,
    .max_operands = 2,
    .operand_words = "pipeline|run|endpoint|model|product|source|stream",
    .summary = "one thing against thresholds, for monitoring systems and cron",
    .doc =
	"Prints one line and exits as monitoring plugins do: 0 ok, 1 warning, 2 critical, 3 "
	"unknown. A thing whose "
	"source does not answer is unknown, whatever was last known of it.\n\nOf a stream, a model "
	"and a product the line names the worst open finding, and one that still needs somebody "
	"(a warning at least, neither acknowledged, snoozed nor silenced) is never ok.\n\nWith "
	"--at it says "
	"what "
	"it would have said at that moment: ages are counted from then, and what nobody "
	"observed then "
	"is unknown.",
    .flags = check_flags,
    .examples = check_examples,
    .run = run_check,
    .past = true,
};
