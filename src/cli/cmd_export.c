/* cmd_export.c - export: what is known as numbers, in Prometheus' text format or as JSON. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "config.h"
#include "view/metrics.h"

struct writer {
	struct bn_cli *cli;
	struct bn_buf out;
	const struct bn_metric *family;
	bool json, first;
};

/* One character, or U+FFFD for a byte that begins none. */
static void
add_character(struct bn_buf *out, const char **at)
{
	uint32_t point;
	size_t size = bn_utf8_decode(*at, strlen(*at), &point);
	char text[4];

	bn_buf_add(out, text, bn_utf8_encode(point, text));
	*at += size;
}

/* https://prometheus.io/docs/instrumenting/exposition_formats/: backslash, line end and, in label values,
 * the quote. Other bytes may be any UTF-8; what is none becomes U+FFFD. */
static void
add_escaped(struct bn_buf *out, const char *text, bool quoted)
{
	while (*text != '\0') {
		if (*text == '\\')
			bn_buf_adds(out, "\\\\");
		else if (*text == '\n')
			bn_buf_adds(out, "\\n");
		else if (*text == '"' && quoted)
			bn_buf_adds(out, "\\\"");
		else {
			add_character(out, &text);
			continue;
		}
		text++;
	}
}

static void
add_number(struct bn_buf *out, double value)
{
	if (fabs(value) < 1e15 && value == floor(value))
		bn_buf_addf(out, "%.0f", value);
	else
		bn_buf_addf(out, "%.15g", value);
}

static void
add_help(struct writer *w, const char *name, const char *type, const char *doc)
{
	bn_buf_addf(&w->out, "# HELP %s ", name);
	add_escaped(&w->out, doc, false);
	bn_buf_addf(&w->out, "\n# TYPE %s %s\n", name, type);
}

static void
add_prom(struct writer *w, const struct bn_sample *sample)
{
	bn_buf_adds(&w->out, sample->metric->name);
	for (size_t i = 0; sample->label[i] != NULL; i += 2) {
		bn_buf_addf(&w->out, "%s%s=\"", i == 0 ? "{" : ",", sample->label[i]);
		add_escaped(&w->out, sample->label[i + 1], true);
		bn_buf_addc(&w->out, '"');
	}
	bn_buf_adds(&w->out, sample->label[0] != NULL ? "} " : " ");
	add_number(&w->out, sample->value);
	bn_buf_addc(&w->out, '\n');
}

static void
add_json(struct writer *w, const struct bn_sample *sample)
{
	bn_buf_addf(&w->out, "%s{\"name\":\"%s\",\"type\":\"%s\",\"labels\":{", w->first ? "" : ",",
		    sample->metric->name, sample->metric->type);
	for (size_t i = 0; sample->label[i] != NULL; i += 2) {
		bn_buf_addf(&w->out, "%s\"%s\":", i == 0 ? "" : ",", sample->label[i]);
		bn_json_quote(&w->out, sample->label[i + 1]);
	}
	bn_buf_adds(&w->out, "},\"value\":");
	add_number(&w->out, sample->value);
	bn_buf_addc(&w->out, '}');
	w->first = false;
}

static int
on_sample(const struct bn_sample *sample, void *payload, struct bn_error *err)
{
	struct writer *w = payload;

	(void)err;
	if (w->json) {
		add_json(w, sample);
		return BN_OK;
	}
	if (w->family != sample->metric)
		add_help(w, sample->metric->name, sample->metric->type, sample->metric->doc);
	w->family = sample->metric;
	add_prom(w, sample);
	return BN_OK;
}

/* What the file says of itself: by whom it was made, and whether every source answered. */
static void
add_frame(struct writer *w)
{
	add_help(w, "binnacle_build_info", "gauge", "The program that wrote this; always 1");
	bn_buf_addf(&w->out, "binnacle_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
	add_help(w, "binnacle_export_complete", "gauge",
		 "Whether every source that was needed answered; 0: some of this is old");
	bn_buf_addf(&w->out, "binnacle_export_complete %d\n", w->cli->incomplete ? 0 : 1);
	add_help(w, "binnacle_export_timestamp_seconds", "gauge", "When this was written");
	bn_buf_adds(&w->out, "binnacle_export_timestamp_seconds ");
	add_number(&w->out, (double)bn_reader_now(w->cli->reader) / 1000);
	bn_buf_addc(&w->out, '\n');
}

static int
run_export(struct bn_cli *cli, const struct bn_invocation *in)
{
	const char *format = bn_flag_get(in, "format");
	struct writer w = {.cli = cli, .out = BN_BUF_INIT(0), .first = true};
	struct bn_error err = {0};
	int rc = bn_cli_refresh(cli, NULL, false, &err);

	w.json = format != NULL ? strcmp(format, "json") == 0 : cli->format == BN_OUT_JSON;
	if (rc == BN_OK && w.json)
		bn_cli_json_begin(cli, &w.out, "export", 1);
	else if (rc == BN_OK)
		add_frame(&w);
	if (rc == BN_OK)
		rc = bn_metrics_each(cli->reader, on_sample, &w, &err);
	if (rc == BN_OK && w.json)
		bn_cli_json_end(&w.out);
	if (rc == BN_OK)
		rc = bn_cli_flush(cli, &w.out, &err);
	bn_buf_free(&w.out);
	return rc == BN_OK ? bn_cli_complete(cli) : bn_cli_report(cli, &err);
}

static const struct bn_flag export_flags[] = {
    {"format", 0, "FORMAT", false, "prom|json",
     "prom: Prometheus' text format 0.0.4 (default); json: the same numbers as JSON"},
    BN_FLAGS_END,
};

static const struct bn_example export_examples[] = {
    {"binnacle --demo export --format prom", 0,
     "A file for node_exporter's textfile collector: write it beside and rename it"},
    {"binnacle --demo export --format json", 0, "The same numbers for a program"},
    {NULL, 0, NULL},
};

const struct bn_command bn_command_export = {
    .name = "export",
    .page = "export",
    .operands = "",
    .summary = "what is known as numbers: Prometheus' text format or JSON",
    .doc = "Writes one number for each source, status, pipeline, endpoint, model version, stream "
	   "and product, "
	   "under the "
	   "names listed below.\n\n"
	   "What is not known has no sample: it is never 0. A thing whose source has not answered "
	   "for two "
	   "intervals counts as unknown in binnacle_entities, and binnacle_export_complete is 0 "
	   "when a source "
	   "that was needed did not answer; the exit status is 3 then.",
    .flags = export_flags,
    .examples = export_examples,
    .run = run_export,
    .past = true,
};
