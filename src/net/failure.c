/* failure.c - what went wrong with a request, in words a person can act on. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "net/internal.h"

#define TEXT_MAX 300

char *
bn_http_show_url(const char *url, char *out, size_t size)
{
	const char *rest = strstr(url, "://");
	const char *at;
	size_t scheme = rest != NULL ? (size_t)(rest + 3 - url) : 0;
	size_t end = strcspn(url, "?#");
	size_t authority;

	if (scheme > end)
		scheme = 0;
	authority = scheme + strcspn(url + scheme, "/?#");
	at = memrchr(url + scheme, '@', authority - scheme);
	snprintf(out, size, "%.*s%.*s", (int)scheme, url,
		 (int)(at != NULL ? end - (size_t)(at + 1 - url) : end - scheme),
		 at != NULL ? at + 1 : url + scheme);
	return out;
}

static const char *
curl_says(CURLcode rc, const struct bn_easy *easy)
{
	return easy->errbuf[0] != '\0' ? easy->errbuf : curl_easy_strerror(rc);
}

static int
tls_verify(struct bn_error *err, const struct bn_easy *easy, CURLcode rc, const char *what)
{
	long verify = 0;

	curl_easy_getinfo(easy->curl, CURLINFO_SSL_VERIFYRESULT, &verify);
	switch (verify) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		bn_fail(err, BN_ETLS, "%s: the server's certificate has expired", what);
		return bn_hint(err, "renew it there; binnacle never ignores it");
	case X509_V_ERR_CERT_NOT_YET_VALID:
		bn_fail(err, BN_ETLS, "%s: the server's certificate is not valid yet", what);
		return bn_hint(err, "compare the clocks of this machine and the server");
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		bn_fail(err, BN_ETLS, "%s: the server's certificate is self-signed and not trusted",
			what);
		return bn_hint(err, "set ca-file to the CA that signed it");
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		bn_fail(err, BN_ETLS, "%s: nobody we trust has signed the server's certificate",
			what);
		return bn_hint(
		    err,
		    "set ca-file to your organisation's CA (or the server sends no intermediate)");
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED: /* libcurl's start value: the chain was fine, the name was not
				      */
		break;
	default:
		bn_fail(err, BN_ETLS, "%s: the server's certificate is not accepted: %s", what,
			X509_verify_cert_error_string(verify));
		return bn_hint(err, "set ca-file, or have the certificate corrected");
	}
	if (strstr(curl_says(rc, easy), "subject name") != NULL) {
		bn_fail(err, BN_ETLS, "%s: the server's certificate is for another name", what);
		return bn_hint(err, "use the name the certificate is for in url");
	}
	return bn_fail(err, BN_ETLS, "%s: the server's certificate is not accepted: %s", what,
		       curl_says(rc, easy));
}

static int
unreachable(struct bn_error *err, const struct bn_easy *easy, CURLcode rc, const char *what)
{
	long os_error = 0;

	curl_easy_getinfo(easy->curl, CURLINFO_OS_ERRNO, &os_error);
	if (easy->refused_link_local) {
		bn_fail(err, BN_EPERM,
			"%s: link-local addresses (169.254/16, fe80::/10) are refused", what);
		return bn_hint(err, "cloud metadata lives there; check url");
	}
	if (os_error == ECONNREFUSED) {
		bn_fail(err, BN_EUNREACHABLE,
			"%s: connection refused: nothing listens on that port", what);
		return bn_hint(err, "is the server running, is the port in url right?");
	}
	bn_fail(err, BN_EUNREACHABLE, "%s: no connection: %s", what,
		os_error != 0 ? strerror((int)os_error) : curl_says(rc, easy));
	return bn_hint(err, "check network, VPN and proxy");
}

static int
timed_out(struct bn_error *err, const struct bn_easy *easy, CURLcode rc, const char *what,
	  int64_t timeout)
{
	double lookup = 0, connected = 0;
	long status = 0;

	curl_easy_getinfo(easy->curl, CURLINFO_NAMELOOKUP_TIME, &lookup);
	curl_easy_getinfo(easy->curl, CURLINFO_PRETRANSFER_TIME, &connected);
	curl_easy_getinfo(easy->curl, CURLINFO_RESPONSE_CODE, &status);
	if (connected > 0 && strstr(curl_says(rc, easy), "too slow") != NULL) {
		bn_fail(err, BN_ETIMEOUT, "%s: the answer stopped arriving", what);
		return bn_hint(err, "the server or the way to it is stuck");
	}
	if (connected > 0 && status != 0) {
		bn_fail(err, BN_ETIMEOUT, "%s: the answer was not complete within %g s", what,
			(double)timeout / 1000);
		return bn_hint(err, "raise timeout, or ask for less (namespace, filters)");
	}
	if (connected > 0) {
		bn_fail(err, BN_ETIMEOUT, "%s: connected, but no answer within %g s", what,
			(double)timeout / 1000);
		return bn_hint(
		    err, "the server is overloaded or stuck; raise timeout if it is only slow");
	}
	if (lookup <= 0) {
		bn_fail(err, BN_ETIMEOUT, "%s: the name server does not answer", what);
		return bn_hint(err, "check /etc/resolv.conf and VPN");
	}
	bn_fail(
	    err, BN_ETIMEOUT, "%s: no connection within %g s", what,
	    (double)(timeout > 0 && timeout < BN_CONNECT_TIMEOUT ? timeout : BN_CONNECT_TIMEOUT) /
		1000);
	return bn_hint(err, "a firewall may drop it silently; check network, VPN and proxy");
}

static int
from_proxy(struct bn_error *err, const struct bn_easy *easy, CURLcode rc, const char *what)
{
	long status = 0;

	curl_easy_getinfo(easy->curl, CURLINFO_HTTP_CONNECTCODE, &status);
	bn_fail(err, BN_EUNREACHABLE, "%s: the proxy does not let it through: %s", what,
		curl_says(rc, easy));
	return bn_hint(
	    err, status == 407
		     ? "the proxy wants a login: see proxy ="
		     : "check proxy =, https_proxy and no_proxy (binnacle doctor shows them)");
}

/* The answer broke off or is not HTTP. */
static int
broken(struct bn_error *err, const struct bn_easy *easy, CURLcode rc, const char *what)
{
	switch (rc) {
	case CURLE_GOT_NOTHING:
		bn_fail(err, BN_EUNREACHABLE,
			"%s: the server closed the connection without an answer", what);
		return bn_hint(err,
			       "is it an HTTP server, and http or https rightly chosen in url?");
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		bn_fail(err, BN_EUNREACHABLE,
			"%s: the connection broke before the answer was complete", what);
		return bn_hint(err, "it is asked again by itself");
	case CURLE_BAD_CONTENT_ENCODING:
		bn_fail(err, BN_EPARSE, "%s: the answer's compression is damaged", what);
		return bn_hint(err, "look for a proxy in between that changes answers");
	default:
		bn_fail(err, BN_EPARSE, "%s: the answer is not HTTP: %s", what,
			curl_says(rc, easy));
		return bn_hint(err, "check the port in url");
	}
}

int
bn_failure_transport(struct bn_error *err, CURLcode rc, const struct bn_easy *easy,
		     const char *what, const char *url, int64_t timeout)
{
	long connect = 0;

	(void)url;
	curl_easy_getinfo(easy->curl, CURLINFO_HTTP_CONNECTCODE, &connect);
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		bn_fail(err, BN_EUNREACHABLE, "%s: no such host name", what);
		return bn_hint(err, "check the name in url, and DNS and VPN");
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return from_proxy(err, easy, rc, what);
	case CURLE_COULDNT_CONNECT:
	case CURLE_INTERFACE_FAILED:
		return unreachable(err, easy, rc, what);
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(err, easy, rc, what, timeout);
	case CURLE_PEER_FAILED_VERIFICATION:
		return tls_verify(err, easy, rc, what);
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		bn_fail(err, BN_ETLS, "%s: the server's key is not the pinned one", what);
		return bn_hint(err, "somebody may be listening in; if the key was changed on "
				    "purpose, pin the new one");
	case CURLE_SSL_CACERT_BADFILE:
		bn_fail(err, BN_ECONFIG, "%s: ca-file cannot be read", what);
		return bn_hint(err, "it must name a PEM file");
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CERTPROBLEM:
		bn_fail(err, BN_ETLS, "%s: no TLS connection: %s", what, curl_says(rc, easy));
		return bn_hint(err,
			       "the server must speak TLS 1.2 or later; is https right in url?");
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return bn_fail(err, BN_ECONFIG, "%s: not a usable URL", what);
	default:
		if (connect != 0 && connect / 100 != 2)
			return from_proxy(err, easy, rc, what);
		return broken(err, easy, rc, what);
	}
}

/* ---- the platform's own words -------------------------------------------------------------- */

static bool
add_text(struct bn_buf *out, const char *text, size_t size)
{
	size_t i;

	while (size > 0 && isspace((unsigned char)*text))
		text++, size--;
	size = bn_utf8_cut(text, size, TEXT_MAX);
	while (size > 0 && isspace((unsigned char)text[size - 1]))
		size--;
	for (i = 0; i < size; i++)
		bn_buf_addc(out,
			    text[i] == '\n' || text[i] == '\r' || text[i] == '\0' ? ' ' : text[i]);
	return size > 0;
}

/* Where platforms put the sentence a person should read, in order of preference (Kubernetes and
 * grpc-gateway: message; Airflow, FastAPI and RFC 9457: detail, title; Prometheus: error; OAuth:
 * error_description). */
static bool
add_json_text(struct bn_buf *out, const json_t *json, int depth)
{
	static const char *const members[] = {
	    "message", "detail", "error_description", "title",	      "error", "errors",
	    "reason",  "msg",	 "Message",	      "errorMessage", "status"};
	size_t i;

	if (depth > 3)
		return false;
	if (json_is_string(json))
		return add_text(out, json_string_value(json), json_string_length(json));
	if (json_is_array(json))
		return add_json_text(out, json_array_get(json, 0), depth + 1);
	if (!json_is_object(json))
		return false;
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (add_json_text(out, json_object_get(json, members[i]), depth + 1))
			return true;
	return false;
}

bool
bn_looks_like_html(const char *content_type, const char *body, size_t size)
{
	while (size > 0 && isspace((unsigned char)*body))
		body++, size--;
	if (size > 0)
		return *body == '<';
	return content_type != NULL && strncasecmp(content_type, "text/html", 9) == 0;
}

bool
bn_failure_text(struct bn_buf *out, const char *content_type, const char *body, size_t size)
{
	json_t *json = NULL;
	bool found = false;

	if (size == 0 || bn_looks_like_html(content_type, body, size))
		return false;
	if (bn_json_load(&json, body, size, NULL) == BN_OK)
		found = add_json_text(out, json, 0);
	else if (content_type != NULL && strncasecmp(content_type, "text/plain", 10) == 0)
		found = add_text(out, body, size);
	json_decref(json);
	return found;
}

static const struct status_row {
	int status;
	int code;
	const char *said;
	const char *hint;
} statuses[] = {
    {400, BN_EREMOTE, "the server does not accept the request",
     "the server's version may differ from what is supported"},
    {401, BN_EAUTH, "the login is not accepted",
     "check token-* or user and password-*; tokens expire"},
    {403, BN_EPERM, "logged in, but not allowed", "ask for the right named by: binnacle doctor"},
    {404, BN_ENOTFOUND, "not found", "check the path in url, and the name asked for"},
    {405, BN_EUNSUPPORTED, "the server does not know this method here", "check the path in url"},
    {408, BN_ETIMEOUT, "the server gave up waiting", NULL},
    {409, BN_ECONFLICT, "it exists already or changed meanwhile", NULL},
    {410, BN_ENOTFOUND, "it is gone", NULL},
    {422, BN_EREMOTE, "the server does not accept the values",
     "the server's version may differ from what is supported"},
    {425, BN_ETHROTTLED, "too early", NULL},
    {429, BN_ETHROTTLED, "asked too often", "raise interval; other clients may share the limit"},
    {501, BN_EUNSUPPORTED, "the server cannot do that", NULL},
    {502, BN_EREMOTE, "the gateway got no good answer from the server behind it",
     "is that server running?"},
    {503, BN_EREMOTE, "the server is not available right now", "it is asked again by itself"},
    {504, BN_EREMOTE, "the gateway waited in vain for the server behind it",
     "is that server running?"},
};

static const struct status_row *
status_row(long status)
{
	static const struct status_row redirect = {300, BN_EREMOTE, "a redirect that leads nowhere",
						   "check url"};
	static const struct status_row client = {400, BN_EREMOTE, "the server refuses the request",
						 NULL};
	static const struct status_row server = {500, BN_EREMOTE, "the server failed",
						 "look into the server's own log"};
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return status < 400 ? &redirect : status < 500 ? &client : &server;
}

int
bn_failure_status(struct bn_error *err, long status, const char *what, const char *content_type,
		  const char *body, size_t size)
{
	const struct status_row *row = status_row(status);
	struct bn_buf text = BN_BUF_INIT(4096);
	bool said = bn_failure_text(&text, content_type, body, size);

	bn_fail(err, row->code, "%s: %ld, %s%s%s", what, status, row->said, said ? ": " : "",
		bn_buf_text(&text));
	if (err != NULL)
		err->http_status = (int)status;
	if (row->hint != NULL)
		bn_hint(err, "%s", row->hint);
	bn_buf_free(&text);
	return row->code;
}

int
bn_failure_html(struct bn_error *err, const char *what)
{
	bn_fail(err, BN_EPARSE, "%s: a web page came instead of JSON", what);
	return bn_hint(
	    err, "a login page or a proxy answers there; check the path in url and the login");
}
