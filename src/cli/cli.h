/* cli.h - scripted mode: the command table, parsed options, and what a command may use. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CLI_CLI_H
#define BN_CLI_CLI_H

#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "collect/collect.h"
#include "collect/registry.h"
#include "config/config.h"
#include "store/journal.h"
#include "store/store.h"
#include "view/view.h"

/* Exit codes (binnacle(1)). The upper ones equal sysexits' values but are defined here. */
enum bn_exit {
	BN_EXIT_OK = 0,
	BN_EXIT_ATTENTION = 1,	/* something needs attention */
	BN_EXIT_FAILED = 2,	/* the action itself failed at the far end; check: critical */
	BN_EXIT_INCOMPLETE = 3, /* a source did not answer; check: unknown */
	BN_EXIT_USAGE = 64,
	BN_EXIT_DATA = 65,
	BN_EXIT_NOTFOUND = 66,
	BN_EXIT_UNAVAILABLE = 69,
	BN_EXIT_INTERNAL = 70,
	BN_EXIT_CANTCREATE = 73,
	BN_EXIT_TEMPFAIL = 75,
	BN_EXIT_PROTOCOL = 76,
	BN_EXIT_NOPERM = 77,
	BN_EXIT_CONFIG = 78,
	BN_EXIT_UNKNOWN_OUTCOME = 79,
	BN_EXIT_TIMEOUT = 124,
	BN_EXIT_INTERRUPTED = 130,
	BN_EXIT_PIPE = 141 /* as if killed by SIGPIPE */
};
struct bn_exit_row {
	int code;
	const char *check; /* what it means for `check`, NULL: never used there */
	const char *other; /* for every other command, NULL: never used there */
};
extern const struct bn_exit_row bn_exit_rows[]; /* ends with check and other NULL */
/* Of two codes that both fit, the one to exit with: 79, 77, 2, 3, 1 in that order win over the
 * rest. */
int bn_exit_combine(int a, int b);
/* The exit code for a failure. */
int bn_exit_for(const struct bn_error *err);

/* One option of a command, or a global one. From these rows come parsing, --help, the manual pages
 * and the completions, so a flag exists in all of them or in none. */
struct bn_flag {
	const char *name;  /* "output" for --output */
	char letter;	   /* 'o', or 0 */
	const char *value; /* what the value is called ("FORMAT"), NULL: takes none */
	bool optional;	   /* --demo[=DIR]: the value only with '=' */
	const char *words; /* fixed choices "table|wide|json", or NULL; checked and completed */
	const char *doc;   /* one sentence, no full stop */
};

/* An example of the manual; the suite runs it against the demo and expects that exit code. */
struct bn_example {
	const char *line; /* as a person would type it; begins with "binnacle" */
	int code;
	const char *doc;
};

struct bn_invocation;
struct bn_cli;

struct bn_command {
	const char *name;     /* "runs", "run show": one or two words */
	const char *page;     /* manual page it is described in: "run" for binnacle-run(1) */
	const char *operands; /* "RUN [TASK]", "" for none */
	int min_operands, max_operands; /* max -1: any number */
	enum bn_kind
	    completes; /* what the first operand names, for completion; BN_KIND_NONE: nothing */
	const char *operand_words; /* fixed first operands, or NULL */
	const char *summary;	   /* one line for --help */
	const char *doc;	   /* paragraphs for the manual, separated by blank lines */
	const char
	    *table; /* name of the view table it lists, or NULL: --columns etc. work with it */
	const struct bn_flag *flags;	   /* ends with a NULL name; may be NULL */
	const struct bn_example *examples; /* ends with a NULL line; may be NULL */
	int (*run)(struct bn_cli *cli, const struct bn_invocation *in);
	bool past;   /* it only reads what is stored: --at works with it */
	bool writes; /* there is nothing of it in a --read-only session */
	bool acts;   /* it asks a platform to do something: not offered with --read-only */
};
extern const struct bn_command *const bn_commands[]; /* NULL-terminated, in the order of --help */
extern const struct bn_flag bn_global_flags[];

/* A parsed command line. Borrowed from argv. */
struct bn_invocation {
	const struct bn_command *command; /* NULL: none given */
	const char *group; /* the first word of several commands, given alone: only with --help */
	const char **operands;
	int count;
	struct bn_flag_value {
		const struct bn_flag *flag;
		const char *value;
	} * flags;
	int flag_count;
};
/* BN_EINVAL with what is wrong and the nearest right word. Global options may stand anywhere. The
 * caller clears `out` in any case. */
int bn_invocation_parse(struct bn_invocation *out, int argc, char *const *argv,
			struct bn_error *err);
void bn_invocation_clear(struct bn_invocation *in);
const char *bn_flag_get(const struct bn_invocation *in,
			const char *name); /* the last one given, or NULL */
bool bn_flag_has(const struct bn_invocation *in, const char *name);
/* --at as a global option: `demo` has one of its own. NULL: not given. */
const char *bn_flag_moment(const struct bn_invocation *in);
const char *bn_flag_at(const struct bn_invocation *in, const char *name, int index);
/* Typed: a bad value has been reported in *err. `fallback` when not given. Durations in ms. */
int bn_flag_duration(const struct bn_invocation *in, const char *name, int64_t fallback,
		     int64_t *out, struct bn_error *err);
int bn_flag_int(const struct bn_invocation *in, const char *name, int64_t fallback, int64_t *out,
		struct bn_error *err);

enum bn_output { BN_OUT_TABLE, BN_OUT_WIDE, BN_OUT_JSON, BN_OUT_NDJSON, BN_OUT_CSV, BN_OUT_MD };

/* What main puts together from above and below this layer. */
struct bn_program {
	const struct bn_plugin *const *plugins; /* NULL-terminated */
	/* Opens the console; returns an exit code, or a negative code with *err. NULL: there is
	 * none. */
	int (*console)(struct bn_cli *cli, struct bn_error *err);
	/* Writes the table of keys as mdoc list items, for binnacle-keys(7). */
	void (*keys_mdoc)(FILE *out);
	/* Checks the [keys] and [ui] sections, for `config check`; may be NULL. */
	int (*check_ui)(const struct bn_config *config, struct bn_error *err);
};

/* One process' worth of opened things. Each bn_cli_* opens what it needs the first time and reports
 * failures in *err; everything is closed by bn_cli_close. */
struct bn_cli {
	const struct bn_program *program;
	const struct bn_invocation *in;
	int argc; /* as the process was called */
	char *const *argv;
	FILE *out, *err;
	enum bn_output format;
	struct bn_style style;
	bool colour;
	bool quiet, offline, read_only;
	bool screen; /* the console is open: it reads on connections of its own */
	int verbose;
	int64_t timeout; /* ms, for polling */
	int64_t fresh;	 /* ms, 0: no demand */
	bn_time at;	 /* --at: 0 live; known once the store is open */
	struct bn_clock clock;
	struct bn_log *log;
	struct bn_registry *registry;
	struct bn_config *config;
	struct bn_store *store;
	struct bn_reader *reader;
	struct bn_writer *writer;
	struct bn_collect *collect;
	struct bn_triage *triage;
	struct bn_products *products;
	struct bn_actions *action;
	struct bn_repos *repos;
	struct bn_sim *sim;
	struct bn_zone *zone;
	char *state_dir;
	char *context; /* what the header calls this configuration */
	char *scratch; /* a private directory of the demo, removed at close */
	struct bn_arena *arena;
	int wake_fd;	 /* written whenever the collector has news; -1 before bn_cli_collector */
	bool pipe_gone;	 /* standard output was closed by its reader */
	bool incomplete; /* some source needed did not answer */
	/* The names of those, "a, b"; NULL: none, or what is missing is of no source. */
	const char *unread;
};

int bn_cli_open_config(struct bn_cli *cli, struct bn_error *err);
/* The configuration as it is written now, beside the one that is open. *out may be set in failure too; the caller frees
 * it. */
int bn_cli_reload_config(struct bn_cli *cli, struct bn_config **out, struct bn_error *err);
int bn_cli_open_store(struct bn_cli *cli, struct bn_error *err);
int bn_cli_open_collect(struct bn_cli *cli, struct bn_error *err);
/* Polls once what is needed (unless --offline or somebody else collects), evaluates rules, reads
 * repositories; sets cli->incomplete. Names NULL: all sources. */
int bn_cli_refresh(struct bn_cli *cli, const char *const *names, bool force, struct bn_error *err);
void bn_cli_close(struct bn_cli *cli);

/* The one thing `text` names ("run/argo/x", or a bare key of that kind). Strings in cli->arena. */
int bn_cli_resolve(struct bn_cli *cli, const char *text, enum bn_kind kind, struct bn_ref *out,
		   struct bn_error *err);
/* The same, but no prefix will do. */
int bn_cli_resolve_whole(struct bn_cli *cli, const char *text, enum bn_kind kind,
			 struct bn_ref *out, struct bn_error *err);

/* ---- output -------------------------------------------------------------------------------- */

/* Runs `query` with --columns, --filter, --sort, --since … applied and writes it in the chosen
 * format. *rows (may be NULL) is the result for the caller to look at and free. */
int bn_cli_list(struct bn_cli *cli, struct bn_query *query, struct bn_rows **rows,
		struct bn_error *err);
/* --since: a duration back from now, or a moment; *out stays where it was not given. */
int bn_cli_since(struct bn_cli *cli, bn_time *out, struct bn_error *err);
/* Writes one result in the chosen format. */
int bn_cli_write_rows(struct bn_cli *cli, const struct bn_view_table *table,
		      const struct bn_rows *rows, struct bn_error *err);
/* {"schema":…,"generated_at":…,"sources":[…],"items":[ … and its end; for commands that write items
 * of their own. */
void bn_cli_json_begin(struct bn_cli *cli, struct bn_buf *out, const char *schema, int version);
void bn_cli_json_end(struct bn_buf *out);
/* Writes the buffer to cli->out; BN_EIO when that fails (the disk is full, the pipe is gone). */
int bn_cli_flush(struct bn_cli *cli, struct bn_buf *text, struct bn_error *err);

/* "binnacle: message" and its hint on standard error, sanitised; returns the exit code for it. */
int bn_cli_report(struct bn_cli *cli, const struct bn_error *err);
/* A note on standard error unless -q. */
void bn_cli_note(struct bn_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* BN_EXIT_OK, or BN_EXIT_INCOMPLETE when some source did not answer. */
int bn_cli_complete(const struct bn_cli *cli);

/* ---- running ------------------------------------------------------------------------------- */

/* The whole program: parses, runs, closes; returns the exit code. */
int bn_cli_main(const struct bn_program *program, int argc, char **argv, FILE *out, FILE *err);
/* NULL: of the program; without what writes, where `read_only`. */
void bn_cli_help(const struct bn_command *command, bool read_only, FILE *out);
/* Of the commands whose first word this is. */
void bn_cli_help_group(const char *group, bool read_only, FILE *out);
const struct bn_command *bn_command_find(const char *first, const char *second, int *words);
/* The second word of a command whose first one is `group`; NULL: that is not its first, or it has only one. */
const char *bn_command_in_group(const struct bn_command *command, const char *group);

/* ---- generated documents (src/cli/docgen.c) ------------------------------------------------ */

/* Fills the @MARKERS@ of a manual page template. */
int bn_doc_page(const struct bn_program *program, FILE *in, FILE *out, struct bn_error *err);
/* "bash", "zsh" or "fish". */
int bn_doc_completion(const char *shell, FILE *out, struct bn_error *err);

#endif
