/* facts.h - what is true in the world at a moment, written from the world alone, for tests to
 * compare. */
/* SPDX-License-Identifier: MIT
 *
 * One JSON object. Times are RFC 3339 UTC, null where there is none; durations are whole ms.
 * `status` is in binnacle's vocabulary (as ../apis/orchestration.md maps it), `raw` the platform's
 * own word.
 *
 *   schema      "binnacle-sim.facts/1"
 *   at, at_ms   the moment; scenario, seed
 *   counters    what the header counts, from the lists below:
 *     failed      pipelines whose latest run failed
 *     running     runs that are running (queued ones are in `queued`)
 *     degraded    endpoints whose assertions do not hold or that answer slower than their objective
 *     crit, warn  findings of that severity
 *   sources     [{name, type, entities: {pipelines, runs, endpoints, alerts, targets,
 * import_errors}}] runs: those of the last seven days, as far as they were created by `at`
 *   pipelines   in the order of the world's table
 *     {source, key, ref, engine, group, owner, schedule, timezone, paused, idempotence, definition,
 *      summary, status, latest, last, next_due, runs, failed_runs, durations}
 *     status      of the latest run; "paused" if switched off
 *     latest      the latest run: {key, uid, status, raw, scheduled, created, started, finished,
 *                 duration (so far while it runs), trigger}; null if none
 *     last        the latest 20 runs in the same form, oldest first (a screen's LAST 12 are its
 * last 12) next_due    the next fire time; null if paused runs, failed_runs, durations   of the
 * last seven days: how many, how many failed, and the durations of those that succeeded, newest
 * first runs        the latest run of every pipeline with its tasks: {source, key, ref, pipeline,
 * status, raw, started, finished, duration, attempt, progress, counts, groups, tasks} counts
 * {total, ok, failed, skipped, running, waiting} over tasks groups      the same by group
 * ("staging" …; Meltano's steps are groups of one; a DAG has none) tasks       [{name, node, pod,
 * group, status, raw, started, finished, duration, tries, message, log_error, depends}] name: what
 * a person reads; mapped ones are "name[index]". node: Argo's node id, else null; pod: of the
 * latest try. tries: begun. message: as the platform says it, else null. log_error: text the last
 * try's log holds, else null. depends: names endpoints   {name, ref, path, http_status, status,
 * generated_at, generated_age, stale, answers_in (ms the server takes), slo_p99, slow, rps,
 * error_ratio, p50, p95, p99, owner, replicas, certificate_expires} alerts      {name, severity,
 * state, active_at, summary, labels}; targets {job, instance, up, error}; import_errors {source,
 * filename, since, error (its last line)} findings    what a person has to know, one an object,
 * unfolded: {rule, severity, source, about (a ref or null), title, since (null: the platform does
 * not say)}; rule: run-failed endpoint-degraded alert target-down import-error changes     merged
 * in the last 90 days, newest first: {repo, number, ref ("transform-dbt!2207", "k8s-apps#415"),
 * title, author, at, path} links       [{from, to}]: refs, as in the configuration */
#ifndef BN_SIM_FACTS_H
#define BN_SIM_FACTS_H

#include "sim/world.h"

struct bn_buf;

/* The document, with a newline at its end. The caller frees it. */
char *bn_facts_text(const struct bn_world *world, bn_time at);
/* The [link] section of the same lineage. */
void bn_facts_links(const struct bn_world *world, struct bn_buf *out);

#endif
