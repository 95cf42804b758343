/* sim_room.h - what the files that run the demo share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_SIM_ROOM_H
#define BN_SIM_SIM_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "sim/face.h"
#include "sim/repos.h"
#include "sim/sim.h"

/* The faces; the nine APIs are one source, behind two addresses. */
/* Redis speaks no HTTP: its server is bn_wire, its login and name stand behind those of the faces. */
enum {
	ARGO,
	AIRFLOW2,
	AIRFLOW3,
	PROMETHEUS,
	ALERTMANAGER,
	MLFLOW,
	PROBES,
	PROBES_TLS,
	FACES,
	REDIS = FACES,
	NAMES
};
extern const char *const bn_sim_names[NAMES + 1]; /* sources' names, NULL-terminated */

struct bn_sim {
	struct bn_world *world;
	struct bn_clock clock;
	struct bn_faults *faults;
	struct bn_recorder *recorder;
	struct bn_web *web[FACES];
	struct bn_wire *redis;
	struct bn_face_login login[NAMES];
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

/* sim_files.c. A directory that was given must be new, empty, or an earlier demo's. */
int bn_sim_open_dir(struct bn_sim *sim, const char *given, struct bn_error *err);
int bn_sim_make_dir(const char *path, struct bn_error *err);
/* Written beside and renamed, so that nobody reads half of it. */
int bn_sim_write_file(const struct bn_sim *sim, const char *name, const char *text,
		      struct bn_error *err);
void bn_sim_remove_tree(const char *path);

/* sim_config.c. Passwords and tokens, in memory and in files; then the configuration's text. */
int bn_sim_make_logins(struct bn_sim *sim, struct bn_error *err);
void bn_sim_configure(struct bn_sim *sim);
struct bn_buf;
void bn_sim_configure_tests(struct bn_buf *out);			    /* sim_tests.c */
void bn_sim_configure_models(const struct bn_sim *sim, struct bn_buf *out); /* sim_models.c */

/* sim_ticker.c. The thread that merges what is due and watches a published directory. */
int bn_sim_start_ticker(struct bn_sim *sim, struct bn_error *err);
void bn_sim_stop_ticker(struct bn_sim *sim);

#endif
