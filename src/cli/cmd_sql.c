/* cmd_sql.c - sql: a read-only query on the store. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct writer {
	struct bn_cli *cli;
	struct bn_buf out;
	int64_t rows;
};

static void
add_json_value(struct bn_buf *out, sqlite3_stmt *row, int c)
{
	switch (sqlite3_column_type(row, c)) {
	case SQLITE_INTEGER:
		bn_buf_addf(out, "%lld", (long long)sqlite3_column_int64(row, c));
		break;
	case SQLITE_FLOAT:
		if (isfinite(sqlite3_column_double(row, c)))
			bn_buf_addf(out, "%.17g", sqlite3_column_double(row, c));
		else
			bn_buf_adds(out, "null");
		break;
	case SQLITE_NULL:
		bn_buf_adds(out, "null");
		break;
	default:
		bn_json_quote(out, (const char *)sqlite3_column_text(row, c));
		break;
	}
}

static void
add_json_row(struct writer *w, sqlite3_stmt *row)
{
	int c;

	if (w->rows > 0 && w->cli->format == BN_OUT_JSON)
		bn_buf_addc(&w->out, ',');
	bn_buf_addc(&w->out, '{');
	for (c = 0; c < sqlite3_column_count(row); c++) {
		if (c > 0)
			bn_buf_addc(&w->out, ',');
		bn_json_quote(&w->out, sqlite3_column_name(row, c));
		bn_buf_addc(&w->out, ':');
		add_json_value(&w->out, row, c);
	}
	bn_buf_adds(&w->out, w->cli->format == BN_OUT_JSON ? "}" : "}\n");
}

/* A CSV field, or a tab-separated one for people; tabs and line ends are made visible by the
 * sanitiser. */
static void
add_field(struct writer *w, const char *text, bool last)
{
	struct bn_buf clean = BN_BUF_INIT(0);
	const char *p;

	bn_sanitise(&clean, text, strlen(text), BN_SANITISE_FIELD);
	if (w->cli->format == BN_OUT_CSV && strpbrk(bn_buf_text(&clean), ",\"") != NULL) {
		bn_buf_addc(&w->out, '"');
		for (p = bn_buf_text(&clean); *p != '\0'; p++) {
			if (*p == '"')
				bn_buf_addc(&w->out, '"');
			bn_buf_addc(&w->out, *p);
		}
		bn_buf_addc(&w->out, '"');
	} else
		bn_buf_adds(&w->out, bn_buf_text(&clean));
	if (w->cli->format == BN_OUT_CSV)
		bn_buf_adds(&w->out, last ? "\r\n" : ",");
	else if (w->cli->format == BN_OUT_MD)
		bn_buf_adds(&w->out, last ? " |\n" : " | ");
	else
		bn_buf_adds(&w->out, last ? "\n" : "\t");
	bn_buf_free(&clean);
}

static void
add_header(struct writer *w, sqlite3_stmt *row)
{
	int n = sqlite3_column_count(row), c;

	if (bn_flag_has(w->cli->in, "no-header"))
		return;
	if (w->cli->format == BN_OUT_MD)
		bn_buf_adds(&w->out, "| ");
	for (c = 0; c < n; c++)
		add_field(w, sqlite3_column_name(row, c), c + 1 == n);
	if (w->cli->format == BN_OUT_MD) {
		for (c = 0; c < n; c++)
			bn_buf_adds(&w->out, "| --- ");
		bn_buf_adds(&w->out, "|\n");
	}
}

static int
on_row(sqlite3_stmt *row, void *payload, struct bn_error *err)
{
	struct writer *w = payload;
	int n = sqlite3_column_count(row), c;

	if (w->cli->format == BN_OUT_JSON || w->cli->format == BN_OUT_NDJSON)
		add_json_row(w, row);
	else {
		if (w->rows == 0)
			add_header(w, row);
		if (w->cli->format == BN_OUT_MD)
			bn_buf_adds(&w->out, "| ");
		for (c = 0; c < n; c++) {
			const char *text = (const char *)sqlite3_column_text(row, c);

			add_field(w,
				  text != NULL			 ? text
				  : w->cli->format == BN_OUT_CSV ? ""
								 : bn_view_absent(&w->cli->style),
				  c + 1 == n);
		}
	}
	w->rows++;
	return w->cli->format == BN_OUT_JSON ? BN_OK : bn_cli_flush(w->cli, &w->out, err);
}

/* The views of the present, or with --at those of then. */
static int
run_query(struct bn_cli *cli, const char *sql, int64_t rows, struct writer *w, struct bn_error *err)
{
	struct bn_past *past = NULL;
	int rc;

	if (cli->at == 0)
		return bn_store_sql(cli->store, sql, cli->timeout, rows, on_row, w, err);
	rc = bn_past_open(&past, cli->store, err);
	if (rc == BN_OK)
		rc = bn_past_sql(past, cli->at, sql, cli->timeout, rows, on_row, w, err);
	bn_past_free(past);
	return rc;
}

static int
run_sql(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct writer w = {.cli = cli, .out = BN_BUF_INIT(0)};
	struct bn_error err = {0};
	int64_t rows;
	int rc = bn_flag_int(in, "limit", 100000, &rows, &err);

	if (rc == BN_OK)
		rc = bn_cli_refresh(cli, NULL, false, &err);
	if (rc == BN_OK && cli->format == BN_OUT_JSON)
		bn_cli_json_begin(cli, &w.out, "sql", 1);
	if (rc == BN_OK)
		rc = run_query(cli, in->operands[0], rows, &w, &err);
	if (rc == BN_OK && cli->format == BN_OUT_JSON)
		bn_cli_json_end(&w.out);
	if (rc == BN_OK)
		rc = bn_cli_flush(cli, &w.out, &err);
	bn_buf_free(&w.out);
	if (rc == BN_EINVAL)
		return bn_cli_report(cli, &err), BN_EXIT_DATA;
	if (rc ==
	    BN_ETIMEOUT) /* of the query itself; sources that were late only leave it incomplete */
		return bn_cli_report(cli, &err), BN_EXIT_TIMEOUT;
	return rc == BN_OK ? bn_cli_complete(cli) : bn_cli_report(cli, &err);
}

static const struct bn_example sql_examples[] = {
    {"binnacle --demo sql \"SELECT entity, since, message FROM run WHERE status = 'failed' ORDER "
     "BY since DESC LIMIT 5\"",
     0, "The latest failures"},
    {"binnacle --demo sql 'SELECT kind, count(*) AS things FROM entity GROUP BY kind' -o csv", 0,
     "How many things of each kind"},
    {"binnacle --demo sql \"SELECT count(*) FROM run WHERE status = 'failed'\" --at "
     "2026-03-10T03:05:00Z",
     3, "As of a moment in the past; 3: not every source was observed then"},
    {"binnacle --demo sql 'DELETE FROM entity'", 65, "65: nothing can be changed through it"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_sql = {
    .name = "sql",
    .page = "sql",
    .operands = "QUERY",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "a read-only query on what is stored",
    .doc =
	"One SELECT over the documented views (binnacle-concepts(7)), on a connection that can't "
	"write, within "
	"--timeout (124 when that is not enough). The views are stable within a minor release; the "
	"tables beneath them are not.\n\nWith --at the views and now() answer as of that moment, "
	"as "
	"every list does; names that begin with at_ can't be used there.",
    .examples = sql_examples,
    .run = run_sql,
    .past = true,
};
