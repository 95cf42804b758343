/* docgen.c - fills the marks of manual page templates from the very tables the program runs on. */
/* SPDX-License-Identifier: MIT
 *
 * A mark stands alone on a line of the template: "@COMMANDS run@". Everything else is passed
 * through, so prose stays prose and can't contradict the tables. Output is mdoc(7). */
#include "config.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "sim/sim.h"
#include "triage/triage.h"
#include "view/metrics.h"

/* ---- mdoc text ----------------------------------------------------------------------------- */

/* One line of running text: roff's own characters made harmless. */
static void
put_text(FILE *out, const char *text)
{
	bool start = true;

	for (; *text != '\0'; text++) {
		if (start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		start = *text == '\n';
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

/* The same as arguments of a macro: quoted. */
static void
put_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputs("\\(dq", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

/* Sentence by sentence, each on a line of its own, as mandoc likes it; a blank line is a new
 * paragraph. */
static void
put_prose(FILE *out, const char *text)
{
	while (*text != '\0') {
		const char *end = text;
		char *line;

		while (
		    *end != '\0' && *end != '\n' &&
		    !((*end == '.' || *end == ':' || *end == ';') && end[1] == ' ' && *end == '.'))
			end++;
		if (*end == '.')
			end++;
		line = bn_xstrndup(text, (size_t)(end - text));
		if (line[0] != '\0') {
			put_text(out, line);
			fputc('\n', out);
		}
		free(line);
		if (end[0] == '\n' && end[1] == '\n') {
			fputs(".Pp\n", out);
			end += 2;
		}
		while (*end == ' ' || *end == '\n')
			end++;
		text = end;
	}
}

/* A row's doc: prose that ends in a full stop. */
static void
put_sentence(FILE *out, const char *text)
{
	size_t length = strlen(text);
	bool ended = length > 0 && strchr(".!?", text[length - 1]) != NULL;
	char *whole = bn_xasprintf("%s%s", text, ended ? "" : ".");

	put_prose(out, whole);
	free(whole);
}

/* ---- options and commands ------------------------------------------------------------------ */

static void
put_flag(FILE *out, const struct bn_flag *flag)
{
	fputs(".It ", out);
	if (flag->letter != 0)
		fprintf(out, "Fl %c , ", flag->letter);
	fprintf(out, "Fl \\-%s", flag->name);
	if (flag->value != NULL && flag->optional)
		fprintf(out, " Ns Op = Ns Ar %s", flag->value);
	else if (flag->value != NULL) {
		fputs(" Ar ", out);
		put_quoted(out, flag->value);
	}
	fputc('\n', out);
	put_sentence(out, flag->doc);
	if (flag->words != NULL) {
		char *words = bn_xstrdup(flag->words), *word, *rest = words;

		fputs("One of\n", out);
		while ((word = strsep(&rest, "|")) != NULL)
			fprintf(out, ".Cm %s%s\n", word, rest != NULL ? " ," : " .");
		free(words);
	}
}

static void
put_flags(FILE *out, const struct bn_flag *flags)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (; flags->name != NULL; flags++)
		put_flag(out, flags);
	fputs(".El\n", out);
}

static void
put_synopsis_flags(FILE *out, const struct bn_flag *flags)
{
	for (; flags != NULL && flags->name != NULL; flags++) {
		if (flags->value == NULL)
			fprintf(out, ".Op Fl \\-%s\n", flags->name);
		else {
			fprintf(out, ".Op Fl \\-%s Ar ", flags->name);
			put_quoted(out, flags->value);
			fputc('\n', out);
		}
	}
}

static bool
on_page(const struct bn_command *command, const char *page)
{
	return strcmp(command->page, page) == 0;
}

static void
put_synopsis(FILE *out, const char *page)
{
	size_t i;

	for (i = 0; bn_commands[i] != NULL; i++) {
		const struct bn_command *c = bn_commands[i];

		if (!on_page(c, page))
			continue;
		fprintf(out, ".Nm binnacle\n.Cm %s\n", c->name);
		put_synopsis_flags(out, c->flags);
		if (c->operands[0] != '\0') {
			fputs(".Ar ", out);
			put_quoted(out, c->operands);
			fputc('\n', out);
		}
	}
}

static const char *
format_name(enum bn_format format)
{
	switch (format) {
	case BN_FORMAT_STATUS:
		return "a status word";
	case BN_FORMAT_TIME:
	case BN_FORMAT_UNTIL:
		return "a time, RFC 3339 in UTC";
	case BN_FORMAT_AGE:
	case BN_FORMAT_DURATION:
		return "integer seconds";
	case BN_FORMAT_INT:
		return "an integer";
	case BN_FORMAT_NUMBER:
	case BN_FORMAT_PERCENT:
		return "a number";
	case BN_FORMAT_MILLIS:
		return "a number of ms";
	case BN_FORMAT_BYTES:
		return "integer bytes";
	case BN_FORMAT_BOOL:
		return "true or false";
	case BN_FORMAT_HISTORY:
		return "an array of status words, oldest first";
	case BN_FORMAT_SPARK:
		return "an array of numbers, null where nothing was observed";
	case BN_FORMAT_JSON:
		return "JSON";
	default:
		return "a string";
	}
}

static void
put_columns(FILE *out, const struct bn_view_table *table)
{
	const struct bn_column *c;

	fputs(".Bl -tag -width Ds\n", out);
	for (c = table->columns; c->name != NULL; c++) {
		fprintf(out, ".It Li %s\n", c->name);
		put_sentence(out, c->doc);
		fprintf(out, "In JSON %s", format_name(c->format));
		if (c->unit != NULL && c->format != BN_FORMAT_AGE &&
		    c->format != BN_FORMAT_DURATION && c->format != BN_FORMAT_MILLIS)
			fprintf(out, ", in %s", c->unit);
		fputs(c->level >= 3 ? "; only when asked for, in\n.Cm json\nand in\n.Cm csv .\n"
				    : ".\n",
		      out);
	}
	fputs(".El\n", out);
}

static void
put_examples(FILE *out, const char *page)
{
	const struct bn_example *e;
	bool first = true;
	size_t i;

	for (i = 0; bn_commands[i] != NULL; i++) {
		if (!on_page(bn_commands[i], page))
			continue;
		for (e = bn_commands[i]->examples; e != NULL && e->line != NULL; e++) {
			fputs(first ? "" : ".Pp\n", out);
			first = false;
			put_sentence(out, e->doc);
			fputs(".Bd -literal -offset indent\n$ ", out);
			put_text(out, e->line);
			fputs("\n.Ed\n", out);
		}
	}
}

/* The commands of a page one after the other, each with what it does, its options and its columns.
 */
static void
put_commands(FILE *out, const char *page)
{
	const struct bn_view_table *table, *before = NULL;
	size_t i;

	for (i = 0; bn_commands[i] != NULL; i++) {
		const struct bn_command *c = bn_commands[i];

		if (!on_page(c, page))
			continue;
		fprintf(out, ".Ss %s\n", c->name);
		put_prose(out, c->doc != NULL ? c->doc : c->summary);
		if (c->flags != NULL && c->flags[0].name != NULL)
			put_flags(out, c->flags);
	}
	for (i = 0; bn_commands[i] != NULL; i++) {
		table = on_page(bn_commands[i], page) && bn_commands[i]->table != NULL
			    ? bn_view_table(bn_commands[i]->table)
			    : NULL;
		if (table == NULL || table == before)
			continue;
		before = table;
		fprintf(out,
			".Sh COLUMNS\nOf\n.Cm %s ;\nthe members of its items in\n.Dq "
			"binnacle.%s/%d :\n",
			bn_commands[i]->name, table->name, table->schema);
		put_columns(out, table);
	}
}

/* ---- tables of other layers ---------------------------------------------------------------- */

static void
put_exit(FILE *out)
{
	const struct bn_exit_row *row;

	fputs(".Bl -tag -width Ds\n", out);
	for (row = bn_exit_rows; row->check != NULL || row->other != NULL; row++) {
		fprintf(out, ".It %d\n", row->code);
		if (row->other != NULL)
			put_sentence(out, row->other);
		if (row->check != NULL &&
		    (row->other == NULL || strcmp(row->check, row->other) != 0)) {
			fputs("For\n.Cm check :\n", out);
			put_sentence(out, row->check);
		}
	}
	fputs(".El\n", out);
}

static void
put_options(FILE *out, const struct bn_option *options)
{
	static const char *const types[] = {"text",	 "URL",	     "integer",	 "number",
					    "yes or no", "duration", "size",	 "word",
					    "path",	 "glob",     "assertion"};

	if (options == NULL || options[0].name == NULL)
		return;
	fputs(".Bl -tag -width Ds\n", out);
	for (; options->name != NULL; options++) {
		fprintf(out, ".It Li %s\n", options->name);
		put_sentence(out, options->doc);
		fprintf(out, "A value of type %s", types[options->type]);
		if (options->range != NULL) {
			fputs(" (", out);
			put_text(out, options->range);
			fputc(')', out);
		}
		if (options->flags & BN_OPT_REQUIRED)
			fputs("; required", out);
		if (options->flags & BN_OPT_MULTI)
			fputs("; may be given more than once", out);
		if (options->fallback != NULL) {
			fputs("; default ", out);
			put_text(out, options->fallback);
		}
		fputs(".\n", out);
	}
	fputs(".El\n", out);
}

static void
put_sections(FILE *out)
{
	const struct bn_section_kind *kind;

	for (kind = bn_core_sections; kind->name != NULL; kind++) {
		fprintf(out, kind->named ? ".Ss [%s \\(dqNAME\\(dq]\n" : ".Ss [%s]\n", kind->name);
		put_prose(out, kind->doc);
		put_options(out, kind->options);
	}
}

static void
put_requests(FILE *out, const struct bn_request *requests)
{
	if (requests == NULL || requests[0].method == NULL)
		return;
	fputs(".Pp\nRequests:\n.Bl -tag -width Ds\n", out);
	for (; requests->method != NULL; requests++) {
		fputs(".It Li ", out);
		put_quoted(out, requests->method);
		fputc(' ', out);
		put_quoted(out, requests->path);
		fputc('\n', out);
		put_sentence(out, requests->doc);
		if (requests->effect == BN_WRITES)
			fputs("This one writes.\n", out);
	}
	fputs(".El\n", out);
}

static void
put_metrics(FILE *out)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (const struct bn_metric *m = bn_metrics; m->name != NULL; m++) {
		fprintf(out, ".It Li %s\n", m->name);
		put_sentence(out, m->doc);
		fprintf(out, "A %s.\n", m->type);
	}
	fputs(".El\n", out);
}

static void
put_plugins(const struct bn_program *program, FILE *out)
{
	size_t i;

	for (i = 0; program->plugins[i] != NULL; i++) {
		const struct bn_plugin *p = program->plugins[i];

		fprintf(out, ".Ss %s\n", p->name);
		put_sentence(out, p->summary);
		fprintf(
		    out,
		    "Provides: %s.\nPolled every %lld s unless\n.Li interval\nsays otherwise.\n",
		    p->provides, (long long)(p->interval > 0 ? p->interval / 1000 : 30));
		if (p->options != NULL && p->options[0].name != NULL) {
			fputs(".Pp\nKeys of its\n.Li [source]\nbesides the common ones:\n", out);
			put_options(out, p->options);
		}
		if (p->section != NULL) {
			fprintf(out, ".Pp\nKeys of\n.Li [%s \\(dqNAME\\(dq] :\n", p->section);
			put_options(out, p->section_options);
		}
		put_requests(out, p->requests);
	}
}

/* The allow-list of writes is the tables themselves. */
static void
put_writes(const struct bn_program *program, FILE *out)
{
	const struct bn_request *r;
	size_t i;

	fputs(".Bl -tag -width Ds\n", out);
	for (i = 0; program->plugins[i] != NULL; i++)
		for (r = program->plugins[i]->requests; r != NULL && r->method != NULL; r++) {
			if (r->effect != BN_WRITES)
				continue;
			fprintf(out, ".It %s : Li ", program->plugins[i]->name);
			put_quoted(out, r->method);
			fputc(' ', out);
			put_quoted(out, r->path);
			fputc('\n', out);
			put_sentence(out, r->doc);
		}
	fputs(".El\n", out);
}

static void
put_rules(FILE *out)
{
	static const char *const words[] = {"info", "warn", "crit"};
	const struct bn_rule *rule;

	fputs(".Bl -tag -width Ds\n", out);
	for (rule = bn_builtin_rules; rule->name != NULL; rule++) {
		fprintf(out, ".It Li %s\n", rule->name);
		put_sentence(out, rule->doc);
		fprintf(out, "Severity %s.\n", words[rule->severity]);
	}
	fputs(".El\n", out);
}

static void
put_schemas(FILE *out)
{
	size_t i;

	for (i = 0; bn_view_tables[i] != NULL; i++) {
		fprintf(out, ".Ss binnacle.%s/%d\n", bn_view_tables[i]->name,
			bn_view_tables[i]->schema);
		put_sentence(out, bn_view_tables[i]->doc);
		put_columns(out, bn_view_tables[i]);
	}
}

static void
put_scenarios(FILE *out)
{
	const struct bn_sim_scenario *s;

	fputs(".Bl -tag -width Ds\n", out);
	for (s = bn_sim_scenarios; s->name != NULL; s++) {
		fprintf(out, ".It Li %s\n", s->name);
		put_sentence(out, s->doc);
	}
	fputs(".El\n", out);
}

static void
put_faults(FILE *out)
{
	const struct bn_fault_row *row;

	fputs(".Bl -tag -width Ds\n", out);
	for (row = bn_fault_rows; row->name != NULL; row++) {
		fputs(".It Li ", out);
		put_quoted(out, row->syntax);
		fputc('\n', out);
		put_sentence(out, row->doc);
	}
	fputs(".El\n", out);
}

static void
put_command_list(FILE *out)
{
	size_t i;

	fputs(".Bl -tag -width Ds\n", out);
	for (i = 0; bn_commands[i] != NULL; i++) {
		fprintf(out, ".It Cm %s\n", bn_commands[i]->name);
		put_sentence(out, bn_commands[i]->summary);
		fprintf(out, "See\n.Xr binnacle\\-%s 1 .\n", bn_commands[i]->page);
	}
	fputs(".El\n", out);
}

/* ---- pages --------------------------------------------------------------------------------- */

static int
put_mark(const struct bn_program *program, const char *mark, const char *argument, FILE *out,
	 struct bn_error *err)
{
	if (strcmp(mark, "SYNOPSIS") == 0)
		put_synopsis(out, argument);
	else if (strcmp(mark, "COMMANDS") == 0)
		put_commands(out, argument);
	else if (strcmp(mark, "EXAMPLES") == 0)
		put_examples(out, argument);
	else if (strcmp(mark, "COMMAND-LIST") == 0)
		put_command_list(out);
	else if (strcmp(mark, "GLOBAL-OPTIONS") == 0)
		put_flags(out, bn_global_flags);
	else if (strcmp(mark, "EXIT") == 0)
		put_exit(out);
	else if (strcmp(mark, "SECTIONS") == 0)
		put_sections(out);
	else if (strcmp(mark, "SOURCE-OPTIONS") == 0)
		put_options(out, bn_source_options);
	else if (strcmp(mark, "PLUGINS") == 0)
		put_plugins(program, out);
	else if (strcmp(mark, "WRITES") == 0)
		put_writes(program, out);
	else if (strcmp(mark, "POLICY") == 0)
		put_options(out, bn_core_options("policy"));
	else if (strcmp(mark, "METRICS") == 0)
		put_metrics(out);
	else if (strcmp(mark, "RULES") == 0)
		put_rules(out);
	else if (strcmp(mark, "SCHEMAS") == 0)
		put_schemas(out);
	else if (strcmp(mark, "SCENARIOS") == 0)
		put_scenarios(out);
	else if (strcmp(mark, "FAULTS") == 0)
		put_faults(out);
	else if (strcmp(mark, "KEYS") == 0 && program->keys_mdoc != NULL)
		program->keys_mdoc(out);
	else if (strcmp(mark, "VERSION") == 0)
		fputs(PACKAGE_VERSION "\n", out);
	else
		return bn_fail(err, BN_EINVAL, "the template has an unknown mark @%s@", mark);
	return BN_OK;
}

int
bn_doc_page(const struct bn_program *program, FILE *in, FILE *out, struct bn_error *err)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length;
	int rc = BN_OK;

	while (rc == BN_OK && (length = getline(&line, &capacity, in)) >= 0) {
		char *end = length > 2 && line[0] == '@' ? strrchr(line + 1, '@') : NULL;
		char *argument;

		if (end == NULL || end[1] != '\n') {
			fputs(line, out);
			continue;
		}
		*end = '\0';
		argument = strchr(line, ' ');
		if (argument != NULL)
			*argument++ = '\0';
		rc = put_mark(program, line + 1, argument != NULL ? argument : "", out, err);
	}
	free(line);
	return rc;
}

/* ---- completions --------------------------------------------------------------------------- */

static void
words_of(const struct bn_flag *flags, FILE *out)
{
	for (; flags != NULL && flags->name != NULL; flags++)
		fprintf(out, " --%s", flags->name);
}

/* The values of options that have fixed ones, as case branches "--output|-o) …". */
static void
bash_values(const struct bn_flag *flags, FILE *out)
{
	for (; flags != NULL && flags->name != NULL; flags++) {
		const char *p;

		if (flags->words == NULL)
			continue;
		fprintf(out, "\t--%s", flags->name);
		if (flags->letter != 0)
			fprintf(out, "|-%c", flags->letter);
		fputs(") COMPREPLY=($(compgen -W \"", out);
		for (p = flags->words; *p != '\0'; p++)
			fputc(*p == '|' ? ' ' : *p, out);
		fputs("\" -- \"$cur\")); return;;\n", out);
	}
}

static void
bash_completion(FILE *out)
{
	size_t i;

	fputs("# binnacle completion for bash, generated from the command table.\n"
	      "_binnacle() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} "
	      "prev=${COMP_WORDS[COMP_CWORD-1]} words=() w\n"
	      "\tCOMPREPLY=()\n\tcase $prev in\n",
	      out);
	bash_values(bn_global_flags, out);
	for (i = 0; bn_commands[i] != NULL; i++)
		bash_values(bn_commands[i]->flags, out);
	fputs("\tesac\n\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do [[ $w == -* ]] || "
	      "words+=(\"$w\"); done\n"
	      "\tcase \"${words[*]}\" in\n",
	      out);
	for (i = 0; bn_commands[i] != NULL; i++) {
		fprintf(out, "\t\"%s\"*) COMPREPLY=($(compgen -W \"", bn_commands[i]->name);
		words_of(bn_commands[i]->flags, out);
		words_of(bn_global_flags, out);
		if (bn_commands[i]->operand_words != NULL) {
			const char *p;

			fputc(' ', out);
			for (p = bn_commands[i]->operand_words; *p != '\0'; p++)
				fputc(*p == '|' ? ' ' : *p, out);
		}
		fputs("\" -- \"$cur\")); return;;\n", out);
	}
	for (i = 0; bn_commands[i] != NULL; i++) {
		const char *space = strchr(bn_commands[i]->name, ' ');

		if (space != NULL &&
		    (i == 0 || strncmp(bn_commands[i - 1]->name, bn_commands[i]->name,
				       (size_t)(space - bn_commands[i]->name) + 1) != 0)) {
			size_t j, n = (size_t)(space - bn_commands[i]->name);

			fprintf(out, "\t\"%.*s\") COMPREPLY=($(compgen -W \"", (int)n,
				bn_commands[i]->name);
			for (j = i; bn_commands[j] != NULL &&
				    strncmp(bn_commands[j]->name, bn_commands[i]->name, n + 1) == 0;
			     j++)
				fprintf(out, "%s ", bn_commands[j]->name + n + 1);
			fputs("\" -- \"$cur\")); return;;\n", out);
		}
	}
	fputs("\t\"\") COMPREPLY=($(compgen -W \"", out);
	for (i = 0; bn_commands[i] != NULL; i++)
		fprintf(out, "%.*s ", (int)strcspn(bn_commands[i]->name, " "),
			bn_commands[i]->name);
	words_of(bn_global_flags, out);
	fputs("\" -- \"$cur\")); return;;\n\tesac\n}\ncomplete -F _binnacle binnacle\n", out);
}

static void
put_single_quoted(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (*text == ':' || *text == '[' || *text == ']')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void
zsh_flags(const struct bn_flag *flags, FILE *out)
{
	for (; flags != NULL && flags->name != NULL; flags++) {
		const char *p;

		fprintf(out, " '--%s%s[", flags->name,
			flags->value != NULL ? (flags->optional ? "=-" : "=") : "");
		put_single_quoted(out, flags->doc);
		fputc(']', out);
		if (flags->words != NULL) {
			fputs(":value:(", out);
			for (p = flags->words; *p != '\0'; p++)
				fputc(*p == '|' ? ' ' : *p, out);
			fputc(')', out);
		} else if (flags->value != NULL)
			fputs(":value:_files", out);
		fputc('\'', out);
	}
}

static void
zsh_completion(FILE *out)
{
	size_t i;

	fputs(
	    "#compdef binnacle\n# binnacle completion for zsh, generated from the command table.\n"
	    "local -a words_given\nwords_given=(${${words[2,CURRENT-1]}:#-*})\ncase "
	    "\"${words_given[*]}\" in\n",
	    out);
	for (i = 0; bn_commands[i] != NULL; i++) {
		fprintf(out, "('%s'*) _arguments", bn_commands[i]->name);
		zsh_flags(bn_commands[i]->flags, out);
		zsh_flags(bn_global_flags, out);
		fputs(" '*:operand:_files' ;;\n", out);
	}
	fputs("(*) local -a commands\ncommands=(\n", out);
	for (i = 0; bn_commands[i] != NULL; i++) {
		fputs("'", out);
		put_single_quoted(out, bn_commands[i]->name);
		fputc(':', out);
		put_single_quoted(out, bn_commands[i]->summary);
		fputs("'\n", out);
	}
	fputs(")\n_describe command commands ;;\nesac\n", out);
}

static void
put_fish(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void
fish_flags(const char *condition, const struct bn_flag *flags, FILE *out)
{
	for (; flags != NULL && flags->name != NULL; flags++) {
		const char *p;

		fprintf(out, "complete -c binnacle%s%s%s -l %s",
			condition != NULL ? " -n '__fish_seen_subcommand_from " : "",
			condition != NULL ? condition : "", condition != NULL ? "'" : "",
			flags->name);
		if (flags->letter != 0)
			fprintf(out, " -s %c", flags->letter);
		if (flags->value != NULL && !flags->optional)
			fputs(" -r", out);
		if (flags->words != NULL) {
			fputs(" -f -a '", out);
			for (p = flags->words; *p != '\0'; p++)
				fputc(*p == '|' ? ' ' : *p, out);
			fputc('\'', out);
		}
		fputs(" -d '", out);
		put_fish(out, flags->doc);
		fputs("'\n", out);
	}
}

static void
fish_completion(FILE *out)
{
	size_t i;

	fputs("# binnacle completion for fish, generated from the command table.\n", out);
	fish_flags(NULL, bn_global_flags, out);
	for (i = 0; bn_commands[i] != NULL; i++) {
		size_t n = strcspn(bn_commands[i]->name, " ");
		char *first = bn_xstrndup(bn_commands[i]->name, n);

		fputs("complete -c binnacle -f -n '__fish_use_subcommand' -a ", out);
		fprintf(out, "%s -d '", first);
		put_fish(out, bn_commands[i]->summary);
		fputs("'\n", out);
		if (bn_commands[i]->name[n] == ' ')
			fprintf(
			    out,
			    "complete -c binnacle -f -n '__fish_seen_subcommand_from %s' -a %s\n",
			    first, bn_commands[i]->name + n + 1);
		fish_flags(first, bn_commands[i]->flags, out);
		free(first);
	}
}

int
bn_doc_completion(const char *shell, FILE *out, struct bn_error *err)
{
	if (strcmp(shell, "bash") == 0)
		bash_completion(out);
	else if (strcmp(shell, "zsh") == 0)
		zsh_completion(out);
	else if (strcmp(shell, "fish") == 0)
		fish_completion(out);
	else
		return bn_fail(err, BN_EINVAL, "no completion for '%s'", shell);
	return BN_OK;
}
