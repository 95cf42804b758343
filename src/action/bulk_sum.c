/* bulk_sum.c - what a bulk comes to: totals, digest, how long it takes, and where it stands. */
/* SPDX-License-Identifier: MIT */
#include "action/bulk_room.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* ---- words ------------------------------------------------------------------------------------- */

const char *
bn_bulk_end_word(enum bn_bulk_end end)
{
	static const char *const words[] = {
	    [BN_BULK_RUNNING] = "running",     [BN_BULK_ENDED] = "ended",
	    [BN_BULK_STOPPED] = "stopped",     [BN_BULK_ABORTED] = "aborted",
	    [BN_BULK_TIMED_OUT] = "timed-out", [BN_BULK_INTERRUPTED] = "interrupted"};

	return words[end];
}

const char *
bn_bulk_step_word(enum bn_bulk_step step)
{
	static const char *const words[] = {
	    [BN_BULK_WAITS] = "waits",	   [BN_BULK_SENDING] = "sending",
	    [BN_BULK_SENT] = "sent",	   [BN_BULK_GREEN] = "green",
	    [BN_BULK_RED] = "red",	   [BN_BULK_REFUSED] = "refused",
	    [BN_BULK_UNKNOWN] = "unknown", [BN_BULK_UNSENT] = "not-sent"};

	return words[step];
}

/* ---- totals ------------------------------------------------------------------------------------ */

static void
add_count(int *sum, int count)
{
	*sum = *sum < 0 || count < 0 ? -1 : *sum + count;
}

static void
add_total(struct bn_bulk *bulk, const struct bn_action_plan *plan)
{
	enum { ROOM = sizeof(bulk->totals) / sizeof(bulk->totals[0]) };
	struct bn_bulk_total *total;
	size_t i;

	for (i = 0; i < bulk->total_count; i++)
		if (strcmp(bulk->totals[i].unit, plan->unit) == 0)
			break;
	if (i == ROOM) {
		/* More kinds of unit than rows: the last row is of all the rest. */
		i = ROOM - 1;
		bulk->totals[i].unit = "unit";
	} else if (i == bulk->total_count) {
		bulk->totals[i] = (struct bn_bulk_total){.unit = plan->unit};
		bulk->total_count++;
	}
	total = &bulk->totals[i];
	total->runs++;
	add_count(&total->failed, plan->failed);
	add_count(&total->skipped, plan->skipped);
	add_count(&total->kept, plan->kept);
}

/* ---- digest ------------------------------------------------------------------------------------ */

static int
by_run(const void *a, const void *b)
{
	const struct bn_bulk_item *const *x = a, *const *y = b;
	int order = strcmp((*x)->run.source, (*y)->run.source);

	return order != 0 ? order : strcmp((*x)->run.key, (*y)->run.key);
}

/* The same for the same runs in whatever order they were named. */
static void
sum_digest(struct bn_bulk *bulk)
{
	const struct bn_bulk_item **sorted =
	    bn_xcalloc(bulk->count + 1, sizeof(struct bn_bulk_item *));
	struct bn_digest *digest = bn_digest_new();
	size_t i, count = 0;
	char wave[16];

	for (i = 0; i < bulk->count; i++)
		if (bulk->items[i].fate == BN_BULK_READY)
			sorted[count++] = &bulk->items[i];
	qsort(sorted, count, sizeof(struct bn_bulk_item *), by_run);
	bn_digest_field(digest, "binnacle bulk 1");
	for (i = 0; i < count; i++) {
		snprintf(wave, sizeof(wave), "%d", sorted[i]->wave);
		bn_digest_field(digest, wave);
		bn_digest_field(digest, sorted[i]->plan->digest);
	}
	bn_digest_finish(digest, bulk->digest);
	free(sorted);
}

/* ---- time -------------------------------------------------------------------------------------- */

/* What is left of one source in one wave. */
struct load {
	int64_t sum, longest;
};

static bool
is_over(enum bn_bulk_step step)
{
	return step > BN_BULK_SENT;
}

/* Adds what item `i` still takes; false where nobody knows. */
static bool
add_load(const struct bn_bulk *bulk, size_t i, int64_t now, struct load *load)
{
	const struct bn_bulk_work *work = &bulk->state->work[i];
	int64_t usual = bulk->items[i].plan->usual;

	if (usual < 0)
		return false;
	if (work->now.step == BN_BULK_SENT)
		usual = usual > now - work->sent_at ? usual - (now - work->sent_at) : 0;
	load->sum += usual;
	if (usual > load->longest)
		load->longest = usual;
	return true;
}

/* A wave takes as long as the source that takes longest; a source as long as its longest run, or as all of them one
 * behind the other in its free places. */
static int64_t
wave_time(const struct bn_bulk *bulk, int wave, int64_t now, bool *known)
{
	int64_t longest = 0;
	size_t i, k;

	for (i = 0; i < bulk->count; i++) {
		struct load load = {0};
		int64_t time;
		bool first = true;

		if (bulk->items[i].fate != BN_BULK_READY || bulk->items[i].wave != wave)
			continue;
		for (k = 0; k < bulk->count; k++) {
			const struct bn_bulk_item *item = &bulk->items[k];

			if (item->fate != BN_BULK_READY || item->wave != wave ||
			    is_over(bulk->state->work[k].now.step) ||
			    strcmp(item->run.source, bulk->items[i].run.source) != 0)
				continue;
			if (k < i) {
				first = false; /* its source was counted */
				break;
			}
			*known = add_load(bulk, k, now, &load) || *known;
		}
		if (!first)
			continue;
		time = load.sum / (bulk->state->concurrency > 0 ? bulk->state->concurrency : 1);
		time = load.longest > time ? load.longest : time;
		longest = time > longest ? time : longest;
	}
	return longest;
}

static int64_t
time_left(const struct bn_bulk *bulk)
{
	int64_t sum = 0, now = bn_monotonic();
	bool known = false;
	int wave;

	for (wave = 1; wave <= bulk->waves; wave++)
		sum += wave_time(bulk, wave, now, &known);
	return known ? sum : -1;
}

/* ---- after planning ---------------------------------------------------------------------------- */

static int
missing_before(const struct bn_bulk *bulk, size_t i)
{
	size_t k;

	for (k = 0; k < bulk->count; k++)
		if (bulk->items[k].fate != BN_BULK_READY && bn_bulk_waits_for(bulk, i, k))
			return (int)k;
	return -1;
}

void
bn_bulk_sum(struct bn_bulk *bulk)
{
	size_t i;

	bulk->ready = bulk->apart = bulk->out = bulk->total_count = 0;
	bulk->waves = 0;
	bulk->needs_reason = false;
	for (i = 0; i < bulk->count; i++) {
		struct bn_bulk_item *item = &bulk->items[i];

		bulk->ready += item->fate == BN_BULK_READY;
		bulk->apart += item->fate == BN_BULK_APART;
		bulk->out += item->fate == BN_BULK_OUT;
		item->behind = missing_before(bulk, i);
		if (item->wave > bulk->waves)
			bulk->waves = item->wave;
		if (item->fate == BN_BULK_READY) {
			add_total(bulk, item->plan);
			bulk->needs_reason = bulk->needs_reason || item->plan->needs_reason;
		}
	}
	bulk->estimate = time_left(bulk);
	sum_digest(bulk);
}

/* ---- while it is sent -------------------------------------------------------------------------- */

static void
count_step(struct bn_bulk_wave_now *wave, const struct bn_bulk_item_now *item)
{
	enum bn_bulk_step step = item->step;

	wave->total++;
	wave->sent += step >= BN_BULK_SENDING && step != BN_BULK_UNSENT;
	wave->green += step == BN_BULK_GREEN;
	wave->failed += step == BN_BULK_RED || step == BN_BULK_REFUSED || step == BN_BULK_UNKNOWN;
	wave->running += step == BN_BULK_SENDING || step == BN_BULK_SENT;
	wave->left += step == BN_BULK_WAITS || step == BN_BULK_UNSENT;
	wave->missed += item->missed;
}

static void
say_now(const struct bn_bulk *bulk, struct bn_bulk_now *out)
{
	const struct bn_bulk_wave_now *wave = &out->waves[out->wave];

	if (bulk->state->text[0] != '\0')
		snprintf(out->text, sizeof(out->text), "%s", bulk->state->text);
	else if (out->wave == 0)
		snprintf(out->text, sizeof(out->text), "%zu to send in %d wave%s", bulk->ready,
			 bulk->waves, bulk->waves == 1 ? "" : "s");
	else if (out->waiting && wave->sent < wave->total)
		snprintf(out->text, sizeof(out->text),
			 "wave %d of %d: %d of %d sent, waiting for %d to end", out->wave,
			 bulk->waves, wave->sent, wave->total, wave->running);
	else if (out->waiting)
		snprintf(out->text, sizeof(out->text),
			 "wave %d of %d: all %d sent, waiting for %d to end", out->wave,
			 bulk->waves, wave->sent, wave->running);
	else
		snprintf(out->text, sizeof(out->text), "wave %d of %d: %d of %d sent", out->wave,
			 bulk->waves, wave->sent, wave->total);
}

void
bn_bulk_look(const struct bn_bulk *bulk, struct bn_bulk_now *out)
{
	const struct bn_bulk_state *state = bulk->state;
	int to_send = 0;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->parent = state->parent;
	out->end = state->end;
	out->wave = state->wave;
	for (i = 0; i < bulk->count; i++) {
		const struct bn_bulk_item_now *item = &state->work[i].now;

		if (bulk->items[i].fate != BN_BULK_READY)
			continue;
		count_step(&out->all, item);
		count_step(&out->waves[bulk->items[i].wave], item);
		out->unknown += item->step == BN_BULK_UNKNOWN;
		to_send += bulk->items[i].wave == out->wave && item->step == BN_BULK_WAITS;
	}
	/* What was left behind or missed is never sent: nobody waits for it. */
	out->waiting = out->wave > 0 && to_send == 0 && out->waves[out->wave].sent > 0 &&
		       (state->end <= BN_BULK_ENDED || out->waves[out->wave].left == 0);
	out->left_ms = time_left(bulk);
	say_now(bulk, out);
}

void
bn_bulk_now(const struct bn_bulk *bulk, struct bn_bulk_now *out)
{
	pthread_mutex_lock(&bulk->state->lock);
	bn_bulk_look(bulk, out);
	pthread_mutex_unlock(&bulk->state->lock);
}

void
bn_bulk_item_now(const struct bn_bulk *bulk, size_t i, struct bn_bulk_item_now *out)
{
	pthread_mutex_lock(&bulk->state->lock);
	*out = bulk->state->work[i].now;
	pthread_mutex_unlock(&bulk->state->lock);
}
