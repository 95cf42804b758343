/* probe.c - measures many endpoints at once: phases, certificate dates, the beginning of the body. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "net/internal.h"
#include "net/request.h"

#define DEFAULT_PARALLEL 64
#define KEEP_MAX	 (1024u * 1024)
#define READ_MAX	 (8u * 1024 * 1024)
#define DATES_TIMEOUT	 5000

/* A probe on its way. */
struct flight {
	struct bn_http *http;
	struct bn_probe *probe;
	struct bn_arena *arena;
	struct bn_easy easy;
	struct bn_buf body;
	size_t decoded, header_bytes;
	bool too_big;
	bool dates; /* the second connection, for the certificate's dates alone */
	bool flying;
	int64_t began;
	char what[600];
};

static size_t
on_body(char *bytes, size_t unit, size_t count, void *payload)
{
	struct flight *f = payload;
	size_t size = unit * count;

	f->decoded += size;
	if (f->decoded > READ_MAX) {
		f->too_big = true;
		return 0;
	}
	if (f->body.size < f->body.ceiling)
		bn_buf_add(&f->body, bytes,
			   size < f->body.ceiling - f->body.size ? size
								 : f->body.ceiling - f->body.size);
	bn_http_mix(f->http, bytes, size);
	return size;
}

static size_t
on_header(char *line, size_t unit, size_t count, void *payload)
{
	struct flight *f = payload;

	(void)line;
	f->header_bytes += unit * count;
	if (f->header_bytes <= BN_MAX_HEADERS)
		return unit * count;
	f->too_big = true;
	return 0;
}

static int
month_of(const char *name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *found = strlen(name) == 3 ? strstr(names, name) : NULL;

	return found != NULL && (found - names) % 3 == 0 ? (int)((found - names) / 3) + 1 : 0;
}

/* OpenSSL writes "Nov 20 16:32:07 2027 GMT". */
static bn_time
parse_date(const char *text)
{
	char month[4], iso[40];
	int day, hour, minute, second, year;

	if (sscanf(text, " %3s %d %d:%d:%d %d GMT", month, &day, &hour, &minute, &second, &year) !=
		6 ||
	    month_of(month) == 0)
		return 0;
	snprintf(iso, sizeof(iso), "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month_of(month), day,
		 hour, minute, second);
	return bn_time_parse(iso);
}

/* The earliest end over the chain: an expiring intermediate breaks as much as the leaf. */
static bn_time
earliest_expiry(CURL *curl)
{
	struct curl_certinfo *chain = NULL;
	const struct curl_slist *line;
	bn_time expires, earliest = 0;
	int i;

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL)
		return 0;
	for (i = 0; i < chain->num_of_certs; i++)
		for (line = chain->certinfo[i]; line != NULL; line = line->next) {
			if (strncasecmp(line->data, "Expire date:", 12) != 0)
				continue;
			expires = parse_date(line->data + 12);
			if (expires != 0 && (earliest == 0 || expires < earliest))
				earliest = expires;
		}
	return earliest;
}

static int64_t
info_time(CURL *curl, CURLINFO info)
{
	curl_off_t value = 0;

	curl_easy_getinfo(curl, info, &value);
	return value;
}

static int64_t
phase(int64_t from, int64_t to)
{
	return to > 0 ? (to > from ? to - from : 0) : -1;
}

void
bn_easy_phases(CURL *curl, struct bn_probe *p)
{
	int64_t lookup = info_time(curl, CURLINFO_NAMELOOKUP_TIME_T);
	int64_t connect = info_time(curl, CURLINFO_CONNECT_TIME_T);
	int64_t tls = info_time(curl, CURLINFO_APPCONNECT_TIME_T);
	int64_t sent = info_time(curl, CURLINFO_PRETRANSFER_TIME_T);
	int64_t first = info_time(curl, CURLINFO_STARTTRANSFER_TIME_T);
	bn_time expires = earliest_expiry(curl);

	p->total = info_time(curl, CURLINFO_TOTAL_TIME_T);
	p->resolve = lookup > 0 ? lookup : -1;
	p->connect = phase(lookup, connect);
	p->tls = phase(connect, tls);
	p->first_byte = sent > 0 ? phase(sent, first) : -1;
	p->transfer = first > 0 ? phase(first, p->total) : -1;
	if (expires != 0)
		p->certificate_expires = expires;
}

static void
keep_answer(struct flight *f)
{
	struct bn_probe *p = f->probe;
	char *type = NULL;
	long status = 0;

	curl_easy_getinfo(f->easy.curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(f->easy.curl, CURLINFO_CONTENT_TYPE, &type);
	p->http_status = (int)status;
	p->content_type = bn_arena_strdup(f->arena, type);
	p->body = bn_arena_strndup(f->arena, bn_buf_text(&f->body), f->body.size);
	p->body_size = f->body.size;
	bn_http_mix(f->http, &status, sizeof(status));
}

static const struct bn_request *
row_for(const struct bn_http *http, const char *method, int *index)
{
	size_t i;

	for (i = 0; i < http->request_count; i++)
		if (strcmp(http->options.requests[i].method, method) == 0 &&
		    strncmp(http->options.requests[i].path, "{url}", 5) == 0 &&
		    http->options.requests[i].effect == BN_READS) {
			*index = (int)i;
			return &http->options.requests[i];
		}
	return NULL;
}

static void
tell(struct flight *f)
{
	struct bn_http *http = f->http;
	struct bn_probe *p = f->probe;
	const char *method = p->method != NULL ? p->method : "GET";
	curl_off_t wire = 0;
	char what[300];
	struct bn_exchange exchange = {
	    .source = http->options.source,
	    .method = method,
	    .url = p->url,
	    .what = what,
	    .sent_at = p->sent_at,
	    .took = bn_monotonic() - f->began,
	    .attempt = 1,
	    .http_status = p->http_status,
	    .code = p->rc,
	    .error = p->rc != BN_OK ? p->error.message : NULL,
	};

	exchange.request = row_for(http, method, &exchange.index);
	if (f->easy.curl != NULL)
		curl_easy_getinfo(f->easy.curl, CURLINFO_SIZE_DOWNLOAD_T, &wire);
	exchange.bytes = wire;
	snprintf(what, sizeof(what), "%s {url}", method);
	if (http->net->options.observe != NULL)
		http->net->options.observe(&exchange, http->net->options.payload);
	if (http->options.on_exchange != NULL)
		http->options.on_exchange(&exchange, http->options.payload);
}

static int
add_headers(struct flight *f, struct bn_error *err)
{
	const char *const *header;
	int rc;

	for (header = f->probe->headers; header != NULL && *header != NULL; header++)
		if ((rc = bn_easy_header(&f->easy, *header, err)) != BN_OK)
			return rc;
	return bn_easy_headers_done(&f->easy, err);
}

static int
prepare(struct flight *f, struct bn_error *err)
{
	struct bn_http *http = f->http;
	struct bn_probe *p = f->probe;
	struct bn_easy_options options = {
	    .url = p->url,
	    .method = p->method != NULL ? p->method : "GET",
	    .ca_file = p->ca_file != NULL ? p->ca_file : http->options.ca_file,
	    .pinned_key = http->options.pinned_key,
	    .proxy = http->options.proxy,
	    .timeout = f->dates		? DATES_TIMEOUT
		       : p->timeout > 0 ? p->timeout
					: http->options.timeout,
	    .link_local = http->options.link_local,
	    .fresh = true,
	    .dates_only = f->dates,
	};
	int rc;

	if ((rc = bn_easy_init(&f->easy, http->net, &options, err)) != BN_OK)
		return rc;
	/* The second connection says nothing at all, so it can give nothing away. */
	if (!f->dates && (rc = add_headers(f, err)) != BN_OK)
		return rc;
	if (curl_easy_setopt(f->easy.curl, CURLOPT_PRIVATE, f) != CURLE_OK ||
	    curl_easy_setopt(f->easy.curl, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
	    curl_easy_setopt(f->easy.curl, CURLOPT_WRITEDATA, f) != CURLE_OK ||
	    curl_easy_setopt(f->easy.curl, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK ||
	    curl_easy_setopt(f->easy.curl, CURLOPT_HEADERDATA, f) != CURLE_OK)
		return bn_fail(err, BN_EINTERNAL, "libcurl refuses the callbacks");
	return BN_OK;
}

static void
land(struct flight *f)
{
	struct bn_probe *p = f->probe;

	snprintf(p->error.source, sizeof(p->error.source), "%s", f->http->options.source);
	p->error.http_status = p->http_status;
	tell(f);
}

/* Puts the flight on its way; a probe that cannot start has landed already. */
static bool
launch(struct flight *f, CURLM *multi)
{
	struct bn_probe *p = f->probe;
	const char *method = p->method != NULL ? p->method : "GET";
	const struct bn_request *row;
	int index, rc;

	f->began = bn_monotonic();
	if (!f->dates) {
		p->sent_at =
		    f->http->options.clock != NULL ? bn_clock_now(f->http->options.clock) : 0;
		atomic_fetch_add(&f->http->requests, 1);
	}
	/* A second connection for the dates ends with the handshake: no request is sent on it. */
	if (!f->dates && (row = row_for(f->http, method, &index)) != NULL)
		bn_record(f->http, row, p->url, NULL, 0);
	rc = prepare(f, f->dates ? NULL : &p->error);
	if (rc == BN_OK && curl_multi_add_handle(multi, f->easy.curl) != CURLM_OK)
		rc = bn_fail(f->dates ? NULL : &p->error, BN_EINTERNAL,
			     "libcurl does not take the probe");
	if (rc == BN_OK)
		return f->flying = true;
	if (!f->dates)
		p->rc = rc;
	land(f);
	bn_easy_clear(&f->easy);
	return false;
}

/* Returns true when a second connection is on its way. */
static bool
arrived(struct flight *f, CURLM *multi, CURLcode result)
{
	struct bn_probe *p = f->probe;
	int64_t timeout = p->timeout > 0 ? p->timeout : f->http->options.timeout;
	bn_time expires = earliest_expiry(f->easy.curl);

	curl_multi_remove_handle(multi, f->easy.curl);
	f->flying = false;
	if (expires != 0)
		p->certificate_expires = expires;
	if (!f->dates) {
		bn_easy_phases(f->easy.curl, p);
		keep_answer(f);
		if (f->too_big)
			p->rc =
			    bn_fail(&p->error, BN_ETOOBIG, "%s: the answer is larger than %u KiB",
				    f->what, READ_MAX / 1024);
		else if (result != CURLE_OK)
			p->rc = bn_failure_transport(&p->error, result, &f->easy, f->what, p->url,
						     timeout);
		if (p->rc == BN_ETLS && expires == 0) {
			bn_easy_clear(&f->easy);
			f->dates = true;
			return launch(f, multi);
		}
	}
	land(f);
	bn_easy_clear(&f->easy);
	bn_buf_free(&f->body);
	return false;
}

static int
begin(struct flight *f, struct bn_http *http, struct bn_probe *probe, struct bn_arena *arena,
      struct bn_error *err)
{
	const char *method = probe->method != NULL ? probe->method : "GET";
	char shown[500];
	int index;

	memset(f, 0, sizeof(*f));
	f->http = http;
	f->probe = probe;
	f->arena = arena;
	f->body.ceiling = probe->max_body < KEEP_MAX ? probe->max_body : KEEP_MAX;
	probe->rc = BN_OK;
	memset(&probe->error, 0, sizeof(probe->error));
	probe->http_status = 0;
	probe->certificate_expires = 0;
	probe->body = probe->content_type = NULL;
	probe->body_size = 0;
	probe->resolve = probe->connect = probe->tls = probe->first_byte = probe->transfer =
	    probe->total = -1;
	snprintf(f->what, sizeof(f->what), "%s %s", method,
		 bn_http_show_url(probe->url, shown, sizeof(shown)));
	if (row_for(http, method, &index) == NULL)
		return bn_fail(err, BN_EINTERNAL,
			       "a probe by %s is not in the plugin's request table", method);
	return BN_OK;
}

static void
cancel_all(struct flight *flights, size_t count, CURLM *multi)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!flights[i].flying)
			continue;
		curl_multi_remove_handle(multi, flights[i].easy.curl);
		if (!flights[i].dates)
			flights[i].probe->rc = bn_fail(&flights[i].probe->error, BN_ECANCELLED,
						       "%s: cancelled", flights[i].what);
		bn_easy_clear(&flights[i].easy);
		bn_buf_free(&flights[i].body);
	}
}

static int
fly(struct bn_http *http, struct flight *flights, size_t count, size_t parallel, CURLM *multi)
{
	size_t next = 0, flying = 0;
	CURLMsg *message;
	struct flight *f;
	CURLcode result;
	int running, left;

	while (next < count || flying > 0) {
		while (next < count && flying < parallel)
			flying += launch(&flights[next++], multi) ? 1 : 0;
		curl_multi_perform(multi, &running);
		while ((message = curl_multi_info_read(multi, &left)) != NULL) {
			f = NULL;
			if (message->msg != CURLMSG_DONE ||
			    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &f) !=
				CURLE_OK ||
			    f == NULL)
				continue;
			result = message->data.result;
			flying -= arrived(f, multi, result) ? 0 : 1;
		}
		if (bn_http_cancelled(http)) {
			cancel_all(flights, count, multi);
			return BN_ECANCELLED;
		}
		if (flying > 0)
			curl_multi_poll(multi, NULL, 0, 10000, NULL);
	}
	return BN_OK;
}

int
bn_http_probe(struct bn_http *http, struct bn_probe *probes, size_t count, size_t parallel,
	      struct bn_arena *arena, struct bn_error *err)
{
	struct flight *flights = bn_xcalloc(count > 0 ? count : 1, sizeof(*flights));
	CURLM *multi = NULL;
	size_t i;
	int rc = BN_OK;

	for (i = 0; i < count && rc == BN_OK; i++)
		rc = begin(&flights[i], http, &probes[i], arena, err);
	if (rc != BN_OK)
		goto out;
	if ((rc = bn_http_enter(http, &multi, err)) != BN_OK)
		goto out;
	/* Probes of one host must not wait for each other, nor share a connection. */
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 0L);
	rc = fly(http, flights, count, parallel > 0 ? parallel : DEFAULT_PARALLEL, multi);
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 6L);
	bn_http_leave(http);
	if (rc != BN_OK)
		bn_fail(err, rc, "probing was cancelled");
out:
	free(flights);
	return rc;
}
