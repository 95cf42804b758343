/* sim.c - starts and stops the demo: world, faces, repositories, secrets, configuration. */
/* SPDX-License-Identifier: MIT */
#include "sim/sim.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/error.h"
#include "base/memory.h"
#include "sim/certificate.h"
#include "sim/facts.h"
#include "sim/sim_room.h"

const struct bn_sim_scenario bn_sim_scenarios[] = {
    {"night",
     "the night of 2026-03-10: I2 at 02:38, I1 at 03:05, I3 at 03:24, I4 at 03:28, I5 at 03:52",
     BN_SIM_START},
    {"steady", "nothing happens but what always does", BN_SIM_START},
    {"I1", "forty red: a lost driver fails 3 transformations and 37 behind them; 04:05 heals it",
     BN_SIM_START},
    {"I1-bad-sql", "one transformation fails from a bad change and stays red", BN_SIM_START},
    {"I5", "morning load: three times the traffic on api-lpo-quote from 03:52",
     BN_W_NIGHT + 3 * BN_W_HOUR + 55 * BN_W_MINUTE},
    {"I4",
     "lost minutes: a Flink update delays five windows at 03:29, a surge from 03:44 hits the "
     "ceiling",
     BN_W_NIGHT + 3 * BN_W_HOUR + 48 * BN_W_MINUTE + 10 * BN_W_SECOND},
    {"I2", "a model is trained at 02:38 and never deployed", BN_SIM_START},
    {"I3", "a bad champion takes all of product-recs' traffic at 03:24",
     BN_W_NIGHT + 3 * BN_W_HOUR + 30 * BN_W_MINUTE},
    {NULL, NULL, 0},
};
static const enum bn_w_scenario scenarios[] = {
    BN_W_NIGHT_SCRIPT, BN_W_STEADY, BN_W_I1, BN_W_I1_BAD_SQL, BN_W_I5, BN_W_I4, BN_W_I2, BN_W_I3};

const char *const bn_sim_names[NAMES + 1] = {
    "argo-prod", "airflow-legacy", "airflow-ml", "prom", "alerts",
    "mlflow",	 "probes",	   "probes",	 "recs", NULL};
static const struct {
	bn_web_handler *handler, *refuse;
} handlers[FACES] = {
    [ARGO] = {bn_face_argo, bn_face_argo_refuse},
    [AIRFLOW2] = {bn_face_airflow2, bn_face_airflow2_refuse},
    [AIRFLOW3] = {bn_face_airflow3, bn_face_airflow3_refuse},
    [PROMETHEUS] = {bn_face_prometheus, bn_face_prometheus_refuse},
    [ALERTMANAGER] = {bn_face_alertmanager, bn_face_alertmanager_refuse},
    [MLFLOW] = {bn_face_mlflow, bn_face_mlflow_refuse},
    [PROBES] = {bn_face_http, bn_face_http_refuse},
    [PROBES_TLS] = {bn_face_http, bn_face_http_refuse},
};

/* ---- life ------------------------------------------------------------------ */

static int
find_scenario(const char *name, struct bn_error *err)
{
	int i;

	for (i = 0; name != NULL && bn_sim_scenarios[i].name != NULL; i++) {
		if (strcmp(bn_sim_scenarios[i].name, name) == 0)
			return i;
	}
	if (name == NULL)
		return 0;
	bn_fail(err, BN_EINVAL, "%s: no such scenario", name);
	return bn_hint(err, "there are night, steady, I1, I1-bad-sql, I5, I4, I2, I3");
}

/* Clients hold it against the real clock, what they show is told by the world's: it must be good on
 * both. */
static int
make_certificate(struct bn_sim *sim, struct bn_error *err)
{
	bn_time now = (bn_time)time(NULL) * 1000, world = bn_clock_now(&sim->clock);
	int rc;

	if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
		return BN_OK;
	now = (now > world ? now : world) / BN_W_DAY * BN_W_DAY;
	sim->certificate_expires = now + 61 * BN_W_DAY;
	rc = bn_certificate_make(&sim->key_pem, &sim->certificate_pem, sim->certificate_expires,
				 err);
	return rc == BN_OK ? bn_sim_write_file(sim, "ca.pem", sim->certificate_pem, err) : rc;
}

static int
start_faces(struct bn_sim *sim, struct bn_error *err)
{
	struct bn_web_options options;
	int i, rc = BN_OK;

	for (i = 0; i < FACES && rc == BN_OK; i++) {
		memset(&options, 0, sizeof(options));
		options.name = bn_sim_names[i];
		options.world = sim->world;
		options.clock = &sim->clock;
		options.faults = sim->faults;
		options.recorder = sim->recorder;
		options.handler = handlers[i].handler;
		options.refuse = handlers[i].refuse;
		options.payload = &sim->login[i];
		if (i == PROBES_TLS) {
			if (sim->certificate_expires == 0)
				continue;
			options.key_pem = sim->key_pem;
			options.certificate_pem = sim->certificate_pem;
		}
		rc = bn_web_start(&sim->web[i], &options, err);
	}
	if (rc == BN_OK)
		rc = bn_wire_start(&sim->redis,
				   &(struct bn_wire_options){.name = bn_sim_names[REDIS],
							     .world = sim->world,
							     .clock = &sim->clock,
							     .faults = sim->faults,
							     .recorder = sim->recorder,
							     .handler = bn_face_redis,
							     .payload = &sim->login[REDIS]},
				   err);
	return rc;
}

static int
start_all(struct bn_sim *sim, const struct bn_sim_options *options, struct bn_error *err)
{
	int rc = BN_OK;
	size_t i;

	for (i = 0; options->faults != NULL && options->faults[i] != NULL && rc == BN_OK; i++)
		rc = bn_faults_add(sim->faults, options->faults[i], bn_sim_names, err);
	if (rc == BN_OK)
		rc = bn_sim_open_dir(sim, options->dir, err);
	if (rc == BN_OK)
		rc = bn_recorder_open(&sim->recorder, options->record, err);
	if (rc == BN_OK)
		rc = bn_sim_make_logins(sim, err);
	if (rc == BN_OK)
		rc = bn_world_repos_make(&sim->repos, sim->dir, sim->world,
					 bn_clock_now(&sim->clock), err);
	if (rc == BN_OK)
		rc = make_certificate(sim, err);
	if (rc == BN_OK)
		rc = start_faces(sim, err);
	if (rc == BN_OK)
		rc = bn_sim_start_ticker(sim, err);
	return rc;
}

int
bn_sim_start(struct bn_sim **out, const struct bn_sim_options *options, struct bn_error *err)
{
	int scenario = find_scenario(options->scenario, err), rc;
	struct bn_sim *sim;
	sigset_t all, before;

	*out = NULL;
	if (scenario < 0)
		return scenario;
	sim = bn_xcalloc(1, sizeof(*sim));
	sim->wake = sim->notify = -1;
	sim->world =
	    bn_world_new(options->seed == 0 ? BN_SIM_SEED : options->seed, scenarios[scenario]);
	bn_clock_set(&sim->clock, options->at != 0 ? options->at : bn_sim_scenarios[scenario].at,
		     options->speed_given ? options->speed : 1);
	sim->faults = bn_faults_new();
	/* threads started from here on inherit the mask */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = start_all(sim, options, err);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != BN_OK) {
		bn_sim_stop(sim);
		return rc;
	}
	bn_sim_configure(sim);
	*out = sim;
	return BN_OK;
}

void
bn_sim_stop(struct bn_sim *sim)
{
	int i;

	if (sim == NULL)
		return;
	bn_sim_stop_ticker(sim);
	for (i = 0; i < FACES; i++)
		bn_web_stop(sim->web[i]);
	bn_wire_stop(sim->redis);
	bn_world_repos_free(sim->repos);
	bn_recorder_close(sim->recorder);
	bn_faults_free(sim->faults);
	bn_world_free(sim->world);
	if (atomic_load(&sim->published)) {
		char *pid = bn_xasprintf("%s/pid", sim->dir);

		unlink(pid);
		free(pid);
	}
	if (sim->own_dir)
		bn_sim_remove_tree(sim->dir);
	free(sim->key_pem);
	free(sim->certificate_pem);
	free(sim->dir);
	free(sim->config);
	free(sim);
}

const char *
bn_sim_config_text(const struct bn_sim *sim)
{
	return sim->config;
}

char *
bn_sim_facts(const struct bn_sim *sim, bn_time at)
{
	return bn_facts_text(sim->world, at == 0 ? bn_clock_now(&sim->clock) : at,
			     sim->certificate_expires);
}

const struct bn_recorder *
bn_sim_requests(const struct bn_sim *sim)
{
	return sim->recorder;
}

const struct bn_clock *
bn_sim_clock(const struct bn_sim *sim)
{
	return &sim->clock;
}

const char *
bn_sim_dir(const struct bn_sim *sim)
{
	return sim->dir;
}

int
bn_sim_port(const struct bn_sim *sim, const char *face)
{
	int i;

	for (i = 0; i < FACES; i++) {
		if (strcmp(bn_sim_names[i], face) == 0)
			return bn_web_port(sim->web[i]);
	}
	if (strcmp(bn_sim_names[REDIS], face) == 0)
		return bn_wire_port(sim->redis);
	return 0;
}

int
bn_sim_fault(struct bn_sim *sim, const char *fault, struct bn_error *err)
{
	return bn_faults_add(sim->faults, fault, bn_sim_names, err);
}

void
bn_sim_clear_faults(struct bn_sim *sim)
{
	bn_faults_clear(sim->faults);
}

int
bn_sim_publish(struct bn_sim *sim, struct bn_error *err)
{
	char text[128], *facts = bn_sim_facts(sim, 0);
	int rc;

	rc = bn_sim_write_file(sim, "config", sim->config, err);
	if (rc == BN_OK)
		rc = bn_sim_write_file(sim, "facts.json", facts, err);
	bn_clock_export(&sim->clock, text, sizeof(text) - 1);
	strcat(text, "\n");
	if (rc == BN_OK)
		rc = bn_sim_write_file(sim, "clock", text, err);
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (rc == BN_OK)
		rc = bn_sim_write_file(sim, "pid", text, err);
	if (rc == BN_OK)
		atomic_store(&sim->published, true);
	free(facts);
	return rc;
}
