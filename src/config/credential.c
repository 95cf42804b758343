/* credential.c - the typed forms in which helpers print a credential. */
/* SPDX-License-Identifier: MIT */
#include "config/credential.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

/* The string behind a path, wiped in the tree once it was copied (best effort: jansson holds it).
 */
static void
take_string(struct bn_credential *out, const json_t *json, const char *path)
{
	const json_t *value = bn_json_at(json, path);
	const char *text = json_string_value(value);

	if (text == NULL)
		return;
	out->text = bn_xstrdup(text);
	out->size = strlen(text);
	explicit_bzero((char *)(uintptr_t)text, out->size);
}

/* A moment as a string or in seconds since 1970. */
static bn_time
read_expiry(const json_t *json)
{
	static const char *const names[] = {"status/expirationTimestamp",
					    "Expiration",
					    "expiry",
					    "expires_on",
					    "expiration",
					    "expires_at",
					    "expiresOn"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int64_t seconds = bn_json_int_at(json, names[i], 0);
		bn_time time = bn_time_parse(bn_json_str_at(json, names[i]));

		if (time != 0)
			return time;
		if (seconds > 0 && seconds < INT64_C(253402300800))
			return seconds * 1000;
	}
	return 0;
}

static int
read_json(struct bn_credential *out, const char *text, size_t size, struct bn_error *err)
{
	json_t *json = NULL;
	int rc = BN_OK;

	if (bn_json_load(&json, text, size, NULL) != BN_OK)
		return bn_fail(err, BN_EAUTH, "the command printed broken JSON");
	out->expires = read_expiry(json);
	if (bn_json_str_at(json, "SecretAccessKey") != NULL) {
		while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
			size--;
		out->text = bn_xstrndup(text, size);
		out->size = size;
		for (char *p = out->text; *p != '\0';
		     p++) /* pretty-printed; no line ends in strings */
			if (*p == '\n' || *p == '\r' || *p == '\t')
				*p = ' ';
		goto out;
	}
	take_string(out, json, "status/token");
	if (out->text == NULL)
		take_string(out, json, "access_token");
	if (out->text == NULL)
		take_string(out, json, "accessToken");
	if (out->text == NULL) {
		rc = bn_fail(err, BN_EAUTH, "the command printed JSON without a token");
		bn_hint(err,
			"known are kubectl's ExecCredential (with a token), AWS credential_process "
			"and OAuth's access_token");
	}
out:
	json_decref(json);
	return rc;
}

/* "name=value" lines, as `git credential fill` prints them. */
static void
read_git(struct bn_credential *out, const char *text)
{
	static const char password[] = "password=", expiry[] = "password_expiry_utc=";

	for (const char *line = text; *line != '\0';) {
		size_t size = strcspn(line, "\n"), cut = size;

		while (cut > 0 && line[cut - 1] == '\r')
			cut--;
		if (strncmp(line, password, sizeof(password) - 1) == 0 && out->text == NULL) {
			out->size = cut - (sizeof(password) - 1);
			out->text = bn_xstrndup(line + sizeof(password) - 1, out->size);
		} else if (strncmp(line, expiry, sizeof(expiry) - 1) == 0) {
			long long seconds = atoll(line + sizeof(expiry) - 1);

			if (seconds > 0 && seconds < 253402300800LL)
				out->expires = (bn_time)seconds * 1000;
		}
		line += size + (line[size] == '\n');
	}
}

int
bn_credential_read(struct bn_credential *out, const char *text, size_t size, struct bn_error *err)
{
	const char *start = text + strspn(text, " \t\r\n");

	*out = (struct bn_credential){NULL, 0, 0};
	if (*start == '{')
		return read_json(out, start, size - (size_t)(start - text), err);
	/* A secret alone is one line; more than one must be git's form. */
	if (strchr(text, '\n') != NULL && text[strcspn(text, "\n") + 1] != '\0')
		read_git(out, text);
	return BN_OK;
}

void
bn_credential_clear(struct bn_credential *credential)
{
	if (credential->text != NULL)
		explicit_bzero(credential->text, credential->size);
	free(credential->text);
	*credential = (struct bn_credential){NULL, 0, 0};
}
