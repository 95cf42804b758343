/* server.h - an argo-server on loopback, as large or as slow as a measurement wants it. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BENCH_SERVER_H
#define BN_BENCH_SERVER_H

#include <stddef.h>

/* What it answers. Every list but that of runs is empty, and so is that of unfinished runs. */
struct bench_server_options {
	const char *runs; /* the list of runs, or NULL: `items` a page */
	size_t runs_size;
	int items; /* runs on each page */
	int pages; /* of the list of runs */
	int latency_ms;
};
struct bench_server;
struct bench_server *bench_server_start(const struct bench_server_options *options);
void bench_server_stop(struct bench_server *server);
const char *bench_server_url(const struct bench_server *server); /* borrowed */
/* Requests since the last call, and the ms between the first one's coming and the last one's answer. */
int bench_server_requests(struct bench_server *server, double *ms);

/* A list of `count` finished workflows of about `bytes` each, as an argo-server writes it. Caller frees. */
char *bench_workflows(int first, int count, size_t bytes, const char *next, size_t *size);

#endif
