/* status.h - the tables behind statuses, kinds, severities: words, glyphs, rank, colour role. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_STATUS_H
#define BN_BASE_STATUS_H

#include "binnacle/types.h"

/* Semantic colour roles; themes map them, drawing code only ever names them. */
enum bn_role {
	BN_ROLE_TEXT,
	BN_ROLE_DIM,	 /* labels, units, what is less important */
	BN_ROLE_RULE,	 /* lines and boxes */
	BN_ROLE_HEADING, /* column headers, titles */
	BN_ROLE_ACCENT,	 /* the one accent: name, bars, charts */
	BN_ROLE_OK,
	BN_ROLE_RUNNING,
	BN_ROLE_WARN,
	BN_ROLE_FAILED,
	BN_ROLE_STALE, /* not known, too old */
	BN_ROLE_OFF,   /* paused, skipped, suspended */
	BN_ROLE_CHANGE,
	BN_ROLE_SELECTED, /* the cursor's row: a background */
	BN_ROLE_MARKED,
	BN_ROLE_KEY,	/* a key in the hint line */
	BN_ROLE_TAB,	/* the open tab */
	BN_ROLE_MATCH,	/* a search hit */
	BN_ROLE_INPUT,	/* a text field */
	BN_ROLE_REPLAY, /* the header's clock while the past is shown */
	BN_ROLE_COUNT
};

/* One row a status: its word, glyph (UTF-8 and ASCII), rank (worst first: higher is worse), role,
 * and whether it counts as fine, as a problem, as not known. */
struct bn_status_row {
	const char *word;
	const char *glyph;
	const char *ascii;
	int rank;
	enum bn_role role;
	bool fine;
	bool problem;
};

const struct bn_status_row *bn_status_row(enum bn_status status); /* never NULL */
enum bn_status bn_status_from_word(const char *word);		  /* BN_UNKNOWN if it is none */

const char *bn_kind_word(enum bn_kind kind); /* "pipeline"; "" for none */
enum bn_kind bn_kind_from_word(const char *word);
const char *bn_severity_word(enum bn_severity severity); /* "info" "warn" "crit" */
const char *bn_idempotence_word(enum bn_idempotence class);
enum bn_idempotence bn_idempotence_from_word(const char *word);
const char *bn_role_word(enum bn_role role); /* as themes spell it */
/* -1 if no role is called that. */
int bn_role_from_word(const char *word);

/* References: KIND/[SOURCE/]KEY, or NAME@VERSION for models. Splits `text`; since keys and source
 * names may both hold slashes, `is_source` (may be NULL: then the first segment is never taken as a
 * source) is asked whether a segment names a configured source. Strings are copied into out (caller
 * frees with bn_ref_free). BN_EINVAL with the kinds there are. */
struct bn_ref_text {
	enum bn_kind kind;
	char *source; /* NULL if not given */
	char *key;
};
int bn_ref_parse(const char *text, bool (*is_source)(const char *name, void *payload),
		 void *payload, struct bn_ref_text *out, struct bn_error *err);
void bn_ref_free(struct bn_ref_text *ref);

#endif
