/* wire.c - a small server for one face that speaks RESP2: commands cut up, replies built, faults, all recorded. */
/* SPDX-License-Identifier: MIT */
#include "sim/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

#define PEERS	 64
#define MOST_IN	 (64u * 1024)
#define MOST_OUT (256u * 1024)

struct peer {
	int fd; /* -1: free */
	struct bn_buf in, out;
	size_t sent;
	bool logged_in, close_after, endless, mute;
	int64_t not_before; /* monotonic ms: a slow face */
};

struct bn_wire {
	struct bn_wire_options options;
	int listener, wake, port;
	pthread_t thread;
	bool running;
	atomic_bool stopping;
	struct peer peers[PEERS];
};

static bool
has_fault(const struct bn_wire *wire, enum bn_fault_kind kind, int64_t *value)
{
	return bn_faults_on(wire->options.faults, kind, wire->options.name, value);
}

static void
drop(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	bn_buf_free(&peer->in);
	bn_buf_free(&peer->out);
	*peer = (struct peer){.fd = -1};
}

/* ---- commands in ----------------------------------------------------------- */

/* A number behind its mark and its line's end; -1: not complete, -2: none. */
static long
number(const struct bn_buf *in, size_t *at, char mark)
{
	const char *end = *at < in->size ? memchr(in->data + *at, '\n', in->size - *at) : NULL;
	long value;
	char *stop;

	if (end == NULL)
		return in->size - *at > 32 ? -2 : -1;
	if (in->data[*at] != mark || end[-1] != '\r')
		return -2;
	value = strtol(in->data + *at + 1, &stop, 10);
	*at = (size_t)(end + 1 - in->data);
	return stop == end - 1 && value >= 0 && value < (long)MOST_IN ? value : -2;
}

/* One command cut out of what has come: 1, 0 not yet, -1 no RESP. Words end in NUL in place. */
static int
cut(struct peer *peer, struct bn_wire_request *request, size_t *used)
{
	size_t at = 0, start[BN_WIRE_WORDS], length[BN_WIRE_WORDS];
	long count = peer->in.size > 0 ? number(&peer->in, &at, '*') : -1;

	if (count < 0 || count > BN_WIRE_WORDS)
		return count == -1 ? 0 : -1;
	for (long i = 0; i < count; i++) {
		long size = number(&peer->in, &at, '$');

		if (size < 0)
			return size == -1 ? 0 : -1;
		if (at + (size_t)size + 2 > peer->in.size)
			return 0;
		start[i] = at;
		length[i] = (size_t)size;
		at += (size_t)size + 2;
	}
	for (long i = 0; i < count; i++) {
		peer->in.data[start[i] + length[i]] = '\0';
		request->word[i] = peer->in.data + start[i];
	}
	request->words = (size_t)count;
	*used = at;
	return 1;
}

/* The login's words are not for the record. */
static void
record(const struct bn_wire *wire, const struct bn_wire_request *request, bool answered)
{
	struct bn_recorded recorded = {.at = request->now,
				       .face = wire->options.name,
				       .method = "REDIS",
				       .query = "",
				       .violation = request->violation};
	bool login = strcasecmp(request->word[0], "AUTH") == 0;
	struct bn_buf words = BN_BUF_INIT(0);

	for (size_t i = 0; i < (login ? 1 : request->words); i++)
		bn_buf_addf(&words, "%s%s", i > 0 ? " " : "", request->word[i]);
	recorded.path = bn_buf_text(&words);
	recorded.auth = request->bad_login   ? BN_AUTH_REFUSED
			: request->logged_in ? BN_AUTH_OK
					     : BN_AUTH_NONE;
	recorded.status = !answered ? 0 : request->reply->data[0] == '-' ? 400 : 200;
	bn_recorder_add(wire->options.recorder, &recorded);
	bn_buf_free(&words);
}

/* ---- faults ---------------------------------------------------------------- */

/* What stands in for a reply, or NULL. */
static const char *
instead(const struct bn_wire *wire)
{
	if (has_fault(wire, BN_FAULT_HTTP, NULL))
		return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
	if (has_fault(wire, BN_FAULT_GARBAGE, NULL))
		return "\x89PNG\r\n\x1a\n *-7\r\n$999999999999\r\n\xff%s%n \x1b[2J";
	if (has_fault(wire, BN_FAULT_RATELIMIT, NULL))
		return "-ERR max number of clients reached\r\n";
	if (has_fault(wire, BN_FAULT_401, NULL))
		return "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
	if (has_fault(wire, BN_FAULT_LIE, NULL))
		return "$4096\r\nless than that\r\n";
	return NULL;
}

static void
say(struct bn_wire *wire, struct peer *peer, const struct bn_buf *reply)
{
	const char *other = instead(wire);
	int64_t delay = 0;
	size_t size = reply->size;

	if (has_fault(wire, BN_FAULT_SLOW, &delay))
		peer->not_before = bn_monotonic() + delay;
	if (has_fault(wire, BN_FAULT_TRUNCATE, NULL)) {
		size = size / 2 + (size < 2);
		peer->close_after = true;
	}
	if (other != NULL)
		bn_buf_adds(&peer->out, other);
	else if (has_fault(wire, BN_FAULT_ENDLESS, NULL)) {
		bn_buf_adds(&peer->out, "*90000\r\n");
		peer->endless = true;
	} else
		bn_buf_add(&peer->out, reply->data, size);
}

static void
answer(struct bn_wire *wire, struct peer *peer, struct bn_wire_request *request)
{
	struct bn_buf reply = BN_BUF_INIT(0);
	int64_t skew = 0;

	has_fault(wire, BN_FAULT_SKEW, &skew);
	request->world = wire->options.world;
	request->now = bn_clock_now(wire->options.clock) + skew;
	request->logged_in = peer->logged_in;
	request->hostile = has_fault(wire, BN_FAULT_HOSTILE, NULL);
	/* cppcheck-suppress autoVariables ; taken back below */
	request->reply = &reply;
	if (has_fault(wire, BN_FAULT_DROP, NULL) || has_fault(wire, BN_FAULT_DEAD, NULL)) {
		record(wire, request, false);
		peer->mute = has_fault(wire, BN_FAULT_DEAD, NULL);
		peer->close_after = !peer->mute;
		request->reply = NULL;
		bn_buf_free(&reply);
		return;
	}
	wire->options.handler(request, wire->options.payload);
	peer->logged_in = request->logged_in;
	record(wire, request, true);
	say(wire, peer, &reply);
	request->reply = NULL;
	bn_buf_free(&reply);
}

static void
take(struct bn_wire *wire, struct peer *peer)
{
	char room[4096];
	ssize_t n = recv(peer->fd, room, sizeof(room), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || peer->in.size + (size_t)n > MOST_IN) {
		drop(peer);
		return;
	}
	bn_buf_add(&peer->in, room, (size_t)n);
	for (;;) {
		struct bn_wire_request request = {0};
		size_t used = 0;
		int rc = cut(peer, &request, &used);

		if (rc == 0)
			return;
		if (rc < 0) {
			bn_buf_adds(&peer->out, "-ERR Protocol error\r\n");
			peer->close_after = true;
			return;
		}
		if (request.words > 0)
			answer(wire, peer, &request);
		memmove(peer->in.data, peer->in.data + used, peer->in.size - used);
		peer->in.size -= used;
	}
}

static void
give(struct peer *peer)
{
	ssize_t n;

	if (peer->endless && peer->out.size - peer->sent < MOST_OUT / 2)
		for (int i = 0; i < 1000; i++)
			bn_buf_adds(&peer->out, "$3\r\nxyz\r\n");
	n = send(peer->fd, peer->out.data + peer->sent, peer->out.size - peer->sent, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		drop(peer);
		return;
	}
	peer->sent += n > 0 ? (size_t)n : 0;
	if (peer->sent == peer->out.size) {
		bn_buf_reset(&peer->out);
		peer->sent = 0;
		if (peer->close_after)
			drop(peer);
	}
}

/* ---- the thread ------------------------------------------------------------ */

static void
welcome(struct bn_wire *wire)
{
	int fd = accept4(wire->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (size_t i = 0; fd >= 0 && i < PEERS; i++)
		if (wire->peers[i].fd < 0) {
			wire->peers[i].fd = fd;
			return;
		}
	if (fd >= 0)
		close(fd);
}

static void *
serve(void *payload)
{
	struct bn_wire *wire = payload;

	while (!atomic_load(&wire->stopping)) {
		struct pollfd fds[PEERS + 2] = {{wire->wake, POLLIN, 0},
						{wire->listener, POLLIN, 0}};
		int64_t now = bn_monotonic();
		int timeout = -1;

		for (size_t i = 0; i < PEERS; i++) {
			struct peer *peer = &wire->peers[i];
			bool due = peer->not_before <= now;

			fds[i + 2] = (struct pollfd){.fd = peer->fd, .events = POLLIN};
			if (peer->fd < 0)
				continue;
			if ((peer->out.size > peer->sent || peer->endless || peer->close_after) &&
			    due)
				fds[i + 2].events |= POLLOUT;
			else if (!due && (timeout < 0 || peer->not_before - now < timeout))
				timeout = (int)(peer->not_before - now) + 1;
		}
		poll(fds, PEERS + 2, timeout);
		if ((fds[1].revents & POLLIN) != 0)
			welcome(wire);
		for (size_t i = 0; i < PEERS; i++) {
			struct peer *peer = &wire->peers[i];

			if (peer->fd >= 0 && peer->fd == fds[i + 2].fd &&
			    (fds[i + 2].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
				take(wire, peer);
			if (peer->fd >= 0 && peer->fd == fds[i + 2].fd &&
			    (fds[i + 2].revents & POLLOUT) != 0)
				give(peer);
		}
	}
	return NULL;
}

int
bn_wire_start(struct bn_wire **out, const struct bn_wire_options *options, struct bn_error *err)
{
	struct bn_wire *wire = bn_xcalloc(1, sizeof(*wire));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);

	*out = NULL;
	wire->options = *options;
	for (size_t i = 0; i < PEERS; i++)
		wire->peers[i].fd = -1;
	wire->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	wire->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->wake < 0 || wire->listener < 0 ||
	    bind(wire->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(wire->listener, 16) != 0 ||
	    getsockname(wire->listener, (struct sockaddr *)&address, &size) != 0 ||
	    pthread_create(&wire->thread, NULL, serve, wire) != 0) {
		bn_wire_stop(wire);
		return bn_fail(err, BN_EIO, "demo: %s cannot listen on 127.0.0.1", options->name);
	}
	wire->running = true;
	wire->port = ntohs(address.sin_port);
	*out = wire;
	return BN_OK;
}

void
bn_wire_stop(struct bn_wire *wire)
{
	if (wire == NULL)
		return;
	atomic_store(&wire->stopping, true);
	if (wire->running) {
		(void)eventfd_write(wire->wake, 1);
		pthread_join(wire->thread, NULL);
	}
	for (size_t i = 0; i < PEERS; i++)
		drop(&wire->peers[i]);
	if (wire->listener >= 0)
		close(wire->listener);
	if (wire->wake >= 0)
		close(wire->wake);
	free(wire);
}

int
bn_wire_port(const struct bn_wire *wire)
{
	return wire->port;
}
