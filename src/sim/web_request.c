/* web_request.c - takes a request line apart, and answers what handlers ask about it. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "base/memory.h"
#include "sim/web.h"

/* ---- taking a request apart ------------------------------------------------ */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* In place. NUL cannot be said: "%00" stays as it is. */
static void
decode(char *text, bool plus)
{
	char *out = text;
	int high, low;

	while (*text != '\0') {
		high = *text == '%' ? hex_digit(text[1]) : -1;
		low = high >= 0 ? hex_digit(text[2]) : -1;
		if (low >= 0 && high * 16 + low != 0) {
			*out++ = (char)(high * 16 + low);
			text += 3;
		} else {
			*out++ = plus && *text == '+' ? ' ' : *text;
			text++;
		}
	}
	*out = '\0';
}

static void
add_pairs(struct bn_web_request *request, const char *text)
{
	const char *end;
	char *pair, *value;

	while (*text != '\0') {
		end = text + strcspn(text, "&");
		if (end > text && request->queries < BN_WEB_QUERY) {
			pair = bn_xstrndup(text, (size_t)(end - text));
			value = strchr(pair, '=');
			if (value != NULL)
				*value++ = '\0';
			value = bn_xstrdup(value == NULL ? "" : value);
			decode(pair, true);
			decode(value, true);
			bn_hostile_strip(value);
			request->query[request->queries].name = pair;
			request->query[request->queries].value = value;
			request->queries++;
		}
		text = *end == '&' ? end + 1 : end;
	}
}

static void
cut_path(struct bn_web_request *request)
{
	const char *at = request->path, *end;
	char *segment;

	while (*at == '/' && request->segments < BN_WEB_SEGMENTS) {
		at++;
		end = at + strcspn(at, "/");
		segment = bn_xstrndup(at, (size_t)(end - at));
		decode(segment, false);
		bn_hostile_strip(segment);
		request->segment[request->segments++] = segment;
		at = end;
	}
}

struct bn_web_request *
bn_web_request_new(const char *uri)
{
	struct bn_web_request *request = bn_xcalloc(1, sizeof(*request));
	size_t path = strcspn(uri, "?");

	request->path = bn_xstrndup(uri, path);
	request->raw_query = bn_xstrdup(uri[path] == '?' ? uri + path + 1 : "");
	cut_path(request);
	add_pairs(request, request->raw_query);
	return request;
}

void
bn_web_request_free(struct bn_web_request *request)
{
	int i;

	for (i = 0; i < request->segments; i++)
		free(request->segment[i]);
	for (i = 0; i < request->queries; i++) {
		free(request->query[i].name);
		free(request->query[i].value);
	}
	if (request->stream != NULL)
		request->stream->free(request->stream);
	free(request->path);
	free(request->raw_query);
	free(request->body);
	free(request->text);
	free(request);
}

/* ---- what handlers ask ----------------------------------------------------- */

const char *
bn_web_header(const struct bn_web_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *
bn_web_query_at(const struct bn_web_request *request, const char *name, size_t index)
{
	int i;

	for (i = 0; i < request->queries; i++) {
		if (strcmp(request->query[i].name, name) == 0 && index-- == 0)
			return request->query[i].value;
	}
	return NULL;
}

const char *
bn_web_query(const struct bn_web_request *request, const char *name)
{
	return bn_web_query_at(request, name, 0);
}

const char *
bn_web_unknown(const struct bn_web_request *request, const char *const *known)
{
	int i;
	size_t k;

	for (i = 0; i < request->queries; i++) {
		for (k = 0; known[k] != NULL; k++) {
			if (strcmp(known[k], request->query[i].name) == 0)
				break;
		}
		if (known[k] == NULL)
			return request->query[i].name;
	}
	return NULL;
}

bool
bn_web_path(const struct bn_web_request *request, const char *pattern)
{
	size_t length;
	int i = 0;

	while (*pattern == '/') {
		pattern++;
		length = strcspn(pattern, "/");
		if (strcmp(pattern, "**") == 0)
			return true;
		if (i >= request->segments)
			return false;
		if (!(length == 1 && *pattern == '*') &&
		    (strlen(request->segment[i]) != length ||
		     strncmp(request->segment[i], pattern, length) != 0))
			return false;
		pattern += length;
		i++;
	}
	return i == request->segments;
}

void
bn_web_form(struct bn_web_request *request)
{
	if (request->body != NULL)
		add_pairs(request, request->body);
}

void
bn_web_violation(struct bn_web_request *request, const char *what)
{
	if (request->violation == NULL)
		request->violation = what;
}
