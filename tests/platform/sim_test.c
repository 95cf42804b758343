/* sim_test.c - the simulator itself: its world, faces, faults, recorder and facts. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <git2.h>
#include <jansson.h>

#include "base/json.h"
#include "base/memory.h"
#include "sim/argo.h"
#include "sim/promql.h"
#include "sim/sim.h"

#define AT_0312 ((bn_time)1773112364000) /* 2026-03-10T03:12:44Z */

/* ---- a very small client -------------------------------------------------------------------- */

struct reply {
	int status; /* 0: no answer */
	char *text; /* head and body, NUL-terminated */
	size_t size;
	const char *body;
};

static int
connect_to(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval patience = {10, 0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Reads to the end, or to `most` bytes. */
static void
read_reply(int fd, size_t most, struct reply *out)
{
	char buffer[65536];
	struct bn_buf all = BN_BUF_INIT(0);
	ssize_t n;
	const char *end;

	while (all.size < most && (n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		bn_buf_add(&all, buffer, (size_t)n);
	close(fd);
	out->size = all.size;
	out->text = all.data == NULL ? bn_xstrdup("") : bn_buf_take(&all);
	out->status = 0;
	sscanf(out->text, "HTTP/1.1 %d", &out->status);
	end = strstr(out->text, "\r\n\r\n");
	out->body = end == NULL ? out->text : end + 4;
}

static struct reply
ask(const struct bn_sim *sim, const char *face, const char *method, const char *path,
    const char *headers, const char *body)
{
	struct reply reply;
	char *text = bn_xasprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s"
				  "Content-Length: %zu\r\n\r\n%s",
				  method, path, headers, strlen(body), body);
	int fd = connect_to(bn_sim_port(sim, face));

	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	free(text);
	read_reply(fd, 4u << 20, &reply);
	return reply;
}

/* The Argo face with its token. */
static struct reply argo_does(const struct bn_sim *sim, const char *method, const char *path,
			      const char *body);

static struct reply
argo(const struct bn_sim *sim, const char *path)
{
	return argo_does(sim, "GET", path, "");
}

static struct reply
argo_does(const struct bn_sim *sim, const char *method, const char *path, const char *body)
{
	char *file = bn_xasprintf("%s/secrets/argo-prod", bn_sim_dir(sim)), token[65] = "",
	     header[128];
	FILE *in = fopen(file, "re");
	size_t n;

	assert_non_null(in);
	n = fread(token, 1, 64, in);
	token[n] = '\0';
	fclose(in);
	free(file);
	snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n", token);
	return ask(sim, "argo-prod", method, path, header, body);
}

static json_t *
body_json(const struct reply *reply)
{
	json_t *json = json_loads(reply->body, 0, NULL);

	if (json == NULL)
		fail_msg("no JSON: %.300s", reply->text);
	return json;
}

static struct bn_sim *
start(const char *scenario, bn_time at, double speed, const char *fault)
{
	const char *faults[] = {fault, NULL};
	struct bn_sim_options options = {
	    .scenario = scenario, .at = at, .speed = speed, .speed_given = true};
	struct bn_error err = {0};
	struct bn_sim *sim = NULL;

	options.faults = faults;
	assert_ok(bn_sim_start(&sim, &options, &err), &err);
	return sim;
}

/* ---- the world ------------------------------------------------------------------------------- */

static void
world_dbt_graph_has_the_layers_and_depths_of_the_page(void **state)
{
	static const char *const layers[] = {"staging", "intermediate", "marts", "exports"};
	static const int wanted[] = {96, 118, 74, 24}, family[] = {3, 16, 14, 7};
	struct bn_world *world = bn_world_new(1234, BN_W_STEADY);
	const struct bn_w_node *nodes = bn_world_nodes(world);
	int i, k, count[4] = {0}, related[4] = {0}, python = 0;
	bool leaf[BN_W_DBT_NODES];

	(void)state;
	memset(leaf, 1, sizeof(leaf));
	for (i = 0; i < BN_W_DBT_NODES; i++) {
		for (k = 0; k < 4 && strcmp(layers[k], nodes[i].layer) != 0; k++)
			;
		count[k]++;
		related[k] += nodes[i].family;
		python += nodes[i].python;
		assert_true(k == 0 ? nodes[i].depend_count == 0
				   : nodes[i].depend_count >= 1 && nodes[i].depend_count <= 5);
		for (k = 0; k < nodes[i].depend_count; k++) {
			assert_true(nodes[i].depends[k] < i); /* a topological order */
			assert_true(nodes[nodes[i].depends[k]].start +
					nodes[nodes[i].depends[k]].length <=
				    nodes[i].start);
			leaf[nodes[i].depends[k]] = false;
		}
	}
	for (k = 0; k < 4; k++) {
		assert_int_equal(count[k], wanted[k]);
		assert_int_equal(related[k], family[k]);
	}
	assert_int_equal(python, 11);
	for (i = 288; i < BN_W_DBT_NODES; i++)
		assert_in_range(nodes[i].depth, 4, 7);
	bn_world_free(world);
}

static void
world_same_seed_tells_the_same_other_seed_another(void **state)
{
	struct bn_sim *a = start("night", AT_0312, 0, NULL), *b = start("night", AT_0312, 0, NULL),
		      *c;
	char *one = bn_sim_facts(a, 0), *two = bn_sim_facts(b, 0), *three;
	struct bn_sim_options options = {.at = AT_0312, .speed_given = true, .seed = 99};
	struct bn_error err = {0};

	(void)state;
	assert_ok(bn_sim_start(&c, &options, &err), &err);
	three = bn_sim_facts(c, 0);
	assert_string_equal(one, two);
	assert_string_not_equal(one, three);
	free(one);
	free(two);
	free(three);
	bn_sim_stop(a);
	bn_sim_stop(b);
	bn_sim_stop(c);
}

/* Says of transform-hourly's latest run what the page says: "ok failed skipped". */
static void
assert_counts(const struct bn_sim *sim, bn_time at, const char *status, int ok, int failed,
	      int skipped)
{
	char *text = bn_sim_facts(sim, at);
	json_t *facts = json_loads(text, 0, NULL), *run, *counts;

	run = json_array_get(json_object_get(facts, "runs"), 0);
	counts = json_object_get(run, "counts");
	assert_string_equal(json_string_value(json_object_get(run, "pipeline")),
			    "transform-hourly");
	assert_string_equal(json_string_value(json_object_get(run, "status")), status);
	assert_int_equal(json_integer_value(json_object_get(counts, "ok")), ok);
	assert_int_equal(json_integer_value(json_object_get(counts, "failed")), failed);
	assert_int_equal(json_integer_value(json_object_get(counts, "skipped")), skipped);
	json_decref(facts);
	free(text);
}

static void
world_i1_fails_three_skips_37_and_heals_at_0405(void **state)
{
	struct bn_sim *sim = start("I1", 0, 0, NULL);

	(void)state;
	assert_counts(sim, AT_0312, "failed", 272, 3, 37);
	assert_counts(sim, AT_0312 + 90 * BN_W_MINUTE, "succeeded", 312, 0, 0);
	bn_sim_stop(sim);
	sim = start("steady", 0, 0, NULL);
	assert_counts(sim, AT_0312 + 20 * BN_W_MINUTE, "succeeded", 312, 0, 0);
	bn_sim_stop(sim);
}

static void
world_bad_sql_stays_red_run_after_run(void **state)
{
	struct bn_sim *sim = start("I1-bad-sql", 0, 0, NULL);
	bn_time at = AT_0312 + 30 * BN_W_MINUTE;
	char *text;
	json_t *facts, *run;
	int i;

	(void)state;
	for (i = 0; i < 5; i++, at += BN_W_HOUR) {
		text = bn_sim_facts(sim, at);
		facts = json_loads(text, 0, NULL);
		run = json_array_get(json_object_get(facts, "runs"), 0);
		assert_string_equal(json_string_value(json_object_get(run, "status")), "failed");
		assert_int_equal(
		    json_integer_value(json_object_get(json_object_get(run, "counts"), "failed")),
		    1);
		json_decref(facts);
		free(text);
	}
	bn_sim_stop(sim);
}

static void
world_i5_fires_the_alert_and_slows_the_probe(void **state)
{
	struct bn_world *world = bn_world_new(BN_SIM_SEED, BN_W_I5);
	bn_time busy = BN_W_NIGHT + 3 * BN_W_HOUR + 55 * BN_W_MINUTE;
	struct bn_w_alert alert;
	struct bn_w_health before, after;

	(void)state;
	assert_true(bn_world_alert(world, 0, busy - 10 * BN_W_MINUTE, &alert));
	assert_int_equal(alert.active_at, 0);
	bn_world_alert(world, 0, busy - 2 * BN_W_MINUTE, &alert);
	assert_true(alert.active_at != 0 && !alert.firing);
	bn_world_alert(world, 0, busy, &alert);
	assert_true(alert.firing);
	bn_world_health(world, bn_world_api(0), busy - 10 * BN_W_MINUTE, &before);
	bn_world_health(world, bn_world_api(0), busy, &after);
	assert_int_equal(after.p99, 480);
	assert_true(after.rps > 2.5 * before.rps && after.latency > bn_world_api(0)->slo);
	bn_world_free(world);
}

/* ---- Argo's mask and selectors --------------------------------------------------------------- */

static void
mask_keeps_named_members_and_drops_excluded_ones(void **state)
{
	json_t *json = json_pack("{s:{s:s, s:s}, s:[{s:{s:i}, s:i}]}", "metadata", "a", "1", "b",
				 "2", "items", "status", "phase", 1, "spec", 2);
	json_t *copy = json_deep_copy(json);
	struct bn_mask *mask = bn_mask_new("metadata.a,items.status");
	char *text;

	(void)state;
	bn_mask_apply(mask, json);
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(text,
			    "{\"metadata\":{\"a\":\"1\"},\"items\":[{\"status\":{\"phase\":1}}]}");
	free(text);
	bn_mask_free(mask);
	mask = bn_mask_new("-items.spec,metadata");
	bn_mask_apply(mask, copy);
	text = json_dumps(copy, JSON_COMPACT);
	assert_string_equal(text, "{\"items\":[{\"status\":{\"phase\":1}}]}");
	free(text);
	bn_mask_free(mask);
	json_decref(json);
	json_decref(copy);
}

static const char *
fixed_label(const void *object, const char *key)
{
	(void)object;
	return strcmp(key, "team") == 0 ? "shop" : NULL;
}

static void
selector_follows_kubernetes(void **state)
{
	static const struct {
		const char *selector;
		bool holds, bad;
	} rows[] = {
	    {"", true, false},
	    {"team=shop", true, false},
	    {"team==shop", true, false},
	    {"team != shop", false, false},
	    {"team in (a, shop)", true, false},
	    {"team notin (a,b),team", true, false},
	    {"tier notin (a)", true, false},
	    {"!tier", true, false},
	    {"tier", false, false},
	    {"team=shop,tier=x", false, false},
	    {"team in (a", false, true},
	    {"=x", false, true},
	};
	size_t i;
	bool bad;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(bn_argo_selects(rows[i].selector, fixed_label, NULL, &bad),
				 rows[i].holds);
		assert_int_equal(bad, rows[i].bad);
	}
}

/* ---- PromQL ------------------------------------------------------------------------------------
 */

static void
promql_evaluates_what_the_demo_writes(void **state)
{
	struct bn_world *world = bn_world_new(BN_SIM_SEED, BN_W_I5);
	bn_time busy = BN_W_NIGHT + 4 * BN_W_HOUR;
	struct bn_promql value;

	(void)state;
	assert_true(bn_promql(world, "up == 0", busy, busy, &value));
	assert_int_equal(json_array_size(value.samples), 1);
	json_decref(value.samples);
	assert_true(bn_promql(world,
			      "app:http_latency_seconds:p99 > on(app) app:http_latency_slo_seconds",
			      busy, busy, &value));
	assert_int_equal(json_array_size(value.samples), 1);
	json_decref(value.samples);
	assert_true(
	    bn_promql(world, "count(up{job=~\"fastapi|node\"}) * 2 + 1", busy, busy, &value));
	assert_int_equal(
	    (int)json_real_value(json_object_get(json_array_get(value.samples, 0), "v")), 25);
	json_decref(value.samples);
	assert_true(bn_promql(world, "2 + 3 * 4", busy, busy, &value) && value.scalar);
	assert_int_equal((int)value.number, 14);
	assert_false(bn_promql(world, "deriv(up[5m])", busy, busy, &value));
	assert_false(bn_promql(world, "up[5m]", busy, busy, &value));
	assert_false(bn_promql(world, "up{", busy, busy, &value));
	assert_false(bn_promql(world, "", busy, busy, &value));
	bn_world_free(world);
}

static double
only(const struct bn_world *world, const char *query, bn_time at, bn_time now)
{
	struct bn_promql value;
	double number;

	assert_true(bn_promql(world, query, at, now, &value));
	if (value.scalar)
		return value.number;
	number = json_array_size(value.samples) == 1
		     ? json_real_value(json_object_get(json_array_get(value.samples, 0), "v"))
		     : -1;
	json_decref(value.samples);
	return number;
}

/* As a 2.42 answers: five minutes of looking back, ranges with both their ends, counters stretched. */
static void
promql_looks_back_and_stretches_like_the_real_server(void **state)
{
	struct bn_world *world = bn_world_new(BN_SIM_SEED, BN_W_I4);
	bn_time hole = BN_W_NIGHT + 3 * BN_W_HOUR + 32 * BN_W_MINUTE, late = hole + 5 * BN_W_MINUTE;
	double before = only(world, "tx_window_count", hole - 3 * BN_W_MINUTE, hole);

	(void)state;
	assert_true(before > 0);
	/* the window that ended at 03:29 is the last one; it is smeared over the hole … */
	assert_true(only(world, "tx_window_count", hole, hole) == before);
	assert_true(only(world, "last_over_time(tx_window_count[59s999ms])", hole, hole) < 0);
	/* … and a range holds both its ends */
	assert_int_equal(
	    only(world, "count_over_time(tx_window_count[1m])", hole - 5 * BN_W_MINUTE, hole), 2);
	/* what came late is there afterwards */
	assert_true(only(world, "last_over_time(tx_window_count[59s999ms])", hole, late) > 0);
	/* counters of full minutes are exact, whatever reads them */
	assert_true(only(world, "sum(increase(tx_dedupe_new_total[1m]))", late, late) ==
		    bn_world_transactions(world, late - BN_W_MINUTE));
	assert_true(only(world, "sum(rate(tx_dedupe_new_total[1m])) * 60", late, late) > 0);
	assert_int_equal(only(world, "sum(increase(tx_polls_total[1m]))", late, late), 4);
	bn_world_free(world);
}

/* ---- faces -------------------------------------------------------------------------------------
 */

static void
argo_without_a_token_is_refused_and_recorded(void **state)
{
	struct bn_sim *sim = start("night", AT_0312, 0, NULL);
	struct reply reply = ask(sim, "argo-prod", "GET", "/api/v1/info?x=%2F", "", "");
	struct bn_recorded seen;

	(void)state;
	assert_int_equal(reply.status, 401);
	assert_non_null(strstr(reply.body, "\"code\":16"));
	assert_int_equal(bn_recorder_count(bn_sim_requests(sim)), 1);
	assert_true(bn_recorder_get(bn_sim_requests(sim), 0, &seen));
	assert_string_equal(seen.face, "argo-prod");
	assert_string_equal(seen.path, "/api/v1/info");
	assert_string_equal(seen.query, "x=%2F");
	assert_int_equal(seen.auth, BN_AUTH_REFUSED);
	assert_int_equal(seen.status, 401);
	assert_int_equal(seen.at, AT_0312);
	free(reply.text);
	bn_sim_stop(sim);
}

static void
argo_pages_cover_every_run_once(void **state)
{
	struct bn_sim *sim = start("night", AT_0312, 0, NULL);
	char path[200], from[32] = "";
	json_t *seen = json_object(), *page, *item;
	struct reply reply;
	size_t i, total;

	(void)state;
	reply = argo(sim, "/api/v1/workflows/orch?fields=metadata,items.metadata.uid");
	page = body_json(&reply);
	total = json_array_size(json_object_get(page, "items"));
	json_decref(page);
	free(reply.text);
	assert_true(total > 3000);
	for (;;) {
		const char *next;

		snprintf(path, sizeof(path),
			 "/api/v1/workflows/orch?fields=metadata,items.metadata.uid"
			 "&listOptions.limit=1000&listOptions.continue=%s",
			 from);
		reply = argo(sim, path);
		page = body_json(&reply);
		json_array_foreach(json_object_get(page, "items"), i, item)
		{
			const char *uid = json_string_value(
			    json_object_get(json_object_get(item, "metadata"), "uid"));

			assert_null(json_object_get(seen, uid));
			json_object_set_new(seen, uid, json_true());
		}
		next = json_string_value(
		    json_object_get(json_object_get(page, "metadata"), "continue"));
		snprintf(from, sizeof(from), "%s", next == NULL ? "" : next);
		json_decref(page);
		free(reply.text);
		if (from[0] == '\0')
			break;
	}
	assert_int_equal(json_object_size(seen), total);
	json_decref(seen);
	bn_sim_stop(sim);
}

static void
argo_followed_log_ends_when_the_run_does(void **state)
{
	/* shop-orders is running at 03:12:44; its name is asked for while time stands still */
	struct bn_sim *sim = start("night", AT_0312, 0, NULL);
	struct reply reply = argo(sim, "/api/v1/workflows/orch?listOptions.labelSelector="
				       "workflows.argoproj.io%2Fphase%3DRunning,"
				       "workflows.argoproj.io%2Fcron-workflow%3Ding-shop-orders");
	json_t *page = body_json(&reply);
	const char *name = json_string_value(json_object_get(
	    json_object_get(json_array_get(json_object_get(page, "items"), 0), "metadata"),
	    "name"));
	char path[200];

	(void)state;
	assert_non_null(name);
	snprintf(path, sizeof(path), "/api/v1/workflows/orch/%s/log?logOptions.follow=true", name);
	free(reply.text);
	/* and it is done within four minutes: 60 times as fast */
	bn_sim_stop(sim);
	sim = start("night", AT_0312, 60, NULL);
	reply = argo(sim, path);
	assert_int_equal(reply.status, 200);
	assert_non_null(strstr(reply.body, "meltano-run: done"));
	assert_non_null(strstr(reply.body, "verify, try 1"));
	free(reply.text);
	json_decref(page);
	bn_sim_stop(sim);
}

static int
phase_after(struct reply *reply, const char *name, const char *phase)
{
	json_t *body = body_json(reply);
	int status = reply->status;

	if (name != NULL) {
		assert_string_equal(bn_json_str_at(body, "metadata/name"), name);
		assert_string_equal(bn_json_str_at(body, "status/phase"), phase);
	}
	json_decref(body);
	free(reply->text);
	return status;
}

/* The three writes there are; what they answer is the run they are about. */
static void
argo_retries_live_and_archived_runs_and_resubmits(void **state)
{
	static const char body[] = "{\"namespace\":\"orch\",\"name\":\"transform-hourly-28f6k\"}";
	struct bn_sim *sim = start("night", AT_0312, 0, NULL);
	struct reply reply = argo(sim, "/api/v1/archived-workflows?listOptions.labelSelector="
				       "workflows.argoproj.io%2Fphase%3DFailed&namespace=orch");
	json_t *page = body_json(&reply);
	json_t *items = json_object_get(page, "items"),
	       *last = json_array_get(items, json_array_size(items) - 1);
	const char *old = bn_json_str_at(last, "metadata/name"),
		   *uid = bn_json_str_at(last, "metadata/uid");
	char path[200], archived[300];

	(void)state;
	free(reply.text);
	snprintf(path, sizeof(path), "/api/v1/archived-workflows/%s/retry", uid);
	snprintf(archived, sizeof(archived),
		 "{\"uid\":\"%s\",\"namespace\":\"orch\",\"name\":\"%s\"}", uid, old);
	reply = argo_does(sim, "PUT", path, archived);
	assert_null(strstr(reply.text, uid)); /* another object, with a uid of its own */
	assert_int_equal(phase_after(&reply, old, "Running"), 200);
	reply = argo_does(sim, "PUT", path, archived); /* it is live now */
	assert_int_equal(phase_after(&reply, NULL, NULL), 409);
	snprintf(path, sizeof(path), "/api/v1/workflows/orch/transform-hourly-28f6k/retry");
	reply = argo_does(sim, "PUT", path, body);
	assert_int_equal(phase_after(&reply, "transform-hourly-28f6k", "Running"), 200);
	reply = argo_does(sim, "PUT", path, body); /* it runs */
	assert_int_equal(phase_after(&reply, NULL, NULL), 400);
	reply =
	    argo_does(sim, "PUT", "/api/v1/workflows/orch/transform-hourly-28f6k/resubmit", body);
	assert_int_equal(phase_after(&reply, "transform-hourly-r3", "Pending"), 200);
	assert_int_equal(bn_recorder_violations(bn_sim_requests(sim)), 0);
	/* and a parameter is what no right client sends */
	reply = argo_does(sim, "PUT", path,
			  "{\"name\":\"transform-hourly-28f6k\",\"parameters\":[\"a=b\"]}");
	free(reply.text);
	reply = argo_does(sim, "DELETE", "/api/v1/workflows/orch/transform-hourly-28f6k", "");
	assert_int_equal(reply.status, 403);
	free(reply.text);
	assert_int_equal(bn_recorder_violations(bn_sim_requests(sim)), 2);
	json_decref(page);
	bn_sim_stop(sim);
}

/* What is answered again from memory is what would be answered anew: it changes with an act, and with a fault. */
static void
the_same_question_is_answered_alike_until_something_changes(void **state)
{
	static const char list[] =
	    "/api/v1/workflows/orch?listOptions.labelSelector="
	    "workflows.argoproj.io%2Fphase%3DRunning&fields=items.metadata.name";
	static const char body[] = "{\"namespace\":\"orch\",\"name\":\"transform-hourly-28f6k\"}";
	struct bn_sim *sim = start("night", AT_0312, 0, NULL);
	struct bn_error err = {0};
	struct reply first = argo(sim, list), again = argo(sim, list), retry, after, hostile;

	(void)state;
	assert_string_equal(first.body, again.body);
	assert_null(strstr(first.body, "transform-hourly-28f6k"));
	retry = argo_does(sim, "PUT", "/api/v1/workflows/orch/transform-hourly-28f6k/retry", body);
	assert_int_equal(retry.status, 200);
	after = argo(sim, list);
	assert_non_null(strstr(after.body, "transform-hourly-28f6k"));
	assert_ok(bn_sim_fault(sim, "hostile=argo-prod", &err), &err);
	hostile = argo(sim, list);
	assert_string_not_equal(hostile.body, after.body);
	bn_sim_clear_faults(sim);
	free(again.text);
	again = argo(sim, list);
	assert_string_equal(again.body, after.body);
	free(first.text);
	free(again.text);
	free(retry.text);
	free(after.text);
	free(hostile.text);
	bn_sim_stop(sim);
}

static void
a_write_is_refused_and_marked(void **state)
{
	struct bn_sim *sim = start("night", AT_0312, 0, NULL);
	struct reply reply;

	(void)state;
	reply =
	    ask(sim, "prom", "POST", "/api/v1/query", "Content-Type: text/plain\r\n", "query=up");
	assert_int_equal(reply.status, 400);
	free(reply.text);
	reply = ask(sim, "prom", "DELETE", "/api/v1/alerts", "", "");
	assert_int_equal(reply.status, 405);
	free(reply.text);
	assert_int_equal(bn_recorder_violations(bn_sim_requests(sim)), 2);
	reply = ask(sim, "prom", "GET", "/api/v1/alerts", "", "");
	assert_int_equal(reply.status, 200);
	free(reply.text);
	assert_int_equal(bn_recorder_violations(bn_sim_requests(sim)), 2);
	bn_sim_stop(sim);
}

/* ---- Argo's Retry nodes ------------------------------------------------------------------------ */

static void
argo_flaky_task_is_a_retry_node_over_two_pods(void **state)
{
	struct bn_world *world = bn_world_new(BN_SIM_SEED, BN_W_STEADY);
	const struct bn_w_pipeline *pipeline = bn_world_find_pipeline(world, "transform-hourly");
	int64_t slot = bn_world_last_slot(pipeline, AT_0312);
	struct bn_w_run run;
	json_t *nodes, *node, *children, *first, *second;
	const char *id;
	int found = 0;

	(void)state;
	do
		bn_world_run(world, pipeline, slot--, &run);
	while (!run.flaky);
	nodes = bn_argo_nodes(world, &run, run.finished);
	json_object_foreach(nodes, id, node)
	{
		if (strcmp(json_string_value(json_object_get(node, "type")), "Retry") != 0)
			continue;
		children = json_object_get(node, "children");
		if (json_array_size(children) < 2)
			continue;
		found++;
		first = json_object_get(nodes, json_string_value(json_array_get(children, 0)));
		second = json_object_get(nodes, json_string_value(json_array_get(children, 1)));
		assert_string_equal(json_string_value(json_object_get(node, "phase")), "Succeeded");
		assert_string_equal(json_string_value(json_object_get(first, "phase")), "Failed");
		assert_string_equal(json_string_value(json_object_get(second, "phase")),
				    "Succeeded");
		assert_non_null(json_object_get(first, "message"));
	}
	assert_int_equal(found, 1);
	json_decref(nodes);
	bn_world_free(world);
}

/* ---- Airflow's lists and logins ------------------------------------------------------------------ */

/* A token of airflow-ml, as a header. */
static void
airflow_login(const struct bn_sim *sim, char out[256])
{
	char *file = bn_xasprintf("%s/secrets/airflow-ml", bn_sim_dir(sim)), secret[65] = "",
	     body[160];
	FILE *in = fopen(file, "re");
	struct reply reply;
	json_t *json;
	size_t n;

	assert_non_null(in);
	n = fread(secret, 1, 64, in);
	secret[n] = '\0';
	fclose(in);
	free(file);
	snprintf(body, sizeof(body), "{\"username\":\"binnacle\",\"password\":\"%s\"}", secret);
	reply = ask(sim, "airflow-ml", "POST", "/auth/token", "Content-Type: application/json\r\n",
		    body);
	assert_int_equal(reply.status, 201);
	json = body_json(&reply);
	snprintf(out, 256, "Authorization: Bearer %s\r\n",
		 json_string_value(json_object_get(json, "access_token")));
	json_decref(json);
	free(reply.text);
}

static json_t *
airflow_runs(const struct bn_sim *sim, const char *header, const char *query, json_int_t *total)
{
	char path[300];
	struct reply reply;
	json_t *json, *runs;

	snprintf(path, sizeof(path), "/api/v2/dags/~/dagRuns?%s", query);
	reply = ask(sim, "airflow-ml", "GET", path, header, "");
	assert_int_equal(reply.status, 200);
	json = body_json(&reply);
	*total = json_integer_value(json_object_get(json, "total_entries"));
	runs = json_incref(json_object_get(json, "dag_runs"));
	json_decref(json);
	free(reply.text);
	return runs;
}

static const char *
text_at(json_t *runs, size_t index, const char *member)
{
	return json_string_value(json_object_get(json_array_get(runs, index), member));
}

static void
airflow_lists_are_ordered_paged_and_filtered(void **state)
{
	struct bn_sim *sim = start("steady", AT_0312, 0, NULL);
	char header[256];
	json_int_t all, total;
	json_t *page, *next;
	size_t i;

	(void)state;
	airflow_login(sim, header);
	page = airflow_runs(sim, header, "limit=1000&order_by=-start_date", &all);
	assert_int_equal(all, 168 + 7); /* seven days of an hourly and a nightly DAG */
	assert_int_equal(json_array_size(page), 100); /* cut silently */
	for (i = 1; i < 100; i++)
		assert_true(
		    strcmp(text_at(page, i - 1, "start_date"), text_at(page, i, "start_date")) > 0);
	next = airflow_runs(sim, header, "limit=10&offset=50&order_by=-start_date", &total);
	assert_int_equal(total, all);
	assert_string_equal(text_at(next, 0, "dag_run_id"), text_at(page, 50, "dag_run_id"));
	json_decref(next);
	/* the oldest come first when nobody says how */
	next = airflow_runs(sim, header, "limit=2", &total);
	assert_true(strcmp(text_at(next, 0, "start_date"), text_at(next, 1, "start_date")) < 0);
	json_decref(next);
	next = airflow_runs(sim, header, "start_date_gte=2026-03-10T01%3A00%3A00Z&state=success",
			    &total);
	assert_in_range(total, 1, 3);
	json_decref(next);
	json_decref(page);
	bn_sim_stop(sim);
}

static void
airflow_queued_run_has_no_start_and_matches_no_start_filter(void **state)
{
	bn_time due =
	    BN_W_NIGHT + 3 * BN_W_HOUR + 9 * BN_W_MINUTE; /* ing-weather; starts 12 s later */
	struct bn_sim *sim = start("steady", due + 5 * BN_W_SECOND, 0, NULL);
	char header[256];
	json_int_t total;
	json_t *runs;

	(void)state;
	airflow_login(sim, header);
	runs = airflow_runs(sim, header, "state=queued", &total);
	assert_int_equal(total, 1);
	assert_true(json_is_null(json_object_get(json_array_get(runs, 0), "start_date")));
	json_decref(runs);
	runs = airflow_runs(sim, header, "state=queued&start_date_gte=2026-03-01T00%3A00%3A00Z",
			    &total);
	assert_int_equal(total, 0);
	json_decref(runs);
	bn_sim_stop(sim);
}

static void
airflow_token_is_good_for_as_many_requests_as_the_fault_says(void **state)
{
	struct bn_sim *sim = start("steady", AT_0312, 0, "expire=airflow-ml:2");
	static const int wanted[] = {200, 200, 401};
	char header[256];
	struct reply reply;
	size_t i;

	(void)state;
	airflow_login(sim, header);
	for (i = 0; i < 3; i++) {
		reply = ask(sim, "airflow-ml", "GET", "/api/v2/dags", header, "");
		assert_int_equal(reply.status, wanted[i]);
		free(reply.text);
	}
	airflow_login(sim, header);
	reply = ask(sim, "airflow-ml", "GET", "/api/v2/dags", header, "");
	assert_int_equal(reply.status, 200);
	free(reply.text);
	reply = ask(sim, "airflow-ml", "GET", "/api/v2/dags",
		    "Authorization: Bearer eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.2.00\r\n", "");
	assert_int_equal(reply.status, 401);
	free(reply.text);
	bn_sim_stop(sim);
}

/* ---- faults ------------------------------------------------------------------------------------
 */

static struct reply
alerts_under(const char *fault)
{
	struct bn_sim *sim = start("I5", BN_W_NIGHT + 4 * BN_W_HOUR, 0, fault);
	struct reply reply = ask(sim, "prom", "GET", "/api/v1/alerts", "", "");

	bn_sim_stop(sim);
	return reply;
}

static size_t
promised_length(const struct reply *reply)
{
	const char *at = strstr(reply->text, "Content-Length: ");

	assert_non_null(at);
	return (size_t)strtoul(at + 16, NULL, 10);
}

static void
faults_of_status_answer_with_that_status(void **state)
{
	static const struct {
		const char *fault;
		int status;
	} rows[] = {{"http=prom:502", 502},
		    {"401=prom", 401},
		    {"ratelimit=prom", 429},
		    {"401=argo-prod", 200}};
	struct reply reply;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		reply = alerts_under(rows[i].fault);
		assert_int_equal(reply.status, rows[i].status);
		assert_int_equal(strstr(reply.text, "Retry-After: 30") != NULL,
				 rows[i].status == 429);
		free(reply.text);
	}
}

static void
faults_of_bodies_break_them_as_they_say(void **state)
{
	struct reply whole = alerts_under("slow=argo-prod:1s"), reply;
	json_t *json;

	(void)state;
	json = body_json(&whole);
	json_decref(json);
	reply = alerts_under("garbage=prom");
	assert_null(json_loads(reply.body, 0, NULL));
	free(reply.text);
	reply = alerts_under("truncate=prom");
	assert_int_equal(reply.status, 200);
	assert_null(strstr(reply.text, "\r\n0\r\n"));
	free(reply.text);
	reply = alerts_under("lie=prom");
	assert_true(promised_length(&reply) > strlen(reply.body));
	assert_null(strstr(strstr(reply.text, "Content-Length: ") + 1, "Content-Length: "));
	free(reply.text);
	reply = alerts_under("drop=*");
	assert_int_equal(reply.size, 0);
	free(reply.text);
	free(whole.text);
}

static void
fault_endless_never_ends(void **state)
{
	struct bn_sim *sim = start("I5", 0, 0, "endless=prom");
	static const char request[] = "GET /api/v1/alerts HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = connect_to(bn_sim_port(sim, "prom"));
	struct reply reply;

	(void)state;
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
			 (ssize_t)strlen(request));
	read_reply(fd, 2u << 20, &reply);
	assert_true(reply.size >= 2u << 20);
	free(reply.text);
	bn_sim_stop(sim);
}

static void
fault_dead_holds_the_connection_until_the_face_stops(void **state)
{
	struct bn_sim *sim = start("I5", 0, 0, "dead=prom");
	static const char request[] = "GET /api/v1/alerts HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = connect_to(bn_sim_port(sim, "prom"));
	struct timeval moment = {0, 300000};
	char byte;

	(void)state;
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
			 (ssize_t)strlen(request));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	bn_sim_stop(sim); /* does not hang */
	close(fd);
}

static void
fault_hostile_text_is_stripped_from_what_comes_back(void **state)
{
	struct bn_sim *sim = start("night", AT_0312, 0, "hostile=argo-prod");
	struct reply reply = argo(sim, "/api/v1/cron-workflows/orch?listOptions.limit=1");
	json_t *page = body_json(&reply);
	const char *name = json_string_value(json_object_get(
	    json_object_get(json_array_get(json_object_get(page, "items"), 0), "metadata"),
	    "name"));
	struct bn_buf path = BN_BUF_INIT(0);
	const unsigned char *c;

	(void)state;
	assert_non_null(strstr(name, "\x1b]0;"));
	assert_non_null(strstr(name, "\xe2\x80\xae"));
	bn_buf_adds(&path, "/api/v1/cron-workflows/orch/");
	for (c = (const unsigned char *)name; *c != '\0'; c++)
		bn_buf_addf(&path, "%%%02X", *c);
	free(reply.text);
	reply = argo(sim, path.data);
	assert_int_equal(reply.status, 200);
	free(reply.text);
	bn_buf_free(&path);
	json_decref(page);
	bn_sim_stop(sim);
}

static void
faults_can_be_switched_while_it_runs(void **state)
{
	struct bn_sim *sim = start("night", AT_0312, 0, NULL);
	struct bn_error err = {0};
	struct reply reply;

	(void)state;
	assert_ok(bn_sim_fault(sim, "http=prom:503", &err), &err);
	reply = ask(sim, "prom", "GET", "/api/v1/alerts", "", "");
	assert_int_equal(reply.status, 503);
	free(reply.text);
	bn_sim_clear_faults(sim);
	reply = ask(sim, "prom", "GET", "/api/v1/alerts", "", "");
	assert_int_equal(reply.status, 200);
	free(reply.text);
	assert_fails_with(BN_EINVAL, bn_sim_fault(sim, "http=nobody:503", &err));
	assert_fails_with(BN_EINVAL, bn_sim_fault(sim, "http=prom", &err));
	assert_fails_with(BN_EINVAL, bn_sim_fault(sim, "http=prom:99", &err));
	assert_fails_with(BN_EINVAL, bn_sim_fault(sim, "dead=prom:3", &err));
	assert_fails_with(BN_EINVAL, bn_sim_fault(sim, "nonsense", &err));
	bn_sim_stop(sim);
}

/* ---- what it leaves ----------------------------------------------------------------------------
 */

static void
sim_directory_is_private_and_gone_afterwards(void **state)
{
	struct bn_sim *sim = start("night", AT_0312, 0, NULL);
	char *dir = bn_xstrdup(bn_sim_dir(sim)),
	     *secret = bn_xasprintf("%s/secrets/argo-prod", dir);
	struct stat status;

	(void)state;
	assert_int_equal(stat(dir, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(stat(secret, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_null(strstr(bn_sim_config_text(sim), "password ="));
	bn_sim_stop(sim);
	assert_int_equal(stat(dir, &status), -1);
	free(secret);
	free(dir);
}

static void
sim_unknown_scenario_is_refused_with_what_there_is(void **state)
{
	struct bn_sim_options options = {.scenario = "I9"};
	struct bn_error err = {0};
	struct bn_sim *sim = NULL;

	(void)state;
	assert_fails_with(BN_EINVAL, bn_sim_start(&sim, &options, &err));
	assert_null(sim);
	assert_non_null(strstr(err.hint, "I1-bad-sql"));
}

static void
repos_merge_2207_is_on_main_with_its_file(void **state)
{
	struct bn_sim *sim = start("night", AT_0312, 0, NULL);
	char *path = bn_xasprintf("%s/repos/transform-dbt.git", bn_sim_dir(sim));
	git_repository *repo = NULL;
	git_commit *head = NULL;
	git_oid id;

	(void)state;
	git_libgit2_init();
	assert_int_equal(git_repository_open(&repo, path), 0);
	assert_int_equal(git_reference_name_to_id(&id, repo, "refs/heads/main"), 0);
	assert_int_equal(git_commit_lookup(&head, repo, &id), 0);
	assert_int_equal(git_commit_time(head), BN_W_NIGHT / 1000 + 2 * 3600 + 51 * 60 + 3);
	assert_string_equal(git_commit_author(head)->name, "dev-mo");
	assert_non_null(strstr(git_commit_message(head), "harbourline/transform-dbt!2207"));
	assert_int_equal(git_commit_parentcount(head), 2);
	git_commit_free(head);
	git_repository_free(repo);
	git_libgit2_shutdown();
	free(path);
	bn_sim_stop(sim);
}

static bool
head_says(const struct bn_sim *sim, const char *name, const char *words)
{
	char *path = bn_xasprintf("%s/repos/%s", bn_sim_dir(sim), name);
	git_repository *repo = NULL;
	git_commit *head = NULL;
	git_oid id;
	bool says;

	assert_int_equal(git_repository_open(&repo, path), 0);
	assert_int_equal(git_reference_name_to_id(&id, repo, "refs/heads/main"), 0);
	assert_int_equal(git_commit_lookup(&head, repo, &id), 0);
	says = strstr(git_commit_message(head), words) != NULL;
	git_commit_free(head);
	git_repository_free(repo);
	free(path);
	return says;
}

/* What makes Flink restart is merged where it restarts, is a change of a file, and defines what Flink makes. */
static void
repos_merge_77_where_flink_is_updated_for_it(void **state)
{
	const bn_time after = BN_W_NIGHT + 3 * BN_W_HOUR + 28 * BN_W_MINUTE;
	static const char *const scenarios[] = {"I4", "steady"};
	const json_t *change, *found;
	size_t i, k;

	(void)state;
	git_libgit2_init();
	for (i = 0; i < 2; i++) {
		struct bn_sim *sim = start(scenarios[i], after, 0, NULL);
		char *text = bn_sim_facts(sim, 0);
		json_t *facts = json_loads(text, 0, NULL);

		found = NULL;
		json_array_foreach(json_object_get(facts, "changes"), k, change)
		{
			if (strcmp(bn_json_str_at(change, "ref"), "infra-tf#77") == 0)
				found = change;
		}
		assert_true(head_says(sim, "infra-tf.git", "#77") == (i == 0));
		assert_true((found != NULL) == (i == 0));
		if (found != NULL) {
			assert_string_equal(bn_json_str_at(found, "path"), BN_W_FLINK_FILE);
			assert_string_equal(bn_json_str_at(found, "at"), "2026-03-10T03:27:00Z");
			assert_true(json_array_size(json_object_get(found, "defines")) >= 6);
		}
		json_decref(facts);
		free(text);
		bn_sim_stop(sim);
	}
	git_libgit2_shutdown();
}

static void
nap(void)
{
	const struct timespec moment = {0, 10 * 1000000L};

	nanosleep(&moment, NULL);
}

static void
repos_merge_what_becomes_due_while_it_runs(void **state)
{
	bn_time before =
	    BN_W_NIGHT + 3 * BN_W_HOUR + 31 * BN_W_MINUTE; /* 20 s before meltano!389 */
	struct bn_sim *sim = start("night", before, 60, NULL);
	int patience = 1000;

	(void)state;
	git_libgit2_init();
	while (!head_says(sim, "pipelines-meltano.git", "!389") && patience-- > 0)
		nap();
	assert_true(patience > 0);
	git_libgit2_shutdown();
	bn_sim_stop(sim);
}

static void
put(const char *dir, const char *name, const char *text)
{
	char *path = bn_xasprintf("%s/%s", dir, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

static void
published_directory_takes_faults_and_gives_facts(void **state)
{
	char dir[] = "/tmp/binnacle-sim-test-XXXXXX", *demo, *path;
	struct bn_sim_options options = {.at = AT_0312, .speed = 60, .speed_given = true};
	struct bn_error err = {0};
	struct bn_sim *sim = NULL;
	struct reply reply = {0};
	int patience = 1000, status = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	demo = bn_xasprintf("%s/demo", dir);
	options.dir = demo;
	assert_ok(bn_sim_start(&sim, &options, &err), &err);
	assert_ok(bn_sim_publish(sim, &err), &err);
	put(demo, "faults", "http=prom:503\n");
	while (status != 503 && patience-- > 0) {
		reply = ask(sim, "prom", "GET", "/api/v1/alerts", "", "");
		status = reply.status;
		free(reply.text);
		nap();
	}
	assert_int_equal(status, 503);
	path = bn_xasprintf("%s/want-facts", demo);
	put(demo, "want-facts", "");
	while (access(path, F_OK) == 0 && patience-- > 0)
		nap();
	assert_int_not_equal(access(path, F_OK), 0);
	bn_sim_stop(sim);
	/* the directory is given back, and may be used by the next demo */
	assert_ok(bn_sim_start(&sim, &options, &err), &err);
	bn_sim_stop(sim);
	free(path);
	path = bn_xasprintf("rm -rf %s", dir);
	assert_int_equal(system(path), 0);
	free(path);
	free(demo);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(world_dbt_graph_has_the_layers_and_depths_of_the_page),
    cmocka_unit_test(world_same_seed_tells_the_same_other_seed_another),
    cmocka_unit_test(world_i1_fails_three_skips_37_and_heals_at_0405),
    cmocka_unit_test(world_bad_sql_stays_red_run_after_run),
    cmocka_unit_test(world_i5_fires_the_alert_and_slows_the_probe),
    cmocka_unit_test(mask_keeps_named_members_and_drops_excluded_ones),
    cmocka_unit_test(selector_follows_kubernetes),
    cmocka_unit_test(promql_evaluates_what_the_demo_writes),
    cmocka_unit_test(promql_looks_back_and_stretches_like_the_real_server),
    cmocka_unit_test(argo_without_a_token_is_refused_and_recorded),
    cmocka_unit_test(argo_pages_cover_every_run_once),
    cmocka_unit_test(argo_followed_log_ends_when_the_run_does),
    cmocka_unit_test(argo_retries_live_and_archived_runs_and_resubmits),
    cmocka_unit_test(the_same_question_is_answered_alike_until_something_changes),
    cmocka_unit_test(a_write_is_refused_and_marked),
    cmocka_unit_test(argo_flaky_task_is_a_retry_node_over_two_pods),
    cmocka_unit_test(airflow_lists_are_ordered_paged_and_filtered),
    cmocka_unit_test(airflow_queued_run_has_no_start_and_matches_no_start_filter),
    cmocka_unit_test(airflow_token_is_good_for_as_many_requests_as_the_fault_says),
    cmocka_unit_test(faults_of_status_answer_with_that_status),
    cmocka_unit_test(faults_of_bodies_break_them_as_they_say),
    cmocka_unit_test(fault_endless_never_ends),
    cmocka_unit_test(fault_dead_holds_the_connection_until_the_face_stops),
    cmocka_unit_test(fault_hostile_text_is_stripped_from_what_comes_back),
    cmocka_unit_test(faults_can_be_switched_while_it_runs),
    cmocka_unit_test(sim_directory_is_private_and_gone_afterwards),
    cmocka_unit_test(sim_unknown_scenario_is_refused_with_what_there_is),
    cmocka_unit_test(repos_merge_2207_is_on_main_with_its_file),
    cmocka_unit_test(repos_merge_77_where_flink_is_updated_for_it),
    cmocka_unit_test(repos_merge_what_becomes_due_while_it_runs),
    cmocka_unit_test(published_directory_takes_faults_and_gives_facts),
};

BN_TEST_MAIN(tests)
