/* facts_changes.c - which change defines what, and what changed before something went wrong. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sim/facts_room.h"

/* ---- along the lineage ----------------------------------------------------- */

static bool
holds(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i,
			   item) if (strcmp(json_string_value(item), text) == 0) return true;
	return false;
}

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

/* `ref` and everything that leads to it along the links. The caller decrefs. */
static json_t *
reached(const struct bn_facts *facts, const char *ref)
{
	json_t *list = json_pack("[s]", ref), *link;
	size_t done, i;

	for (done = 0; done < json_array_size(list); done++) {
		const char *here = json_string_value(json_array_get(list, done));

		json_array_foreach(json_object_get(facts->root, "links"), i, link)
		{
			const char *from = text_of(link, "from");

			if (strcmp(text_of(link, "to"), here) == 0 && !holds(list, from))
				json_array_append_new(list, json_string(from));
		}
	}
	return list;
}

/* ---- what defines a thing -------------------------------------------------- */

/* "extract/{name}.meltano.yml" and the like: whether `path` is `before` NAME `after`. */
static bool
named(const char *path, const char *before, const char *name, const char *after)
{
	char whole[200];

	snprintf(whole, sizeof(whole), "%s%s%s", before, name, after);
	return strcmp(path, whole) == 0;
}

static bool
defines_pipeline(const struct bn_w_change *change, const struct bn_w_pipeline *pipeline)
{
	if (strcmp(change->repo, "transform-dbt") == 0)
		return pipeline->work == BN_W_DBT && strncmp(change->path, "models/", 7) == 0;
	if (strcmp(change->repo, "pipelines-meltano") == 0 &&
	    named(change->path, "extract/", pipeline->name, ".meltano.yml"))
		return pipeline->engine == BN_W_ARGO;
	return (strcmp(change->repo, "workflows-argo") == 0) == (pipeline->engine == BN_W_ARGO) &&
	       strcmp(change->repo, "k8s-apps") != 0 && strcmp(change->repo, "infra-tf") != 0 &&
	       strcmp(change->path, pipeline->definition) == 0;
}

json_t *
bn_facts_defines(const struct bn_facts *facts, const struct bn_w_change *change)
{
	const struct bn_w_pipeline *pipeline;
	const struct bn_w_stream *stream;
	const struct bn_w_api *api;
	json_t *list = json_array();
	size_t i;

	for (i = 0; (pipeline = bn_world_pipeline(facts->world, i)) != NULL; i++)
		if (defines_pipeline(change, pipeline))
			json_array_append_new(list, bn_facts_reference("pipeline",
								       bn_facts_source(pipeline),
								       pipeline->name));
	for (i = 0; strcmp(change->repo, "k8s-apps") == 0 && (api = bn_world_api(i)) != NULL; i++)
		if (named(change->path, "apps/", api->app, "/deployment.yaml"))
			json_array_append_new(list,
					      bn_facts_reference("endpoint", "probes", api->name));
	for (i = 0;
	     strcmp(change->path, BN_W_FLINK_FILE) == 0 && (stream = bn_world_stream(i)) != NULL;
	     i++)
		if (bn_world_stream_of_flink(stream))
			json_array_append_new(list,
					      bn_facts_reference("stream", "prom", stream->name));
	return list;
}

/* The newest change of the day before `since` on a file that defines one of `things`. */
static json_t *
last_change(const struct bn_facts *facts, const json_t *things, bn_time since)
{
	json_t *change, *thing;
	size_t i, k;

	json_array_foreach(json_object_get(facts->root, "changes"), i, change)
	{
		json_array_foreach(json_object_get(change, "defines"), k, thing)
		{
			bn_time at = bn_time_parse(text_of(change, "at"));

			if (at <= since && at >= since - BN_W_DAY &&
			    holds(things, json_string_value(thing)))
				return json_pack("{s:s, s:s}", "ref", text_of(change, "ref"), "at",
						 text_of(change, "at"));
		}
	}
	return json_null();
}

/* ---- findings -------------------------------------------------------------- */

void
bn_facts_blame(struct bn_facts *facts)
{
	json_t *finding;
	size_t i;

	json_array_foreach(facts->findings, i, finding)
	{
		const char *about = text_of(finding, "about"), *began = text_of(finding, "since");
		bn_time since = *began != '\0' ? bn_time_parse(began) : facts->at;
		json_t *up = reached(facts, about);

		json_object_set_new(finding, "changed",
				    *about == '\0' ? json_null() : last_change(facts, up, since));
		json_decref(up);
	}
}
