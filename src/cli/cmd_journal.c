/* cmd_journal.c - ack, snooze, note: what people say about things, kept in the journal. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include "base/error.h"
#include "base/text.h"

/* Everything a journal command needs: the store without polling, the right to write, the thing
 * meant. */
static int
prepare(struct bn_cli *cli, const char *text, struct bn_ref *ref, struct bn_actor *actor,
	struct bn_error *err)
{
	int rc = bn_cli_may_write(cli, err);

	if (rc == BN_OK)
		rc = bn_cli_open_store(cli, err);
	if (rc == BN_OK && !cli->offline)
		rc = bn_cli_refresh(cli, NULL, false, err);
	if (rc == BN_OK)
		rc = bn_cli_resolve(cli, text, BN_KIND_NONE, ref, err);
	bn_actor_self(actor, NULL);
	return rc;
}

static void
say(struct bn_cli *cli, const char *what, const struct bn_ref *ref, int64_t seq)
{
	struct bn_buf out = BN_BUF_INIT(1 << 16);

	if (cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON)
		fprintf(cli->out, "{\"record\":%lld}\n", (long long)seq);
	else if (!cli->quiet) {
		bn_buf_addf(&out, "%s/%s/%s", bn_kind_word(ref->kind),
			    ref->source != NULL ? ref->source : "", ref->key);
		fprintf(cli->out, "%s %s (record %lld)\n", what,
			bn_sanitised(cli->arena, bn_buf_text(&out)), (long long)seq);
	}
	bn_buf_free(&out);
}

static int
run_ack(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	struct bn_actor actor;
	struct bn_ref ref = {0};
	int64_t seq = 0;
	bool undo = bn_flag_has(in, "undo");
	int i;

	for (i = 0; i < in->count; i++) {
		if (prepare(cli, in->operands[i], &ref, &actor, &err) != BN_OK ||
		    bn_journal_ack(cli->store, &actor, ref, bn_flag_get(in, "reason"), undo, &seq,
				   &err) != BN_OK)
			return bn_cli_report(cli, &err);
		say(cli, undo ? "no longer acknowledged:" : "acknowledged", &ref, seq);
	}
	return BN_EXIT_OK;
}

static const struct bn_flag ack_flags[] = {BN_FLAG_REASON, BN_FLAG_UNDO, BN_FLAGS_END};

static const struct bn_example ack_examples[] = {
    {"binnacle --demo ack pipeline/argo-prod/transform-hourly --reason 'looking into it'", 0,
     "Tell the others that somebody is at it"},
    {"binnacle --demo ack --undo pipeline/argo-prod/transform-hourly", 0, "Take that back"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_ack = {
    .name = "ack",
    .page = "note",
    .operands = "KIND/[SOURCE/]KEY...",
    .min_operands = 1,
    .max_operands = -1,
    .summary = "acknowledge: somebody is looking at it",
    .doc = "Records who looks at a thing and why. It stays on Triage, set apart, until it is fine "
	   "again; the next "
	   "incident of the same thing is new.",
    .flags = ack_flags,
    .examples = ack_examples,
    .run = run_ack,
    .writes = true,
};

static int
run_snooze(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	struct bn_actor actor;
	struct bn_ref ref = {0};
	bn_time now = bn_clock_now(&cli->clock), until = 0;
	bool undo = bn_flag_has(in, "undo");
	int64_t seq, ms;

	if (!undo && in->count < 2) {
		bn_fail(&err, BN_EINVAL, "until when?");
		bn_hint(&err, "a duration (2h) or a moment (08:00) after the thing");
		return bn_cli_report(cli, &err);
	}
	if (!undo && bn_duration_parse(in->operands[1], &ms, NULL) == BN_OK)
		until = now + ms;
	else if (!undo) {
		if (bn_time_parse_human(in->operands[1], now, cli->style.zone, &until, &err) !=
		    BN_OK)
			return bn_cli_report(cli, &err);
		if (until <= now) /* "08:00" said at night means the coming one */
			until += 24 * 3600 * INT64_C(1000);
	}
	if (prepare(cli, in->operands[0], &ref, &actor, &err) != BN_OK ||
	    bn_journal_snooze(cli->store, &actor, ref, until, bn_flag_get(in, "reason"), undo, &seq,
			      &err) != BN_OK)
		return bn_cli_report(cli, &err);
	say(cli, undo ? "awake again:" : "snoozed", &ref, seq);
	return BN_EXIT_OK;
}

static const struct bn_example snooze_examples[] = {
    {"binnacle --demo snooze endpoint/probes/api-forecast 2h --reason 'vendor informed'", 0,
     "Not before two hours"},
    {"binnacle --demo snooze endpoint/probes/api-forecast 08:00", 0, "Until the morning"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_snooze = {
    .name = "snooze",
    .page = "note",
    .operands = "KIND/[SOURCE/]KEY [DURATION|MOMENT]",
    .min_operands = 1,
    .max_operands = 2,
    .summary = "leave a problem out of sight until a moment",
    .doc = "The problem is not shown among those that need a person until then, nor counted; it "
	   "comes back by itself.",
    .flags = ack_flags,
    .examples = snooze_examples,
    .run = run_snooze,
    .writes = true,
};

static int
run_note_add(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	struct bn_actor actor;
	struct bn_ref ref = {0};
	int64_t seq;

	if (prepare(cli, in->operands[0], &ref, &actor, &err) != BN_OK ||
	    bn_journal_note(cli->store, &actor, ref, bn_flag_get(in, "tag"), in->operands[1], &seq,
			    &err) != BN_OK)
		return bn_cli_report(cli, &err);
	say(cli, "noted on", &ref, seq);
	return BN_EXIT_OK;
}

static const struct bn_flag note_flags[] = {
    {"tag", 0, "WORD", false, NULL, "a word to find it by, for instance flag"},
    BN_FLAGS_END,
};

static const struct bn_example note_add_examples[] = {
    {"binnacle --demo note add endpoint/probes/api-forecast 'waits for the new model'", 0,
     "A note on an endpoint"},
    {"binnacle --demo note add pipeline/argo-prod/transform-hourly --tag flag 'fee sums look low'",
     0, "With a tag"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_note_add = {
    .name = "note add",
    .page = "note",
    .operands = "KIND/[SOURCE/]KEY TEXT",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "write a note on a thing",
    .doc = "Notes are kept in the journal with who wrote them and when, and show in the thing's "
	   "detail and on the "
	   "timeline.",
    .flags = note_flags,
    .examples = note_add_examples,
    .run = run_note_add,
    .writes = true,
};

static int
run_note_list(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("notes")};
	struct bn_error err = {0};

	if (bn_cli_open_store(cli, &err) != BN_OK ||
	    (in->count > 0 &&
	     bn_cli_resolve(cli, in->operands[0], BN_KIND_NONE, &query.scope, &err) != BN_OK) ||
	    bn_cli_list(cli, &query, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return BN_EXIT_OK;
}

static const struct bn_example note_list_examples[] = {
    {"binnacle --demo note list", 0, "All notes, newest first"},
    {"binnacle --demo note list -o md", 0, "As a Markdown table for the hand-over"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_note_list = {
    .name = "note list",
    .page = "note",
    .operands = "[KIND/[SOURCE/]KEY]",
    .max_operands = 1,
    .summary = "notes, of everything or of one thing",
    .doc = "Notes, acknowledgements and snoozes as they were written, newest first.",
    .table = "notes",
    .examples = note_list_examples,
    .run = run_note_list,
    .past = true,
};
