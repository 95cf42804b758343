/* act.c - lanes for planning, sending and reconciling: on the thread of whoever acts, one send a lane. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"
#include "collect/internal.h"

static int
find(struct bn_collect *collect, const char *source, struct bn_feed **out, struct bn_error *err)
{
	*out = source != NULL ? bn_collect_feed(collect, source) : NULL;
	if (*out == NULL || (*out)->disabled) {
		bn_fail(err, BN_ENOTFOUND, "source \"%s\" is %s here", source != NULL ? source : "",
			*out != NULL ? "disabled" : "not configured");
		return bn_hint(err, "binnacle sources lists those that are");
	}
	if ((*out)->plugin->plan == NULL || (*out)->plugin->act == NULL ||
	    (*out)->plugin->reconcile == NULL)
		return bn_fail(err, BN_EUNSUPPORTED, "%s: %s retries nothing", (*out)->name,
			       (*out)->plugin->name);
	return BN_OK;
}

static int
begin(struct bn_lane **lane, struct bn_collect *collect, const char *source, struct bn_error *err)
{
	struct bn_feed *feed;
	int rc;

	*lane = NULL;
	if ((rc = find(collect, source, &feed, err)) != BN_OK ||
	    (rc = bn_lane_new(lane, feed, BN_LANE_ACTION, err)) != BN_OK)
		return rc;
	return bn_lane_begin(*lane, err);
}

static void
finish(struct bn_lane *lane)
{
	if (lane == NULL)
		return;
	bn_lane_end(lane);
	bn_lane_free(lane);
}

static int
make_plan(struct bn_lane *lane, struct bn_plan *plan, struct bn_error *err)
{
	int rc;

	if (plan->only != NULL && !lane->feed->plugin->plans_tasks)
		return bn_fail(err, BN_EUNSUPPORTED,
			       "%s: %s retries all that failed in a run, not some of it",
			       lane->feed->name, lane->feed->plugin->name);
	rc = lane->feed->plugin->plan(&lane->source, plan, err);
	bn_lane_returned(lane, rc, err);
	if (rc == BN_OK && (plan->mode == NULL || plan->attempt == NULL || plan->request == NULL))
		rc = bn_fail(err, BN_EINTERNAL, "%s: the plugin's plan says not what it would send",
			     lane->feed->name);
	/* It goes into the journal as it is: with stars reconcile() would take it for something else. */
	if (rc == BN_OK && bn_lane_redacted(lane, plan->remember) != plan->remember) {
		rc = bn_fail(err, BN_EPERM,
			     "%s: what its plugin wants to remember has a secret of the source in "
			     "it: nothing is sent",
			     lane->feed->name);
		bn_hint(err, "a defect of the plugin %s; or the secret is the name of something",
			lane->feed->plugin->name);
	}
	return rc;
}

int
bn_collect_plan(struct bn_collect *collect, struct bn_ref about, const char *verb,
		const char *const *only, bn_plan_fn *take, void *payload, struct bn_error *err)
{
	struct bn_plan plan = {.about = about, .verb = verb, .only = only}, shown;
	struct bn_lane *lane;
	int rc = begin(&lane, collect, about.source, err);

	if (rc == BN_OK)
		rc = make_plan(lane, &plan, err);
	if (rc == BN_OK) {
		shown = bn_lane_redacted_plan(lane, &plan);
		rc = take(&shown, payload, err);
	}
	finish(lane);
	return rc;
}

/* From here on the lane is not cancelled by a person who has had enough of waiting. False: it already was. */
static bool
point_of_no_return(struct bn_lane *lane)
{
	struct bn_collect *collect = lane->feed->collect;
	bool go;

	pthread_mutex_lock(&collect->lock);
	go = !collect->stopping && !atomic_load(&lane->cancelled);
	lane->sending = go;
	pthread_mutex_unlock(&collect->lock);
	return go;
}

/* A plugin that knows nothing of a request that left can't say that it did not, nor that it was refused: what was not
 * sent holds nobody up, and would be sent again. */
static void
correct(const struct bn_lane *lane, struct bn_outcome *outcome)
{
	if (lane->fate == BN_OUTCOME_NOT_SENT)
		return;
	if (outcome->state == BN_OUTCOME_NOT_SENT ||
	    (outcome->state == BN_OUTCOME_REFUSED && lane->fate == BN_OUTCOME_UNKNOWN))
		outcome->state = lane->fate;
}

static int
send_once(struct bn_lane *lane, const struct bn_plan *plan, bn_told_fn *told, void *payload,
	  struct bn_error *err)
{
	/* Until the plugin calls bn_send nothing is sent. */
	struct bn_outcome outcome = {.state = BN_OUTCOME_NOT_SENT};
	int rc;

	lane->sent = false;
	lane->fate = BN_OUTCOME_NOT_SENT;
	bn_http_allow_write(lane->http, true);
	rc = lane->feed->plugin->act(&lane->source, plan, &outcome, err);
	bn_http_allow_write(lane->http, false);
	bn_lane_returned(lane, rc, err);
	bn_lane_redact_outcome(lane, &outcome);
	correct(lane, &outcome);
	/* A plugin that calls it done must have had an answer; one that fails after it is not believed more. */
	if (rc != BN_OK && outcome.state == BN_OUTCOME_DONE)
		outcome.state = BN_OUTCOME_UNKNOWN;
	if (rc == BN_OK && outcome.state == BN_OUTCOME_UNCHANGED)
		outcome.state = BN_OUTCOME_UNKNOWN;
	told(&outcome, rc != BN_OK ? err : NULL, payload);
	return rc;
}

/* Compared with what was shown, in which no secret is left; sent as the plugin made it. */
static int
look(struct bn_lane *lane, struct bn_plan *plan, bn_plan_fn *check, void *payload, bool *again,
     struct bn_error *err)
{
	struct bn_plan shown;
	int rc = make_plan(lane, plan, err);

	*again = false;
	if (rc == BN_OK && !point_of_no_return(lane))
		rc = bn_fail(err, BN_ECANCELLED, "cancelled before anything was sent");
	if (rc == BN_OK) {
		shown = bn_lane_redacted_plan(lane, plan);
		rc = check(&shown, payload, err);
		*again = rc == BN_LOOK_AGAIN;
	}
	return rc;
}

int
bn_collect_act(struct bn_collect *collect, struct bn_ref about, const char *verb,
	       const char *const *only, const char *key, bn_plan_fn *check, bn_told_fn *told,
	       void *payload, struct bn_error *err)
{
	const struct bn_plan blank = {.about = about, .verb = verb, .only = only, .key = key};
	struct bn_plan plan;
	struct bn_lane *lane;
	int rc = begin(&lane, collect, about.source, err);
	bool again = rc == BN_OK;

	while (again) {
		plan = blank;
		rc = look(lane, &plan, check, payload, &again, err);
	}
	if (rc == BN_OK)
		rc = send_once(lane, &plan, told, payload, err);
	finish(lane);
	return rc;
}

int
bn_collect_reconcile(struct bn_collect *collect, const struct bn_intent *intent, bn_told_fn *told,
		     void *payload, struct bn_error *err)
{
	struct bn_outcome outcome = {.state = BN_OUTCOME_UNKNOWN};
	struct bn_lane *lane;
	int rc = begin(&lane, collect, intent->about.source, err);

	if (rc == BN_OK) {
		rc = lane->feed->plugin->reconcile(&lane->source, intent, &outcome, err);
		bn_lane_returned(lane, rc, err);
		bn_lane_redact_outcome(lane, &outcome);
	}
	if (rc == BN_OK)
		told(&outcome, NULL, payload);
	finish(lane);
	return rc;
}

void
bn_collect_cancel_plans(struct bn_collect *collect)
{
	struct bn_lane *lane;
	size_t i;

	pthread_mutex_lock(&collect->lock);
	for (i = 0; i < collect->count; i++)
		for (lane = collect->feeds[i].lanes; lane != NULL; lane = lane->next)
			if (lane->role == BN_LANE_ACTION && !lane->sending)
				bn_lane_cancel(lane);
	collect->plans_cancelled++;
	pthread_cond_broadcast(&collect->changed); /* who waits for a run's tasks */
	pthread_mutex_unlock(&collect->lock);
}

unsigned
bn_collect_plans(struct bn_collect *collect)
{
	unsigned plans;

	pthread_mutex_lock(&collect->lock);
	plans = collect->plans_cancelled;
	pthread_mutex_unlock(&collect->lock);
	return plans;
}

const char *
bn_collect_actions(struct bn_collect *collect, const char *source)
{
	const struct bn_feed *feed = source != NULL ? bn_collect_feed(collect, source) : NULL;

	return feed == NULL || feed->disabled ? NULL : bn_feed_option(feed, "actions", 0);
}

bool
bn_collect_can_act(struct bn_collect *collect, const char *source)
{
	struct bn_feed *feed;

	return find(collect, source, &feed, NULL) == BN_OK;
}

bool
bn_collect_plans_tasks(struct bn_collect *collect, const char *source)
{
	struct bn_feed *feed;

	return find(collect, source, &feed, NULL) == BN_OK && feed->plugin->plans_tasks;
}

/* ---- who is at it ------------------------------------------------------------------------------ */

struct bn_hold {
	struct bn_lease lease;
};

int
bn_collect_hold(struct bn_hold **out, struct bn_collect *collect, struct bn_ref about,
		struct bn_error *err)
{
	struct bn_hold *hold;
	char digest[BN_DIGEST_HEX];
	char *name;
	int rc;

	*out = NULL;
	if (collect->state_dir == NULL)
		return BN_OK;
	name = bn_xasprintf("%s %s", bn_kind_word(about.kind), about.key);
	bn_digest_once(name, strlen(name), digest);
	free(name);
	name = bn_xasprintf("act-%s", about.source);
	hold = bn_xcalloc(1, sizeof(*hold));
	bn_lease_init(&hold->lease, collect->state_dir, name, digest);
	free(name);
	if ((rc = bn_lease_try(&hold->lease, err)) == BN_OK) {
		*out = hold;
		return BN_OK;
	}
	if (rc == BN_EBUSY) {
		bn_fail(err, BN_EBUSY, "%.200s: another session acts on it at this moment",
			about.key);
		bn_hint(err, "wait for its outcome: binnacle audit list");
	}
	bn_hold_release(hold);
	return rc;
}

void
bn_hold_release(struct bn_hold *hold)
{
	if (hold == NULL)
		return;
	bn_lease_clear(&hold->lease);
	free(hold);
}
