/* internal.h - what the parts of the configuration loader share; nobody else includes it. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CONFIG_INTERNAL_H
#define BN_CONFIG_INTERNAL_H

#include <stdarg.h>

#include "config/config.h"

/* How a value was written, as far as its text no longer shows it. */
struct bn_written {
	bool no_value;	    /* a key alone on its line */
	bool comment;	    /* a comment follows on the line … */
	bool comment_glued; /* … without a blank before it: perhaps it was meant to be part of the
			       value */
	bool quoted;	    /* the whole value stands in quotes */
	bool lost_quotes;   /* quotes inside the value, which the syntax takes away */
};

/* A section while it is put together; `shown` is what callers see. */
struct bn_section_build {
	struct bn_config_section shown;
	struct bn_config_value *values;
	struct bn_written *written;
	size_t capacity;
};

struct bn_config {
	struct bn_arena *arena;
	struct bn_section_build *sections;
	size_t section_count, section_capacity;
	struct bn_config_problem *problems;
	size_t problem_count, problem_capacity;
	struct bn_strlist files;
	const char *origin;	/* of the arena: the last file that was asked for itself */
	const char **file_list; /* NULL-terminated, made at the end of the load */
};

/* One line of a file that opens a section (key NULL) or sets a key. */
struct bn_scan_entry {
	const char *kind, *name, *key; /* kind and key in lower case; name "" when there is none */
	const char *text;	       /* the value as this scanner reads it */
	const char *file;
	int line;
	struct bn_written written;
};
struct bn_scan {
	struct bn_config *config; /* problems and files go there, strings into its arena */
	struct bn_scan_entry *entries;
	size_t count, capacity;
	bool broken; /* a fatal problem of syntax was found */
};

/* Reads a file (followed includes too) or text; adds problems, never stops at one. BN_EIO when the
 * file itself can't be read. */
int bn_scan_file(struct bn_scan *scan, const char *path, int depth, struct bn_error *err);
void bn_scan_text(struct bn_scan *scan, const char *file, const char *text, size_t size, int depth);
void bn_scan_clear(struct bn_scan *scan);

void bn_config_problem(struct bn_config *config, bool fatal, const char *file, int line,
		       const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Checks every section against its table. */
void bn_config_validate(struct bn_config *config, const struct bn_config_types *types);

#endif
