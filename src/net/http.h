/* http.h - the one way binnacle talks HTTP: bounded, verified, cancellable, only what a request table lists. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_NET_HTTP_H
#define BN_NET_HTTP_H

#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "binnacle/plugin.h"
#include "net/backoff.h"

/* ---- what all lanes share -----------------------------------------------------------------------
 */

/* The process's share: DNS answers, TLS sessions, one trust store a CA file, and who watches. Safe
 * from several threads; outlives every bn_http made with it. */
struct bn_net;

/* One request that was sent (each attempt of it), told when it has ended. All borrowed. */
struct bn_exchange {
	const char *source;
	int index; /* into the plugin's request table */
	const struct bn_request *request;
	const char *method;
	const char
	    *url; /* as sent; may hold what is private in its query: for tests, never for logs */
	const char *what; /* "GET /api/v1/workflows/{namespace}": method and path of the table */
	const char *body; /* as sent, or NULL */
	bn_time sent_at;
	int64_t took;	 /* ms */
	int attempt;	 /* from 1 */
	int http_status; /* 0: no answer */
	int64_t bytes;	 /* on the wire, body only */
	int code;	 /* BN_OK or why it failed */
	const char *error;
};
typedef void bn_exchange_fn(const struct bn_exchange *exchange, void *payload);

struct bn_net_options {
	bn_exchange_fn *observe; /* every exchange of the process, from any thread; may be NULL */
	void *payload;
	struct bn_log *log; /* borrowed, may be NULL */
};
/* Initialises libcurl; call it before there are threads. BN_EUNSUPPORTED if libcurl lacks TLS. */
int bn_net_new(struct bn_net **out, const struct bn_net_options *options, struct bn_error *err);
void bn_net_free(struct bn_net *net); /* after every bn_http; NULL allowed */

/* ---- one lane's client --------------------------------------------------------------------------
 */

/* A client of one source, for one thread; every call blocks until it is done, cancelled or out of
 * time. A callback may make further calls on the same client (up to four deep). */
struct bn_http;

struct bn_http_options {
	const char *source; /* name, for messages */
	const char
	    *plugin; /* whose table it is, for the record of requests; may be NULL; borrowed */
	const char *base_url; /* its path is kept before every request's; NULL for {url} only */
	const struct bn_request
	    *requests;		/* the plugin's table, ends with a NULL method; borrowed */
	const char *ca_file;	/* PEM; NULL: the system's */
	const char *pinned_key; /* "sha256//BASE64…" as in CURLOPT_PINNEDPUBLICKEY, or NULL */
	const char *proxy;	/* NULL: the environment's; loopback never goes through one */
	int64_t timeout;	/* ms for a whole answer; 0: 30 s */
	int64_t idle;		/* ms a stream may be silent; 0: 30 s */
	size_t max_body;	/* decoded bytes of a streamed list; 0: 64 MiB */
	bool link_local;	/* 169.254/16 and fe80::/10 are allowed */
	bool foreground;	/* a person waits: at most 10 s with all retries */
	struct bn_governor *governor; /* shared by the lanes of a source; may be NULL; borrowed */
	const struct bn_clock *clock; /* for sent_at; borrowed */
	bn_exchange_fn *on_exchange;  /* this lane's exchanges, on its own thread; may be NULL */
	void (*on_send)(bn_time sent_at,
			void *payload); /* right before each attempt; may be NULL */
	void *payload;
};
/* Strings are copied. BN_ECONFIG if the base URL isn't http(s), or says user:password@. */
int bn_http_new(struct bn_http **out, struct bn_net *net, const struct bn_http_options *options,
		struct bn_error *err);
void bn_http_free(struct bn_http *http);

/* Logins; NULL takes them away. Refused (BN_ECONFIG) when the text holds CR, LF or other control
 * bytes. A bearer that begins with "Bearer " or "Basic " is sent as it is. */
int bn_http_set_bearer(struct bn_http *http, const char *token, struct bn_error *err);
int bn_http_set_basic(struct bn_http *http, const char *user, const char *password,
		      struct bn_error *err);
bool bn_http_has_login(const struct bn_http *http);
/* What of the logins no text may hold; NULL where there is none of that index. Good until the next login. */
#define BN_HTTP_SECRETS 2
const char *bn_http_secret(const struct bn_http *http, size_t index);

/* From any thread: whatever the lane waits for ends with BN_ECANCELLED at once, and so does every
 * later call until bn_http_resume. */
void bn_http_cancel(struct bn_http *http);
void bn_http_resume(struct bn_http *http);
bool bn_http_cancelled(const struct bn_http *http);
/* Sleeps; BN_ECANCELLED as soon as cancelled. */
int bn_http_wait(struct bn_http *http, int64_t ms);

/* A whole answer of at most 8 MiB decoded. The caller owns *out (json_decref); an empty body gives
 * null. */
int bn_http_json(struct bn_http *http, int index, const struct bn_param *params, const char *body,
		 json_t **out, struct bn_error *err);

/* Requests marked BN_WRITES are refused (BN_EPERM) by everything but bn_http_write, and by that one unless
 * bn_http_allow_write was called before: each permission is for one request, sent at most once. No retry, no
 * redirect, and a connection of its own: libcurl sends a request anew by itself when a connection that it
 * reuses turns out to be closed (lib/transfer.c, Curl_retry_request), and on HTTP/2 when a stream was refused.
 * *fate says what is known of it; *out (may be NULL) is the answer, the caller's. BN_OK: a 2xx. */
enum bn_http_fate {
	BN_FATE_NOT_SENT, /* no connection was made: nothing left this machine */
	BN_FATE_ANSWERED, /* with a 2xx */
	BN_FATE_REFUSED,  /* answered with a status that says it was not done */
	BN_FATE_UNKNOWN	  /* it may have arrived; no answer, or one that does not say */
};
void bn_http_allow_write(struct bn_http *http, bool allow);
int bn_http_write(struct bn_http *http, int index, const struct bn_param *params, const char *body,
		  json_t **out, enum bn_http_fate *fate, struct bn_error *err);

/* A list, item by item as the bytes arrive; item bodies at most 16 MiB. `on_item` borrows the item;
 * BN_EPARSE from it, or an item that does not parse, calls `on_skip` and goes on. *rest (may be
 * NULL) is the caller's. */
typedef int bn_http_item_fn(json_t *item, void *payload, struct bn_error *err);
typedef void bn_http_skip_fn(const char *why, void *payload);
int bn_http_items(struct bn_http *http, int index, const struct bn_param *params, const char *body,
		  const char *array, bn_http_item_fn *on_item, bn_http_skip_fn *on_skip,
		  void *payload, json_t **rest, struct bn_error *err);

/* A conversation with the base URL's redis:// or rediss:// server, on a connection of its own; ended by
 * bn_http_talk_close, a failure, or the next opening. Opening connects, logs in with user and password
 * by the table's AUTH row (if it has one), then sends the row `first`, whose reply is thrown away, and
 * measures it all: *probe as bn_http_probe fills it, first_byte being that reply's. */
int bn_http_talk_open(struct bn_http *http, int first, struct bn_probe *probe,
		      struct bn_error *err);
/* Sends the command of a row whose method is "REDIS" and waits for its reply, of at most 8 MiB: a
 * string (of any bytes), an integer, null or an array. The caller owns *out. An error reply gives its
 * own code (BN_EAUTH, BN_EPERM, BN_EBUSY while it loads …) and leaves the conversation open. */
int bn_http_talk(struct bn_http *http, int index, const struct bn_param *params, json_t **out,
		 struct bn_error *err);
void bn_http_talk_close(struct bn_http *http);

/* A stream of lines, each at most 1 MiB. `idle` ms without a byte end it with BN_ETIMEOUT (0: the
 * client's). */
int bn_http_lines(struct bn_http *http, int index, const struct bn_param *params,
		  enum bn_framing framing, const char *accept, int64_t idle, bn_line_fn *on_line,
		  void *payload, struct bn_error *err);

/* Measures `count` targets, at most `parallel` (0: 64) at a time, each on a connection of its own
 * with nothing cached. Refused with BN_EINTERNAL unless the table has a row of that method whose
 * path begins "{url}". What was kept of the bodies lives in `arena`. Returns BN_OK or
 * BN_ECANCELLED: failures are in the probes. */
int bn_http_probe(struct bn_http *http, struct bn_probe *probes, size_t count, size_t parallel,
		  struct bn_arena *arena, struct bn_error *err);

/* Conditional requests. After bn_http_if_changed the next bn_http_json or bn_http_items is sent
 * with the validators of the last remembered answer to the same URL, and returns BN_UNCHANGED on
 * 304 or when the body's digest is the remembered one. bn_http_remember(true) keeps what was seen
 * since the last call of it (the scope was committed), false forgets it. */
void bn_http_if_changed(struct bn_http *http);
void bn_http_remember(struct bn_http *http, bool keep);

/* A fingerprint over every body received since the last call (probes: statuses and bodies), and
 * reset: equal fingerprints of two polls say that nothing changed in between. */
uint64_t bn_http_fingerprint(struct bn_http *http);
/* Attempts sent since the client was made. */
int64_t bn_http_requests(const struct bn_http *http);

/* "https://host/path": without user, query and fragment, for messages. Into out; returns out. */
char *bn_http_show_url(const char *url, char *out, size_t size);
/* The proxy a request to `url` would take, or NULL for none: for doctor. The caller frees it. */
char *bn_http_proxy_for(const char *url, const char *configured);

#endif
