/* cmd_config.c - config check, config show, config init. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "config/discover.h"

extern char **environ;

/* ---- check --------------------------------------------------------------------------------- */

static void
add_problem(struct bn_cli *cli, struct bn_buf *out, const struct bn_config_problem *p)
{
	if (cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON) {
		bn_buf_adds(out, "{\"file\":");
		bn_json_quote(out, p->file);
		bn_buf_addf(out, ",\"line\":%d,\"fatal\":%s,\"message\":", p->line,
			    p->fatal ? "true" : "false");
		bn_json_quote(out, p->message);
		bn_buf_adds(out, ",\"hint\":");
		bn_json_quote(out, p->hint[0] != '\0' ? p->hint : NULL);
		bn_buf_adds(out, "}");
		return;
	}
	bn_buf_addf(out, "%s:%d: %s: %s\n", bn_sanitised(cli->arena, p->file), p->line,
		    p->fatal ? "error" : "warning", bn_sanitised(cli->arena, p->message));
	if (p->hint[0] != '\0')
		bn_buf_addf(out, "  %s\n", bn_sanitised(cli->arena, p->hint));
}

static int
load_only(struct bn_cli *cli, struct bn_error *err)
{
	int rc = bn_cli_open_config(cli, err);

	/* problems are what check and show are about */
	return cli->config != NULL ? BN_OK : rc;
}

static int
run_config_check(struct bn_cli *cli, const struct bn_invocation *in)
{
	const struct bn_config_problem *problems;
	const char *const *files;
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_error err = {0};
	bool fatal = false, quiet = cli->quiet;
	size_t count, i;
	int rc;

	(void)in;
	cli->quiet = true; /* the warnings are printed here, once */
	rc = load_only(cli, &err);
	cli->quiet = quiet;
	if (rc != BN_OK)
		return bn_cli_report(cli, &err);
	problems = bn_config_problems(cli->config, &count);
	if (cli->format == BN_OUT_JSON)
		bn_cli_json_begin(cli, &out, "config-check", 1);
	for (i = 0; i < count; i++) {
		if (cli->format == BN_OUT_JSON && i > 0)
			bn_buf_addc(&out, ',');
		add_problem(cli, &out, &problems[i]);
		if (cli->format == BN_OUT_NDJSON)
			bn_buf_addc(&out, '\n');
		fatal = fatal || problems[i].fatal;
	}
	if (cli->format == BN_OUT_JSON)
		bn_cli_json_end(&out);
	else if (count == 0 && cli->format == BN_OUT_TABLE && !cli->quiet) {
		files = bn_config_files(cli->config);
		for (i = 0; files[i] != NULL; i++)
			bn_buf_addf(&out, "%s: fine\n", bn_sanitised(cli->arena, files[i]));
		if (i == 0)
			bn_buf_adds(&out, cli->sim != NULL ? "the demo's configuration: fine\n"
							   : "there is no configuration file\n");
	}
	if (!fatal && cli->program->check_ui != NULL &&
	    cli->program->check_ui(cli->config, &err) != BN_OK) {
		fatal = true;
		bn_cli_report(cli, &err);
	}
	rc = bn_cli_flush(cli, &out, &err);
	bn_buf_free(&out);
	if (rc != BN_OK)
		return bn_cli_report(cli, &err);
	return fatal ? BN_EXIT_CONFIG : count > 0 ? BN_EXIT_ATTENTION : BN_EXIT_OK;
}

static const struct bn_example check_examples[] = {
    {"binnacle --demo config check", 0, "Is the configuration right?"},
    {"binnacle config check --config /etc/binnacle/missing", 78, "78: it is not"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_config_check = {
    .name = "config check",
    .page = "config",
    .operands = "",
    .summary = "find every mistake in the configuration",
    .doc = "Names file, line and key of each problem and what would be right. Exits with 78 for an "
	   "error, 1 for "
	   "warnings, 0 when all is fine. Asks no platform: doctor does.",
    .examples = check_examples,
    .run = run_config_check,
};

/* ---- show ---------------------------------------------------------------------------------- */

static void
add_section(struct bn_cli *cli, struct bn_buf *out, const struct bn_config_section *s)
{
	size_t i;

	if (s->name[0] != '\0')
		bn_buf_addf(out, "[%s \"%s\"]", s->kind, bn_sanitised(cli->arena, s->name));
	else
		bn_buf_addf(out, "[%s]", s->kind);
	bn_buf_addf(out, "  # %s:%d\n", bn_sanitised(cli->arena, s->file), s->line);
	for (i = 0; i < s->count; i++)
		bn_buf_addf(out, "\t%s = %s\n", s->values[i].key,
			    bn_sanitised(cli->arena, s->values[i].text));
}

static void
add_section_json(struct bn_buf *out, const struct bn_config_section *s)
{
	size_t i;

	bn_buf_adds(out, "{\"section\":");
	bn_json_quote(out, s->kind);
	bn_buf_adds(out, ",\"name\":");
	bn_json_quote(out, s->name);
	bn_buf_adds(out, ",\"file\":");
	bn_json_quote(out, s->file);
	bn_buf_addf(out, ",\"line\":%d,\"values\":[", s->line);
	for (i = 0; i < s->count; i++) {
		bn_buf_adds(out, i > 0 ? ",{\"key\":" : "{\"key\":");
		bn_json_quote(out, s->values[i].key);
		bn_buf_adds(out, ",\"value\":");
		bn_json_quote(out, s->values[i].text);
		bn_buf_addc(out, '}');
	}
	bn_buf_adds(out, "]}");
}

static int
run_config_show(struct bn_cli *cli, const struct bn_invocation *in)
{
	const struct bn_config_section *section;
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_error err = {0};
	size_t i;
	int rc = load_only(cli, &err);

	(void)in;
	if (rc == BN_OK && cli->format == BN_OUT_JSON)
		bn_cli_json_begin(cli, &out, "config", 1);
	for (i = 0; rc == BN_OK && (section = bn_config_section(cli->config, NULL, i)) != NULL;
	     i++) {
		if (cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON) {
			if (i > 0 && cli->format == BN_OUT_JSON)
				bn_buf_addc(&out, ',');
			add_section_json(&out, section);
			if (cli->format == BN_OUT_NDJSON)
				bn_buf_addc(&out, '\n');
		} else
			add_section(cli, &out, section);
	}
	if (rc == BN_OK && cli->format == BN_OUT_JSON)
		bn_cli_json_end(&out);
	if (rc == BN_OK)
		rc = bn_cli_flush(cli, &out, &err);
	bn_buf_free(&out);
	return rc == BN_OK ? BN_EXIT_OK : bn_cli_report(cli, &err);
}

static const struct bn_example show_examples[] = {
    {"binnacle --demo config show", 0, "Everything that is configured, and where"},
    {"binnacle --demo config show -o json", 0, "The same for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_config_show = {
    .name = "config show",
    .page = "config",
    .operands = "",
    .summary = "the configuration as it was understood",
    .doc = "Every section of every file that was read, in order, with its place. Secrets are never "
	   "in it: they are "
	   "named, not written.",
    .examples = show_examples,
    .run = run_config_show,
};

/* ---- init ---------------------------------------------------------------------------------- */

static const char *
target_file(struct bn_cli *cli, struct bn_error *err)
{
	const char *given = bn_flag_get(cli->in, "config");
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (given != NULL)
		return given;
	if (base != NULL && base[0] == '/')
		return bn_arena_format(cli->arena, "%s/binnacle/config", base);
	if (home != NULL && home[0] == '/')
		return bn_arena_format(cli->arena, "%s/.config/binnacle/config", home);
	bn_fail(err, BN_ECONFIG,
		"neither HOME nor XDG_CONFIG_HOME says where the configuration belongs");
	bn_hint(err, "name the file with --config, or use --stdout");
	return NULL;
}

static int
make_parents(char *path, struct bn_error *err)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
		*slash = '/';
	}
	return BN_OK;
}

/* Never overwrites: O_EXCL. */
static int
write_new(const char *path, const struct bn_buf *text, struct bn_error *err)
{
	char *copy = bn_xstrdup(path);
	int fd = -1, rc = make_parents(copy, err);

	if (rc == BN_OK &&
	    (fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0) {
		rc = bn_fail(err, errno == EEXIST ? BN_ECONFLICT : BN_EIO, "%s: %s", path,
			     strerror(errno));
		if (errno == EEXIST)
			bn_hint(err, "--stdout prints what would be written");
	}
	if (rc == BN_OK && write(fd, text->data, text->size) != (ssize_t)text->size)
		rc = bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
	if (fd >= 0 && close(fd) != 0 && rc == BN_OK)
		rc = bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
	free(copy);
	return rc;
}

static int
run_config_init(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_buf out = BN_BUF_INIT(1 << 20);
	struct bn_error err = {0};
	const char *home = getenv("HOME"), *path = NULL;
	int rc = bn_discover(&out, (const char *const *)environ, home, &err);

	if (rc == BN_OK && bn_flag_has(in, "stdout"))
		rc = bn_cli_flush(cli, &out, &err);
	else if (rc == BN_OK) {
		path = target_file(cli, &err);
		rc = path == NULL ? err.code : write_new(path, &out, &err);
		if (rc == BN_OK && !cli->quiet)
			fprintf(cli->out, "wrote %s; `binnacle doctor` says what works\n", path);
	}
	bn_buf_free(&out);
	return rc == BN_OK ? BN_EXIT_OK : bn_cli_report(cli, &err);
}

static const struct bn_flag init_flags[] = {
    {"stdout", 0, NULL, false, NULL, "print it instead of writing the file"},
    BN_FLAGS_END,
};

static const struct bn_example init_examples[] = {
    {"binnacle config init --stdout", 0, "What would be written"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_config_init = {
    .name = "config init",
    .page = "config",
    .operands = "",
    .summary = "write a first configuration from the logins you already have",
    .doc = "Looks at the environment and the home directory for servers and logins of known "
	   "platforms and writes a "
	   "first configuration that refers to them. Reads no secret and overwrites nothing.",
    .flags = init_flags,
    .examples = init_examples,
    .run = run_config_init,
};
