/* sim.c - starts and stops the demo: world, faces, repositories, secrets, configuration. */
/* SPDX-License-Identifier: MIT */
#include "sim/sim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/error.h"
#include "base/memory.h"
#include "sim/certificate.h"
#include "sim/face.h"
#include "sim/facts.h"
#include "sim/repos.h"

const struct bn_sim_scenario bn_sim_scenarios[] = {
    {"night", "the night of 2026-03-10: I1 at 03:05, I5 at 03:52", BN_SIM_START},
    {"steady", "nothing happens but what always does", BN_SIM_START},
    {"I1", "forty red: a lost driver fails 3 transformations and 37 behind them; 04:05 heals it",
     BN_SIM_START},
    {"I1-bad-sql", "one transformation fails from a bad change and stays red", BN_SIM_START},
    {"I5", "morning load: three times the traffic on api-lpo-quote from 03:52",
     BN_W_NIGHT + 3 * BN_W_HOUR + 55 * BN_W_MINUTE},
    {NULL, NULL, 0},
};
static const enum bn_w_scenario scenarios[] = {BN_W_NIGHT_SCRIPT, BN_W_STEADY, BN_W_I1,
					       BN_W_I1_BAD_SQL, BN_W_I5};

enum { ARGO, AIRFLOW2, AIRFLOW3, PROMETHEUS, PROBES, PROBES_TLS, FACES };
/* The nine APIs are one source, behind two addresses. */
static const char *const names[FACES + 1] = {"argo-prod", "airflow-legacy", "airflow-ml", "prom",
					     "probes",	  "probes",	    NULL};
static const struct {
	bn_web_handler *handler, *refuse;
} handlers[FACES] = {
    [ARGO] = {bn_face_argo, bn_face_argo_refuse},
    [AIRFLOW2] = {bn_face_airflow2, bn_face_airflow2_refuse},
    [AIRFLOW3] = {bn_face_airflow3, bn_face_airflow3_refuse},
    [PROMETHEUS] = {bn_face_prometheus, bn_face_prometheus_refuse},
    [PROBES] = {bn_face_http, bn_face_http_refuse},
    [PROBES_TLS] = {bn_face_http, bn_face_http_refuse},
};

struct bn_sim {
	struct bn_world *world;
	struct bn_clock clock;
	struct bn_faults *faults;
	struct bn_recorder *recorder;
	struct bn_web *web[FACES];
	struct bn_face_login login[FACES];
	char *key_pem, *certificate_pem;
	bn_time certificate_expires; /* 0: libmicrohttpd has no TLS here, all is plain */
	struct bn_world_repos *repos;
	char *dir;
	bool own_dir; /* made by us, to be removed */
	char *config;
	pthread_t ticker;
	bool ticking;
	int wake, notify; /* eventfd that ends the ticker, inotify on the directory; -1: none */
	atomic_bool stopping, published;
};

/* ---- files ----------------------------------------------------------------- */

static int
make_dir(const char *path, struct bn_error *err)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return bn_fail(err, BN_EIO, "demo: cannot make %s: %s", path, strerror(errno));
	return BN_OK;
}

/* Written beside and renamed, so that nobody reads half of it. */
static int
write_file(const struct bn_sim *sim, const char *name, const char *text, struct bn_error *err)
{
	char *path = bn_xasprintf("%s/%s", sim->dir, name), *beside = bn_xasprintf("%s.new", path);
	int rc = BN_OK,
	    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t size = (ssize_t)strlen(text);

	if (fd < 0 || write(fd, text, (size_t)size) != size || rename(beside, path) != 0)
		rc = bn_fail(err, BN_EIO, "demo: cannot write %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(beside);
	free(path);
	return rc;
}

static void
remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat status;
	char *below;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		below = bn_xasprintf("%s/%s", path, entry->d_name);
		if (lstat(below, &status) == 0 && S_ISDIR(status.st_mode))
			remove_tree(below);
		else
			unlink(below);
		free(below);
	}
	closedir(dir);
	rmdir(path);
}

#define MARK ".binnacle-demo"

/* A directory that is there already must be an earlier demo's: then its repositories and what was
 * seen of its world make room. */
static int
claim_dir(const struct bn_sim *sim, struct bn_error *err)
{
	char *mark = bn_xasprintf("%s/" MARK, sim->dir);
	char *repos = bn_xasprintf("%s/repos", sim->dir);
	char *state = bn_xasprintf("%s/state", sim->dir);
	int rc = make_dir(sim->dir, err);

	if (rc == BN_OK && access(mark, F_OK) == 0) {
		remove_tree(repos);
		remove_tree(state);
	} else if (rc == BN_OK && (access(repos, F_OK) == 0 || access(state, F_OK) == 0)) {
		rc = bn_fail(err, BN_EIO, "demo: %s is in use and no demo's", sim->dir);
		bn_hint(err, "name a directory that is empty or not there");
	}
	if (rc == BN_OK)
		rc = write_file(sim, MARK, "", err);
	free(mark);
	free(repos);
	free(state);
	return rc;
}

static int
open_dir(struct bn_sim *sim, const char *given, struct bn_error *err)
{
	const char *base = getenv("TMPDIR");
	char cwd[4096];

	if (given == NULL) {
		sim->dir = bn_xasprintf("%s/binnacle-demo-XXXXXX",
					base == NULL || *base == '\0' ? "/tmp" : base);
		if (mkdtemp(sim->dir) == NULL)
			return bn_fail(err, BN_EIO, "demo: cannot make %s: %s", sim->dir,
				       strerror(errno));
		sim->own_dir = true;
		return BN_OK;
	}
	/* the configuration holds absolute paths: whoever reads it may stand elsewhere */
	if (*given != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
		sim->dir = bn_xasprintf("%s/%s", cwd, given);
	else
		sim->dir = bn_xstrdup(given);
	return claim_dir(sim, err);
}

/* ---- logins and configuration ---------------------------------------------- */

static int
make_logins(struct bn_sim *sim, struct bn_error *err)
{
	char *secrets = bn_xasprintf("%s/secrets", sim->dir);
	int rc = make_dir(secrets, err), i;

	for (i = 0; i < FACES; i++) {
		memcpy(sim->login[i].user, "binnacle", 9);
		bn_uuid_hex(sim->login[i].token);
		bn_uuid_hex(sim->login[i].password);
		atomic_init(&sim->login[i].issued, 0);
		atomic_init(&sim->login[i].used, 0);
	}
	if (rc == BN_OK)
		rc = write_file(sim, "secrets/argo-prod", sim->login[ARGO].token, err);
	if (rc == BN_OK)
		rc = write_file(sim, "secrets/airflow-legacy", sim->login[AIRFLOW2].password, err);
	if (rc == BN_OK)
		rc = write_file(sim, "secrets/airflow-ml", sim->login[AIRFLOW3].password, err);
	free(secrets);
	return rc;
}

static void
configure_sources(const struct bn_sim *sim, struct bn_buf *out)
{
	bn_buf_addf(out,
		    "[source \"argo-prod\"]\n\ttype = argo-workflows\n\turl = http://127.0.0.1:%d\n"
		    "\tnamespace = " BN_FACE_NAMESPACE
		    "\n\ttoken-file = %s/secrets/argo-prod\n\tinterval = 10s\n",
		    bn_web_port(sim->web[ARGO]), sim->dir);
	bn_buf_addf(
	    out,
	    "[source \"airflow-legacy\"]\n\ttype = airflow\n\turl = http://127.0.0.1:%d\n"
	    "\tuser = binnacle\n\tpassword-file = %s/secrets/airflow-legacy\n\tinterval = 15s\n",
	    bn_web_port(sim->web[AIRFLOW2]), sim->dir);
	bn_buf_addf(
	    out,
	    "[source \"airflow-ml\"]\n\ttype = airflow\n\turl = http://127.0.0.1:%d\n"
	    "\tuser = binnacle\n\tpassword-file = %s/secrets/airflow-ml\n\tinterval = 15s\n",
	    bn_web_port(sim->web[AIRFLOW3]), sim->dir);
	bn_buf_addf(out,
		    "[source \"prom\"]\n\ttype = prometheus\n\turl = "
		    "http://127.0.0.1:%d\n\tinterval = 15s\n",
		    bn_web_port(sim->web[PROMETHEUS]));
	bn_buf_adds(out, "[source \"probes\"]\n\ttype = http\n\tinterval = 15s\n");
}

static void
configure_api(const struct bn_sim *sim, const struct bn_w_api *api, struct bn_buf *out)
{
	static const struct {
		const char *as, *series, *unit, *scale;
	} queries[] = {
	    {"rps", "app:http_requests:rate1m", "1/s", "1"},
	    {"error-rate", "app:http_errors:ratio1m", "%", "100"},
	    {"p50", "app:http_latency_seconds:p50", "ms", "1000"},
	    {"p95", "app:http_latency_seconds:p95", "ms", "1000"},
	    {"p99", "app:http_latency_seconds:p99", "ms", "1000"},
	};
	bool tls = api->tls && sim->certificate_expires != 0;
	size_t i;

	bn_buf_addf(out,
		    "[endpoint \"%s\"]\n\turl = %s://127.0.0.1:%d%s\n\tassert = status 200\n"
		    "\tassert = json .generated_at age < 24h\n\tslo-p99 = %dms\n\towner = %s\n",
		    api->name, tls ? "https" : "http",
		    bn_web_port(sim->web[tls ? PROBES_TLS : PROBES]), api->path, api->slo,
		    api->owner);
	if (tls)
		bn_buf_addf(out, "\tca-file = %s/ca.pem\n", sim->dir);
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		bn_buf_addf(out,
			    "[query \"%s %s\"]\n\tquery = %s{app=\\\"%s\\\"}\n\tfor = endpoint/%s\n"
			    "\tas = %s\n\tunit = %s\n\tscale = %s\n",
			    api->name, queries[i].as, queries[i].series, api->name, api->name,
			    queries[i].as, queries[i].unit, queries[i].scale);
}

static void
configure(struct bn_sim *sim)
{
	struct bn_buf out = BN_BUF_INIT(0);
	const struct bn_w_api *api;
	size_t i;

	bn_buf_adds(&out,
		    "# Harbourline: what the demo shows; every face listens on loopback only\n"
		    "[ui]\n\tcontext = harbourline-prod\n");
	configure_sources(sim, &out);
	for (i = 0; (api = bn_world_api(i)) != NULL; i++)
		configure_api(sim, api, &out);
	bn_world_repos_configure(sim->repos, &out);
	bn_facts_links(sim->world, &out);
	sim->config = bn_buf_take(&out);
}

/* ---- the ticker ------------------------------------------------------------------------------ */

static void
read_faults(struct bn_sim *sim)
{
	char *path = bn_xasprintf("%s/faults", sim->dir), line[256];
	FILE *file = fopen(path, "re");

	free(path);
	if (file == NULL)
		return;
	bn_faults_clear(sim->faults);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			bn_faults_add(sim->faults, line, names, NULL);
	}
	fclose(file);
}

/* Somebody made DIR/want-facts; that it is gone tells that facts.json is of now. */
static void
give_facts(struct bn_sim *sim)
{
	char *facts = bn_sim_facts(sim, 0), *want = bn_xasprintf("%s/want-facts", sim->dir);

	write_file(sim, "facts.json", facts, NULL);
	unlink(want);
	free(want);
	free(facts);
}

static void
read_notices(struct bn_sim *sim)
{
	union {
		struct inotify_event event; /* for its alignment */
		char bytes[4096];
	} buffer;
	const struct inotify_event *event;
	bool faults = false, want = false;
	ssize_t size, at = 0;

	size = read(sim->notify, buffer.bytes, sizeof(buffer.bytes));
	while (size > 0 && at < size) {
		event = (const void *)(buffer.bytes + at);
		faults |= event->len > 0 && strcmp(event->name, "faults") == 0;
		want |= event->len > 0 && strcmp(event->name, "want-facts") == 0;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (faults)
		read_faults(sim);
	if (want)
		give_facts(sim);
}

/* Real ms until somebody merges the next change; -1: for ever. */
static int
until_next_change(const struct bn_sim *sim)
{
	bn_time next = bn_world_repos_next(sim->repos);
	double wait;

	if (next == 0 || sim->clock.speed <= 0)
		return -1;
	wait = (double)(next - bn_clock_now(&sim->clock)) / sim->clock.speed;
	return wait < 1 ? 1 : wait > 1e8 ? 100000000 : (int)wait + 1;
}

/* Merges what is due into the repositories and serves the published directory; sleeps otherwise. */
static void *
tick(void *payload)
{
	struct bn_sim *sim = payload;
	struct pollfd fds[2] = {{sim->wake, POLLIN, 0}, {sim->notify, POLLIN, 0}};

	while (!atomic_load(&sim->stopping)) {
		if (poll(fds, 2, until_next_change(sim)) > 0 && (fds[1].revents & POLLIN) != 0)
			read_notices(sim);
		bn_world_repos_advance(sim->repos, bn_clock_now(&sim->clock), NULL);
	}
	return NULL;
}

static int
start_ticker(struct bn_sim *sim, struct bn_error *err)
{
	sim->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sim->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (sim->wake < 0 || sim->notify < 0 ||
	    inotify_add_watch(sim->notify, sim->dir, IN_CLOSE_WRITE | IN_MOVED_TO) < 0 ||
	    pthread_create(&sim->ticker, NULL, tick, sim) != 0)
		return bn_fail(err, BN_EIO, "demo: cannot start a thread: %s", strerror(errno));
	sim->ticking = true;
	return BN_OK;
}

static void
stop_ticker(struct bn_sim *sim)
{
	atomic_store(&sim->stopping, true);
	if (sim->ticking) {
		eventfd_write(sim->wake, 1);
		pthread_join(sim->ticker, NULL);
	}
	if (sim->wake >= 0)
		close(sim->wake);
	if (sim->notify >= 0)
		close(sim->notify);
}

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
	return bn_hint(err, "there are night, steady, I1, I1-bad-sql, I5");
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
	return rc == BN_OK ? write_file(sim, "ca.pem", sim->certificate_pem, err) : rc;
}

static int
start_faces(struct bn_sim *sim, struct bn_error *err)
{
	struct bn_web_options options;
	int i, rc = BN_OK;

	for (i = 0; i < FACES && rc == BN_OK; i++) {
		memset(&options, 0, sizeof(options));
		options.name = names[i];
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
	return rc;
}

static int
start_all(struct bn_sim *sim, const struct bn_sim_options *options, struct bn_error *err)
{
	int rc = BN_OK;
	size_t i;

	for (i = 0; options->faults != NULL && options->faults[i] != NULL && rc == BN_OK; i++)
		rc = bn_faults_add(sim->faults, options->faults[i], names, err);
	if (rc == BN_OK)
		rc = open_dir(sim, options->dir, err);
	if (rc == BN_OK)
		rc = bn_recorder_open(&sim->recorder, options->record, err);
	if (rc == BN_OK)
		rc = make_logins(sim, err);
	if (rc == BN_OK)
		rc = bn_world_repos_make(&sim->repos, sim->dir, sim->world,
					 bn_clock_now(&sim->clock), err);
	if (rc == BN_OK)
		rc = make_certificate(sim, err);
	if (rc == BN_OK)
		rc = start_faces(sim, err);
	if (rc == BN_OK)
		rc = start_ticker(sim, err);
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
	configure(sim);
	*out = sim;
	return BN_OK;
}

void
bn_sim_stop(struct bn_sim *sim)
{
	int i;

	if (sim == NULL)
		return;
	stop_ticker(sim);
	for (i = 0; i < FACES; i++)
		bn_web_stop(sim->web[i]);
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
		remove_tree(sim->dir);
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
		if (strcmp(names[i], face) == 0)
			return bn_web_port(sim->web[i]);
	}
	return 0;
}

int
bn_sim_fault(struct bn_sim *sim, const char *fault, struct bn_error *err)
{
	return bn_faults_add(sim->faults, fault, names, err);
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

	rc = write_file(sim, "config", sim->config, err);
	if (rc == BN_OK)
		rc = write_file(sim, "facts.json", facts, err);
	bn_clock_export(&sim->clock, text, sizeof(text) - 1);
	strcat(text, "\n");
	if (rc == BN_OK)
		rc = write_file(sim, "clock", text, err);
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (rc == BN_OK)
		rc = write_file(sim, "pid", text, err);
	if (rc == BN_OK)
		atomic_store(&sim->published, true);
	free(facts);
	return rc;
}
