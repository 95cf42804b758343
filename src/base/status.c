/* status.c - the tables behind statuses, kinds, severities: words, glyphs, rank, colour role. */
/* SPDX-License-Identifier: MIT */
#include "base/status.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct bn_status_row statuses[BN_STATUS_COUNT] = {
    [BN_UNKNOWN] = {"unknown", "◌", "?", 60, BN_ROLE_STALE, false, false},
    [BN_QUEUED] = {"queued", "○", ".", 30, BN_ROLE_DIM, true, false},
    [BN_RUNNING] = {"running", "◐", ">", 40, BN_ROLE_RUNNING, true, false},
    [BN_SUCCEEDED] = {"succeeded", "●", "o", 0, BN_ROLE_OK, true, false},
    [BN_FAILED] = {"failed", "✗", "x", 90, BN_ROLE_FAILED, false, true},
    [BN_CANCELLED] = {"cancelled", "–", "-", 25, BN_ROLE_OFF, true, false},
    [BN_SKIPPED] = {"skipped", "–", "-", 10, BN_ROLE_OFF, true, false},
    [BN_PAUSED] = {"paused", "–", "-", 20, BN_ROLE_OFF, true, false},
    [BN_HEALTHY] = {"healthy", "●", "o", 1, BN_ROLE_OK, true, false},
    [BN_PROGRESSING] = {"progressing", "◐", ">", 45, BN_ROLE_RUNNING, true, false},
    [BN_DEGRADED] = {"degraded", "▲", "!", 70, BN_ROLE_WARN, false, true},
    [BN_DOWN] = {"down", "✗", "x", 95, BN_ROLE_FAILED, false, true},
};

static const char *const kinds[BN_KIND_COUNT] = {
    [BN_KIND_NONE] = "",      [BN_PIPELINE] = "pipeline", [BN_RUN] = "run",
    [BN_TASK] = "task",	      [BN_MODEL] = "model",	  [BN_ENDPOINT] = "endpoint",
    [BN_STREAM] = "stream",   [BN_APP] = "app",		  [BN_DATASET] = "dataset",
    [BN_PRODUCT] = "product", [BN_CHANGE] = "change",	  [BN_SOURCE] = "source",
};

static const char *const severities[] = {
    [BN_INFO] = "info", [BN_WARN] = "warn", [BN_CRIT] = "crit"};

static const char *const idempotences[] = {
    [BN_IDEMPOTENCE_UNKNOWN] = "unknown",
    [BN_IDEMPOTENT] = "idempotent",
    [BN_AT_LEAST_ONCE] = "at-least-once",
    [BN_APPEND] = "append",
};

static const char *const roles[BN_ROLE_COUNT] = {
    [BN_ROLE_TEXT] = "text",	     [BN_ROLE_DIM] = "dim",	  [BN_ROLE_RULE] = "rule",
    [BN_ROLE_HEADING] = "heading",   [BN_ROLE_ACCENT] = "accent", [BN_ROLE_OK] = "ok",
    [BN_ROLE_RUNNING] = "running",   [BN_ROLE_WARN] = "warn",	  [BN_ROLE_FAILED] = "failed",
    [BN_ROLE_STALE] = "stale",	     [BN_ROLE_OFF] = "off",	  [BN_ROLE_CHANGE] = "change",
    [BN_ROLE_SELECTED] = "selected", [BN_ROLE_MARKED] = "marked", [BN_ROLE_KEY] = "key",
    [BN_ROLE_TAB] = "tab",	     [BN_ROLE_MATCH] = "match",	  [BN_ROLE_INPUT] = "input",
    [BN_ROLE_REPLAY] = "replay",
};

static int
find_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; word != NULL && *word != '\0' && i < count; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

static const char *
word_at(const char *const *words, size_t count, int index)
{
	return index >= 0 && (size_t)index < count ? words[index] : words[0];
}

const struct bn_status_row *
bn_status_row(enum bn_status status)
{
	return &statuses[(unsigned)status < BN_STATUS_COUNT ? status : BN_UNKNOWN];
}

enum bn_status
bn_status_from_word(const char *word)
{
	for (size_t i = 0; word != NULL && i < COUNT(statuses); i++)
		if (strcmp(statuses[i].word, word) == 0)
			return (enum bn_status)i;
	return BN_UNKNOWN;
}

const char *
bn_kind_word(enum bn_kind kind)
{
	return word_at(kinds, COUNT(kinds), (int)kind);
}

enum bn_kind
bn_kind_from_word(const char *word)
{
	int found = find_word(kinds, COUNT(kinds), word);

	return found < 0 ? BN_KIND_NONE : (enum bn_kind)found;
}

const char *
bn_severity_word(enum bn_severity severity)
{
	return word_at(severities, COUNT(severities), (int)severity);
}

const char *bn_idempotence_word(enum bn_idempotence class)
{
	return word_at(idempotences, COUNT(idempotences), (int)class);
}

enum bn_idempotence
bn_idempotence_from_word(const char *word)
{
	int found = find_word(idempotences, COUNT(idempotences), word);

	return found < 0 ? BN_IDEMPOTENCE_UNKNOWN : (enum bn_idempotence)found;
}

const char *
bn_role_word(enum bn_role role)
{
	return word_at(roles, COUNT(roles), (int)role);
}

int
bn_role_from_word(const char *word)
{
	return find_word(roles, COUNT(roles), word);
}
