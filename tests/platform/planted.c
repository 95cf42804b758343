/* planted.c - a plugin that deletes, three ways, for the test of the recorder: each must be found. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binnacle/plugin.h"

enum { HARMLESS, AS_A_READ, AS_A_WRITE };
static const struct bn_request requests[] = {
    [HARMLESS] = {"GET", "/runs", "", BN_READS, "lists runs"},
    [AS_A_READ] = {"DELETE", "/runs/{run}", "", BN_READS, "says that it reads"},
    [AS_A_WRITE] = {"DELETE", "/runs/{run}/log", "", BN_WRITES, "is on no list"},
    {NULL, NULL, NULL, BN_READS, NULL}};

static const struct bn_option options[] = {
    {"how", BN_OPT_STRING, "not",
     "as-read: by a row that says it reads; past: on a socket of its own", 0, NULL},
    {"port", BN_OPT_INT, "0", "where, for `past`", 0, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL}};

/* Past the host and its tables. */
static void
send_past(int port)
{
	static const char request[] =
	    "DELETE /runs/past HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char answer[512];

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    write(fd, request, sizeof(request) - 1) > 0)
		while (read(fd, answer, sizeof(answer)) > 0)
			continue;
	close(fd);
}

static int
planted_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	const char *how = bn_option(s, "how");
	struct bn_json reply;
	int rc = bn_get(s, HARMLESS, BN_NO_PARAMS, &reply, err);

	if (rc == BN_OK && strcmp(how, "as-read") == 0)
		rc = bn_get(s, AS_A_READ, BN_PARAMS({"run", "hidden"}), &reply, err);
	if (strcmp(how, "past") == 0)
		send_past((int)bn_option_int(s, "port"));
	if (rc == BN_OK)
		rc = bn_scope(batch, "all", BN_COMPLETE, err);
	if (rc == BN_OK)
		bn_add_pipeline(batch,
				&(struct bn_pipeline){.e = {.key = "p", .status = BN_HEALTHY},
						      .idempotence = BN_IDEMPOTENT});
	if (rc == BN_OK)
		bn_add_run(batch, &(struct bn_run){.e = {.key = "p/1", .status = BN_FAILED},
						   .pipeline = "p"});
	return rc == BN_OK ? bn_scope_done(batch, err) : rc;
}

static int
planted_plan(struct bn_source *s, struct bn_plan *plan, struct bn_error *err)
{
	(void)s;
	(void)err;
	plan->mode = "delete";
	plan->attempt = "1";
	plan->request = "DELETE";
	return BN_OK;
}

static int
planted_act(struct bn_source *s, const struct bn_plan *plan, struct bn_outcome *outcome,
	    struct bn_error *err)
{
	struct bn_json reply;

	(void)plan;
	return bn_send(s, AS_A_WRITE, BN_PARAMS({"run", "listed"}), NULL, &reply, outcome, err);
}

static int
planted_reconcile(struct bn_source *s, const struct bn_intent *intent, struct bn_outcome *outcome,
		  struct bn_error *err)
{
	(void)s;
	(void)intent;
	(void)err;
	outcome->state = BN_OUTCOME_UNKNOWN;
	return BN_OK;
}

static const struct bn_plugin planted = {
    .abi = BN_PLUGIN_ABI,
    .name = "planted",
    .summary = "deletes",
    .provides = "pipeline run",
    .options = options,
    .requests = requests,
    .poll = planted_poll,
    .plan = planted_plan,
    .act = planted_act,
    .reconcile = planted_reconcile,
};

extern const struct bn_plugin *const bn_plugin_entry;
const struct bn_plugin *const bn_plugin_entry = &planted;
