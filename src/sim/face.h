/* face.h - the faces: one platform's API each, over the same world. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_FACE_H
#define BN_SIM_FACE_H

#include <stdatomic.h>

#include "sim/web.h"
#include "sim/wire.h"

#define BN_FACE_NAMESPACE "orch" /* Harbourline's namespace for workflows */

/* What a face accepts as a login. */
struct bn_face_login {
	char token[65]; /* Argo: the service account's bearer token */
	char user[32];	/* Airflow */
	char password[65];
	/* Airflow 3: tokens it gave out, and how often the latest was used (faults: expire) */
	atomic_int issued, used;
};

/* Argo Workflows server 4.1. payload: struct bn_face_login. */
void bn_face_argo(struct bn_web_request *request, void *payload);
void bn_face_argo_refuse(struct bn_web_request *request, void *payload);

/* Airflow 2.10 below /api/v1 and 3.2 below /api/v2. payload: struct
 * bn_face_login. */
void bn_face_airflow2(struct bn_web_request *request, void *payload);
void bn_face_airflow2_refuse(struct bn_web_request *request, void *payload);
void bn_face_airflow3(struct bn_web_request *request, void *payload);
void bn_face_airflow3_refuse(struct bn_web_request *request, void *payload);

/* Prometheus 2.42. payload: NULL. */
void bn_face_prometheus(struct bn_web_request *request, void *payload);
void bn_face_prometheus_refuse(struct bn_web_request *request, void *payload);

/* Alertmanager 0.28. payload: NULL. */
void bn_face_alertmanager(struct bn_web_request *request, void *payload);
void bn_face_alertmanager_refuse(struct bn_web_request *request, void *payload);

/* Redis 7.0. payload: struct bn_face_login. */
void bn_face_redis(struct bn_wire_request *request, void *payload);
/* MLflow 3: registry and tracking. payload: struct bn_face_login. */
void bn_face_mlflow(struct bn_web_request *request, void *payload);
void bn_face_mlflow_refuse(struct bn_web_request *request, void *payload);

/* The nine APIs' health pages. payload: NULL. */
void bn_face_http(struct bn_web_request *request, void *payload);
void bn_face_http_refuse(struct bn_web_request *request, void *payload);

/* ---- shared by faces ------------------------------------------------------- */

/* RFC 3339 as a JSON string, null for 0. `zone` is "Z" or "+00:00"; fractions only as asked. */
json_t *bn_face_time(bn_time time, const char *zone, int fraction_digits);
/* "1", "true", "True" … as Go's and Python's servers read them; `fallback` for NULL. */
bool bn_face_bool(const char *text, bool fallback);
/* A whole non-negative number up to `max`; -1 if it is none. */
int64_t bn_face_number(const char *text, int64_t max);

#endif
