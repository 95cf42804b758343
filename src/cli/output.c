/* output.c - results in every format: table, wide, Markdown, CSV, JSON, NDJSON; and what goes to stderr. */
/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/* ---- messages ------------------------------------------------------------------------------ */

int
bn_cli_report(struct bn_cli *cli, const struct bn_error *err)
{
	struct bn_buf line = BN_BUF_INIT(0);

	if (cli->pipe_gone)
		return BN_EXIT_PIPE;
	bn_buf_adds(&line, "binnacle: ");
	if (err->source[0] != '\0') {
		bn_sanitise(&line, err->source, strlen(err->source), BN_SANITISE_FIELD);
		bn_buf_adds(&line, ": ");
	}
	bn_sanitise(&line, err->message, strlen(err->message), BN_SANITISE_FIELD);
	bn_buf_addc(&line, '\n');
	if (err->hint[0] != '\0') {
		bn_buf_adds(&line, "  ");
		bn_sanitise(&line, err->hint, strlen(err->hint), BN_SANITISE_FIELD);
		bn_buf_addc(&line, '\n');
	}
	fputs(bn_buf_text(&line), cli->err);
	bn_buf_free(&line);
	return bn_exit_for(err);
}

void
bn_cli_note(struct bn_cli *cli, const char *format, ...)
{
	struct bn_buf line = BN_BUF_INIT(0), raw = BN_BUF_INIT(0);
	va_list ap;

	if (cli->quiet)
		return;
	va_start(ap, format);
	bn_buf_addv(&raw, format, ap);
	va_end(ap);
	bn_buf_adds(&line, "binnacle: ");
	bn_sanitise(&line, bn_buf_text(&raw), raw.size, BN_SANITISE_FIELD);
	bn_buf_addc(&line, '\n');
	fputs(bn_buf_text(&line), cli->err);
	bn_buf_free(&line);
	bn_buf_free(&raw);
}

int
bn_cli_complete(const struct bn_cli *cli)
{
	return cli->incomplete ? BN_EXIT_INCOMPLETE : BN_EXIT_OK;
}

int
bn_cli_flush(struct bn_cli *cli, struct bn_buf *text, struct bn_error *err)
{
	int rc = BN_OK;

	if (text->overflow)
		rc =
		    bn_fail(err, BN_ETOOBIG,
			    "the output is larger than 64 MiB: narrow it with --filter or --since");
	else if ((text->size > 0 && fwrite(text->data, 1, text->size, cli->out) != text->size) ||
		 fflush(cli->out) != 0) {
		/* Whoever read has seen enough: end as if SIGPIPE had not been ignored for the
		 * lanes' sake. */
		cli->pipe_gone = cli->pipe_gone || errno == EPIPE;
		rc = bn_fail(err, BN_EIO, "writing the output failed: %s", strerror(errno));
	}
	bn_buf_reset(text);
	return rc;
}

/* ---- values -------------------------------------------------------------------------------- */

/* The value as CSV carries it: JSON's form without the quotes, text through the sanitiser (it may
 * end up on a terminal), "" for what is not known. */
static void
add_plain(struct bn_buf *out, const struct bn_column *column, struct bn_value value)
{
	struct bn_buf json = BN_BUF_INIT(0);
	json_t *parsed;

	if (value.type == BN_VALUE_NULL)
		return;
	bn_view_json(&json, column, value);
	parsed = json_loads(bn_buf_text(&json), JSON_DECODE_ANY, NULL);
	if (json_is_string(parsed))
		bn_sanitise(out, json_string_value(parsed), json_string_length(parsed),
			    BN_SANITISE_FIELD);
	else if (!json_is_null(parsed))
		bn_sanitise(out, bn_buf_text(&json), json.size, BN_SANITISE_FIELD);
	json_decref(parsed);
	bn_buf_free(&json);
}

static void
add_csv(struct bn_buf *out, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		bn_buf_adds(out, text);
		return;
	}
	bn_buf_addc(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			bn_buf_addc(out, '"');
		bn_buf_addc(out, *text);
	}
	bn_buf_addc(out, '"');
}

/* The text of one cell of a table for people; the absent mark where nothing is known. */
static void
add_cell(struct bn_cli *cli, struct bn_buf *out, const struct bn_column *column,
	 struct bn_value value)
{
	size_t before = out->size;

	bn_view_show(out, column, value, &cli->style, 0);
	if (out->size == before)
		bn_buf_adds(out, bn_view_absent(&cli->style));
}

/* ---- tables -------------------------------------------------------------------------------- */

static const char *
sgr(enum bn_role role)
{
	switch (role) {
	case BN_ROLE_FAILED:
		return "\033[31m";
	case BN_ROLE_WARN:
		return "\033[33m";
	case BN_ROLE_OK:
		return "\033[32m";
	case BN_ROLE_RUNNING:
	case BN_ROLE_ACCENT:
		return "\033[34m";
	case BN_ROLE_STALE:
	case BN_ROLE_DIM:
	case BN_ROLE_OFF:
		return "\033[2m";
	default:
		return NULL;
	}
}

/* In the narrow table one long message must not push everything else off the screen. */
#define TABLE_CELL 44

static char **
format_cells(struct bn_cli *cli, const struct bn_rows *rows, size_t *widths)
{
	size_t columns = bn_rows_columns(rows), count = bn_rows_count(rows), r, c;
	char **cells = bn_xcalloc(columns * count + 1, sizeof(*cells));

	for (c = 0; c < columns; c++)
		widths[c] = bn_text_width(bn_rows_column(rows, c)->header);
	for (r = 0; r < count; r++) {
		for (c = 0; c < columns; c++) {
			struct bn_buf cell = BN_BUF_INIT(1 << 20);
			size_t width;

			add_cell(cli, &cell, bn_rows_column(rows, c), bn_rows_value(rows, r, c));
			width = bn_text_width(bn_buf_text(&cell));
			if (cli->format == BN_OUT_TABLE && width > TABLE_CELL)
				width = TABLE_CELL;
			widths[c] = width > widths[c] ? width : widths[c];
			cells[r * columns + c] = bn_buf_take(&cell);
		}
	}
	return cells;
}

static void
add_table_line(struct bn_cli *cli, struct bn_buf *out, const struct bn_rows *rows,
	       const size_t *widths, char **cells, size_t row)
{
	size_t columns = bn_rows_columns(rows), c;

	for (c = 0; c < columns; c++) {
		const struct bn_column *column = bn_rows_column(rows, c);
		const char *colour = NULL;
		bool last = c + 1 == columns;

		if (cli->colour)
			colour = sgr(bn_view_role(column, bn_rows_value(rows, row, c)));
		if (colour != NULL)
			bn_buf_adds(out, colour);
		bn_text_cell(out, cells[row * columns + c], widths[c],
			     column->align == BN_RIGHT ? BN_PAD_LEFT
			     : last		       ? BN_PAD_NONE
						       : BN_PAD_RIGHT,
			     cli->style.ascii);
		if (colour != NULL)
			bn_buf_adds(out, "\033[0m");
		bn_buf_adds(out, last ? "\n" : "  ");
	}
}

static void
write_table(struct bn_cli *cli, struct bn_buf *out, const struct bn_rows *rows)
{
	size_t columns = bn_rows_columns(rows), count = bn_rows_count(rows), r, c;
	size_t *widths = bn_xcalloc(columns + 1, sizeof(*widths));
	char **cells = format_cells(cli, rows, widths);

	for (c = 0; c < columns && !bn_flag_has(cli->in, "no-header") && count > 0; c++) {
		const struct bn_column *column = bn_rows_column(rows, c);
		bool last = c + 1 == columns;

		bn_text_cell(out, column->header, widths[c],
			     column->align == BN_RIGHT ? BN_PAD_LEFT
			     : last		       ? BN_PAD_NONE
						       : BN_PAD_RIGHT,
			     cli->style.ascii);
		bn_buf_adds(out, last ? "\n" : "  ");
	}
	for (r = 0; r < count; r++)
		add_table_line(cli, out, rows, widths, cells, r);
	for (r = 0; r < columns * count; r++)
		free(cells[r]);
	free(cells);
	free(widths);
}

static void
add_markdown(struct bn_buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|' || *text == '\\')
			bn_buf_addc(out, '\\');
		bn_buf_addc(out, *text);
	}
}

static void
write_markdown(struct bn_cli *cli, struct bn_buf *out, const struct bn_rows *rows)
{
	size_t columns = bn_rows_columns(rows), r, c;

	for (c = 0; c < columns; c++) {
		bn_buf_adds(out, "| ");
		add_markdown(out, bn_rows_column(rows, c)->header[0] != '\0'
				      ? bn_rows_column(rows, c)->header
				      : " ");
		bn_buf_addc(out, ' ');
	}
	bn_buf_adds(out, "|\n");
	for (c = 0; c < columns; c++)
		bn_buf_adds(out, bn_rows_column(rows, c)->align == BN_RIGHT ? "| ---: " : "| --- ");
	bn_buf_adds(out, "|\n");
	for (r = 0; r < bn_rows_count(rows); r++) {
		for (c = 0; c < columns; c++) {
			struct bn_buf cell = BN_BUF_INIT(1 << 20);

			add_cell(cli, &cell, bn_rows_column(rows, c), bn_rows_value(rows, r, c));
			bn_buf_adds(out, "| ");
			add_markdown(out, bn_buf_text(&cell));
			bn_buf_addc(out, ' ');
			bn_buf_free(&cell);
		}
		bn_buf_adds(out, "|\n");
	}
}

/* ---- for machines -------------------------------------------------------------------------- */

static void
write_csv(struct bn_cli *cli, struct bn_buf *out, const struct bn_rows *rows)
{
	size_t columns = bn_rows_columns(rows), r, c;

	for (c = 0; c < columns && !bn_flag_has(cli->in, "no-header"); c++) {
		add_csv(out, bn_rows_column(rows, c)->name);
		bn_buf_adds(out, c + 1 == columns ? "\r\n" : ",");
	}
	for (r = 0; r < bn_rows_count(rows); r++) {
		for (c = 0; c < columns; c++) {
			struct bn_buf cell = BN_BUF_INIT(1 << 20);

			add_plain(&cell, bn_rows_column(rows, c), bn_rows_value(rows, r, c));
			add_csv(out, bn_buf_text(&cell));
			bn_buf_adds(out, c + 1 == columns ? "\r\n" : ",");
			bn_buf_free(&cell);
		}
	}
}

static bool
has_column(const struct bn_rows *rows, const char *name)
{
	size_t c;

	for (c = 0; c < bn_rows_columns(rows); c++) {
		if (strcmp(bn_rows_column(rows, c)->name, name) == 0)
			return true;
	}
	return false;
}

static void
add_item(struct bn_buf *out, const struct bn_rows *rows, size_t row)
{
	struct bn_ref ref = bn_rows_ref(rows, row);
	size_t c;

	bn_buf_addc(out, '{');
	if (ref.kind != BN_KIND_NONE) {
		struct bn_buf text = BN_BUF_INIT(1 << 16);

		bn_buf_addf(&text, "%s/%s%s%s", bn_kind_word(ref.kind),
			    ref.source != NULL ? ref.source : "",
			    ref.source != NULL && ref.source[0] != '\0' ? "/" : "",
			    ref.key != NULL ? ref.key : "");
		bn_buf_adds(out, "\"ref\":");
		bn_json_quote(out, bn_buf_text(&text));
		if (!has_column(rows, "stale"))
			bn_buf_addf(out, ",\"stale\":%s",
				    bn_rows_stale(rows, row) ? "true" : "false");
		bn_buf_free(&text);
	}
	for (c = 0; c < bn_rows_columns(rows); c++) {
		const struct bn_column *column = bn_rows_column(rows, c);

		if (out->data[out->size - 1] != '{')
			bn_buf_addc(out, ',');
		bn_json_quote(out, column->name);
		bn_buf_addc(out, ':');
		bn_view_json(out, column, bn_rows_value(rows, row, c));
	}
	bn_buf_addc(out, '}');
}

/* The state and age of every source, so that a reader of the JSON can judge how far to trust it. */
static void
add_sources(struct bn_cli *cli, struct bn_buf *out)
{
	static const char *const columns[] = {"source", "state", "last_ok", NULL};
	static const char *const members[] = {"name", "state", "age"};
	struct bn_error ignored = {0};
	struct bn_query query = {.table = bn_view_table("sources"), .columns = columns};
	struct bn_rows *rows = NULL;
	size_t i, c;

	bn_buf_adds(out, "\"sources\":[");
	if (query.table != NULL && cli->reader != NULL &&
	    bn_view_query(cli->reader, &query, &rows, &ignored) == BN_OK) {
		for (i = 0; i < bn_rows_count(rows); i++) {
			bn_buf_adds(out, i == 0 ? "{" : ",{");
			for (c = 0; c < bn_rows_columns(rows); c++) {
				bn_buf_addf(out, "%s\"%s\":", c > 0 ? "," : "", members[c]);
				/* while it was watched only the bound of its age is known */
				if (c == 2 && cli->at != 0 && !bn_rows_stale(rows, i))
					bn_buf_adds(out, "null");
				else
					bn_view_json(out, bn_rows_column(rows, c),
						     bn_rows_value(rows, i, c));
			}
			if (cli->at != 0)
				bn_buf_addf(out, ",\"observed\":%s",
					    bn_rows_stale(rows, i) ? "false" : "true");
			bn_buf_addc(out, '}');
		}
	}
	bn_buf_addc(out, ']');
	bn_rows_free(rows);
}

void
bn_cli_json_begin(struct bn_cli *cli, struct bn_buf *out, const char *schema, int version)
{
	char time[BN_TIME_TEXT];

	bn_buf_addf(out, "{\"schema\":\"binnacle.%s/%d\",\"generated_at\":\"%s\",", schema, version,
		    bn_time_rfc3339(bn_clock_now(&cli->clock) / 1000 * 1000, time));
	if (cli->at != 0)
		bn_buf_addf(out, "\"at\":\"%s\",", bn_time_rfc3339(cli->at / 1000 * 1000, time));
	bn_buf_addf(out, "\"complete\":%s,", cli->incomplete ? "false" : "true");
	add_sources(cli, out);
	bn_buf_adds(out, ",\"items\":[");
}

void
bn_cli_json_end(struct bn_buf *out)
{
	bn_buf_adds(out, "]}\n");
}

static int
write_ndjson(struct bn_cli *cli, const struct bn_rows *rows, struct bn_error *err)
{
	struct bn_buf line = BN_BUF_INIT(0);
	int rc = BN_OK;
	size_t r;

	for (r = 0; r < bn_rows_count(rows) && rc == BN_OK; r++) {
		add_item(&line, rows, r);
		bn_buf_addc(&line, '\n');
		rc = bn_cli_flush(cli, &line, err);
	}
	bn_buf_free(&line);
	return rc;
}

int
bn_cli_write_rows(struct bn_cli *cli, const struct bn_view_table *table, const struct bn_rows *rows,
		  struct bn_error *err)
{
	struct bn_buf out = BN_BUF_INIT(0);
	size_t r;
	int rc;

	switch (cli->format) {
	case BN_OUT_NDJSON:
		return write_ndjson(cli, rows, err);
	case BN_OUT_JSON:
		bn_cli_json_begin(cli, &out, table->name, table->schema);
		for (r = 0; r < bn_rows_count(rows); r++) {
			if (r > 0)
				bn_buf_addc(&out, ',');
			add_item(&out, rows, r);
		}
		bn_cli_json_end(&out);
		break;
	case BN_OUT_CSV:
		write_csv(cli, &out, rows);
		break;
	case BN_OUT_MD:
		write_markdown(cli, &out, rows);
		break;
	default:
		write_table(cli, &out, rows);
		break;
	}
	rc = bn_cli_flush(cli, &out, err);
	bn_buf_free(&out);
	return rc;
}

/* ---- lists --------------------------------------------------------------------------------- */

/* "a,b,c" to a NULL-terminated array in the arena; each must be a column of the table. */
static int
split_columns(struct bn_cli *cli, const struct bn_view_table *table, const char *text,
	      const char *const **out, struct bn_error *err)
{
	size_t count = 0, n, i;
	const char *p, **list;

	for (p = text; *p != '\0'; p++)
		count += *p == ',';
	list = bn_arena_alloc(cli->arena, (count + 2) * sizeof(*list));
	for (p = text, n = 0; *p != '\0'; p += i + (p[i] == ',')) {
		i = strcspn(p, ",");
		list[n] = bn_arena_strndup(cli->arena, p, i);
		if (bn_view_column(table, list[n]) == NULL) {
			bn_fail(err, BN_EINVAL, "'%s' has no column '%s'", table->name, list[n]);
			return bn_hint(err, "binnacle-%s(1) lists them", cli->in->command->page);
		}
		n++;
	}
	*out = list;
	return BN_OK;
}

/* The columns of a format: what fits 80 columns for tables, all but the extras for the rest. */
static const char *const *
default_columns(struct bn_cli *cli, const struct bn_view_table *table)
{
	const char **list;
	size_t n = 0, i;
	int most = cli->format == BN_OUT_TABLE				    ? 1
		   : cli->format == BN_OUT_WIDE || cli->format == BN_OUT_MD ? 2
									    : 3;

	for (i = 0; table->columns[i].name != NULL; i++)
		n++;
	list = bn_arena_alloc(cli->arena, (n + 1) * sizeof(*list));
	for (i = 0, n = 0; table->columns[i].name != NULL; i++) {
		if (table->columns[i].level <= most)
			list[n++] = table->columns[i].name;
	}
	return list;
}

int
bn_cli_since(struct bn_cli *cli, bn_time *out, struct bn_error *err)
{
	const char *text = bn_flag_get(cli->in, "since");
	bn_time now = cli->at != 0 ? cli->at : bn_clock_now(&cli->clock);
	int64_t back;

	if (text == NULL)
		return BN_OK;
	if (bn_duration_parse(text, &back, NULL) == BN_OK) {
		*out = now - back;
		return BN_OK;
	}
	return bn_time_parse_human(text, now, cli->style.zone, out, err);
}

int
bn_cli_list(struct bn_cli *cli, struct bn_query *query, struct bn_rows **rows, struct bn_error *err)
{
	const char *columns = bn_flag_get(cli->in, "columns");
	const char *filter = bn_flag_get(cli->in, "filter");
	struct bn_rows *result = NULL;
	int rc = BN_OK;

	if (columns != NULL)
		rc = split_columns(cli, query->table, columns, &query->columns, err);
	else if (query->columns == NULL)
		query->columns = default_columns(cli, query->table);
	if (filter != NULL && query->filter != NULL)
		query->filter = bn_arena_format(cli->arena, "(%s) (%s)", query->filter, filter);
	else if (filter != NULL)
		query->filter = filter;
	if (bn_flag_has(cli->in, "sort"))
		query->sort = bn_flag_get(cli->in, "sort");
	query->zone = cli->style.zone;
	query->uncounted =
	    true; /* what is written never says how many there are without the limit */
	if (rc == BN_OK)
		rc = bn_cli_since(cli, &query->since, err);
	if (rc == BN_OK && bn_flag_has(cli->in, "limit"))
		rc = bn_flag_int(cli->in, "limit", 0, &query->limit, err);
	if (rc == BN_OK)
		rc = bn_view_query(cli->reader, query, &result, err);
	if (rc == BN_OK)
		rc = bn_cli_write_rows(cli, query->table, result, err);
	if (rc == BN_OK && rows != NULL) {
		*rows = result;
		result = NULL;
	}
	bn_rows_free(result);
	return rc;
}
