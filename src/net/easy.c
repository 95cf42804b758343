/* easy.c - the one constructor of libcurl handles: every option that matters is set here and nowhere else. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "config.h"
#include "net/internal.h"
#include "net/request.h"

/* What is the same for every request. Defaults of libcurl stand here too where safety hangs on
 * them. */
static const struct {
	CURLoption option;
	long value;
} frozen[] = {
    {CURLOPT_NOSIGNAL, 1},	 /* there are threads */
    {CURLOPT_NOPROGRESS, 1},	 /* a cancel is a wakeup */
    {CURLOPT_FOLLOWLOCATION, 0}, /* by hand, same origin only */
    {CURLOPT_MAXREDIRS, 3},
    {CURLOPT_UNRESTRICTED_AUTH, 0},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS},
    {CURLOPT_PATH_AS_IS, 1}, /* request.c refused what climbs */
    {CURLOPT_TCP_KEEPALIVE, 1},
    {CURLOPT_TCP_KEEPIDLE, 30},
    {CURLOPT_TCP_KEEPINTVL, 15},
    {CURLOPT_LOW_SPEED_LIMIT, 1},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
#if LIBCURL_VERSION_NUM >= 0x075700
    {CURLOPT_QUICK_EXIT, 1}, /* a silent resolver must not hold a cancel */
#endif
};

static bool
is_link_local(const struct sockaddr *address)
{
	const struct sockaddr_in *v4;
	const struct sockaddr_in6 *v6;
	uint32_t host;

	if (address->sa_family == AF_INET) {
		v4 = (const struct sockaddr_in *)(const void *)address;
		return (ntohl(v4->sin_addr.s_addr) >> 16) == 0xa9fe;
	}
	if (address->sa_family != AF_INET6)
		return false;
	v6 = (const struct sockaddr_in6 *)(const void *)address;
	if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		return true;
	if (!IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		return false;
	memcpy(&host, &v6->sin6_addr.s6_addr[12], sizeof(host));
	return (ntohl(host) >> 16) == 0xa9fe;
}

/* Cloud metadata services live on link-local addresses; a configuration that came by pull request
 * must not be able to read credentials there. */
static curl_socket_t
open_socket(void *payload, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct bn_easy *easy = payload;

	(void)purpose;
	if (!easy->link_local && is_link_local(&address->addr)) {
		easy->refused_link_local = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode
use_trust(CURL *curl, void *ssl_ctx, void *payload)
{
	const struct bn_easy *easy = payload;

	(void)curl;
	SSL_CTX_set1_cert_store(ssl_ctx, easy->trust->store);
	return CURLE_OK;
}

static int
refused(struct bn_error *err, const char *what, CURLcode rc)
{
	return bn_fail(err, BN_EINTERNAL, "libcurl refuses %s: %s", what, curl_easy_strerror(rc));
}

static int
set_frozen(CURL *curl, struct bn_error *err)
{
	CURLcode rc;
	size_t i;

	for (i = 0; i < sizeof(frozen) / sizeof(frozen[0]); i++)
		if ((rc = curl_easy_setopt(curl, frozen[i].option, frozen[i].value)) != CURLE_OK)
			return refused(err, "a frozen option", rc);
	return BN_OK;
}

static CURLcode
set_tls(struct bn_easy *easy, const struct bn_easy_options *options)
{
	CURL *curl = easy->curl;
	CURLcode rc;

	if ((rc = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, options->dates_only ? 0L : 1L)) !=
	    CURLE_OK)
		return rc;
	if (options->dates_only)
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	if (options->pinned_key != NULL && !options->dates_only &&
	    (rc = curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, options->pinned_key)) != CURLE_OK)
		return rc;
	if (easy->trust->store == NULL)
		return options->ca_file != NULL
			   ? curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca_file)
			   : CURLE_OK;
	/* The store is already in memory, once for all lanes: libcurl must not load another. */
	curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	if ((rc = curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, use_trust)) != CURLE_OK)
		return rc;
	return curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, easy);
}

static CURLcode
set_method(CURL *curl, const struct bn_easy_options *options)
{
	CURLcode rc;

	if (options->body != NULL) {
		if ((rc = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
					   (curl_off_t)strlen(options->body))) != CURLE_OK ||
		    (rc = curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, options->body)) !=
			CURLE_OK)
			return rc;
	}
	if (strcmp(options->method, "HEAD") == 0)
		return curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	if (strcmp(options->method, "GET") == 0 && options->body == NULL)
		return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	if (strcmp(options->method, "POST") == 0 && options->body == NULL &&
	    (rc = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "")) != CURLE_OK)
		return rc;
	return curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, options->method);
}

static CURLcode
set_proxy(CURL *curl, const struct bn_easy_options *options)
{
	/* The environment's proxy is for HTTP; one that is configured has to make a tunnel. */
	if (bn_url_is_loopback(options->url) || (options->line && options->proxy == NULL))
		return curl_easy_setopt(curl, CURLOPT_PROXY, "");
	if (options->line)
		curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
	if (options->proxy != NULL)
		return curl_easy_setopt(curl, CURLOPT_PROXY, options->proxy);
	return CURLE_OK;
}

static CURLcode
set_times(CURL *curl, const struct bn_easy_options *options)
{
	long connect =
	    options->connect_timeout > 0 ? (long)options->connect_timeout : BN_CONNECT_TIMEOUT;
	int64_t idle = options->idle > 0 ? options->idle : BN_DEFAULT_IDLE;
	CURLcode rc;

	if ((rc = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect)) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)options->timeout)) != CURLE_OK)
		return rc;
	return curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)((idle + 999) / 1000));
}

/* A probe measures all phases each time, so nothing may come from a cache or stay in one. */
static CURLcode
set_fresh(CURL *curl, const struct bn_easy_options *options)
{
	CURLcode rc;

	/* libcurl would end a line as soon as it stands if it may not be used again. */
	if ((rc = curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L)) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, options->line ? 0L : 1L)) !=
		CURLE_OK ||
	    (options->line &&
	     (rc = curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L)) != CURLE_OK) ||
	    (rc = curl_easy_setopt(curl, CURLOPT_DNS_CACHE_TIMEOUT, 0L)) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L)) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L)) != CURLE_OK)
		return rc;
	return curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY,
				options->dates_only || options->line ? 1L : 0L);
}

static CURLcode
set_rest(struct bn_easy *easy, const struct bn_easy_options *options, bool https)
{
	CURL *curl = easy->curl;
	const char *protocols = https ? "https" : "http";
	CURLcode rc;

	if ((rc = curl_easy_setopt(curl, CURLOPT_URL, options->url)) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols)) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https")) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip")) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_USERAGENT, "binnacle/" PACKAGE_VERSION)) !=
		CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, easy->errbuf)) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket)) != CURLE_OK ||
	    (rc = curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, easy)) != CURLE_OK)
		return rc;
	if ((rc = set_tls(easy, options)) != CURLE_OK ||
	    (rc = set_method(curl, options)) != CURLE_OK ||
	    (rc = set_proxy(curl, options)) != CURLE_OK ||
	    (rc = set_times(curl, options)) != CURLE_OK)
		return rc;
	if (options->fresh || options->line)
		return set_fresh(curl, options);
	if (options->once &&
	    ((rc = curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L)) != CURLE_OK ||
	     (rc = curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L)) != CURLE_OK ||
	     (rc = curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)) !=
		 CURLE_OK))
		return rc;
	return curl_easy_setopt(curl, CURLOPT_SHARE, easy->trust->share);
}

/* JSON requests are objects or lists; what begins with a name is the fields of a form. */
static const char *
content_type(const char *body)
{
	return isalpha((unsigned char)body[0]) ? "Content-Type: application/x-www-form-urlencoded"
					       : "Content-Type: application/json";
}

int
bn_easy_init(struct bn_easy *easy, struct bn_net *net, const struct bn_easy_options *options,
	     struct bn_error *err)
{
	CURLcode curl_rc;
	bool https;
	int rc;

	memset(easy, 0, sizeof(*easy));
	easy->link_local = options->link_local;
	if ((rc = bn_url_check(options->url, &https, err)) != BN_OK)
		return rc;
	if ((easy->trust = bn_net_trust(net, options->ca_file, err)) == NULL)
		return err != NULL ? err->code : BN_ECONFIG;
	if ((easy->curl = curl_easy_init()) == NULL)
		return bn_fail(err, BN_EINTERNAL, "libcurl gives no handle");
	if ((rc = set_frozen(easy->curl, err)) == BN_OK &&
	    (curl_rc = set_rest(easy, options, https)) != CURLE_OK)
		rc = refused(err, "an option", curl_rc);
	/* Without this a body of more than 1 MiB waits a second for "100 Continue". */
	if (rc == BN_OK && options->body != NULL &&
	    (rc = bn_easy_header(easy, "Expect:", err)) == BN_OK)
		rc = bn_easy_header(easy, content_type(options->body), err);
	if (rc != BN_OK)
		bn_easy_clear(easy);
	return rc;
}

void
bn_easy_clear(struct bn_easy *easy)
{
	if (easy->curl != NULL)
		curl_easy_cleanup(easy->curl);
	curl_slist_free_all(easy->headers);
	easy->curl = NULL;
	easy->headers = NULL;
}

int
bn_easy_header(struct bn_easy *easy, const char *header, struct bn_error *err)
{
	struct curl_slist *longer;

	if (!bn_header_ok(header)) {
		bn_fail(err, BN_ECONFIG,
			"the header \"%.*s\" holds a character that no header may hold",
			(int)strcspn(header, ":\r\n"), header);
		return bn_hint(err,
			       "look for a line end in the value (a token file with two lines?)");
	}
	if ((longer = curl_slist_append(easy->headers, header)) == NULL)
		return bn_fail(err, BN_EINTERNAL, "libcurl takes no further header");
	easy->headers = longer;
	return BN_OK;
}

int
bn_easy_headers_done(struct bn_easy *easy, struct bn_error *err)
{
	CURLcode rc = curl_easy_setopt(easy->curl, CURLOPT_HTTPHEADER, easy->headers);

	return rc == CURLE_OK ? BN_OK : refused(err, "headers", rc);
}
