/* talk.c - a conversation over a connection of its own, for what isn't HTTP: Redis, with libcurl's TLS. */
/* SPDX-License-Identifier: MIT
 *
 * libcurl makes the connection (CURLOPT_CONNECT_ONLY) with the trust, pinning, proxy and time-outs every
 * request has, and lends the encrypted line; what is said on it comes from the request table. The
 * easy handle must stay in its multi handle meanwhile, or libcurl ends the connection. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/error.h"
#include "net/internal.h"
#include "net/request.h"
#include "net/resp.h"

#define DEFAULT_PORT 6379
#define WAIT_AT_MOST 1000 /* ms: TLS may want to write before it can read */

struct bn_talk {
	CURLM *multi;
	struct bn_easy easy;
	struct bn_resp *resp;
	char *url; /* as libcurl takes it */
	bool open;
};

/* redis://host:6379 as http://host:6379, which libcurl connects to without a word of HTTP. */
static int
line_url(const char *url, char **out, struct bn_error *err)
{
	bool tls = strncasecmp(url, "rediss://", 9) == 0;
	CURLU *handle = curl_url();
	char *text = NULL, *host = NULL, *port = NULL, *made;
	int rc = BN_OK;

	made = bn_xasprintf("%s://%s", tls ? "https" : "http", strstr(url, "://") + 3);
	*out = NULL;
	if (handle == NULL || curl_url_set(handle, CURLUPART_URL, made, 0) != CURLUE_OK ||
	    curl_url_get(handle, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		rc = bn_fail(err, BN_ECONFIG, "the URL names no host");
	else if (curl_url_get(handle, CURLUPART_PORT, &port, 0) == CURLUE_OK)
		*out = bn_xasprintf("%s://%s:%s/", tls ? "https" : "http", host, port);
	else
		*out = bn_xasprintf("%s://%s:%d/", tls ? "https" : "http", host, DEFAULT_PORT);
	free(made);
	curl_free(text);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(handle);
	return rc;
}

bool
bn_url_is_talk(const char *url)
{
	return strncasecmp(url, "redis://", 8) == 0 || strncasecmp(url, "rediss://", 9) == 0;
}

void
bn_http_talk_close(struct bn_http *http)
{
	struct bn_talk *talk = http->talk;

	if (talk == NULL)
		return;
	pthread_mutex_lock(&http->lock);
	http->talk = NULL;
	pthread_mutex_unlock(&http->lock);
	if (talk->multi != NULL && talk->easy.curl != NULL)
		curl_multi_remove_handle(talk->multi, talk->easy.curl);
	bn_easy_clear(&talk->easy);
	if (talk->multi != NULL)
		curl_multi_cleanup(talk->multi);
	bn_resp_free(talk->resp);
	free(talk->url);
	free(talk);
}

void
bn_talk_wakeup(struct bn_talk *talk)
{
	if (talk != NULL && talk->multi != NULL)
		curl_multi_wakeup(talk->multi);
}

/* What can be cancelled must be found by who cancels, so the multi is there before it is waited on. */
static int
make(struct bn_http *http, struct bn_error *err)
{
	struct bn_talk *talk;
	struct bn_easy_options options = {.method = "GET", /* never sent */
					  .ca_file = http->options.ca_file,
					  .pinned_key = http->options.pinned_key,
					  .proxy = http->options.proxy,
					  .timeout = http->options.timeout,
					  .link_local = http->options.link_local,
					  .line = true};
	int rc;

	bn_http_talk_close(http);
	if (http->options.base_url == NULL || !bn_url_is_talk(http->options.base_url)) {
		bn_fail(err, BN_ECONFIG, "no redis:// or rediss:// url is configured");
		return bn_hint(err, "set url = rediss://… in the source's section");
	}
	talk = bn_xcalloc(1, sizeof(*talk));
	talk->resp = bn_resp_new();
	talk->multi = curl_multi_init();
	pthread_mutex_lock(&http->lock);
	http->talk = talk;
	pthread_mutex_unlock(&http->lock);
	if ((rc = line_url(http->options.base_url, &talk->url, err)) != BN_OK)
		return rc;
	options.url = talk->url;
	if (talk->multi == NULL)
		return bn_fail(err, BN_EINTERNAL, "libcurl gives no multi handle");
	return bn_easy_init(&talk->easy, http->net, &options, err);
}

static int
cancelled(const struct bn_http *http, const char *what, struct bn_error *err)
{
	return bn_http_cancelled(http) ? bn_fail(err, BN_ECANCELLED, "%s: cancelled", what) : BN_OK;
}

static int
connect_line(struct bn_http *http, const char *what, struct bn_error *err)
{
	struct bn_talk *talk = http->talk;
	CURLcode result = CURLE_OK;
	CURLMsg *message;
	bool done = false;
	int running, left, rc;

	if (curl_multi_add_handle(talk->multi, talk->easy.curl) != CURLM_OK)
		return bn_fail(err, BN_EINTERNAL, "%s: libcurl does not take the connection", what);
	while (!done) {
		if ((rc = cancelled(http, what, err)) != BN_OK)
			return rc;
		if (curl_multi_perform(talk->multi, &running) != CURLM_OK)
			return bn_fail(err, BN_EINTERNAL, "%s: libcurl failed", what);
		while ((message = curl_multi_info_read(talk->multi, &left)) != NULL)
			if (message->msg == CURLMSG_DONE) {
				result = message->data.result;
				done = true;
			}
		if (!done)
			curl_multi_poll(talk->multi, NULL, 0, 10000, NULL);
	}
	if (result != CURLE_OK)
		return bn_failure_transport(err, result, &talk->easy, what, talk->url,
					    http->options.timeout);
	talk->open = true;
	return BN_OK;
}

/* ---- one command ----------------------------------------------------------------------------- */

static int
wait_for(struct bn_http *http, bool writing, int64_t until, const char *what, struct bn_error *err)
{
	struct bn_talk *talk = http->talk;
	curl_socket_t fd = CURL_SOCKET_BAD;
	int64_t left = until - bn_monotonic();
	struct curl_waitfd wait = {.events = writing ? CURL_WAIT_POLLOUT : CURL_WAIT_POLLIN};
	int rc;

	if ((rc = cancelled(http, what, err)) != BN_OK)
		return rc;
	if (left <= 0) {
		bn_fail(err, BN_ETIMEOUT, "%s: connected, but no answer within %g s", what,
			(double)http->options.timeout / 1000);
		return bn_hint(
		    err, "the server is overloaded or stuck; raise timeout if it is only slow");
	}
	if (curl_easy_getinfo(talk->easy.curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
	    fd == CURL_SOCKET_BAD)
		return bn_fail(err, BN_EUNREACHABLE, "%s: the connection is gone", what);
	wait.fd = fd;
	curl_multi_poll(talk->multi, &wait, 1, left < WAIT_AT_MOST ? (int)left : WAIT_AT_MOST,
			NULL);
	return cancelled(http, what, err);
}

static int
broken(CURLcode result, const char *what, struct bn_error *err)
{
	bn_fail(err, BN_EUNREACHABLE, "%s: the connection broke before the reply was complete: %s",
		what, curl_easy_strerror(result));
	return bn_hint(err, "is the server being restarted, or its client limit reached?");
}

static int
send_all(struct bn_http *http, const struct bn_buf *bytes, int64_t until, const char *what,
	 struct bn_error *err)
{
	const char *text = bn_buf_text(bytes);
	size_t sent = 0, n;
	int rc;

	while (sent < bytes->size) {
		CURLcode result =
		    curl_easy_send(http->talk->easy.curl, text + sent, bytes->size - sent, &n);

		if (result == CURLE_OK)
			sent += n;
		else if (result != CURLE_AGAIN)
			return broken(result, what, err);
		else if ((rc = wait_for(http, true, until, what, err)) != BN_OK)
			return rc;
	}
	return BN_OK;
}

static int
receive(struct bn_http *http, int64_t until, const char *what, size_t *bytes, json_t **out,
	const char **refusal, struct bn_error *err)
{
	struct bn_talk *talk = http->talk;
	char room[16384];
	size_t n;
	int rc;

	while (!bn_resp_next(talk->resp, out, refusal, &rc, what, err)) {
		CURLcode result;

		if (rc != BN_OK)
			return rc;
		result = curl_easy_recv(talk->easy.curl, room, sizeof(room), &n);
		if (result == CURLE_AGAIN) {
			if ((rc = wait_for(http, false, until, what, err)) != BN_OK)
				return rc;
			continue;
		}
		if (result != CURLE_OK || n == 0)
			return broken(result != CURLE_OK ? result : CURLE_GOT_NOTHING, what, err);
		*bytes += n;
		bn_http_mix(http, room, n);
		if ((rc = bn_resp_feed(talk->resp, room, n, what, err)) != BN_OK)
			return rc;
		/* A server that never ends a reply must not be listened to for ever. */
		if (bn_monotonic() >= until &&
		    (rc = wait_for(http, false, until, what, err)) != BN_OK)
			return rc;
	}
	if (!bn_resp_rest(talk->resp))
		return BN_OK;
	json_decref(*out);
	*out = NULL;
	*refusal = NULL;
	bn_fail(err, BN_EPARSE, "%s: more than one reply to one command", what);
	return bn_hint(err, "does url lead to the Redis itself, and not to something between?");
}

static void
tell(struct bn_http *http, int index, const char *url, bn_time sent_at, int64_t began, size_t bytes,
     int code, const struct bn_error *err)
{
	const struct bn_request *request = &http->options.requests[index];
	char what[300];
	struct bn_exchange exchange = {.source = http->options.source,
				       .index = index,
				       .request = request,
				       .method = request->method,
				       .url = url,
				       .what = what,
				       .sent_at = sent_at,
				       .took = bn_monotonic() - began,
				       .attempt = 1,
				       .bytes = (int64_t)bytes,
				       .code = code,
				       .error = code < 0 && err != NULL ? err->message : NULL};

	snprintf(what, sizeof(what), "%s %s", request->method, request->path);
	bn_log_write(http->net->options.log, 3, "%s: %s -> %zu bytes, %lld ms%s%s",
		     http->options.source, what, bytes, (long long)exchange.took,
		     exchange.error != NULL ? ": " : "",
		     exchange.error != NULL ? exchange.error : "");
	if (http->net->options.observe != NULL)
		http->net->options.observe(&exchange, http->net->options.payload);
	if (http->options.on_exchange != NULL)
		http->options.on_exchange(&exchange, http->options.payload);
}

/* The command as people may read it: "HLEN recs:prod"; of a login only the first word. */
static void
show_command(const struct bn_request *request, const struct bn_param *params, char *out,
	     size_t size)
{
	const char *p = request->path;
	size_t n = 0;

	if (strncmp(p, "AUTH", 4) == 0) {
		snprintf(out, size, "AUTH");
		return;
	}
	while (*p != '\0' && n + 1 < size) {
		const struct bn_param *param = params;
		size_t name = strcspn(p, "}") - 1;

		while (*p == '{' && param != NULL && param->name != NULL &&
		       (strlen(param->name) != name || strncmp(param->name, p + 1, name) != 0))
			param++;
		if (*p != '{' || param == NULL || param->name == NULL || param->value == NULL) {
			out[n++] = *p++;
			continue;
		}
		n += (size_t)snprintf(out + n, size - n, "%s", param->value);
		p += name + 2;
	}
	out[n < size ? n : size - 1] = '\0';
}

/* Whatever broke the order of question and answer ends the connection; a refusal does not. */
static int
ask(struct bn_http *http, int index, const struct bn_param *params, json_t **out,
    struct bn_error *err)
{
	const struct bn_request *request = &http->options.requests[index];
	bn_time sent_at = http->options.clock != NULL ? bn_clock_now(http->options.clock) : 0;
	int64_t began = bn_monotonic(), timeout = http->options.timeout;
	struct bn_buf command = BN_BUF_INIT(0);
	const char *refusal = NULL;
	struct bn_error own = {0};
	char what[400], shown[200], words[160];
	size_t bytes = 0;
	int rc;

	if (err == NULL)
		err = &own;
	if (http->options.foreground && timeout > BN_FOREGROUND_TOTAL)
		timeout = BN_FOREGROUND_TOTAL;
	show_command(request, params, words, sizeof(words));
	snprintf(what, sizeof(what), "%s on %s", words,
		 bn_http_show_url(http->options.base_url, shown, sizeof(shown)));
	if ((rc = bn_resp_command(&command, request, params, err)) != BN_OK)
		goto out;
	if (http->options.on_send != NULL)
		http->options.on_send(sent_at, http->options.payload);
	bn_record(http, request, http->options.base_url, NULL, 0);
	atomic_fetch_add(&http->requests, 1);
	rc = send_all(http, &command, began + timeout, what, err);
	if (rc == BN_OK)
		rc = receive(http, began + timeout, what, &bytes, out, &refusal, err);
	if (rc != BN_OK)
		http->talk->open = false;
	else if (refusal != NULL)
		rc = bn_resp_failure(err, what, refusal);
	if (rc != BN_OK)
		bn_http_redact(http, err);
	tell(http, index, http->options.base_url, sent_at, began, bytes, rc, err);
out:
	if (command.data != NULL)
		explicit_bzero(command.data, command.size);
	bn_buf_free(&command);
	return rc;
}

static int
row_of(const struct bn_http *http, const char *command)
{
	size_t size = strlen(command);

	for (size_t i = 0; i < http->request_count; i++)
		if (strcmp(http->options.requests[i].method, BN_TALK_METHOD) == 0 &&
		    strncmp(http->options.requests[i].path, command, size) == 0 &&
		    (http->options.requests[i].path[size] == ' ' ||
		     http->options.requests[i].path[size] == '\0'))
			return (int)i;
	return -1;
}

static int
check_row(const struct bn_http *http, int index, struct bn_error *err)
{
	const struct bn_request *request;

	if (index < 0 || (size_t)index >= http->request_count)
		return bn_fail(err, BN_EINTERNAL, "request %d is not in the plugin's table", index);
	request = &http->options.requests[index];
	if (strcmp(request->method, BN_TALK_METHOD) != 0)
		return bn_fail(err, BN_EINTERNAL, "%s %s is no command", request->method,
			       request->path);
	if (request->effect != BN_READS)
		return bn_fail(err, BN_EPERM, "%s changes something; a conversation only reads",
			       request->path);
	return BN_OK;
}

static int64_t
monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- what callers use ------------------------------------------------------------------------ */

static int
log_in(struct bn_http *http, struct bn_error *err)
{
	int row = row_of(http, "AUTH");
	json_t *reply = NULL;
	int rc;

	if (http->user == NULL || row < 0)
		return BN_OK;
	rc = ask(http, row, BN_PARAMS({"user", http->user}, {"password", http->password}), &reply,
		 err);
	json_decref(reply);
	return rc;
}

int
bn_http_talk_open(struct bn_http *http, int first, struct bn_probe *probe, struct bn_error *err)
{
	struct bn_error own = {0};
	char what[300], shown[200];
	json_t *reply = NULL;
	int64_t began;
	int rc;

	if (err == NULL)
		err = &own;
	probe->rc = BN_OK;
	probe->resolve = probe->connect = probe->tls = probe->first_byte = probe->transfer =
	    probe->total = -1;
	probe->certificate_expires = 0;
	probe->sent_at = http->options.clock != NULL ? bn_clock_now(http->options.clock) : 0;
	if ((rc = check_row(http, first, err)) != BN_OK || (rc = make(http, err)) != BN_OK)
		goto out;
	snprintf(what, sizeof(what), "%s",
		 bn_http_show_url(http->options.base_url, shown, sizeof(shown)));
	rc = connect_line(http, what, err);
	bn_easy_phases(http->talk->easy.curl, probe);
	/* libcurl's clock stops with the connection. */
	if (rc != BN_OK || (rc = log_in(http, err)) != BN_OK)
		goto out;
	began = monotonic_us();
	rc = ask(http, first, BN_NO_PARAMS, &reply, err);
	probe->first_byte = monotonic_us() - began;
	probe->total += probe->first_byte;
	json_decref(reply);
out:
	if (rc != BN_OK) {
		snprintf(err->source, sizeof(err->source), "%s", http->options.source);
		probe->first_byte = -1;
		probe->rc = rc;
		probe->error = *err;
		bn_http_talk_close(http);
	}
	return rc;
}

int
bn_http_talk(struct bn_http *http, int index, const struct bn_param *params, json_t **out,
	     struct bn_error *err)
{
	json_t *reply = NULL;
	int rc;

	*out = NULL;
	if ((rc = check_row(http, index, err)) != BN_OK)
		return rc;
	if (http->talk == NULL || !http->talk->open)
		return bn_fail(err, BN_EINTERNAL, "%s: the conversation was not begun",
			       http->options.requests[index].path);
	rc = ask(http, index, params, &reply, err);
	if (rc == BN_OK)
		*out = reply;
	if (rc != BN_OK && err != NULL)
		snprintf(err->source, sizeof(err->source), "%s", http->options.source);
	if (!http->talk->open)
		bn_http_talk_close(http);
	return rc;
}
