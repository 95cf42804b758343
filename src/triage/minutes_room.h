/* minutes_room.h - what the files that judge minutes share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TRIAGE_MINUTES_ROOM_H
#define BN_TRIAGE_MINUTES_ROOM_H

#include "base/memory.h"
#include "triage/minutes.h"

#define READINGS_MAX 64

/* A stream that has something new. */
struct judged {
	int64_t id, series, arrivals;
	const char *name, *unit;
	int64_t settle, flat; /* ms */
	double expect, ceiling, burst, anomaly;
	bool counted, has_checks, first_time;
	bn_time from, last;  /* minutes to judge, both included */
	bn_time judged_from; /* the earliest one that was judged */
	bn_time earliest;    /* … that was read */
	bn_time odd_from;    /* those that are compared with earlier days */
	struct {
		bn_time began, ended;
	} readings[READINGS_MAX];
	size_t reading_count;
};

struct minute {
	int64_t stream;
	bn_time at, seen_at, arrived;
	bool there, again, compared;
	double value, usual;
	int marks;
	bn_time missed_at, filled_at;
};

/* What is wrong over several minutes; `holds` false: it is not, or no longer. */
struct verdict {
	int64_t stream;
	const char *rule, *other, *title, *message;
	bn_time since;
	bool holds;
};

struct judging {
	sqlite3 *db, *writer;
	struct bn_arena *arena;
	bn_time now;
	int64_t portion; /* minutes of the past that this call may still judge */
	struct judged *streams;
	size_t count, room;
	struct minute *minutes;
	size_t minute_count, minute_room;
	struct verdict *verdicts;
	size_t verdict_count, verdict_room;
	struct bn_minutes_work work;
	struct bn_error *err;
};

/* fmax, without the library that it lives in. */
static inline double
bn_larger(double a, double b)
{
	return a > b ? a : b;
}

/* A statement on the reader, or NULL with *err; ended with the last sqlite3_step's result. */
sqlite3_stmt *bn_judging_prepare(struct judging *j, const char *sql);
int bn_judging_end(struct judging *j, sqlite3_stmt *row, int step);

/* Writes what was judged, in a transaction of its own. */
int bn_minutes_store(struct judging *j);
/* Flat lines, unequal counters, wrong quotients, strange and short minutes, values beyond a level, of the streams that are due. */
int bn_minutes_verdicts(struct judging *j);

#endif
