/* cmd_model.c - models: the list, one of them or one version, two versions side by side, what was live when. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/show.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "view/comparison.h"

/* ---- models -------------------------------------------------------------------------------- */

static int
run_models(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table =
				     bn_view_table(bn_flag_has(in, "all") ? "versions" : "models"),
				 .problems = bn_flag_has(in, "problems")};
	struct bn_error err = {0};

	if (bn_cli_refresh(cli, NULL, false, &err) != BN_OK ||
	    bn_cli_list(cli, &query, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_flag models_flags[] = {
    {"all", 'a', NULL, false, NULL, "every version, not only those that count"},
    {"problems", 'p', NULL, false, NULL, "only those that something is wrong with"},
    BN_FLAGS_END,
};

static const struct bn_example models_examples[] = {
    {"binnacle --demo models", 0, "Every model, with its versions that count"},
    {"binnacle --demo models -p", 0, "Those that something is wrong with"},
    {"binnacle --demo models --all --filter 'model=product-recs eval_value>0.4' -o csv", 0,
     "Good versions of one model, for a spreadsheet"},
    {"binnacle --demo models -o json --columns model,version,stage,eval,quality,psi", 0,
     "For a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_models = {
    .name = "models",
    .page = "model",
    .operands = "",
    .summary = "models and their versions: stage, where live, offline and live quality, drift",
    .doc = "One line a registered model, followed by its versions that count: those with an alias "
	   "or a stage, the newest, and those that something is wrong with. EVAL is a number of "
	   "the training run (offline), LIVE the same as measured in production.",
    .table = "models",
    .flags = models_flags,
    .examples = models_examples,
    .run = run_models,
    .past = true,
};

/* ---- one ----------------------------------------------------------------------------------- */

/* Refreshes and finds what is meant; its latest detail is asked for unless --offline. */
static int
open_model(struct bn_cli *cli, const char *text, bool detailed, struct bn_ref *ref,
	   struct bn_error *err)
{
	struct bn_error detail = {0};
	int rc = bn_cli_refresh(cli, NULL, false, err);

	if (rc == BN_OK)
		rc = bn_cli_resolve(cli, text, BN_MODEL, ref, err);
	if (rc == BN_OK && detailed && !cli->offline &&
	    bn_collect_detail(cli->collect, *ref, cli->timeout, &detail) != BN_OK &&
	    detail.code != BN_EUNSUPPORTED) {
		bn_cli_note(cli, "its details could not be read: %s", detail.message);
		cli->incomplete = true;
	}
	return rc;
}

static int
run_model_show(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_error err = {0};
	struct bn_ref ref = {0};

	if (open_model(cli, in->operands[0], true, &ref, &err) != BN_OK ||
	    bn_cli_show(cli, "models", &ref, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_example show_examples[] = {
    {"binnacle --demo model show product-recs", 0, "What is live of it, and how it does"},
    {"binnacle --demo model show product-recs@champion", 0, "The version that is live"},
    {"binnacle --demo model show demand-forecast@118203 -o json", 0, "One version for a program"},
    {NULL, 0, NULL},
};

#define NAMING                                                                                     \
	"MODEL is the model's name or model/SOURCE/NAME; with @VERSION, @ALIAS or @previous "      \
	"(what "                                                                                   \
	"was live before the present version) one version of it."

const struct bn_command bn_command_model_show = {
    .name = "model show",
    .page = "model",
    .operands = "MODEL[@VERSION]",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_MODEL,
    .summary = "one model or version: where live, numbers, training, what is wrong",
    .doc = NAMING,
    .table = "models",
    .examples = show_examples,
    .run = run_model_show,
    .past = true,
};

/* ---- compare ------------------------------------------------------------------------------- */

/* "61 ms (5s ago)". */
static void
write_side(struct bn_cli *cli, struct bn_buf *out, const struct bn_compared_side *side)
{
	struct bn_buf cell = BN_BUF_INIT(0);
	char age[BN_TIME_TEXT];

	bn_buf_adds(&cell, side->text != NULL ? side->text : bn_view_absent(&cli->style));
	if (side->age >= 0)
		bn_buf_addf(&cell, " (%s ago)", bn_duration_show(side->age, age));
	bn_text_cell(out, bn_buf_text(&cell), 29, BN_PAD_RIGHT, cli->style.ascii);
	bn_buf_addc(out, ' ');
	bn_buf_free(&cell);
}

static void
write_text(struct bn_cli *cli, struct bn_buf *out, const struct bn_comparison *c)
{
	static const char *const verdicts[] = {"", "=", "left better", "right better", "differs"};
	char left[128], right[128];

	snprintf(left, sizeof(left), "LEFT %.90s%s", c->left, c->left_live ? " live" : "");
	snprintf(right, sizeof(right), "RIGHT %.90s%s", c->right, c->right_live ? " live" : "");
	bn_text_cell(out, "", 24, BN_PAD_RIGHT, cli->style.ascii);
	bn_text_cell(out, left, 30, BN_PAD_RIGHT, cli->style.ascii);
	bn_buf_addf(out, "%s\n", right);
	for (size_t i = 0; i < c->count; i++) {
		const struct bn_compared *row = &c->rows[i];

		bn_text_cell(out, row->name, 23, BN_PAD_RIGHT, cli->style.ascii);
		bn_buf_addc(out, ' ');
		write_side(cli, out, &row->left);
		write_side(cli, out, &row->right);
		bn_buf_adds(out, verdicts[row->better]);
		while (out->size > 0 && out->data[out->size - 1] == ' ')
			out->data[--out->size] = '\0';
		bn_buf_addc(out, '\n');
	}
}

/* "left":"61 ms","left_value":61,"left_unit":"ms","left_age":5 */
static void
write_json_side(struct bn_buf *out, const char *name, const struct bn_compared_side *side)
{
	bn_buf_addf(out, ",\"%s\":", name);
	bn_json_quote(out, side->text);
	bn_buf_addf(out, ",\"%s_value\":", name);
	if (side->number)
		bn_buf_addf(out, "%.10g", side->value);
	else
		bn_buf_adds(out, "null");
	bn_buf_addf(out, ",\"%s_unit\":", name);
	bn_json_quote(out, side->unit);
	bn_buf_addf(out, ",\"%s_age\":", name);
	if (side->age >= 0)
		bn_buf_addf(out, "%lld", (long long)side->age / 1000);
	else
		bn_buf_adds(out, "null");
}

static void
write_json(struct bn_cli *cli, struct bn_buf *out, const struct bn_comparison *c)
{
	static const char *const words[] = {NULL, "equal", "left", "right", "differs"};

	bn_cli_json_begin(cli, out, "model-compare", 1);
	for (size_t i = 0; i < c->count; i++) {
		const struct bn_compared *row = &c->rows[i];

		bn_buf_adds(out, i > 0 ? ",{\"name\":" : "{\"name\":");
		bn_json_quote(out, row->name);
		write_json_side(out, "left", &row->left);
		write_json_side(out, "right", &row->right);
		bn_buf_adds(out, ",\"better\":");
		bn_json_quote(out, words[row->better]);
		bn_buf_addc(out, '}');
	}
	bn_cli_json_end(out);
}

/* The other side: a version of the same model where only that is said; without any, what was live before
 * a live version, else what is live. */
static int
other_side(struct bn_cli *cli, const struct bn_invocation *in, const struct bn_ref *one,
	   struct bn_ref *out, struct bn_error *err)
{
	const char *at = strrchr(one->key, '@');
	const char *text = in->count > 1 ? in->operands[1] : NULL;
	int size = at != NULL ? (int)(at - one->key) : (int)strlen(one->key);
	int rc;

	if (text != NULL && (text[0] == '@' || strchr(text, '@') == NULL))
		text = bn_arena_format(cli->arena, "model/%s/%.*s@%s", one->source, size, one->key,
				       text + (text[0] == '@'));
	if (text != NULL)
		return bn_cli_resolve(cli, text, BN_MODEL, out, err);
	text = bn_arena_format(cli->arena, "%.*s@live", size, one->key);
	rc = bn_view_resolve(cli->reader, BN_MODEL, one->source, text, cli->arena, out, err);
	if (rc == BN_OK && strcmp(out->key, one->key) == 0) {
		text = bn_arena_format(cli->arena, "%.*s@previous", size, one->key);
		rc =
		    bn_view_resolve(cli->reader, BN_MODEL, one->source, text, cli->arena, out, err);
	}
	return rc;
}

static int
run_model_compare(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_comparison comparison;
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_error err = {0};
	struct bn_ref left = {0}, right = {0};
	int rc = open_model(cli, in->operands[0], false, &left, &err);

	/* a model alone means what is live of it */
	if (rc == BN_OK && strchr(left.key, '@') == NULL)
		rc = bn_view_resolve(cli->reader, BN_MODEL, left.source,
				     bn_arena_format(cli->arena, "%s@live", left.key), cli->arena,
				     &left, &err);
	if (rc == BN_OK)
		rc = other_side(cli, in, &left, &right, &err);
	if (rc == BN_OK)
		rc = bn_view_compare(cli->reader, left, right, &cli->style, cli->arena, &comparison,
				     &err);
	if (rc == BN_OK) {
		if (cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON)
			write_json(cli, &out, &comparison);
		else
			write_text(cli, &out, &comparison);
		rc = bn_cli_flush(cli, &out, &err);
	}
	bn_buf_free(&out);
	return rc == BN_OK ? bn_cli_complete(cli) : bn_cli_report(cli, &err);
}

static const struct bn_example compare_examples[] = {
    {"binnacle --demo model compare product-recs@challenger", 0,
     "The challenger beside what is live"},
    {"binnacle --demo model compare product-recs @previous", 0,
     "What is live beside what was live before"},
    {"binnacle --demo model compare demand-forecast@118203 @champion -o json", 0, "For a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_model_compare = {
    .name = "model compare",
    .page = "model",
    .operands = "MODEL[@VERSION] [[MODEL]@VERSION]",
    .min_operands = 1,
    .max_operands = 2,
    .completes = BN_MODEL,
    .summary = "two versions side by side, the better one marked",
    .doc = NAMING
    " Without a second version the other side is what is live, or, of what is live, what was "
    "live before it; it may be of another model. A number bears its unit and how long ago it was "
    "measured; one of a version that is not live any more is what was measured of it last. A "
    "number of the model, such as a KPI, is told of the version that alone was live then. Which "
    "side is better is said only where it is known: of the declared number by `better` in the "
    "configuration, of a number with a `target` by that, else by its name (less of a loss, of "
    "drift, latency and cost, more of an accuracy); of other numbers only that they differ. "
    "In JSON a row has left and right as they are shown, and left_value, left_unit and left_age "
    "(seconds) of what is a number; so for right.",
    .examples = compare_examples,
    .run = run_model_compare,
    .past = true,
};

/* ---- history ------------------------------------------------------------------------------- */

static int
run_model_history(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct bn_query query = {.table = bn_view_table("live")};
	struct bn_error err = {0};

	if (open_model(cli, in->operands[0], false, &query.scope, &err) != BN_OK ||
	    bn_cli_list(cli, &query, NULL, &err) != BN_OK)
		return bn_cli_report(cli, &err);
	return bn_cli_complete(cli);
}

static const struct bn_example history_examples[] = {
    {"binnacle --demo model history product-recs", 0, "Which version was live from when to when"},
    {"binnacle --demo model history demand-forecast@094410 -o json", 0, "When one version was"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_model_history = {
    .name = "model history",
    .page = "model",
    .operands = "MODEL[@VERSION]",
    .min_operands = 1,
    .max_operands = 1,
    .completes = BN_MODEL,
    .summary = "which version was live from when to when",
    .doc = NAMING
    " The registry keeps no history of its aliases: intervals are those that binnacle saw, and "
    "those that tags of the versions declare (live_from, live_until, approved_by, change). "
    "EVIDENCE says which: declared; seen to begin; or found so at the first look, so that it "
    "may have been live before.",
    .table = "live",
    .examples = history_examples,
    .run = run_model_history,
    .past = true,
};
