/* lease.c - one lock file a source: which process polls it. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "collect/internal.h"

#define DIGEST_PART 12

/* A source's name may hold anything; a file's may not. What is lost in the letters is kept in the
 * digest of the name, so that two names never share a file. */
static char *
lock_path(const char *state_dir, const char *source, const char *digest)
{
	char letters[33], name_digest[BN_DIGEST_HEX];
	size_t i;

	for (i = 0; i < sizeof(letters) - 1 && source[i] != '\0'; i++)
		letters[i] =
		    isalnum((unsigned char)source[i]) || source[i] == '-' ? source[i] : '_';
	letters[i] = '\0';
	bn_digest_once(source, strlen(source), name_digest);
	return bn_xasprintf("%s/lease/%s-%.8s-%.*s.lock", state_dir, letters, name_digest,
			    DIGEST_PART, digest);
}

/* A state directory that a group shares: as src/store/files.c has it. */
static bool
is_shared(const char *state_dir)
{
	struct stat st;

	return stat(state_dir, &st) == 0 && (st.st_mode & S_ISGID) != 0 &&
	       (st.st_mode & S_IWGRP) != 0;
}

int
bn_lease_dir(const char *state_dir, char **out, struct bn_error *err)
{
	char *dir = bn_xasprintf("%s/lease", state_dir);

	(void)mkdir(dir, 0700);
	/* Also one from before it was shared; only its owner can. */
	if (is_shared(state_dir))
		(void)chmod(dir, 02770);
	if (access(dir, W_OK) != 0) {
		bn_fail(err, BN_EIO, "%s: %s", dir, strerror(errno));
		free(dir);
		return bn_hint(err, "the state directory must be writable");
	}
	*out = dir;
	return BN_OK;
}

void
bn_lease_init(struct bn_lease *lease, const char *state_dir, const char *source, const char *digest)
{
	lease->path = state_dir != NULL ? lock_path(state_dir, source, digest) : NULL;
	lease->mode = state_dir != NULL && is_shared(state_dir) ? 0660 : 0600;
	lease->fd = -1;
	lease->locked = false;
}

/* Whatever the umask is, the file is for all who share the state: the others lock it, too. */
static int
open_file(const struct bn_lease *lease)
{
	int fd = open(lease->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, lease->mode);

	/* Fails for one of another's, who has done it. */
	if (fd >= 0)
		(void)fchmod(fd, lease->mode);
	return fd;
}

int
bn_lease_try(struct bn_lease *lease, struct bn_error *err)
{
	if (lease->path == NULL || lease->locked) {
		lease->locked = true;
		return BN_OK;
	}
	if (lease->fd < 0)
		lease->fd = open_file(lease);
	if (lease->fd < 0)
		return bn_fail(err, BN_EIO, "%s: %s", lease->path, strerror(errno));
	if (flock(lease->fd, LOCK_EX | LOCK_NB) != 0)
		return bn_fail(err, errno == EWOULDBLOCK ? BN_EBUSY : BN_EIO, "%s: %s", lease->path,
			       errno == EWOULDBLOCK ? "held by another process" : strerror(errno));
	lease->locked = true;
	return BN_OK;
}

void
bn_lease_release(struct bn_lease *lease)
{
	/* Unlocked before it is closed: the close is what wakes those who wait. */
	if (lease->fd >= 0) {
		if (lease->locked)
			flock(lease->fd, LOCK_UN);
		close(lease->fd);
	}
	lease->fd = -1;
	lease->locked = false;
}

void
bn_lease_clear(struct bn_lease *lease)
{
	bn_lease_release(lease);
	free(lease->path);
	lease->path = NULL;
}

bool
bn_lease_held_elsewhere(const char *state_dir, const char *source, const char *digest)
{
	char *path;
	bool held = false;
	int fd;

	if (state_dir == NULL || *digest == '\0')
		return false;
	path = lock_path(state_dir, source, digest);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) >= 0) {
		held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
		close(fd);
	}
	free(path);
	return held;
}

char *
bn_lease_holder(const char *digest)
{
	struct passwd entry, *found = NULL;
	char host[65] = "", buffer[2048];

	gethostname(host, sizeof(host) - 1);
	if (getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found) != 0)
		found = NULL;
	return bn_xasprintf("%s@%s pid %ld %.*s", found != NULL ? found->pw_name : "?", host,
			    (long)getpid(), DIGEST_PART, digest);
}
