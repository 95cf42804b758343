/* spec.c - finds requests and builds answers from an official specification. */
/* SPDX-License-Identifier: MIT */
#include "spec.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define DEPTH_AT_MOST 7

struct spec {
	json_t *document;
	char missing[300];
};

struct spec *
spec_open(const char *file)
{
	const char *folder = getenv("BN_SHARED_APIS");
	struct spec *spec = NULL;
	json_error_t error;
	char path[2048];

	snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : "../shared/apis", file);
	if (access(path, R_OK) != 0)
		return NULL;
	spec = calloc(1, sizeof(*spec));
	if (spec != NULL)
		spec->document = json_load_file(path, 0, &error);
	if (spec == NULL || spec->document == NULL) {
		fprintf(stderr, "%s: %s\n", path, spec != NULL ? error.text : "out of memory");
		abort();
	}
	return spec;
}

json_t *
spec_document(const char *file)
{
	struct spec *spec = spec_open(file);
	json_t *document = spec != NULL ? spec->document : NULL;

	free(spec);
	return document;
}

void
spec_close(struct spec *spec)
{
	if (spec != NULL)
		json_decref(spec->document);
	free(spec);
}

/* Follows {"$ref":"#/components/schemas/X"}. */
static const json_t *
resolve(const struct spec *spec, const json_t *json)
{
	for (int i = 0; i < 10; i++) {
		const char *ref = json_string_value(json_object_get(json, "$ref"));
		const json_t *at = spec->document;
		char part[300];

		if (ref == NULL || strncmp(ref, "#/", 2) != 0)
			return json;
		for (ref += 2; at != NULL && *ref != '\0';) {
			size_t size = strcspn(ref, "/");

			snprintf(part, sizeof(part), "%.*s", (int)size, ref);
			at = json_object_get(at, part);
			ref += size + (ref[size] == '/');
		}
		json = at;
	}
	return json;
}

/* Placeholders match by place: another placeholder, or whatever stands there. */
static bool
same_path(const char *known, const char *path)
{
	while (*known != '\0' && *path != '\0') {
		if (*known == '{') {
			known += strcspn(known, "}") + 1;
			path += strcspn(path, "/");
			continue;
		}
		if (*known != *path)
			return false;
		known++;
		path++;
	}
	if (*known == '{' && path[-1] == '/') /* an empty segment: all namespaces */
		known += strcspn(known, "}") + 1;
	return *known == *path;
}

static bool
has_parameter(const struct spec *spec, const json_t *list, const char *name, size_t size)
{
	size_t index;
	const json_t *item;

	json_array_foreach(list, index, item)
	{
		const json_t *parameter = resolve(spec, item);
		const char *known = json_string_value(json_object_get(parameter, "name"));
		const char *in = json_string_value(json_object_get(parameter, "in"));

		if (known != NULL && in != NULL && strcmp(in, "query") == 0 &&
		    strlen(known) == size && strncmp(known, name, size) == 0)
			return true;
	}
	return false;
}

static const json_t *
find_operation(const struct spec *spec, const char *method, const char *path, const json_t **shared)
{
	json_t *paths = json_object_get(spec->document, "paths"), *item;
	const char *known, *verb;
	json_t *operation;

	*shared = NULL;
	json_object_foreach(paths, known, item)
	{
		if (!same_path(known, path))
			continue;
		*shared = json_object_get(item, "parameters");
		json_object_foreach(item, verb,
				    operation) if (strcasecmp(verb, method) == 0) return operation;
	}
	return NULL;
}

const char *
spec_check(struct spec *spec, const char *method, const char *path, const char *query)
{
	const json_t *shared, *operation = find_operation(spec, method, path, &shared);

	if (operation == NULL) {
		snprintf(spec->missing, sizeof(spec->missing), "not in the specification");
		return spec->missing;
	}
	for (const char *at = query; *at != '\0';) {
		size_t size = strcspn(at, " ");

		if (size > 0 &&
		    !has_parameter(spec, json_object_get(operation, "parameters"), at, size) &&
		    !has_parameter(spec, shared, at, size)) {
			snprintf(spec->missing, sizeof(spec->missing),
				 "the parameter %.*s is not in the specification", (int)size, at);
			return spec->missing;
		}
		at += size + strspn(at + size, " ");
	}
	return NULL;
}

const json_t *
spec_answer(struct spec *spec, const char *method, const char *path)
{
	const json_t *shared, *operation = find_operation(spec, method, path, &shared);
	json_t *answers = json_object_get(operation, "responses");
	const json_t *found = NULL, *content;
	const char *status;
	json_t *answer;

	json_object_foreach(answers, status, answer) if (status[0] == '2') found = answer;
	found = found != NULL ? found : json_object_get(answers, "default");
	found = resolve(spec, found);
	content = json_object_get(json_object_get(found, "content"), "application/json");
	return content != NULL ? json_object_get(content, "schema")
			       : json_object_get(found, "schema");
}

/* ---- examples -------------------------------------------------------------------------------- */

static json_t *build(struct spec *spec, const json_t *schema, enum spec_flavour flavour, int depth,
		     int number, const char *name);

static bool
is_required(const json_t *schema, const char *name)
{
	size_t index;
	json_t *item;

	json_array_foreach(json_object_get(schema, "required"), index,
			   item) if (strcmp(json_string_value(item), name) == 0) return true;
	return false;
}

static void
add_members(struct spec *spec, json_t *object, const json_t *schema, enum spec_flavour flavour,
	    int depth, int number)
{
	const char *name;
	json_t *member;

	json_object_foreach(json_object_get(schema, "properties"), name, member)
	{
		bool required = is_required(schema, name);

		if (flavour == SPEC_NULLS && !required)
			json_object_set_new(object, name, json_null());
		else if (flavour != SPEC_BARE || required)
			json_object_set_new(object, name,
					    build(spec, member, flavour, depth + 1, number, name));
	}
}

static json_t *
build_object(struct spec *spec, const json_t *schema, enum spec_flavour flavour, int depth,
	     int number)
{
	const json_t *more = json_object_get(schema, "additionalProperties");
	json_t *object = json_object();
	size_t index;
	json_t *part;

	json_array_foreach(json_object_get(schema, "allOf"), index, part)
	{
		const json_t *real = resolve(spec, part);
		json_t *inherited = build_object(spec, real, flavour, depth, number);

		json_object_update(object, inherited);
		json_decref(inherited);
	}
	add_members(spec, object, schema, flavour, depth, number);
	if (json_is_object(more) && flavour != SPEC_BARE && flavour != SPEC_NULLS)
		for (int i = 0; i < 2; i++) {
			char key[32];

			snprintf(key, sizeof(key), "key-%d", i);
			json_object_set_new(object, key,
					    build(spec, more, flavour, depth + 1, i, "member"));
		}
	if (flavour == SPEC_STRANGE)
		json_object_set_new(object, "x-unheard-of", json_pack("[{s:s}, n]", "a", "b"));
	return object;
}

static json_t *
build_text(const json_t *schema, enum spec_flavour flavour, int number, const char *name)
{
	const json_t *words = json_object_get(schema, "enum");
	const char *format = json_string_value(json_object_get(schema, "format"));
	char text[100];

	if (flavour == SPEC_STRANGE) {
		snprintf(text, sizeof(text), "\033[31m%s \xe2\x80\xae%d", name, number);
		return json_string(text);
	}
	if (json_array_size(words) > 0)
		return json_deep_copy(
		    json_array_get(words, (size_t)number % json_array_size(words)));
	if ((format != NULL && strcmp(format, "date-time") == 0) ||
	    strcmp(name, "startedAt") == 0 || strcmp(name, "finishedAt") == 0)
		return json_string(number == 0 ? "2026-03-10T03:05:00.123456Z"
					       : "2026-03-10T03:06:00+00:00");
	snprintf(text, sizeof(text), "%s-%d", name, number);
	return json_string(text);
}

static json_t *
build_alternative(struct spec *spec, const json_t *list, enum spec_flavour flavour, int depth,
		  int number, const char *name)
{
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		const char *type = json_string_value(json_object_get(item, "type"));

		if (type == NULL || strcmp(type, "null") != 0)
			return build(spec, item, flavour, depth, number, name);
	}
	return json_null();
}

static json_t *
build(struct spec *spec, const json_t *schema, enum spec_flavour flavour, int depth, int number,
      const char *name)
{
	const char *type;
	json_t *list;

	schema = resolve(spec, schema);
	if (schema == NULL || depth > DEPTH_AT_MOST)
		return json_null();
	for (int i = 0; i < 2; i++) {
		const json_t *choice = json_object_get(schema, i == 0 ? "anyOf" : "oneOf");

		if (json_array_size(choice) > 0)
			return build_alternative(spec, choice, flavour, depth, number, name);
	}
	type = json_string_value(json_object_get(schema, "type"));
	if (type == NULL && json_is_array(json_object_get(schema, "type")))
		type = json_string_value(json_array_get(json_object_get(schema, "type"), 0));
	if (type == NULL)
		type = json_object_get(schema, "properties") != NULL ||
			       json_object_get(schema, "allOf") != NULL
			   ? "object"
			   : "string";
	if (strcmp(type, "object") == 0)
		return build_object(spec, schema, flavour, depth, number);
	if (strcmp(type, "array") == 0) {
		list = json_array();
		for (int i = 0; i < 2; i++)
			json_array_append_new(list, build(spec, json_object_get(schema, "items"),
							  flavour, depth + 1, i, name));
		return list;
	}
	if (strcmp(type, "integer") == 0)
		return json_integer(flavour == SPEC_STRANGE ? (number == 0 ? INT64_MAX : -7)
							    : number + 2);
	if (strcmp(type, "number") == 0)
		return json_real(flavour == SPEC_STRANGE ? 1e300 : number + 0.5);
	if (strcmp(type, "boolean") == 0)
		return json_boolean(number == 0);
	return build_text(schema, flavour, number, name);
}

json_t *
spec_example(struct spec *spec, const json_t *schema, enum spec_flavour flavour)
{
	return build(spec, schema, flavour, 0, 0, "value");
}
