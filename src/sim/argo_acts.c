/* argo_acts.c - the three writes the Argo face takes: retry, retry of an archived run, resubmission. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sim/argo.h"

/* Members of the body that the specification has; parameters make finished nodes run again, so a right client
 * sends none. */
static bool
read_body(struct bn_web_request *request, json_t **out)
{
	static const char *const plain[] = {
	    "namespace",	 "name",      "uid", "memoized", "restartSuccessful",
	    "nodeFieldSelector", "parameters"};
	struct bn_error err;
	const char *key;
	json_t *value;
	size_t i;

	*out = NULL;
	if (request->body == NULL ||
	    bn_json_load(out, request->body, request->body_size, &err) != BN_OK ||
	    !json_is_object(*out)) {
		bn_argo_error(request, 3, "unexpected EOF");
		return false;
	}
	json_object_foreach(*out, key, value)
	{
		for (i = 0; i < sizeof(plain) / sizeof(plain[0]) && strcmp(plain[i], key) != 0; i++)
			;
		if (i == sizeof(plain) / sizeof(plain[0])) {
			bn_argo_error(request, 3, "unknown field \"%s\"", key);
			return false;
		}
		if (i >= 4)
			bn_web_violation(request, "a parameter or selector in a retry");
	}
	return true;
}

static void
answer(struct bn_web_request *request, const struct bn_w_run *run)
{
	struct bn_mask *all = bn_mask_new(NULL);

	bn_web_json(request, 200, bn_argo_workflow(request->world, run, request->now, all, ""));
	bn_mask_free(all);
}

static bool
may(struct bn_web_request *request, const struct bn_w_run *run, const char *verb)
{
	enum bn_w_state state = bn_world_run_state(run, request->now);

	if (state == BN_W_FAILED)
		return true;
	bn_argo_error(request, 3, "Cannot %s a workflow in phase %s", verb, bn_argo_phase(state));
	return false;
}

static void
retry(struct bn_web_request *request, struct bn_w_run *run, bool archived)
{
	char name[sizeof(run->name)];

	if (bn_argo_is_archived(run, request->now) != archived) {
		if (archived)
			bn_argo_error(
			    request, 6,
			    "Workflow already exists on cluster, use argo retry %s instead",
			    run->name);
		else
			bn_argo_error(request, 5, "workflows.argoproj.io \"%s\" not found",
				      run->name);
		return;
	}
	if (!may(request, run, "retry"))
		return;
	if (!(archived ? bn_world_restore : bn_world_retry)(request->world, run, request->now)) {
		bn_argo_error(request, 13, "the demo's %s was retried as often as it can be",
			      run->name);
		return;
	}
	snprintf(name, sizeof(name), "%s", run->name); /* the search writes over what it is given */
	bn_world_find_run(request->world, NULL, name, NULL, request->now, run);
	answer(request, run);
}

static void
resubmit(struct bn_web_request *request, const struct bn_w_run *run)
{
	struct bn_w_run made;

	if (bn_world_resubmit(request->world, run, request->now, &made))
		answer(request, &made);
	else
		bn_argo_error(request, 13, "the demo takes no further run");
}

static bool
find(struct bn_web_request *request, const char *name, const char *uid, struct bn_w_run *run)
{
	if (bn_world_find_run(request->world, NULL, name, uid, request->now, run))
		return true;
	bn_argo_error(request, 5, "workflows.argoproj.io \"%s\" not found",
		      name != NULL ? name : uid);
	return false;
}

bool
bn_argo_act(struct bn_web_request *request)
{
	bool live = bn_web_path(request, "/api/v1/workflows/*/*/retry");
	bool archived = bn_web_path(request, "/api/v1/archived-workflows/*/retry");
	bool again = bn_web_path(request, "/api/v1/workflows/*/*/resubmit");
	struct bn_w_run run;
	json_t *body = NULL;

	if (!live && !archived && !again)
		return false;
	if (read_body(request, &body) && find(request, archived ? NULL : request->segment[4],
					      archived ? request->segment[3] : NULL, &run)) {
		if (again)
			resubmit(request, &run);
		else
			retry(request, &run, archived);
	}
	json_decref(body);
	return true;
}
