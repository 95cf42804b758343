/* asof.h - a reader's moment in the past: its shadow views, their SQL, and how it is set. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_STORE_ASOF_H
#define BN_STORE_ASOF_H

#include "store/internal.h"

/* Of one read connection. Zero: live. */
struct bn_asof {
	sqlite3 *db;
	bn_time at;	   /* 0: live */
	bn_time filled_at; /* what the temporary tables hold, 0: nothing */
	int64_t version;   /* of the files when they were filled */
	bool made;
};

/* now() of the connection has to say `at` already (0: live). Opens a transaction that lasts until
 * bn_asof_rest, so that what is read is of one snapshot. */
int bn_asof_set(struct bn_asof *asof, sqlite3 *db, bn_time at, struct bn_error *err);
void bn_asof_rest(struct bn_asof *asof);

/* ---- asof_sql.c ---- */

/* at_TABLE: the table's columns, some of them replaced by an expression over its row `x`, some rows left
 * out. Columns that a later schema adds pass through. */
struct bn_shadow {
	const char *table, *where;
	struct {
		const char *column, *sql;
	} columns[20];
};
extern const struct bn_shadow bn_asof_shadows[]; /* ends with a NULL table */
extern const char *const bn_asof_tables[];	 /* what the shadows look in */
extern const char *const bn_asof_views[];	 /* the shadows that are more than that */
extern const char *const bn_asof_fill[];	 /* fills them for now() */
extern const char
    bn_asof_pipelines[]; /* pipelines whose runs changed since: id, schedule, zone, paused */
extern const char
    bn_asof_runs[]; /* runs of ?1, the newest first: id, start, end, status, there, order */
extern const char
    bn_asof_put_pipeline[]; /* ?1 … ?6: id, latest run, last good, p50, p95, next due */

#endif
