/* facts.h - what is true in the world at a moment, written from the world alone, for tests. */
/* SPDX-License-Identifier: MIT
 *
 * One JSON object. Times are RFC 3339 UTC, null where there is none; durations are whole ms.
 * `status` is in binnacle's vocabulary (as the platform pages map it), `raw` the platform's word.
 *
 * schema      "binnacle-sim.facts/1"
 * at, at_ms   the moment; scenario, seed
 * counters    what the header counts, from the lists below:
 *   failed      pipelines whose latest run failed
 *   running     runs that are running (queued ones are in `queued`)
 *   degraded    endpoints whose assertions do not hold or that answer slower than their objective
 *   crit, warn  findings of that severity that follow from no other (root is null)
 *   silenced    firing alerts that Alertmanager keeps from people; no findings here
 * sources     [{name, type, entities}]; entities: how many of pipelines, runs, endpoints, …
 *             runs: those of the last seven days, as far as they were created by `at`
 * pipelines   in the order of the world's table
 *   {source, key, ref, engine, group, owner, schedule, timezone, paused, idempotence, definition,
 *    summary, state, status, latest, last, next_due, runs, failed_runs, durations}
 *   state       of the pipeline itself: "healthy", "paused"
 *   status      of its latest run; "paused" if switched off
 *   latest      the latest run: {key, uid, status, raw, scheduled, created, started, finished,
 *               duration (so far while it runs), trigger}; null if none
 *   last        the latest 20 runs in the same form, oldest first (LAST 12 is the tail of it)
 *   next_due    the next fire time; null if paused
 *   runs, failed_runs, durations
 *               of the last seven days: how many, how many failed, and the durations of those that
 *               succeeded, newest first
 * templates   names of Argo's workflow templates, which are pipelines without a schedule
 * runs        the latest run of every pipeline with its tasks
 *   {source, key, ref, pipeline, status, raw, started, finished, duration, attempt, progress,
 *    counts, groups, tasks}
 *   counts      {total, ok, failed, skipped, running, waiting} over tasks
 *   groups      the same by group: "staging" …; Meltano's steps are groups of one; a DAG has none
 *   tasks       [{name, node, pod, group, status, raw, started, finished, duration, tries, message,
 *               log_error, depends}]
 *     name        what a person reads; mapped ones are "name[index]"
 *     node, pod   Argo's node id, the pod of the latest try; null elsewhere and before they exist
 *     tries       begun so far
 *     message     as the platform's list tells it; null if it does not
 *     log_error   text that the last try's log holds; null if it did not fail
 *     depends     names of what it waits for
 * endpoints   [{name, ref, path, http_status, status, generated_at, generated_age, stale,
 *             answers_in, slo_p99, slow, rps, error_ratio, p50, p95, p99, owner, replicas,
 *             certificate_expires}]
 *   answers_in  ms the server takes at least
 * streams     per-minute streams in the order of the world's table
 *             [{name, ref, unit, group, stage, position, ceiling, minutes, missing, late, over}]
 *   minutes   the last 60 closed ones, oldest first: {at, value, state, arrived}
 *   state     ok; late: it came after the time it may take to settle; over: at the ceiling; missing: it is
 *             not there and should be; open: it may still come in time
 *   missing, late, over   the starts of those minutes
 * models      [{key, ref, serving, live_on, metric, better, owner, champion, versions}]
 *   champion    the version that is live; null if none
 *   versions    oldest first: {version, ref, aliases, live, created, trained, eval (of the metric; null: the
 *               run has none), run, artifact, train_time, live_from, live_until, approved_by, change,
 *               data_from, data_to, image, rows, psi, quality, traffic (share), p95 (s), cost (USD a
 *               month), click_through, p50, p99, model_latency, overhead (s), cpu, memory (shares),
 *               predictions (of 30 days)}; numbers from production are null where nobody measures them
 * alerts      [{name, severity, state, active_at, summary, labels, silence: {by, why, until} or null}]
 * keys        of the Redis that serves recommendations
 *             [{name, ref, type, rows, written, age, expires, status}]
 * targets     [{job, instance, up, error}]
 * import_errors [{source, filename, since, error}]; error: its last line
 * findings    what a person has to know, one an object, unfolded:
 *             [{rule, severity, source, about, title, since, root}]
 *   rule        run-failed     the run that ended last has failed; since the first of them
 *               run-flaky      the latest is good, but two or more of the last twelve were not
 *               endpoint-degraded   an assertion does not hold, or the probe is slow
 *               endpoint-slow  the platform's own 99th percentile is over the objective
 *               alert (firing; seen through Prometheus and Alertmanager, told once, as of when it
 *               fired)  target-down  import-error
 *               product-missed    its data are older than promised; crit by half the target again
 *               product-late      by what its runs usually take it will miss its deadline
 *               product-retiring  it is being retired, and has consumers
 *               key            a key of Redis is older than it may be
 *   about       a ref, or null
 *   since       null where the platform does not say
 *   root        the ref of what it follows from, or null
 *   changed     {ref, at}: the newest change of the 24 hours before it began on a file that defines it
 *               or what it depends on; null if there is none
 * products    [{name, ref, owner, contact, domain, lifecycle, consumers, needs, cost, status,
 *             freshness: {target, made, age, status}, deadline: {due, ready, status},
 *             completeness: {share, status}, quality: {passed, total, share, status}}]; without
 *             these where it promises none
 * blast       {ref: {p, s, a, d, j, reached}} of each thing that feeds another: how many products,
 *             services, endpoints, datasets and pipelines depend on it, and which
 * changes     merged in the last 90 days, newest first
 *             [{repo, number, ref, title, author, written, at, path, defines}]
 *   ref         "dbt!2207" on GitLab, "k8s-apps#415" on GitHub
 *   written     when it was committed on its branch; `at` is when it was merged
 *   defines     refs of what the file at `path` defines
 * repos       [{repo, name}]: the repositories, and what people call them
 * events      runs that ended in the last 24 hours, and those in flight by their start, newest first
 *             [{at, kind, source, pipeline, run, status, failed, skipped}]; failed, skipped: tasks of a
 *             run that failed
 * links       [{from, to}]: refs, as in the configuration; what products need too */
#ifndef BN_SIM_FACTS_H
#define BN_SIM_FACTS_H

#include "sim/world.h"

struct bn_buf;

/* The document, with a newline at its end. The caller frees it. `certificate_expires`: of the API that
 * is served over TLS, which the world can't know; 0: none is. */
char *bn_facts_text(const struct bn_world *world, bn_time at, bn_time certificate_expires);
/* The [product] sections. */
void bn_facts_configure_products(struct bn_buf *out);
/* The [link] section of the same lineage. */
void bn_facts_links(const struct bn_world *world, struct bn_buf *out);

#endif
