/* fault.c - the switches that make a face slow, dead, lying or hostile. */
/* SPDX-License-Identifier: MIT */
#include "sim/fault.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

const struct bn_fault_row bn_fault_rows[BN_FAULT_COUNT + 1] = {
    [BN_FAULT_SLOW] = {"slow", "slow=SOURCE:DURATION", "every answer comes that much later"},
    [BN_FAULT_DROP] = {"drop", "drop=SOURCE", "connections are closed without an answer"},
    [BN_FAULT_HTTP] = {"http", "http=SOURCE:STATUS",
		       "every answer is this status, as a proxy's HTML page"},
    [BN_FAULT_401] = {"401", "401=SOURCE", "no login is accepted any more"},
    [BN_FAULT_RATELIMIT] = {"ratelimit", "ratelimit=SOURCE",
			    "every answer is 429 with Retry-After: 30"},
    [BN_FAULT_DEAD] = {"dead", "dead=SOURCE", "connections are taken and never answered"},
    [BN_FAULT_GARBAGE] = {"garbage", "garbage=SOURCE", "bodies are bytes that mean nothing"},
    [BN_FAULT_TRUNCATE] = {"truncate", "truncate=SOURCE", "bodies end in the middle"},
    [BN_FAULT_ENDLESS] = {"endless", "endless=SOURCE", "bodies never end"},
    [BN_FAULT_LIE] = {"lie", "lie=SOURCE", "Content-Length promises more than what comes"},
    [BN_FAULT_HOSTILE] =
	{"hostile", "hostile=SOURCE",
	 "every text holds escape sequences, bidirectional controls and great length"},
    [BN_FAULT_EXPIRE] = {"expire", "expire=SOURCE:COUNT", "a token is good for that many requests"},
    [BN_FAULT_SKEW] = {"skew", "skew=[SOURCE:]DURATION",
		       "the platforms' clocks are that much ahead"},
    [BN_FAULT_COUNT] = {NULL, NULL, NULL},
};

struct fault {
	enum bn_fault_kind kind;
	char face[64];
	int64_t value;
};
struct bn_faults {
	pthread_mutex_t lock;
	struct fault *all;
	size_t count;
};

struct bn_faults *
bn_faults_new(void)
{
	struct bn_faults *faults = bn_xcalloc(1, sizeof(*faults));

	pthread_mutex_init(&faults->lock, NULL);
	return faults;
}

void
bn_faults_free(struct bn_faults *faults)
{
	if (faults == NULL)
		return;
	pthread_mutex_destroy(&faults->lock);
	free(faults->all);
	free(faults);
}

static bool
known_face(const char *name, const char *const *names)
{
	if (strcmp(name, "*") == 0)
		return true;
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static int
read_value(struct fault *fault, const char *text, struct bn_error *err)
{
	char *end = NULL;

	switch (fault->kind) {
	case BN_FAULT_SLOW:
	case BN_FAULT_SKEW:
		return bn_duration_parse(text, &fault->value, err);
	case BN_FAULT_HTTP:
	case BN_FAULT_EXPIRE:
		fault->value = strtol(text, &end, 10);
		if (end == text || *end != '\0' || fault->value < 1 || fault->value > 100000 ||
		    (fault->kind == BN_FAULT_HTTP && (fault->value < 200 || fault->value > 599)))
			return bn_fail(err, BN_EINVAL, "%s: not a usable number", text);
		return BN_OK;
	default:
		return bn_fail(err, BN_EINVAL, "'%s': this fault takes no argument", text);
	}
}

static bool
wants_value(enum bn_fault_kind kind)
{
	return kind == BN_FAULT_SLOW || kind == BN_FAULT_SKEW || kind == BN_FAULT_HTTP ||
	       kind == BN_FAULT_EXPIRE;
}

static int
read_fault(struct fault *fault, const char *text, const char *const *names, struct bn_error *err)
{
	const char *equals = strchr(text, '='), *colon;
	size_t name = equals == NULL ? strlen(text) : (size_t)(equals - text);
	int kind;

	for (kind = 0; bn_fault_rows[kind].name != NULL; kind++) {
		if (strlen(bn_fault_rows[kind].name) == name &&
		    strncmp(bn_fault_rows[kind].name, text, name) == 0)
			break;
	}
	if (bn_fault_rows[kind].name == NULL || equals == NULL) {
		bn_fail(err, BN_EINVAL, "%s: no such fault", text);
		return bn_hint(err, "write NAME=SOURCE or NAME=SOURCE:ARGUMENT; the names are in "
				    "binnacle-demo(1)");
	}
	fault->kind = (enum bn_fault_kind)kind;
	colon = strchr(equals, ':');
	if (colon == NULL && kind == BN_FAULT_SKEW) {
		strcpy(fault->face, "*");
		return read_value(fault, equals + 1, err);
	}
	snprintf(fault->face, sizeof(fault->face), "%.*s",
		 (int)(colon == NULL ? strlen(equals + 1) : (size_t)(colon - equals - 1)),
		 equals + 1);
	if (!known_face(fault->face, names))
		return bn_fail(err, BN_EINVAL, "%s: the demo has no source '%s'", text,
			       fault->face);
	if (colon != NULL)
		return read_value(fault, colon + 1, err);
	if (wants_value(fault->kind))
		return bn_fail(err, BN_EINVAL, "%s: write %s", text, bn_fault_rows[kind].syntax);
	return BN_OK;
}

int
bn_faults_add(struct bn_faults *faults, const char *text, const char *const *names,
	      struct bn_error *err)
{
	struct fault fault;
	int rc;

	memset(&fault, 0, sizeof(fault));
	rc = read_fault(&fault, text, names, err);
	if (rc != BN_OK)
		return rc;
	pthread_mutex_lock(&faults->lock);
	faults->all = bn_xrealloc(faults->all, faults->count + 1, sizeof(*faults->all));
	faults->all[faults->count++] = fault;
	pthread_mutex_unlock(&faults->lock);
	return BN_OK;
}

void
bn_faults_clear(struct bn_faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	faults->count = 0;
	pthread_mutex_unlock(&faults->lock);
}

bool
bn_faults_on(const struct bn_faults *faults, enum bn_fault_kind kind, const char *face,
	     int64_t *value)
{
	union {
		const struct bn_faults *in;
		struct bn_faults *out;
	} both = {faults};
	bool on = false;
	size_t i;

	pthread_mutex_lock(&both.out->lock);
	for (i = 0; i < faults->count && !on; i++) {
		on = faults->all[i].kind == kind && (strcmp(faults->all[i].face, face) == 0 ||
						     strcmp(faults->all[i].face, "*") == 0);
		if (on && value != NULL)
			*value = faults->all[i].value;
	}
	pthread_mutex_unlock(&both.out->lock);
	return on;
}
