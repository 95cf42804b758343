/* retry_plan.c - a retry's plan, in words and for programs. */
/* SPDX-License-Identifier: MIT */
#include "cli/retry.h"

#include <string.h>

#include "base/json.h"
#include "base/status.h"
#include "base/text.h"

/* ---- the plan in words ----------------------------------------------------------------------- */

void
bn_retry_line(struct bn_cli *cli, struct bn_buf *out, const char *label, const char *text)
{
	bn_text_cell(out, label, 9, BN_PAD_RIGHT, cli->style.ascii);
	bn_buf_addf(out, " %s\n", bn_sanitised(cli->arena, text));
}

/* "wave 2  16 build-tag-intermediate: int_a, int_b, int_c, … 13" */
static void
add_wave(struct bn_cli *cli, struct bn_buf *out, const struct bn_action_plan *plan, int wave)
{
	enum { NAMED = 3 };
	const char *group = NULL;
	struct bn_buf names = BN_BUF_INIT(0), text = BN_BUF_INIT(0);
	bool one = true;
	size_t i, count = 0;

	for (i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].wave != wave)
			continue;
		if (count++ < NAMED)
			bn_buf_addf(&names, "%s%s", names.size > 0 ? ", " : "",
				    plan->steps[i].name);
		if (group != NULL && plan->steps[i].group != NULL)
			one = one && strcmp(group, plan->steps[i].group) == 0;
		else
			group = plan->steps[i].group;
	}
	if (count > NAMED)
		bn_buf_addf(&names, ", … %zu", count - NAMED);
	bn_buf_addf(&text, "wave %d  %zu%s%s: %s", wave, count, one && group != NULL ? " " : "",
		    one && group != NULL ? group : "", bn_buf_text(&names));
	bn_retry_line(cli, out, wave == 1 ? "order" : "", bn_buf_text(&text));
	bn_buf_free(&names);
	bn_buf_free(&text);
}

const char *
bn_retry_guard(struct bn_cli *cli, const struct bn_action_guard *guard)
{
	static const char *const marks[] = {"●", "◦", "✗"}, *const ascii[] = {"+", "-", "x"};

	return bn_arena_format(cli->arena, "%s %s", (cli->style.ascii ? ascii : marks)[guard->mark],
			       guard->text);
}

void
bn_retry_plan_text(struct bn_cli *cli, struct bn_buf *out, const struct bn_action_plan *plan)
{
	char time[BN_TIME_TEXT];
	size_t i;
	int wave;

	bn_retry_line(cli, out, "run",
		      bn_arena_format(cli->arena, "run/%s/%s%s%s", plan->about.source,
				      plan->about.key, plan->engine != NULL ? " · " : "",
				      plan->engine != NULL ? plan->engine : ""));
	bn_retry_line(cli, out, "what", plan->what);
	for (wave = 1; wave <= plan->waves; wave++)
		add_wave(cli, out, plan, wave);
	bn_retry_line(cli, out, "class",
		      bn_arena_format(cli->arena, "%s (%s)", bn_idempotence_word(plan->class),
				      plan->class_origin));
	for (i = 0; i < plan->guard_count; i++)
		bn_retry_line(cli, out, i == 0 ? "safe" : "",
			      bn_retry_guard(cli, &plan->guards[i]));
	if (plan->seen > 0)
		bn_retry_line(cli, out, "before",
			      bn_arena_format(cli->arena,
					      "this error was cured by a retry %d of %d times",
					      plan->cured, plan->seen));
	bn_retry_line(cli, out, "sends", plan->sends);
	bn_retry_line(cli, out, "request", plan->request);
	if (plan->body != NULL)
		bn_retry_line(cli, out, "body", plan->body);
	for (i = 0; plan->notes[i] != NULL; i++)
		bn_retry_line(cli, out, i == 0 ? "note" : "", plan->notes[i]);
	if (plan->usual >= 0)
		bn_retry_line(cli, out, "typical",
			      bn_arena_format(cli->arena, "a whole run takes %s",
					      bn_duration_show(plan->usual, time)));
	bn_retry_line(cli, out, "digest", plan->digest);
}

/* ---- the plan for programs ------------------------------------------------------------------- */

void
bn_retry_count(struct bn_buf *out, const char *name, int64_t count)
{
	bn_buf_addf(out, "%s\"%s\":", out->data[out->size - 1] == '{' ? "" : ",", name);
	if (count >= 0)
		bn_buf_addf(out, "%lld", (long long)count);
	else
		bn_buf_adds(out, "null");
}

void
bn_retry_member(struct bn_buf *out, const char *name, const char *text)
{
	bn_buf_addf(out, "%s\"%s\":", out->data[out->size - 1] == '{' ? "" : ",", name);
	bn_json_quote(out, text);
}

void
bn_retry_plan_members(struct bn_buf *out, const struct bn_action_plan *plan)
{
	static const char *const marks[] = {"fine", "note", "stop"};
	size_t i;

	bn_retry_member(out, "source", plan->about.source);
	bn_retry_member(out, "run", plan->about.key);
	bn_retry_member(out, "pipeline", plan->pipeline);
	bn_retry_member(out, "verb", plan->verb);
	bn_retry_member(out, "mode", plan->mode);
	bn_retry_member(out, "attempt", plan->attempt);
	bn_retry_member(out, "what", plan->what);
	bn_retry_member(out, "unit", plan->unit);
	bn_retry_count(out, "failed", plan->failed);
	bn_retry_count(out, "skipped", plan->skipped);
	bn_retry_count(out, "kept", plan->kept);
	bn_buf_adds(out, ",\"steps\":[");
	for (i = 0; i < plan->step_count; i++) {
		bn_buf_adds(out, i > 0 ? ",{" : "{");
		bn_retry_member(out, "name", plan->steps[i].name);
		bn_retry_member(out, "group", plan->steps[i].group);
		bn_buf_addf(out, ",\"wave\":%d,\"failed\":%s}", plan->steps[i].wave,
			    plan->steps[i].failed ? "true" : "false");
	}
	bn_buf_adds(out, "],\"guards\":[");
	for (i = 0; i < plan->guard_count; i++) {
		bn_buf_adds(out, i > 0 ? ",{" : "{");
		bn_retry_member(out, "mark", marks[plan->guards[i].mark]);
		bn_retry_member(out, "text", plan->guards[i].text);
		bn_buf_adds(out, "}");
	}
	bn_buf_adds(out, "],\"notes\":[");
	for (i = 0; plan->notes[i] != NULL; i++) {
		bn_buf_adds(out, i > 0 ? "," : "");
		bn_json_quote(out, plan->notes[i]);
	}
	bn_buf_adds(out, "]");
	bn_retry_member(out, "class", bn_idempotence_word(plan->class));
	bn_retry_member(out, "class_origin", plan->class_origin);
	bn_retry_member(out, "confirm", plan->typed ? plan->name : NULL);
	bn_retry_count(out, "retries_of_this_error", plan->seen);
	bn_retry_count(out, "cured", plan->cured);
	bn_retry_count(out, "usual", plan->usual >= 0 ? plan->usual / 1000 : -1);
	bn_retry_member(out, "sends", plan->sends);
	bn_retry_member(out, "request", plan->request);
	bn_retry_member(out, "body", plan->body);
	bn_retry_member(out, "digest", plan->digest);
}
