/* testserver.h - a small HTTP server on loopback that misbehaves exactly as a test tells it to. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTSERVER_H
#define BN_TESTSERVER_H

#include <stdbool.h>
#include <stddef.h>

/* One request as it came in. */
struct ts_request {
	const char *method;
	const char *target; /* path and query */
	const char *head;   /* request line and headers */
	const char *body;
	int number; /* from 0, over the whole server */
};
struct ts_conn;
struct testserver;

/* Answers one request; runs on a thread of the connection. Returning ends the answer; the
 * connection is kept only if ts_reply sent it whole. */
typedef void ts_handler(struct ts_conn *conn, const struct ts_request *request, void *payload);

struct ts_tls {
	const char *name; /* subject alternative name: a DNS name or an IP address */
	long from, until; /* seconds relative to now */
	int max_version;  /* TLS1_1_VERSION …, 0: any */
	const char
	    *pem_out; /* where the certificate goes, to be trusted by the test; NULL: nowhere */
};

struct testserver *ts_start(ts_handler *handler, void *payload, const struct ts_tls *tls);
void ts_stop(struct testserver *server);
int ts_port(const struct testserver *server);
/* "http://127.0.0.1:PORT" or "https://localhost:PORT"; borrowed. */
const char *ts_url(const struct testserver *server);
int ts_requests(struct testserver *server);
int ts_connections(struct testserver *server);
/* Heads of all requests, one after the other; the caller frees it. */
char *ts_heads(struct testserver *server);

/* A whole answer with a right Content-Length; `headers` are further lines, each with CRLF, or NULL.
 */
void ts_reply(struct ts_conn *conn, int status, const char *headers, const char *body);
void ts_reply_bytes(struct ts_conn *conn, int status, const char *headers, const void *body,
		    size_t size);
void ts_json(struct ts_conn *conn, const char *body);
/* Raw bytes; false when the other end is gone. */
bool ts_send(struct ts_conn *conn, const void *bytes, size_t size);
bool ts_sends(struct ts_conn *conn, const char *text);
bool ts_chunk(struct ts_conn *conn, const char *text); /* "" ends the body */
/* Holds the connection, silent, until the other end closes it or the server stops. */
void ts_hold(struct ts_conn *conn);
/* gzip of `size` times the byte; the caller frees it. */
unsigned char *ts_gzip_of(const void *bytes, size_t size, size_t *out);

#endif
