/* request.c - from a row of a request table and its parameters to a URL; origins; header checks. */
/* SPDX-License-Identifier: MIT */
#include "net/request.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

#define MAX_URL (64 * 1024)

void
bn_percent_encode(struct bn_buf *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c;

	for (; *text != '\0'; text++) {
		c = (unsigned char)*text;
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c) != NULL)
			bn_buf_addc(out, (char)c);
		else {
			bn_buf_addc(out, '%');
			bn_buf_addc(out, hex[c >> 4]);
			bn_buf_addc(out, hex[c & 15]);
		}
	}
}

size_t
bn_request_count(const struct bn_request *requests)
{
	size_t count = 0;

	while (requests != NULL && requests[count].method != NULL)
		count++;
	return count;
}

static bool
same_name(const char *name, const char *text, size_t size)
{
	return strlen(name) == size && memcmp(name, text, size) == 0;
}

static const struct bn_param *
find_param(const struct bn_param *params, const char *name, size_t size)
{
	for (; params != NULL && params->name != NULL; params++)
		if (same_name(params->name, name, size))
			return params;
	return NULL;
}

static bool
in_words(const char *words, const char *name)
{
	size_t size;

	while (words != NULL && *words != '\0') {
		words += strspn(words, " ");
		size = strcspn(words, " ");
		if (size > 0 && same_name(name, words, size))
			return true;
		words += size;
	}
	return false;
}

static bool
in_path(const char *path, const char *name)
{
	const char *open = path, *close;

	while ((open = strchr(open, '{')) != NULL && (close = strchr(open, '}')) != NULL) {
		if (same_name(name, open + 1, (size_t)(close - open - 1)))
			return true;
		open = close;
	}
	return false;
}

/* A value that stands alone between two slashes must not be able to climb or vanish. */
static bool
changes_path(const char *value, bool whole, bool last)
{
	if (!whole)
		return false;
	if (*value == '\0')
		return !last;
	return strcmp(value, ".") == 0 || strcmp(value, "..") == 0;
}

static int
fill_path(struct bn_buf *out, const struct bn_request *request, const char *path,
	  const struct bn_param *params, struct bn_error *err)
{
	const struct bn_param *param;
	const char *close;
	size_t size;

	while (*path != '\0') {
		if (*path != '{' || (close = strchr(path, '}')) == NULL) {
			bn_buf_addc(out, *path++);
			continue;
		}
		size = (size_t)(close - path - 1);
		param = find_param(params, path + 1, size);
		if (param == NULL || param->value == NULL)
			return bn_fail(err, BN_EINTERNAL, "%s %s: no value for {%.*s}",
				       request->method, request->path, (int)size, path + 1);
		if (changes_path(param->value,
				 path > request->path && path[-1] == '/' &&
				     (close[1] == '/' || close[1] == '\0'),
				 close[1] == '\0'))
			return bn_fail(err, BN_EINVAL, "%s %s: \"%s\" cannot be the value of {%s}",
				       request->method, request->path, param->value, param->name);
		bn_percent_encode(out, param->value);
		path = close + 1;
	}
	return BN_OK;
}

static int
add_query(struct bn_buf *out, const struct bn_request *request, const struct bn_param *params,
	  struct bn_error *err)
{
	bool absolute = strncmp(request->path, "{url}", 5) == 0;
	char separator = strchr(bn_buf_text(out), '?') != NULL ? '&' : '?';

	for (; params != NULL && params->name != NULL; params++) {
		/* left out: so that two rows can share a list of parameters */
		if (params->value == NULL || in_path(request->path, params->name) ||
		    (absolute && strcmp(params->name, "url") == 0))
			continue;
		if (!in_words(request->query, params->name))
			return bn_fail(
			    err, BN_EINTERNAL,
			    "%s %s: \"%s\" is not a parameter of this row of the request table",
			    request->method, request->path, params->name);
		bn_buf_addc(out, separator);
		bn_percent_encode(out, params->name);
		bn_buf_addc(out, '=');
		bn_percent_encode(out, params->value);
		separator = '&';
	}
	return BN_OK;
}

static int
add_base(struct bn_buf *out, const char *base_url, const struct bn_request *request,
	 const struct bn_param *params, const char **path, struct bn_error *err)
{
	const struct bn_param *url;
	size_t size;

	*path = request->path;
	if (strncmp(request->path, "{url}", 5) == 0) {
		url = find_param(params, "url", 3);
		if (url == NULL || url->value == NULL)
			return bn_fail(err, BN_EINTERNAL, "%s %s: no value for {url}",
				       request->method, request->path);
		*path += 5;
		bn_buf_adds(out, url->value);
		return bn_url_check(url->value, NULL, err);
	}
	if (base_url == NULL) {
		bn_fail(err, BN_ECONFIG, "no url is configured");
		bn_hint(err, "set url = https://… in the source's section");
		return BN_ECONFIG;
	}
	size = strcspn(base_url, "?#");
	while (size > 0 && base_url[size - 1] == '/')
		size--;
	bn_buf_add(out, base_url, size);
	return BN_OK;
}

int
bn_request_url(struct bn_buf *out, const char *base_url, const struct bn_request *request,
	       const struct bn_param *params, struct bn_error *err)
{
	const char *path;
	int rc;

	bn_buf_reset(out);
	out->ceiling = MAX_URL;
	if ((rc = add_base(out, base_url, request, params, &path, err)) != BN_OK ||
	    (rc = fill_path(out, request, path, params, err)) != BN_OK ||
	    (rc = add_query(out, request, params, err)) != BN_OK)
		return rc;
	if (out->overflow)
		return bn_fail(err, BN_ETOOBIG, "%s %s: the URL would be longer than %d bytes",
			       request->method, request->path, MAX_URL);
	return BN_OK;
}

static char *
url_part(const char *url, CURLUPart part, unsigned flags)
{
	CURLU *handle = curl_url();
	char *text = NULL, *copy = NULL;

	if (handle != NULL && curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(handle, part, &text, flags) == CURLUE_OK)
		copy = bn_xstrdup(text);
	curl_free(text);
	curl_url_cleanup(handle);
	return copy;
}

int
bn_url_check(const char *url, bool *https, struct bn_error *err)
{
	char *scheme = url_part(url, CURLUPART_SCHEME, 0);
	char *host = url_part(url, CURLUPART_HOST, 0);
	char *user = url_part(url, CURLUPART_USER, 0);
	char *password = url_part(url, CURLUPART_PASSWORD, 0);
	int rc = BN_OK;

	if (scheme == NULL || host == NULL ||
	    (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)) {
		rc = bn_fail(err, BN_ECONFIG, "the URL is not an http:// or https:// one");
		bn_hint(err, "write it whole, for instance https://argo.example.com");
	} else if (user != NULL || password != NULL) {
		rc = bn_fail(err, BN_ECONFIG, "the URL for %s holds a user or password", host);
		bn_hint(err,
			"use user = and password-file =, password-command = or password-env =");
	} else if (https != NULL)
		*https = strcmp(scheme, "https") == 0;
	free(scheme);
	free(host);
	free(user);
	free(password);
	return rc;
}

static bool
same_part(const char *a, const char *b, CURLUPart part)
{
	char *one = url_part(a, part, CURLU_DEFAULT_PORT);
	char *two = url_part(b, part, CURLU_DEFAULT_PORT);
	bool same = one != NULL && two != NULL && strcasecmp(one, two) == 0;

	free(one);
	free(two);
	return same;
}

bool
bn_url_same_origin(const char *a, const char *b)
{
	return same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
	       same_part(a, b, CURLUPART_PORT);
}

bool
bn_url_is_loopback(const char *url)
{
	char *host = url_part(url, CURLUPART_HOST, 0);
	struct in_addr address;
	bool loopback = false;

	if (host != NULL) {
		loopback = strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
			   (inet_pton(AF_INET, host, &address) == 1 &&
			    (ntohl(address.s_addr) >> 24) == 127);
	}
	free(host);
	return loopback;
}

char *
bn_url_resolve(const char *url, const char *location)
{
	CURLU *handle = curl_url();
	char *text = NULL, *copy = NULL;

	/* Setting a relative URL on a handle that has one resolves it. */
	if (handle != NULL && curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
	    curl_url_set(handle, CURLUPART_URL, location, 0) == CURLUE_OK &&
	    curl_url_get(handle, CURLUPART_URL, &text, 0) == CURLUE_OK)
		copy = bn_xstrdup(text);
	curl_free(text);
	curl_url_cleanup(handle);
	return copy;
}

bool
bn_header_ok(const char *header)
{
	size_t name = strspn(header, "!#$%&'*+-.^_`|~0123456789"
				     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	const unsigned char *c;

	if (name == 0 || header[name] != ':')
		return false;
	for (c = (const unsigned char *)header + name + 1; *c != '\0'; c++)
		if ((*c < 0x20 && *c != '\t') || *c == 0x7f)
			return false;
	return true;
}
