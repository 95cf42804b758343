/* types.h - the vocabulary every layer and every plugin shares: errors, statuses, kinds, references. */
/* SPDX-License-Identifier: MIT */
#ifndef BINNACLE_TYPES_H
#define BINNACLE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A moment: milliseconds since 1970-01-01T00:00:00Z. 0 means "not known". */
typedef int64_t bn_time;

/* Results. 0 is success; the negative codes are those a caller can act on. */
enum bn_code {
	BN_OK = 0,
	BN_EINVAL = -1,	       /* the caller's words are wrong: bad argument, bad filter */
	BN_ECONFIG = -2,       /* the configuration is wrong or incomplete */
	BN_EAUTH = -3,	       /* the platform does not accept our login (401, expired) */
	BN_EPERM = -4,	       /* logged in, but not allowed; or our own policy forbids it */
	BN_ENOTFOUND = -5,     /* the named thing does not exist */
	BN_ETHROTTLED = -6,    /* asked too often; see bn_error.retry_after */
	BN_ETIMEOUT = -7,      /* no answer in time */
	BN_EUNREACHABLE = -8,  /* no connection: name, route, refused */
	BN_ETLS = -9,	       /* the peer's certificate or handshake is not acceptable */
	BN_EPARSE = -10,       /* the answer is not what the protocol says */
	BN_ETOOBIG = -11,      /* more bytes, items or depth than the bound allows */
	BN_EREMOTE = -12,      /* the platform answered with an error of its own (5xx, 4xx) */
	BN_EUNSUPPORTED = -13, /* this server, plugin or terminal can't do that */
	BN_EIO = -14,	       /* a file, pipe or database failed */
	BN_EBUSY = -15,	       /* somebody else holds the lock; try again later */
	BN_ECONFLICT = -16,    /* it exists already, or changed meanwhile */
	BN_ECANCELLED = -17,   /* we were told to stop */
	BN_EINTERNAL = -18,    /* a defect of ours */
	BN_EUNCERTAIN = -19    /* sent, and whether it was done is not known: don't send it again */
};

/* One failure, told where its cause is known. Supplied by the caller, no allocation, no ownership.
 * `source` names the configured source it concerns ("" for none), `message` says what happened and
 * where, `hint` what to do. Text may hold bytes from outside: show it only through the sanitiser. */
struct bn_error {
	int code;	     /* enum bn_code */
	int http_status;     /* 0 if there was no answer */
	int64_t retry_after; /* ms the far end asked us to wait, 0 if it did not say */
	char source[64];
	char message[512];
	char hint[256];
};

/* One status vocabulary for everything. What the platform itself said is kept beside it. */
enum bn_status {
	BN_UNKNOWN = 0,
	/* what runs */
	BN_QUEUED,
	BN_RUNNING,
	BN_SUCCEEDED,
	BN_FAILED,
	BN_CANCELLED,
	BN_SKIPPED,
	BN_PAUSED,
	/* what stands */
	BN_HEALTHY,
	BN_PROGRESSING,
	BN_DEGRADED,
	BN_DOWN,
	BN_STATUS_COUNT
};

/* What kind of thing an entity is (DESIGN 3). */
enum bn_kind {
	BN_KIND_NONE = 0,
	BN_PIPELINE,
	BN_RUN,
	BN_TASK,
	BN_MODEL,
	BN_ENDPOINT,
	BN_STREAM,
	BN_APP,
	BN_DATASET,
	BN_PRODUCT,
	BN_CHANGE,
	BN_SOURCE,
	BN_KIND_COUNT
};

/* May a retry repeat this work? Declared by the pipeline itself or by the configuration. */
enum bn_idempotence { BN_IDEMPOTENCE_UNKNOWN = 0, BN_IDEMPOTENT, BN_AT_LEAST_ONCE, BN_APPEND };

/* How bad a finding is. */
enum bn_severity { BN_INFO = 0, BN_WARN, BN_CRIT };

/* What an option's value is; `range` in struct bn_option narrows it. */
enum bn_option_type {
	BN_OPT_STRING,
	BN_OPT_URL, /* http or https, or one of the schemes in `range` */
	BN_OPT_INT,
	BN_OPT_NUMBER,
	BN_OPT_BOOL,
	BN_OPT_DURATION, /* "15s", "5m", "24h", "7d"; stored in ms */
	BN_OPT_SIZE,	 /* "64k", "8m"; stored in bytes */
	BN_OPT_ENUM,	 /* one of the words in `range`, separated by '|' */
	BN_OPT_PATH,	 /* a file; "~/" is the home directory */
	BN_OPT_GLOB,
	BN_OPT_ASSERT /* an assertion on an endpoint's answer; grammar in binnacle-sources(7) */
};

/* Flags of an option. */
#define BN_OPT_REQUIRED (1u << 0)
#define BN_OPT_MULTI	(1u << 1) /* may be given more than once */

/* One key of a configuration section. The array ends with a row whose name is NULL. Validation,
 * `config show`, the manual and completions all come from these rows. */
struct bn_option {
	const char *name;
	enum bn_option_type type;
	const char *fallback; /* default as it would be written, or NULL */
	const char *doc;      /* one sentence, no full stop */
	unsigned flags;
	const char *range; /* "1..1000", "1s..1h", "basic|bearer|none", or NULL */
};

/* Names one thing. All strings borrowed; `source` may be NULL where it is unambiguous. */
struct bn_ref {
	enum bn_kind kind;
	const char *source;
	const char *key;
};

#endif
