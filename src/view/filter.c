/* filter.c - the filter language's parser: recursive descent, bounded in length, depth and terms. */
/* SPDX-License-Identifier: MIT */
#include "view/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

struct parser {
	const char *text;
	size_t at, size;
	int depth;
	struct bn_filter *filter;
	struct bn_error *err;
};

static int
fail_at(struct parser *p, size_t at, const char *what)
{
	return bn_fail(p->err, BN_EINVAL, "filter: %s at character %zu", what, at + 1);
}

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->size && (p->text[p->at] == ' ' || p->text[p->at] == '\t'))
		p->at++;
}

/* True at a word that stands alone: followed by a blank, a parenthesis or the end. */
static bool
at_word(const struct parser *p, const char *word)
{
	size_t size = strlen(word);
	char next;

	if (p->size - p->at < size || strncmp(p->text + p->at, word, size) != 0)
		return false;
	next = p->at + size < p->size ? p->text[p->at + size] : ' ';
	return next == ' ' || next == '\t' || next == '(' || next == ')';
}

/* Text in quotes ('"' or '/'), the backslash keeping the next character; the caller frees *out. */
static int
read_quoted(struct parser *p, char quote, char **out)
{
	struct bn_buf buf = BN_BUF_INIT(FILTER_MAX_BYTES);
	size_t began = p->at++;

	while (p->at < p->size && p->text[p->at] != quote) {
		/* In a regular expression the backslash is its own, except before the slash. */
		if (p->text[p->at] == '\\' && p->at + 1 < p->size &&
		    (quote == '"' || p->text[p->at + 1] == '/'))
			p->at++;
		bn_buf_addc(&buf, p->text[p->at++]);
	}
	if (p->at >= p->size) {
		bn_buf_free(&buf);
		return fail_at(p, began, quote == '"' ? "no closing \"" : "no closing /");
	}
	p->at++;
	*out = buf.data != NULL ? bn_buf_take(&buf) : bn_xstrdup("");
	return BN_OK;
}

/* A value or word up to the next blank or unbalanced closing parenthesis. */
static char *
read_bare(struct parser *p)
{
	size_t began = p->at;
	int open = 0;

	while (p->at < p->size && p->text[p->at] != ' ' && p->text[p->at] != '\t') {
		if (p->text[p->at] == '(')
			open++;
		if (p->text[p->at] == ')' && open-- == 0)
			break;
		p->at++;
	}
	return bn_xstrndup(p->text + began, p->at - began);
}

/* A field name: letters, digits and '_', beginning with a letter. Its length, 0 if there is none.
 */
static size_t
field_size(const struct parser *p)
{
	size_t n = 0;

	if (p->at >= p->size || !isalpha((unsigned char)p->text[p->at]))
		return 0;
	while (p->at + n < p->size &&
	       (isalnum((unsigned char)p->text[p->at + n]) || p->text[p->at + n] == '_'))
		n++;
	return n;
}

static const struct {
	const char *text;
	enum bn_op op;
} operators[] = {
    {"!=", BN_OP_NE}, {"<=", BN_OP_LE}, {">=", BN_OP_GE},   {"=", BN_OP_EQ},
    {"<", BN_OP_LT},  {">", BN_OP_GT},	{"~", BN_OP_MATCH}, {":", BN_OP_HAS},
};

/* The operator right after a field name; its length, 0 if there is none. */
static size_t
operator_size(const struct parser *p, size_t at, enum bn_op *op)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t size = strlen(operators[i].text);

		if (p->size - at >= size && strncmp(p->text + at, operators[i].text, size) == 0) {
			*op = operators[i].op;
			return size;
		}
	}
	return 0;
}

static int
fail_field(struct parser *p, const char *name)
{
	const struct bn_view_table *table = p->filter->table;
	const char *names[128];
	const char *near;
	size_t n = 0;

	for (const struct bn_column *c = table->columns; c->name != NULL && n < 127; c++)
		names[n++] = c->name;
	names[n] = NULL;
	near = bn_nearest(name, names);
	(void)bn_fail(p->err, BN_EINVAL, "filter: \"%s\" at character %zu is no field of %s", name,
		      p->at + 1, table->name);
	if (near != NULL)
		return bn_hint(p->err, "did you mean %s? Words with : = < > ~ go in \"quotes\"",
			       near);
	return bn_hint(p->err, "words with : = < > ~ in them go in \"quotes\"");
}

/* field op value; BN_ENOTFOUND (nothing consumed) when it is a plain word. */
static int
read_comparison(struct parser *p)
{
	char *name = NULL, *value = NULL;
	const struct bn_column *column;
	size_t size = field_size(p), op_size;
	enum bn_op op;
	bool quoted;
	int rc;

	if (size == 0 || (op_size = operator_size(p, p->at + size, &op)) == 0)
		return BN_ENOTFOUND;
	name = bn_xstrndup(p->text + p->at, size);
	column = bn_view_column(p->filter->table, name);
	if (column == NULL) {
		rc = fail_field(p, name);
		goto out;
	}
	p->at += size + op_size;
	quoted = p->at < p->size && p->text[p->at] == '"';
	if (quoted) {
		rc = read_quoted(p, '"', &value);
		if (rc != BN_OK)
			goto out;
	} else {
		value = read_bare(p);
		if (value[0] == '\0') {
			rc = bn_fail(p->err, BN_EINVAL,
				     "filter: no value after %s at character %zu", name, p->at + 1);
			(void)bn_hint(p->err, "%s=\"\" finds rows without one", name);
			goto out;
		}
	}
	rc = bn_filter_compare(p->filter, column, op, value, quoted, p->err);
out:
	free(name);
	free(value);
	return rc;
}

static int
read_term(struct parser *p)
{
	char *word = NULL;
	int rc;

	if (++p->filter->terms > FILTER_MAX_TERMS)
		return fail_at(p, p->at, "too many terms");
	if (p->text[p->at] == '/') {
		rc = read_quoted(p, '/', &word);
		if (rc == BN_OK)
			rc = bn_filter_regex(p->filter, p->filter->table->name_sql, word, p->err);
	} else if (p->text[p->at] == '"') {
		rc = read_quoted(p, '"', &word);
		if (rc == BN_OK)
			rc = bn_filter_word(p->filter, word, p->err);
	} else {
		rc = read_comparison(p);
		if (rc == BN_ENOTFOUND) {
			word = read_bare(p);
			rc = word[0] != '\0' ? bn_filter_word(p->filter, word, p->err)
					     : fail_at(p, p->at, "a term is missing");
		}
	}
	free(word);
	return rc;
}

static int read_or(struct parser *p);

static int
read_unary(struct parser *p)
{
	struct bn_buf *sql = &p->filter->sql;
	int rc;

	if (++p->depth > FILTER_MAX_DEPTH)
		return fail_at(p, p->at, "nested too deeply");
	if (p->at + 1 < p->size && (p->text[p->at] == '!' || p->text[p->at] == '-')) {
		p->at++;
		bn_buf_adds(sql, "NOT ");
		skip_blanks(p);
		rc = p->at < p->size ? read_unary(p) : fail_at(p, p->at, "a term is missing");
	} else if (p->text[p->at] == '(') {
		size_t began = p->at++;

		bn_buf_addc(sql, '(');
		rc = read_or(p);
		if (rc == BN_OK && (p->at >= p->size || p->text[p->at] != ')'))
			rc = fail_at(p, began, "no closing )");
		p->at++;
		bn_buf_addc(sql, ')');
	} else {
		rc = read_term(p);
	}
	p->depth--;
	return rc;
}

static int
read_and(struct parser *p)
{
	int rc;

	skip_blanks(p);
	if (p->at >= p->size || p->text[p->at] == ')' || at_word(p, "OR"))
		return fail_at(p, p->at, "a term is missing");
	rc = read_unary(p);
	while (rc == BN_OK) {
		skip_blanks(p);
		if (at_word(p, "AND")) {
			p->at += 3;
			skip_blanks(p);
			if (p->at >= p->size)
				return fail_at(p, p->at, "a term is missing");
		}
		if (p->at >= p->size || p->text[p->at] == ')' || at_word(p, "OR"))
			break;
		bn_buf_adds(&p->filter->sql, " AND ");
		rc = read_unary(p);
	}
	return rc;
}

static int
read_or(struct parser *p)
{
	int rc;

	/* Parentheses around each alternative aren't needed: AND binds tighter in SQL too. */
	rc = read_and(p);
	while (rc == BN_OK && p->at < p->size && at_word(p, "OR")) {
		p->at += 2;
		bn_buf_adds(&p->filter->sql, " OR ");
		rc = read_and(p);
	}
	return rc;
}

int
bn_filter_parse(struct bn_filter **out, const struct bn_view_table *table, const char *text,
		struct bn_error *err)
{
	return bn_filter_parse_indexed(out, table, NULL, text, err);
}

int
bn_filter_parse_indexed(struct bn_filter **out, const struct bn_view_table *table, sqlite3 *db,
			const char *text, struct bn_error *err)
{
	struct parser p = {.text = text != NULL ? text : "", .err = err};
	int rc;

	*out = NULL;
	p.size = strlen(p.text);
	if (p.size > FILTER_MAX_BYTES)
		return bn_fail(err, BN_EINVAL, "filter: longer than %d bytes", FILTER_MAX_BYTES);
	if (!bn_utf8_valid(p.text, p.size))
		return bn_fail(err, BN_EINVAL, "filter: not valid UTF-8");
	p.filter = bn_xcalloc(1, sizeof(*p.filter));
	p.filter->table = table;
	p.filter->db = db;
	bn_buf_addc(&p.filter->sql, '(');
	skip_blanks(&p);
	if (p.at == p.size) {
		bn_buf_addc(&p.filter->sql, '1');
		rc = BN_OK;
	} else {
		rc = read_or(&p);
	}
	if (rc == BN_OK && p.at < p.size)
		rc = fail_at(&p, p.at, "\")\" without its \"(\"");
	bn_buf_addc(&p.filter->sql, ')');
	if (rc != BN_OK) {
		bn_filter_free(p.filter);
		return rc;
	}
	*out = p.filter;
	return BN_OK;
}

void
bn_filter_free(struct bn_filter *filter)
{
	if (filter == NULL)
		return;
	for (size_t i = 0; i < filter->count; i++)
		free(filter->operands[i].text);
	bn_buf_free(&filter->sql);
	free(filter);
}

const char *
bn_filter_sql(const struct bn_filter *filter)
{
	return bn_buf_text(&filter->sql);
}
