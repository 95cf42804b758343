/* filter_sql.c - turns the filter's comparisons into SQL: fields from the column table, values always bound. */
/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "view/filter.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pcre2.h>

#include "base/error.h"

static const char *const op_sql[] = {
    [BN_OP_HAS] = "=", [BN_OP_EQ] = "=",  [BN_OP_NE] = "<>", [BN_OP_LT] = "<",
    [BN_OP_GT] = ">",  [BN_OP_LE] = "<=", [BN_OP_GE] = ">=", [BN_OP_MATCH] = "~",
};

static struct bn_operand *
operand(struct bn_filter *filter, enum bn_operand_type type)
{
	struct bn_operand *o = &filter->operands[filter->count++];

	o->type = type;
	return o;
}

/* `text` between '%', with LIKE's own signs taken literally (ESCAPE '\'). */
static char *
like_pattern(const char *text)
{
	struct bn_buf buf = BN_BUF_INIT(0);

	bn_buf_addc(&buf, '%');
	for (; *text != '\0'; text++) {
		if (*text == '%' || *text == '_' || *text == '\\')
			bn_buf_addc(&buf, '\\');
		bn_buf_addc(&buf, *text);
	}
	bn_buf_addc(&buf, '%');
	return bn_buf_take(&buf);
}

/* Compiled once here, so that a wrong pattern is told before anything runs; the store's regexp()
 * compiles it again, with the same library, and bounds what matching may cost. */
static int
check_regex(const char *pattern, struct bn_error *err)
{
	pcre2_code *code;
	PCRE2_UCHAR words[128];
	PCRE2_SIZE place;
	int error;

	if (strlen(pattern) > FILTER_MAX_REGEX)
		return bn_fail(err, BN_EINVAL, "filter: regular expression longer than %d bytes",
			       FILTER_MAX_REGEX);
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
			     PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY, &error,
			     &place, NULL);
	if (code == NULL) {
		pcre2_get_error_message(error, words, sizeof(words));
		return bn_fail(err, BN_EINVAL,
			       "filter: regular expression \"%s\": %s at its character %zu",
			       pattern, (char *)words, (size_t)place + 1);
	}
	pcre2_code_free(code);
	return BN_OK;
}

int
bn_filter_regex(struct bn_filter *filter, const char *expression, const char *pattern,
		struct bn_error *err)
{
	int rc = check_regex(pattern, err);

	if (rc != BN_OK)
		return rc;
	bn_buf_addf(&filter->sql, "(regexp(?, %s) IS TRUE)", expression);
	operand(filter, BN_OPERAND_TEXT)->text = bn_xstrdup(pattern);
	return BN_OK;
}

/* ---- words, through the index ---------------------------------------------------------------- */

/* Rows beyond which looking at every row is no slower than fetching those the index names. */
#define INDEX_MOST 50000

/* Things whose text changed since they were indexed, and those that came later (cache.sql). */
#define NOT_INDEXED                                                                                \
	"SELECT entity_id FROM search_done WHERE seen_at = 0 UNION ALL SELECT id FROM entity"      \
	" WHERE id > (SELECT coalesce(max(entity_id), 0) FROM search_done)"

/* Characters below which the index, of three characters each, knows nothing. */
#define INDEX_LEAST 3

/* The word as a phrase of FTS5, its quotes doubled; NULL where only a scan can find it: too short, or with a sign
 * that may lie across the places where name, key and message meet. */
static char *
index_phrase(const char *word)
{
	struct bn_buf buf = BN_BUF_INIT(0);
	size_t characters = 0;

	for (const char *c = word; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ')
			return NULL;
		characters += ((unsigned char)*c & 0xc0) != 0x80;
	}
	if (characters < INDEX_LEAST)
		return NULL;
	bn_buf_addc(&buf, '"');
	for (const char *c = word; *c != '\0'; c++) {
		if (*c == '"')
			bn_buf_addc(&buf, '"');
		bn_buf_addc(&buf, *c);
	}
	bn_buf_addc(&buf, '"');
	return bn_buf_take(&buf);
}

/* Whether the index can be read and names few enough rows, together with those it doesn't know yet. */
static bool
index_narrows(sqlite3 *db, const char *phrase)
{
	static const char sql[] =
	    "SELECT count(*) <= ?2 FROM (SELECT rowid FROM search WHERE search MATCH ?1"
	    " UNION ALL " NOT_INDEXED " LIMIT ?2 + 1)";
	sqlite3_stmt *statement = NULL;
	bool narrows = false;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
		sqlite3_bind_text(statement, 1, phrase, -1, SQLITE_STATIC);
		sqlite3_bind_int(statement, 2, INDEX_MOST);
		narrows =
		    sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) != 0;
	}
	sqlite3_finalize(statement);
	return narrows;
}

/* Of what the index names, and of what it doesn't hold as it is now, LIKE has the last word: the index folds more
 * letters together than LIKE does. */
int
bn_filter_word(struct bn_filter *filter, const char *word, struct bn_error *err)
{
	char *phrase = filter->db != NULL ? index_phrase(word) : NULL;

	(void)err;
	if (phrase != NULL && index_narrows(filter->db, phrase)) {
		bn_buf_addf(
		    &filter->sql,
		    "(%s IN (SELECT rowid FROM search WHERE search MATCH ? UNION ALL " NOT_INDEXED
		    ") AND (%s) LIKE ? ESCAPE '\\' IS TRUE)",
		    filter->table->indexed_sql, filter->table->search_sql);
		operand(filter, BN_OPERAND_TEXT)->text = phrase;
		operand(filter, BN_OPERAND_TEXT)->text = like_pattern(word);
		return BN_OK;
	}
	free(phrase);
	bn_buf_addf(&filter->sql, "((%s) LIKE ? ESCAPE '\\' IS TRUE)", filter->table->search_sql);
	operand(filter, BN_OPERAND_TEXT)->text = like_pattern(word);
	return BN_OK;
}

static int
fail_value(const struct bn_column *column, const char *value, const char *wanted,
	   struct bn_error *err)
{
	return bn_fail(err, BN_EINVAL, "filter: %s wants %s, not \"%s\"", column->name, wanted,
		       value);
}

/* status:WORD, status=WORD, and the classes fine, problem, unknown; nothing is greater than
 * another. */
static int
compare_status(struct bn_filter *filter, const struct bn_column *column, enum bn_op op,
	       const char *value, struct bn_error *err)
{
	enum bn_status status = bn_status_from_word(value);
	const char *not = op == BN_OP_NE ? "NOT " : "";

	if (op != BN_OP_HAS && op != BN_OP_EQ && op != BN_OP_NE)
		return bn_fail(err, BN_EINVAL, "filter: %s can be compared with : = and != only",
			       column->name);
	if (strcmp(value, "fine") == 0 || strcmp(value, "problem") == 0) {
		bn_buf_addf(&filter->sql, "(%sstatus_%s(%s) IS TRUE)", not, value, column->sql);
		return BN_OK;
	}
	if (strcmp(value, "ok") == 0) {
		bn_buf_addf(&filter->sql, "(%sstatus_fine(%s) IS TRUE)", not, column->sql);
		return BN_OK;
	}
	if (status == BN_UNKNOWN && strcmp(value, "unknown") != 0) {
		(void)fail_value(column, value, "a status", err);
		return bn_hint(err,
			       "queued running succeeded failed cancelled skipped paused healthy "
			       "progressing degraded down unknown; or fine, problem");
	}
	bn_buf_addf(&filter->sql, "(%s(%s) IS ?)", not, column->sql);
	operand(filter, BN_OPERAND_INT)->i = status;
	return BN_OK;
}

static int
compare_text(struct bn_filter *filter, const struct bn_column *column, enum bn_op op,
	     const char *value)
{
	struct bn_operand *o;

	if (op == BN_OP_HAS) {
		bn_buf_addf(&filter->sql, "((%s) LIKE ? ESCAPE '\\' IS TRUE)", column->sql);
		operand(filter, BN_OPERAND_TEXT)->text = like_pattern(value);
		return BN_OK;
	}
	/* What has no value is not equal to anything. */
	if (op == BN_OP_NE)
		bn_buf_addf(&filter->sql, "((%s) COLLATE NOCASE IS NOT ?)", column->sql);
	else
		bn_buf_addf(&filter->sql, "(((%s) COLLATE NOCASE %s ?) IS TRUE)", column->sql,
			    op_sql[op]);
	o = operand(filter, BN_OPERAND_TEXT);
	o->text = bn_xstrdup(value);
	return BN_OK;
}

/* "12", "1.5", "-3"; the whole text must be one. */
static bool
read_number(const char *text, double *out)
{
	char *end;

	if (!isdigit((unsigned char)text[0]) && text[0] != '-' && text[0] != '.' && text[0] != '+')
		return false;
	errno = 0;
	*out = strtod(text, &end);
	return end != text && *end == '\0' && errno == 0 && isfinite(*out) &&
	       strpbrk(text, "xXpP") == NULL;
}

static bool
read_duration(const char *text, double scale, double *out)
{
	struct bn_error ignored;
	bool negative = text[0] == '-';
	int64_t ms;

	if (bn_duration_parse(text + negative, &ms, &ignored) != BN_OK)
		return false;
	*out = (negative ? -1 : 1) * (double)ms * scale;
	return true;
}

/* "10k", "2M", "1.5G" (powers of 1024), or plain bytes. */
static bool
read_size(const char *text, double *out)
{
	static const char units[] = "kmgt";
	char number[32];
	size_t size = strlen(text);
	const char *unit;
	double scale = 1;

	if (size == 0 || size >= sizeof(number))
		return false;
	unit = strchr(units, tolower((unsigned char)text[size - 1]));
	if (unit != NULL && *unit != '\0') {
		for (const char *u = units; u <= unit; u++)
			scale *= 1024;
		size--;
	}
	memcpy(number, text, size);
	number[size] = '\0';
	if (!read_number(number, out))
		return false;
	*out *= scale;
	return true;
}

/* "5" or "5%". */
static bool
read_percent(const char *text, double *out)
{
	size_t size = strlen(text);
	char bare[64];

	if (size < 2 || size >= sizeof(bare) || text[size - 1] != '%')
		return read_number(text, out);
	memcpy(bare, text, size - 1);
	bare[size - 1] = '\0';
	return read_number(bare, out);
}

/* The value in the column's own unit. */
static int
read_value(const struct bn_column *column, const char *value, double *out, struct bn_error *err)
{
	switch (column->format) {
	case BN_FORMAT_AGE:
	case BN_FORMAT_DURATION:
		if (read_duration(value, 1, out))
			return BN_OK;
		return fail_value(column, value, "a duration like 90s, 5m or 1h30m", err);
	case BN_FORMAT_MILLIS:
		if (read_number(value, out)) {
			*out *= 1000;
			return BN_OK;
		}
		if (read_duration(value, 1000, out))
			return BN_OK;
		return fail_value(column, value, "milliseconds, or a duration like 250ms", err);
	case BN_FORMAT_BYTES:
		if (read_size(value, out))
			return BN_OK;
		return fail_value(column, value, "bytes, or a size like 64k", err);
	case BN_FORMAT_BOOL:
		*out = strcasecmp(value, "true") == 0 || strcasecmp(value, "yes") == 0 ||
		       strcmp(value, "1") == 0;
		if (*out > 0 || strcasecmp(value, "false") == 0 || strcasecmp(value, "no") == 0 ||
		    strcmp(value, "0") == 0)
			return BN_OK;
		return fail_value(column, value, "yes or no", err);
	case BN_FORMAT_PERCENT:
		return read_percent(value, out) ? BN_OK
						: fail_value(column, value, "a percentage", err);
	default:
		return read_number(value, out) ? BN_OK : fail_value(column, value, "a number", err);
	}
}

static int
compare_time(struct bn_filter *filter, const struct bn_column *column, enum bn_op op,
	     const char *value, struct bn_error *err)
{
	struct bn_error inner;
	bn_time ignored;

	/* Whether it can be read doesn't depend on the moment; any will do here. */
	if (bn_time_parse_human(value, 1767225600000, NULL, &ignored, &inner) != BN_OK)
		return fail_value(column, value, "a time like 03:05, -15m or 2026-03-10T03:05Z",
				  err);
	if (op == BN_OP_HAS || op == BN_OP_EQ || op == BN_OP_NE) {
		(void)bn_fail(err, BN_EINVAL, "filter: %s can be compared with < > <= >= only",
			      column->name);
		return bn_hint(err, "%s>=%s finds what is from then on", column->name, value);
	}
	bn_buf_addf(&filter->sql, "(((%s) %s ?) IS TRUE)", column->sql, op_sql[op]);
	operand(filter, BN_OPERAND_TIME)->text = bn_xstrdup(value);
	return BN_OK;
}

static int
compare_number(struct bn_filter *filter, const struct bn_column *column, enum bn_op op,
	       const char *value, struct bn_error *err)
{
	double number;
	int rc = read_value(column, value, &number, err);

	if (rc != BN_OK)
		return rc;
	if (op == BN_OP_NE)
		bn_buf_addf(&filter->sql, "((%s) IS NOT ?)", column->sql);
	else
		bn_buf_addf(&filter->sql, "(((%s) %s ?) IS TRUE)", column->sql, op_sql[op]);
	operand(filter, BN_OPERAND_REAL)->r = number;
	return BN_OK;
}

int
bn_filter_compare(struct bn_filter *filter, const struct bn_column *column, enum bn_op op,
		  const char *value, bool quoted, struct bn_error *err)
{
	if (op == BN_OP_MATCH)
		return bn_filter_regex(filter, column->sql, value, err);
	if (quoted && value[0] == '\0') {
		bn_buf_addf(&filter->sql, "(coalesce(%s, '') %s '')", column->sql,
			    op == BN_OP_NE ? "<>" : "=");
		return BN_OK;
	}
	switch (column->format) {
	case BN_FORMAT_STATUS:
		return compare_status(filter, column, op, value, err);
	case BN_FORMAT_TEXT:
	case BN_FORMAT_HISTORY:
	case BN_FORMAT_SPARK:
	case BN_FORMAT_JSON:
		return compare_text(filter, column, op, value);
	case BN_FORMAT_TIME:
	case BN_FORMAT_UNTIL:
		return compare_time(filter, column, op, value, err);
	default:
		return compare_number(filter, column, op, value, err);
	}
}

int
bn_filter_bind(const struct bn_filter *filter, sqlite3_stmt *statement, int first, bn_time now,
	       const struct bn_zone *zone)
{
	for (size_t i = 0; i < filter->count; i++) {
		const struct bn_operand *o = &filter->operands[i];
		int at = first + (int)i, rc;
		struct bn_error ignored;
		bn_time moment = 0;

		switch (o->type) {
		case BN_OPERAND_TEXT:
			rc = sqlite3_bind_text(statement, at, o->text, -1, SQLITE_STATIC);
			break;
		case BN_OPERAND_TIME:
			if (bn_time_parse_human(o->text, now, zone, &moment, &ignored) != BN_OK)
				return BN_EINVAL;
			rc = sqlite3_bind_int64(statement, at, moment);
			break;
		case BN_OPERAND_INT:
			rc = sqlite3_bind_int64(statement, at, o->i);
			break;
		default:
			rc = sqlite3_bind_double(statement, at, o->r);
			break;
		}
		if (rc != SQLITE_OK)
			return BN_EINTERNAL;
	}
	return BN_OK;
}
