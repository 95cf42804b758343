/* backoff.c - when to ask again: jitter, Retry-After, a retry budget and a circuit breaker per source. */
/* SPDX-License-Identifier: MIT */
#include "net/backoff.h"

#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/memory.h"

#define BASE_MS	     500
#define CAP_MS	     (60 * 1000)
#define OPEN_AFTER   5
#define FIRST_OPEN   1000
#define BUDGET_MAX   100 /* tenths of a retry */
#define BUDGET_RETRY 10

struct bn_governor {
	pthread_mutex_t lock;
	int failures;	    /* in a row */
	int64_t open_until; /* 0: closed */
	int64_t open_for;   /* ms of the present or last opening */
	bool trial;	    /* somebody is trying while it is open */
	int budget;
};

static uint32_t
random_below(uint32_t bound)
{
	uint32_t value = 0;

	if (bound == 0 || getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
		return bound / 2;
	return (uint32_t)(((uint64_t)value * bound) >> 32);
}

int64_t
bn_backoff_ceiling(int failures)
{
	int shift = failures < 0 ? 0 : failures > 10 ? 10 : failures;
	int64_t ceiling = (int64_t)BASE_MS << shift;

	return ceiling > CAP_MS ? CAP_MS : ceiling;
}

int64_t
bn_backoff(int failures)
{
	return random_below((uint32_t)bn_backoff_ceiling(failures) + 1);
}

static int64_t
seconds_of(const char *text)
{
	int64_t value = 0;

	for (; isdigit((unsigned char)*text); text++) {
		value = value * 10 + (*text - '0');
		if (value > BN_RETRY_AFTER_MAX)
			value = BN_RETRY_AFTER_MAX;
	}
	/* RFC 9110 has whole seconds only; "1.5" is rounded up rather than refused. */
	if (*text == '.' && isdigit((unsigned char)text[1])) {
		value++;
		for (text++; isdigit((unsigned char)*text); text++)
			continue;
	}
	return *text == '\0' ? value * 1000 : 0;
}

int64_t
bn_retry_after(const char *text, size_t size, bn_time now)
{
	char copy[64];
	int64_t wait = 0;
	time_t date;

	while (size > 0 && isspace((unsigned char)*text))
		text++, size--;
	while (size > 0 && isspace((unsigned char)text[size - 1]))
		size--;
	if (size == 0 || size >= sizeof(copy) || memchr(text, '\0', size) != NULL)
		return 0;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (isdigit((unsigned char)copy[0]) && strchr(copy, ':') == NULL)
		wait = seconds_of(copy);
	else if (isalpha((unsigned char)copy[0])) {
		date = curl_getdate(copy, NULL);
		if (date > 0 && (int64_t)date < INT64_MAX / 1000)
			wait = (int64_t)date * 1000 - now;
	}
	if (wait < 0)
		return 0;
	return wait > BN_RETRY_AFTER_MAX ? BN_RETRY_AFTER_MAX : wait;
}

struct bn_governor *
bn_governor_new(void)
{
	struct bn_governor *governor = bn_xcalloc(1, sizeof(*governor));

	pthread_mutex_init(&governor->lock, NULL);
	governor->budget = BUDGET_MAX;
	return governor;
}

void
bn_governor_free(struct bn_governor *governor)
{
	if (governor == NULL)
		return;
	pthread_mutex_destroy(&governor->lock);
	free(governor);
}

int64_t
bn_governor_ask(struct bn_governor *governor, int64_t now)
{
	int64_t wait = 0;

	if (governor == NULL)
		return 0;
	pthread_mutex_lock(&governor->lock);
	if (governor->open_until != 0) {
		if (governor->open_until > now)
			wait = governor->open_until - now;
		else if (governor->trial)
			wait = FIRST_OPEN;
		else
			governor->trial = true;
	}
	pthread_mutex_unlock(&governor->lock);
	return wait;
}

static void
open_breaker(struct bn_governor *governor, int64_t now)
{
	governor->open_for = governor->open_for == 0 ? FIRST_OPEN : governor->open_for * 2;
	if (governor->open_for > CAP_MS)
		governor->open_for = CAP_MS;
	/* Between half and the whole of it, so that many consoles don't come back as one. */
	governor->open_until =
	    now + governor->open_for / 2 + random_below((uint32_t)(governor->open_for / 2) + 1);
}

void
bn_governor_tell(struct bn_governor *governor, bool failed, int64_t now)
{
	if (governor == NULL)
		return;
	pthread_mutex_lock(&governor->lock);
	if (!failed) {
		governor->failures = 0;
		governor->open_until = 0;
		governor->open_for = 0;
		if (governor->budget < BUDGET_MAX)
			governor->budget++;
	} else if (++governor->failures >= OPEN_AFTER &&
		   (governor->open_until == 0 || governor->trial))
		open_breaker(governor, now);
	governor->trial = false;
	pthread_mutex_unlock(&governor->lock);
}

void
bn_governor_pass(struct bn_governor *governor)
{
	if (governor == NULL)
		return;
	pthread_mutex_lock(&governor->lock);
	governor->trial = false;
	pthread_mutex_unlock(&governor->lock);
}

bool
bn_governor_spend(struct bn_governor *governor)
{
	bool allowed = true;

	if (governor == NULL)
		return true;
	pthread_mutex_lock(&governor->lock);
	if (governor->budget >= BUDGET_RETRY)
		governor->budget -= BUDGET_RETRY;
	else
		allowed = false;
	pthread_mutex_unlock(&governor->lock);
	return allowed;
}

void
bn_governor_trial(struct bn_governor *governor)
{
	if (governor == NULL)
		return;
	pthread_mutex_lock(&governor->lock);
	if (governor->open_until != 0)
		governor->open_until = 1; /* long past: the next one to ask is the trial */
	pthread_mutex_unlock(&governor->lock);
}

bool
bn_governor_open(struct bn_governor *governor)
{
	bool open;

	if (governor == NULL)
		return false;
	pthread_mutex_lock(&governor->lock);
	open = governor->open_until != 0;
	pthread_mutex_unlock(&governor->lock);
	return open;
}
