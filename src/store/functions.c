/* functions.c - the SQL functions of every connection: words, now(), bounded regexp(). */
/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "store/internal.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

/* A pattern comes from a person's filter or rule, the text from anywhere. PCRE2 counts its steps,
 * which regexec(3) does not: "(a+)+$" would hold a thread for ever there. */
#define PATTERN_MAX  1000
#define MATCH_STEPS  200000
#define MATCH_HEAP_K 1024

static void
fn_now(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct bn_functions *f = sqlite3_user_data(context);

	(void)count;
	(void)values;
	sqlite3_result_int64(context, f->frozen != 0 ? f->frozen : bn_clock_now(f->clock));
}

static void
fn_status_word(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	if (sqlite3_value_type(values[0]) != SQLITE_NULL)
		sqlite3_result_text(
		    context, bn_status_row((enum bn_status)sqlite3_value_int(values[0]))->word, -1,
		    SQLITE_STATIC);
}

static void
fn_kind_word(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	if (sqlite3_value_type(values[0]) != SQLITE_NULL)
		sqlite3_result_text(context,
				    bn_kind_word((enum bn_kind)sqlite3_value_int(values[0])), -1,
				    SQLITE_STATIC);
}

static void
fn_kind_number(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *word = (const char *)sqlite3_value_text(values[0]);

	(void)count;
	if (word != NULL)
		sqlite3_result_int(context, (int)bn_kind_from_word(word));
}

static void
fn_severity_word(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	if (sqlite3_value_type(values[0]) != SQLITE_NULL)
		sqlite3_result_text(
		    context, bn_severity_word((enum bn_severity)sqlite3_value_int(values[0])), -1,
		    SQLITE_STATIC);
}

static void
fn_status_rank(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_int(context,
			   bn_status_row((enum bn_status)sqlite3_value_int(values[0]))->rank);
}

static void
fn_status_fine(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_int(context,
			   bn_status_row((enum bn_status)sqlite3_value_int(values[0]))->fine);
}

static void
fn_status_problem(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_int(context,
			   bn_status_row((enum bn_status)sqlite3_value_int(values[0]))->problem);
}

static void
fn_human_ms(sqlite3_context *context, int count, sqlite3_value **values)
{
	char text[BN_TIME_TEXT];

	(void)count;
	if (sqlite3_value_type(values[0]) != SQLITE_NULL)
		sqlite3_result_text(context, bn_duration_show(sqlite3_value_int64(values[0]), text),
				    -1, SQLITE_TRANSIENT);
}

/* KIND/SOURCE/KEY as a person would write it; a source's own name is enough for it. */
static void
fn_ref_text(sqlite3_context *context, int count, sqlite3_value **values)
{
	int kind = sqlite3_value_int(values[0]);
	const char *source = (const char *)sqlite3_value_text(values[1]);
	const char *key = (const char *)sqlite3_value_text(values[2]);
	char *text;

	(void)count;
	if (kind <= BN_KIND_NONE || kind >= BN_KIND_COUNT || key == NULL)
		return;
	if (kind == BN_SOURCE || source == NULL || *source == '\0')
		text = sqlite3_mprintf("%s/%s", bn_kind_word((enum bn_kind)kind), key);
	else
		text = sqlite3_mprintf("%s/%s/%s", bn_kind_word((enum bn_kind)kind), source, key);
	if (text == NULL)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text(context, text, -1, sqlite3_free);
}

/* How much faster than the world the clock runs (the demo's may), since polls happen in the world's
 * time: what stale_ms has to be multiplied by. Never less than 1. */
static void
fn_clock_factor(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct bn_functions *f = sqlite3_user_data(context);

	(void)count;
	(void)values;
	sqlite3_result_int64(context, f->clock->speed > 1 ? (int64_t)(f->clock->speed + 0.5) : 1);
}

/* For a source's own rows: stale_ms and the factor in one. */
static void
fn_stale_after(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct bn_functions *f = sqlite3_user_data(context);
	int64_t interval = sqlite3_value_int64(values[0]), took = sqlite3_value_int64(values[1]);

	(void)count;
	sqlite3_result_int64(context,
			     2 * (interval > took ? interval : took) *
				 (f->clock->speed > 1 ? (int64_t)(f->clock->speed + 0.5) : 1));
}

static void
fn_glob(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *pattern = (const char *)sqlite3_value_text(values[0]);
	const char *text = (const char *)sqlite3_value_text(values[1]);

	(void)count;
	if (pattern != NULL && text != NULL)
		sqlite3_result_int(context, bn_glob(pattern, text));
}

static void
fn_fingerprint(sqlite3_context *context, int count, sqlite3_value **values)
{
	char *text = bn_text_fingerprint((const char *)sqlite3_value_text(values[0]));

	(void)count;
	if (text != NULL)
		sqlite3_result_text(context, text, -1, free);
}

/* Compiles the pattern unless it is the one that was used last. Returns NULL with the context's
 * error set. */
static pcre2_code *
compiled(sqlite3_context *context, struct bn_functions *f, const char *pattern)
{
	pcre2_compile_context *limits;
	pcre2_code *code;
	PCRE2_SIZE place;
	PCRE2_UCHAR words[128];
	char message[256];
	int error;

	if (f->pattern != NULL && strcmp(f->pattern, pattern) == 0)
		return f->regex;
	if (strlen(pattern) > PATTERN_MAX) {
		sqlite3_result_error(context, "regular expression too long (1000 bytes at most)",
				     -1);
		return NULL;
	}
	limits = pcre2_compile_context_create(NULL);
	pcre2_set_parens_nest_limit(limits, 50);
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
			     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
				 PCRE2_DOLLAR_ENDONLY,
			     &error, &place, limits);
	pcre2_compile_context_free(limits);
	if (code == NULL) {
		pcre2_get_error_message(error, words, sizeof(words));
		snprintf(message, sizeof(message), "regular expression: %s at character %zu",
			 (char *)words, (size_t)place + 1);
		sqlite3_result_error(context, message, -1);
		return NULL;
	}
	bn_functions_free(f);
	f->regex = code;
	f->pattern = bn_xstrdup(pattern);
	return code;
}

static void
fn_regexp(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct bn_functions *f = sqlite3_user_data(context);
	const char *pattern = (const char *)sqlite3_value_text(values[0]);
	const char *text = (const char *)sqlite3_value_text(values[1]);
	pcre2_match_context *limits;
	pcre2_match_data *data;
	pcre2_code *code;
	int rc;

	(void)count;
	if (pattern == NULL || text == NULL)
		return;
	code = compiled(context, f, pattern);
	if (code == NULL)
		return;
	if (f->deadline != 0 && bn_monotonic() > f->deadline) {
		sqlite3_result_error_code(context, SQLITE_INTERRUPT);
		return;
	}
	limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(limits, MATCH_STEPS);
	pcre2_set_heap_limit(limits, MATCH_HEAP_K);
	data = pcre2_match_data_create(1, NULL);
	rc = pcre2_match(code, (PCRE2_SPTR)text, (PCRE2_SIZE)sqlite3_value_bytes(values[1]), 0, 0,
			 data, limits);
	pcre2_match_data_free(data);
	pcre2_match_context_free(limits);
	if (rc >= 0)
		sqlite3_result_int(context, 1);
	else if (rc == PCRE2_ERROR_NOMATCH)
		sqlite3_result_int(context, 0);
	else
		sqlite3_result_error(
		    context, "regular expression takes too long on this text: make it simpler", -1);
}

int
bn_functions_add(sqlite3 *db, struct bn_functions *functions, struct bn_error *err)
{
	/* now() counts as deterministic: it is asked once a statement, so that all its rows agree.
	 */
	static const struct {
		const char *name;
		int arguments;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} rows[] = {
	    {"now", 0, fn_now},
	    {"status_word", 1, fn_status_word},
	    {"kind_word", 1, fn_kind_word},
	    {"kind_number", 1, fn_kind_number},
	    {"severity_word", 1, fn_severity_word},
	    {"status_rank", 1, fn_status_rank},
	    {"status_fine", 1, fn_status_fine},
	    {"status_problem", 1, fn_status_problem},
	    {"human_ms", 1, fn_human_ms},
	    {"ref_text", 3, fn_ref_text},
	    {"clock_factor", 0, fn_clock_factor},
	    {"stale_after", 2, fn_stale_after},
	    {"glob", 2, fn_glob},
	    {"regexp", 2, fn_regexp},
	    {"fingerprint", 1, fn_fingerprint},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (sqlite3_create_function_v2(
			db, rows[i].name, rows[i].arguments,
			SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, functions,
			rows[i].call, NULL, NULL, NULL) != SQLITE_OK)
			return bn_db_fail(db, err, rows[i].name);
	return BN_OK;
}

void
bn_functions_free(struct bn_functions *functions)
{
	pcre2_code_free(functions->regex);
	free(functions->pattern);
	functions->regex = NULL;
	functions->pattern = NULL;
}
