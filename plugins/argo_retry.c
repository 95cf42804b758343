/* argo_retry.c - an Argo run again: what would run, the one request, and what became of it. */
/* SPDX-License-Identifier: MIT
 *
 * Traps (issues of argo-workflows): a parameter of any kind makes finished children of groups run again
 * (#16879), so none is sent; a run that is both live and archived must be retried live (#11903); the retry of an
 * archived run of a deleted cron workflow answers 200 and makes nothing (#10215), so it is looked for before it
 * is called done; a time to live that began with the first failure may delete the run while it runs again
 * (#12636), so it is told.
 *
 * After a lost answer nothing is taken for ours by its name or its moment alone: the workflow's uid and the names of
 * the resubmissions there were are remembered right before sending, and compared. */
#include <string.h>

#include "argo.h"
#include "attempt.h"

#define AGAIN_AT_MOST 100 /* resubmissions of one workflow that are told apart */
/* How far behind ours the platform's clock may be before a resubmission is missed: a day. */
#define AGAIN_WITHIN INT64_C(86400000)

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

	return attempt_words(s, phase != NULL && phase[0] != '\0' ? phase : "Pending",
			     bn_json_string(workflow, "status/startedAt"),
			     bn_json_string(workflow, "status/finishedAt"));
}

static bool
at_work(struct bn_json workflow)
{
	const char *phase = bn_json_string(workflow, "status/phase");

	return phase == NULL || phase[0] == '\0' || strcmp(phase, "Running") == 0 ||
	       strcmp(phase, "Pending") == 0;
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

/* ---- resubmissions ----------------------------------------------------------------------------- */

/* Names, not uids: what a resubmission makes gets a name that was never there, while a resubmission of before gets
 * another uid when it is made again from the archive. */
struct resubmitted {
	struct bn_source *s;
	const char *names[AGAIN_AT_MOST];
	size_t count;
	bool more; /* than these */
};

static int
on_resubmitted(struct bn_json item, void *payload, struct bn_error *err)
{
	struct resubmitted *r = payload;
	const char *name = bn_json_string(item, "metadata/name");

	if (name == NULL)
		return bn_fail_at(r->s, err, BN_EPARSE, "a workflow has no name");
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->names[i], name) == 0)
			return BN_OK; /* live and archived */
	if (r->count < AGAIN_AT_MOST)
		r->names[r->count++] = bn_format(r->s, "%s", name);
	else
		r->more = true;
	return BN_OK;
}

/* Those of the workflow that were created after that moment of the platform's clock (0: all). */
static int
read_resubmitted(struct bn_source *s, const char *key, bn_time after, struct resubmitted *out,
		 struct bn_error *err)
{
	const char *namespace, *name, *next;
	struct bn_json rest = {0};
	int rc;

	*out = (struct resubmitted){.s = s};
	argo_split_key(s, key, &namespace, &name);
	rc = bn_items(
	    s, ARGO_RUNS,
	    BN_PARAMS({"namespace", namespace}, {"listOptions.limit", "100"},
		      {"listOptions.labelSelector",
		       bn_format(s, "workflows.argoproj.io/resubmitted-from-workflow=%s", name)},
		      {"fields", "metadata,items.metadata.name"},
		      {"createdAfter", after != 0 ? bn_time_text(s, after) : NULL}),
	    "items", on_resubmitted, out, &rest, err);
	if (rc == BN_OK && (next = bn_json_string(rest, "metadata/continue")) != NULL &&
	    next[0] != '\0')
		out->more = true;
	return rc;
}

/* What reconcile() compares with: {"uid":…,"resubmitted":[…]}, the latter where it will be asked for and only when
 * it is all of them. */
static int
remember(struct bn_source *s, struct bn_json workflow, struct bn_plan *plan, struct bn_error *err)
{
	const char *uid = bn_quote(s, bn_json_string(workflow, "metadata/uid")), *names = "";
	struct resubmitted *before;
	int rc;

	plan->remember = bn_format(s, "{\"uid\":%s}", uid);
	if (strcmp(plan->mode, "resubmit") != 0)
		return BN_OK;
	before = bn_alloc(s, sizeof(*before));
	if ((rc = read_resubmitted(s, plan->about.key, 0, before, err)) != BN_OK || before->more)
		return rc;
	for (size_t i = 0; i < before->count; i++)
		names =
		    bn_format(s, "%s%s%s", names, i > 0 ? "," : "", bn_quote(s, before->names[i]));
	plan->remember = bn_format(s, "{\"uid\":%s,\"resubmitted\":[%s]}", uid, names);
	return BN_OK;
}

/* False: nothing was remembered (an intent of an earlier binnacle). */
static bool
recall(struct bn_source *s, const struct bn_intent *intent, struct bn_json *out)
{
	struct bn_error ignored = {0};

	return intent->remember != NULL &&
	       bn_json_parse(s, intent->remember, strlen(intent->remember), out, &ignored) == BN_OK;
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
	if (plan->failed == 0)
		return bn_format(s, "no pod of it failed; keeps %d ok", plan->kept);
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

	if (at_work(workflow))
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
	/* A workflow may have failed by a deadline, or between its steps: what it has done is kept then. */
	if (plan->failed == 0 && plan->kept == 0) {
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
	return remember(s, workflow, plan, err);
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

static bool
was_there(struct bn_json before, const char *name)
{
	struct bn_json_iter it = bn_json_walk(before, "resubmitted");

	while (bn_json_next(&it)) {
		const char *known = bn_json_string(it.value, NULL);

		if (known != NULL && strcmp(known, name) == 0)
			return true;
	}
	return false;
}

/* Ours can only be one that was not there right before it was sent. Which of two it is nobody can tell: a
 * resubmission takes no mark of ours along. */
static void
judge_resubmitted(struct bn_source *s, struct bn_json before, const struct resubmitted *now,
		  const char *namespace, struct bn_outcome *outcome)
{
	const char *names = "", *one = NULL;
	size_t count = 0;

	for (size_t i = 0; i < now->count; i++)
		if (!was_there(before, now->names[i])) {
			one = now->names[i];
			names = bn_format(s, "%s%s%s", names, count++ > 0 ? ", " : "", one);
		}
	if (now->more || count > 1) {
		outcome->state = BN_OUTCOME_UNKNOWN;
		outcome->answer = bn_format(
		    s,
		    "resubmitted more than once since, which of them is ours can't be told: %s%s",
		    names, now->more ? ", …" : "");
	} else if (count == 0) {
		outcome->state = BN_OUTCOME_UNCHANGED;
		outcome->answer = "no workflow was resubmitted from it since";
	} else {
		outcome->state = BN_OUTCOME_DONE;
		outcome->run = argo_key(s, namespace, one);
		outcome->answer =
		    bn_format(s, "resubmitted since, by us or by somebody else, as %s", one);
	}
}

static int
find_resubmitted(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
		 struct bn_error *err)
{
	struct resubmitted *now = bn_alloc(s, sizeof(*now));
	const char *namespace, *name;
	struct bn_json before;
	int rc;

	if (!recall(s, intent, &before) || !bn_json_present(bn_json_get(before, "resubmitted"))) {
		outcome->state = BN_OUTCOME_UNKNOWN;
		outcome->answer =
		    "which resubmissions there were before it was sent is not known, so none can "
		    "be taken for ours";
		return BN_OK;
	}
	argo_split_key(s, intent->about.key, &namespace, &name);
	/* The moment only keeps the list short. What counts is what was not there. */
	rc = read_resubmitted(s, intent->about.key, intent->at - AGAIN_WITHIN, now, err);
	if (rc == BN_OK)
		judge_resubmitted(s, before, now, namespace, outcome);
	return rc;
}

/* A retry of an archived workflow makes an object with another uid, which keeps what had succeeded: a node of it
 * that began before the attempt of before had ended. One made anew under that name has none. */
static bool
made_from_archive(struct bn_source *s, const struct bn_intent *intent, struct bn_json workflow)
{
	struct bn_json_iter it = bn_json_walk(workflow, "status/nodes");
	bn_time ended = attempt_end(s, intent->attempt);

	while (bn_json_next(&it)) {
		bn_time began = bn_json_time(it.value, "startedAt");

		if (began != 0 && began < ended)
			return true;
	}
	return false;
}

int
argo_reconcile(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
	       struct bn_error *err)
{
	bool archived = intent->mode != NULL && strcmp(intent->mode, "archived-retry") == 0;
	const char *uid, *asked = NULL;
	struct bn_json workflow, before;
	int rc;

	if (intent->mode != NULL && strcmp(intent->mode, "resubmit") == 0)
		return find_resubmitted(s, intent, outcome, err);
	rc = read_workflow(s, intent->about.key,
			   archived ? LOOK_FIELDS ",status.nodes" : LOOK_FIELDS, &workflow, err);
	if (rc != BN_OK)
		return rc;
	uid = bn_json_string(workflow, "metadata/uid");
	if (recall(s, intent, &before))
		asked = bn_json_string(before, "uid");
	if (uid != NULL && asked != NULL && strcmp(uid, asked) != 0 &&
	    !(archived && made_from_archive(s, intent, workflow))) {
		outcome->state = BN_OUTCOME_UNKNOWN;
		outcome->answer =
		    bn_format(s, "is another workflow of that name now: %s, of uid %s, not %s",
			      attempt_of(s, workflow), uid, asked);
		return BN_OK;
	}
	attempt_judge(s, intent, attempt_of(s, workflow), at_work(workflow), outcome);
	return BN_OK;
}
