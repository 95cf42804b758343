/* door.c - a person's own SQL: read-only, on documented views, bounded in every way. */
/* SPDX-License-Identifier: MIT */
#include "store/asof.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"

#define STEPS_BETWEEN_LOOKS 2000
#define MEMORY_MAX	    ((int64_t)256 << 20)

/* The views that reach the tables have names on this connection that nobody can guess; the
 * documented names are views of those. For the authoriser is told a view's name and a common table
 * expression's alike: a person who calls one `entity_now` must not get that view's rights. */
#define SECRET 40

struct bn_door {
	sqlite3 *db;
	char secret[SECRET]; /* how those names begin */
	struct bn_functions functions;
	int64_t deadline, memory;
	bool too_long, too_big;
	bool past; /* the views look at shadows: names that begin with at_ are theirs */
	struct bn_asof asof;
};

static bool
among(const char *const *names, const char *name)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool
secret(const struct bn_door *door, const char *name)
{
	return name != NULL && strncmp(name, door->secret, strlen(door->secret)) == 0;
}

/* `inside` is the innermost view or common table expression that wants it, NULL for the person's
 * own words. */
static int
allowed(void *payload, int action, const char *one, const char *two, const char *database,
	const char *inside)
{
	static const char *const forbidden[] = {"load_extension",
						"fts3_tokenizer",
						"edit",
						"readfile",
						"writefile",
						"sqlite_compileoption_get",
						"sqlite_compileoption_used",
						"randomblob",
						"zeroblob",
						NULL};
	static const char *const functions[] = {"json_each", "json_tree", NULL};

	const struct bn_door *door = payload;

	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return among(forbidden, two) ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_READ:
		if (secret(door, inside) || secret(door, one))
			return SQLITE_OK;
		if (door->past && inside != NULL && strncmp(inside, "at_", 3) == 0)
			return SQLITE_OK;
		/* A common table expression and a subquery come without a database's name. A table
		 * of which no column is read comes without a column's, and without the view it was
		 * joined in. */
		if (database == NULL || *database == '\0' || two == NULL || *two == '\0')
			return SQLITE_OK;
		if (strcmp(database, "temp") == 0 && among(bn_view_names, one))
			return SQLITE_OK;
		return among(functions, one) ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

static int
enough(void *payload)
{
	struct bn_door *door = payload;

	door->too_long = door->deadline != 0 && bn_monotonic() > door->deadline;
	door->too_big = sqlite3_memory_used() - door->memory > MEMORY_MAX;
	return door->too_long || door->too_big;
}

void
bn_door_free(struct bn_door *door)
{
	if (door == NULL)
		return;
	if (door->past)
		bn_asof_rest(&door->asof);
	bn_db_close(door->db);
	bn_functions_free(&door->functions);
	free(door);
}

static void
set_limits(sqlite3 *db)
{
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 8 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 100000);
	sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 200);
	sqlite3_limit(db, SQLITE_LIMIT_COMPOUND_SELECT, 100);
	sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 500);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1); /* the journal */
	sqlite3_limit(db, SQLITE_LIMIT_TRIGGER_DEPTH, 1);
	sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
}

/* The script of views with the secret before every name, or one public view over a secret one. */
static int
make_views(struct bn_door *door, const char *script, struct bn_error *err)
{
	static const char *const marks[] = {"TEMP VIEW ", "temp."};
	static const char *const tables[] = {"main.", "journal."};
	struct bn_buf sql = BN_BUF_INIT(0);
	int rc;

	while (*script != '\0') {
		size_t i = 0;

		while (i < 2 && strncmp(script, marks[i], strlen(marks[i])) != 0)
			i++;
		for (size_t k = 0; i == 2 && door->past && k < 2; k++)
			if (strncmp(script, tables[k], strlen(tables[k])) == 0) {
				bn_buf_adds(&sql, "temp.at_");
				script += strlen(tables[k]);
				i = 3;
			}
		if (i == 3)
			continue;
		if (i == 2) {
			bn_buf_addc(&sql, *script++);
			continue;
		}
		bn_buf_adds(&sql, marks[i]);
		bn_buf_adds(&sql, door->secret);
		script += strlen(marks[i]);
	}
	rc = bn_db_exec(door->db, bn_buf_text(&sql), err);
	bn_buf_free(&sql);
	return rc;
}

static int
publish_views(struct bn_door *door, struct bn_error *err)
{
	struct bn_buf sql = BN_BUF_INIT(0);
	int rc;

	for (size_t i = 0; bn_view_names[i] != NULL; i++)
		bn_buf_addf(&sql,
			    "DROP VIEW IF EXISTS temp.%s;"
			    "CREATE TEMP VIEW %s AS SELECT * FROM temp.%s%s;",
			    bn_view_names[i], bn_view_names[i], door->secret, bn_view_names[i]);
	rc = bn_db_exec(door->db, bn_buf_text(&sql), err);
	bn_buf_free(&sql);
	return rc;
}

/* `at` 0: of the present. */
static int
open_door(struct bn_door **out, struct bn_store *store, bn_time at, struct bn_error *err)
{
	struct bn_door *door = bn_xcalloc(1, sizeof(*door));
	int rc;

	door->functions.clock = store->clock;
	rc = bn_db_open(&door->db, store, store->cache, SQLITE_OPEN_READWRITE, 2000, err);
	if (rc == BN_OK)
		rc = bn_db_attach(door->db, store->journal, "journal", err);
	if (rc == BN_OK)
		rc = bn_functions_add(door->db, &door->functions, err);
	memcpy(door->secret, "v_", 2);
	bn_uuid_hex(door->secret + 2);
	door->past = at != 0;
	door->functions.frozen = at;
	if (rc == BN_OK && door->past)
		rc = bn_asof_set(&door->asof, door->db, at, err);
	if (rc == BN_OK && door->past)
		rc = bn_db_exec(door->db, "PRAGMA query_only=OFF", err);
	if (rc == BN_OK)
		rc = make_views(door, bn_views_now, err);
	if (rc == BN_OK)
		rc = make_views(door, bn_views_live, err);
	if (rc == BN_OK)
		rc = make_views(door, bn_views_version, err);
	if (rc == BN_OK)
		rc = make_views(door, bn_views_short, err);
	if (rc == BN_OK)
		rc = publish_views(door, err);
	/* The two table-valued functions declare themselves when first used, which the authoriser
	 * would not allow. */
	if (rc == BN_OK)
		rc = bn_db_exec(door->db,
				"SELECT 1 FROM json_each('[]'), json_tree('[]');"
				"PRAGMA cache_size=-2000; PRAGMA query_only=ON",
				err);
	if (rc != BN_OK) {
		bn_door_free(door);
		return rc;
	}
	set_limits(door->db);
	sqlite3_set_authorizer(door->db, allowed, door);
	sqlite3_progress_handler(door->db, STEPS_BETWEEN_LOOKS, enough, door);
	*out = door;
	return BN_OK;
}

/* True if nothing but blanks, semicolons and comments are left. */
static bool
nothing_more(const char *sql)
{
	for (;;) {
		while (isspace((unsigned char)*sql) || *sql == ';')
			sql++;
		if (sql[0] == '-' && sql[1] == '-') {
			sql += strcspn(sql, "\n");
		} else if (sql[0] == '/' && sql[1] == '*') {
			const char *end = strstr(sql + 2, "*/");

			if (end == NULL)
				return true;
			sql = end + 2;
		} else
			return *sql == '\0';
	}
}

static int
door_fail(struct bn_door *door, int rc, struct bn_error *err)
{
	const char *words = sqlite3_errmsg(door->db);

	if (door->too_big)
		return bn_fail(err, BN_ETOOBIG,
			       "the query needs more memory than it may have (256 MiB)");
	if (door->too_long || (rc & 0xff) == SQLITE_INTERRUPT) {
		bn_fail(err, BN_ETIMEOUT, "the query took too long and was stopped");
		bn_hint(err, "narrow it down (WHERE, LIMIT)");
		return BN_ETIMEOUT;
	}
	switch (rc & 0xff) {
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		bn_fail(err, BN_EPERM, "%s", words);
		bn_hint(err, "only SELECT on the views binnacle-sql documents (pipeline, run, "
			     "task, finding …)");
		return BN_EPERM;
	case SQLITE_TOOBIG:
		return bn_fail(err, BN_ETOOBIG, "%s", words);
	case SQLITE_ERROR:
	case SQLITE_MISMATCH:
	case SQLITE_RANGE:
		return bn_fail(err, BN_EINVAL, "%s", words);
	default:
		return bn_db_fail(door->db, err, "sql");
	}
}

static int
run_query(struct bn_door *door, const char *sql, int64_t limit_rows,
	  int (*on_row)(sqlite3_stmt *row, void *payload, struct bn_error *err), void *payload,
	  struct bn_error *err)
{
	sqlite3_stmt *st = NULL;
	const char *tail = NULL;
	int64_t rows = 0;
	int step, rc = BN_OK;

	step = sqlite3_prepare_v2(door->db, sql, -1, &st, &tail);
	if (step != SQLITE_OK)
		return door_fail(door, step, err);
	if (st == NULL)
		rc = bn_fail(err, BN_EINVAL, "no SQL statement given");
	else if (!nothing_more(tail))
		rc = bn_fail(err, BN_EINVAL, "one statement at a time");
	else if (!sqlite3_stmt_readonly(st))
		rc = bn_fail(err, BN_EPERM, "only statements that read");
	else if (sqlite3_bind_parameter_count(st) > 0)
		rc = bn_fail(err, BN_EINVAL,
			     "the statement has parameters (?) and nothing to fill them");
	while (rc == BN_OK && (step = sqlite3_step(st)) != SQLITE_DONE) {
		if (step != SQLITE_ROW)
			rc = door_fail(door, step, err);
		else if (limit_rows > 0 && rows++ == limit_rows)
			rc = bn_fail(err, BN_ETOOBIG, "more than %lld rows: only these are shown",
				     (long long)limit_rows);
		else
			rc = on_row(st, payload, err);
	}
	sqlite3_finalize(st);
	return rc;
}

int
bn_store_sql(struct bn_store *store, const char *sql, int64_t limit_ms, int64_t limit_rows,
	     int (*on_row)(sqlite3_stmt *row, void *payload, struct bn_error *err), void *payload,
	     struct bn_error *err)
{
	struct bn_door *door;
	int rc = BN_OK;

	/* The one that stands ready, or another while that is in use. */
	pthread_mutex_lock(&store->lock);
	door = store->door;
	store->door = NULL;
	pthread_mutex_unlock(&store->lock);
	if (door == NULL)
		rc = open_door(&door, store, 0, err);
	if (rc != BN_OK)
		return rc;
	door->deadline = limit_ms > 0 ? bn_monotonic() + limit_ms : 0;
	door->functions.deadline = door->deadline;
	door->memory = sqlite3_memory_used();
	door->too_long = door->too_big = false;
	rc = run_query(door, sql, limit_rows, on_row, payload, err);
	pthread_mutex_lock(&store->lock);
	if (store->door == NULL) {
		store->door = door;
		door = NULL;
	}
	pthread_mutex_unlock(&store->lock);
	bn_door_free(door);
	return rc;
}

/* ---- the past -------------------------------------------------------------------------------- */

struct bn_past {
	struct bn_store *store;
	struct bn_door *door; /* NULL until the first moment is known */
};

int
bn_past_open(struct bn_past **out, struct bn_store *store, struct bn_error *err)
{
	(void)err;
	*out = bn_xcalloc(1, sizeof(**out));
	(*out)->store = store;
	return BN_OK;
}

void
bn_past_free(struct bn_past *past)
{
	if (past == NULL)
		return;
	bn_door_free(past->door);
	free(past);
}

/* Whether a word of it begins with at_, in a string or not. */
static bool
takes_a_shadow(const char *sql)
{
	for (const char *c = sql; *c != '\0'; c++)
		if (strncasecmp(c, "at_", 3) == 0 &&
		    (c == sql || !(isalnum((unsigned char)c[-1]) || c[-1] == '_')))
			return true;
	return false;
}

/* The moment is made by our own SQL, so the authoriser looks away meanwhile. */
static int
move_to(struct bn_past *past, bn_time at, struct bn_error *err)
{
	struct bn_door *door = past->door;
	int rc;

	if (door == NULL)
		return open_door(&past->door, past->store, at, err);
	sqlite3_set_authorizer(door->db, NULL, NULL);
	door->functions.frozen = at;
	rc = bn_asof_set(&door->asof, door->db, at, err);
	sqlite3_set_authorizer(door->db, allowed, door);
	return rc;
}

int
bn_past_sql(struct bn_past *past, bn_time at, const char *sql, int64_t limit_ms, int64_t limit_rows,
	    int (*on_row)(sqlite3_stmt *row, void *payload, struct bn_error *err), void *payload,
	    struct bn_error *err)
{
	int rc;

	if (takes_a_shadow(sql))
		return bn_fail(err, BN_EINVAL, "names that begin with at_ are taken here");
	if (past->door != NULL)
		past->door->deadline = 0;
	if ((rc = move_to(past, at, err)) != BN_OK)
		return rc;
	past->door->deadline = limit_ms > 0 ? bn_monotonic() + limit_ms : 0;
	past->door->functions.deadline = past->door->deadline;
	past->door->memory = sqlite3_memory_used();
	past->door->too_long = past->door->too_big = false;
	return run_query(past->door, sql, limit_rows, on_row, payload, err);
}
