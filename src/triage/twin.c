/* twin.c - one alert seen through several sources is one finding: the one that knows its silences. */
/* SPDX-License-Identifier: MIT
 *
 * Alertmanager shows the alerts Prometheus sends it, with the labels Prometheus adds for the outside;
 * two of one cluster show the same ones. So of two alerts of one name, the labels of one holding all
 * those of the other, one stands for both: that of the source that answers; of two such, of an
 * Alertmanager; of two such, of the older source. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "triage/internal.h"

struct label {
	const char *name, *value;
};
struct alert {
	int64_t id, same_as; /* as it is stored */
	int rank;	     /* lower stands for higher */
	int64_t source;
	const char *name;
	struct label *labels; /* sorted by name */
	size_t label_count;
};
struct alerts {
	struct bn_arena *arena;
	struct alert *items; /* sorted by name */
	size_t count, capacity;
};

static const char alerts_sql[] =
    "SELECT f.id, f.same_as, (s.state <> 'ok') * 2 + (s.type <> 'alertmanager'), s.id,"
    " json_extract(f.labels, '$.alertname'), f.labels FROM finding f"
    " JOIN source s ON s.id = f.source_id WHERE f.closed_at IS NULL AND f.origin = 'source'"
    " AND f.rule = 'alert' AND s.type IN ('alertmanager', 'prometheus')"
    " AND json_extract(f.labels, '$.alertname') IS NOT NULL ORDER BY 5, f.id";

static int
by_name(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
read_labels(struct alerts *alerts, struct alert *alert, sqlite3_stmt *each, const char *json)
{
	struct label labels[64] = {{NULL, NULL}};
	size_t n = 0;
	int rc;

	sqlite3_bind_text(each, 1, json, -1, SQLITE_TRANSIENT);
	while ((rc = sqlite3_step(each)) == SQLITE_ROW && n < 64)
		labels[n++] = (struct label){
		    bn_arena_strdup(alerts->arena, (const char *)sqlite3_column_text(each, 0)),
		    bn_arena_strdup(alerts->arena, (const char *)sqlite3_column_text(each, 1))};
	sqlite3_reset(each);
	qsort(labels, n, sizeof(labels[0]), by_name);
	alert->labels = bn_arena_alloc(alerts->arena, (n + 1) * sizeof(labels[0]));
	memcpy(alert->labels, labels, n * sizeof(labels[0]));
	alert->label_count = n;
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? BN_OK : BN_EIO;
}

static int
load(sqlite3 *db, struct alerts *alerts, struct bn_error *err)
{
	sqlite3_stmt *row = NULL, *each = NULL;
	int step = SQLITE_DONE, rc = bn_triage_prepare(db, alerts_sql, &row, err);

	if (rc == BN_OK)
		rc = bn_triage_prepare(
		    db, "SELECT key, value FROM json_each(?1) WHERE type = 'text'", &each, err);
	while (rc == BN_OK && (step = sqlite3_step(row)) == SQLITE_ROW) {
		struct alert *alert;

		if (alerts->count == alerts->capacity) {
			alerts->capacity = alerts->capacity > 0 ? alerts->capacity * 2 : 32;
			alerts->items =
			    bn_xrealloc(alerts->items, alerts->capacity, sizeof(*alerts->items));
		}
		alert = &alerts->items[alerts->count++];
		*alert =
		    (struct alert){.id = sqlite3_column_int64(row, 0),
				   .same_as = sqlite3_column_int64(row, 1),
				   .rank = sqlite3_column_int(row, 2),
				   .source = sqlite3_column_int64(row, 3),
				   .name = bn_arena_strdup(
				       alerts->arena, (const char *)sqlite3_column_text(row, 4))};
		rc = read_labels(alerts, alert, each, (const char *)sqlite3_column_text(row, 5));
	}
	if (rc == BN_EIO || (rc == BN_OK && step != SQLITE_DONE))
		rc = bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(db));
	sqlite3_finalize(row);
	sqlite3_finalize(each);
	return rc;
}

/* Does `a` have every label of `b`, with the same value? */
static bool
holds(const struct alert *a, const struct alert *b)
{
	size_t i = 0;

	for (size_t k = 0; k < b->label_count; k++) {
		int order = -1;

		while (i < a->label_count &&
		       (order = strcmp(a->labels[i].name, b->labels[k].name)) < 0)
			i++;
		if (i == a->label_count || order != 0 ||
		    strcmp(a->labels[i].value, b->labels[k].value) != 0)
			return false;
	}
	return true;
}

static bool
before(const struct alert *a, const struct alert *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return a->source < b->source;
}

/* Alerts of one source are never the same one: it tells them apart itself. */
static int64_t
stands_for(const struct alerts *alerts, size_t first, size_t end, const struct alert *alert)
{
	const struct alert *best = NULL;

	for (size_t i = first; i < end; i++) {
		const struct alert *other = &alerts->items[i];

		if (other->source != alert->source && before(other, alert) &&
		    (holds(other, alert) || holds(alert, other)) &&
		    (best == NULL || before(other, best)))
			best = other;
	}
	return best != NULL ? best->id : 0;
}

static int
store_twins(sqlite3 *db, const struct alerts *alerts, bool *changed, struct bn_error *err)
{
	sqlite3_stmt *update = NULL;
	size_t first = 0, end;
	int rc = bn_triage_prepare(db,
				   "UPDATE finding SET same_as = nullif(?2, 0),"
				   " root_id = nullif(?2, 0) WHERE id = ?1",
				   &update, err);

	for (; rc == BN_OK && first < alerts->count; first = end) {
		for (end = first + 1; end < alerts->count && strcmp(alerts->items[end].name,
								    alerts->items[first].name) == 0;
		     end++)
			;
		for (size_t i = first; rc == BN_OK && i < end; i++) {
			const struct alert *alert = &alerts->items[i];
			int64_t same = stands_for(alerts, first, end, alert);

			if (same == alert->same_as)
				continue;
			*changed = true;
			sqlite3_bind_int64(update, 1, alert->id);
			sqlite3_bind_int64(update, 2, same);
			if (sqlite3_step(update) != SQLITE_DONE)
				rc = bn_fail(err, BN_EIO, "%s", sqlite3_errmsg(db));
			sqlite3_reset(update);
		}
	}
	sqlite3_finalize(update);
	return rc;
}

int
bn_triage_twins(sqlite3 *db, bool *changed, struct bn_error *err)
{
	struct alerts alerts = {.arena = bn_arena_new()};
	int rc = load(db, &alerts, err);

	if (rc == BN_OK)
		rc = store_twins(db, &alerts, changed, err);
	free(alerts.items);
	bn_arena_free(alerts.arena);
	return rc;
}
