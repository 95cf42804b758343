/* lane.c - one thread's handle on a source: its client, its login, and what a plugin call borrows. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "collect/internal.h"
#include "config/spawn.h"
#include "net/request.h"

void
bn_lane_log(const struct bn_lane *lane, int level, const struct bn_error *err, const char *what)
{
	bn_log_write(lane->feed->collect->options.log, level, "%s: %s: %s%s%s", lane->feed->name,
		     what, err->message, err->hint[0] != '\0' ? "; " : "", err->hint);
}

struct bn_lane *
bn_lane_of(const struct bn_source *source)
{
	union {
		const struct bn_source *in;
		struct bn_lane *out;
	} cast = {source};

	bn_lane_checkpoint(cast.out);
	return cast.out;
}

void
bn_lane_checkpoint(const struct bn_lane *lane)
{
	/* The process is on its way out and what we point to may be gone: this thread must touch
	 * nothing. */
	while (atomic_load(&lane->feed->collect->abandoned))
		pause();
}

void
bn_lane_returned(struct bn_lane *lane, int rc, struct bn_error *err)
{
	bn_lane_checkpoint(lane);
	if (rc != BN_OK)
		bn_lane_redact_error(lane, err);
}

/* ---- life ---------------------------------------------------------------------------------- */

static void
on_exchange(const struct bn_exchange *exchange, void *payload)
{
	struct bn_lane *lane = payload;
	struct bn_call_copy *copy;

	if (lane->call_count >= BN_CALLS_MAX)
		return;
	if (lane->calls == NULL)
		lane->calls = bn_xcalloc(BN_CALLS_MAX, sizeof(*lane->calls));
	copy = &lane->calls[lane->call_count++];
	copy->what = bn_xstrdup(exchange->what);
	copy->error = bn_xstrdup(exchange->error);
	copy->record = (struct bn_call_record){
	    .at = exchange->sent_at,
	    .took = exchange->took,
	    .what = copy->what,
	    .http_status = exchange->http_status,
	    .bytes = exchange->bytes,
	    .error = copy->error,
	};
}

static void
on_send(bn_time sent_at, void *payload)
{
	struct bn_lane *lane = payload;

	if (lane->batch != NULL)
		bn_batch_sent(lane->batch, sent_at);
}

static int
make_http(struct bn_lane *lane, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	const struct bn_config_section *section = feed->section;
	struct bn_http_options options = {
	    .source = feed->name,
	    .plugin = feed->plugin->name,
	    .base_url = feed->url,
	    .requests = feed->plugin->requests,
	    .ca_file = feed->ca_file,
	    .pinned_key = bn_feed_option(feed, "pinned-key", 0),
	    .proxy = feed->proxy,
	    .timeout = bn_section_int(section, bn_source_options, "timeout"),
	    .max_body = (size_t)bn_section_int(section, bn_source_options, "max-body"),
	    .link_local = bn_section_bool(section, bn_source_options, "allow-link-local"),
	    .foreground = lane->role == BN_LANE_INTERACTIVE || lane->role == BN_LANE_ACTION,
	    .governor = feed->governor,
	    .clock = feed->collect->options.clock,
	    .on_exchange = on_exchange,
	    .on_send = on_send,
	    .payload = lane,
	};

	return bn_http_new(&lane->http, feed->collect->net, &options, err);
}

int
bn_lane_new(struct bn_lane **out, struct bn_feed *feed, enum bn_lane_role role,
	    struct bn_error *err)
{
	struct bn_collect *collect = feed->collect;
	struct bn_lane *lane;
	int rc;

	*out = NULL;
	lane = bn_xcalloc(1, sizeof(*lane));
	lane->host = bn_collect_host;
	lane->source = (struct bn_source){&bn_collect_host, feed->plugin, feed->name, NULL};
	lane->feed = feed;
	lane->role = role;
	if ((rc = make_http(lane, err)) != BN_OK ||
	    (rc = bn_writer_open(&lane->writer, collect->options.store, err)) != BN_OK) {
		bn_http_free(lane->http);
		free(lane);
		return rc;
	}
	lane->arena = bn_arena_new();
	pthread_mutex_lock(&collect->lock);
	lane->next = feed->lanes;
	feed->lanes = lane;
	if (collect->stopping)
		bn_lane_cancel(lane);
	pthread_mutex_unlock(&collect->lock);
	*out = lane;
	return BN_OK;
}

static void
drop_borrowed(struct bn_lane *lane)
{
	while (lane->document_count > 0)
		json_decref(lane->documents[--lane->document_count]);
	while (lane->secret_count > 0)
		bn_secret_free(lane->secrets[--lane->secret_count]);
	bn_arena_reset(lane->arena);
}

static void
drop_calls(struct bn_lane *lane)
{
	while (lane->call_count > 0) {
		lane->call_count--;
		free(lane->calls[lane->call_count].what);
		free(lane->calls[lane->call_count].error);
	}
}

void
bn_lane_free(struct bn_lane *lane)
{
	struct bn_lane **link;
	struct bn_collect *collect;

	if (lane == NULL)
		return;
	bn_lane_checkpoint(lane);
	collect = lane->feed->collect;
	pthread_mutex_lock(&collect->lock);
	for (link = &lane->feed->lanes; *link != NULL && *link != lane; link = &(*link)->next)
		continue;
	if (*link == lane)
		*link = lane->next;
	pthread_mutex_unlock(&collect->lock);
	if (lane->opened && lane->feed->plugin->close != NULL)
		lane->feed->plugin->close(&lane->source);
	drop_borrowed(lane);
	drop_calls(lane);
	free(lane->calls);
	free(lane->documents);
	free(lane->secrets);
	bn_arena_free(lane->arena);
	bn_writer_close(lane->writer);
	bn_http_free(lane->http);
	free(lane);
}

void
bn_lane_cancel(struct bn_lane *lane)
{
	atomic_store(&lane->cancelled, true);
	bn_http_cancel(lane->http);
}

/* ---- around a plugin call ------------------------------------------------------------------ */

static bool
needs_lease(const struct bn_lane *lane)
{
	return lane->role == BN_LANE_POLL || lane->role == BN_LANE_WATCH ||
	       lane->role == BN_LANE_BACKFILL;
}

/* Decided under the lock that whoever cancels also takes, so that no cancel is lost. */
static int
may_begin(struct bn_lane *lane, struct bn_error *err)
{
	struct bn_collect *collect = lane->feed->collect;
	int rc = BN_OK;

	pthread_mutex_lock(&collect->lock);
	/* Some lanes begin once: cancelled before that, they stay so. */
	if (collect->stopping || ((lane->role == BN_LANE_LOG || lane->role == BN_LANE_ACTION) &&
				  atomic_load(&lane->cancelled)))
		rc = bn_fail(err, BN_ECANCELLED, "binnacle stops");
	else if (needs_lease(lane) && (collect->suspended || !lane->feed->held))
		rc = bn_fail(err, BN_ECANCELLED, "the source is not ours to read now");
	else {
		atomic_store(&lane->cancelled, false);
		bn_http_resume(lane->http);
		lane->epoch = needs_lease(lane) ? lane->feed->epoch : -1;
	}
	pthread_mutex_unlock(&collect->lock);
	return rc;
}

int
bn_lane_begin(struct bn_lane *lane, struct bn_error *err)
{
	const struct bn_plugin *plugin = lane->feed->plugin;
	int rc;

	bn_lane_checkpoint(lane);
	if ((rc = may_begin(lane, err)) != BN_OK)
		return rc;
	lane->logged_in_again = false;
	lane->asked = 0;
	if (lane->opened || plugin->open == NULL)
		return BN_OK;
	if ((rc = plugin->open(&lane->source, err)) == BN_OK)
		lane->opened = true;
	bn_lane_returned(lane, rc, err);
	drop_borrowed(lane);
	return rc;
}

void
bn_lane_end(struct bn_lane *lane)
{
	bn_lane_checkpoint(lane);
	bn_http_talk_close(lane->http);
	bn_http_remember(lane->http, false);
	drop_borrowed(lane);
	bn_lane_flush_calls(lane);
}

void
bn_lane_flush_calls(struct bn_lane *lane)
{
	struct bn_call_record *records;
	struct bn_error err;
	size_t i;

	if (lane->call_count == 0)
		return;
	records = bn_xcalloc(lane->call_count, sizeof(*records));
	for (i = 0; i < lane->call_count; i++)
		records[i] = lane->calls[i].record;
	if (bn_writer_calls(lane->writer, lane->feed->id, records, lane->call_count, &err) != BN_OK)
		bn_lane_log(lane, 1, &err, "call records");
	free(records);
	drop_calls(lane);
}

/* ---- login --------------------------------------------------------------------------------- */

static bool
is_cancelled(void *payload)
{
	const struct bn_lane *lane = payload;

	return atomic_load(&lane->cancelled);
}

int
bn_lane_secret(struct bn_lane *lane, const char *name, struct bn_secret **out, struct bn_error *err)
{
	struct bn_stop stop = {is_cancelled, lane};
	int rc = bn_secret_resolve_until(out, lane->feed->section, name, &stop, err);

	return rc == BN_ENOTFOUND ? BN_OK : rc;
}

/* The commands and files are asked once for all lanes of the source, and again only after a 401. */
static int
resolve_logins(struct bn_lane *lane, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	int rc;

	if (feed->resolved)
		return BN_OK;
	bn_secret_free(feed->token);
	bn_secret_free(feed->password);
	feed->token = feed->password = NULL;
	if ((rc = bn_lane_secret(lane, "token", &feed->token, err)) != BN_OK ||
	    (rc = bn_lane_secret(lane, "password", &feed->password, err)) != BN_OK)
		return rc;
	feed->resolved = true;
	feed->generation++;
	return BN_OK;
}

static int
use_logins(struct bn_lane *lane, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	const char *auth = bn_feed_option(feed, "auth", 0);
	const char *user = bn_feed_option(feed, "user", 0);
	bool basic = auth == NULL || strcmp(auth, "basic") == 0;
	bool bearer = auth == NULL || strcmp(auth, "bearer") == 0;
	int rc;

	if (bearer && feed->token != NULL &&
	    (rc = bn_http_set_bearer(lane->http, bn_secret_text(feed->token), err)) != BN_OK)
		return rc;
	if (basic && user != NULL &&
	    (rc = bn_http_set_basic(lane->http, user,
				    feed->password != NULL ? bn_secret_text(feed->password) : "",
				    err)) != BN_OK)
		return rc;
	if (auth != NULL && strcmp(auth, "bearer") == 0 && feed->token == NULL &&
	    feed->plugin->login == NULL) {
		bn_fail(err, BN_ECONFIG, "auth = bearer, but no token is configured");
		return bn_hint(err, "add token-command, token-file or token-env");
	}
	return BN_OK;
}

int
bn_lane_login(struct bn_lane *lane, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	int rc;

	if (lane->logged_in || lane->in_login)
		return BN_OK;
	pthread_mutex_lock(&feed->login_lock);
	bn_lane_checkpoint(lane);
	if ((rc = resolve_logins(lane, err)) == BN_OK)
		rc = use_logins(lane, err);
	lane->login_generation = feed->generation;
	pthread_mutex_unlock(&feed->login_lock);
	bn_lane_checkpoint(lane);
	if (rc != BN_OK)
		return rc;
	if (feed->plugin->login != NULL) {
		lane->in_login = true;
		rc = feed->plugin->login(&lane->source, err);
		bn_lane_returned(lane, rc, err);
		lane->in_login = false;
	}
	lane->logged_in = rc == BN_OK;
	return rc;
}

bool
bn_lane_login_again(struct bn_lane *lane, struct bn_error *err)
{
	struct bn_feed *feed = lane->feed;
	struct bn_error why;

	if (lane->in_login || lane->logged_in_again)
		return false;
	lane->logged_in_again = true;
	/* Without any login a second try would be the same request. */
	if (!bn_http_has_login(lane->http) && feed->plugin->login == NULL)
		return false;
	pthread_mutex_lock(&feed->login_lock);
	/* Another lane may have got the new one meanwhile. */
	if (lane->login_generation == feed->generation)
		feed->resolved = false;
	pthread_mutex_unlock(&feed->login_lock);
	lane->logged_in = false;
	bn_http_set_bearer(lane->http, NULL, NULL);
	if (bn_lane_login(lane, &why) == BN_OK)
		return true;
	if (err != NULL)
		*err = why;
	return false;
}
