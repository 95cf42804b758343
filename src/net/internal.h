/* internal.h - what the files of src/net share: the share, the one constructor of handles, failures in words. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_NET_INTERNAL_H
#define BN_NET_INTERNAL_H

#include <curl/curl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/http.h"

#define BN_CONNECT_TIMEOUT  5000L
#define BN_DEFAULT_TIMEOUT  30000
#define BN_DEFAULT_IDLE	    30000
#define BN_MAX_JSON	    (8u * 1024 * 1024)
#define BN_MAX_ITEM	    (16u * 1024 * 1024)
#define BN_MAX_BODY	    (64u * 1024 * 1024)
#define BN_MAX_HEADERS	    (256u * 1024)
#define BN_MAX_ERROR_BODY   (16u * 1024)
#define BN_RATIO_FROM	    (1024u * 1024) /* decoded bytes from which the ratio is looked at */
#define BN_RATIO_MAX	    100
#define BN_DEPTH_MAX	    4
#define BN_ATTEMPTS	    3
#define BN_FOREGROUND_TOTAL 10000
#define BN_BACKGROUND_TOTAL 30000

/* One CA file's trust store, with the DNS answers and TLS sessions of those who use it. Sessions
 * must not pass from one trust store to another: a resumed session is not verified again. */
struct bn_trust {
	struct bn_trust *next;
	char *path; /* "" for the system's */
	int64_t stamp;
	X509_STORE *store; /* NULL where libcurl isn't built with OpenSSL */
	CURLSH *share;
	pthread_mutex_t locks[CURL_LOCK_DATA_LAST];
};

struct bn_net {
	struct bn_net_options options;
	pthread_mutex_t lock; /* the list of trusts */
	struct bn_trust *trusts;
	bool openssl;
	int record; /* where requests are written down; -1: nowhere */
};
/* The trust of a CA file (NULL: the system's); lives as long as the net. NULL with *err. */
struct bn_trust *bn_net_trust(struct bn_net *net, const char *ca_file, struct bn_error *err);

/* record.c: the file of BINNACLE_RECORD, -1 without one; and a line in it for a request that is about to be sent.
 * `hop` counts the redirects followed so far. */
int bn_record_open(int *fd, struct bn_error *err);
void bn_record(const struct bn_http *http, const struct bn_request *request, const char *url,
	       const char *body, int hop);

/* A handle with everything frozen, and what its callbacks need. Must not move while it is used. */
struct bn_easy {
	CURL *curl;
	const struct bn_trust *trust;
	struct curl_slist *headers;
	bool link_local;	 /* allowed */
	bool refused_link_local; /* happened */
	char errbuf[CURL_ERROR_SIZE];
};
struct bn_easy_options {
	const char *url;
	const char *method;
	const char *body; /* sent as application/json or, when no such, as a form; or NULL */
	const char *ca_file, *pinned_key, *proxy;
	int64_t connect_timeout; /* ms, 0: 5 s */
	int64_t timeout;	 /* ms for the whole transfer, 0: none */
	int64_t idle;		 /* ms of silence, 0: 30 s */
	bool link_local;
	bool fresh; /* a probe: nothing cached, nothing kept, certificates noted */
	bool once; /* a write: a connection of its own, HTTP/1.1, so that libcurl repeats nothing */
	bool dates_only; /* only the handshake, unverified, to read the certificate's dates */
	bool line;	 /* a connection for talk.c: fresh, no HTTP on it */
};
int bn_easy_init(struct bn_easy *easy, struct bn_net *net, const struct bn_easy_options *options,
		 struct bn_error *err);
void bn_easy_clear(struct bn_easy *easy);
/* Checked for CR, LF and other control bytes before libcurl sees it. */
int bn_easy_header(struct bn_easy *easy, const char *header, struct bn_error *err);
int bn_easy_headers_done(struct bn_easy *easy, struct bn_error *err);

/* What libcurl measured of the connection: phases in µs, and the earliest end of a certificate of the
 * chain (0: not known). */
void bn_easy_phases(CURL *curl, struct bn_probe *out);

/* A failed transfer in words. `what` is "GET https://host/path". Returns the code. */
int bn_failure_transport(struct bn_error *err, CURLcode rc, const struct bn_easy *easy,
			 const char *what, const char *url, int64_t timeout);
/* An answer that is a refusal. */
int bn_failure_status(struct bn_error *err, long status, const char *what, const char *content_type,
		      const char *body, size_t size);
/* The platform's own message out of an error body (JSON members message, detail, title, error …, or
 * short plain text) appended to out; false if there is none. */
bool bn_failure_text(struct bn_buf *out, const char *content_type, const char *body, size_t size);
/* A 2xx that is a web page. */
int bn_failure_html(struct bn_error *err, const char *what);
bool bn_looks_like_html(const char *content_type, const char *body, size_t size);

struct bn_talk; /* talk.c */
void
bn_talk_wakeup(struct bn_talk *talk); /* from any thread, under the client's lock; NULL allowed */

struct bn_memory; /* conditional.c */
struct bn_memory *bn_memory_new(void);
void bn_memory_free(struct bn_memory *memory);
struct bn_validators {
	const char *etag, *last_modified, *digest; /* borrowed; NULL: not known */
};
void bn_memory_find(const struct bn_memory *memory, const char *url, struct bn_validators *out);
void bn_memory_note(struct bn_memory *memory, const char *url, const struct bn_validators *seen);
void bn_memory_settle(struct bn_memory *memory, bool keep);

struct bn_http {
	struct bn_net *net;
	struct bn_http_options options; /* strings owned */
	size_t request_count;
	char *bearer; /* header line, or NULL */
	char *user, *password;
	pthread_mutex_t lock; /* the multis, for who cancels */
	CURLM *multi[BN_DEPTH_MAX];
	int depth;
	atomic_bool cancelled;
	atomic_llong requests;
	bool if_changed;
	bool write_allowed; /* one request marked BN_WRITES */
	struct bn_memory *memory;
	struct bn_talk *talk; /* NULL: none was begun */
	uint64_t fingerprint;
};
/* The multi handle of the present depth; every enter needs its leave. */
int bn_http_enter(struct bn_http *http, CURLM **multi, struct bn_error *err);
void bn_http_leave(struct bn_http *http);
void bn_http_mix(struct bn_http *http, const void *bytes, size_t size);
/* Replaces the client's secrets in err's text. */
void bn_http_redact(const struct bn_http *http, struct bn_error *err);
int bn_http_login_headers(struct bn_http *http, struct bn_easy *easy, struct bn_error *err);

#endif
