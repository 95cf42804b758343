/* triage.h - what needs a person: SQL rules evaluated into stored findings, folded by root cause. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TRIAGE_TRIAGE_H
#define BN_TRIAGE_TRIAGE_H

#include "config/config.h"
#include "store/store.h"

/* A rule: one SELECT over the documented views giving, a row for each thing that is wrong, the
 * columns about_source, about_kind, about_key, since, title, message [, severity] Built-in ones are
 * the files src/triage/NAME.sql, embedded at build time; a person's own are [rule "NAME"] sections
 * (there `SELECT entity, since, 'text'` with entity from the views is enough). */
struct bn_rule {
	const char *name;
	enum bn_severity severity;
	const char *sql;
	const char *doc; /* what it finds, for the manual; of a person's own rule: the title of its
			    findings */
};
extern const struct bn_rule bn_builtin_rules[]; /* ends with a NULL name */

/* Evaluates every rule for the things of those sources (NULL: all) and stores what opened, goes on
 * or closed; then folds: a finding whose thing depends (along links, task dependencies, or its
 * source's death) on another open finding's thing gets that one as its root. Run by whoever holds a
 * source's lease, after each of its polls; also by scripted commands after bn_collect_once. A rule
 * that fails to run becomes a finding itself and stops nothing. */
struct bn_triage;
int bn_triage_new(struct bn_triage **out, struct bn_store *store, const struct bn_config *config,
		  struct bn_error *err);
void bn_triage_free(struct bn_triage *triage);
int bn_triage_run(struct bn_triage *triage, struct bn_error *err);

#endif
