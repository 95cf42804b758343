/* web.h - a small HTTP server for one face: requests cut up, answers built, faults applied, all recorded. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_SIM_WEB_H
#define BN_SIM_WEB_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "binnacle/types.h"
#include "sim/fault.h"
#include "sim/recorder.h"
#include "sim/world.h"

struct bn_clock;
struct bn_web;
struct MHD_Connection;

#define BN_WEB_SEGMENTS 24
#define BN_WEB_QUERY	64

struct bn_web_pair {
	char *name, *value; /* decoded */
};

/* One request, as the face's handler sees it. Everything belongs to the request. */
struct bn_web_request {
	struct bn_web *web;
	const struct bn_world *world;
	bn_time now; /* the platform's clock when the request came */
	const char *method;
	char *path, *raw_query;		/* as they came, for the recorder */
	char *segment[BN_WEB_SEGMENTS]; /* decoded */
	int segments;
	struct bn_web_pair query[BN_WEB_QUERY];
	int queries;
	char *body; /* NUL-terminated; NULL without one */
	size_t body_size;
	enum bn_recorded_auth auth;
	const char *violation;
	struct MHD_Connection *connection;

	/* the answer, set by bn_web_* below */
	int status;
	char *text;
	size_t text_size;
	const char *type;
	const char *challenge; /* WWW-Authenticate */
	struct bn_web_stream *stream;
};

/* A body that comes bit by bit. `more` appends to the buffer what there is by now and returns false
 * when all was said; it is called again, a few times a second, as long as it appends nothing. */
struct bn_buf;
struct bn_web_stream {
	bool (*more)(struct bn_web_stream *stream, bn_time now, struct bn_buf *out);
	void (*free)(struct bn_web_stream *stream);
};

typedef void bn_web_handler(struct bn_web_request *request, void *payload);

struct bn_web_options {
	const char *name; /* the face: the source's name */
	const struct bn_world *world;
	const struct bn_clock *clock;
	struct bn_faults *faults;
	struct bn_recorder *recorder;
	bn_web_handler *handler;
	/* Writes the answer to a request whose login is not accepted, in the platform's own form.
	 */
	bn_web_handler *refuse;
	void *payload;
	const char *key_pem, *certificate_pem; /* HTTPS if set; borrowed for the server's life */
};

/* Listens on 127.0.0.1, on a port the kernel chooses. Strings of the options are copied or outlive
 * it. */
int bn_web_start(struct bn_web **out, const struct bn_web_options *options, struct bn_error *err);
void bn_web_stop(struct bn_web *web); /* ends what is being answered; NULL allowed */
int bn_web_port(const struct bn_web *web);
const char *bn_web_name(const struct bn_web *web);
struct bn_faults *bn_web_faults(const struct bn_web *web);

/* web_request.c: for the server. */
struct bn_web_request *bn_web_request_new(const char *uri); /* path and query as they came */
void bn_web_request_free(struct bn_web_request *request);

/* ---- what handlers ask ----------------------------------------------------- */

/* A header of the request, or NULL. */
const char *bn_web_header(const struct bn_web_request *request, const char *name);
/* The value of a query parameter (the first of that name), or NULL. */
const char *bn_web_query(const struct bn_web_request *request, const char *name);
/* The index-th value of a parameter that may stand more than once, or NULL. */
const char *bn_web_query_at(const struct bn_web_request *request, const char *name, size_t index);
/* The first parameter that is not one of `known` (NULL-terminated), or NULL. */
const char *bn_web_unknown(const struct bn_web_request *request, const char *const *known);
/* Does the path match a pattern such as "/api/v1/workflows/NAME"? A segment written as an asterisk
 * matches any one, a last segment of two asterisks any number. */
bool bn_web_path(const struct bn_web_request *request, const char *pattern);
/* Parses "application/x-www-form-urlencoded" into the query parameters. */
void bn_web_form(struct bn_web_request *request);
/* Waits that many ms of real time; false if the face stops or the client goes away meanwhile. */
bool bn_web_wait(const struct bn_web_request *request, int64_t ms);
/* Marks what a correct client would not send. The first mark stays. `what` is a constant. */
void bn_web_violation(struct bn_web_request *request, const char *what);

/* ---- what handlers answer -------------------------------------------------- */

void bn_web_json(struct bn_web_request *request, int status,
		 json_t *body); /* takes the reference */
/* For GETs of a face that keeps nothing itself: true if the same question was answered at this moment before, and now is
 * answered as then. Else the handler answers, and has that kept; `acted` is the world's number of acts (bn_world_acted)
 * when it began. */
bool bn_web_said(struct bn_web_request *request);
void bn_web_keep(struct bn_web_request *request, int64_t acted);
void bn_web_text(struct bn_web_request *request, int status, const char *type, const char *text);
/* Takes the stream. */
void bn_web_stream(struct bn_web_request *request, const char *type, struct bn_web_stream *stream);

/* hostile.c: makes every free text in a document hostile; and takes that out of what came back in a
 * path or a query. */
void bn_hostile_json(json_t *json);
void bn_hostile_strip(char *text);

#endif
