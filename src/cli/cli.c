/* cli.c - the program's frame: global options, help, running one command, signals, giving things back. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/context.h"

const struct bn_flag bn_global_flags[] = {
    {"output", 'o', "FORMAT", false, "table|wide|json|ndjson|csv|md", "how results are written"},
    {"columns", 0, "A,B", false, NULL, "which columns, in which order"},
    {"no-header", 0, NULL, false, NULL, "leave out the line of headers"},
    {"sort", 0, "COLUMN", false, NULL,
     "sort by a column, by several with commas, backwards with -COLUMN"},
    {"filter", 0, "EXPR", false, NULL,
     "only what matches; the language is that of / in the console"},
    {"since", 0, "D|T", false, NULL,
     "only what happened in the last D (15m, 24h), or since the moment T"},
    {"at", 0, "T", false, NULL,
     "as it was known at the moment T (\"2026-03-10 03:05\", -15m, RFC 3339), from what is stored"},
    {"limit", 0, "N", false, NULL, "at most N rows"},
    {"context", 0, "NAME", false, NULL, "use the configuration file NAME beside the usual one"},
    {"config", 0, "FILE", false, NULL, "use this configuration file"},
    {"cache", 0, "DIR|none", false, NULL, "keep the state in DIR, or nowhere"},
    {"offline", 0, NULL, false, NULL, "ask no platform: only what is stored"},
    {"fresh", 0, "D", false, NULL, "data older than D counts as not known"},
    {"timeout", 0, "D", false, NULL, "wait at most so long for platforms (default 20s)"},
    {"read-only", 0, NULL, false, NULL, "nothing that changes anything, the journal included"},
    {"color", 0, "WHEN", false, "auto|never|always", "colours in tables"},
    {"utc", 0, NULL, false, NULL, "times in UTC (the default)"},
    {"local", 0, NULL, false, NULL, "times in this machine's zone"},
    {"ascii", 0, NULL, false, NULL, "no glyphs outside ASCII"},
    {"demo", 0, "DIR", true, NULL,
     "on the embedded demo, or with =DIR on one that is being served there"},
    {"quiet", 'q', NULL, false, NULL, "no remarks on standard error"},
    {"verbose", 'v', NULL, false, NULL, "log what is done to standard error; twice: every request"},
    {"help", 'h', NULL, false, NULL, "explain the command"},
    {"version", 'V', NULL, false, NULL, "print the version"},
    {NULL, 0, NULL, false, NULL, NULL},
};

/* ---- help ---------------------------------------------------------------------------------- */

static void
print_flags(const struct bn_flag *flags, FILE *out)
{
	for (; flags != NULL && flags->name != NULL; flags++) {
		struct bn_buf left = BN_BUF_INIT(4096);

		if (flags->letter != 0)
			bn_buf_addf(&left, "-%c, ", flags->letter);
		else
			bn_buf_adds(&left, "    ");
		bn_buf_addf(&left, "--%s", flags->name);
		if (flags->value != NULL)
			bn_buf_addf(&left, flags->optional ? "[=%s]" : " %s", flags->value);
		fprintf(out, "  %-26s %s", bn_buf_text(&left), flags->doc);
		if (flags->words != NULL)
			fprintf(out, ": %s", flags->words);
		fputc('\n', out);
		bn_buf_free(&left);
	}
}

static void
help_program(bool read_only, FILE *out)
{
	size_t i;

	fputs("usage: binnacle [OPTIONS] [COMMAND] [ARGUMENTS]\n\n"
	      "Without a command: the console.\n\ncommands:\n",
	      out);
	for (i = 0; bn_commands[i] != NULL; i++)
		if (!read_only || !bn_commands[i]->writes)
			fprintf(out, "  %-26s %s\n", bn_commands[i]->name, bn_commands[i]->summary);
	fputs("\nglobal options, anywhere on the line:\n", out);
	print_flags(bn_global_flags, out);
	fputs("\nbinnacle COMMAND --help tells more; so do binnacle(1) and the pages it names.\n",
	      out);
}

void
bn_cli_help(const struct bn_command *command, bool read_only, FILE *out)
{
	const struct bn_example *example;

	if (command == NULL) {
		help_program(read_only, out);
		return;
	}
	fprintf(out, "usage: binnacle %s%s%s%s\n\n%s\n", command->name,
		command->flags != NULL && command->flags[0].name != NULL ? " [OPTIONS]" : "",
		command->operands[0] != '\0' ? " " : "", command->operands, command->summary);
	if (command->flags != NULL && command->flags[0].name != NULL) {
		fputs("\noptions:\n", out);
		print_flags(command->flags, out);
	}
	if (command->table != NULL) {
		const struct bn_view_table *table = bn_view_table(command->table);
		const struct bn_column *column;

		fputs("\ncolumns:\n", out);
		for (column = table != NULL ? table->columns : NULL;
		     column != NULL && column->name != NULL; column++)
			fprintf(out, "  %-26s %s\n", column->name, column->doc);
	}
	for (example = command->examples; example != NULL && example->line != NULL; example++)
		fprintf(out, "%s  %s\n", example == command->examples ? "\nexamples:\n" : "",
			example->line);
	fprintf(out, "\nGlobal options: binnacle --help. Manual: binnacle%s%s(1).\n",
		command->page[0] != '\0' ? "-" : "", command->page);
}

void
bn_cli_help_group(const char *group, bool read_only, FILE *out)
{
	int width = 0, length;
	size_t i;

	for (i = 0; bn_commands[i] != NULL; i++) {
		length = (int)(strlen(bn_commands[i]->name) + strlen(bn_commands[i]->operands)) + 1;
		if (bn_command_in_group(bn_commands[i], group) != NULL && length > width)
			width = length;
	}
	fprintf(out, "usage: binnacle %s COMMAND [ARGUMENTS] [OPTIONS]\n\ncommands:\n", group);
	for (i = 0; bn_commands[i] != NULL; i++) {
		const struct bn_command *command = bn_commands[i];
		struct bn_buf left = BN_BUF_INIT(4096);

		if (bn_command_in_group(command, group) == NULL || (read_only && command->writes))
			continue;
		bn_buf_addf(&left, "%s %s", command->name, command->operands);
		fprintf(out, "  %-*s  %s\n", width, bn_buf_text(&left), command->summary);
		bn_buf_free(&left);
	}
	fprintf(out, "\nbinnacle %s COMMAND --help tells more. Global options: binnacle --help.\n",
		group);
}

/* ---- global options ------------------------------------------------------------------------ */

static enum bn_output
output_format(const char *word)
{
	static const char *const words[] = {"table", "wide", "json", "ndjson", "csv", "md"};
	size_t i;

	for (i = 0; word != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0)
			return (enum bn_output)i;
	}
	return BN_OUT_TABLE;
}

static bool
want_colour(const struct bn_invocation *in, FILE *out)
{
	const char *when = bn_flag_get(in, "color");
	const char *term = getenv("TERM");
	const char *no = getenv("NO_COLOR");

	if (when != NULL && strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return (no == NULL || no[0] == '\0') && isatty(fileno(out)) && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

static int
apply_global_options(struct bn_cli *cli, struct bn_error *err)
{
	const struct bn_invocation *in = cli->in;
	int64_t count;
	int rc;

	cli->format = output_format(bn_flag_get(in, "output"));
	cli->quiet = bn_flag_has(in, "quiet");
	cli->offline = bn_flag_has(in, "offline");
	cli->read_only = bn_flag_has(in, "read-only");
	for (count = 0; bn_flag_at(in, "verbose", (int)count) != NULL;)
		count++;
	cli->verbose = (int)count;
	cli->colour = want_colour(in, cli->out);
	cli->style.ascii = bn_flag_has(in, "ascii") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	if (cli->verbose > 0)
		cli->log = bn_log_open(NULL, cli->verbose + 1);
	rc = bn_flag_duration(in, "timeout", 20000, &cli->timeout, err);
	if (rc == BN_OK)
		rc = bn_flag_duration(in, "fresh", 0, &cli->fresh, err);
	if (rc == BN_OK && bn_flag_has(in, "local")) {
		rc = bn_zone_open(&cli->zone, "local", err);
		cli->style.zone = cli->zone;
	}
	cli->style.now = bn_clock_now(&cli->clock);
	return rc;
}

/* The demo brings its configuration with it. */
static int
check_demo(const struct bn_invocation *in, struct bn_error *err)
{
	static const char *const names[] = {"config", "context"};
	size_t i;

	for (i = 0; bn_flag_has(in, "demo") && i < sizeof(names) / sizeof(names[0]); i++) {
		if (!bn_flag_has(in, names[i]))
			continue;
		(void)bn_fail(err, BN_EINVAL, "--%s does not go with --demo", names[i]);
		return bn_hint(err,
			       "the demo has a configuration of its own; leave one of the two out");
	}
	return BN_OK;
}

/* ---- running ------------------------------------------------------------------------------- */

static bool
console_possible(const struct bn_cli *cli)
{
	const char *term = getenv("TERM");

	return cli->program->console != NULL && isatty(STDIN_FILENO) && isatty(fileno(cli->out)) &&
	       term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

int
bn_cli_console(struct bn_cli *cli)
{
	struct bn_error err = {0};
	int code;

	cli->screen = true;
	code = cli->program->console(cli, &err);
	return code < 0 ? bn_cli_report(cli, &err) : code;
}

/* Without a command: the console, or where that can't be, what it would have shown first. */
static int
run_command(struct bn_cli *cli)
{
	const struct bn_command *command = cli->in->command;
	struct bn_error err = {0};
	int words;

	if (command == NULL && console_possible(cli))
		return bn_cli_console(cli);
	if (command == NULL) {
		const struct bn_invocation *given = cli->in;
		struct bn_invocation status = *given;
		int code;

		status.command = bn_command_find("status", NULL, &words);
		cli->in = &status;
		code = status.command->run(cli, &status);
		cli->in = given;
		return code;
	}
	if (bn_flag_moment(cli->in) != NULL && !command->past) {
		bn_fail(&err, BN_EINVAL, "'%s' does not look back: it has no --at", command->name);
		bn_hint(&err,
			"--at is for commands that only read what is stored, status and runs for "
			"instance");
		return bn_cli_report(cli, &err);
	}
	return command->run(cli, cli->in);
}

int
bn_cli_main(const struct bn_program *program, int argc, char **argv, FILE *out, FILE *err_stream)
{
	struct bn_invocation in;
	struct bn_error err = {0};
	struct bn_cli cli = {.program = program,
			     .in = &in,
			     .argc = argc,
			     .argv = argv,
			     .out = out,
			     .err = err_stream,
			     .wake_fd = -1};
	int code;

	setlocale(LC_ALL, "");
	cli.arena = bn_arena_new();
	bn_clock_init(&cli.clock);
	if (bn_invocation_parse(&in, argc, argv, &err) != BN_OK)
		code = bn_cli_report(&cli, &err);
	else if (bn_flag_has(&in, "help")) {
		if (in.group != NULL)
			bn_cli_help_group(in.group, bn_flag_has(&in, "read-only"), out);
		else
			bn_cli_help(in.command, bn_flag_has(&in, "read-only"), out);
		code = BN_EXIT_OK;
	} else if (bn_flag_has(&in, "version")) {
		fputs("binnacle " PACKAGE_VERSION "\n", out);
		code = BN_EXIT_OK;
	} else if (check_demo(&in, &err) != BN_OK || apply_global_options(&cli, &err) != BN_OK ||
		   (bn_flag_has(&in, "demo") &&
		    bn_cli_open_demo(&cli, NULL, bn_flag_get(&in, "demo"), &err) != BN_OK))
		code = bn_cli_report(&cli, &err);
	else
		code = run_command(&cli);
	if (!cli.pipe_gone && fflush(out) != 0 && errno != EPIPE) {
		fprintf(err_stream, "binnacle: writing the output failed: %s\n", strerror(errno));
		code = bn_exit_combine(code, BN_EXIT_CANTCREATE);
	}
	bn_cli_close(&cli);
	bn_invocation_clear(&in);
	return code;
}
