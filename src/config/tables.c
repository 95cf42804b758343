/* tables.c - the sections and keys the core itself knows; the manual is generated from these rows. */
/* SPDX-License-Identifier: MIT */
#include "config/stream.h"

#include <string.h>

static const struct bn_option state_options[] = {
    {"dir", BN_OPT_PATH, NULL,
     "Where cache.db and journal.db lie; default $XDG_STATE_HOME/binnacle or "
     "~/.local/state/binnacle",
     0, NULL},
    {"keep-points", BN_OPT_DURATION, "8d",
     "How long single measured values are kept; after it, summaries of ten minutes", 0, "1d..400d"},
    {"keep-history", BN_OPT_DURATION, "400d",
     "How long finished runs and attempts, changes of status and summaries are kept", 0,
     "1d..4000d"},
    {"keep-calls", BN_OPT_DURATION, "1d", "How long the record of requests made is kept", 0,
     "1h..400d"},
    {"anchor", BN_OPT_PATH, NULL,
     "A second file that gets the head of the journal's chain with each record, instead of syslog",
     0, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option include_options[] = {
    {"path", BN_OPT_PATH, NULL,
     "A further file to read in this place; relative to the file it stands in", BN_OPT_MULTI, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option repo_options[] = {
    {"path", BN_OPT_PATH, NULL, "A clone or bare repository on this machine, read for what changed",
     0, NULL},
    {"url", BN_OPT_STRING, NULL, "Where the repository is fetched from and pushed to", 0, NULL},
    {"forge", BN_OPT_ENUM, NULL, "What serves it, for pull requests", 0,
     "github|gitlab|gitea|forgejo"},
    {"default-branch", BN_OPT_STRING, NULL,
     "The branch that counts; default: the one the repository's HEAD names", 0, NULL},
    {"defines", BN_OPT_STRING, NULL,
     "Which file defines which things: KIND/[SOURCE/]GLOB : PATH; {name}, {key} and {source} in "
     "the path stand "
     "for the thing's own, and it may be a glob",
     BN_OPT_MULTI, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option link_options[] = {
    {"feeds", BN_OPT_STRING, NULL,
     "One thing that feeds another: KIND/[SOURCE/]KEY -> KIND/[SOURCE/]KEY", BN_OPT_MULTI, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option product_options[] = {
    {"owner", BN_OPT_STRING, NULL, "Who answers for it", 0, NULL},
    {"contact", BN_OPT_STRING, NULL, "Where to ask: a channel, an address", 0, NULL},
    {"domain", BN_OPT_STRING, NULL,
     "The part of the business it belongs to; --domain selects by it", 0, NULL},
    {"lifecycle", BN_OPT_ENUM, "active",
     "active; dormant: serves old data, and nobody is paged for that; retiring: finding consumers "
     "of it is a finding; retired: kept for its history",
     0, "active|dormant|retiring|retired"},
    {"consumers", BN_OPT_STRING, NULL, "Somebody or something that uses it", BN_OPT_MULTI, NULL},
    {"needs", BN_OPT_STRING, NULL,
     "A thing it is made from or served by: KIND/[SOURCE/]KEY; where one of them is not known, "
     "neither is the product",
     BN_OPT_MULTI, NULL},
    {"freshness", BN_OPT_DURATION, NULL,
     "How old its data may be: since the last good end of its pipelines, the last closed minute of "
     "its streams, the age of its datasets, whichever is oldest",
     0, "1s..400d"},
    {"freshness-of", BN_OPT_STRING, NULL,
     "The pipeline, stream or dataset whose age counts, instead of all it needs; or the endpoint, "
     "which tells its age where an assertion asks for it",
     0, NULL},
    {"completeness", BN_OPT_STRING, NULL,
     "Share of the closed minutes of its streams that have a value (last hour), or of the usual "
     "rows of its datasets: 99.5%",
     0, NULL},
    {"deadline", BN_OPT_STRING, NULL,
     "When a run of its pipelines has to have ended well: TIME [ZONE] [daily|weekdays|mon,wed], "
     "for "
     "instance 05:30 Europe/Berlin daily",
     0, NULL},
    {"availability", BN_OPT_STRING, NULL,
     "Share of the probes of its endpoints that are answered (last hour): 99.9%", 0, NULL},
    {"quality", BN_OPT_STRING, NULL,
     "Share of tests that pass: `tests-passed` of `tests-total`, numbers of a thing it needs, from "
     "a [query] "
     "with `for` and `as` or an exec plugin; where no source tells them it is not known: 100%",
     0, NULL},
    {"goal", BN_OPT_STRING, "99%",
     "Share of the window in which each of these has to hold; the rest is the error budget", 0,
     NULL},
    {"window", BN_OPT_DURATION, "30d", "Over how long that share is reckoned", 0, "1d..400d"},
    {"cost", BN_OPT_NUMBER, NULL, "What it costs", 0, "0..1000000000"},
    {"cost-unit", BN_OPT_STRING, "USD/month", "In what, and for how long", 0, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option rule_options[] = {
    {"sql", BN_OPT_STRING, NULL,
     "One SELECT over the documented views: entity, since, what is wrong", BN_OPT_REQUIRED, NULL},
    {"severity", BN_OPT_ENUM, "warn", "How bad a row of it is", 0, "info|warn|crit"},
    {"title", BN_OPT_STRING, NULL, "Its heading on Triage; default: the rule's name", 0, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option ui_options[] = {
    {"theme", BN_OPT_STRING, "auto",
     "dark, light, colorblind, 16, mono, auto, or the path of a theme file", 0, NULL},
    {"zone", BN_OPT_STRING, "UTC", "The time zone shown: UTC, local, or a name like Europe/Berlin",
     0, NULL},
    {"context", BN_OPT_STRING, NULL, "What the first line calls this platform", 0, NULL},
    {"mouse", BN_OPT_BOOL, "false",
     "Take mouse clicks and the wheel (the terminal's own selection then needs Shift)", 0, NULL},
    {"charts", BN_OPT_ENUM, "auto",
     "What charts are made of: what the theme and the terminal can show, Braille dots, eighths of "
     "blocks, half blocks, or #",
     0, "auto|braille|blocks|half|ascii"},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option dashboard_options[] = {
    {"panel", BN_OPT_STRING, NULL,
     "One part of it, by its kind: a table with a filter (triage product=NAME, runs "
     "pipeline~postage …), "
     "chart THING [WINDOW], gauge THING MEASURE [FULL], log RUN [TASK]",
     BN_OPT_REQUIRED | BN_OPT_MULTI, NULL},
    {"columns", BN_OPT_INT, "1", "How many panels stand side by side, on 80 columns and more", 0,
     "1..3"},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option keys_options[] = {
    {"*", BN_OPT_STRING, NULL,
     "The keys of the action with that name, separated by blanks; the actions are in "
     "binnacle-keys(7)",
     BN_OPT_MULTI, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

const struct bn_option bn_source_options[] = {
    {"type", BN_OPT_STRING, NULL, "Which plugin reads it", BN_OPT_REQUIRED, NULL},
    {"url", BN_OPT_URL, NULL, "The platform's base address", 0, NULL},
    {"interval", BN_OPT_DURATION, NULL, "Time between polls; default: what the type says", 0,
     "1s..1d"},
    {"timeout", BN_OPT_DURATION, "30s", "Longest time for one request", 0, "1s..10m"},
    {"actions", BN_OPT_ENUM, "none",
     "What may be done to it besides reading: nothing, or a retry of what failed", 0, "none|retry"},
    {"disabled", BN_OPT_BOOL, "false", "Leave this source out", 0, NULL},
    {"auth", BN_OPT_ENUM, NULL,
     "How to log in; default: bearer with a token, basic with a password, else none", 0,
     "bearer|basic|none"},
    {"token-command", BN_OPT_STRING, NULL,
     "A shell command that prints the token, or a credential as kubectl's exec plugins do", 0,
     NULL},
    {"token-file", BN_OPT_PATH, NULL, "A file with the token, readable by its owner only", 0, NULL},
    {"token-env", BN_OPT_STRING, NULL, "The environment variable that holds the token", 0, NULL},
    {"user", BN_OPT_STRING, NULL, "The user name of a basic login", 0, NULL},
    {"password-command", BN_OPT_STRING, NULL, "A shell command that prints the password", 0, NULL},
    {"password-file", BN_OPT_PATH, NULL, "A file with the password, readable by its owner only", 0,
     NULL},
    {"password-env", BN_OPT_STRING, NULL, "The environment variable that holds the password", 0,
     NULL},
    {"ca-file", BN_OPT_PATH, NULL, "Certificates (PEM) to trust instead of the system's", 0, NULL},
    {"pinned-key", BN_OPT_STRING, NULL,
     "The server's public key as sha256//BASE64, demanded besides a good certificate", 0, NULL},
    {"proxy", BN_OPT_URL, NULL, "An HTTP proxy; default: the environment's", 0, NULL},
    {"allow-http", BN_OPT_BOOL, "false",
     "Allow unencrypted http:// to another machine; without it only loopback may", 0, NULL},
    {"allow-link-local", BN_OPT_BOOL, "false",
     "Allow link-local addresses, which reach cloud metadata services", 0, NULL},
    {"max-body", BN_OPT_SIZE, "64m", "Largest answer, decoded", 0, "64k..1g"},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option policy_options[] = {
    {"require-reason", BN_OPT_BOOL, "false", "Refuse an action for which nobody says why", 0, NULL},
    {"retry-min-interval", BN_OPT_DURATION, "10m",
     "How soon a run that was retried may be retried again", 0, "0s..1d"},
    {"retry-spacing", BN_OPT_DURATION, "250ms",
     "Of many retries at once: how long to wait between two requests", 0, "0s..10m"},
    {"retry-concurrency", BN_OPT_INT, "8",
     "Of many retries at once: how many of their runs may be under way at one source", 0,
     "1..1000"},
    {"retry-abort-ratio", BN_OPT_NUMBER, "0.2",
     "Of many retries at once: nothing more is sent when more than this part of a wave failed", 0,
     "0..1"},
    {"retry-timeout", BN_OPT_DURATION, "2h",
     "Of many retries at once: what isn't sent by then stays unsent", 0, "1s..7d"},
    {"idempotent", BN_OPT_GLOB, NULL,
     "Pipelines (SOURCE/NAME or NAME, * and ? allowed) whose work may be done twice; goes before "
     "what "
     "the pipeline says of itself",
     BN_OPT_MULTI, NULL},
    {"at-least-once", BN_OPT_GLOB, NULL,
     "Pipelines that may load some rows twice, and whose target takes that", BN_OPT_MULTI, NULL},
    {"append", BN_OPT_GLOB, NULL,
     "Pipelines that append: a retry may duplicate, so their name has to be typed", BN_OPT_MULTI,
     NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

static const struct bn_option plugin_options[] = {
    {"path", BN_OPT_PATH, NULL,
     "A shared object to load: absolute, owned by root or you, writable by nobody else",
     BN_OPT_REQUIRED | BN_OPT_MULTI, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};

const struct bn_section_kind bn_core_sections[] = {
    {"source", true, NULL, "A platform to read; its keys depend on its type"},
    {"repo", true, repo_options, "A Git repository that defines things"},
    {"stream", true, bn_stream_options, "A number a minute, and what is expected of it"},
    {"link", false, link_options, "Who feeds whom, where no platform says it"},
    {"product", true, product_options,
     "What others rely on, who answers for it, and what it promises"},
    {"rule", true, rule_options, "A check of your own, written in SQL"},
    {"ui", false, ui_options, "How the console looks and reacts"},
    {"dashboard", true, dashboard_options, "A screen of your own, made of panels"},
    {"keys", false, keys_options, "Keys of your own"},
    {"policy", false, policy_options, "What actions are held to"},
    {"plugin", false, plugin_options, "Plugins that are not linked in"},
    {"state", false, state_options, "Where state lies and how long it is kept"},
    {"include", false, include_options, "Further files"},
    {NULL, false, NULL, NULL},
};

const struct bn_option *
bn_core_options(const char *kind)
{
	for (const struct bn_section_kind *k = bn_core_sections; k->name != NULL; k++)
		if (strcmp(k->name, kind) == 0)
			return k->options;
	return NULL;
}
