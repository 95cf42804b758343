/* cmd_policy.c - policy show: what actions are held to here, source by source. */
/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct showing {
	struct bn_cli *cli;
	struct bn_buf out;
	int written;
};

/* One line or one item: what holds, and where that is from. */
static void
add(struct showing *s, const char *about, const char *key, const char *value, const char *origin)
{
	struct bn_cli *cli = s->cli;

	if (cli->format == BN_OUT_JSON || cli->format == BN_OUT_NDJSON) {
		bn_buf_adds(&s->out, s->written++ > 0 && cli->format == BN_OUT_JSON ? "," : "");
		bn_buf_adds(&s->out, "{\"source\":");
		bn_json_quote(&s->out, about);
		bn_buf_adds(&s->out, ",\"key\":");
		bn_json_quote(&s->out, key);
		bn_buf_adds(&s->out, ",\"value\":");
		bn_json_quote(&s->out, value);
		bn_buf_adds(&s->out, ",\"from\":");
		bn_json_quote(&s->out, origin);
		bn_buf_adds(&s->out, cli->format == BN_OUT_JSON ? "}" : "}\n");
		return;
	}
	bn_text_cell(&s->out, bn_sanitised(cli->arena, about != NULL ? about : "all"), 18,
		     BN_PAD_RIGHT, cli->style.ascii);
	bn_buf_addc(&s->out, ' ');
	bn_text_cell(&s->out, key, 18, BN_PAD_RIGHT, cli->style.ascii);
	bn_buf_addc(&s->out, ' ');
	bn_text_cell(&s->out, bn_sanitised(cli->arena, value != NULL ? value : "-"), 30,
		     BN_PAD_RIGHT, cli->style.ascii);
	bn_buf_addf(&s->out, " %s\n", bn_sanitised(cli->arena, origin));
}

/* Every key of [policy]; a pattern of its own line each. */
static void
add_rules(struct showing *s)
{
	const struct bn_config_section *section = bn_config_find(s->cli->config, "policy", "");
	const struct bn_option *option;
	const char *value;
	size_t i;

	for (option = bn_core_options("policy"); option->name != NULL; option++) {
		for (i = 0;
		     section != NULL && (value = bn_section_at(section, option->name, i)) != NULL;
		     i++)
			add(s, NULL, option->name, value,
			    bn_arena_format(s->cli->arena, "%s:%d", section->file, section->line));
		if (i == 0)
			add(s, NULL, option->name, option->fallback, "default");
	}
}

static void
add_source(struct showing *s, const char *name)
{
	const char *actions = bn_collect_actions(s->cli->collect, name);
	bool able = bn_collect_can_act(s->cli->collect, name);

	if (actions == NULL)
		return; /* disabled */
	add(s, name, "actions", s->cli->read_only ? "none" : actions,
	    s->cli->read_only ? "--read-only"
	    : able	      ? "its section"
			      : "its section; its platform has nothing to retry");
}

static int
run_show(struct bn_cli *cli, const struct bn_invocation *in)
{
	struct showing s = {.cli = cli, .out = BN_BUF_INIT(0)};
	const struct bn_config_section *section;
	struct bn_error err = {0};
	size_t i;
	int rc = bn_cli_open_collect(cli, &err);

	(void)in;
	if (rc == BN_OK) {
		if (cli->format == BN_OUT_JSON)
			bn_cli_json_begin(cli, &s.out, "policy", 1);
		add_rules(&s);
		for (i = 0; (section = bn_config_section(cli->config, "source", i)) != NULL; i++)
			add_source(&s, section->name);
		if (cli->format == BN_OUT_JSON)
			bn_cli_json_end(&s.out);
		rc = bn_cli_flush(cli, &s.out, &err);
	}
	bn_buf_free(&s.out);
	return rc == BN_OK ? BN_EXIT_OK : bn_cli_report(cli, &err);
}

static const struct bn_example show_examples[] = {
    {"binnacle --demo policy show", 0, "What may be done here, and what it is held to"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_policy_show = {
    .name = "policy show",
    .page = "retry",
    .operands = "",
    .summary = "what actions are held to, source by source",
    .doc = "Every key of [policy] with its value or default and where that is from, and for each "
	   "source whether anything may be sent to it.",
    .examples = show_examples,
    .run = run_show,
};
