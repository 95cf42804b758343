/* merge.c - finds the merge or pull request a commit came by, in its message. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "change/internal.h"

/* What the forges write. `before` ends right before the number's sign, or before a path that ends
 * in it. */
static const struct {
	const char *before;
	char sign;
	bool path; /* a project's path stands between */
} forms[] = {
    {"See merge request ", '!', true},	 /* GitLab merge commits, last line */
    {"Merge pull request ", '#', false}, /* GitHub merge commits; Gitea: 'name' (#12) */
    {"(pull request ", '#', false},	 /* Bitbucket */
    {"(", '#', false},			 /* GitHub squash: subject (#415) */
    {"(", '!', false},
};

static size_t
digits(const char *text)
{
	size_t n = 0;

	while (isdigit((unsigned char)text[n]))
		n++;
	return n <= 9 ? n : 0;
}

/* The sign with a number at or, over a path, after `at`; NULL if there is none. */
static const char *
number_after(const char *at, char sign, bool path)
{
	if (path) {
		while (*at != '\0' && !isspace((unsigned char)*at) && *at != sign)
			at++;
	}
	return *at == sign && digits(at + 1) > 0 ? at : NULL;
}

/* "dbt!2207" written out in the subject: a name, a sign, a number. */
static bool
find_written(char *out, size_t size, const char *message)
{
	size_t line = strcspn(message, "\n");

	for (size_t i = 1; i < line; i++) {
		size_t begin = i, count;

		if ((message[i] != '!' && message[i] != '#') ||
		    (count = digits(message + i + 1)) == 0)
			continue;
		while (begin > 0 &&
		       (isalnum((unsigned char)message[begin - 1]) ||
			(message[begin - 1] != '\0' && strchr("-_.", message[begin - 1]))))
			begin--;
		if (begin == i)
			continue;
		snprintf(out, size, "%.*s", (int)(i + 1 + count - begin), message + begin);
		return true;
	}
	return false;
}

void
bn_merge_find(char *out, size_t size, const char *repo, const char *message)
{
	out[0] = '\0';
	if (message == NULL || find_written(out, size, message))
		return;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *at = message;

		while ((at = strstr(at, forms[i].before)) != NULL) {
			const char *number;

			at += strlen(forms[i].before);
			number = number_after(at, forms[i].sign, forms[i].path);
			if (number == NULL)
				continue;
			snprintf(out, size, "%s%c%.*s", repo, forms[i].sign,
				 (int)digits(number + 1), number + 1);
			return;
		}
	}
}

/* Forges write what a merge is about into the body: GitLab the title, GitHub too. */
void
bn_merge_subject(char *out, size_t size, const char *summary, const char *message)
{
	const char *line = message != NULL ? strchr(message, '\n') : NULL;

	snprintf(out, size, "%s", summary != NULL ? summary : "");
	if (strncmp(out, "Merge branch ", 13) != 0 && strncmp(out, "Merge pull request ", 19) != 0)
		return;
	while (line != NULL) {
		size_t length;

		line += strspn(line, "\r\n \t");
		length = strcspn(line, "\r\n");
		if (length == 0)
			return;
		if (strncmp(line, "See merge request ", 18) != 0) {
			snprintf(out, size, "%.*s", (int)(length < 500 ? length : 500), line);
			return;
		}
		line = strchr(line, '\n');
	}
}
