/* comparison_side.c - one of two versions that are compared: its numbers, what is told of it, its parts. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "view/comparison_room.h"
#include "view/comparison_sql.h"

/* Numbers from production that have a name people know. */
static const struct {
	const char *measure, *label, *unit; /* unit: where the measure has none */
} known[] = {
    {"psi", "PSI", NULL},
    {"p50", "latency p50", "ms"},
    {"p95", "latency p95", "ms"},
    {"p99", "latency p99", "ms"},
    {"model-latency", "latency, model", "ms"},
    {"overhead", "latency, overhead", "ms"},
    {"error-rate", "errors", "%"},
    {"rps", "requests", "1/s"},
    {"cpu", "CPU", "%"},
    {"memory", "memory", "%"},
    {"traffic", "traffic", "%"},
    {"predictions", "predictions", NULL},
    {"cost", COST_LABEL, NULL},
    {COST_PER_1000, RATE_LABEL, NULL},
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

/* ---- values ------------------------------------------------------------------------------- */

static const char *
number_text(struct compare *c, double value, const char *unit)
{
	static const char *const scales[] = {"", "k", "M", "G", "T"};
	size_t scale = 0;
	bool close = unit == NULL || strcmp(unit, "%") == 0;

	if (fabs(value) >= 10000)
		for (; fabs(value) >= 999.5 && scale < 4; scale++)
			value /= 1000;
	if (unit != NULL && strncmp(unit, "1/", 2) == 0) { /* "11.2M/month" */
		unit++;
		close = true;
	}
	return bn_arena_format(c->arena, "%.*g%s%s%s", scale > 0 ? 3 : 4, value, scales[scale],
			       close ? "" : " ", unit != NULL ? unit : "");
}

static const char *
moment_text(struct compare *c, bn_time at, enum bn_time_form how)
{
	char text[BN_TIME_TEXT];

	return bn_arena_strdup(c->arena, bn_time_show(at, c->style->zone, how, text));
}

/* What a column of the told facts says, by its kind. */
static const char *
told_text(struct compare *c, sqlite3_stmt *row, int column, enum told_kind kind)
{
	char text[BN_TIME_TEXT];
	int64_t number;

	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return NULL;
	number = sqlite3_column_int64(row, column);
	switch (kind) {
	case TOLD_TIME:
		return moment_text(c, number, BN_TIME_MDHM);
	case TOLD_DURATION:
		return bn_arena_strdup(c->arena, bn_duration_show(number, text));
	case TOLD_WINDOW:
		return bn_arena_format(
		    c->arena, "%s..%s", moment_text(c, number, BN_TIME_MD),
		    sqlite3_column_type(row, column + 1) == SQLITE_NULL
			? ""
			: moment_text(c, sqlite3_column_int64(row, column + 1), BN_TIME_MD));
	default:
		return bn_sanitised(c->arena, (const char *)sqlite3_column_text(row, column));
	}
}

static struct fact *
add_fact(struct side *side, int rank, const char *label)
{
	struct fact *fact;

	if (side->count == MAX_FACTS)
		return NULL;
	fact = &side->facts[side->count++];
	fact->rank = rank;
	fact->label = fact->beside = label;
	fact->side.age = -1;
	return fact;
}

/* ---- numbers ------------------------------------------------------------------------------- */

static size_t
known_index(const char *name)
{
	size_t i = 0;

	while (i < KNOWN && strcmp(known[i].measure, name) != 0)
		i++;
	return i;
}

/* How the measure is called and where it stands; NULL: it is no row of its own. */
static const char *
describe_measure(struct compare *c, const struct side *side, const char *name, struct fact *fact)
{
	size_t at = known_index(name);

	fact->direction = bn_better_by_name(name);
	if (at < KNOWN) {
		fact->rank = at > 0 ? RANK_KPI + (int)at : RANK_MEASURE;
		return known[at].label;
	}
	if (strncmp(name, "eval:", 5) == 0 || strcmp(name, "live") == 0) {
		bool live = name[0] == 'l';
		const char *metric = live ? side->metric : name + 5;
		bool declared =
		    side->metric != NULL && metric != NULL && strcmp(side->metric, metric) == 0;

		fact->rank = live ? RANK_LIVE : declared ? RANK_DECLARED : RANK_EVAL;
		fact->direction = metric != NULL ? bn_better_by_name(metric) : BN_NEITHER;
		if (declared && bn_better_by_word(side->better) != BN_NEITHER)
			fact->direction = bn_better_by_word(side->better);
		return bn_arena_format(c->arena, "%s (%s)",
				       metric != NULL ? bn_sanitised(c->arena, metric) : "quality",
				       live ? "live" : "offline");
	}
	if (strncmp(name, "kpi:", 4) == 0) {
		fact->rank = RANK_KPI;
		fact->direction = bn_better_by_name(name + 4);
		return bn_arena_format(c->arena, "%s (KPI)", bn_sanitised(c->arena, name + 4));
	}
	fact->rank = RANK_OTHER;
	return bn_sanitised(c->arena, name);
}

/* What somebody set as its target says which way is the better one, too. */
static void
add_target(struct compare *c, struct side *side, sqlite3_stmt *row, struct fact *of)
{
	static const char *const signs[][2] = {{"<=", "≤"}, {">=", "≥"}};
	bool least = sqlite3_column_type(row, NUMBER_LEAST) != SQLITE_NULL;
	int column = least ? NUMBER_LEAST : NUMBER_MOST, bare = (int)strcspn(of->label, "(");
	struct fact *fact;

	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return;
	of->direction = least ? BN_HIGHER_IS_BETTER : BN_LOWER_IS_BETTER;
	fact = add_fact(side, of->rank,
			bn_arena_format(c->arena, "%.*s%starget", bare, of->label,
					of->label[bare] != '\0' ? "" : " "));
	if (fact == NULL)
		return;
	fact->beside = of->label;
	fact->order = 0;
	fact->side.text =
	    bn_arena_format(c->arena, "%s %s", signs[least][!c->style->ascii],
			    number_text(c, sqlite3_column_double(row, column), of->side.unit));
}

static void
add_number(struct compare *c, struct side *side, sqlite3_stmt *row)
{
	const char *name = (const char *)sqlite3_column_text(row, NUMBER_NAME);
	const char *unit = (const char *)sqlite3_column_text(row, NUMBER_UNIT);
	int64_t age = c->style->now - sqlite3_column_int64(row, NUMBER_AT);
	struct fact about = {0}, *fact;
	const char *label = describe_measure(c, side, name, &about);
	size_t at = known_index(name);

	fact = add_fact(side, about.rank, label);
	if (fact == NULL)
		return;
	if (unit == NULL && at < KNOWN)
		unit = known[at].unit;
	fact->direction = about.direction;
	fact->side.number = true;
	fact->side.value = sqlite3_column_double(row, NUMBER_VALUE);
	fact->side.unit = unit != NULL && unit[0] != '\0' ? bn_sanitised(c->arena, unit) : NULL;
	fact->side.text = number_text(c, fact->side.value, fact->side.unit);
	fact->side.age = age > 0 ? age : 0;
	add_target(c, side, row, fact);
}

/* ---- one side ------------------------------------------------------------------------------ */

typedef void read_row_fn(struct compare *c, struct side *side, sqlite3_stmt *row);

static int
read_rows(struct compare *c, struct side *side, const char *sql, read_row_fn *read_row,
	  struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int step;

	if (sqlite3_prepare_v2(c->db, sql, -1, &row, NULL) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "compare: %s", sqlite3_errmsg(c->db));
	sqlite3_bind_int64(row, sqlite3_bind_parameter_index(row, ":id"), side->id);
	while ((step = sqlite3_step(row)) == SQLITE_ROW)
		read_row(c, side, row);
	sqlite3_finalize(row);
	if (step == SQLITE_DONE)
		return BN_OK;
	return bn_fail(err, step == SQLITE_INTERRUPT ? BN_ECANCELLED : BN_EIO, "compare: %s",
		       sqlite3_errmsg(c->db));
}

static void
read_told(struct compare *c, struct side *side, sqlite3_stmt *row)
{
	for (int i = 0; bn_compare_told[i].label != NULL; i++) {
		const char *text =
		    told_text(c, row, bn_compare_told[i].column, bn_compare_told[i].kind);
		struct fact *fact = text != NULL && text[0] != '\0'
					? add_fact(side, RANK_TOLD, bn_compare_told[i].label)
					: NULL;

		if (fact != NULL) {
			fact->side.text = text;
			fact->order = i;
		}
	}
}

/* Inputs, outputs, parameters: what they are, name, value. */
static void
read_part(struct compare *c, struct side *side, sqlite3_stmt *row)
{
	static const char *const called[] = {"input", "output", "param"};
	int part = sqlite3_column_int(row, 0);
	const char *name = bn_sanitised(c->arena, (const char *)sqlite3_column_text(row, 1));
	struct fact *fact = add_fact(side, RANK_INPUT + part,
				     bn_arena_format(c->arena, "%s %s", called[part], name));

	if (fact != NULL && sqlite3_column_type(row, 2) != SQLITE_NULL)
		fact->side.text = bn_sanitised(c->arena, (const char *)sqlite3_column_text(row, 2));
}

static int
find_version(struct compare *c, const struct bn_ref *ref, struct side *side, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = BN_OK;

	if (ref->kind != BN_MODEL || ref->key == NULL)
		return bn_fail(err, BN_EINVAL, "only versions of models can be compared");
	if (sqlite3_prepare_v2(c->db, bn_compare_find, -1, &row, NULL) != SQLITE_OK)
		return bn_fail(err, BN_EIO, "compare: %s", sqlite3_errmsg(c->db));
	sqlite3_bind_text(row, 1, ref->key, -1, SQLITE_STATIC);
	if (ref->source != NULL)
		sqlite3_bind_text(row, 2, ref->source, -1, SQLITE_STATIC);
	if (sqlite3_step(row) == SQLITE_ROW) {
		side->id = sqlite3_column_int64(row, 0);
		side->model = bn_arena_strdup(c->arena, (const char *)sqlite3_column_text(row, 1));
		side->version = bn_sanitised(c->arena, (const char *)sqlite3_column_text(row, 2));
		side->metric = bn_arena_strdup(c->arena, (const char *)sqlite3_column_text(row, 3));
		side->better = bn_arena_strdup(c->arena, (const char *)sqlite3_column_text(row, 4));
		side->live = sqlite3_column_int(row, 5) != 0;
	} else {
		rc = bn_fail(err, BN_ENOTFOUND, "%s is no version of a model that is known now",
			     ref->key);
	}
	sqlite3_finalize(row);
	return rc;
}

int
bn_compare_read_side(struct compare *c, const struct bn_ref *ref, struct side *side,
		     struct bn_error *err)
{
	static const struct {
		const char *sql;
		read_row_fn *read_row;
	} parts[] = {{bn_compare_numbers, add_number},
		     {bn_compare_facts, read_told},
		     {bn_compare_parts, read_part}};
	int rc = find_version(c, ref, side, err);

	side->facts = bn_arena_alloc(c->arena, MAX_FACTS * sizeof(*side->facts));
	for (size_t i = 0; rc == BN_OK && i < sizeof(parts) / sizeof(parts[0]); i++)
		rc = read_rows(c, side, parts[i].sql, parts[i].read_row, err);
	return rc;
}
