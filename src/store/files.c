/* files.c - the state directory: private files, owners, network file systems, who has it open. */
/* SPDX-License-Identifier: MIT */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* Bytes of store.lock that mean something. */
enum { BYTE_OPENING, BYTE_USING };

/* f_type of statfs(2), from linux/magic.h and the file systems themselves. FUSE is in the list:
 * sshfs, s3fs and the like are the usual ones for a home directory. */
bool
bn_network_filesystem(int64_t type)
{
	static const int64_t shared[] = {
	    0x6969,	/* NFS */
	    0x517b,	/* SMB */
	    0xfe534d42, /* SMB2 */
	    0xff534d42, /* CIFS */
	    0x65735546, /* FUSE */
	    0x5346414f, /* AFS */
	    0x6b414653, /* kAFS */
	    0x73757245, /* Coda */
	    0x00c36400, /* Ceph */
	    0x0bd00bd0, /* Lustre */
	    0x47504653, /* GPFS */
	    0x01021997, /* 9p */
	    0x7461636f, /* OCFS2 */
	    0x01161970, /* GFS2 */
	    0x786f4256, /* VirtualBox shared folders */
	};

	/* f_type is signed on some architectures. */
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if ((type & 0xffffffff) == shared[i])
			return true;
	return false;
}

static int
make_directories(const char *path, struct bn_error *err)
{
	char *copy = bn_xstrdup(path);
	int rc = BN_OK;

	for (char *p = copy + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;

		*p = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
			rc = bn_fail(err, errno == EACCES || errno == EROFS ? BN_EPERM : BN_EIO,
				     "%s: %s", copy, strerror(errno));
			bn_hint(err, "binnacle keeps its state there; set [state] dir or "
				     "XDG_STATE_HOME, or use "
				     "--cache none");
			break;
		}
		*p = end;
		if (end == '\0')
			break;
	}
	free(copy);
	return rc;
}

/* Ours, or one a team shares: setgid and writable for its group (DESIGN 8). Never writable by
 * everybody. */
static int
check_directory(struct bn_store *store, struct bn_error *err)
{
	struct stat st;
	struct statfs fs;

	if (stat(store->dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return bn_fail(err, BN_EIO, "%s is not a directory", store->dir);
	store->shared = (st.st_mode & S_ISGID) != 0 && (st.st_mode & S_IWGRP) != 0;
	store->file_mode = store->shared ? 0660 : 0600;
	if ((st.st_mode & S_IWOTH) != 0) {
		bn_fail(err, BN_EPERM, "%s can be written by everybody", store->dir);
		bn_hint(err, "chmod 0700 it (or 2770 for a team's own group)");
		return BN_EPERM;
	}
	if (st.st_uid != geteuid() && !store->shared) {
		bn_fail(err, BN_EPERM, "%s belongs to another user (uid %ld)", store->dir,
			(long)st.st_uid);
		bn_hint(err, "use a directory of your own, or share it: chgrp GROUP, chmod 2770");
		return BN_EPERM;
	}
	store->wal = (store->mode & BN_STORE_NO_WAL) == 0 &&
		     (statfs(store->dir, &fs) != 0 || !bn_network_filesystem((int64_t)fs.f_type));
	return BN_OK;
}

int
bn_files_prepare(struct bn_store *store, struct bn_error *err)
{
	char real[PATH_MAX];
	int rc;

	rc = make_directories(store->dir, err);
	if (rc != BN_OK)
		return rc;
	if (realpath(store->dir, real) == NULL)
		return bn_fail(err, BN_EIO, "%s: %s", store->dir, strerror(errno));
	free(store->dir);
	store->dir = bn_xstrdup(real);
	store->cache = bn_xasprintf("%s/cache.db", real);
	store->journal = bn_xasprintf("%s/journal.db", real);
	return check_directory(store, err);
}

int
bn_file_prepare(const struct bn_store *store, const char *path, bool *created, struct bn_error *err)
{
	struct stat st;
	int fd;

	*created = false;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, store->file_mode);
	if (fd >= 0) {
		/* No connection of this process can have the file open as yet, so closing is
		 * harmless. */
		*created = true;
		if (fchmod(fd, store->file_mode) != 0) /* whatever the umask is */
			bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
		close(fd);
		return BN_OK;
	}
	if (errno != EEXIST) {
		int code = errno == EACCES || errno == EROFS || errno == EPERM ? BN_EPERM : BN_EIO;

		bn_fail(err, code, "%s: %s", path, strerror(errno));
		bn_hint(err, "make the directory writable, set [state] dir, or use --cache none");
		return code;
	}
	if (lstat(path, &st) != 0)
		return bn_fail(err, BN_EIO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode)) {
		bn_fail(err, BN_EPERM, "%s is not a regular file", path);
		bn_hint(err, "something else was put there: look at it, then move it away");
		return BN_EPERM;
	}
	if (st.st_uid != geteuid() && !store->shared) {
		bn_fail(err, BN_EPERM, "%s belongs to another user (uid %ld)", path,
			(long)st.st_uid);
		bn_hint(err,
			"it is not trusted; move it away or use a state directory of your own");
		return BN_EPERM;
	}
	if (st.st_uid == geteuid() && (st.st_mode & 07777) != store->file_mode)
		(void)chmod(
		    path,
		    store->file_mode); /* a wider one is narrowed; read-only ones are found later */
	return BN_OK;
}

/* Locks that belong to the descriptor: closing another one on the file does not drop them, unlike
 * POSIX's. */
static int
lock_byte(const struct bn_store *store, int byte, short type, bool wait)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
	int rc;

	do
		rc = fcntl(store->lock_fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
	while (rc != 0 && errno == EINTR);
	return rc;
}

int
bn_files_lock(struct bn_store *store, struct bn_error *err)
{
	char *path = bn_xasprintf("%s/store.lock", store->dir);
	int rc = BN_OK;

	store->lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, store->file_mode);
	if (store->lock_fd < 0) {
		rc = bn_fail(err, errno == EACCES || errno == EROFS ? BN_EPERM : BN_EIO, "%s: %s",
			     path, strerror(errno));
		bn_hint(err, "make the directory writable, set [state] dir, or use --cache none");
	} else {
		if (store->shared)
			(void)fchmod(store->lock_fd, store->file_mode);
		/* Where the file system has no such locks we go on without: SQLite has its own. */
		(void)lock_byte(store, BYTE_OPENING, F_WRLCK, true);
	}
	free(path);
	return rc;
}

bool
bn_files_alone(struct bn_store *store)
{
	if (lock_byte(store, BYTE_USING, F_WRLCK, false) != 0)
		return errno != EAGAIN && errno != EACCES;
	return true;
}

void
bn_files_unlock(struct bn_store *store)
{
	(void)lock_byte(store, BYTE_USING, F_RDLCK, true);
	(void)lock_byte(store, BYTE_OPENING, F_UNLCK, true);
}

int
bn_files_set_aside(struct bn_store *store, char **aside, struct bn_error *err)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	struct timespec now;
	int rc = BN_OK;

	clock_gettime(CLOCK_REALTIME, &now);
	*aside = bn_xasprintf("%s.damaged-%lld.%03ld", store->cache, (long long)now.tv_sec,
			      now.tv_nsec / 1000000);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char *from = bn_xasprintf("%s%s", store->cache, suffixes[i]);
		char *to = bn_xasprintf("%s%s", *aside, suffixes[i]);

		if (rename(from, to) != 0 && errno != ENOENT)
			rc =
			    bn_fail(err, BN_EIO, "%s: can't be renamed: %s", from, strerror(errno));
		free(from);
		free(to);
	}
	return rc;
}
