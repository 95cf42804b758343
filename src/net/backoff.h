/* backoff.h - when to ask again: jitter, Retry-After, a retry budget and a circuit breaker per source. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_NET_BACKOFF_H
#define BN_NET_BACKOFF_H

#include "binnacle/types.h"

/* Full jitter: a random wait in [0, min(60 s, 0.5 s * 2^n)] ms for the n-th failure in a row, n
 * from 0. (AWS "Exponential Backoff and Jitter".) */
int64_t bn_backoff(int failures);
/* The upper end of that interval. */
int64_t bn_backoff_ceiling(int failures);

/* Retry-After (RFC 9110 10.2.3): seconds or an HTTP date, relative to `now`. 0 for what is neither,
 * negative or past; never more than 5 minutes. `size` bytes of text, surrounding blanks allowed. */
#define BN_RETRY_AFTER_MAX (5 * 60 * 1000)
int64_t bn_retry_after(const char *text, size_t size, bn_time now);

/* What the lanes of one source share. All times are of bn_monotonic. Safe from several threads. */
struct bn_governor;
struct bn_governor *bn_governor_new(void);
void bn_governor_free(struct bn_governor *governor);
/* May a request be sent? 0: yes; otherwise the ms until it is worth asking again. While the breaker
 * is open one caller at a time gets through as a trial once the wait is over. NULL governor:
 * always. */
int64_t bn_governor_ask(struct bn_governor *governor, int64_t now);
/* How it went. `failed` is true for no answer and 5xx only: a refusal is an answer. The breaker
 * opens after 5 failures in a row, for 1 s at first, doubling up to 60 s with each failed trial. */
void bn_governor_tell(struct bn_governor *governor, bool failed, int64_t now);
/* The request ended without saying anything about the server (cancelled): gives a trial's turn
 * back. */
void bn_governor_pass(struct bn_governor *governor);
/* Takes one retry out of the budget: 10 at most, a tenth back for every success. False: don't
 * retry. */
bool bn_governor_spend(struct bn_governor *governor);
/* A person asked: the next request is let through as a trial, whatever the wait. */
void bn_governor_trial(struct bn_governor *governor);
bool bn_governor_open(struct bn_governor *governor);

#endif
