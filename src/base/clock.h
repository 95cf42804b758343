/* clock.h - the time: UTC in ms, text forms, durations, zones from TZif files, cron schedules. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_CLOCK_H
#define BN_BASE_CLOCK_H

#include <stddef.h>

#include "binnacle/types.h"

/* binnacle's clock: an anchor, a speed and the monotonic clock, so that the demo and tests can
 * freeze or hasten it. Time-outs, leases and back-off never use it; they use bn_monotonic. */
struct bn_clock {
	bn_time anchor;	   /* what it said …; 0: follows the system's time, which may be set */
	int64_t monotonic; /* … when bn_monotonic said this (ms) */
	double speed;	   /* 1 real time, 0 frozen */
};

/* The real time, or what BINNACLE_CLOCK in the environment says ("ANCHOR_MS MONOTONIC_MS SPEED",
 * inherited by children of one demo). */
void bn_clock_init(struct bn_clock *clock);
void bn_clock_set(struct bn_clock *clock, bn_time anchor,
		  double speed); /* anchored at this moment */
bn_time bn_clock_now(const struct bn_clock *clock);
/* The value for BINNACLE_CLOCK, into out (at least 80 bytes). */
void bn_clock_export(const struct bn_clock *clock, char *out, size_t size);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t bn_monotonic(void);

/* RFC 3339 / ISO 8601 date and time with "Z" or a numeric offset, any number of fraction digits,
 * 'T' or a blank between; without an offset it is taken as UTC. 0 if it isn't one (or text is
 * NULL), and for what lies before 1970: the year 1 is how Go writes "never". */
bn_time bn_time_parse(const char *text);

/* A moment as a person writes one: RFC 3339, "2026-03-10 03:05", "03:05" (the latest such moment
 * not after `now`), "yesterday 17:00", "-15m", "2h ago". In the given zone (NULL: UTC). Returns
 * BN_OK or BN_EINVAL. */
struct bn_zone;
int bn_time_parse_human(const char *text, bn_time now, const struct bn_zone *zone, bn_time *out,
			struct bn_error *err);

#define BN_TIME_TEXT 32
/* "2026-03-10T03:07:10Z" (".mmm" only if not whole seconds); "" for 0. Returns out. */
char *bn_time_rfc3339(bn_time time, char out[BN_TIME_TEXT]);
/* Forms for the screen in a zone (NULL: UTC): "03:07", "03:07:10", "03-10 03:07", "03-10",
 * "2026-03-10", "2026-03-10 03:07:10"; "" for 0. Returns out. */
enum bn_time_form { BN_TIME_HM, BN_TIME_HMS, BN_TIME_MDHM, BN_TIME_MD, BN_TIME_YMD, BN_TIME_FULL };
char *bn_time_show(bn_time time, const struct bn_zone *zone, enum bn_time_form form,
		   char out[BN_TIME_TEXT]);

/* "15s", "5m", "1h30m", "24h", "7d", "250ms"; a bare number is seconds. Overflow and negatives
 * refused. */
int bn_duration_parse(const char *text, int64_t *ms, struct bn_error *err);
/* Two units at most, cut not rounded, fixed style: "850ms" under 1 s, "34s", "5m34s", "1h14m",
 * "3d4h", "71d". Returns out. */
char *bn_duration_show(int64_t ms, char out[BN_TIME_TEXT]);

/* Zones: an IANA name from /usr/share/zoneinfo (TZif, RFC 8536), read by us, never setenv("TZ").
 * NULL or "UTC" gives a zone of offset 0; "local" follows /etc/localtime. */
int bn_zone_open(struct bn_zone **out, const char *name, struct bn_error *err);
void bn_zone_free(struct bn_zone *zone);
/* Seconds east of UTC at that moment, and the abbreviation (borrowed, may be NULL out). */
int bn_zone_offset(const struct bn_zone *zone, bn_time at, const char **abbreviation);

/* The zone from a TZif file's bytes (`name` is for messages) or from a POSIX TZ string
 * ("CET-1CEST,M3.5.0, M10.5.0/3"), for what has no file. BN_EPARSE if it isn't one. */
int bn_zone_parse(struct bn_zone **out, const char *name, const void *bytes, size_t size,
		  struct bn_error *err);
int bn_zone_from_rule(struct bn_zone **out, const char *rule, struct bn_error *err);

/* The moment (seconds, UTC) at which the zone's clocks show `local` (seconds, as if the local time
 * were UTC): the first of two when they show it twice; when they skip it, what it would have been.
 */
int64_t bn_zone_resolve(const struct bn_zone *zone, int64_t local);

/* Cron: five fields (minute hour day month weekday) with * , - / names, and @hourly @daily
 * @midnight
 * @weekly @monthly @yearly @annually. As in cron(5) and robfig/cron, day and weekday are
 * alternatives when both are restricted (a bare * or ? is not; a step restricts). A local time that
 * the zone skips does not fire; one that it repeats fires the first time only, unless the hour is
 * *. */
struct bn_cron;
int bn_cron_parse(struct bn_cron **out, const char *text, struct bn_error *err);
void bn_cron_free(struct bn_cron *cron);
/* The first fire time strictly after `after`, in the zone (NULL: UTC); 0 if none within five years.
 */
bn_time bn_cron_next(const struct bn_cron *cron, bn_time after, const struct bn_zone *zone);

#endif
