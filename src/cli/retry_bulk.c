/* retry_bulk.c - many retries as one plan: targets, the plan's two forms, sending it, and what came of it. */
/* SPDX-License-Identifier: MIT */
#include "cli/context.h"
#include "cli/retry.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"

/* ---- which runs ------------------------------------------------------------------------------ */

struct targets {
	struct bn_ref *refs;
	size_t count, room;
	struct bn_arena *arena; /* of a rest's, or NULL */
	int64_t rest_of;
};

bool
bn_retry_is_bulk(const struct bn_invocation *in)
{
	return in->count > 1 || bn_flag_has(in, "filter") || bn_flag_has(in, "rest");
}

static void
add_target(struct targets *t, struct bn_ref ref)
{
	if (t->count == t->room) {
		t->room = t->room * 2 + 16;
		t->refs = bn_xrealloc(t->refs, t->room, sizeof(*t->refs));
	}
	t->refs[t->count++] = ref;
}

/* Pipelines whose latest run failed and that the filter names. */
static int
filtered(struct bn_cli *cli, struct targets *t, struct bn_error *err)
{
	struct bn_query query = {.table = bn_view_table("pipelines"),
				 .filter = bn_arena_format(cli->arena, "(status:failed) (%s)",
							   bn_flag_get(cli->in, "filter")),
				 .limit = BN_BULK_MAX + 1};
	struct bn_rows *rows = NULL;
	int rc = bn_view_query(cli->reader, &query, &rows, err);
	size_t i;

	for (i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		struct bn_ref ref = bn_rows_ref(rows, i);

		add_target(t, (struct bn_ref){ref.kind, bn_arena_strdup(cli->arena, ref.source),
					      bn_arena_strdup(cli->arena, ref.key)});
	}
	bn_rows_free(rows);
	if (rc == BN_OK && t->count == 0)
		rc = bn_fail(err, BN_ENOTFOUND, "nothing that failed matches the filter");
	return rc;
}

static int
rest(struct bn_cli *cli, struct targets *t, struct bn_error *err)
{
	struct bn_ref *refs;
	size_t count, i;
	int rc = bn_flag_int(cli->in, "rest", 0, &t->rest_of, err);

	if (rc == BN_OK)
		rc = bn_cli_open_action(cli, NULL, err);
	if (rc == BN_OK)
		rc = bn_bulk_rest(&t->arena, &refs, &count, cli->action, t->rest_of, err);
	for (i = 0; rc == BN_OK && i < count; i++)
		add_target(t, refs[i]);
	return rc;
}

static int
named(struct bn_cli *cli, const struct bn_invocation *in, struct targets *t, struct bn_error *err)
{
	struct bn_ref ref;
	int i, rc = BN_OK;

	for (i = 0; rc == BN_OK && i < in->count; i++)
		if ((rc = bn_retry_resolve(cli, in->operands[i], &ref, err)) == BN_OK)
			add_target(t, ref);
	return rc;
}

static int
gather(struct bn_cli *cli, const struct bn_invocation *in, struct targets *t, struct bn_error *err)
{
	bn_arena_free(t->arena);
	t->arena = NULL;
	t->count = 0;
	if (bn_flag_has(in, "rest"))
		return rest(cli, t, err);
	return in->count > 0 ? named(cli, in, t, err) : filtered(cli, t, err);
}

/* What is read anew, once it is known where the runs are. */
static int
refresh(struct bn_cli *cli, const struct targets *t, struct bn_error *err)
{
	const char **names = bn_xcalloc(t->count + 1, sizeof(*names));
	size_t i, k, count = 0;
	int rc;

	for (i = 0; i < t->count; i++) {
		for (k = 0; k < count && strcmp(names[k], t->refs[i].source) != 0;)
			k++;
		if (k == count)
			names[count++] = t->refs[i].source;
	}
	rc = bn_cli_refresh(cli, names, true, err);
	free(names);
	return rc;
}

static int
look(struct bn_cli *cli, const struct bn_invocation *in, struct targets *t, struct bn_error *err)
{
	int rc = bn_cli_refresh(cli, NULL, false, err);

	if (rc == BN_OK && (rc = gather(cli, in, t, err)) == BN_OK) {
		/* What names its runs needs no other sources than theirs. */
		if (!bn_flag_has(in, "filter"))
			cli->incomplete = false;
		rc = refresh(cli, t, err);
	}
	if (rc == BN_OK)
		rc = gather(cli, in, t, err);
	return rc == BN_OK ? bn_cli_open_action(cli, NULL, err) : rc;
}

/* The sources whose failures a filter did not see; NULL where it saw all, or none was asked for. */
static const char *
unread(const struct bn_cli *cli, const struct bn_invocation *in)
{
	if (!bn_flag_has(in, "filter") || bn_cli_complete(cli) == BN_EXIT_OK)
		return NULL;
	return cli->unread != NULL ? cli->unread : "some of the sources";
}

/* An end before its time says more than that. */
int
bn_retry_unread(struct bn_cli *cli, const char *names, int code)
{
	struct bn_error err = {0};

	if (names == NULL)
		return code;
	bn_fail(&err, BN_EUNREACHABLE, "not read, so that what failed there was not seen: %.400s",
		names);
	bn_hint(&err, "why: binnacle sources");
	bn_cli_report(cli, &err);
	return code == BN_EXIT_INTERRUPTED || code == BN_EXIT_TIMEOUT
		   ? code
		   : bn_exit_combine(code, BN_EXIT_INCOMPLETE);
}

/* ---- the plan in words ----------------------------------------------------------------------- */

static const char *
counts(struct bn_cli *cli, int failed, int skipped, int kept, const char *unit)
{
	if (failed < 0)
		return "";
	return bn_arena_format(
	    cli->arena, "%d failed%s; keeps %s %s%s", failed,
	    skipped > 0 ? bn_arena_format(cli->arena, " + %d skipped", skipped) : "",
	    kept >= 0 ? bn_arena_format(cli->arena, "%d", kept) : "?", unit, kept == 1 ? "" : "s");
}

/* What is not as one would wish it, under its item; what is fine would only hide it here. */
static void
guards_text(struct bn_retrying *r, const struct bn_bulk_item *item)
{
	struct bn_cli *cli = r->cli;
	size_t i;

	for (i = 0; item->plan != NULL && i < item->plan->guard_count; i++) {
		const struct bn_action_guard *guard = &item->plan->guards[i];

		if (guard->mark == BN_GUARD_FINE ||
		    (item->fate == BN_BULK_OUT && strcmp(guard->text, item->why.message) == 0))
			continue; /* why it is out stands beside its name already */
		bn_retry_line(cli, &r->out, "",
			      bn_arena_format(cli->arena, "  %s", bn_retry_guard(cli, guard)));
	}
}

static void
item_text(struct bn_retrying *r, const struct bn_bulk *bulk, const struct bn_bulk_item *item,
	  const char *label)
{
	struct bn_cli *cli = r->cli;
	const struct bn_action_plan *plan = item->plan;
	const char *more = "";

	if (item->fate == BN_BULK_OUT)
		more = bn_arena_format(cli->arena, ": %s", item->why.message);
	else if (item->fate == BN_BULK_APART)
		more = bn_arena_format(cli->arena, ": %s work (%s); --confirm %s takes it in",
				       bn_idempotence_word(plan->class), plan->class_origin,
				       item->name);
	else
		more = bn_arena_format(
		    cli->arena, "  %s  %s%s",
		    counts(cli, plan->failed, plan->skipped, plan->kept, plan->unit),
		    bn_idempotence_word(plan->class),
		    item->behind >= 0
			? bn_arena_format(cli->arena, "  (takes from %s, which is left out)",
					  bulk->items[item->behind].name)
			: "");
	bn_retry_line(
	    cli, &r->out, label,
	    bn_arena_format(cli->arena, "%s/%s%s", item->run.source, item->run.key, more));
	guards_text(r, item);
}

static void
items_text(struct bn_retrying *r, const struct bn_bulk *bulk, enum bn_bulk_fate fate,
	   const char *label)
{
	const struct bn_bulk_item *last = NULL;
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		const struct bn_bulk_item *item = &bulk->items[i];
		bool first = last == NULL || (fate == BN_BULK_READY && last->wave != item->wave);

		if (item->fate != fate)
			continue;
		item_text(r, bulk, item,
			  !first ? ""
			  : fate == BN_BULK_READY
			      ? bn_arena_format(r->cli->arena, "wave %d", item->wave)
			      : label);
		last = item;
	}
}

static void
bulk_text(struct bn_retrying *r, const struct bn_bulk *bulk)
{
	struct bn_cli *cli = r->cli;
	char time[BN_TIME_TEXT];
	size_t i;

	bn_retry_line(cli, &r->out, "bulk",
		      bn_arena_format(cli->arena, "%zu request%s in %d wave%s; %zu apart, %zu out",
				      bulk->ready, bulk->ready == 1 ? "" : "s", bulk->waves,
				      bulk->waves == 1 ? "" : "s", bulk->apart, bulk->out));
	for (i = 0; i < bulk->total_count; i++) {
		const struct bn_bulk_total *total = &bulk->totals[i];

		bn_retry_line(cli, &r->out, i == 0 ? "what" : "",
			      bn_arena_format(cli->arena, "%d run%s: %s", total->runs,
					      total->runs == 1 ? "" : "s",
					      counts(cli, total->failed, total->skipped,
						     total->kept, total->unit)));
	}
	items_text(r, bulk, BN_BULK_READY, "");
	items_text(r, bulk, BN_BULK_APART, "apart");
	items_text(r, bulk, BN_BULK_OUT, "out");
	if (bulk->unread != NULL)
		bn_retry_line(cli, &r->out, "unread",
			      bn_arena_format(cli->arena, "%s: what failed there was not seen",
					      bulk->unread));
	if (bulk->note != NULL)
		bn_retry_line(cli, &r->out, "note", bulk->note);
	if (bulk->estimate >= 0)
		bn_retry_line(cli, &r->out, "typical",
			      bn_arena_format(cli->arena, "whole runs one wave after the other: %s",
					      bn_duration_show(bulk->estimate, time)));
	bn_retry_line(cli, &r->out, "digest", bulk->digest);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void
begin_item(struct bn_retrying *r)
{
	bn_buf_adds(&r->out, r->written++ > 0 && r->cli->format == BN_OUT_JSON ? ",{" : "{");
}

static void
end_item(struct bn_retrying *r)
{
	bn_buf_adds(&r->out, r->cli->format == BN_OUT_JSON ? "}" : "}\n");
}

static void
item_json(struct bn_retrying *r, const struct bn_bulk_item *item)
{
	static const char *const fates[] = {"ready", "apart", "out"};

	begin_item(r);
	if (item->plan != NULL)
		bn_retry_plan_members(&r->out, item->plan);
	else {
		bn_retry_member(&r->out, "source", item->run.source);
		bn_retry_member(&r->out, "run", item->run.key);
		bn_retry_member(&r->out, "pipeline", item->pipeline);
	}
	bn_retry_member(&r->out, "fate", fates[item->fate]);
	bn_retry_count(&r->out, "wave", item->wave > 0 ? item->wave : -1);
	bn_retry_member(&r->out, "why", item->fate == BN_BULK_OUT ? item->why.message : NULL);
	end_item(r);
}

/* In JSON behind the items; in NDJSON its last line. */
static void
begin_whole(struct bn_retrying *r)
{
	bn_buf_adds(&r->out, r->cli->format == BN_OUT_JSON ? "],\"bulk\":{" : "{\"bulk\":{");
}

static void
end_whole(struct bn_retrying *r)
{
	bn_buf_adds(&r->out, "}}\n");
}

static void
bulk_json(struct bn_retrying *r, const struct bn_bulk *bulk)
{
	size_t i;

	for (i = 0; i < bulk->count; i++)
		item_json(r, &bulk->items[i]);
	begin_whole(r);
	bn_retry_member(&r->out, "digest", bulk->digest);
	bn_retry_count(&r->out, "ready", (int64_t)bulk->ready);
	bn_retry_count(&r->out, "apart", (int64_t)bulk->apart);
	bn_retry_count(&r->out, "out", (int64_t)bulk->out);
	bn_retry_count(&r->out, "waves", bulk->waves);
	bn_retry_count(&r->out, "usual", bulk->estimate >= 0 ? bulk->estimate / 1000 : -1);
	end_whole(r);
}

/* What is left out of it is said on standard error, too: whoever asked for it has to know. */
static int
left_out(struct bn_retrying *r, const struct bn_bulk *bulk)
{
	int code = BN_EXIT_OK;
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		const struct bn_bulk_item *item = &bulk->items[i];
		struct bn_error why = item->why;

		if (item->fate == BN_BULK_READY)
			continue;
		if (item->fate == BN_BULK_APART) {
			bn_fail(&why, BN_EPERM, "%s work, and its name was not given",
				bn_idempotence_word(item->plan->class));
			bn_hint(&why, "--confirm %s", item->name);
		}
		bn_error_prefix(&why, "%.60s/%.150s is left out", item->run.source, item->run.key);
		code = code == BN_EXIT_OK ? bn_retry_exit(r->cli, &why)
					  : bn_exit_combine(code, bn_retry_exit(r->cli, &why));
	}
	return code;
}

int
bn_retry_show_bulk(struct bn_retrying *r, const struct bn_bulk *bulk)
{
	if (bn_retry_for_programs(r->cli))
		bulk_json(r, bulk);
	else
		bulk_text(r, bulk);
	return bn_retry_unread(r->cli, bulk->unread, left_out(r, bulk));
}

/* ---- sending --------------------------------------------------------------------------------- */

struct watching {
	struct bn_retrying *r;
	struct bn_bulk *bulk;
	atomic_bool abort;
	int64_t parent;
	int wave;
	bool waiting;
};

/* On the sending thread: the record's number as soon as there is one, a line a wave, and signals. */
static void
watch(void *payload)
{
	struct watching *w = payload;
	struct bn_cli *cli = w->r->cli;
	struct bn_bulk_now now;
	struct bn_error ignored;

	if (bn_cli_wait(cli, 0) != 0)
		atomic_store(&w->abort, true);
	bn_bulk_now(w->bulk, &now);
	if (w->parent == 0 && now.parent != 0) {
		w->parent = now.parent;
		if (cli->quiet && !bn_retry_for_programs(cli)) {
			bn_buf_addf(&w->r->out, "%lld\n", (long long)now.parent);
			bn_cli_flush(cli, &w->r->out, &ignored);
			fflush(cli->out);
		}
	}
	if (now.wave != w->wave || now.waiting != w->waiting)
		bn_cli_note(cli, "bulk %lld: %s", (long long)now.parent, now.text);
	w->wave = now.wave;
	w->waiting = now.waiting;
}

static void
tell_item(struct bn_retrying *r, const struct bn_bulk_item *item,
	  const struct bn_bulk_item_now *now)
{
	if (bn_retry_for_programs(r->cli)) {
		begin_item(r);
		bn_retry_member(&r->out, "source", item->run.source);
		bn_retry_member(&r->out, "run", item->run.key);
		bn_retry_count(&r->out, "wave", item->wave);
		bn_retry_count(&r->out, "intent", now->intent > 0 ? now->intent : -1);
		bn_retry_member(&r->out, "state", bn_bulk_step_word(now->step));
		bn_retry_member(&r->out, "answer", now->answer[0] != '\0' ? now->answer : NULL);
		bn_retry_member(&r->out, "new_run", now->run[0] != '\0' ? now->run : NULL);
		end_item(r);
	} else if (!r->cli->quiet)
		bn_buf_addf(&r->out, "%-8s %s/%s%s: %s\n", bn_bulk_step_word(now->step),
			    bn_sanitised(r->cli->arena, item->run.source),
			    bn_sanitised(r->cli->arena, item->run.key),
			    now->intent > 0 ? bn_arena_format(r->cli->arena, ", intent %lld",
							      (long long)now->intent)
					    : "",
			    bn_sanitised(r->cli->arena, now->answer));
}

static void
tell(struct bn_retrying *r, const struct bn_bulk *bulk)
{
	struct bn_bulk_item_now item;
	struct bn_bulk_now now;
	size_t i;

	bn_bulk_now(bulk, &now);
	for (i = 0; i < bulk->count; i++)
		if (bulk->items[i].fate == BN_BULK_READY) {
			bn_bulk_item_now(bulk, i, &item);
			tell_item(r, &bulk->items[i], &item);
		}
	if (bn_retry_for_programs(r->cli)) {
		begin_whole(r);
		bn_retry_count(&r->out, "record", now.parent);
		bn_retry_member(&r->out, "state", bn_bulk_end_word(now.end));
		bn_retry_member(&r->out, "text", now.text);
		bn_retry_count(&r->out, "sent", now.all.sent);
		bn_retry_count(&r->out, "failed", now.all.failed);
		bn_retry_count(&r->out, "unknown", now.unknown);
		bn_retry_count(&r->out, "not_sent", now.all.left);
		end_whole(r);
	} else if (!r->cli->quiet)
		bn_buf_addf(&r->out, "bulk %lld: %s\n", (long long)now.parent, now.text);
}

/* The exit code of an item's own trouble: what one retry would have exited with. */
static int
worst(struct bn_retrying *r, const struct bn_bulk *bulk, const struct bn_error *err)
{
	int code = bn_retry_exit(r->cli, err);

	for (size_t i = 0; i < bulk->count; i++) {
		struct bn_bulk_item_now now;
		struct bn_error why = {0};

		bn_bulk_item_now(bulk, i, &now);
		why.code = now.code;
		if (now.step == BN_BULK_UNKNOWN)
			code = bn_exit_combine(code, BN_EXIT_UNKNOWN_OUTCOME);
		else if ((now.step == BN_BULK_REFUSED || now.step == BN_BULK_UNSENT) &&
			 bn_exit_for(&why) == BN_EXIT_NOPERM)
			code = bn_exit_combine(code, BN_EXIT_NOPERM);
	}
	return err->code == BN_ETIMEOUT && code == BN_EXIT_UNAVAILABLE ? BN_EXIT_TIMEOUT : code;
}

static int
send(struct bn_retrying *r, struct bn_bulk *bulk, const struct bn_bulk_options *wishes)
{
	struct watching w = {.r = r, .bulk = bulk};
	struct bn_bulk_options options = *wishes;
	const char *digest = bn_flag_get(r->in, "yes");
	struct bn_error err = {0};
	int rc, code = left_out(r, bulk);

	if (digest != NULL && *digest != '\0' && strcmp(digest, bulk->digest) != 0) {
		bn_fail(&err, BN_ECONFLICT,
			"planning again gives another plan than %.16s…: nothing was sent", digest);
		bn_hint(&err, "look at it again: --plan");
		return bn_retry_exit(r->cli, &err);
	}
	if (bulk->ready == 0)
		return bn_retry_unread(r->cli, bulk->unread, code); /* each has said why */
	if (bn_cli_catch_signals(r->cli, &err) != BN_OK ||
	    bn_collect_start(r->cli->collect, &err) != BN_OK)
		return bn_cli_report(r->cli, &err);
	/* What came since they are held back: here it still costs nothing. */
	if (bn_cli_wait(r->cli, 0) != 0) {
		bn_fail(&err, BN_ECANCELLED, "interrupted: nothing was sent");
		return bn_cli_report(r->cli, &err);
	}
	options.abort = &w.abort;
	options.tick = watch;
	options.payload = &w;
	rc = bn_bulk_send(r->cli->action, bulk, bn_flag_get(r->in, "reason"), &options, NULL, &err);
	watch(&w);
	if (w.parent == 0)
		return bn_retry_exit(r->cli, &err);
	tell(r, bulk);
	if (rc != BN_OK) {
		rc = worst(r, bulk, &err);
		code = code == BN_EXIT_OK ? rc : bn_exit_combine(code, rc);
	}
	return bn_retry_unread(r->cli, bulk->unread, code);
}

/* ---- the call -------------------------------------------------------------------------------- */

int
bn_retry_wishes(const struct bn_invocation *in, struct bn_bulk_options *options,
		struct bn_error *err)
{
	const char *ratio = bn_flag_get(in, "abort-ratio");
	int64_t concurrency = options->concurrency;
	char *rest_of_it;
	int rc;

	if ((rc = bn_flag_duration(in, "spacing", options->spacing, &options->spacing, err)) !=
		BN_OK ||
	    (rc = bn_flag_int(in, "concurrency", concurrency, &concurrency, err)) != BN_OK ||
	    (rc = bn_flag_duration(in, "timeout", options->timeout, &options->timeout, err)) !=
		BN_OK)
		return rc;
	if (bn_flag_has(in, "concurrency") && (concurrency < 1 || concurrency > 1000))
		return bn_fail(err, BN_EINVAL, "--concurrency: 1 to 1000");
	options->concurrency = (int)concurrency;
	if (ratio != NULL) {
		options->abort_ratio = strtod(ratio, &rest_of_it);
		if (*ratio == '\0' || *rest_of_it != '\0' || !(options->abort_ratio >= 0) ||
		    !(options->abort_ratio <= 1))
			return bn_fail(err, BN_EINVAL, "--abort-ratio: '%.40s' is not 0 to 1",
				       ratio);
	}
	return BN_OK;
}

/* Every --confirm takes in what is of that name. */
static int
take_in(struct bn_cli *cli, const struct bn_invocation *in, struct bn_bulk *bulk)
{
	const char *name;
	size_t i;
	int n;

	for (n = 0; (name = bn_flag_at(in, "confirm", n)) != NULL; n++) {
		struct bn_error err = {0};
		bool found = false;

		for (i = 0; i < bulk->count; i++)
			found = (bulk->items[i].fate == BN_BULK_APART &&
				 bn_bulk_name(bulk, i, name, &err) == BN_OK) ||
				(bulk->items[i].fate != BN_BULK_APART &&
				 strcmp(bulk->items[i].name, name) == 0) ||
				found;
		if (!found) {
			bn_fail(&err, BN_ENOTFOUND,
				"--confirm %.100s: no run of that name is in it", name);
			bn_hint(&err, "nothing was sent");
			return bn_cli_report(cli, &err);
		}
	}
	return BN_EXIT_OK;
}

static int
plan_and_send(struct bn_retrying *r, const struct targets *t)
{
	struct bn_cli *cli = r->cli;
	struct bn_bulk_options options;
	struct bn_bulk *bulk = NULL;
	struct bn_error err = {0};
	int code;

	bn_bulk_defaults(cli->action, &options);
	if (bn_retry_wishes(r->in, &options, &err) != BN_OK ||
	    bn_bulk_plan(&bulk, cli->action, t->refs, t->count, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	bulk->rest_of = t->rest_of;
	bulk->unread = unread(cli, r->in);
	code = take_in(cli, r->in, bulk);
	if (code == BN_EXIT_OK)
		code = bn_flag_has(r->in, "plan") ? bn_retry_show_bulk(r, bulk)
						  : send(r, bulk, &options);
	bn_bulk_free(bulk);
	return code;
}

int
bn_retry_bulk(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_retrying r = {.cli = cli, .in = in, .out = BN_BUF_INIT(0)};
	struct targets t = {0};
	struct bn_error err = {0};
	bool json = cli->format == BN_OUT_JSON;
	int code;

	/* --timeout is how long all of it may take, not how long one poll may. */
	cli->timeout = 20000;
	if (look(cli, in, &t, &err) != BN_OK) {
		code = bn_retry_exit(cli, &err);
		if (err.code == BN_ENOTFOUND) /* that it knows of */
			code = bn_retry_unread(cli, unread(cli, in), code);
		goto out;
	}
	if (json)
		bn_cli_json_begin(cli, &r.out, bn_flag_has(in, "plan") ? "plan" : "retry", 1);
	code = plan_and_send(&r, &t);
	/* Where nothing was planned or sent there is no "bulk" that has ended the list. */
	if (json && (r.out.size < 3 || strcmp(r.out.data + r.out.size - 3, "}}\n") != 0))
		bn_cli_json_end(&r.out);
	if (bn_cli_flush(cli, &r.out, &err) != BN_OK)
		code = bn_exit_combine(code, bn_cli_report(cli, &err));
out:
	bn_buf_free(&r.out);
	bn_arena_free(t.arena);
	free(t.refs);
	return code;
}
