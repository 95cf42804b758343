/* sql.h - the numbers and fragments of SQL that several tables and screens share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_SQL_H
#define BN_VIEW_SQL_H

#include <assert.h>

#include "binnacle/types.h"

/* Kinds and statuses as the cache stores them, for use inside string literals. */
#define SQL_PIPELINE	"1"
#define SQL_RUN		"2"
#define SQL_TASK	"3"
#define SQL_MODEL	"4"
#define SQL_ENDPOINT	"5"
#define SQL_STREAM	"6"
#define SQL_APP		"7"
#define SQL_DATASET	"8"
#define SQL_PRODUCT	"9"
#define SQL_SOURCE	"11"
#define STREAM_ENTITY	"6"
#define SQL_UNKNOWN	"0"
#define SQL_QUEUED	"1"
#define SQL_RUNNING	"2"
#define SQL_SUCCEEDED	"3"
#define SQL_FAILED	"4"
#define SQL_CANCELLED	"5"
#define SQL_SKIPPED	"6"
#define SQL_PAUSED	"7"
#define SQL_HEALTHY	"8"
#define SQL_PROGRESSING "9"
#define SQL_DEGRADED	"10"
#define SQL_DOWN	"11"
static_assert(BN_PIPELINE == 1 && BN_RUN == 2 && BN_TASK == 3 && BN_MODEL == 4 &&
		  BN_ENDPOINT == 5 && BN_STREAM == 6 && BN_APP == 7 && BN_DATASET == 8 &&
		  BN_PRODUCT == 9 && BN_SOURCE == 11,
	      "the numbers above are enum bn_kind's");
static_assert(BN_UNKNOWN == 0 && BN_QUEUED == 1 && BN_RUNNING == 2 && BN_SUCCEEDED == 3 &&
		  BN_FAILED == 4 && BN_CANCELLED == 5 && BN_SKIPPED == 6 && BN_PAUSED == 7 &&
		  BN_HEALTHY == 8 && BN_PROGRESSING == 9 && BN_DEGRADED == 10 && BN_DOWN == 11,
	      "the numbers above are enum bn_status'");

/* Kinds of things that stand, written out so that the index over kinds can be used. */
#define SQL_STANDING "(1, 4, 5, 6, 7, 8, 9)"

/* What ends a run or an attempt. */
#define SQL_FINISHED "(" SQL_SUCCEEDED ", " SQL_FAILED ", " SQL_CANCELLED ", " SQL_SKIPPED ")"

/* When the trouble with the things in mine(id) began: the finding that is worst, or the end of a run that failed; NULL
 * when nothing is wrong, or the run went well whatever became of its pipeline since. The triage table's CHANGED is about
 * one finding, and names the newest commit before it: what lists changes begins with that one. */
#define SQL_BEGAN                                                                                  \
	"began(at) AS MATERIALIZED (SELECT min(at) FROM (SELECT * FROM (SELECT f.since AS at"      \
	"  FROM mine JOIN entity e ON e.id = mine.id JOIN source s ON s.id = e.source_id"          \
	"  JOIN finding f ON f.about_source = s.name AND f.about_kind = e.kind"                    \
	"   AND f.about_key = e.key WHERE f.closed_at IS NULL AND f.same_as IS NULL"               \
	"   AND f.severity >= 1 ORDER BY f.severity DESC, f.since LIMIT 1)"                        \
	" UNION ALL SELECT r.finished_at FROM mine JOIN run r ON r.entity_id = mine.id"            \
	"  JOIN entity e ON e.id = r.entity_id WHERE e.status = " SQL_FAILED ")"                   \
	" WHERE NOT EXISTS (SELECT 1 FROM mine JOIN run r ON r.entity_id = mine.id"                \
	"  JOIN entity e ON e.id = r.entity_id WHERE e.status = " SQL_SUCCEEDED "))"
/* What was written on a branch came with the merge that has its subject, not when it was written. */
#define SQL_IN_MAIN(c)                                                                             \
	"(" c ".merge IS NOT NULL OR NOT EXISTS (SELECT 1 FROM commit_log m WHERE +m.repo = " c    \
	".repo AND m.subject = " c ".subject AND m.merge IS NOT NULL AND m.at >= " c ".at))"

#endif
