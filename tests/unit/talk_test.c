/* talk_test.c - conversations with a server that is no HTTP, over loopback, in every way they can go wrong. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/http.h"
#include "tests/test.h"

/* ---- a server that says what it is told to ---------------------------------------------------- */

struct server {
	const char *const
	    *replies;	/* one for each thing that is read; NULL: silence from there on */
	bool piecemeal; /* a byte at a time */
	bool hang_up;	/* once all is said */
	int fd, port, stop[2];
	pthread_t thread;
	char heard[4096];
	size_t size;
};

/* False when the other end is gone, or the server stops. */
static bool
hear(struct server *s, int fd)
{
	struct pollfd wait[2] = {{.fd = fd, .events = POLLIN},
				 {.fd = s->stop[0], .events = POLLIN}};
	ssize_t n;

	if (poll(wait, 2, -1) < 0 || wait[1].revents != 0)
		return false;
	n = recv(fd, s->heard + s->size, sizeof(s->heard) - 1 - s->size, 0);
	if (n > 0)
		s->size += (size_t)n;
	return n > 0;
}

static void
say(const struct server *s, int fd, const char *reply)
{
	size_t size = strlen(reply), step = s->piecemeal ? 1 : size;

	for (size_t i = 0; i < size; i += step) {
		if (send(fd, reply + i, step, MSG_NOSIGNAL) < 0)
			return;
		if (s->piecemeal)
			usleep(500);
	}
}

static void *
serve(void *payload)
{
	struct server *s = payload;
	int fd = accept(s->fd, NULL, NULL), no_delay = 1;
	size_t i;

	if (fd < 0)
		return NULL;
	setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &no_delay, sizeof(no_delay));
	for (i = 0; s->replies[i] != NULL && hear(s, fd); i++)
		say(s, fd, s->replies[i]);
	while (!s->hang_up && hear(s, fd))
		continue;
	close(fd);
	return NULL;
}

/* ---- a client of it --------------------------------------------------------------------------- */

enum { AUTH, PING, GET, DEL };

static const struct bn_request table[] = {
    [AUTH] = {BN_TALK_METHOD, "AUTH {user} {password}", "", BN_READS, "login", NULL},
    [PING] = {BN_TALK_METHOD, "PING", "", BN_READS, "is it there", NULL},
    [GET] = {BN_TALK_METHOD, "GET {key}", "", BN_READS, "a value", NULL},
    [DEL] = {BN_TALK_METHOD, "DEL {key}", "", BN_WRITES, "planted", NULL},
    {NULL, NULL, NULL, BN_READS, NULL, NULL}};

struct fixture {
	struct server server;
	struct bn_net *net;
	struct bn_http *http;
	struct bn_clock clock;
	struct bn_error err;
};

static void
begin(struct fixture *f, const char *const *replies, int64_t timeout)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	struct bn_http_options options = {
	    .source = "recs", .requests = table, .timeout = timeout, .clock = &f->clock};
	char url[64];

	f->server.replies = replies;
	f->server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(f->server.fd >= 0);
	assert_int_equal(bind(f->server.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(f->server.fd, 1), 0);
	assert_int_equal(getsockname(f->server.fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(pipe(f->server.stop), 0);
	assert_int_equal(pthread_create(&f->server.thread, NULL, serve, &f->server), 0);
	bn_clock_init(&f->clock);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d", ntohs(address.sin_port));
	options.base_url = url;
	assert_ok(bn_net_new(&f->net, NULL, &f->err), &f->err);
	assert_ok(bn_http_new(&f->http, f->net, &options, &f->err), &f->err);
}

static void
end(struct fixture *f)
{
	bn_http_talk_close(f->http);
	assert_int_equal(write(f->server.stop[1], "x", 1), 1);
	shutdown(f->server.fd, SHUT_RDWR); /* nobody came: it waits no longer */
	pthread_join(f->server.thread, NULL);
	close(f->server.fd);
	close(f->server.stop[0]);
	close(f->server.stop[1]);
	bn_http_free(f->http);
	bn_net_free(f->net);
}

static int
open_talk(struct fixture *f)
{
	struct bn_probe probe = {0};

	return bn_http_talk_open(f->http, PING, &probe, &f->err);
}

static int
get(struct fixture *f, json_t **out)
{
	return bn_http_talk(f->http, GET, BN_PARAMS({"key", "recs:prod"}), out, &f->err);
}

#define SAYS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- replies ---------------------------------------------------------------------------------- */

static void
talk_takes_replies_however_they_are_cut(void **state)
{
	static const char *const replies[] = {"+PONG\r\n",
					      "$7\r\na\r\nb\r\n\r\r\n",
					      ":-42\r\n",
					      "$-1\r\n",
					      "*3\r\n:1\r\n$0\r\n\r\n*1\r\n+x\r\n",
					      NULL};

	(void)state;
	for (int piecemeal = 0; piecemeal < 2; piecemeal++) {
		struct fixture f = {.server.piecemeal = piecemeal != 0};
		json_t *reply = NULL;

		begin(&f, replies, 30000);
		assert_ok(open_talk(&f), &f.err);
		assert_ok(get(&f, &reply), &f.err);
		assert_int_equal(json_string_length(reply), 7);
		assert_memory_equal(json_string_value(reply), "a\r\nb\r\n\r", 7);
		json_decref(reply);
		assert_ok(get(&f, &reply), &f.err);
		assert_int_equal(json_integer_value(reply), -42);
		json_decref(reply);
		assert_ok(get(&f, &reply), &f.err);
		assert_true(json_is_null(reply));
		json_decref(reply);
		assert_ok(get(&f, &reply), &f.err);
		assert_int_equal(json_array_size(reply), 3);
		assert_string_equal(json_string_value(json_array_get(json_array_get(reply, 2), 0)),
				    "x");
		json_decref(reply);
		end(&f);
	}
}

/* A refusal is an answer: what comes next can be asked all the same. */
static void
talk_goes_on_after_a_refusal(void **state)
{
	struct fixture f = {0};
	json_t *reply = NULL;

	(void)state;
	begin(&f, SAYS("+PONG\r\n", "-NOPERM this user may not\r\n", "$2\r\nok\r\n"), 30000);
	assert_ok(open_talk(&f), &f.err);
	assert_fails_with(BN_EPERM, get(&f, &reply));
	assert_null(reply);
	assert_non_null(strstr(f.err.message, "GET recs:prod on redis://127.0.0.1"));
	assert_string_equal(f.err.source, "recs");
	assert_ok(get(&f, &reply), &f.err);
	assert_string_equal(json_string_value(reply), "ok");
	json_decref(reply);
	end(&f);
}

/* What breaks the order of question and answer ends the conversation, and says what it was. */
static void
talk_ends_where_its_order_is_lost(void **state)
{
	static const struct {
		const char *reply;
		bool hang_up;
		int code;
		const char *says;
	} cases[] = {
	    {"$10\r\nabc", true, BN_EUNREACHABLE, "broke before the reply was complete"},
	    {"+one\r\n+two\r\n", false, BN_EPARSE, "more than one reply"},
	    {"HTTP/1.1 400 Bad Request\r\n\r\n", false, BN_EPARSE, "no Redis"},
	    {"$3\r\nabcdef\r\n", false, BN_EPARSE, ""},
	    {"*-7\r\n", false, BN_EPARSE, ""},
	    {"$10\r\nabc", false, BN_ETIMEOUT, "no answer within"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f = {.server.hang_up = cases[i].hang_up};
		json_t *reply = NULL;
		int rc;

		begin(&f, SAYS("+PONG\r\n", cases[i].reply),
		      cases[i].code == BN_ETIMEOUT ? 400 : 30000);
		assert_ok(open_talk(&f), &f.err);
		rc = get(&f, &reply);
		if (rc != cases[i].code || strstr(f.err.message, cases[i].says) == NULL)
			fail_msg("%zu: %d, not %d: %s", i, rc, cases[i].code, f.err.message);
		assert_null(reply);
		assert_fails_with(BN_EINTERNAL, get(&f, &reply));
		assert_non_null(strstr(f.err.message, "was not begun"));
		end(&f);
	}
}

static void *
cancel(void *payload)
{
	usleep(100000);
	bn_http_cancel(payload);
	return NULL;
}

static void
talk_that_waits_can_be_cancelled(void **state)
{
	struct fixture f = {0};
	pthread_t thread;
	json_t *reply = NULL;

	(void)state;
	begin(&f, SAYS("+PONG\r\n"), 600000);
	assert_ok(open_talk(&f), &f.err);
	assert_int_equal(pthread_create(&thread, NULL, cancel, f.http), 0);
	assert_fails_with(BN_ECANCELLED, get(&f, &reply));
	pthread_join(thread, NULL);
	end(&f);
}

/* ---- what is sent ----------------------------------------------------------------------------- */

/* A login goes first and is in no message; an argument stays one, whatever bytes it holds. */
static void
talk_sends_what_the_table_says_and_no_more(void **state)
{
	struct fixture f = {0};
	json_t *reply = NULL;

	(void)state;
	begin(&f, SAYS("+OK\r\n", "+PONG\r\n", "-ERR hunter2 is no key\r\n"), 30000);
	assert_ok(bn_http_set_basic(f.http, "reader", "hunter2", &f.err), &f.err);
	assert_ok(open_talk(&f), &f.err);
	assert_fails_with(BN_EPERM,
			  bn_http_talk(f.http, DEL, BN_PARAMS({"key", "x"}), &reply, &f.err));
	assert_fails_with(BN_EINTERNAL, bn_http_talk(f.http, 17, BN_NO_PARAMS, &reply, &f.err));
	assert_true(bn_http_talk(f.http, GET, BN_PARAMS({"key", "a\r\nDEL b"}), &reply, &f.err) <
		    0);
	assert_null(strstr(f.err.message, "hunter2"));
	bn_http_talk_close(f.http);
	end(&f);
	assert_string_equal(f.server.heard,
			    "*3\r\n$4\r\nAUTH\r\n$6\r\nreader\r\n$7\r\nhunter2\r\n"
			    "*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$8\r\na\r\nDEL b\r\n");
}

static void
talk_with_a_wrong_password_is_not_begun(void **state)
{
	struct fixture f = {0};
	json_t *reply = NULL;

	(void)state;
	begin(&f, SAYS("-WRONGPASS invalid username-password pair\r\n"), 30000);
	assert_ok(bn_http_set_basic(f.http, "reader", "hunter2", &f.err), &f.err);
	assert_fails_with(BN_EAUTH, open_talk(&f));
	assert_null(strstr(f.err.message, "hunter2"));
	assert_fails_with(BN_EINTERNAL, get(&f, &reply));
	end(&f);
	assert_null(strstr(f.server.heard, "PING"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(talk_takes_replies_however_they_are_cut),
	    cmocka_unit_test(talk_goes_on_after_a_refusal),
	    cmocka_unit_test(talk_ends_where_its_order_is_lost),
	    cmocka_unit_test(talk_that_waits_can_be_cancelled),
	    cmocka_unit_test(talk_sends_what_the_table_says_and_no_more),
	    cmocka_unit_test(talk_with_a_wrong_password_is_not_begun),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
