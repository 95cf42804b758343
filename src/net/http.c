/* http.c - one lane's client: its life, its login, cancelling, and the multi handles of nested calls. */
/* SPDX-License-Identifier: MIT */
#include "net/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"
#include "net/internal.h"
#include "net/request.h"

static void
wipe_free(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

int
bn_http_new(struct bn_http **out, struct bn_net *net, const struct bn_http_options *options,
	    struct bn_error *err)
{
	struct bn_http *http;
	int rc;

	*out = NULL;
	if (options->base_url != NULL && !bn_url_is_talk(options->base_url) &&
	    (rc = bn_url_check(options->base_url, NULL, err)) != BN_OK)
		return rc;
	http = bn_xcalloc(1, sizeof(*http));
	http->net = net;
	http->options = *options;
	http->options.source = bn_xstrdup(options->source != NULL ? options->source : "");
	http->options.base_url = bn_xstrdup(options->base_url);
	http->options.ca_file = bn_xstrdup(options->ca_file);
	http->options.pinned_key = bn_xstrdup(options->pinned_key);
	http->options.proxy = bn_xstrdup(options->proxy);
	if (http->options.timeout <= 0)
		http->options.timeout = BN_DEFAULT_TIMEOUT;
	if (http->options.idle <= 0)
		http->options.idle = BN_DEFAULT_IDLE;
	if (http->options.max_body == 0)
		http->options.max_body = BN_MAX_BODY;
	http->request_count = bn_request_count(options->requests);
	http->memory = bn_memory_new();
	pthread_mutex_init(&http->lock, NULL);
	*out = http;
	return BN_OK;
}

static void
free_text(const char *text)
{
	union {
		const char *in;
		char *out;
	} cast = {text};

	free(cast.out);
}

void
bn_http_free(struct bn_http *http)
{
	int i;

	if (http == NULL)
		return;
	bn_http_talk_close(http);
	for (i = 0; i < BN_DEPTH_MAX; i++)
		if (http->multi[i] != NULL)
			curl_multi_cleanup(http->multi[i]);
	free_text(http->options.source);
	free_text(http->options.base_url);
	free_text(http->options.ca_file);
	free_text(http->options.pinned_key);
	free_text(http->options.proxy);
	wipe_free(http->bearer);
	wipe_free(http->user);
	wipe_free(http->password);
	bn_memory_free(http->memory);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

/* ---- login --------------------------------------------------------------------------------- */

int
bn_http_set_bearer(struct bn_http *http, const char *token, struct bn_error *err)
{
	bool whole;
	char *line;

	wipe_free(http->bearer);
	http->bearer = NULL;
	if (token == NULL)
		return BN_OK;
	/* `argo auth token` prints the scheme with the token. */
	whole = strncasecmp(token, "Bearer ", 7) == 0 || strncasecmp(token, "Basic ", 6) == 0;
	line = bn_xasprintf("Authorization: %s%s", whole ? "" : "Bearer ", token);
	if (*token == '\0' || !bn_header_ok(line)) {
		wipe_free(line);
		bn_fail(err, BN_ECONFIG,
			"the token is empty or holds a line end or control character");
		return bn_hint(err, "the command or file must give the token alone");
	}
	http->bearer = line;
	return BN_OK;
}

int
bn_http_set_basic(struct bn_http *http, const char *user, const char *password,
		  struct bn_error *err)
{
	wipe_free(http->user);
	wipe_free(http->password);
	http->user = http->password = NULL;
	if (user == NULL)
		return BN_OK;
	if (strpbrk(user, ":\r\n") != NULL ||
	    (password != NULL && strpbrk(password, "\r\n") != NULL))
		return bn_fail(err, BN_ECONFIG,
			       "the user holds a colon, or user or password a line end");
	http->user = bn_xstrdup(user);
	http->password = bn_xstrdup(password != NULL ? password : "");
	return BN_OK;
}

bool
bn_http_has_login(const struct bn_http *http)
{
	return http->bearer != NULL || http->user != NULL;
}

int
bn_http_login_headers(struct bn_http *http, struct bn_easy *easy, struct bn_error *err)
{
	if (http->bearer != NULL)
		return bn_easy_header(easy, http->bearer, err);
	if (http->user == NULL)
		return BN_OK;
	if (curl_easy_setopt(easy->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) != CURLE_OK ||
	    curl_easy_setopt(easy->curl, CURLOPT_USERNAME, http->user) != CURLE_OK ||
	    curl_easy_setopt(easy->curl, CURLOPT_PASSWORD, http->password) != CURLE_OK)
		return bn_fail(err, BN_EINTERNAL, "libcurl refuses the login");
	return BN_OK;
}

const char *
bn_http_secret(const struct bn_http *http, size_t index)
{
	const char *token = http->bearer != NULL ? strrchr(http->bearer, ' ') : NULL;

	return index == 0 && token != NULL ? token + 1 : index == 1 ? http->password : NULL;
}

void
bn_http_redact(const struct bn_http *http, struct bn_error *err)
{
	for (size_t i = 0; err != NULL && i < BN_HTTP_SECRETS; i++) {
		bn_text_blot_cut(err->message, strlen(err->message), bn_http_secret(http, i));
		bn_text_blot_cut(err->hint, strlen(err->hint), bn_http_secret(http, i));
	}
}

/* ---- cancelling ---------------------------------------------------------------------------- */

void
bn_http_cancel(struct bn_http *http)
{
	int i;

	atomic_store(&http->cancelled, true);
	pthread_mutex_lock(&http->lock);
	for (i = 0; i < BN_DEPTH_MAX; i++)
		if (http->multi[i] != NULL)
			curl_multi_wakeup(http->multi[i]);
	bn_talk_wakeup(http->talk);
	pthread_mutex_unlock(&http->lock);
}

void
bn_http_resume(struct bn_http *http)
{
	atomic_store(&http->cancelled, false);
}

bool
bn_http_cancelled(const struct bn_http *http)
{
	return atomic_load(&http->cancelled);
}

int
bn_http_enter(struct bn_http *http, CURLM **multi, struct bn_error *err)
{
	if (http->depth >= BN_DEPTH_MAX)
		return bn_fail(err, BN_EINTERNAL, "requests are nested more than %d deep",
			       BN_DEPTH_MAX);
	pthread_mutex_lock(&http->lock);
	if (http->multi[http->depth] == NULL && (*multi = curl_multi_init()) != NULL) {
		curl_multi_setopt(*multi, CURLMOPT_MAX_HOST_CONNECTIONS, 6L);
		curl_multi_setopt(*multi, CURLMOPT_MAXCONNECTS, 8L);
		http->multi[http->depth] = *multi;
	}
	*multi = http->multi[http->depth];
	pthread_mutex_unlock(&http->lock);
	if (*multi == NULL)
		return bn_fail(err, BN_EINTERNAL, "libcurl gives no multi handle");
	http->depth++;
	return BN_OK;
}

void
bn_http_leave(struct bn_http *http)
{
	http->depth--;
}

int
bn_http_wait(struct bn_http *http, int64_t ms)
{
	int64_t until = bn_monotonic() + ms, left;
	CURLM *multi;
	int rc;

	if ((rc = bn_http_enter(http, &multi, NULL)) != BN_OK)
		return rc;
	while (!bn_http_cancelled(http) && (left = until - bn_monotonic()) > 0)
		curl_multi_poll(multi, NULL, 0, left > 60000 ? 60000 : (int)left, NULL);
	bn_http_leave(http);
	return bn_http_cancelled(http) ? BN_ECANCELLED : BN_OK;
}

/* ---- small things -------------------------------------------------------------------------- */

void
bn_http_if_changed(struct bn_http *http)
{
	http->if_changed = true;
}

void
bn_http_remember(struct bn_http *http, bool keep)
{
	http->if_changed = false;
	bn_memory_settle(http->memory, keep);
}

/* FNV-1a, 64 bits. Only looked at while the clock stands, so only then computed. */
void
bn_http_mix(struct bn_http *http, const void *bytes, size_t size)
{
	const unsigned char *b = bytes;
	size_t i;

	if (http->options.clock == NULL || http->options.clock->speed != 0)
		return;
	for (i = 0; i < size; i++)
		http->fingerprint = (http->fingerprint ^ b[i]) * 0x100000001b3u;
}

uint64_t
bn_http_fingerprint(struct bn_http *http)
{
	uint64_t fingerprint = http->fingerprint;

	http->fingerprint = 0xcbf29ce484222325u;
	return fingerprint;
}

int64_t
bn_http_requests(const struct bn_http *http)
{
	return atomic_load(&http->requests);
}

static const char *
proxy_variable(const char *url)
{
	const char *proxy;

	/* As libcurl: HTTP_PROXY in capitals is ignored for http, since a CGI's client could set
	 * it. */
	if (strncasecmp(url, "https:", 6) == 0) {
		if ((proxy = getenv("https_proxy")) == NULL)
			proxy = getenv("HTTPS_PROXY");
	} else
		proxy = getenv("http_proxy");
	if (proxy == NULL && (proxy = getenv("all_proxy")) == NULL)
		proxy = getenv("ALL_PROXY");
	return proxy;
}

char *
bn_http_proxy_for(const char *url, const char *configured)
{
	const char *proxy = configured != NULL ? configured : proxy_variable(url);
	char shown[512];

	if (bn_url_is_loopback(url) || proxy == NULL || *proxy == '\0')
		return NULL;
	return bn_xstrdup(bn_http_show_url(proxy, shown, sizeof(shown)));
}
