/* log.h - the debug log: a file of the user's own, one line an event, never a secret. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_LOG_H
#define BN_BASE_LOG_H

/* Opened on `path` (mode 0600, appended, rotated once at 8 MiB to path.1) or, with path NULL, on
 * standard error; level 0 nothing, 1 errors, 2 what is done, 3 every request. Safe from several
 * threads. Text goes through the sanitiser. NULL is a log that drops everything. */
struct bn_log;
struct bn_log *bn_log_open(const char *path, int level);
void bn_log_close(struct bn_log *log);
void bn_log_write(struct bn_log *log, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int bn_log_level(const struct bn_log *log);

#endif
