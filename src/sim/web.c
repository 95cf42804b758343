/* web.c - one face's HTTP server over libmicrohttpd. */
/* SPDX-License-Identifier: MIT */
#include "sim/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "sim/web_memo.h"

#define MAX_BODY (1024 * 1024)
#define NAP	 20 /* ms between two looks at whether to go on */

struct bn_web {
	struct bn_web_options options;
	char *name;
	struct MHD_Daemon *daemon;
	int port;
	atomic_bool stopping;
	struct bn_web_memo *memo;
};

/* ---- a request comes and goes ------------------------------------------------ */

/* libmicrohttpd calls this with the request line's URI before anything else. */
static void *
on_uri(void *payload, const char *uri, struct MHD_Connection *connection)
{
	struct bn_web_request *request = bn_web_request_new(uri);

	request->web = payload;
	request->connection = connection;
	request->world = request->web->options.world;
	return request;
}

static void
on_completed(void *payload, struct MHD_Connection *connection, void **context,
	     enum MHD_RequestTerminationCode code)
{
	(void)payload, (void)connection, (void)code;
	if (*context != NULL)
		bn_web_request_free(*context);
	*context = NULL;
}

/* ---- waiting --------------------------------------------------------------- */

static bool
peer_left(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;
	struct pollfd pfd;

	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info == NULL)
		return true;
	pfd.fd = info->connect_fd;
	pfd.events = POLLRDHUP;
	pfd.revents = 0;
	return poll(&pfd, 1, 0) == 1 && (pfd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool
bn_web_wait(const struct bn_web_request *request, int64_t ms)
{
	const struct timespec nap = {0, NAP * 1000000L};
	int64_t until = bn_monotonic() + ms;
	struct timespec rest;

	while (bn_monotonic() < until) {
		if (atomic_load(&request->web->stopping) || peer_left(request->connection))
			return false;
		rest = nap;
		if (until - bn_monotonic() < NAP)
			rest.tv_nsec = (until - bn_monotonic()) * 1000000L;
		if (rest.tv_nsec > 0)
			nanosleep(&rest, NULL);
	}
	return true;
}

/* ---- answers --------------------------------------------------------------- */

static bool
has_fault(const struct bn_web_request *request, enum bn_fault_kind kind, int64_t *value)
{
	return bn_faults_on(request->web->options.faults, kind, request->web->name, value);
}

void
bn_web_json(struct bn_web_request *request, int status, json_t *body)
{
	if (has_fault(request, BN_FAULT_HOSTILE, NULL))
		bn_hostile_json(body);
	free(request->text);
	request->text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
	request->text_size = request->text == NULL ? 0 : strlen(request->text);
	request->status = status;
	request->type = "application/json";
	json_decref(body);
}

bool
bn_web_said(struct bn_web_request *request)
{
	return !has_fault(request, BN_FAULT_HOSTILE, NULL) &&
	       bn_web_memo_said(request->web->memo, request, bn_world_acted(request->world));
}

void
bn_web_keep(struct bn_web_request *request, int64_t acted)
{
	if (!has_fault(request, BN_FAULT_HOSTILE, NULL))
		bn_web_memo_keep(request->web->memo, request, acted);
}

void
bn_web_text(struct bn_web_request *request, int status, const char *type, const char *text)
{
	free(request->text);
	request->text = bn_xstrdup(text);
	request->text_size = strlen(text);
	request->status = status;
	request->type = type;
}

void
bn_web_stream(struct bn_web_request *request, const char *type, struct bn_web_stream *stream)
{
	request->stream = stream;
	request->status = 200;
	request->type = type;
}

/* Context of a chunked answer. */
struct chunks {
	struct bn_web_request *request;
	struct bn_buf buf;
	size_t sent;
	bool done;
};

static bn_time
clock_of(const struct bn_web_request *request)
{
	int64_t skew = 0;

	has_fault(request, BN_FAULT_SKEW, &skew);
	return bn_clock_now(request->web->options.clock) + skew;
}

static ssize_t
on_chunk(void *payload, uint64_t at, char *out, size_t max)
{
	struct chunks *chunks = payload;
	struct bn_web_request *request = chunks->request;
	size_t left;

	(void)at;
	while (chunks->sent == chunks->buf.size) {
		bn_buf_reset(&chunks->buf);
		chunks->sent = 0;
		if (chunks->done)
			return MHD_CONTENT_READER_END_OF_STREAM;
		chunks->done =
		    !request->stream->more(request->stream, clock_of(request), &chunks->buf);
		if (chunks->buf.size == 0 && !chunks->done && !bn_web_wait(request, 5L * NAP))
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	left = chunks->buf.size - chunks->sent;
	if (left > max)
		left = max;
	memcpy(out, chunks->buf.data + chunks->sent, left);
	chunks->sent += left;
	return (ssize_t)left;
}

static void
free_chunks(void *payload)
{
	struct chunks *chunks = payload;

	bn_buf_free(&chunks->buf);
	free(chunks);
}

/* Half a body, then nothing. */
static ssize_t
on_truncated(void *payload, uint64_t at, char *out, size_t max)
{
	const struct bn_web_request *request = payload;
	size_t half = request->text_size / 2 + 1;

	if (at >= half || at >= request->text_size)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	half -= (size_t)at;
	if (half > max)
		half = max;
	memcpy(out, request->text + at, half);
	return (ssize_t)half;
}

/* The whole body, and nothing of what was promised beyond it. */
static ssize_t
on_lie(void *payload, uint64_t at, char *out, size_t max)
{
	const struct bn_web_request *request = payload;
	size_t size = at < request->text_size ? request->text_size - (size_t)at : 0;

	if (size == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (size > max)
		size = max;
	memcpy(out, request->text + at, size);
	return (ssize_t)size;
}

/* The body without its last byte, and then blanks for ever: valid as far as it goes. */
static ssize_t
on_endless(void *payload, uint64_t at, char *out, size_t max)
{
	const struct bn_web_request *request = payload;
	size_t size;

	if (atomic_load(&request->web->stopping))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (request->text_size > 0 && at < request->text_size - 1) {
		size = request->text_size - 1 - (size_t)at;
		if (size > max)
			size = max;
		memcpy(out, request->text + at, size);
		return (ssize_t)size;
	}
	memset(out, ' ', max);
	return (ssize_t)max;
}

static struct MHD_Response *
plain_response(const struct bn_web_request *request)
{
	union {
		const char *in;
		void *out;
	} text = {request->text == NULL ? "" : request->text};

	return MHD_create_response_from_buffer(request->text_size, text.out, MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *
make_response(struct bn_web_request *request)
{
	struct chunks *chunks;

	if (has_fault(request, BN_FAULT_ENDLESS, NULL))
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 65536, on_endless,
							 request, NULL);
	if (request->stream != NULL) {
		chunks = bn_xcalloc(1, sizeof(*chunks));
		chunks->request = request;
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, on_chunk, chunks,
							 free_chunks);
	}
	if (has_fault(request, BN_FAULT_TRUNCATE, NULL))
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, on_truncated,
							 request, NULL);
	if (has_fault(request, BN_FAULT_LIE, NULL))
		return MHD_create_response_from_callback(request->text_size + 4096, 16384, on_lie,
							 request, NULL);
	return plain_response(request);
}

static void
record(const struct bn_web_request *request)
{
	struct bn_recorded recorded;

	memset(&recorded, 0, sizeof(recorded));
	recorded.at = request->now;
	recorded.face = request->web->name;
	recorded.method = request->method;
	recorded.path = request->path;
	recorded.query = request->raw_query;
	recorded.auth = request->auth;
	recorded.status = request->status;
	recorded.violation = request->violation;
	if (request->body != NULL)
		bn_digest_once(request->body, request->body_size, recorded.body);
	bn_recorder_add(request->web->options.recorder, &recorded);
}

static const char garbage[] = "\x89PNG\r\n\x1a\n{\"items\": [\xff\xfe{]]} %s%n \x1b[2J";

/* Faults that stand in for what the face would say. */
static bool
faulty_answer(struct bn_web_request *request)
{
	char text[160];
	int64_t status;

	if (has_fault(request, BN_FAULT_HTTP, &status)) {
		snprintf(
		    text, sizeof(text),
		    "<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center>"
		    "<hr><center>nginx</center></body>\r\n</html>\r\n",
		    (int)status, (int)status);
		bn_web_text(request, (int)status, "text/html", text);
		return true;
	}
	if (has_fault(request, BN_FAULT_RATELIMIT, NULL)) {
		bn_web_text(request, 429, "application/json",
			    "{\"code\":8,\"message\":\"rate limit exceeded\",\"detail\":\"rate "
			    "limit exceeded\"}");
		return true;
	}
	if (has_fault(request, BN_FAULT_GARBAGE, NULL)) {
		request->status = 200;
		request->type = "application/json";
		request->text = bn_xmalloc(sizeof(garbage));
		memcpy(request->text, garbage, sizeof(garbage));
		request->text_size = sizeof(garbage) - 1;
		return true;
	}
	if (has_fault(request, BN_FAULT_401, NULL)) {
		request->auth = BN_AUTH_REFUSED;
		request->web->options.refuse(request, request->web->options.payload);
		return true;
	}
	return false;
}

static enum MHD_Result
send_answer(struct bn_web_request *request)
{
	struct MHD_Response *response = make_response(request);
	enum MHD_Result result;

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				request->type == NULL ? "text/plain" : request->type);
	if (request->challenge != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
					request->challenge);
	if (request->status == 429)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "30");
	result = MHD_queue_response(request->connection, (unsigned)request->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
answer(struct bn_web_request *request)
{
	int64_t delay;

	request->now = clock_of(request);
	if (has_fault(request, BN_FAULT_DEAD, NULL)) {
		record(request);
		bn_web_wait(request, INT64_MAX / 2 - bn_monotonic());
		return MHD_NO;
	}
	if (has_fault(request, BN_FAULT_SLOW, &delay) && !bn_web_wait(request, delay)) {
		record(request);
		return MHD_NO;
	}
	if (has_fault(request, BN_FAULT_DROP, NULL)) {
		record(request);
		return MHD_NO;
	}
	if (!faulty_answer(request))
		request->web->options.handler(request, request->web->options.payload);
	record(request);
	return request->status == 0 ? MHD_NO : send_answer(request);
}

static enum MHD_Result
on_access(void *payload, struct MHD_Connection *connection, const char *url, const char *method,
	  const char *version, const char *upload, size_t *upload_size, void **context)
{
	struct bn_web_request *request = *context;

	(void)payload, (void)connection, (void)url, (void)version;
	if (request->method == NULL) { /* headers are there; ask for the body */
		request->method = method;
		return MHD_YES;
	}
	if (*upload_size == 0)
		return answer(request);
	if (request->body_size + *upload_size > MAX_BODY)
		return MHD_NO;
	request->body = bn_xrealloc(request->body, request->body_size + *upload_size + 1, 1);
	memcpy(request->body + request->body_size, upload, *upload_size);
	request->body_size += *upload_size;
	request->body[request->body_size] = '\0';
	*upload_size = 0;
	return MHD_YES;
}

/* ---- life ------------------------------------------------------------------ */

int
bn_web_start(struct bn_web **out, const struct bn_web_options *options, struct bn_error *err)
{
	struct bn_web *web = bn_xcalloc(1, sizeof(*web));
	const union MHD_DaemonInfo *info;
	struct sockaddr_in address;
	unsigned flags =
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL;

	*out = NULL;
	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	web->options = *options;
	web->name = bn_xstrdup(options->name);
	web->memo = bn_web_memo_new();
	atomic_init(&web->stopping, false);
	if (options->key_pem != NULL)
		web->daemon = MHD_start_daemon(
		    flags | MHD_USE_TLS, 0, NULL, NULL, on_access, web, MHD_OPTION_SOCK_ADDR,
		    (struct sockaddr *)&address, MHD_OPTION_URI_LOG_CALLBACK, on_uri, web,
		    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_HTTPS_MEM_KEY,
		    options->key_pem, MHD_OPTION_HTTPS_MEM_CERT, options->certificate_pem,
		    MHD_OPTION_END);
	else
		web->daemon = MHD_start_daemon(
		    flags, 0, NULL, NULL, on_access, web, MHD_OPTION_SOCK_ADDR,
		    (struct sockaddr *)&address, MHD_OPTION_URI_LOG_CALLBACK, on_uri, web,
		    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	info = web->daemon == NULL ? NULL
				   : MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_BIND_PORT);
	if (info == NULL) {
		bn_web_stop(web);
		return bn_fail(err, BN_EIO, "demo: %s cannot listen on 127.0.0.1", options->name);
	}
	web->port = info->port;
	*out = web;
	return BN_OK;
}

void
bn_web_stop(struct bn_web *web)
{
	if (web == NULL)
		return;
	atomic_store(&web->stopping, true);
	if (web->daemon != NULL)
		MHD_stop_daemon(web->daemon);
	bn_web_memo_free(web->memo);
	free(web->name);
	free(web);
}

int
bn_web_port(const struct bn_web *web)
{
	return web->port;
}

const char *
bn_web_name(const struct bn_web *web)
{
	return web->name;
}

struct bn_faults *
bn_web_faults(const struct bn_web *web)
{
	return web->options.faults;
}
