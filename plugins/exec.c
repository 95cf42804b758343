/* exec.c - any executable as a plugin: ten lines of shell that print JSON. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"

#define ARGUMENTS_AT_MOST 64
#define VARIABLES_AT_MOST 32

static const struct bn_option options[] = {
    {"command", BN_OPT_PATH, NULL, "absolute path of the program to run", BN_OPT_REQUIRED, NULL},
    {"argument", BN_OPT_STRING, NULL, "an argument it gets before the verb; no shell is involved",
     BN_OPT_MULTI, NULL},
    {"set", BN_OPT_STRING, NULL,
     "a setting for it, `NAME=value`, which arrives in `settings` on its standard input",
     BN_OPT_MULTI, NULL},
    {"environment", BN_OPT_STRING, NULL,
     "name of an environment variable it may see besides PATH, HOME, USER, LOGNAME, LANG, LC_ALL, "
     "TZ and TMPDIR",
     BN_OPT_MULTI, NULL},
    {"time-limit", BN_OPT_DURATION, "60s", "after how long it and its children are stopped", 0,
     "1s..1h"},
    {"max-output", BN_OPT_SIZE, "16m", "how much it may write in one run", 0, "4k..256m"},
    {NULL, 0, NULL, NULL, 0, NULL}};

/* The command makes its own requests, if any. */
static const struct bn_request requests[] = {{NULL, NULL, NULL, BN_READS, NULL}};

/* ---- what it is given ------------------------------------------------------------------------ */

struct text {
	char *bytes;
	size_t size, capacity;
};

static void
put(struct bn_source *s, struct text *out, const char *bytes, size_t size)
{
	if (out->size + size + 1 > out->capacity) {
		size_t capacity = 2 * (out->size + size) + 1024;
		char *grown = bn_alloc(s, capacity);

		if (out->size > 0)
			memcpy(grown, out->bytes, out->size);
		out->bytes = grown;
		out->capacity = capacity;
	}
	memcpy(out->bytes + out->size, bytes, size);
	out->size += size;
	out->bytes[out->size] = '\0';
}

static void
put_string(struct bn_source *s, struct text *out, const char *text)
{
	put(s, out, "\"", 1);
	for (; *text != '\0'; text++) {
		char escaped[8];
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			snprintf(escaped, sizeof(escaped), "\\%c", c);
		else if (c < 0x20)
			snprintf(escaped, sizeof(escaped), "\\u%04x", c);
		else
			snprintf(escaped, sizeof(escaped), "%c", c);
		put(s, out, escaped, strlen(escaped));
	}
	put(s, out, "\"", 1);
}

static void
put_member(struct bn_source *s, struct text *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	put(s, out, ",", 1);
	put_string(s, out, name);
	put(s, out, ":", 1);
	put_string(s, out, value);
}

/* {"binnacle":1,"source":"x","url":…,"settings":{…},"token":…,"state":…}: on standard input, so
 * that no secret is in an argument or the environment, where other users could read it. */
static int
build_input(struct bn_source *s, const char *state, const struct bn_log_request *log,
	    const char *extra, struct text *out, struct bn_error *err)
{
	const char *token = NULL, *password = NULL, *setting;
	int rc = bn_secret(s, "token", &token, err);

	if (rc == BN_OK)
		rc = bn_secret(s, "password", &password, err);
	if (rc != BN_OK)
		return rc;
	put(s, out, "{\"binnacle\":1", 13);
	put_member(s, out, "source", s->name);
	put_member(s, out, "now", bn_time_text(s, bn_source_now(s)));
	put_member(s, out, "url", bn_option(s, "url"));
	put_member(s, out, "user", bn_option(s, "user"));
	put_member(s, out, "token", token);
	put_member(s, out, "password", password);
	put_member(s, out, "state", state);
	if (log != NULL) {
		put_member(s, out, "run", log->run);
		put_member(s, out, "task", log->task);
		put_member(s, out, "log", log->handle);
		put_member(s, out, "try_number", bn_format(s, "%d", log->try_number));
		put_member(s, out, "tail", bn_format(s, "%d", log->tail));
		put_member(s, out, "follow", log->follow ? "true" : "false");
	}
	if (extra != NULL)
		put(s, out, extra, strlen(extra));
	put(s, out, ",\"settings\":{", 13);
	for (size_t i = 0; (setting = bn_option_at(s, "set", i)) != NULL; i++) {
		const char *equals = strchr(setting, '=');

		if (equals == NULL)
			continue;
		if (out->bytes[out->size - 1] != '{')
			put(s, out, ",", 1);
		put_string(s, out, bn_format(s, "%.*s", (int)(equals - setting), setting));
		put(s, out, ":", 1);
		put_string(s, out, equals + 1);
	}
	put(s, out, "}}\n", 3);
	return BN_OK;
}

static const char *const *
build_argv(struct bn_source *s, const char *verb, const char *operand)
{
	const char **argv = bn_alloc(s, (ARGUMENTS_AT_MOST + 4) * sizeof(*argv));
	const char *command = bn_option(s, "command"), *home = getenv("HOME"), *argument;
	size_t n = 0;

	if (strncmp(command, "~/", 2) == 0 && home != NULL)
		command = bn_format(s, "%s%s", home, command + 1);
	argv[n++] = command;
	for (size_t i = 0;
	     i < ARGUMENTS_AT_MOST && (argument = bn_option_at(s, "argument", i)) != NULL; i++)
		argv[n++] = argument;
	argv[n++] = verb;
	argv[n] = operand;
	return argv;
}

/* An allow-list: whatever else is in our environment may be somebody's secret. */
static const char *const *
build_env(struct bn_source *s)
{
	static const char *const always[] = {"PATH", "HOME",   "USER", "LOGNAME",
					     "LANG", "LC_ALL", "TZ",   "TMPDIR"};
	enum { ALWAYS = sizeof(always) / sizeof(always[0]) };
	const char **env = bn_alloc(s, (ALWAYS + VARIABLES_AT_MOST + 1) * sizeof(*env));
	const char *name;
	size_t n = 0;

	for (size_t i = 0; i < ALWAYS; i++)
		if (getenv(always[i]) != NULL)
			env[n++] = bn_format(s, "%s=%s", always[i], getenv(always[i]));
	for (size_t i = 0;
	     i < VARIABLES_AT_MOST && (name = bn_option_at(s, "environment", i)) != NULL; i++)
		if (getenv(name) != NULL)
			env[n++] = bn_format(s, "%s=%s", name, getenv(name));
	return env;
}

/* ---- running it ------------------------------------------------------------------------------ */

static int
run_with(struct bn_source *s, const char *verb, const char *operand,
	 const struct bn_log_request *log, const char *extra, struct exec_reader *reader,
	 bool *started, struct bn_error *err)
{
	const char *state = reader->records ? bn_watermark(reader->batch, "state") : NULL;
	struct text input = {0};
	char complaint[300];
	int status = -1, rc = build_input(s, state, log, extra, &input, err);
	const struct exec_command command = {
	    .argv = build_argv(s, verb, operand),
	    .env = build_env(s),
	    .input = rc == BN_OK ? input.bytes : "",
	    .output_at_most = (size_t)bn_option_int(s, "max-output"),
	    .time_limit =
		log != NULL && log->follow ? INT64_C(86400000) : bn_option_int(s, "time-limit"),
	};

	if (rc == BN_OK)
		rc = exec_run(s, &command, exec_on_line, reader, &status, complaint,
			      sizeof(complaint), err);
	/* whatever a child that ran ends with is not negative */
	*started = status >= 0;
	if (rc != BN_OK)
		return rc;
	if (reader->ended && status == 0)
		return BN_OK;
	if (complaint[0] != '\0')
		bn_fail_at(s, err, BN_EREMOTE, "%s %s ended with status %d: %s", command.argv[0],
			   verb, status, complaint);
	else
		bn_fail_at(s, err, BN_EREMOTE, "%s %s ended with status %d%s", command.argv[0],
			   verb, status, reader->ended ? "" : " and without {\"complete\":true}");
	return bn_hint_at(err, "run it by hand: echo '{}' | %s %s", command.argv[0], verb);
}

static int
run(struct bn_source *s, const char *verb, const char *operand, const struct bn_log_request *log,
    struct exec_reader *reader, struct bn_error *err)
{
	bool started;

	return run_with(s, verb, operand, log, NULL, reader, &started, err);
}

int
exec_verb(struct bn_source *s, const char *verb, const char *operand, const char *extra,
	  struct exec_reader *reader, bool *started, struct bn_error *err)
{
	*started = false;
	return run_with(s, verb, operand, NULL, extra, reader, started, err);
}

static int
exec_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	struct exec_reader reader = {.s = s, .batch = batch, .records = true};
	int rc = run(s, "poll", NULL, NULL, &reader, err);

	return rc == BN_OK ? bn_scope_done(batch, err) : rc;
}

static const char *
operand_of(struct bn_source *s, const struct bn_ref *ref)
{
	static const char *const kinds[BN_KIND_COUNT] = {"",	    "pipeline", "run",	  "task",
							 "model",   "endpoint", "stream", "app",
							 "dataset", "product",	"change", "source"};

	return bn_format(s, "%s/%s", kinds[ref->kind], ref->key);
}

static int
exec_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *batch,
	    struct bn_error *err)
{
	struct exec_reader reader = {.s = s, .batch = batch};
	int rc = run(s, "detail", operand_of(s, ref), NULL, &reader, err);

	return rc == BN_OK ? bn_page(batch, err) : rc;
}

static int
exec_logs(struct bn_source *s, const struct bn_log_request *request, struct bn_sink *sink,
	  struct bn_error *err)
{
	struct exec_reader reader = {.s = s, .sink = sink};

	return run(s, "logs", request->run, request, &reader, err);
}

static int
exec_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	struct exec_reader reader = {.s = s, .sink = sink};
	struct bn_error failure = {0};

	(void)err;
	if (run(s, "doctor", NULL, NULL, &reader, &failure) == BN_OK)
		bn_check(s, sink, BN_CHECK_OK, "the command runs", bn_option(s, "command"));
	else
		bn_check(s, sink, BN_CHECK_FAIL, "the command runs",
			 failure.hint[0] != '\0'
			     ? bn_format(s, "%s (%s)", failure.message, failure.hint)
			     : failure.message);
	return BN_OK;
}

static int
exec_open(struct bn_source *s, struct bn_error *err)
{
	const char *command = bn_option(s, "command"), *setting;

	if (command == NULL || (command[0] != '/' && strncmp(command, "~/", 2) != 0))
		return bn_fail_at(s, err, BN_ECONFIG, "command = %s is not an absolute path",
				  command != NULL ? command : "");
	for (size_t i = 0; (setting = bn_option_at(s, "set", i)) != NULL; i++)
		if (strchr(setting, '=') == NULL || setting[0] == '=')
			return bn_fail_at(s, err, BN_ECONFIG, "set = %s is not written NAME=value",
					  setting);
	return BN_OK;
}

const struct bn_plugin bn_plugin_exec = {
    .abi = BN_PLUGIN_ABI,
    .name = "exec",
    .summary = "any executable that prints JSON: the verb is an argument, records leave as lines",
    .provides = "pipeline run task endpoint finding app dataset model stream product",
    .options = options,
    .requests = requests,
    .open = exec_open,
    .poll = exec_poll,
    .detail = exec_detail,
    .logs = exec_logs,
    .plan = exec_plan,
    .act = exec_act,
    .reconcile = exec_reconcile,
    .doctor = exec_doctor,
};
