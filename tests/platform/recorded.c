/* recorded.c - judges what BINNACLE_RECORD wrote down: each request against the tables, each write against the list. */
/* SPDX-License-Identifier: MIT
 *
 * recorded FILE...     a file for each test, its name without `.sent` being the test's
 *
 * A line says what a client was about to send, or what a platform of the tests saw. Prints what is wrong, a line each,
 * and last how much there was. The exit status is 1 when anything is wrong. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "plugins/builtin.h"
#include "tests/platform/allowed.h"

/* Tests that ask the platforms of the tests themselves, without binnacle. */
static const char *const strangers[] = {"sim_test", "sim_conformance", NULL};
/* The transport's own tests have tables of their own, of no plugin. */
static const char *const transport[] = {"http_test", "talk_test", NULL};

static bool
is_one_of(const char *test, const char *const *tests)
{
	for (; *tests != NULL; tests++)
		if (strcmp(test, *tests) == 0)
			return true;
	return false;
}

struct judging {
	const char *file, *test;
	json_t *sent; /* "METHOD /path" of what was sent, as a set */
	int line;
	long requests, writes, seen, wrong;
};

static void
wrong(struct judging *j, const json_t *line, const char *why)
{
	const char *path = json_string_value(json_object_get(line, "url"));

	if (path == NULL)
		path = json_string_value(json_object_get(line, "path"));
	printf("%s:%d: %s %s: %s\n", j->file, j->line,
	       json_string_value(json_object_get(line, "method")), path != NULL ? path : "?", why);
	j->wrong++;
}

/* "http://host:1/a/b" or "/a/b?c" gives "/a/b". */
static void
path_of(const char *url, char *out, size_t size)
{
	const char *at = strstr(url, "://");

	at = at != NULL ? strchr(at + 3, '/') : url;
	if (at == NULL)
		at = "/";
	snprintf(out, size, "%.*s", (int)strcspn(at, "?#"), at);
}

/* A {placeholder} stands for any characters of one segment. */
static bool
matches(const char *row, const char *path)
{
	while (*row != '\0' && *row != '{') {
		if (*row++ != *path++)
			return false;
	}
	if (*row == '\0')
		return *path == '\0';
	row += strcspn(row, "}");
	row += *row == '}';
	for (;; path++) {
		if (matches(row, path))
			return true;
		if (*path == '\0' || *path == '/')
			return false;
	}
}

static bool
in_words(const char *words, const char *name)
{
	size_t size = strlen(name);

	for (; words != NULL && *words != '\0'; words += strcspn(words, " ")) {
		words += strspn(words, " ");
		if (strcspn(words, " ") == size && strncmp(words, name, size) == 0)
			return true;
	}
	return false;
}

static const struct bn_plugin *
builtin(const char *name)
{
	for (size_t i = 0; bn_builtin_plugins[i] != NULL; i++)
		if (strcmp(bn_builtin_plugins[i]->name, name) == 0)
			return bn_builtin_plugins[i];
	return NULL;
}

/* The row as the plugin's table has it; NULL: it has none like that. */
static const struct bn_request *
row_of(const struct bn_plugin *plugin, const struct bn_request *row)
{
	for (const struct bn_request *r = plugin->requests; r != NULL && r->method != NULL; r++)
		if (strcmp(r->method, row->method) == 0 && strcmp(r->path, row->path) == 0 &&
		    r->effect == row->effect)
			return r;
	return NULL;
}

/* Below the source's own address, and as the row says. */
static bool
goes_there(const struct bn_request *row, const char *base, const char *url)
{
	size_t size = base != NULL ? strlen(base) : 0;

	if (strncmp(row->path, "{url}", 5) == 0 || strcmp(row->method, BN_TALK_METHOD) == 0)
		return true;
	while (size > 0 && base[size - 1] == '/')
		size--;
	return base != NULL && strncmp(url, base, size) == 0 && matches(row->path, url + size);
}

static void
judge_query(struct judging *j, const json_t *line, const struct bn_request *row)
{
	size_t i;
	json_t *name;

	if (strncmp(row->path, "{url}", 5) == 0)
		return;
	json_array_foreach(json_object_get(line, "query"), i, name)
	{
		if (!in_words(row->query, json_string_value(name)))
			wrong(j, line, "a parameter that its row does not have");
	}
}

/* What is right for the row itself; then whether what is sent is what the row says. */
static void
judge_sent(struct judging *j, const json_t *line)
{
	const char *plugin = json_string_value(json_object_get(line, "plugin"));
	const char *url = json_string_value(json_object_get(line, "url"));
	const char *effect = json_string_value(json_object_get(line, "effect"));
	struct bn_request said = {.method = json_string_value(json_object_get(line, "method")),
				  .path = json_string_value(json_object_get(line, "row"))};
	const struct bn_request *row = &said;
	bool own = plugin == NULL && is_one_of(j->test, transport);

	if (url == NULL || effect == NULL || said.method == NULL || said.path == NULL) {
		wrong(j, line, "no line of a record");
		return;
	}
	said.effect = strcmp(effect, "reads") == 0 ? BN_READS : BN_WRITES;
	j->requests++;
	j->writes += said.effect != BN_READS;
	if (plugin == NULL && !own)
		wrong(j, line, "sent by no plugin");
	if (plugin != NULL && builtin(plugin) != NULL &&
	    (row = row_of(builtin(plugin), &said)) == NULL) {
		wrong(j, line, "in no row of its plugin's table");
		return;
	}
	if (plugin != NULL && !request_is_allowed(plugin, row))
		wrong(j, line,
		      said.effect != BN_READS
			  ? "a write that is not on the list"
			  : "a read by a method that may write, not on the list");
	if (json_is_false(json_object_get(line, "says")))
		wrong(j, line, "its body does not say what its row demands");
	/* A redirect goes where the server says, which is why only reads follow one. */
	if (json_integer_value(json_object_get(line, "hop")) > 0) {
		if (strcmp(said.method, "GET") != 0 && strcmp(said.method, "HEAD") != 0)
			wrong(j, line, "a redirect was followed with it");
	} else if (!own) {
		if (!goes_there(row, json_string_value(json_object_get(line, "base")), url))
			wrong(j, line, "sent to another place than its row says");
		judge_query(j, line, row);
	}
}

/* Of a conversation the command's first word is its row's as well; placeholders come after it. */
static void
key_of(const char *method, const char *url, const char *row, char *key, size_t size)
{
	char path[4096];

	if (strcmp(method, BN_TALK_METHOD) == 0)
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(row, " "), row);
	else
		path_of(url, path, sizeof(path));
	snprintf(key, size, "%s %s", method, path);
}

static void
note_sent(struct judging *j, const json_t *line)
{
	const char *method = json_string_value(json_object_get(line, "method"));
	const char *url = json_string_value(json_object_get(line, "url"));
	const char *row = json_string_value(json_object_get(line, "row"));
	char key[4200];

	if (method == NULL || url == NULL || row == NULL)
		return;
	key_of(method, url, row, key, sizeof(key));
	json_object_set_new(j->sent, key, json_true());
}

static void
judge_seen(struct judging *j, const json_t *line)
{
	const char *method = json_string_value(json_object_get(line, "method"));
	const char *target = json_string_value(json_object_get(line, "path"));
	char key[4200];

	if (is_one_of(j->test, strangers))
		return;
	j->seen++;
	if (method == NULL || target == NULL)
		return;
	key_of(method, target, target, key, sizeof(key));
	/* to a proxy, before the request itself */
	if (strcmp(method, "CONNECT") == 0 && is_one_of(j->test, transport))
		return;
	if (json_object_get(j->sent, key) == NULL)
		wrong(j, line, "a platform saw it, and nobody wrote down that it was sent");
}

static void
each_line(struct judging *j, FILE *file, void (*sent)(struct judging *, const json_t *),
	  void (*seen)(struct judging *, const json_t *))
{
	static char text[1 << 17];
	json_t *line;

	rewind(file);
	for (j->line = 1; fgets(text, sizeof(text), file) != NULL; j->line++) {
		line = json_loads(text, 0, NULL);
		if (!json_is_object(line)) {
			if (sent == judge_sent)
				wrong(j, line, "no line of a record");
		} else if (json_object_get(line, "seen") == NULL)
			sent(j, line);
		else if (seen != NULL)
			seen(j, line);
		json_decref(line);
	}
}

static void
judge_file(struct judging *j, const char *path)
{
	const char *name = strrchr(path, '/');
	char test[256];
	FILE *file = fopen(path, "r");

	name = name != NULL ? name + 1 : path;
	snprintf(test, sizeof(test), "%.*s", (int)strcspn(name, "."), name);
	j->file = name;
	j->test = test;
	if (file == NULL) {
		printf("%s: cannot be read\n", path);
		j->wrong++;
		return;
	}
	j->sent = json_object();
	each_line(j, file, note_sent, NULL);
	each_line(j, file, judge_sent, judge_seen);
	json_decref(j->sent);
	fclose(file);
}

int
main(int argc, char **argv)
{
	struct judging j = {0};

	for (int i = 1; i < argc; i++)
		judge_file(&j, argv[i]);
	printf("%ld requests in %d files, %ld of them writes; platforms saw %ld; %ld wrong\n",
	       j.requests, argc - 1, j.writes, j.seen, j.wrong);
	return j.wrong > 0;
}
