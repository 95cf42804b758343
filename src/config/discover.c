/* discover.c - finds the logins and servers a person already has, for `config init`. */
/* SPDX-License-Identifier: MIT */
#include "config/discover.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

#define MAX_FILE  ((size_t)1 << 20)
#define MAX_NAMED 20 /* of one sort */

struct search {
	struct bn_buf *out;
	const char *const *environment;
	const char *home;
	size_t sections;
};

static const char *
variable(const struct search *s, const char *name)
{
	size_t size = strlen(name);

	for (const char *const *e = s->environment; e != NULL && *e != NULL; e++)
		if (strncmp(*e, name, size) == 0 && (*e)[size] == '=' && (*e)[size + 1] != '\0')
			return *e + size + 1;
	return NULL;
}

/* ---- writing gitconfig ----------------------------------------------------------------------- */

/* In quotes wherever the syntax could take something away; never more than one line. */
static void
write_value(struct search *s, const char *key, const char *value)
{
	bool quote = value[strcspn(value, "\"\\#; \t")] != '\0';

	bn_buf_addf(s->out, "\t%s = %s", key, quote ? "\"" : "");
	for (const char *p = value; *p != '\0' && *p != '\n' && *p != '\r'; p++) {
		if (*p == '"' || *p == '\\')
			bn_buf_addc(s->out, '\\');
		bn_buf_addc(s->out, *p);
	}
	bn_buf_adds(s->out, quote ? "\"\n" : "\n");
}

static void
write_head(struct search *s, const char *kind, const char *name)
{
	bn_buf_addf(s->out, "\n[%s \"", kind);
	for (const char *p = name; *p != '\0' && *p != '\n' && *p != '\r'; p++) {
		if (*p == '"' || *p == '\\')
			bn_buf_addc(s->out, '\\');
		bn_buf_addc(s->out, *p);
	}
	bn_buf_adds(s->out, "\"]\n");
	s->sections++;
}

/* A comment line with a name from outside in it. */
static void
write_seen(struct search *s, const char *what, const char *name, size_t size)
{
	bn_buf_addf(s->out, "#   %s ", what);
	bn_sanitise(s->out, name, size < 200 ? size : 200, BN_SANITISE_FIELD);
	bn_buf_addc(s->out, '\n');
}

static bool
is_http(const char *url)
{
	return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

/* A URL's login is a secret and does not go into the file. */
static char *
without_login(const char *url)
{
	const char *host = strstr(url, "://"), *at;

	if (host == NULL)
		return bn_xstrdup(url);
	host += 3;
	at = memchr(host, '@', strcspn(host, "/?#"));
	if (at == NULL)
		return bn_xstrdup(url);
	return bn_xasprintf("%.*s%s", (int)(host - url), url, at + 1);
}

static void
write_url(struct search *s, const char *url)
{
	char *bare = without_login(url);

	write_value(s, "url", bare);
	if (strncmp(bare, "http://", 7) == 0 && strncmp(bare + 7, "localhost", 9) != 0 &&
	    strncmp(bare + 7, "127.", 4) != 0)
		bn_buf_adds(s->out, "\t# unencrypted: anybody on the way can read it\n"
				    "\tallow-http = true\n");
	free(bare);
}

/* ---- what has a plugin ----------------------------------------------------------------------- */

static void
find_argo(struct search *s)
{
	const char *server = variable(s, "ARGO_SERVER"), *secure = variable(s, "ARGO_SECURE");
	const char *path = variable(s, "ARGO_BASE_HREF"), *space = variable(s, "ARGO_NAMESPACE");
	bool plain = secure != NULL && strcmp(secure, "false") == 0;
	char *url;

	if (server == NULL)
		return;
	if (is_http(server))
		url = bn_xstrdup(server);
	else
		url = bn_xasprintf("%s://%s%s", plain ? "http" : "https", server,
				   path != NULL ? path : "");
	write_head(s, "source", "argo");
	write_value(s, "type", "argo-workflows");
	write_url(s, url);
	if (space != NULL)
		write_value(s, "namespace", space);
	if (variable(s, "ARGO_TOKEN") != NULL)
		write_value(s, "token-env", "ARGO_TOKEN");
	free(url);
}

static void
find_airflow(struct search *s)
{
	const char *url = variable(s, "AIRFLOW__API__BASE_URL");

	if (url == NULL)
		url = variable(s, "AIRFLOW__WEBSERVER__BASE_URL");
	if (url == NULL || !is_http(url))
		return;
	write_head(s, "source", "airflow");
	write_value(s, "type", "airflow");
	write_url(s, url);
	bn_buf_adds(s->out,
		    "\t# a user that may read; its password by a command, a file or a variable\n"
		    "\t# user = binnacle\n"
		    "\t# password-command = pass show airflow\n");
}

static void
find_prometheus(struct search *s)
{
	const char *url = variable(s, "PROMETHEUS_URL");

	if (url == NULL || !is_http(url))
		return;
	write_head(s, "source", "prometheus");
	write_value(s, "type", "prometheus");
	write_url(s, url);
}

/* Clones in the present directory, and the one that it is. */
static void
write_clone(struct search *s, const char *directory, const char *name)
{
	char *git = bn_xasprintf("%s/.git", directory), *whole = realpath(directory, NULL);

	if (access(git, F_OK) == 0 && whole != NULL) {
		const char *slash = strrchr(whole, '/');

		write_head(s, "repo", name != NULL ? name : slash != NULL ? slash + 1 : whole);
		write_value(s, "path", whole);
	}
	free(whole);
	free(git);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
find_clones(struct search *s)
{
	struct bn_strlist names = {NULL, 0, 0};
	const struct dirent *entry;
	DIR *dir = opendir(".");

	write_clone(s, ".", NULL);
	while (dir != NULL && names.count < 1000 && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			bn_strlist_add(&names, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	if (names.count > 1)
		qsort(names.items, names.count, sizeof(*names.items), by_name);
	for (size_t i = 0, found = s->sections; i < names.count; i++)
		if (s->sections - found < MAX_NAMED)
			write_clone(s, names.items[i], names.items[i]);
	bn_strlist_clear(&names);
}

/* ---- what was only seen ---------------------------------------------------------------------- */

static char *
read_file(const char *path)
{
	char *text = NULL;
	size_t used = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		text = bn_xmalloc(MAX_FILE + 1);
		while (used < MAX_FILE && (got = read(fd, text + used, MAX_FILE - used)) > 0)
			used += (size_t)got;
		text[used] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* Calls `line` for each line of a file below the home directory (or at an absolute path); only what
 * it picks out reaches the configuration. */
typedef void line_fn(struct search *s, const char *line, size_t size, void *state);

static void
each_line(struct search *s, const char *path, line_fn *on_line, void *state)
{
	/* "./" comes from a variable, which counts from here and not from the home directory. */
	char *whole = path[0] == '/' || strncmp(path, "./", 2) == 0
			  ? bn_xstrdup(path)
			  : bn_xasprintf("%s/%s", s->home, path);
	char *text = read_file(whole);

	for (char *p = text; p != NULL && *p != '\0';) {
		size_t size = strcspn(p, "\n");

		on_line(s, p, size, state);
		p += size + (p[size] == '\n');
	}
	if (text != NULL)
		explicit_bzero(text, strlen(text)); /* such files hold tokens beside the names */
	free(text);
	free(whole);
}

struct listing {
	const char *heading, *what;
	bool in_block;
	size_t count;
};

static void
list_name(struct search *s, struct listing *l, const char *name, size_t size)
{
	while (size > 0 && isspace((unsigned char)name[size - 1]))
		size--;
	while (size > 0 && (*name == '"' || *name == '\'')) {
		name++;
		size--;
	}
	while (size > 0 && (name[size - 1] == '"' || name[size - 1] == '\''))
		size--;
	if (size == 0 || l->count++ >= MAX_NAMED)
		return;
	if (l->count == 1)
		bn_buf_addf(s->out, "\n# %s\n", l->heading);
	write_seen(s, l->what, name, size);
}

/* kubeconfig: the names below "contexts:". */
static void
kube_line(struct search *s, const char *line, size_t size, void *state)
{
	struct listing *l = state;
	size_t at = 0;

	if (size > 0 && isalpha((unsigned char)line[0]))
		l->in_block = size >= 9 && strncmp(line, "contexts:", 9) == 0;
	if (!l->in_block)
		return;
	while (at < size && (line[at] == ' ' || line[at] == '-'))
		at++;
	if (size - at > 6 && at <= 4 && strncmp(line + at, "name: ", 6) == 0)
		list_name(s, l, line + at + 6, size - at - 6);
}

/* AWS and Databricks: "[name]" or "[profile name]". */
static void
profile_line(struct search *s, const char *line, size_t size, void *state)
{
	const char *end = memchr(line, ']', size);

	if (size == 0 || line[0] != '[' || end == NULL)
		return;
	line++;
	if (end - line > 8 && strncmp(line, "profile ", 8) == 0)
		line += 8;
	else if (memchr(line, ' ', (size_t)(end - line)) != NULL)
		return; /* [sso-session x] and the like */
	list_name(s, state, line, (size_t)(end - line));
}

/* gh's hosts.yml: its keys; glab's config.yml: those below "hosts:". */
static void
gh_line(struct search *s, const char *line, size_t size, void *state)
{
	const char *colon = memchr(line, ':', size);

	if (size > 0 && colon != NULL && colon > line && isalnum((unsigned char)line[0]))
		list_name(s, state, line, (size_t)(colon - line));
}

static void
glab_line(struct search *s, const char *line, size_t size, void *state)
{
	struct listing *l = state;
	size_t at = strspn(line, " ");
	const char *colon;

	if (size == 0 || at >= size)
		return;
	if (at == 0) {
		l->in_block = size >= 6 && strncmp(line, "hosts:", 6) == 0;
		return;
	}
	colon = memchr(line + at, ':', size - at);
	if (l->in_block && at <= 4 && colon == line + size - 1 && isalnum((unsigned char)line[at]))
		list_name(s, l, line + at, (size_t)(colon - line) - at);
}

static void
find_others(struct search *s)
{
	struct listing kube = {"Kubernetes contexts; binnacle has no plugin for them yet",
			       "context", false, 0};
	struct listing aws = {"AWS profiles; binnacle has no plugin for them yet", "profile", false,
			      0};
	struct listing bricks = {"Databricks profiles; binnacle has no plugin for them yet",
				 "profile", false, 0};
	struct listing gh = {"GitHub logins (gh); pull requests come with a later release", "host",
			     false, 0};
	struct listing glab = {"GitLab logins (glab); merge requests come with a later release",
			       "host", false, 0};
	const char *path = variable(s, "KUBECONFIG"),
		   *databricks = variable(s, "DATABRICKS_CONFIG_FILE");
	char *first =
	    path != NULL ? bn_xstrndup(path, strcspn(path, ":")) : bn_xstrdup(".kube/config");
	const char *config = variable(s, "AWS_CONFIG_FILE");

	if (path != NULL && first[0] != '/') {
		char *here = bn_xasprintf("./%s", first);

		free(first);
		first = here;
	}
	each_line(s, first, kube_line, &kube);
	each_line(s, config != NULL ? config : ".aws/config", profile_line, &aws);
	each_line(s, databricks != NULL ? databricks : ".databrickscfg", profile_line, &bricks);
	each_line(s, ".config/gh/hosts.yml", gh_line, &gh);
	each_line(s, ".config/glab-cli/config.yml", glab_line, &glab);
	free(first);
}

int
bn_discover(struct bn_buf *out, const char *const *environment, const char *home,
	    struct bn_error *err)
{
	struct search s = {out, environment, home != NULL ? home : "", 0};

	bn_buf_adds(
	    out, "# binnacle's configuration, in git's syntax: git config -f edits it.\n"
		 "# Every key: binnacle-config(5); what each platform needs: binnacle-sources(7).\n"
		 "# Secrets are never values here, only the way to them.\n");
	find_argo(&s);
	find_airflow(&s);
	find_prometheus(&s);
	find_clones(&s);
	if (s.sections == 0)
		bn_buf_adds(out, "\n# Nothing was found here. For example:\n"
				 "#\n"
				 "# [source \"airflow\"]\n"
				 "# \ttype = airflow\n"
				 "# \turl = https://airflow.example.com\n"
				 "# \tuser = binnacle\n"
				 "# \tpassword-command = pass show airflow\n");
	find_others(&s);
	if (out->overflow)
		return bn_fail(err, BN_ETOOBIG, "too much was found for one configuration file");
	return BN_OK;
}
