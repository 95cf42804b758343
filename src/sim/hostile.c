/* hostile.c - text as an attacker would write it, in every field of an answer that holds free text. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/web.h"

/* Title change, colour, cursor home and erase, an OSC 52 copy, a bidirectional override, a
 * zero-width space, a line that pretends to be another row, and a word too long for any column. */
#define HOSTILE                                                                                    \
	"\x1b]0;owned\x07\x1b[31m\x1b[2J\x1b[H\x1b]52;c;cm0gLXJm\x07\xe2\x80\xae"                  \
	"evil\xe2\x80\xac\xe2\x80\x8b\r\n\xe2\x97\x8f all is well\t"                               \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAA"                                                                                     \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAA"

/* Members whose values are words of the protocol: with them changed the answer would not be hostile
 * but broken, which is what `garbage` is for. */
static const char *const words[] = {"phase",
				    "state",
				    "type",
				    "kind",
				    "apiVersion",
				    "status",
				    "resultType",
				    "health",
				    "run_type",
				    "triggered_by",
				    "access_token",
				    "continue",
				    "resourceVersion",
				    "uid",
				    "id",
				    "continuation_token",
				    "__type",
				    "schedule",
				    "schedules",
				    "value",
				    "progress",
				    "timezone",
				    "workflows.argoproj.io/phase",
				    "workflows.argoproj.io/completed",
				    "boundaryID",
				    "children",
				    "trigger_rule",
				    "weight_rule",
				    "errorType",
				    "alertname",
				    "activeAt",
				    NULL};

static bool
is_word(const char *key)
{
	size_t i;

	for (i = 0; key != NULL && words[i] != NULL; i++) {
		if (strcmp(words[i], key) == 0)
			return true;
	}
	return false;
}

static json_t *
hostile_text(const char *text)
{
	struct bn_buf out = BN_BUF_INIT(0);
	json_t *json;

	bn_buf_adds(&out, text);
	bn_buf_adds(&out, HOSTILE);
	json = json_stringn(out.data, out.size);
	bn_buf_free(&out);
	return json;
}

static bool
is_free(const char *key, const json_t *value)
{
	return json_is_string(value) && !is_word(key) &&
	       bn_time_parse(json_string_value(value)) == 0;
}

static void
walk(json_t *json, const char *key)
{
	const char *member;
	json_t *value;
	size_t i;

	if (is_word(key))
		return;
	if (json_is_object(json)) {
		json_object_foreach(json, member, value)
		{
			if (is_free(member, value))
				json_object_set_new(json, member,
						    hostile_text(json_string_value(value)));
			else
				walk(value, member);
		}
	}
	json_array_foreach(json, i, value)
	{
		if (is_free(key, value))
			json_array_set_new(json, i, hostile_text(json_string_value(value)));
		else
			walk(value, key);
	}
}

void
bn_hostile_json(json_t *json)
{
	walk(json, NULL);
}

void
bn_hostile_strip(char *text)
{
	char *found = strstr(text, HOSTILE);

	if (found != NULL)
		memmove(found, found + strlen(HOSTILE), strlen(found + strlen(HOSTILE)) + 1);
}
