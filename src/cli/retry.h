/* retry.h - what the files of the command `retry` share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CLI_RETRY_H
#define BN_CLI_RETRY_H

#include "action/bulk.h"
#include "cli/cli.h"

/* One call of the command. */
struct bn_retrying {
	struct bn_cli *cli;
	const struct bn_invocation *in;
	struct bn_buf out;
	int written;
};

bool bn_retry_for_programs(const struct bn_cli *cli); /* JSON is wanted */
/* A pipeline stands for its latest run. */
int bn_retry_resolve(struct bn_cli *cli, const char *text, struct bn_ref *ref,
		     struct bn_error *err);
/* Reports it; refusals of the platform's and of the run itself are one thing to a script. */
int bn_retry_exit(struct bn_cli *cli, const struct bn_error *err);

/* ---- retry_plan.c ---- */
void bn_retry_line(struct bn_cli *cli, struct bn_buf *out, const char *label, const char *text);
void bn_retry_plan_text(struct bn_cli *cli, struct bn_buf *out, const struct bn_action_plan *plan);
/* A guard as a person reads it, with its mark; in cli->arena. */
const char *bn_retry_guard(struct bn_cli *cli, const struct bn_action_guard *guard);
/* "name":"text" with its comma; a count that is not known is null. */
void bn_retry_member(struct bn_buf *out, const char *name, const char *text);
void bn_retry_count(struct bn_buf *out, const char *name, int64_t count);
/* The members of the plan's object, without its braces. */
void bn_retry_plan_members(struct bn_buf *out, const struct bn_action_plan *plan);

/* ---- retry_bulk.c: several runs, a filter, or the rest of an earlier bulk ---- */
bool bn_retry_is_bulk(const struct bn_invocation *in);
int bn_retry_bulk(struct bn_cli *cli, const struct bn_invocation *in);
/* --spacing, --concurrency, --abort-ratio, --timeout over what *options holds; BN_EINVAL names the wrong one. */
int bn_retry_wishes(const struct bn_invocation *in, struct bn_bulk_options *options,
		    struct bn_error *err);
/* The bulk in words or for programs; exit code of what it leaves out. */
int bn_retry_show_bulk(struct bn_retrying *r, const struct bn_bulk *bulk);
/* `code`, or what it is worth where what failed at `names` (bulk->unread) is missing, which is said. */
int bn_retry_unread(struct bn_cli *cli, const char *names, int code);

/* ---- retry_detach.c: the same call again as a process without a terminal ---- */
int bn_retry_detach(struct bn_cli *cli, const struct bn_invocation *in);

#endif
