/* secret.c - credentials by reference: commands, files, environment; never kept in a file of ours. */
/* SPDX-License-Identifier: MIT */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "config/credential.h"
#include "config/spawn.h"

#define TIMEOUT	   10000 /* ms */
#define MAX_SECRET ((size_t)64 << 10)

/* Lies on pages of its own, which are locked and left out of core files where the system allows it.
 */
struct bn_secret {
	size_t mapped;
	bn_time expires;
	char text[];
};

static struct bn_secret *
secret_new(const char *text, size_t size)
{
	long page = sysconf(_SC_PAGESIZE);
	size_t unit = page > 0 ? (size_t)page : 4096, want = sizeof(struct bn_secret) + size + 1;
	struct bn_secret *secret;
	void *memory;

	want = (want + unit - 1) / unit * unit;
	memory = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		fputs("binnacle: out of memory\n", stderr);
		exit(70);
	}
	(void)mlock(memory, want); /* a small RLIMIT_MEMLOCK is no reason not to work */
	(void)madvise(memory, want, MADV_DONTDUMP);
	secret = memory;
	secret->mapped = want;
	secret->expires = 0;
	memcpy(secret->text, text, size);
	secret->text[size] = '\0';
	return secret;
}

struct bn_secret *
bn_secret_from_text(const char *text)
{
	return secret_new(text, strlen(text));
}

const char *
bn_secret_text(const struct bn_secret *secret)
{
	return secret->text;
}

bn_time
bn_secret_expires(const struct bn_secret *secret)
{
	return secret->expires;
}

void
bn_secret_free(struct bn_secret *secret)
{
	size_t mapped;

	if (secret == NULL)
		return;
	mapped = secret->mapped;
	explicit_bzero(secret, mapped);
	munmap(secret, mapped);
}

/* ---- the three ways -------------------------------------------------------------------------- */

/* A buffer for a secret on its way; wiped, never grown, so that no copy of it is left on the heap.
 */
struct scratch {
	char *text;
	size_t used;
	const struct bn_stop *stop; /* for a command; may be NULL */
};

static void
scratch_free(struct scratch *scratch)
{
	explicit_bzero(scratch->text, MAX_SECRET + 1);
	free(scratch->text);
}

/* The helper's own words help, unless they repeat what it printed. */
static void
add_complaint(const struct scratch *scratch, const char *complaint, struct bn_error *err)
{
	char first[64];
	size_t size = strcspn(scratch->text, " \t\r\n");

	if (*complaint == '\0' || err == NULL)
		return;
	if (size > 0 && size < sizeof(first)) {
		memcpy(first, scratch->text, size);
		first[size] = '\0';
		if (strstr(complaint, first) != NULL)
			return;
	} else if (size > 0)
		return;
	bn_hint(err, "it said: %s", complaint);
}

static int
from_command(struct scratch *scratch, const char *key, const char *command, struct bn_error *err)
{
	char complaint[200];
	int rc = bn_spawn_read(command, TIMEOUT, scratch->stop, scratch->text, MAX_SECRET + 1,
			       &scratch->used, complaint, sizeof(complaint), err);

	if (rc == BN_ETOOBIG && err != NULL)
		err->code = rc = BN_EAUTH;
	if (rc == BN_ETIMEOUT)
		bn_hint(err, "run it yourself once; it must not ask questions");
	else if (rc != BN_OK)
		add_complaint(scratch, complaint, err);
	if (rc != BN_OK)
		bn_error_prefix(err, "%s", key);
	return rc;
}

static int
check_file(const char *key, const char *path, int fd, struct bn_error *err)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		bool forbidden = errno == EACCES;

		bn_fail(err, forbidden ? BN_EPERM : BN_EAUTH, "%s: %s: %s", key, path,
			strerror(errno));
		bn_hint(err, forbidden ? "make it yours, with mode 0600"
				       : "write the secret into that file, with mode 0600");
		return err->code;
	}
	if (!S_ISREG(st.st_mode))
		return bn_fail(err, BN_EPERM, "%s: %s is not a regular file", key, path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return bn_fail(err, BN_EPERM, "%s: %s belongs to another user", key, path);
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		bn_fail(err, BN_EPERM, "%s: others can read or write %s", key, path);
		return bn_hint(err, "chmod 600 %s", path), BN_EPERM;
	}
	return BN_OK;
}

static int
from_file(struct scratch *scratch, const char *key, const char *path, struct bn_error *err)
{
	char *expanded = bn_path_expand(path);
	int fd = open(expanded, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc = check_file(key, expanded, fd, err);

	while (rc == BN_OK) {
		ssize_t got =
		    read(fd, scratch->text + scratch->used, MAX_SECRET + 1 - scratch->used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			rc = bn_fail(err, BN_EAUTH, "%s: %s: %s", key, expanded, strerror(errno));
		if (got <= 0)
			break;
		scratch->used += (size_t)got;
		if (scratch->used > MAX_SECRET)
			rc = bn_fail(err, BN_EAUTH, "%s: %s is too big", key, expanded);
	}
	if (fd >= 0)
		close(fd);
	free(expanded);
	return rc;
}

static int
from_environment(struct scratch *scratch, const char *key, const char *name, struct bn_error *err)
{
	const char *text = getenv(name);
	size_t size = text != NULL ? strlen(text) : 0;

	if (size == 0) {
		bn_fail(err, BN_EAUTH, "%s: the environment has no %s", key, name);
		bn_hint(err, "export it before binnacle starts, or use a command or a file");
		return BN_EAUTH;
	}
	if (size > MAX_SECRET)
		return bn_fail(err, BN_EAUTH, "%s: %s is too big", key, name);
	memcpy(scratch->text, text, size);
	scratch->used = size;
	return BN_OK;
}

/* ---- what was found -------------------------------------------------------------------------- */

/* One line without control characters: it becomes part of a header. */
static int
take_plain(struct bn_secret **out, const char *key, const char *name, const char *text, size_t size,
	   struct bn_error *err)
{
	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	if (strcmp(name, "token") == 0 && size > 7 && strncasecmp(text, "Bearer ", 7) == 0) {
		text += 7; /* as ARGO_TOKEN and the like are written */
		size -= 7;
	}
	if (size == 0)
		return bn_fail(err, BN_EAUTH, "%s gives nothing", key);
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
			bn_fail(err, BN_EAUTH, "%s gives more than one line", key);
			bn_hint(err, "it must print the %s and nothing else", name);
			return BN_EAUTH;
		}
	*out = secret_new(text, size);
	return BN_OK;
}

static int
take(struct bn_secret **out, const char *key, const char *name, struct scratch *scratch,
     bool command, struct bn_error *err)
{
	struct bn_credential found = {NULL, 0, 0};
	int rc;

	scratch->text[scratch->used] = '\0';
	rc = command ? bn_credential_read(&found, scratch->text, scratch->used, err) : BN_OK;
	if (rc != BN_OK) {
		bn_error_prefix(err, "%s", key);
		return rc;
	}
	if (found.text == NULL)
		return take_plain(out, key, name, scratch->text, scratch->used, err);
	rc = take_plain(out, key, name, found.text, found.size, err);
	if (rc == BN_OK)
		(*out)->expires = found.expires;
	bn_credential_clear(&found);
	return rc;
}

int
bn_secret_resolve(struct bn_secret **out, const struct bn_config_section *section, const char *name,
		  struct bn_error *err)
{
	return bn_secret_resolve_until(out, section, name, NULL, err);
}

int
bn_secret_resolve_until(struct bn_secret **out, const struct bn_config_section *section,
			const char *name, const struct bn_stop *stop, struct bn_error *err)
{
	static const struct {
		const char *suffix;
		int (*read)(struct scratch *, const char *, const char *, struct bn_error *);
	} ways[] = {{"command", from_command}, {"file", from_file}, {"env", from_environment}};
	struct scratch scratch;
	char key[64];
	int rc;

	*out = NULL;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const char *value;

		snprintf(key, sizeof(key), "%s-%s", name, ways[i].suffix);
		value = bn_section_get(section, NULL, key);
		if (value == NULL)
			continue;
		scratch = (struct scratch){bn_xmalloc(MAX_SECRET + 2), 0, stop};
		rc = ways[i].read(&scratch, key, value, err);
		if (rc == BN_OK)
			rc = take(out, key, name, &scratch, i == 0, err);
		scratch_free(&scratch);
		return rc;
	}
	bn_fail(err, BN_ENOTFOUND, "no %s is configured", name);
	bn_hint(err, "add %s-command, %s-file or %s-env", name, name, name);
	return BN_ENOTFOUND;
}

void
bn_secret_harden_process(void)
{
	struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
