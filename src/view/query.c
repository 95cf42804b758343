/* query.c - queries built from column tables only, and the immutable rows they give. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "view/domain_sql.h"
#include "view/filter.h"

#define MAX_COLUMNS 96
#define MAX_SORT    8

struct row {
	struct bn_ref about;
	enum bn_status status;
	bool stale;
	int64_t age;
	struct bn_value *values;
};

struct bn_rows {
	struct bn_arena *arena;
	const struct bn_column *columns[MAX_COLUMNS];
	size_t column_count;
	struct row *rows;
	size_t count, capacity, total;
	bn_time now;
};

/* Names the parameters in a fixed order before anything else does, so that the filter's come right
 * after. */
#define PARAMETERS                                                                                 \
	"WITH RECURSIVE parameters AS (SELECT :source, :kind, :key, :attempt, :since, :until, "    \
	":limit, :offset, :domain, :keep_source, :keep_kind, :keep_key) "
#define FIRST_FILTER_PARAMETER 13

static int
fail_column(const struct bn_view_table *table, const char *name, struct bn_error *err)
{
	const char *names[MAX_COLUMNS + 1];
	const char *near;
	size_t n = 0;

	for (const struct bn_column *c = table->columns; c->name != NULL && n < MAX_COLUMNS; c++)
		names[n++] = c->name;
	names[n] = NULL;
	near = bn_nearest(name, names);
	(void)bn_fail(err, BN_EINVAL, "%s has no column \"%s\"", table->name, name);
	return near != NULL ? bn_hint(err, "did you mean %s?", near) : BN_EINVAL;
}

static int
choose_columns(struct bn_rows *rows, const struct bn_query *query, struct bn_error *err)
{
	const struct bn_column *c;

	if (query->columns == NULL) {
		for (c = query->table->columns; c->name != NULL && rows->column_count < MAX_COLUMNS;
		     c++) {
			if (c->level <= 2)
				rows->columns[rows->column_count++] = c;
		}
		return BN_OK;
	}
	for (size_t i = 0; query->columns[i] != NULL; i++) {
		c = bn_view_column(query->table, query->columns[i]);
		if (c == NULL)
			return fail_column(query->table, query->columns[i], err);
		if (rows->column_count == MAX_COLUMNS)
			return bn_fail(err, BN_EINVAL, "more than %d columns", MAX_COLUMNS);
		rows->columns[rows->column_count++] = c;
	}
	return BN_OK;
}

/* "column,-column": what is absent comes last either way, and a status sorts worst first. */
static int
add_sort(struct bn_buf *sql, const struct bn_view_table *table, const char *sort,
	 struct bn_error *err)
{
	const char *at = sort;

	for (int n = 0; at != NULL && *at != '\0'; n++) {
		size_t size = strcspn(at, ",");
		bool down = at[0] == '-';
		char name[64];
		const struct bn_column *c;

		if (n == MAX_SORT)
			return bn_fail(err, BN_EINVAL, "more than %d columns to sort by", MAX_SORT);
		snprintf(name, sizeof(name), "%.*s", (int)(size - down), at + down);
		c = size - down < sizeof(name) ? bn_view_column(table, name) : NULL;
		if (c == NULL)
			return fail_column(table, name, err);
		if (c->format == BN_FORMAT_STATUS)
			bn_buf_addf(sql, "status_rank(%s) %s, ", c->sql, down ? "ASC" : "DESC");
		else
			bn_buf_addf(sql, "(%s) IS NULL, (%s)%s %s, ", c->sql, c->sql,
				    c->format == BN_FORMAT_TEXT ? " COLLATE NOCASE" : "",
				    down ? "DESC" : "ASC");
		at += size;
		if (*at == ',')
			at++;
	}
	return BN_OK;
}

static bool
has_domain(const struct bn_query *query)
{
	return query->domain != NULL && query->scope.kind == BN_KIND_NONE;
}

static void
begin(struct bn_buf *sql, const struct bn_query *query)
{
	bn_buf_addf(sql, "%s%sSELECT ", PARAMETERS,
		    has_domain(query) ? ", " DOMAIN_TABLES " " : "");
}

/* The row numbers of what the scope names, found through the index. */
#define SCOPE_ROWS                                                                                 \
	"SELECT e0.id FROM source s0 CROSS JOIN entity e0 ON e0.source_id = s0.id"                 \
	" WHERE e0.kind = :kind AND e0.key = :key AND (:source IS NULL OR s0.name = :source)"

/* What narrows the table: the filter, `!`, and --since/--until where the table has a time. */
static void
add_where(struct bn_buf *sql, const struct bn_query *query, const struct bn_filter *filter)
{
	const struct bn_view_table *t = query->table;

	if (t->time_sql != NULL) {
		if (query->since != 0)
			bn_buf_addf(sql, " AND (%s) >= :since", t->time_sql);
		if (query->until != 0)
			bn_buf_addf(sql, " AND (%s) <= :until", t->time_sql);
	}
	/* A scope of the table's own kind is the one row it names; its source may be left out. */
	if (query->scope.kind != BN_KIND_NONE && query->scope.kind == t->kind && t->row_sql != NULL)
		bn_buf_addf(sql, " AND %s IN (" SCOPE_ROWS ")", t->row_sql);
	else if (query->scope.kind != BN_KIND_NONE && query->scope.kind == t->kind)
		bn_buf_addf(
		    sql,
		    " AND (WITH me(source, kind, key) AS (SELECT %s) SELECT me.kind = :kind"
		    " AND me.key = :key AND (:source IS NULL OR me.source = :source) FROM me)",
		    t->id_sql);
	if (has_domain(query))
		bn_buf_addf(sql, " AND " DOMAIN_HAS("%s"), t->id_sql);
	if (query->problems && t->problem_sql != NULL && query->keep.key != NULL)
		bn_buf_addf(sql,
			    " AND (%s IS TRUE OR (%s) IS (:keep_source, :keep_kind, :keep_key))",
			    t->problem_sql, t->id_sql);
	else if (query->problems && t->problem_sql != NULL)
		bn_buf_addf(sql, " AND (%s IS TRUE)", t->problem_sql);
	if (filter != NULL)
		bn_buf_addf(sql, " AND %s", bn_filter_sql(filter));
}

/* The table's FROM … WHERE …; of one pipeline, where the table has a shorter way to that. */
static const char *
from_of(const struct bn_query *query)
{
	const struct bn_view_table *t = query->table;

	return query->scope.kind == BN_PIPELINE && t->from_pipeline != NULL ? t->from_pipeline
									    : t->from;
}

static int
add_order(struct bn_buf *sql, const struct bn_query *query, struct bn_error *err)
{
	int rc;

	bn_buf_adds(sql, " ORDER BY ");
	rc = add_sort(sql, query->table, query->sort, err);
	bn_buf_adds(sql, query->table->order);
	return rc;
}

/* Of a table with a row number, first the rows that are wanted are found with nothing but what that
 * takes, then everything is read of these alone. CROSS JOIN makes SQLite do it in this order. */
static int
add_from(struct bn_buf *sql, const struct bn_query *query, const struct bn_filter *filter,
	 struct bn_error *err)
{
	const struct bn_view_table *t = query->table;
	const char *from = from_of(query);
	int rc;

	if (t->row_sql == NULL || query->limit <= 0) {
		bn_buf_addf(sql, " %s", from);
		add_where(sql, query, filter);
		rc = add_order(sql, query, err);
		bn_buf_adds(sql, " LIMIT :limit OFFSET :offset");
		return rc;
	}
	bn_buf_addf(sql, " FROM (SELECT %s AS row %s", t->row_sql, from);
	add_where(sql, query, filter);
	rc = add_order(sql, query, err);
	bn_buf_addf(sql, " LIMIT :limit OFFSET :offset) wanted CROSS JOIN %s AND %s = wanted.row",
		    from + strlen("FROM "), t->row_sql);
	return rc == BN_OK ? add_order(sql, query, err) : rc;
}

static int
build(struct bn_buf *sql, const struct bn_rows *rows, const struct bn_query *query,
      const struct bn_filter *filter, struct bn_error *err)
{
	const struct bn_view_table *t = query->table;
	int rc;

	begin(sql, query);
	bn_buf_addf(sql, "%s, %s, %s, %s", t->id_sql, t->status_sql != NULL ? t->status_sql : "0",
		    t->stale_sql != NULL ? t->stale_sql : "0",
		    t->age_sql != NULL ? t->age_sql : "NULL");
	for (size_t i = 0; i < rows->column_count; i++)
		bn_buf_addf(sql, ", %s", rows->columns[i]->sql);
	rc = add_from(sql, query, filter, err);
	if (rc == BN_OK && sql->overflow)
		rc = bn_fail(err, BN_EINVAL, "the query is too long: make the filter shorter");
	return rc;
}

static int
fail_sql(sqlite3 *db, const struct bn_query *query, struct bn_error *err)
{
	int code = sqlite3_errcode(db);

	if (code == SQLITE_INTERRUPT)
		return bn_fail(err, BN_ECANCELLED, "%s: interrupted", query->table->name);
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return bn_fail(err, BN_EBUSY, "%s: the cache is locked by another process",
			       query->table->name);
	/* A filter's regular expression is refused by its match limit while the query runs. */
	if (code == SQLITE_ERROR && query->filter != NULL)
		return bn_fail(err, BN_EINVAL, "%s: %s", query->table->name, sqlite3_errmsg(db));
	bn_store_met(db);
	return bn_fail(err, BN_EIO, "%s: %s", query->table->name, sqlite3_errmsg(db));
}

static void
bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	if (text != NULL && text[0] != '\0')
		sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

/* Parameters left unbound are NULL: open. */
static int
bind(sqlite3_stmt *statement, const struct bn_query *query, const struct bn_filter *filter,
     bn_time now, struct bn_error *err)
{
	bind_text(statement, 1, query->scope.source);
	if (query->scope.kind != BN_KIND_NONE)
		sqlite3_bind_int(statement, 2, query->scope.kind);
	bind_text(statement, 3, query->scope.key);
	sqlite3_bind_int(statement, 4, query->attempt);
	if (query->since != 0)
		sqlite3_bind_int64(statement, 5, query->since);
	if (query->until != 0)
		sqlite3_bind_int64(statement, 6, query->until);
	sqlite3_bind_int64(statement, 7, query->limit > 0 ? query->limit : -1);
	sqlite3_bind_int64(statement, 8, query->offset > 0 ? query->offset : 0);
	if (has_domain(query))
		bind_text(statement, 9, query->domain);
	if (query->keep.key != NULL) { /* compared as the rows have it: no source is "" there */
		sqlite3_bind_text(statement, 10,
				  query->keep.source != NULL ? query->keep.source : "", -1,
				  SQLITE_STATIC);
		sqlite3_bind_int(statement, 11, query->keep.kind);
		sqlite3_bind_text(statement, 12, query->keep.key, -1, SQLITE_STATIC);
	}
	if (filter != NULL &&
	    bn_filter_bind(filter, statement, FIRST_FILTER_PARAMETER, now, query->zone) != BN_OK)
		return bn_fail(err, BN_EINTERNAL, "%s: the filter's values do not fit its query",
			       query->table->name);
	return BN_OK;
}

static const char *
column_text(struct bn_rows *rows, sqlite3_stmt *statement, int at)
{
	const char *text = (const char *)sqlite3_column_text(statement, at);

	/* Bytes after an embedded NUL are cut: such text can't be shown or written anywhere. */
	return text != NULL ? bn_arena_strdup(rows->arena, text) : NULL;
}

static struct bn_value
read_value(struct bn_rows *rows, sqlite3_stmt *statement, int at)
{
	struct bn_value value = {.type = BN_VALUE_NULL};

	switch (sqlite3_column_type(statement, at)) {
	case SQLITE_INTEGER:
		value.type = BN_VALUE_INT;
		value.i = sqlite3_column_int64(statement, at);
		break;
	case SQLITE_FLOAT:
		value.type = BN_VALUE_REAL;
		value.r = sqlite3_column_double(statement, at);
		break;
	case SQLITE_TEXT:
	case SQLITE_BLOB:
		value.s = column_text(rows, statement, at);
		if (value.s != NULL && value.s[0] != '\0')
			value.type = BN_VALUE_TEXT;
		break;
	}
	return value;
}

static void
read_row(struct bn_rows *rows, sqlite3_stmt *statement)
{
	struct row *row;

	if (rows->count == rows->capacity) {
		rows->capacity = rows->capacity > 0 ? rows->capacity * 2 : 64;
		rows->rows = bn_xrealloc(rows->rows, rows->capacity, sizeof(*rows->rows));
	}
	row = &rows->rows[rows->count++];
	row->about.source = column_text(rows, statement, 0);
	/* The journal names kinds by word, everything else by number. */
	row->about.kind = sqlite3_column_type(statement, 1) == SQLITE_TEXT
			      ? bn_kind_from_word((const char *)sqlite3_column_text(statement, 1))
			      : (enum bn_kind)sqlite3_column_int(statement, 1);
	row->about.key = column_text(rows, statement, 2);
	row->status = (enum bn_status)sqlite3_column_int(statement, 3);
	row->stale = sqlite3_column_int(statement, 4) != 0;
	row->age = sqlite3_column_type(statement, 5) == SQLITE_NULL
		       ? -1
		       : sqlite3_column_int64(statement, 5);
	row->values = bn_arena_alloc(rows->arena, (rows->column_count + 1) * sizeof(*row->values));
	for (size_t i = 0; i < rows->column_count; i++)
		row->values[i] = read_value(rows, statement, (int)i + 6);
}

/* How many rows there are without limit and offset; only asked when that isn't known already. */
static int
count_all(struct bn_reader *reader, struct bn_rows *rows, const struct bn_query *query,
	  const struct bn_filter *filter, struct bn_error *err)
{
	struct bn_buf sql = BN_BUF_INIT(0);
	sqlite3 *db = bn_reader_db(reader);
	sqlite3_stmt *statement = NULL;
	int rc = BN_OK;

	begin(&sql, query);
	bn_buf_addf(&sql, "count(*) %s", from_of(query));
	add_where(&sql, query, filter);
	if (bn_reader_prepare(reader, sql.data, &statement) != SQLITE_OK) {
		rc = fail_sql(db, query, err);
		goto out;
	}
	rc = bind(statement, query, filter, rows->now, err);
	if (rc != BN_OK)
		goto out;
	if (sqlite3_step(statement) == SQLITE_ROW)
		rows->total = (size_t)sqlite3_column_int64(statement, 0);
	else
		rc = fail_sql(db, query, err);
out:
	bn_reader_done(reader, statement);
	bn_buf_free(&sql);
	return rc;
}

static int
run(struct bn_reader *reader, struct bn_rows *rows, const struct bn_query *query,
    const struct bn_filter *filter, const char *sql, struct bn_error *err)
{
	sqlite3 *db = bn_reader_db(reader);
	sqlite3_stmt *statement = NULL;
	int rc, step = SQLITE_DONE;

	if (bn_reader_prepare(reader, sql, &statement) != SQLITE_OK) {
		rc = fail_sql(db, query, err);
		goto out;
	}
	rc = bind(statement, query, filter, rows->now, err);
	if (rc != BN_OK)
		goto out;
	while ((step = sqlite3_step(statement)) == SQLITE_ROW)
		read_row(rows, statement);
	if (step != SQLITE_DONE) {
		rc = fail_sql(db, query, err);
		goto out;
	}
	rows->total =
	    rows->count + (query->offset > 0 && rows->count > 0 ? (size_t)query->offset : 0);
	if (!query->uncounted && ((query->limit > 0 && rows->count == (size_t)query->limit) ||
				  (query->offset > 0 && rows->count == 0)))
		rc = count_all(reader, rows, query, filter, err);
out:
	bn_reader_done(reader, statement);
	return rc;
}

/* The index holds what is so now, and nothing of another moment. */
static sqlite3 *
word_index(struct bn_reader *reader, const struct bn_view_table *table)
{
	return table->indexed_sql != NULL && bn_reader_at(reader) == 0 ? bn_reader_db(reader)
								       : NULL;
}

int
bn_view_query(struct bn_reader *reader, const struct bn_query *query, struct bn_rows **out,
	      struct bn_error *err)
{
	struct bn_rows *rows = bn_xcalloc(1, sizeof(*rows));
	struct bn_filter *filter = NULL;
	struct bn_buf sql = BN_BUF_INIT(256 << 10);
	int rc;

	*out = NULL;
	rows->arena = bn_arena_new();
	rows->now = bn_reader_now(reader);
	rc = choose_columns(rows, query, err);
	if (rc == BN_OK && query->filter != NULL && query->filter[0] != '\0')
		rc = bn_filter_parse_indexed(&filter, query->table,
					     word_index(reader, query->table), query->filter, err);
	if (rc == BN_OK)
		rc = build(&sql, rows, query, filter, err);
	if (rc == BN_OK)
		rc = run(reader, rows, query, filter, sql.data, err);
	bn_filter_free(filter);
	bn_buf_free(&sql);
	if (rc == BN_OK)
		*out = rows;
	else
		bn_rows_free(rows);
	return rc;
}

void
bn_rows_free(struct bn_rows *rows)
{
	if (rows == NULL)
		return;
	bn_arena_free(rows->arena);
	free(rows->rows);
	free(rows);
}

size_t
bn_rows_count(const struct bn_rows *rows)
{
	return rows->count;
}

size_t
bn_rows_total(const struct bn_rows *rows)
{
	return rows->total;
}

size_t
bn_rows_columns(const struct bn_rows *rows)
{
	return rows->column_count;
}

const struct bn_column *
bn_rows_column(const struct bn_rows *rows, size_t column)
{
	return rows->columns[column];
}

struct bn_value
bn_rows_value(const struct bn_rows *rows, size_t row, size_t column)
{
	return rows->rows[row].values[column];
}

struct bn_value
bn_rows_named(const struct bn_rows *rows, size_t row, const char *column)
{
	for (size_t i = 0; i < rows->column_count; i++) {
		if (strcmp(rows->columns[i]->name, column) == 0)
			return rows->rows[row].values[i];
	}
	return (struct bn_value){.type = BN_VALUE_NULL};
}

struct bn_ref
bn_rows_ref(const struct bn_rows *rows, size_t row)
{
	return rows->rows[row].about;
}

enum bn_status
bn_rows_status(const struct bn_rows *rows, size_t row)
{
	return rows->rows[row].status;
}

bool
bn_rows_stale(const struct bn_rows *rows, size_t row)
{
	return rows->rows[row].stale;
}

int64_t
bn_rows_age(const struct bn_rows *rows, size_t row)
{
	return rows->rows[row].age;
}

bn_time
bn_rows_now(const struct bn_rows *rows)
{
	return rows->now;
}
