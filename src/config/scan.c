/* scan.c - finds file and line of every section and key, for messages; libgit2 gives the values. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "config/internal.h"

#define MAX_FILE  ((size_t)1 << 20)
#define MAX_DEPTH 10 /* libgit2's own bound on includes */
#define MAX_FILES 100

/* A place in one file's text. */
struct cursor {
	struct bn_scan *scan;
	const char *file;
	const char *p, *end;
	int line, depth;
	const char *kind, *name; /* of the open section; kind NULL before the first */
};

__attribute__((format(printf, 3, 4))) static void
complain(struct cursor *c, const char *hint, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = bn_xvasprintf(format, ap);
	va_end(ap);
	bn_config_problem(c->scan->config, true, c->file, c->line, hint, "%s", text);
	c->scan->broken = true;
	free(text);
}

static void
add_entry(struct cursor *c, int line, const char *key, const char *text,
	  const struct bn_written *written)
{
	struct bn_scan *scan = c->scan;

	if (scan->count == scan->capacity) {
		scan->capacity = scan->capacity > 0 ? scan->capacity * 2 : 64;
		scan->entries = bn_xrealloc(scan->entries, scan->capacity, sizeof(*scan->entries));
	}
	scan->entries[scan->count++] = (struct bn_scan_entry){
	    .kind = c->kind,
	    .name = c->name,
	    .key = key,
	    .text = text,
	    .file = c->file,
	    .line = line,
	    .written = written != NULL ? *written : (struct bn_written){0},
	};
}

static bool
at_end(const struct cursor *c)
{
	return c->p == c->end;
}

static char
peek(const struct cursor *c)
{
	return at_end(c) ? '\n' : *c->p;
}

static bool
is_blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\v' || ch == '\f';
}

static void
skip_blanks(struct cursor *c)
{
	while (!at_end(c) && is_blank(*c->p))
		c->p++;
}

static void
skip_line(struct cursor *c)
{
	while (peek(c) != '\n')
		c->p++;
}

static const char *
lowered(struct cursor *c, const char *start, const char *end)
{
	char *text = bn_arena_strndup(c->scan->config->arena, start, (size_t)(end - start));

	for (char *p = text; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

/* ---- [section "name"] ------------------------------------------------------------------------ */

static void
bad_header(struct cursor *c)
{
	complain(c, "write [kind] or [kind \"name\"]", "this is not a section's head");
	skip_line(c);
}

/* The quoted name, behind what a dot in the head gave already ([a.b "c"] is "b.c"); a backslash
 * takes the next character as it is. False if it does not end. */
static bool
read_name(struct cursor *c, bool dotted)
{
	struct bn_buf name = BN_BUF_INIT(MAX_FILE);

	if (dotted)
		bn_buf_addf(&name, "%s.", c->name);
	for (c->p++; peek(c) != '\n' && *c->p != '"'; c->p++) {
		if (*c->p == '\\') {
			c->p++;
			if (peek(c) == '\n')
				break;
		}
		bn_buf_addc(&name, *c->p);
	}
	c->name = bn_arena_strdup(c->scan->config->arena, bn_buf_text(&name));
	bn_buf_free(&name);
	if (peek(c) != '"')
		return false;
	c->p++;
	return true;
}

static void
read_header(struct cursor *c)
{
	const char *start = ++c->p, *end, *dot;

	c->name = "";
	while (isalnum((unsigned char)peek(c)) || peek(c) == '-' || peek(c) == '.')
		c->p++;
	end = c->p;
	dot = memchr(start, '.', (size_t)(end - start));
	c->kind = lowered(c, start, dot != NULL ? dot : end);
	if (dot != NULL)
		c->name = lowered(c, dot + 1, end);
	skip_blanks(c);
	if (start == end || (peek(c) == '"' && !read_name(c, dot != NULL)) || peek(c) != ']') {
		bad_header(c);
		return;
	}
	c->p++;
	add_entry(c, c->line, NULL, NULL, NULL);
}

/* ---- key = value ----------------------------------------------------------------------------- */

struct value {
	struct bn_buf text;
	size_t solid;	 /* bytes up to the last one that is no trailing blank */
	unsigned quotes; /* quote characters met */
	bool open;	 /* inside quotes */
	bool outside;	 /* a character outside of quotes that counts */
};

static void
value_add(struct value *v, char ch, bool solid)
{
	bn_buf_addc(&v->text, ch);
	if (solid)
		v->solid = v->text.size;
	if (solid && !v->open)
		v->outside = true;
}

/* What follows a backslash; false where nothing may. */
static bool
read_escape(struct cursor *c, struct value *v)
{
	static const char from[] = "ntb\"\\", to[] = "\n\t\b\"\\";
	const char *found;

	c->p++;
	if (!at_end(c) && *c->p == '\r' && c->p + 1 < c->end && c->p[1] == '\n')
		c->p++;
	if (peek(c) == '\n') {
		const char *next = at_end(c) ? c->end : c->p + 1;

		while (next < c->end && is_blank(*next))
			next++;
		if (next == c->end || *next == '\n') {
			complain(c, "take the backslash away",
				 "the line ends in a backslash, but the next one is empty");
			return false;
		}
		/* git(1) ends the value there, libgit2 goes on in the line after it. */
		if (!v->open && (*next == '#' || *next == ';')) {
			complain(c, "take the backslash away, or the comment",
				 "the line ends in a backslash, but the next one is a comment");
			return false;
		}
		c->p++;
		c->line++;
		return true;
	}
	found = memchr(from, *c->p, sizeof(from) - 1);
	if (found == NULL) {
		complain(c, "write \\\\ for a backslash; only \\n \\t \\b \\\" \\\\ are known",
			 "'\\%c' means nothing in a value",
			 isprint((unsigned char)*c->p) ? *c->p : '?');
		return false;
	}
	value_add(v, to[found - from], true);
	c->p++;
	return true;
}

static bool
read_value(struct cursor *c, struct value *v, struct bn_written *written)
{
	while (peek(c) != '\n') {
		char ch = *c->p;

		if (ch == '\\') {
			if (!read_escape(c, v))
				return false;
			continue;
		}
		if (ch == '"') {
			v->quotes++;
			v->open = !v->open;
			v->solid = v->text.size;
		} else if (!v->open && (ch == '#' || ch == ';')) {
			written->comment = true;
			written->comment_glued = v->text.size > 0 && v->solid == v->text.size;
			break;
		} else
			value_add(v, ch, v->open || !is_blank(ch));
		c->p++;
	}
	if (v->open) {
		complain(c, "close it on the same line; write \\\" for a quote inside",
			 "a quote is opened and not closed");
		return false;
	}
	written->quoted = v->quotes == 2 && !v->outside;
	written->lost_quotes = v->quotes > 2 || (v->quotes == 2 && v->outside);
	return true;
}

static void
bad_key(struct cursor *c, const char *start)
{
	const char *end = start;
	char *key;

	while (end < c->end && !isspace((unsigned char)*end) && *end != '=')
		end++;
	key = bn_xstrndup(start, (size_t)(end - start));
	if (strchr(key, '_') != NULL) {
		char *right = bn_xstrdup(key), hint[200];

		for (char *p = right; *p != '\0'; p++)
			*p = *p == '_' ? '-' : *p;
		snprintf(hint, sizeof(hint), "write %.100s", right);
		complain(c, hint, "'%.100s': a key holds no '_'", key);
		free(right);
	} else
		complain(c, "letters, digits and '-', a letter first, then '='",
			 "'%.100s' is not a key", key);
	free(key);
	skip_line(c);
}

static void follow_include(struct cursor *c, const char *text);

static void
read_key(struct cursor *c)
{
	const char *start = c->p, *key, *text = NULL;
	struct value v = {.text = BN_BUF_INIT(MAX_FILE)};
	struct bn_written written = {0};
	int line = c->line;

	while (isalnum((unsigned char)peek(c)) || peek(c) == '-')
		c->p++;
	key = lowered(c, start, c->p);
	skip_blanks(c);
	if (!isalpha((unsigned char)*start) || (peek(c) != '=' && peek(c) != '\n')) {
		bad_key(c, start);
		return;
	}
	if (c->kind == NULL) {
		complain(c, "begin with a head like [source \"name\"]",
			 "'%.60s' stands before the first section", key);
		skip_line(c);
		return;
	}
	if (peek(c) == '=') {
		c->p++;
		skip_blanks(c);
		if (!read_value(c, &v, &written)) {
			skip_line(c);
			bn_buf_free(&v.text);
			return;
		}
		text = bn_arena_strndup(c->scan->config->arena, bn_buf_text(&v.text), v.solid);
	} else
		written.no_value = true;
	skip_line(c);
	bn_buf_free(&v.text);
	add_entry(c, line, key, text, &written);
	if (text != NULL && strcmp(c->kind, "include") == 0 && *c->name == '\0' &&
	    strcmp(key, "path") == 0)
		follow_include(c, text);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The same rule as libgit2's: "~/" is the home directory, else relative to the including file. */
static char *
include_path(const char *file, const char *text)
{
	const char *slash = strrchr(file, '/'), *home = getenv("HOME");

	if (text[0] == '/')
		return bn_xstrdup(text);
	if (text[0] == '~' && text[1] == '/')
		return bn_xasprintf("%s%s", home != NULL ? home : "", text + 1);
	return bn_xasprintf("%.*s%s", slash != NULL ? (int)(slash - file) + 1 : 0, file, text);
}

static void
follow_include(struct cursor *c, const char *text)
{
	char *path = include_path(c->file, text);
	struct bn_error err = {0};

	if (c->depth + 1 >= MAX_DEPTH || c->scan->config->files.count >= MAX_FILES)
		complain(c, "does a file include itself?", "includes are nested too deeply");
	else if (access(path, F_OK) != 0)
		bn_config_problem(c->scan->config, false, c->file, c->line,
				  "paths are relative to the file they stand in", "%s: %s", path,
				  strerror(errno));
	else if (bn_scan_file(c->scan, path, c->depth + 1, &err) != BN_OK)
		complain(c, err.hint, "%s", err.message);
	free(path);
}

void
bn_scan_text(struct bn_scan *scan, const char *file, const char *text, size_t size, int depth)
{
	struct cursor c = {
	    scan, bn_arena_strdup(scan->config->arena, file), text, text + size, 1, depth, NULL,
	    ""};

	bn_strlist_add(&scan->config->files, file);
	if (memchr(text, '\0', size) != NULL || !bn_utf8_valid(text, size)) {
		c.line = 0;
		complain(&c, "write it in UTF-8", "this is not a text file");
		return;
	}
	if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		c.p += 3;
	while (!at_end(&c)) {
		skip_blanks(&c);
		if (peek(&c) == '#' || peek(&c) == ';')
			skip_line(&c);
		else if (peek(&c) == '[') {
			read_header(&c);
			continue; /* a key may follow on the same line */
		} else if (peek(&c) != '\n') {
			read_key(&c);
		}
		if (!at_end(&c)) {
			c.p++;
			c.line++;
		}
	}
}

/* Whoever can write this file chooses the commands we run, so only its owner may. */
static int
check_file(const char *path, const struct stat *st, struct bn_error *err)
{
	if (!S_ISREG(st->st_mode))
		return bn_fail(err, BN_EIO, "%s: not a regular file", path);
	if ((size_t)st->st_size > MAX_FILE)
		return bn_fail(err, BN_EIO, "%s: larger than 1 MiB", path);
	if (st->st_uid != geteuid() && st->st_uid != 0) {
		bn_fail(err, BN_EIO, "%s: belongs to another user", path);
		return bn_hint(err,
			       "a configuration names commands to run: own it, or let root own it");
	}
	if (st->st_mode & S_IWOTH) {
		bn_fail(err, BN_EIO, "%s: anybody can write to it", path);
		return bn_hint(err, "chmod o-w %s", path);
	}
	return BN_OK;
}

int
bn_scan_file(struct bn_scan *scan, const char *path, int depth, struct bn_error *err)
{
	char *text = NULL;
	size_t size = 0;
	struct stat st;
	ssize_t got;
	int rc, fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0) {
		rc = bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
		goto out;
	}
	rc = check_file(path, &st, err);
	if (rc != BN_OK)
		goto out;
	text = bn_xmalloc(MAX_FILE);
	while (size < MAX_FILE && (got = read(fd, text + size, MAX_FILE - size)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			rc = bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
			goto out;
		}
		size += (size_t)got;
	}
	bn_scan_text(scan, path, text, size, depth);
out:
	if (fd >= 0)
		close(fd);
	free(text);
	return rc;
}

void
bn_scan_clear(struct bn_scan *scan)
{
	free(scan->entries);
	scan->entries = NULL;
	scan->count = scan->capacity = 0;
}
