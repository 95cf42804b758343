/* exec.h - what the parts of the exec plugin share: running a command, reading its records. */
/* SPDX-License-Identifier: MIT
 *
 * The protocol, version 1. The command is run with the verb as its last argument (`poll`, `detail
 * KIND/KEY`, `logs RUN-KEY`, `doctor`, `plan`, `act` and `reconcile RUN-KEY`) and gets one line of JSON on standard input. It writes one
 * JSON object a line on standard output: first {"binnacle":1}, then records, last {"complete":true}
 * or {"error":"what happened","hint":"what to do"}. A line that can't be read is skipped and
 * counted; without a last line nothing is complete. */
#ifndef BN_PLUGINS_EXEC_H
#define BN_PLUGINS_EXEC_H

#include "binnacle/plugin.h"

/* Called with each line, without its line end, NUL-terminated. */
typedef int exec_line_fn(const char *line, size_t size, void *payload, struct bn_error *err);

struct exec_command {
	const char *const *argv; /* absolute path first; NULL-terminated */
	const char *const *env;	 /* NAME=value; NULL-terminated */
	const char *input;	 /* for standard input, at most 60,000 bytes */
	size_t output_at_most;	 /* bytes */
	int64_t time_limit;	 /* ms */
};

/* Runs a command in a process group of its own and hands over its output line by line. Whatever
 * ends it (the command itself, a limit, a cancel, on_line returning other than BN_OK), the whole
 * group is gone when this returns. `complaint` gets the last line of standard error. *exit_status
 * as from the shell: 128 + n for signal n. */
int exec_run(struct bn_source *s, const struct exec_command *command, exec_line_fn *on_line,
	     void *payload, int *exit_status, char *complaint, size_t complaint_size,
	     struct bn_error *err);

/* What one run of the command said. */
struct exec_reader {
	struct bn_source *s;
	struct bn_batch *batch;	    /* NULL: logs and doctor */
	struct bn_sink *sink;	    /* NULL: poll and detail */
	struct bn_plan *plan;	    /* being filled: plan */
	struct bn_outcome *outcome; /* being filled: act, reconcile */
	bool told;		    /* plan or outcome came */
	bool begun, ended;
	bool records; /* a scope is open: poll */
	int lines;
};

/* An exec_line_fn over struct exec_reader. */
int exec_on_line(const char *line, size_t size, void *payload, struct bn_error *err);

/* exec.c: runs the command with the verb; `extra` is further members of its input (",\"key\":…"), or NULL.
 * *started says whether it was started at all. */
int exec_verb(struct bn_source *s, const char *verb, const char *operand, const char *extra,
	      struct exec_reader *reader, bool *started, struct bn_error *err);

/* exec_act.c */
int exec_act_record(struct exec_reader *r, struct bn_json json, const char *name,
		    struct bn_error *err);
int exec_plan(struct bn_source *s, struct bn_plan *plan, struct bn_error *err);
int exec_act(struct bn_source *s, const struct bn_plan *plan, struct bn_outcome *outcome,
	     struct bn_error *err);
int exec_reconcile(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
		   struct bn_error *err);

#endif
