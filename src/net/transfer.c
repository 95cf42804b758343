/* transfer.c - one request from its table row to its sink: bounds, redirects, retries, cancel. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "net/internal.h"
#include "net/lines.h"
#include "net/request.h"

/* What a caller wants, and where the body goes. */
struct call {
	struct bn_http *http;
	int index;
	const struct bn_request *request;
	const char *body;
	const char *accept;
	size_t max_body;
	int64_t timeout; /* ms, 0: none (streams) */
	int64_t idle;
	bool json;	  /* a web page instead is said as such */
	bool conditional; /* If-None-Match and the like */
	bool write;	  /* bn_http_write: at most once */
	enum bn_http_fate fate;
	/* Takes the decoded bytes of a 2xx, outside of libcurl's callbacks, so that it may make
	 * requests. */
	int (*feed)(void *sink, const char *bytes, size_t size, struct bn_error *err);
	void *sink;
	char *etag, *last_modified; /* of the answer */
	struct bn_buf url;
	int hops;	/* redirects followed */
	char what[600]; /* "GET https://host/path" */
};

/* One attempt. */
struct attempt {
	struct call *call;
	struct bn_easy easy;
	struct bn_buf pending;	  /* decoded, not yet fed */
	struct bn_buf error_body; /* of an answer that is not 2xx */
	size_t decoded, header_bytes;
	char *etag, *last_modified, *content_type, *location;
	int64_t retry_after;
	bool looked; /* at the first bytes, for a web page */
	bool handed; /* something reached the sink: no retry */
	bool retryable;
	bool failed; /* counts against the server */
	int stop;    /* why we ended it, 0: we didn't */
	struct bn_error stopped;
	bn_time sent_at;
	int64_t began;
	long status;
};

/* ---- callbacks of libcurl ------------------------------------------------------------------ */

static size_t
stop(struct attempt *a, int code, const char *message, const char *hint)
{
	a->stop = bn_fail(&a->stopped, code, "%s: %s", a->call->what, message);
	if (hint != NULL)
		bn_hint(&a->stopped, "%s", hint);
	return 0;
}

/* libcurl's own limit looks at the length the server announces and misses compressed bodies without
 * one, so the decoded bytes are counted here. Small bodies may be as repetitive as they like. */
static bool
ratio_exceeded(struct attempt *a)
{
	curl_off_t wire = 0;

	if (a->decoded < BN_RATIO_FROM)
		return false;
	curl_easy_getinfo(a->easy.curl, CURLINFO_SIZE_DOWNLOAD_T, &wire);
	return wire > 0 && a->decoded / (size_t)wire > BN_RATIO_MAX;
}

static size_t
on_body(char *bytes, size_t unit, size_t count, void *payload)
{
	struct attempt *a = payload;
	size_t size = unit * count, room;
	char text[80];

	if (bn_http_cancelled(a->call->http))
		return stop(a, BN_ECANCELLED, "cancelled", NULL) + (size == 0);
	a->decoded += size;
	curl_easy_getinfo(a->easy.curl, CURLINFO_RESPONSE_CODE, &a->status);
	if (a->status / 100 != 2) {
		room = BN_MAX_ERROR_BODY - a->error_body.size;
		bn_buf_add(&a->error_body, bytes, size < room ? size : room);
		/* Enough was seen of an error that does not end. */
		return a->decoded > BN_RATIO_FROM ? 0 : size;
	}
	if (a->decoded > a->call->max_body) {
		snprintf(text, sizeof(text), "the answer is larger than %zu KiB",
			 a->call->max_body / 1024);
		return stop(a, BN_ETOOBIG, text,
			    "ask for less (namespace, filters), or raise max-body");
	}
	if (ratio_exceeded(a))
		return stop(a, BN_ETOOBIG, "the answer unpacks to more than 100 times its size",
			    "that is how a decompression bomb looks; the server or a proxy is not "
			    "what it should be");
	bn_http_mix(a->call->http, bytes, size);
	bn_buf_add(&a->pending, bytes, size);
	return a->pending.overflow
		   ? stop(a, BN_ETOOBIG, "the answer comes faster than it can be read", NULL)
		   : size;
}

static bool
header_is(const char *line, size_t size, const char *name)
{
	size_t length = strlen(name);

	return size > length && strncasecmp(line, name, length) == 0 && line[length] == ':';
}

static void
keep_header(char **out, const char *line, size_t size)
{
	const char *value = memchr(line, ':', size);
	size_t left;

	if (value == NULL)
		return;
	value++;
	left = size - (size_t)(value - line);
	while (left > 0 && isspace((unsigned char)*value))
		value++, left--;
	while (left > 0 && isspace((unsigned char)value[left - 1]))
		left--;
	free(*out);
	*out = left <= 8192 ? bn_xstrndup(value, left) : NULL;
}

/* When a limit resets: seconds from now, or a moment in epoch seconds (GitHub, GitLab). */
static int64_t
reset_wait(const char *text)
{
	long long value = strtoll(text, NULL, 10);
	long long now = (long long)time(NULL);

	if (value <= 0)
		return 0;
	if (value > 1000000000)
		value -= now;
	if (value < 0)
		return 0;
	return value > BN_RETRY_AFTER_MAX / 1000 ? BN_RETRY_AFTER_MAX : value * 1000;
}

static size_t
on_header(char *line, size_t unit, size_t count, void *payload)
{
	struct attempt *a = payload;
	size_t size = unit * count;
	char *value = NULL;

	a->header_bytes += size;
	if (a->header_bytes > BN_MAX_HEADERS)
		return stop(a, BN_ETOOBIG, "the answer has more than 256 KiB of headers", NULL);
	if (header_is(line, size, "etag"))
		keep_header(&a->etag, line, size);
	else if (header_is(line, size, "last-modified"))
		keep_header(&a->last_modified, line, size);
	else if (header_is(line, size, "content-type"))
		keep_header(&a->content_type, line, size);
	else if (header_is(line, size, "location"))
		keep_header(&a->location, line, size);
	else if (header_is(line, size, "retry-after")) {
		keep_header(&value, line, size);
		if (value != NULL)
			a->retry_after =
			    bn_retry_after(value, strlen(value), (bn_time)time(NULL) * 1000);
	} else if (header_is(line, size, "x-ratelimit-reset") ||
		   header_is(line, size, "ratelimit-reset")) {
		keep_header(&value, line, size);
		if (value != NULL && a->retry_after == 0)
			a->retry_after = reset_wait(value);
	}
	free(value);
	return size;
}

/* ---- one attempt --------------------------------------------------------------------------- */

static int
drain(struct attempt *a, struct bn_error *err)
{
	struct bn_buf ready = a->pending;
	int rc;

	if (ready.size == 0)
		return BN_OK;
	if (!a->looked && a->call->json && bn_looks_like_html(NULL, ready.data, ready.size))
		return bn_failure_html(err, a->call->what);
	a->looked = true;
	a->handed = true;
	/* The sink may make requests of its own, which must find the buffer empty. */
	memset(&a->pending, 0, sizeof(a->pending));
	a->pending.ceiling = ready.ceiling;
	rc = a->call->feed(a->call->sink, ready.data, ready.size, err);
	if (a->pending.data == NULL) {
		a->pending = ready;
		bn_buf_reset(&a->pending);
	} else
		bn_buf_free(&ready);
	return rc;
}

static bool
finished(CURLM *multi, CURL *curl, CURLcode *result)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE && message->easy_handle == curl) {
			*result = message->data.result;
			return true;
		}
	return false;
}

/* Drives the handle until it is done (BN_OK and *result), cancelled, or the sink has enough. */
static int
drive(struct attempt *a, CURLM *multi, CURLcode *result, struct bn_error *err)
{
	int running, rc;

	if (curl_multi_add_handle(multi, a->easy.curl) != CURLM_OK)
		return bn_fail(err, BN_EINTERNAL, "%s: libcurl does not take the request",
			       a->call->what);
	for (rc = BN_OK; rc == BN_OK;) {
		if (bn_http_cancelled(a->call->http)) {
			rc = bn_fail(err, BN_ECANCELLED, "%s: cancelled", a->call->what);
			break;
		}
		if (curl_multi_perform(multi, &running) != CURLM_OK) {
			rc = bn_fail(err, BN_EINTERNAL, "%s: libcurl failed", a->call->what);
			break;
		}
		rc = drain(a, err);
		if (rc != BN_OK || finished(multi, a->easy.curl, result))
			break;
		curl_multi_poll(multi, NULL, 0, 10000, NULL);
	}
	curl_multi_remove_handle(multi, a->easy.curl);
	return rc;
}

static int
add_validators(struct attempt *a, struct bn_error *err)
{
	struct bn_validators known;
	char *line;
	int rc = BN_OK;

	if (!a->call->conditional)
		return BN_OK;
	bn_memory_find(a->call->http->memory, bn_buf_text(&a->call->url), &known);
	if (known.etag != NULL) {
		line = bn_xasprintf("If-None-Match: %s", known.etag);
		rc = bn_easy_header(&a->easy, line, err);
		free(line);
	}
	if (rc == BN_OK && known.last_modified != NULL) {
		line = bn_xasprintf("If-Modified-Since: %s", known.last_modified);
		rc = bn_easy_header(&a->easy, line, err);
		free(line);
	}
	return rc;
}

static int
prepare(struct attempt *a, int64_t timeout, struct bn_error *err)
{
	struct call *call = a->call;
	struct bn_http *http = call->http;
	struct bn_easy_options options = {
	    .url = bn_buf_text(&call->url),
	    .method = call->request->method,
	    .body = call->body,
	    .ca_file = http->options.ca_file,
	    .pinned_key = http->options.pinned_key,
	    .proxy = http->options.proxy,
	    .timeout = timeout,
	    .idle = call->idle,
	    .once = call->write,
	    .link_local = http->options.link_local,
	};
	char *accept;
	int rc;

	if ((rc = bn_easy_init(&a->easy, http->net, &options, err)) != BN_OK)
		return rc;
	accept = bn_xasprintf("Accept: %s", call->accept);
	if ((rc = bn_easy_header(&a->easy, accept, err)) == BN_OK &&
	    (rc = bn_http_login_headers(http, &a->easy, err)) == BN_OK &&
	    (rc = add_validators(a, err)) == BN_OK)
		rc = bn_easy_headers_done(&a->easy, err);
	free(accept);
	if (rc == BN_OK &&
	    (curl_easy_setopt(a->easy.curl, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
	     curl_easy_setopt(a->easy.curl, CURLOPT_WRITEDATA, a) != CURLE_OK ||
	     curl_easy_setopt(a->easy.curl, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK ||
	     curl_easy_setopt(a->easy.curl, CURLOPT_HEADERDATA, a) != CURLE_OK))
		rc = bn_fail(err, BN_EINTERNAL, "libcurl refuses the callbacks");
	return rc;
}

static bool
status_retryable(long status)
{
	return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 ||
	       status == 503 || status == 504;
}

/* What the end of a transfer means. */
static int
judge(struct attempt *a, CURLcode result, int64_t timeout, struct bn_error *err)
{
	struct call *call = a->call;
	int rc;

	curl_easy_getinfo(a->easy.curl, CURLINFO_RESPONSE_CODE, &a->status);
	if (a->stop != 0) {
		if (err != NULL)
			*err = a->stopped;
		return a->stop;
	}
	/* A refusal is a refusal, even if its own text broke off. */
	if (a->status >= 300) {
		if (a->status == 304 && call->conditional)
			return BN_UNCHANGED;
		a->retryable = status_retryable(a->status);
		a->failed = a->status >= 500;
		return bn_failure_status(err, a->status, call->what, a->content_type,
					 bn_buf_text(&a->error_body), a->error_body.size);
	}
	if (result == CURLE_OK)
		return BN_OK;
	rc = bn_failure_transport(err, result, &a->easy, call->what, bn_buf_text(&call->url),
				  timeout);
	a->retryable = rc == BN_ETIMEOUT || rc == BN_EUNREACHABLE;
	a->failed = rc != BN_ECONFIG && rc != BN_EPERM;
	return rc;
}

/* Statuses with which a server (or a proxy before it) says that it did not do what was asked. 408 and 5xx
 * do not: the request may be at work behind the one that answered. 302 and 303 follow on what was done. */
static bool
says_not_done(long status)
{
	return status == 301 || status == 307 || status == 308 ||
	       (status >= 400 && status < 500 && status != 408);
}

/* What is known of a write after its only attempt. Until libcurl is about to send, nothing was. */
static enum bn_http_fate
fate_of(const struct attempt *a, int rc)
{
	curl_off_t about_to_send = 0;

	if (rc == BN_OK)
		return BN_FATE_ANSWERED;
	if (a->status >= 200)
		return says_not_done(a->status) ? BN_FATE_REFUSED : BN_FATE_UNKNOWN;
	if (a->easy.curl == NULL)
		return BN_FATE_NOT_SENT;
	curl_easy_getinfo(a->easy.curl, CURLINFO_PRETRANSFER_TIME_T, &about_to_send);
	return about_to_send > 0 ? BN_FATE_UNKNOWN : BN_FATE_NOT_SENT;
}

static void
tell(struct attempt *a, int number, int code, const struct bn_error *err)
{
	struct bn_http *http = a->call->http;
	curl_off_t wire = 0;
	char what[300];
	struct bn_exchange exchange = {
	    .source = http->options.source,
	    .index = a->call->index,
	    .request = a->call->request,
	    .method = a->call->request->method,
	    .url = bn_buf_text(&a->call->url),
	    .what = what,
	    .body = a->call->body,
	    .sent_at = a->sent_at,
	    .took = bn_monotonic() - a->began,
	    .attempt = number,
	    .http_status = (int)a->status,
	    .code = code < 0 ? code : BN_OK,
	    .error = code < 0 && err != NULL ? err->message : NULL,
	};

	if (a->easy.curl != NULL)
		curl_easy_getinfo(a->easy.curl, CURLINFO_SIZE_DOWNLOAD_T, &wire);
	exchange.bytes = wire;
	snprintf(what, sizeof(what), "%s %s", a->call->request->method, a->call->request->path);
	bn_log_write(http->net->options.log, 3, "%s: %s -> %d, %lld bytes, %lld ms%s%s",
		     http->options.source, a->call->what, exchange.http_status, (long long)wire,
		     (long long)exchange.took, exchange.error != NULL ? ": " : "",
		     exchange.error != NULL ? exchange.error : "");
	if (http->net->options.observe != NULL)
		http->net->options.observe(&exchange, http->net->options.payload);
	if (http->options.on_exchange != NULL)
		http->options.on_exchange(&exchange, http->options.payload);
}

static void
keep_validators(struct attempt *a)
{
	struct call *call = a->call;

	free(call->etag);
	free(call->last_modified);
	call->etag = a->etag;
	call->last_modified = a->last_modified;
	a->etag = a->last_modified = NULL;
}

static void
attempt_clear(struct attempt *a)
{
	bn_easy_clear(&a->easy);
	bn_buf_free(&a->pending);
	bn_buf_free(&a->error_body);
	free(a->etag);
	free(a->last_modified);
	free(a->content_type);
	free(a->location);
}

static int
attempt_once(struct attempt *a, int number, int64_t timeout, struct bn_error *err)
{
	struct bn_http *http = a->call->http;
	CURLcode result = CURLE_OK;
	CURLM *multi;
	int rc;

	a->pending.ceiling = BN_MAX_BODY;
	a->error_body.ceiling = BN_MAX_ERROR_BODY;
	if ((rc = prepare(a, timeout, err)) != BN_OK ||
	    (rc = bn_http_enter(http, &multi, err)) != BN_OK)
		return rc;
	a->sent_at = http->options.clock != NULL ? bn_clock_now(http->options.clock) : 0;
	a->began = bn_monotonic();
	if (http->options.on_send != NULL)
		http->options.on_send(a->sent_at, http->options.payload);
	bn_record(http, a->call->request, bn_buf_text(&a->call->url), a->call->body, a->call->hops);
	atomic_fetch_add(&http->requests, 1);
	rc = drive(a, multi, &result, err);
	bn_http_leave(http);
	if (rc == BN_OK)
		rc = judge(a, result, timeout, err);
	if (rc == BN_OK)
		keep_validators(a);
	if (a->call->write)
		a->call->fate = fate_of(a, rc);
	bn_http_redact(http, err);
	tell(a, number, rc, err);
	return rc;
}

/* ---- redirects and retries ----------------------------------------------------------------- */

static bool
is_redirect(const struct attempt *a)
{
	return (a->status == 301 || a->status == 302 || a->status == 303 || a->status == 307 ||
		a->status == 308) &&
	       a->location != NULL;
}

/* Only to the same scheme, host and port, only for requests without a body: nothing that was meant
 * for one server, least of all its credentials, reaches another. True: the call's URL was replaced.
 */
static bool
follow(struct attempt *a, struct bn_error *err)
{
	struct call *call = a->call;
	char *target = bn_url_resolve(bn_buf_text(&call->url), a->location);
	char shown[300];
	bool ok = false;

	if (target == NULL) {
		bn_fail(err, BN_EREMOTE, "%s: redirected to something that is not a URL",
			call->what);
	} else if (!bn_url_same_origin(bn_buf_text(&call->url), target)) {
		bn_fail(err, BN_EREMOTE,
			"%s: redirected to %s on another server, which is not followed", call->what,
			bn_http_show_url(target, shown, sizeof(shown)));
		bn_hint(err, "if that is where it lives now, put it into url; a login page means "
			     "the login is missing");
	} else if (call->hops >= 3) {
		bn_fail(err, BN_EREMOTE, "%s: redirected more than three times", call->what);
		bn_hint(err, "check the path in url");
	} else if (call->body == NULL && (strcmp(call->request->method, "GET") == 0 ||
					  strcmp(call->request->method, "HEAD") == 0)) {
		bn_buf_reset(&call->url);
		bn_buf_adds(&call->url, target);
		ok = true;
	} else
		bn_fail(err, BN_EREMOTE, "%s: a redirect of this request is not followed",
			call->what);
	if (!ok && err != NULL)
		err->http_status = (int)a->status;
	free(target);
	return ok;
}

static int
breaker_open(struct call *call, int64_t wait, struct bn_error *err)
{
	bn_fail(err, BN_EUNREACHABLE, "%s: not asked: the server failed several times in a row",
		call->what);
	if (err != NULL)
		err->retry_after = wait;
	return bn_hint(err, "asked again in %lld s at the latest", (long long)(wait + 999) / 1000);
}

static void
report(struct call *call, const struct attempt *a, int rc)
{
	if (rc == BN_ECANCELLED)
		bn_governor_pass(call->http->options.governor);
	else
		bn_governor_tell(call->http->options.governor, a->failed, bn_monotonic());
}

/* How long to wait before the next attempt; -1: there is none. */
static int64_t
next_attempt(const struct call *call, const struct attempt *a, int number, int64_t elapsed)
{
	int64_t total = call->http->options.foreground ? BN_FOREGROUND_TOTAL : BN_BACKGROUND_TOTAL;
	int64_t wait;

	if (!a->retryable || a->handed || number >= BN_ATTEMPTS ||
	    call->request->effect != BN_READS)
		return -1;
	wait = bn_backoff(number - 1);
	if (wait < a->retry_after)
		wait = a->retry_after + wait / 4;
	if (elapsed + wait >= total || !bn_governor_spend(call->http->options.governor))
		return -1;
	return wait;
}

/* What is left for one attempt when a person waits. */
static int64_t
time_left(const struct call *call, int64_t elapsed)
{
	int64_t left = BN_FOREGROUND_TOTAL - elapsed;

	if (call->timeout == 0 || !call->http->options.foreground || left > call->timeout)
		return call->timeout;
	return left > 100 ? left : 100;
}

static int
run(struct call *call, struct bn_error *err)
{
	int64_t began = bn_monotonic(), wait;
	struct attempt a;
	int number = 1, rc = BN_OK;

	for (;;) {
		/* If it opened between two attempts, why the first one failed says more. */
		if ((wait = bn_governor_ask(call->http->options.governor, bn_monotonic())) > 0)
			return number > 1 ? rc : breaker_open(call, wait, err);
		memset(&a, 0, sizeof(a));
		a.call = call;
		rc = attempt_once(&a, number, time_left(call, bn_monotonic() - began), err);
		report(call, &a, rc);
		if (rc < 0 && !call->write && is_redirect(&a) && follow(&a, err)) {
			call->hops++;
			attempt_clear(&a);
			continue;
		}
		if (rc < 0 && err != NULL && a.retry_after > 0)
			err->retry_after = a.retry_after;
		wait = rc < 0 ? next_attempt(call, &a, number, bn_monotonic() - began) : -1;
		attempt_clear(&a);
		if (wait < 0)
			return rc;
		if (bn_http_wait(call->http, wait) != BN_OK)
			return bn_fail(err, BN_ECANCELLED, "%s: cancelled", call->what);
		number++;
	}
}

/* ---- from the table ------------------------------------------------------------------------ */

static int
open_call(struct call *call, struct bn_http *http, int index, const struct bn_param *params,
	  const char *body, struct bn_error *err)
{
	char shown[500];
	int rc;

	call->http = http;
	call->index = index;
	call->body = body;
	call->timeout = http->options.timeout;
	call->idle = http->options.idle;
	call->max_body = http->options.max_body;
	call->accept = "application/json";
	call->conditional = http->if_changed;
	http->if_changed = false;
	if (index < 0 || (size_t)index >= http->request_count)
		return bn_fail(err, BN_EINTERNAL, "request %d is not in the plugin's request table",
			       index);
	call->request = &http->options.requests[index];
	if (call->request->effect != BN_READS && !call->write) {
		bn_fail(err, BN_EPERM, "%s %s changes something, and only an action may",
			call->request->method, call->request->path);
		return bn_hint(err, "this is a defect of the plugin");
	}
	if (call->request->needs != NULL &&
	    (body == NULL || strstr(body, call->request->needs) == NULL))
		return bn_fail(err, BN_EPERM, "%s %s: its body does not say %s",
			       call->request->method, call->request->path, call->request->needs);
	if ((rc = bn_request_url(&call->url, http->options.base_url, call->request, params, err)) !=
	    BN_OK)
		return rc;
	snprintf(call->what, sizeof(call->what), "%s %s", call->request->method,
		 bn_http_show_url(bn_buf_text(&call->url), shown, sizeof(shown)));
	return BN_OK;
}

static void
close_call(struct call *call, struct bn_error *err)
{
	bn_buf_free(&call->url);
	free(call->etag);
	free(call->last_modified);
	if (err != NULL && err->code != BN_OK && err->source[0] == '\0' && call->http != NULL)
		snprintf(err->source, sizeof(err->source), "%s", call->http->options.source);
}

/* ---- whole documents ----------------------------------------------------------------------- */

static int
feed_buf(void *sink, const char *bytes, size_t size, struct bn_error *err)
{
	struct bn_buf *buf = sink;

	if (!bn_buf_add(buf, bytes, size))
		return bn_fail(err, BN_ETOOBIG, "the answer is larger than %zu KiB",
			       buf->ceiling / 1024);
	return BN_OK;
}

/* Is the body the one that was read before? Otherwise notes what to know it by next time. */
static bool
same_body(struct call *call, const char *bytes, size_t size)
{
	struct bn_validators known, seen = {call->etag, call->last_modified, NULL};
	char digest[BN_DIGEST_HEX];

	if (!call->conditional)
		return false;
	if (bytes != NULL) {
		bn_digest_once(bytes, size, digest);
		bn_memory_find(call->http->memory, bn_buf_text(&call->url), &known);
		if (known.digest != NULL && strcmp(known.digest, digest) == 0)
			return true;
		seen.digest = digest;
	}
	bn_memory_note(call->http->memory, bn_buf_text(&call->url), &seen);
	return false;
}

#define NOT_JSON "the answer is not the JSON the platform's API promises; check url and version"

static int
load(json_t **out, const char *what, const char *bytes, size_t size, struct bn_error *err)
{
	int rc;

	if (strspn(bytes, " \t\r\n") == size) {
		*out = json_null();
		return BN_OK;
	}
	if ((rc = bn_json_load(out, bytes, size, err)) == BN_OK)
		return BN_OK;
	bn_error_prefix(err, "%s", what);
	bn_hint(err, NOT_JSON);
	return rc;
}

int
bn_http_json(struct bn_http *http, int index, const struct bn_param *params, const char *body,
	     json_t **out, struct bn_error *err)
{
	struct bn_buf text = BN_BUF_INIT(BN_MAX_JSON);
	struct call call = {0};
	int rc;

	*out = NULL;
	if ((rc = open_call(&call, http, index, params, body, err)) != BN_OK)
		goto out;
	call.json = true;
	call.max_body = BN_MAX_JSON < call.max_body ? BN_MAX_JSON : call.max_body;
	call.feed = feed_buf;
	call.sink = &text;
	if ((rc = run(&call, err)) != BN_OK)
		goto out;
	if (same_body(&call, bn_buf_text(&text), text.size))
		rc = BN_UNCHANGED;
	else
		rc = load(out, call.what, bn_buf_text(&text), text.size, err);
out:
	bn_buf_free(&text);
	close_call(&call, err);
	return rc;
}

/* ---- writes -------------------------------------------------------------------------------- */

void
bn_http_allow_write(struct bn_http *http, bool allow)
{
	http->write_allowed = allow;
}

/* An answer that is not JSON is still an answer: it was done. */
int
bn_http_write(struct bn_http *http, int index, const struct bn_param *params, const char *body,
	      json_t **out, enum bn_http_fate *fate, struct bn_error *err)
{
	struct bn_buf text = BN_BUF_INIT(BN_MAX_JSON);
	struct call call = {.write = true, .fate = BN_FATE_NOT_SENT};
	struct bn_error ignored = {0};
	json_t *answer = NULL;
	int rc;

	if ((rc = open_call(&call, http, index, params, body, err)) != BN_OK)
		goto out;
	if (call.request->effect != BN_WRITES || !http->write_allowed) {
		rc = bn_fail(err, BN_EPERM, "%s: a write without permission for it", call.what);
		goto out;
	}
	http->write_allowed = false;
	call.conditional = false;
	call.max_body = BN_MAX_JSON < call.max_body ? BN_MAX_JSON : call.max_body;
	call.feed = feed_buf;
	call.sink = &text;
	rc = run(&call, err);
	if (rc == BN_OK &&
	    load(&answer, call.what, bn_buf_text(&text), text.size, &ignored) != BN_OK)
		answer = json_null();
out:
	*fate = call.fate;
	if (out != NULL)
		*out = answer;
	else
		json_decref(answer);
	bn_buf_free(&text);
	close_call(&call, err);
	return rc;
}

/* ---- lists --------------------------------------------------------------------------------- */

#define DIGEST_MAX (4u * 1024 * 1024)

struct items {
	struct call *call;
	struct bn_split *split;
	struct bn_buf
	    held; /* a conditional list is held back until its digest is known, if it is small */
	bool streaming;
	bn_http_item_fn *on_item;
	bn_http_skip_fn *on_skip;
	void *payload;
	struct bn_error reason;
};

static int
split_item(const char *text, size_t size, void *payload, struct bn_error *err)
{
	struct items *items = payload;
	json_t *item = NULL;
	int rc;

	memset(&items->reason, 0, sizeof(items->reason));
	rc = bn_json_load(&item, text, size, &items->reason);
	if (rc == BN_OK)
		rc = items->on_item(item, items->payload, &items->reason);
	json_decref(item);
	if (rc == BN_EPARSE) {
		if (items->on_skip != NULL)
			items->on_skip(items->reason.message, items->payload);
		return BN_OK;
	}
	if (rc != BN_OK && err != NULL)
		*err = items->reason;
	return rc;
}

/* The splitter knows what is wrong with the bytes, not whose they are. */
static int
explain(const struct items *items, int rc, struct bn_error *err)
{
	if (rc != BN_EPARSE && rc != BN_ETOOBIG)
		return rc;
	bn_error_prefix(err, "%s", items->call->what);
	if (err->hint[0] == '\0')
		bn_hint(err, rc == BN_EPARSE ? NOT_JSON : "does url lead to the platform itself?");
	return rc;
}

static int
split(struct items *items, const char *bytes, size_t size, struct bn_error *err)
{
	return explain(items, bn_split_feed(items->split, bytes, size, err), err);
}

static int
feed_items(void *sink, const char *bytes, size_t size, struct bn_error *err)
{
	struct items *items = sink;
	int rc;

	if (items->streaming)
		return split(items, bytes, size, err);
	if (items->held.size + size <= DIGEST_MAX) {
		bn_buf_add(&items->held, bytes, size);
		return BN_OK;
	}
	items->streaming = true;
	rc = split(items, bn_buf_text(&items->held), items->held.size, err);
	bn_buf_free(&items->held);
	return rc == BN_OK ? split(items, bytes, size, err) : rc;
}

static int
finish_items(struct items *items, json_t **rest, struct bn_error *err)
{
	const char *text = NULL;
	size_t size = 0;
	int rc;

	if (!items->streaming) {
		if (same_body(items->call, bn_buf_text(&items->held), items->held.size))
			return BN_UNCHANGED;
		if ((rc = split(items, bn_buf_text(&items->held), items->held.size, err)) != BN_OK)
			return rc;
	} else
		same_body(items->call, NULL,
			  0); /* too long for a digest, but it may have an ETag */
	if ((rc = explain(items, bn_split_finish(items->split, &text, &size, err), err)) != BN_OK)
		return rc;
	return rest != NULL ? load(rest, items->call->what, text != NULL ? text : "", size, err)
			    : BN_OK;
}

int
bn_http_items(struct bn_http *http, int index, const struct bn_param *params, const char *body,
	      const char *array, bn_http_item_fn *on_item, bn_http_skip_fn *on_skip, void *payload,
	      json_t **rest, struct bn_error *err)
{
	struct call call = {0};
	struct items items = {
	    .call = &call, .on_item = on_item, .on_skip = on_skip, .payload = payload};
	int rc;

	if (rest != NULL)
		*rest = NULL;
	items.split = bn_split_new(array, BN_MAX_ITEM, BN_MAX_JSON, split_item, &items);
	if ((rc = open_call(&call, http, index, params, body, err)) != BN_OK)
		goto out;
	items.streaming = !call.conditional;
	call.json = true;
	call.feed = feed_items;
	call.sink = &items;
	if ((rc = run(&call, err)) == BN_OK)
		rc = finish_items(&items, rest, err);
out:
	bn_split_free(items.split);
	bn_buf_free(&items.held);
	close_call(&call, err);
	return rc;
}

/* ---- streams ------------------------------------------------------------------------------- */

static int
feed_lines(void *sink, const char *bytes, size_t size, struct bn_error *err)
{
	return bn_lines_feed(sink, bytes, size, err);
}

int
bn_http_lines(struct bn_http *http, int index, const struct bn_param *params,
	      enum bn_framing framing, const char *accept, int64_t idle, bn_line_fn *on_line,
	      void *payload, struct bn_error *err)
{
	struct bn_lines *lines = bn_lines_new(framing, BN_LINE_MAX, on_line, payload);
	struct call call = {0};
	int rc;

	if ((rc = open_call(&call, http, index, params, NULL, err)) != BN_OK)
		goto out;
	call.conditional = false;
	call.timeout = 0;
	call.max_body = SIZE_MAX;
	if (idle > 0)
		call.idle = idle;
	call.accept = accept != NULL		   ? accept
		      : framing == BN_LINES_SSE	   ? "text/event-stream"
		      : framing == BN_LINES_NDJSON ? "application/x-ndjson, application/json"
						   : "text/plain, */*";
	call.feed = feed_lines;
	call.sink = lines;
	rc = run(&call, err);
	if (rc == BN_OK)
		rc = bn_lines_finish(lines, err);
	/* The callback has enough: that is a normal end, unless the lane itself was cancelled. */
	if (rc == BN_ECANCELLED && !bn_http_cancelled(http))
		rc = BN_OK;
out:
	bn_lines_free(lines);
	close_call(&call, err);
	return rc;
}
