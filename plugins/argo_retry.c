/* argo_retry.c - an Argo run again: what would run, the one request, and what became of it. */
/* SPDX-License-Identifier: MIT
 *
 * Traps (issues of argo-workflows): a parameter of any kind makes finished children of groups run again
 * (#16879), so none is sent; a run that is both live and archived must be retried live (#11903); the retry of an
 * archived run of a deleted cron workflow answers 200 and makes nothing (#10215), so it is looked for before it
 * is called done; a time to live that began with the first failure may delete the run while it runs again
 * (#12636), so it is told. */
#include <string.h>

#include "argo.h"

#define PLAN_FIELDS                                                                                \
	"metadata.name,metadata.namespace,metadata.uid,metadata.labels,spec.ttlStrategy,"          \
	"status.phase,status.startedAt,status.finishedAt,status.message,"                          \
	"status.storedWorkflowTemplateSpec.ttlStrategy,status.nodes"
#define LOOK_FIELDS                                                                                \
	"metadata.name,metadata.namespace,metadata.uid,metadata.labels,status.phase,"              \
	"status.startedAt,status.finishedAt"

/* A retry sets the phase to Running, startedAt to now and takes finishedAt away (workflow/util,
 * FormulateRetryWorkflow). */
static const char *
attempt_of(struct bn_source *s, struct bn_json workflow)
{
	const char *phase = bn_json_string(workflow, "status/phase");
	const char *started = bn_json_string(workflow, "status/startedAt");
	const char *finished = bn_json_string(workflow, "status/finishedAt");

	return bn_format(s, "%s %s/%s", phase != NULL && phase[0] != '\0' ? phase : "Pending",
			 started != NULL ? started : "-", finished != NULL ? finished : "-");
}

/* The server falls back on the archive where the object is gone, and marks what it took from there so. */
static bool
only_archived(struct bn_json workflow)
{
	const char *word =
	    bn_json_string(workflow, "metadata/" ARGO_LABEL("workflow-archiving-status"));

	return word != NULL && strcmp(word, "Persisted") == 0;
}

static int
read_workflow(struct bn_source *s, const char *key, const char *fields, struct bn_json *out,
	      struct bn_error *err)
{
	const char *namespace, *name;

	argo_split_key(s, key, &namespace, &name);
	return bn_get(s, ARGO_RUN,
		      BN_PARAMS({"namespace", namespace}, {"name", name}, {"fields", fields}), out,
		      err);
}

/* ---- plan -------------------------------------------------------------------------------------- */

static const char *
duration(struct bn_source *s, int64_t seconds)
{
	if (seconds >= 172800)
		return bn_format(s, "%lldd", (long long)(seconds / 86400));
	if (seconds >= 7200)
		return bn_format(s, "%lldh", (long long)(seconds / 3600));
	return seconds >= 120 ? bn_format(s, "%lldm", (long long)(seconds / 60))
			      : bn_format(s, "%llds", (long long)seconds);
}

static const char *
ttl_note(struct bn_source *s, struct bn_json workflow)
{
	static const char *const roots[] = {"spec/ttlStrategy",
					    "status/storedWorkflowTemplateSpec/ttlStrategy"};
	static const char *const keys[] = {"secondsAfterFailure", "secondsAfterCompletion"};
	bn_time finished = bn_json_time(workflow, "status/finishedAt");

	for (size_t r = 0; r < 2; r++)
		for (size_t k = 0; k < 2; k++) {
			int64_t ttl =
			    bn_json_int(workflow, bn_format(s, "%s/%s", roots[r], keys[k]), -1);

			if (ttl < 0 || finished == 0 || ttl > INT64_C(1000000000))
				continue;
			return bn_format(
			    s,
			    "time to live: %s after it ended, at %s; if it still runs then, "
			    "it may be deleted while it runs",
			    duration(s, ttl), bn_time_text(s, finished + ttl * 1000));
		}
	return NULL;
}

static const char *
what(struct bn_source *s, const struct bn_plan *plan)
{
	if (plan->skipped == 0)
		return bn_format(s, "failed nodes only: %d failed; keeps %d ok", plan->failed,
				 plan->kept);
	return bn_format(s, "failed nodes only: %d failed + %d skipped; keeps %d ok", plan->failed,
			 plan->skipped, plan->kept);
}

static int
may_retry(struct bn_source *s, struct bn_json workflow, const char *key, struct bn_error *err)
{
	const char *phase = bn_json_string(workflow, "status/phase");

	if (phase == NULL || phase[0] == '\0' || strcmp(phase, "Running") == 0 ||
	    strcmp(phase, "Pending") == 0)
		return bn_fail_at(s, err, BN_EBUSY, "%s runs at this moment (%s)", key,
				  phase != NULL && phase[0] != '\0' ? phase : "Pending");
	if (strcmp(phase, "Succeeded") == 0)
		return bn_fail_at(s, err, BN_ECONFLICT, "%s has recovered already: it succeeded",
				  key);
	if (strcmp(phase, "Failed") != 0 && strcmp(phase, "Error") != 0)
		return bn_fail_at(s, err, BN_EUNSUPPORTED,
				  "%s is in phase %s, and Argo retries only Failed and Error", key,
				  phase);
	return BN_OK;
}

static void
choose_way(struct bn_source *s, struct bn_json workflow, struct bn_plan *plan)
{
	const char *namespace, *name, *uid = bn_json_string(workflow, "metadata/uid");
	const char *ttl;
	size_t note = 0;

	argo_split_key(s, plan->about.key, &namespace, &name);
	if (plan->failed == 0) {
		plan->mode = "resubmit";
		plan->what = "nothing of it ran: all of it, as a new workflow";
		plan->sends = "PUT workflow resubmit, without parameters";
		plan->request =
		    bn_format(s, "PUT /api/v1/workflows/%s/%s/resubmit", namespace, name);
	} else if (only_archived(workflow) && uid != NULL) {
		plan->mode = "archived-retry";
		plan->what = what(s, plan);
		plan->sends = "PUT retry of the archived workflow, without parameters";
		plan->request = bn_format(s, "PUT /api/v1/archived-workflows/%s/retry", uid);
		plan->notes[note++] = "its object is gone: Argo makes it again from the archive";
	} else {
		plan->mode = "retry";
		plan->what = what(s, plan);
		plan->sends =
		    "PUT workflow retry, without parameters (they would re-run nodes that "
		    "already succeeded)";
		plan->request = bn_format(s, "PUT /api/v1/workflows/%s/%s/retry", namespace, name);
	}
	plan->body = strcmp(plan->mode, "archived-retry") == 0
			 ? bn_format(s, "{\"uid\":%s,\"namespace\":%s,\"name\":%s}",
				     bn_quote(s, uid), bn_quote(s, namespace), bn_quote(s, name))
			 : bn_format(s, "{\"namespace\":%s,\"name\":%s}", bn_quote(s, namespace),
				     bn_quote(s, name));
	if (strcmp(plan->mode, "retry") == 0 && (ttl = ttl_note(s, workflow)) != NULL)
		plan->notes[note++] = ttl;
}

int
argo_plan(struct bn_source *s, struct bn_plan *plan, struct bn_error *err)
{
	struct bn_json workflow;
	int rc = read_workflow(s, plan->about.key, PLAN_FIELDS, &workflow, err);

	if (rc == BN_OK)
		rc = may_retry(s, workflow, plan->about.key, err);
	if (rc != BN_OK)
		return rc;
	plan->attempt = attempt_of(s, workflow);
	plan->unit = "pod";
	argo_steps(s, workflow, plan);
	choose_way(s, workflow, plan);
	return BN_OK;
}

/* ---- act --------------------------------------------------------------------------------------- */

/* 200 for an archived run does not mean that there is one now. */
static int
must_exist(struct bn_source *s, const struct bn_plan *plan, struct bn_outcome *outcome,
	   struct bn_error *err)
{
	struct bn_json workflow = {0};
	struct bn_error why = {0};
	int rc = BN_OK;

	for (int i = 0; i < 4; i++) {
		if (i > 0 && bn_wait(s, 500) != BN_OK)
			break;
		rc = read_workflow(s, plan->about.key, LOOK_FIELDS, &workflow, &why);
		if (rc == BN_OK && !only_archived(workflow)) {
			outcome->attempt = attempt_of(s, workflow);
			return BN_OK;
		}
	}
	if (rc == BN_OK || rc == BN_ENOTFOUND) {
		outcome->state = BN_OUTCOME_REFUSED;
		outcome->answer = "answered 200, but made no workflow (argo-workflows #10215)";
		return bn_fail_at(s, err, BN_EREMOTE, "%s: %s", plan->about.key, outcome->answer);
	}
	outcome->state = BN_OUTCOME_UNKNOWN;
	outcome->answer = "answered 200, but whether there is a workflow now could not be read";
	return bn_fail_at(s, err, BN_EUNCERTAIN, "%s: %s", plan->about.key, outcome->answer);
}

int
argo_act(struct bn_source *s, const struct bn_plan *plan, struct bn_outcome *outcome,
	 struct bn_error *err)
{
	bool archived = strcmp(plan->mode, "archived-retry") == 0;
	bool resubmit = strcmp(plan->mode, "resubmit") == 0;
	enum argo_request request = archived   ? ARGO_RETRY_ARCHIVED
				    : resubmit ? ARGO_RESUBMIT
					       : ARGO_RETRY;
	struct bn_json body, reply = {0};
	const char *namespace, *name, *phase;
	int rc = bn_json_parse(s, plan->body, strlen(plan->body), &body, err);

	if (rc != BN_OK)
		return rc;
	argo_split_key(s, plan->about.key, &namespace, &name);
	rc = bn_send(s, request,
		     archived ? BN_PARAMS({"uid", bn_json_string(body, "uid")})
			      : BN_PARAMS({"namespace", namespace}, {"name", name}),
		     plan->body, &reply, outcome, err);
	if (rc != BN_OK)
		return rc;
	phase = bn_json_string(reply, "status/phase");
	outcome->answer =
	    bn_format(s, "phase %s", phase != NULL && phase[0] != '\0' ? phase : "Pending");
	if (resubmit)
		outcome->run = argo_key(s, bn_json_string(reply, "metadata/namespace"),
					bn_json_string(reply, "metadata/name"));
	else
		outcome->attempt = attempt_of(s, reply);
	return archived ? must_exist(s, plan, outcome, err) : BN_OK;
}

/* ---- reconcile --------------------------------------------------------------------------------- */

struct search {
	struct bn_source *s;
	const char *found;
};

static int
on_resubmitted(struct bn_json item, void *payload, struct bn_error *err)
{
	struct search *search = payload;

	(void)err;
	if (search->found == NULL)
		search->found =
		    bn_format(search->s, "%s",
			      argo_key(search->s, bn_json_string(item, "metadata/namespace"),
				       bn_json_string(item, "metadata/name")));
	return BN_OK;
}

static int
find_resubmitted(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
		 struct bn_error *err)
{
	struct search search = {.s = s};
	const char *namespace, *name;
	int rc;

	argo_split_key(s, intent->about.key, &namespace, &name);
	rc = bn_items(
	    s, ARGO_RUNS,
	    BN_PARAMS({"namespace", namespace}, {"listOptions.limit", "10"},
		      {"listOptions.labelSelector",
		       bn_format(s, "workflows.argoproj.io/resubmitted-from-workflow=%s", name)},
		      {"fields", "metadata,items.metadata.name,items.metadata.namespace"},
		      {"createdAfter", bn_time_text(s, intent->at - 5000)}),
	    "items", on_resubmitted, &search, NULL, err);
	if (rc != BN_OK)
		return rc;
	outcome->state = search.found != NULL ? BN_OUTCOME_DONE : BN_OUTCOME_UNCHANGED;
	outcome->run = search.found;
	outcome->answer = search.found != NULL ? bn_format(s, "resubmitted as %s", search.found)
					       : "no workflow was resubmitted from it";
	return BN_OK;
}

int
argo_reconcile(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
	       struct bn_error *err)
{
	struct bn_json workflow;
	int rc;

	if (intent->mode != NULL && strcmp(intent->mode, "resubmit") == 0)
		return find_resubmitted(s, intent, outcome, err);
	if ((rc = read_workflow(s, intent->about.key, LOOK_FIELDS, &workflow, err)) != BN_OK)
		return rc;
	outcome->attempt = attempt_of(s, workflow);
	outcome->state = intent->attempt == NULL			  ? BN_OUTCOME_UNKNOWN
			 : strcmp(outcome->attempt, intent->attempt) != 0 ? BN_OUTCOME_DONE
									  : BN_OUTCOME_UNCHANGED;
	outcome->answer =
	    bn_format(s,
		      outcome->state == BN_OUTCOME_DONE ? "runs in a newer attempt: %s"
							: "still shows the attempt of before: %s",
		      outcome->attempt);
	return BN_OK;
}
