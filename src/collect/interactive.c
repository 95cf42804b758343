/* interactive.c - what a person asks for: details, probes, doctor; on a lane that comes and goes. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"
#include "collect/internal.h"

enum job_type { JOB_DETAIL, JOB_DOCTOR };

struct check {
	struct check *next;
	char *verdict, *what, *detail;
};

/* One question. On the feed's list until it was taken up; freed by whoever lets go of it last. */
struct bn_job {
	struct bn_job *next;
	struct bn_feed *feed;
	enum job_type type;
	enum bn_kind kind;
	char *key;
	int holders;
	bool done, taken;
	int rc;
	struct bn_error err;
	struct check *checks, **checks_end; /* doctor's answers not yet fetched */
};

static struct bn_job *
new_job(struct bn_feed *feed, enum job_type type, enum bn_kind kind, const char *key)
{
	struct bn_job *job = bn_xcalloc(1, sizeof(*job));

	job->feed = feed;
	job->type = type;
	job->kind = kind;
	job->key = bn_xstrdup(key);
	job->checks_end = &job->checks;
	return job;
}

static void
free_check(struct check *check)
{
	free(check->verdict);
	free(check->what);
	free(check->detail);
	free(check);
}

/* The lock is held. */
static void
let_go(struct bn_job *job)
{
	struct check *check;

	if (--job->holders > 0)
		return;
	while ((check = job->checks) != NULL) {
		job->checks = check->next;
		free_check(check);
	}
	free(job->key);
	free(job);
}

void
bn_job_check(struct bn_job *job, const char *verdict, const char *what, const char *detail)
{
	struct bn_collect *collect = job->feed->collect;
	struct check *check = bn_xcalloc(1, sizeof(*check));

	check->verdict = bn_xstrdup(verdict);
	check->what = bn_xstrdup(what != NULL ? what : "");
	check->detail = bn_xstrdup(detail != NULL ? detail : "");
	pthread_mutex_lock(&collect->lock);
	*job->checks_end = check;
	job->checks_end = &check->next;
	pthread_cond_broadcast(&collect->changed);
	pthread_mutex_unlock(&collect->lock);
}

/* ---- on the lane --------------------------------------------------------------------------- */

static int
do_detail(struct bn_lane *lane, const struct bn_job *job, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	struct bn_ref about = {job->kind, feed->name, job->key};
	int rc;

	lane->batch = bn_batch_new(lane->writer, &lane->host, feed->id, feed->name, -1);
	bn_batch_sent(lane->batch, bn_clock_now(feed->collect->options.clock));
	rc = feed->plugin->detail(&lane->source, &about, lane->batch, err);
	bn_lane_returned(lane, rc, err);
	/* A run's detail names all its tasks. */
	if (rc == BN_OK && job->kind == BN_RUN)
		bn_batch_tasks_complete(lane->batch, job->key, 0);
	if (rc == BN_OK)
		rc = bn_batch_page(lane->batch, err);
	bn_batch_free(lane->batch);
	lane->batch = NULL;
	return rc;
}

static void
check_error(struct bn_job *job, const char *what, const struct bn_error *err)
{
	char *detail =
	    bn_xasprintf("%s%s%s", err->message, err->hint[0] != '\0' ? " - " : "", err->hint);

	bn_job_check(job, "fail", what, detail);
	free(detail);
}

static void
check_basics(const struct bn_feed *feed, struct bn_job *job)
{
	char shown[512];
	char *proxy;

	if (feed->url == NULL)
		return;
	bn_job_check(job, "note", "address", bn_http_show_url(feed->url, shown, sizeof(shown)));
	if ((proxy = bn_http_proxy_for(feed->url, feed->proxy)) != NULL)
		bn_job_check(job, "note", "proxy", proxy);
	free(proxy);
	if (feed->ca_file != NULL)
		bn_job_check(job, "note", "trusted certificates", feed->ca_file);
}

static int
do_doctor(struct bn_lane *lane, struct bn_job *job, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	struct bn_sink sink = {.lane = lane, .job = job};
	int rc;

	check_basics(feed, job);
	if ((rc = bn_lane_login(lane, err)) != BN_OK) {
		check_error(job, "login", err);
		return rc;
	}
	bn_job_check(job, strcmp(feed->auth, "none") == 0 ? "note" : "ok", "credentials",
		     feed->auth);
	if (feed->plugin->doctor == NULL)
		return BN_OK;
	rc = feed->plugin->doctor(&lane->source, &sink, err);
	bn_lane_returned(lane, rc, err);
	if (rc != BN_OK)
		check_error(job, "questions to the platform", err);
	return rc;
}

static void
do_job(struct bn_feed *feed, struct bn_lane **lane, struct bn_job *job)
{
	struct bn_collect *collect = feed->collect;
	struct bn_error err = {0};
	int rc = BN_OK;

	if (*lane == NULL)
		rc = bn_lane_new(lane, feed, BN_LANE_INTERACTIVE, &err);
	if (rc == BN_OK && (rc = bn_lane_begin(*lane, &err)) == BN_OK)
		rc = job->type == JOB_DOCTOR ? do_doctor(*lane, job, &err)
					     : do_detail(*lane, job, &err);
	else if (job->type == JOB_DOCTOR)
		check_error(job, "configuration", &err);
	if (*lane != NULL) {
		if (rc != BN_OK && rc != BN_ECANCELLED)
			bn_lane_log(*lane, 1, &err, job->type == JOB_DOCTOR ? "doctor" : "detail");
		bn_lane_end(*lane);
	}
	pthread_mutex_lock(&collect->lock);
	job->rc = rc;
	job->err = err;
	job->done = true;
	pthread_mutex_unlock(&collect->lock);
}

/* The lock is held. */
static struct bn_job *
next_job(const struct bn_feed *feed)
{
	struct bn_job *job;

	for (job = feed->jobs; job != NULL && job->taken; job = job->next)
		continue;
	return job;
}

/* The lock is held but while the lane is freed. A lane that nobody asked anything for a minute
 * goes. */
static void
idle(struct bn_feed *feed, struct bn_lane **lane, int64_t since)
{
	struct bn_collect *collect = feed->collect;
	int64_t until = since + BN_IDLE_LANE;

	if (*lane == NULL || bn_monotonic() < until) {
		bn_feed_wait(feed, *lane == NULL ? INT64_MAX : until);
		return;
	}
	pthread_mutex_unlock(&collect->lock);
	bn_lane_free(*lane);
	*lane = NULL;
	pthread_mutex_lock(&collect->lock);
}

static void
unlink_job(struct bn_feed *feed, const struct bn_job *job)
{
	struct bn_job **link;

	for (link = &feed->jobs; *link != NULL; link = &(*link)->next)
		if (*link == job) {
			*link = job->next;
			return;
		}
}

static void *
job_main(void *payload)
{
	struct bn_feed *feed = payload;
	struct bn_collect *collect = feed->collect;
	struct bn_lane *lane = NULL;
	struct bn_job *job;
	int64_t since = bn_monotonic();

	pthread_mutex_lock(&collect->lock);
	while (!collect->stopping) {
		if ((job = next_job(feed)) == NULL) {
			idle(feed, &lane, since);
			continue;
		}
		job->taken = true;
		feed->busy++;
		pthread_mutex_unlock(&collect->lock);
		bn_collect_wake(collect);
		do_job(feed, &lane, job);
		pthread_mutex_lock(&collect->lock);
		since = bn_monotonic();
		feed->busy--;
		unlink_job(feed, job);
		let_go(job);
		pthread_cond_broadcast(&collect->changed);
		pthread_mutex_unlock(&collect->lock);
		bn_collect_wake(collect);
		pthread_mutex_lock(&collect->lock);
	}
	bn_jobs_abandon(feed);
	pthread_mutex_unlock(&collect->lock);
	bn_lane_free(lane);
	return NULL;
}

void
bn_jobs_abandon(struct bn_feed *feed)
{
	struct bn_job *job;

	while ((job = feed->jobs) != NULL) {
		feed->jobs = job->next;
		job->done = true;
		job->rc = bn_fail(&job->err, BN_ECANCELLED, "binnacle stops");
		let_go(job);
	}
	pthread_cond_broadcast(&feed->collect->changed);
}

/* ---- for the caller ------------------------------------------------------------------------ */

/* How somebody waits for a job: how long, who hears of checks, and for which plan. */
struct waiting {
	int64_t timeout; /* ms; 0: not at all */
	void (*on_line)(const char *verdict, const char *what, const char *detail, void *payload);
	void *payload;
	bool for_plan;
	unsigned plans; /* as bn_collect_plans was when it began */
};

/* The lock is held. */
static bool
is_cancelled(const struct bn_collect *collect, const struct waiting *waiting)
{
	return waiting->for_plan && collect->plans_cancelled != waiting->plans;
}

/* Puts the question on the list, or joins the same one that waits there. The lock is held. */
static struct bn_job *
ask(struct bn_feed *feed, enum job_type type, enum bn_kind kind, const char *key,
    struct bn_error *err)
{
	struct bn_job *job, **link;

	for (link = &feed->jobs; (job = *link) != NULL; link = &job->next)
		if (job->type == type && type == JOB_DETAIL && !job->taken && job->kind == kind &&
		    strcmp(job->key, key) == 0)
			break;
	if (job == NULL) {
		if (!feed->has_job) {
			if (bn_thread_start(&feed->job_thread, job_main, feed, err) != BN_OK)
				return NULL;
			feed->has_job = true;
		}
		job = new_job(feed, type, kind, key);
		job->holders = 1; /* the list's */
		*link = job;
	}
	job->holders++;
	pthread_cond_broadcast(&feed->wake);
	return job;
}

static void
hand_over_checks(struct bn_job *job,
		 void (*on_line)(const char *verdict, const char *what, const char *detail,
				 void *payload),
		 void *payload)
{
	struct bn_collect *collect = job->feed->collect;
	struct check *check;

	while ((check = job->checks) != NULL) {
		job->checks = check->next;
		if (job->checks == NULL)
			job->checks_end = &job->checks;
		pthread_mutex_unlock(&collect->lock);
		if (on_line != NULL)
			on_line(check->verdict, check->what, check->detail, payload);
		free_check(check);
		pthread_mutex_lock(&collect->lock);
	}
}

/* The lock is held. Nobody waits for its answer any more. */
static void
stop_lane(const struct bn_job *job)
{
	struct bn_lane *lane;

	for (lane = job->taken ? job->feed->lanes : NULL; lane != NULL; lane = lane->next)
		if (lane->role == BN_LANE_INTERACTIVE)
			bn_lane_cancel(lane);
}

/* The lock is held. When time is over, or what it was wanted for was cancelled, the lane is told to stop. */
static int
await(struct bn_job *job, const struct waiting *waiting, struct bn_error *err)
{
	struct bn_collect *collect = job->feed->collect;
	int64_t until = bn_monotonic() + waiting->timeout;

	for (;;) {
		hand_over_checks(job, waiting->on_line, waiting->payload);
		if (job->done) {
			hand_over_checks(job, waiting->on_line, waiting->payload);
			if (err != NULL)
				*err = job->err;
			return job->rc;
		}
		if (bn_monotonic() >= until || is_cancelled(collect, waiting))
			break;
		bn_collect_wait(collect, until);
	}
	/* Somebody else may wait for the same. */
	if (!is_cancelled(collect, waiting) || job->holders == 2)
		stop_lane(job);
	if (is_cancelled(collect, waiting))
		return bn_fail(err, BN_ECANCELLED, "cancelled");
	bn_fail(err, BN_ETIMEOUT, "%s: no answer within %g s", job->feed->name,
		(double)waiting->timeout / 1000);
	return bn_hint(err, "ask again, or look at: binnacle doctor %s", job->feed->name);
}

static int
run_job(struct bn_feed *feed, enum job_type type, enum bn_kind kind, const char *key,
	const struct waiting *waiting, struct bn_error *err)
{
	struct bn_collect *collect = feed->collect;
	struct bn_job *job;
	int rc = BN_OK;

	pthread_mutex_lock(&collect->lock);
	if (collect->stopping)
		rc = bn_fail(err, BN_ECANCELLED, "binnacle stops");
	else if (is_cancelled(collect, waiting))
		rc = bn_fail(err, BN_ECANCELLED, "cancelled");
	else if ((job = ask(feed, type, kind, key, err)) == NULL)
		rc = BN_EINTERNAL;
	else {
		if (waiting->timeout > 0)
			rc = await(job, waiting, err);
		let_go(job);
	}
	pthread_mutex_unlock(&collect->lock);
	return rc;
}

static int
find_feed(struct bn_collect *collect, const char *source, struct bn_feed **out,
	  struct bn_error *err)
{
	*out = source != NULL ? bn_collect_feed(collect, source) : NULL;
	if (*out != NULL && !(*out)->disabled)
		return BN_OK;
	bn_fail(err, BN_ENOTFOUND, "source \"%s\" is %s here", source != NULL ? source : "",
		*out != NULL ? "disabled" : "not configured");
	return bn_hint(err, "binnacle sources lists those that are");
}

static int
detail(struct bn_collect *collect, struct bn_ref about, const struct waiting *waiting,
       struct bn_error *err)
{
	struct bn_feed *feed;
	int rc;

	if ((rc = find_feed(collect, about.source, &feed, err)) != BN_OK)
		return rc;
	if (feed->plugin->detail == NULL)
		return bn_fail(err, BN_EUNSUPPORTED, "%s: %s has no further details", feed->name,
			       feed->plugin->name);
	return run_job(feed, JOB_DETAIL, about.kind, about.key, waiting, err);
}

int
bn_collect_detail(struct bn_collect *collect, struct bn_ref about, int64_t timeout,
		  struct bn_error *err)
{
	return detail(collect, about, &(struct waiting){.timeout = timeout}, err);
}

int
bn_collect_plan_detail(struct bn_collect *collect, struct bn_ref about, int64_t timeout,
		       unsigned plans, struct bn_error *err)
{
	return detail(collect, about,
		      &(struct waiting){.timeout = timeout, .for_plan = true, .plans = plans}, err);
}

int
bn_collect_probe(struct bn_collect *collect, const char *source, const char *endpoint,
		 int64_t timeout, struct bn_error *err)
{
	struct bn_ref about = {BN_ENDPOINT, source, endpoint};

	return bn_collect_detail(collect, about, timeout, err);
}

int
bn_collect_doctor(struct bn_collect *collect, const char *source, int64_t timeout,
		  void (*on_line)(const char *verdict, const char *what, const char *detail,
				  void *payload),
		  void *payload, struct bn_error *err)
{
	struct bn_feed *feed;
	int rc;

	if ((rc = find_feed(collect, source, &feed, err)) != BN_OK)
		return rc;
	return run_job(feed, JOB_DOCTOR, BN_SOURCE, feed->name,
		       &(struct waiting){.timeout = timeout > 0 ? timeout : 1,
					 .on_line = on_line,
					 .payload = payload},
		       err);
}
