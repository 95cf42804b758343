/* record.c - what is about to be sent, a line of JSON each, into the file that BINNACLE_RECORD names. */
/* SPDX-License-Identifier: MIT
 *
 * Written before the request leaves, so that nothing is sent that is not there, whatever happens to the process next.
 * The test suite records all of its traffic so and judges it (tests/platform/recorded.c). What may be private, values
 * of queries and bodies, is left out. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "net/internal.h"

int
bn_record_open(int *fd, struct bn_error *err)
{
	const char *path = getenv("BINNACLE_RECORD");

	*fd = -1;
	if (path == NULL || *path == '\0')
		return BN_OK;
	*fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd >= 0)
		return BN_OK;
	bn_fail(err, BN_EIO, "BINNACLE_RECORD: %.300s: %s", path, strerror(errno));
	return bn_hint(err, "name a file that can be written, or unset it");
}

/* Without user, query and fragment. */
static json_t *
address(const char *url)
{
	size_t size = strlen(url) + 1;
	char *shown = bn_xmalloc(size);
	json_t *text = json_string(bn_http_show_url(url, shown, size));

	free(shown);
	return text;
}

static json_t *
query_names(const char *url)
{
	json_t *names = json_array();
	const char *at = strchr(url, '?');

	while (at != NULL && *at != '\0' && *at != '#') {
		size_t size = strcspn(++at, "=&#");

		if (size > 0)
			json_array_append_new(names, json_stringn(at, size));
		at += strcspn(at, "&#");
	}
	return names;
}

void
bn_record(const struct bn_http *http, const struct bn_request *request, const char *url,
	  const char *body, int hop)
{
	const char *needs = request->needs;
	json_t *line;
	char *text;
	size_t size;

	if (http->net->record < 0)
		return;
	line = json_pack(
	    "{s:s, s:s, s:s?, s:s, s:s, s:s, s:o, s:o, s:i}", "program",
	    program_invocation_short_name, "source", http->options.source, "plugin",
	    http->options.plugin, "method", request->method, "row", request->path, "effect",
	    request->effect == BN_READS ? "reads" : "writes", "query", query_names(url), "says",
	    needs == NULL ? json_null() : json_boolean(body != NULL && strstr(body, needs) != NULL),
	    "hop", hop);
	json_object_set_new(line, "url", address(url));
	if (http->options.base_url != NULL)
		json_object_set_new(line, "base", address(http->options.base_url));
	text = json_dumps(line, JSON_COMPACT);
	json_decref(line);
	if (text == NULL)
		return;
	size = strlen(text);
	text[size] =
	    '\n'; /* in the place of the NUL: one write, so that lines of others stay whole */
	if (write(http->net->record, text, size + 1) < 0)
		bn_log_write(http->net->options.log, 1, "BINNACLE_RECORD: %s", strerror(errno));
	free(text);
}
