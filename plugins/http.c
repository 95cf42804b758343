/* http.c - probes plain HTTP endpoints: do they answer, how fast, is what they say fresh. */
/* SPDX-License-Identifier: MIT
 *
 * One [endpoint "NAME"] section each. All of them are measured at once, on fresh connections, so
 * that the time of every phase is the true one. A probe never sends a login: what it sees is what
 * anybody sees. */
#include <stdio.h>
#include <string.h>

#include "http_assert.h"

#define DAY		   (24 * 60 * 60 * (int64_t)1000)
#define CERTIFICATE_SOON   (14 * DAY)
#define CERTIFICATE_URGENT (3 * DAY)
#define ASSERTS_AT_MOST	   32
#define HEADERS_AT_MOST	   16

static const struct bn_option options[] = {
    {"parallel", BN_OPT_INT, "64", "how many endpoints are measured at the same time", 0, "1..512"},
    {NULL, 0, NULL, NULL, 0, NULL}};

static const struct bn_option endpoint_options[] = {
    {"url", BN_OPT_URL, NULL, "address that is asked, http or https", BN_OPT_REQUIRED, NULL},
    {"source", BN_OPT_STRING, NULL,
     "name of the source of type http that probes it; needed only with several", 0, NULL},
    {"method", BN_OPT_ENUM, "GET", "how it is asked", 0, "GET|HEAD"},
    {"header", BN_OPT_STRING, NULL, "a request header, `Name: value`; never put a secret here",
     BN_OPT_MULTI, NULL},
    {"expect-status", BN_OPT_STRING, "2xx",
     "HTTP statuses that mean it works: `200`, `2xx`, `200,204`", 0, NULL},
    {"assert", BN_OPT_ASSERT, NULL,
     "what must be true of the answer, such as `json .generated_at age < 24h`; see ASSERTIONS",
     BN_OPT_MULTI, NULL},
    {"slo-p99", BN_OPT_DURATION, NULL, "latency it promises; a slower answer counts as degraded", 0,
     "1ms..10m"},
    {"timeout", BN_OPT_DURATION, "10s", "how long one probe may take", 0, "100ms..2m"},
    {"ca-file", BN_OPT_PATH, NULL,
     "PEM file of the authority that signed its certificate, if not a public one", 0, NULL},
    {"owner", BN_OPT_STRING, NULL, "who is asked about it", 0, NULL},
    {"group", BN_OPT_STRING, NULL, "a word to filter by, kept as the label `group`", 0, NULL},
    {NULL, 0, NULL, NULL, 0, NULL}};

static const struct bn_request requests[] = {
    {"GET", "{url}", "", BN_READS,
     "the probe of an endpoint; the address comes from its [endpoint] section"},
    {"HEAD", "{url}", "", BN_READS, "the same with `method = HEAD`"},
    {NULL, NULL, NULL, BN_READS, NULL}};

/* ---- asking ---------------------------------------------------------------------------------- */

static void
prepare(struct bn_source *s, size_t section, struct bn_probe *probe)
{
	const char **headers = bn_alloc(s, (HEADERS_AT_MOST + 1) * sizeof(*headers));

	for (size_t i = 0; i < HEADERS_AT_MOST; i++)
		if ((headers[i] = bn_section_option_at(s, section, "header", i)) == NULL)
			break;
	*probe = (struct bn_probe){
	    .url = bn_section_option(s, section, "url"),
	    .method = bn_section_option(s, section, "method"),
	    .headers = headers,
	    .ca_file = bn_section_option(s, section, "ca-file"),
	    .timeout = bn_section_option_int(s, section, "timeout"),
	    .max_body = 256 * 1024,
	};
}

/* The URL as people may see it: without user, password, query and fragment, which may hold a key.
 */
static const char *
shown_url(struct bn_source *s, const char *url)
{
	const char *host = strstr(url, "://"), *at;
	size_t size = strcspn(url, "?#"), scheme = host != NULL ? (size_t)(host + 3 - url) : 0;

	at = memrchr(url + scheme, '@', strcspn(url + scheme, "/?#"));
	if (at == NULL)
		return bn_format(s, "%.*s", (int)size, url);
	return bn_format(s, "%.*s%.*s", (int)scheme, url, (int)(size - (size_t)(at + 1 - url)),
			 at + 1);
}

/* ---- judging --------------------------------------------------------------------------------- */

struct judged {
	enum bn_status status;
	const char *raw, *message;
	const char **asserts; /* triples: claim, ok|failed|unclear, what was seen */
	size_t assert_count;
	bn_time made;  /* of what it serves: the oldest moment an age claim is about; 0: none is */
	bn_time since; /* when what is wrong began, where the answer tells; else 0 */
};

/* The worst of what is wrong counts; of two equally bad things the one found first. */
static void
worsen(struct judged *j, enum bn_status status, const char *raw, const char *message)
{
	if (status <= j->status)
		return;
	j->status = status;
	j->raw = raw;
	j->message = message;
}

/* What kept the answer from coming, in one word. Time-outs and refusals point at different people.
 */
static const char *
failure_word(const struct bn_probe *probe)
{
	switch (probe->rc) {
	case BN_ETIMEOUT:
		return "timeout";
	case BN_ETLS:
		return "TLS";
	case BN_EPARSE:
		return "not HTTP";
	case BN_EPERM:
	case BN_ECONFIG:
		return "not asked";
	case BN_EUNREACHABLE:
		if (probe->resolve < 0)
			return "DNS";
		return strstr(probe->error.message, "refused") != NULL ? "refused" : "unreachable";
	default:
		return "no answer";
	}
}

static const char *
failure_text(struct bn_source *s, const struct bn_probe *probe)
{
	const char *path =
	    probe->rc == BN_ETIMEOUT || probe->rc == BN_EUNREACHABLE ? "; network path?" : "";

	if (probe->error.hint[0] != '\0')
		return bn_format(s, "%s (%s%s)", probe->error.message, probe->error.hint, path);
	return bn_format(s, "%s%s", probe->error.message, path);
}

static void
judge_certificate(struct bn_source *s, const struct bn_probe *probe, struct judged *j)
{
	int64_t left = probe->certificate_expires - bn_source_now(s);
	const char *message;

	if (probe->certificate_expires == 0 || left >= CERTIFICATE_SOON)
		return;
	message =
	    left > 0
		? bn_format(s, "the certificate expires in %lld days", (long long)(left / DAY))
		: bn_format(s, "the certificate expired %lld days ago", (long long)(-left / DAY));
	worsen(j, left < CERTIFICATE_URGENT ? BN_DOWN : BN_DEGRADED,
	       probe->rc == BN_OK ? bn_format(s, "%d cert", probe->http_status) : "TLS", message);
}

static void
judge_asserts(struct bn_source *s, size_t section, const struct bn_probe *probe, struct judged *j)
{
	static const char *const words[] = {
	    [HTTP_STATUS] = "",	    [HTTP_LATENCY] = " slow", [HTTP_CERTIFICATE] = " cert",
	    [HTTP_BODY] = " wrong", [HTTP_JSON] = " wrong",   [HTTP_AGE] = " stale"};
	struct bn_json body = {0};
	struct bn_error err;
	const char *claim;

	if (probe->rc != BN_OK || probe->body_size == 0 ||
	    bn_json_parse(s, probe->body, probe->body_size, &body, &err) != BN_OK)
		body = (struct bn_json){.host = s->host};
	for (size_t i = 0;
	     i < ASSERTS_AT_MOST && (claim = bn_section_option_at(s, section, "assert", i)) != NULL;
	     i++) {
		struct http_outcome outcome;

		/* A claim that can't be read is a mistake in the configuration of this endpoint; the
		 * others are measured all the same. */
		if (http_assert(s, claim, probe, body, &outcome, &err) != BN_OK) {
			outcome =
			    (struct http_outcome){HTTP_UNCLEAR, HTTP_BODY, "not readable", 0, 0};
			worsen(j, BN_DEGRADED, "config",
			       bn_format(s, "%s (%s)", err.message, err.hint));
		}
		j->asserts[3 * i] = claim;
		j->asserts[3 * i + 1] = outcome.verdict == HTTP_HOLDS	? "ok"
					: outcome.verdict == HTTP_FAILS ? "failed"
									: "unclear";
		j->asserts[3 * i + 2] = outcome.seen;
		if (outcome.made != 0 && (j->made == 0 || outcome.made < j->made))
			j->made = outcome.made;
		if (outcome.verdict != HTTP_FAILS)
			continue;
		if (j->status == BN_HEALTHY)
			j->since = outcome.failing;
		worsen(j, outcome.subject == HTTP_STATUS ? BN_DOWN : BN_DEGRADED,
		       bn_format(s, "%d%s", probe->http_status, words[outcome.subject]),
		       bn_format(s, "%s: it is %s", claim, outcome.seen));
		if (j->status == BN_DOWN)
			j->since = 0;
	}
}

static void
judge(struct bn_source *s, size_t section, const struct bn_probe *probe, struct judged *j)
{
	const char *expect = bn_section_option(s, section, "expect-status");
	int64_t slo = bn_section_option_int(s, section, "slo-p99");

	*j = (struct judged){.status = BN_HEALTHY,
			     .asserts = bn_alloc(s, (3 * ASSERTS_AT_MOST + 1) * sizeof(char *))};
	if (probe->rc != BN_OK) {
		worsen(j, BN_DOWN, failure_word(probe), failure_text(s, probe));
	} else {
		j->raw = bn_format(s, "%d", probe->http_status);
		if (!http_status_in(expect != NULL ? expect : "2xx", probe->http_status))
			worsen(j, BN_DOWN, j->raw,
			       bn_format(s, "HTTP %d; expected is %s", probe->http_status,
					 expect != NULL ? expect : "2xx"));
		if (slo > 0 && probe->total > slo * 1000)
			worsen(j, BN_DEGRADED, bn_format(s, "%d slow", probe->http_status),
			       bn_format(s, "it took %lld ms; it promises %lld ms",
					 (long long)(probe->total / 1000), (long long)slo));
	}
	judge_certificate(s, probe, j);
	judge_asserts(s, section, probe, j);
}

/* ---- telling --------------------------------------------------------------------------------- */

static void
add_result(struct bn_source *s, struct bn_batch *batch, size_t section,
	   const struct bn_probe *probe)
{
	const char *name = bn_section_name(s, section),
		   *group = bn_section_option(s, section, "group");
	const char *labels[] = {"group", group, NULL};
	bn_time at = probe->sent_at > 0 ? probe->sent_at : bn_source_now(s);
	const char *url = shown_url(s, probe->url);
	struct bn_ref self = {BN_ENDPOINT, NULL, name};
	struct judged j;

	judge(s, section, probe, &j);
	bn_add_endpoint(batch, &(struct bn_endpoint){
				   .e = {.key = name,
					 .status = j.status,
					 .raw_status = j.raw,
					 .message = j.message,
					 .since = j.since,
					 .owner = bn_section_option(s, section, "owner"),
					 .url = url,
					 .labels = group != NULL ? labels : NULL},
				   .type = "http",
				   .target = bn_format(s, "%s %s", probe->method, url),
				   .http_status = probe->http_status,
				   .resolve = probe->resolve,
				   .connect = probe->connect,
				   .tls = probe->tls,
				   .first_byte = probe->first_byte,
				   .transfer = probe->transfer,
				   .total = probe->total,
				   .certificate_expires = probe->certificate_expires,
				   .checked_at = at,
				   .slo_p99 = bn_section_option_int(s, section, "slo-p99"),
				   .asserts = j.asserts,
			       });
	/* What the percentiles and the sparkline are made of; a failed probe has no latency. */
	if (probe->rc == BN_OK && probe->total >= 0)
		bn_add_point(batch, self, "total", at, (double)probe->total / 1000);
	bn_add_point(batch, self, "up", at, j.status == BN_DOWN ? 0 : 1);
	/* How old what it serves is: a product may promise that. */
	if (j.made != 0 && j.made <= at) {
		bn_add_measure(batch, self, "age", (double)(at - j.made) / 1000, "s", at);
		bn_add_point(batch, self, "age", at, (double)(at - j.made) / 1000);
	}
}

static int
http_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	size_t count = bn_section_count(s);
	struct bn_probe *probes = bn_alloc(s, (count + 1) * sizeof(*probes));
	int rc = bn_scope(batch, "endpoints", BN_COMPLETE, err);

	for (size_t i = 0; i < count; i++)
		prepare(s, i, &probes[i]);
	if (rc == BN_OK && count > 0)
		rc = bn_probe_all(s, probes, count, (size_t)bn_option_int(s, "parallel"), err);
	if (rc != BN_OK)
		return rc;
	for (size_t i = 0; i < count; i++)
		add_result(s, batch, i, &probes[i]);
	return bn_scope_done(batch, err);
}

/* One endpoint, right now. */
static int
http_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *batch,
	    struct bn_error *err)
{
	struct bn_probe probe;
	int rc;

	for (size_t i = 0; i < bn_section_count(s); i++) {
		if (ref->kind != BN_ENDPOINT || strcmp(bn_section_name(s, i), ref->key) != 0)
			continue;
		prepare(s, i, &probe);
		rc = bn_probe_all(s, &probe, 1, 1, err);
		if (rc != BN_OK)
			return rc;
		add_result(s, batch, i, &probe);
		return bn_page(batch, err);
	}
	return bn_fail_at(s, err, BN_ENOTFOUND, "there is no [endpoint \"%s\"]", ref->key);
}

static int
http_doctor(struct bn_source *s, struct bn_sink *sink, struct bn_error *err)
{
	(void)err;
	if (bn_section_count(s) == 0)
		bn_check(s, sink, BN_CHECK_NOTE, "endpoints",
			 "none is configured: add an [endpoint \"NAME\"] section");
	for (size_t i = 0; i < bn_section_count(s); i++) {
		struct bn_probe probe;
		struct bn_error failure;
		struct judged j;

		prepare(s, i, &probe);
		if (bn_probe_all(s, &probe, 1, 1, &failure) != BN_OK)
			return BN_OK;
		judge(s, i, &probe, &j);
		bn_check(s, sink,
			 j.status == BN_HEALTHY	   ? BN_CHECK_OK
			 : j.status == BN_DEGRADED ? BN_CHECK_NOTE
						   : BN_CHECK_FAIL,
			 bn_section_name(s, i), j.message != NULL ? j.message : j.raw);
	}
	return BN_OK;
}

const struct bn_plugin bn_plugin_http = {
    .abi = BN_PLUGIN_ABI,
    .name = "http",
    .summary = "plain HTTP endpoints: phase timings, certificates, assertions on the answer",
    .provides = "endpoint",
    .section = "endpoint",
    .options = options,
    .section_options = endpoint_options,
    .requests = requests,
    .interval = 15000,
    .poll = http_poll,
    .detail = http_detail,
    .doctor = http_doctor,
};
