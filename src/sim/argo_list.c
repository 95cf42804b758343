/* argo_list.c - the server's workflow lists: live and archived merged, selectors, offsets, masks. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sim/argo.h"

/* ---- label selectors ------------------------------------------------------- */

/* The next word (letters, digits, '-', '_', '.', '/'), trimmed; "" if there is none. */
static const char *
word(const char *at, char *out, size_t size)
{
	size_t n = 0;

	while (*at == ' ')
		at++;
	while (isalnum((unsigned char)*at) || (*at != '\0' && strchr("-_./", *at) != NULL)) {
		if (n + 1 < size)
			out[n++] = *at;
		at++;
	}
	out[n] = '\0';
	while (*at == ' ')
		at++;
	return at;
}

/* "(a,b)": sets *found if `value` is one of them; NULL if it is not such a list. */
static const char *
set_of(const char *at, const char *value, bool *found)
{
	char each[128];

	*found = false;
	if (*at != '(')
		return NULL;
	do {
		at = word(at + 1, each, sizeof(each));
		*found |= value != NULL && strcmp(each, value) == 0;
	} while (*at == ',');
	return *at == ')' ? at + 1 : NULL;
}

/* One requirement; returns what follows it or NULL if it cannot be read. */
static const char *
requirement(const char *at, bn_argo_value_fn *value_of, const void *object, bool *holds)
{
	char key[160], operand[160];
	bool negated = *at == '!', found;
	const char *value, *next;

	at = word(at + negated, key, sizeof(key));
	if (key[0] == '\0')
		return NULL;
	value = value_of(object, key);
	if (*at == ',' || *at == '\0') {
		*holds = (value != NULL) != negated;
		return at;
	}
	if (negated)
		return NULL;
	if (*at == '=' || (at[0] == '!' && at[1] == '=')) {
		negated = *at == '!';
		at += at[1] == '=' ? 2 : 1;
		at = word(at, operand, sizeof(operand));
		*holds = (value != NULL && strcmp(value, operand) == 0) != negated;
		return at;
	}
	next = word(at, operand, sizeof(operand));
	if (strcmp(operand, "in") != 0 && strcmp(operand, "notin") != 0)
		return NULL;
	next = set_of(next, value, &found);
	*holds = found == (strcmp(operand, "in") == 0);
	return next;
}

bool
bn_argo_selects(const char *selector, bn_argo_value_fn *value_of, const void *object, bool *bad)
{
	bool all = true, holds = false;

	*bad = false;
	while (selector != NULL && *selector != '\0') {
		while (*selector == ' ')
			selector++;
		selector = requirement(selector, value_of, object, &holds);
		if (selector == NULL || (*selector != ',' && *selector != '\0')) {
			*bad = true;
			return false;
		}
		all = all && holds;
		if (*selector == ',')
			selector++;
	}
	return all;
}

/* ---- which runs ------------------------------------------------------------ */

struct labelled {
	const struct bn_w_run *run;
	bn_time now;
};

static const char *
label_value(const void *object, const char *key)
{
	const struct labelled *labelled = object;

	return bn_argo_label(labelled->run, labelled->now, key);
}

struct wanted {
	const char *labels, *name, *name_filter;
	bn_time created_after, finished_before, started_after, started_before;
	bool archive_only, remaining;
	int64_t limit, offset;
};

static bool
name_matches(const struct wanted *wanted, const char *name)
{
	const char *filter = wanted->name_filter == NULL ? "Exact" : wanted->name_filter;

	if (wanted->name == NULL || *wanted->name == '\0')
		return true;
	if (strcmp(filter, "Prefix") == 0)
		return strncmp(name, wanted->name, strlen(wanted->name)) == 0;
	if (strcmp(filter, "Contains") == 0)
		return strstr(name, wanted->name) != NULL;
	if (strcmp(filter, "NotEquals") == 0)
		return strcmp(name, wanted->name) != 0;
	return strcmp(name, wanted->name) == 0;
}

static bool
is_wanted(const struct wanted *wanted, const struct bn_w_run *run, bn_time now)
{
	enum bn_w_state state = bn_world_run_state(run, now);
	struct labelled labelled = {run, now};
	bool over = state == BN_W_OK || state == BN_W_FAILED, bad;

	if (state == BN_W_NONE || (wanted->archive_only && !over))
		return false;
	if (wanted->created_after != 0 && run->created <= wanted->created_after)
		return false;
	if (wanted->finished_before != 0 && (!over || run->finished >= wanted->finished_before))
		return false;
	if (wanted->started_after != 0 && run->started <= wanted->started_after)
		return false;
	if (wanted->started_before != 0 && run->started >= wanted->started_before)
		return false;
	return name_matches(wanted, run->name) &&
	       bn_argo_selects(wanted->labels, label_value, &labelled, &bad);
}

struct found {
	struct bn_w_run *run;
	size_t count, capacity;
};

static void
keep(struct found *found, const struct bn_w_run *run)
{
	if (found->count == found->capacity) {
		found->capacity = found->capacity == 0 ? 256 : found->capacity * 2;
		found->run = bn_xrealloc(found->run, found->capacity, sizeof(*found->run));
	}
	found->run[found->count++] = *run;
}

static void
collect(const struct bn_web_request *request, const struct wanted *wanted, struct found *found)
{
	const struct bn_w_pipeline *pipeline;
	struct bn_w_run run;
	int64_t slot;
	size_t i;

	for (i = 0; (pipeline = bn_world_pipeline(request->world, i)) != NULL; i++) {
		if (pipeline->engine != BN_W_ARGO || pipeline->suspended)
			continue;
		for (slot = bn_world_last_slot(pipeline, request->now);
		     slot >= bn_world_first_slot(pipeline, request->now); slot--) {
			bn_world_run_now(request->world, pipeline, slot, request->now, &run);
			if (wanted->created_after != 0 && run.created <= wanted->created_after)
				break; /* older ones were created before */
			if (is_wanted(wanted, &run, request->now))
				keep(found, &run);
		}
	}
}

static void
collect_resubmitted(const struct bn_web_request *request, const struct wanted *wanted,
		    struct found *found)
{
	struct bn_w_run run;
	size_t i;

	for (i = 0; bn_world_resubmitted(request->world, i, request->now, &run); i++)
		if (is_wanted(wanted, &run, request->now))
			keep(found, &run);
}

static int
newest_first(const void *a, const void *b)
{
	const struct bn_w_run *x = a, *y = b;

	if (x->started != y->started)
		return x->started < y->started ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* ---- parameters ------------------------------------------------------------ */

static bool
read_field(struct wanted *wanted, char *field)
{
	size_t key = strcspn(field, "=<>!");
	char *value = field + key, operation = *value;

	if (operation == '\0' || operation == '!')
		return false;
	*value++ = '\0';
	if (*value == '=')
		value++;
	if (strcmp(field, "metadata.name") == 0 && operation == '=')
		wanted->name = value;
	else if (strcmp(field, "metadata.namespace") == 0 && operation == '=')
		; /* there is one */
	else if (strcmp(field, "ext.showRemainingItemCount") == 0 && operation == '=')
		wanted->remaining = bn_face_bool(value, false);
	else if (strcmp(field, "spec.startedAt") == 0 && operation == '>')
		wanted->started_after = bn_time_parse(value);
	else if (strcmp(field, "spec.startedAt") == 0 && operation == '<')
		wanted->started_before = bn_time_parse(value);
	else
		return false;
	return true;
}

/* Cuts `fields` (kept by the caller as long as `wanted`). */
static bool
read_fields(struct bn_web_request *request, struct wanted *wanted, char *fields)
{
	char *save = NULL, *field;

	for (field = strtok_r(fields, ",", &save); field != NULL;
	     field = strtok_r(NULL, ",", &save)) {
		if (!read_field(wanted, field)) {
			bn_argo_error(request, 3, "unsupported requirement %s", field);
			return false;
		}
	}
	return true;
}

static bool
read_time(struct bn_web_request *request, const char *name, bn_time *out)
{
	const char *text = bn_web_query(request, name);

	*out = 0;
	if (text == NULL || *text == '\0')
		return true;
	*out = bn_time_parse(text);
	if (*out == 0)
		bn_argo_error(request, 3, "parsing time \"%s\": %s is not RFC 3339", text, name);
	return *out != 0;
}

static bool
read_paging(struct bn_web_request *request, struct wanted *wanted)
{
	const char *limit = bn_web_query(request, "listOptions.limit");
	const char *from = bn_web_query(request, "listOptions.continue");

	if (limit != NULL && *limit != '\0') {
		wanted->limit = bn_face_number(limit, INT32_MAX);
		if (wanted->limit < 0) {
			bn_argo_error(request, 3,
				      "parsing field \"limit\": strconv.ParseInt: parsing \"%s\"",
				      limit);
			return false;
		}
	}
	if (from != NULL && *from != '\0') {
		wanted->offset = bn_face_number(from, INT32_MAX);
		if (wanted->offset < 0) {
			bn_argo_error(request, 3, "listOptions.continue must be int");
			return false;
		}
	}
	return true;
}

static bool
read_wanted(struct bn_web_request *request, struct wanted *wanted)
{
	struct labelled nobody = {NULL, 0};
	struct bn_w_run any;
	bool bad;

	memset(wanted, 0, sizeof(*wanted));
	wanted->labels = bn_web_query(request, "listOptions.labelSelector");
	wanted->name_filter = bn_web_query(request, "nameFilter");
	bn_world_run_now(request->world, bn_world_pipeline(request->world, 0),
			 bn_world_last_slot(bn_world_pipeline(request->world, 0), request->now),
			 request->now, &any);
	nobody.run = &any;
	bn_argo_selects(wanted->labels, label_value, &nobody, &bad);
	if (bad) {
		bn_argo_error(request, 3, "unable to parse requirement: found '%s'",
			      wanted->labels);
		return false;
	}
	return read_time(request, "createdAfter", &wanted->created_after) &&
	       read_time(request, "finishedBefore", &wanted->finished_before) &&
	       read_paging(request, wanted);
}

/* ---- the answer ------------------------------------------------------------ */

static json_t *
page_of(struct bn_web_request *request, const struct wanted *wanted, struct found *found,
	const struct bn_mask *mask)
{
	json_t *items = json_array();
	size_t pass, i, at = 0;

	/* live ones first, then the archive's: the order of the two lists that are merged */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < found->count; i++) {
			if (bn_argo_is_archived(&found->run[i], request->now) != (pass == 1))
				continue;
			if (at >= (size_t)wanted->offset &&
			    (wanted->limit == 0 || at < (size_t)(wanted->offset + wanted->limit)))
				json_array_append_new(
				    items, bn_argo_workflow(request->world, &found->run[i],
							    request->now, mask, "items"));
			at++;
		}
	}
	return items;
}

static json_t *
list_metadata(const struct bn_web_request *request, const struct wanted *wanted, size_t count)
{
	char text[32];
	json_t *metadata;
	int64_t end = wanted->offset + wanted->limit;

	snprintf(text, sizeof(text), "%lld", (long long)(request->now / 1000));
	metadata = json_pack("{s:s}", "resourceVersion", text);
	if (wanted->limit > 0 && (size_t)end < count) {
		snprintf(text, sizeof(text), "%lld", (long long)end);
		json_object_set_new(metadata, "continue", json_string(text));
		if (wanted->remaining)
			json_object_set_new(metadata, "remainingItemCount",
					    json_integer((json_int_t)count - end));
	}
	return metadata;
}

void
bn_argo_list(struct bn_web_request *request, bool archive_only)
{
	const char *selector = bn_web_query(request, "listOptions.fieldSelector");
	char *fields = bn_xstrdup(selector == NULL ? "" : selector);
	struct bn_mask *mask = bn_mask_new(bn_web_query(request, "fields"));
	struct found found = {NULL, 0, 0};
	int64_t acted = bn_world_acted(request->world);
	struct wanted wanted;
	json_t *body, *items;

	if (bn_web_said(request) || !read_wanted(request, &wanted) ||
	    !read_fields(request, &wanted, fields))
		goto out;
	wanted.archive_only = archive_only;
	if (archive_only && bn_web_query(request, "namePrefix") != NULL) {
		wanted.name = bn_web_query(request, "namePrefix");
		wanted.name_filter = "Prefix";
	}
	collect(request, &wanted, &found);
	collect_resubmitted(request, &wanted, &found);
	if (found.count > 0)
		qsort(found.run, found.count, sizeof(*found.run), newest_first);
	items = page_of(request, &wanted, &found, mask);
	if (json_array_size(items) == 0) { /* Go's nil slice */
		json_decref(items);
		items = json_null();
	}
	body = json_pack("{s:o, s:o}", "metadata", list_metadata(request, &wanted, found.count),
			 "items", items);
	bn_mask_apply(mask, body);
	bn_web_json(request, 200, body);
	bn_web_keep(request, acted);
out:
	free(found.run);
	free(fields);
	bn_mask_free(mask);
}
