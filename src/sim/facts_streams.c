/* facts_streams.c - streams and their minutes, as facts. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/facts_room.h"

#define SHOWN 60

/* What is true of a minute: late where its record came more than the settling time after its end. */
static const char *
state_of(const struct bn_w_stream *stream, bn_time minute, bn_time at, bool there, double value,
	 bn_time arrived)
{
	bn_time due = minute + BN_W_MINUTE + bn_world_stream_settle(stream);

	if (!there)
		return at < due ? "open" : "missing";
	if (arrived > due)
		return "late";
	return stream->ceiling > 0 && value >= stream->ceiling ? "over" : "ok";
}

static json_t *
minute_form(const struct bn_facts *facts, const struct bn_w_stream *stream, bn_time minute,
	    const char **state)
{
	double value = 0;
	bn_time arrived = 0;
	bool there = bn_world_minute(facts->world, stream, minute, facts->at, &value, &arrived);

	*state = state_of(stream, minute, facts->at, there, value, arrived);
	return json_pack("{s:o, s:o, s:s, s:o}", "at", bn_facts_when(minute), "value",
			 there ? json_real(value) : json_null(), "state", *state, "arrived",
			 bn_facts_when(there ? arrived : 0));
}

static const struct bn_w_stream *
stream_named(const char *name)
{
	const struct bn_w_stream *stream;
	size_t i;

	for (i = 0; (stream = bn_world_stream(i)) != NULL; i++)
		if (strcmp(stream->name, name) == 0)
			break;
	return stream;
}

/* Whether each of its latest settled minutes was beyond the level. */
static bool
is_beyond(const struct bn_facts *facts, const struct bn_w_stream *stream,
	  const struct bn_w_level *level)
{
	bn_time last =
	    (facts->at - bn_world_stream_settle(stream)) / BN_W_MINUTE * BN_W_MINUTE - BN_W_MINUTE;
	double value = 0, other = 0;
	bn_time arrived;
	int i;

	for (i = 0; i < level->lasting; i++, last -= BN_W_MINUTE) {
		if (!bn_world_minute(facts->world, stream, last, facts->at, &value, &arrived) ||
		    (level->above ? value <= level->bound : value >= level->bound))
			return false;
		if (level->while_ != NULL &&
		    (!bn_world_minute(facts->world, stream_named(level->while_), last, facts->at,
				      &other, &arrived) ||
		     other <= level->than))
			return false;
	}
	return true;
}

/* "ok", "warn", "bad"; NULL: nobody said what is too much. */
static const char *
level_of(const struct bn_facts *facts, const struct bn_w_stream *stream)
{
	const struct bn_w_level *level = stream->levels;
	const char *word = level == NULL ? NULL : "ok";

	for (; level != NULL && level->word != NULL; level++)
		if (is_beyond(facts, stream, level))
			word = level->word; /* the worst comes last */
	return word;
}

static json_t *
stream_form(const struct bn_facts *facts, const struct bn_w_stream *stream)
{
	bn_time open = facts->at / BN_W_MINUTE * BN_W_MINUTE, minute;
	json_t *minutes = json_array(), *form;
	json_t *lists[3] = {json_array(), json_array(), json_array()};
	static const char *const names[3] = {"missing", "late", "over"};
	size_t i;

	for (minute = open - SHOWN * BN_W_MINUTE; minute < open; minute += BN_W_MINUTE) {
		const char *state;

		json_array_append_new(minutes, minute_form(facts, stream, minute, &state));
		for (i = 0; i < 3; i++)
			if (*state == *names[i])
				json_array_append_new(lists[i], bn_facts_when(minute));
	}
	form = json_pack(
	    "{s:s, s:o, s:s, s:s?, s:s?, s:i, s:o, s:o}", "name", stream->name, "ref",
	    bn_facts_reference("stream", "prom", stream->name), "unit", stream->unit, "group",
	    stream->group, "stage", stream->stage, "position", stream->position, "ceiling",
	    stream->ceiling > 0 ? json_real(stream->ceiling) : json_null(), "minutes", minutes);
	for (i = 0; i < 3; i++)
		json_object_set_new(form, names[i], lists[i]);
	json_object_set_new(form, "level",
			    level_of(facts, stream) != NULL ? json_string(level_of(facts, stream))
							    : json_null());
	return form;
}

json_t *
bn_facts_streams(const struct bn_facts *facts)
{
	const struct bn_w_stream *stream;
	json_t *list = json_array();
	size_t i;

	for (i = 0; (stream = bn_world_stream(i)) != NULL; i++)
		json_array_append_new(list, stream_form(facts, stream));
	return list;
}
