/* collect_test.c - sources, lanes, schedule, leases and what a person asks of them, with a toy plugin. */
/* SPDX-License-Identifier: MIT */
#include "collect/collect.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "net/http.h"
#include "tests/test.h"
#include "testserver.h"
#include "toy.h"

/* ---- fixture
 * -----------------------------------------------------------------------------------------------------
 */

/* A server and a state directory; processes (also in this one) come and go on it. */
struct world {
	char dir[64];
	struct testserver *server;
};

struct process {
	struct bn_clock clock;
	struct bn_registry *registry;
	struct bn_config *config;
	struct bn_store *store;
	struct bn_collect *collect;
	struct bn_writer *look; /* for queries */
	pthread_mutex_t lock;
	int after_polls, wakes, exchanges;
	bool acts; /* it may send what its table calls a write */
};

static void
open_world(struct world *w, ts_handler *handler, void *payload)
{
	snprintf(w->dir, sizeof(w->dir), "/tmp/bn-collect-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->server = ts_start(handler, payload != NULL ? payload : w, NULL);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
close_world(struct world *w)
{
	ts_stop(w->server);
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
count_after(void *payload, struct bn_store *store)
{
	struct process *p = payload;

	assert_true(store == p->store);
	pthread_mutex_lock(&p->lock);
	p->after_polls++;
	pthread_mutex_unlock(&p->lock);
}

static void
count_wake(void *payload)
{
	struct process *p = payload;

	pthread_mutex_lock(&p->lock);
	p->wakes++;
	pthread_mutex_unlock(&p->lock);
}

static void
observe(const struct bn_exchange *exchange, void *payload)
{
	struct process *p = payload;
	const struct bn_request *row = exchange->request;

	/* The recorder every test of the suite passes: what is sent stands in a table. */
	assert_non_null(row);
	assert_string_equal(row->method, exchange->method);
	assert_true(row->effect == BN_READS || p->acts);
	pthread_mutex_lock(&p->lock);
	p->exchanges++;
	pthread_mutex_unlock(&p->lock);
}

static int
counted(struct process *p, const int *counter)
{
	int value;

	pthread_mutex_lock(&p->lock);
	value = *counter;
	pthread_mutex_unlock(&p->lock);
	return value;
}

/* %URL% in the configuration is the server's. */
static char *
fill(const char *config, const char *url)
{
	struct bn_buf out = BN_BUF_INIT(0);
	const char *at;

	while ((at = strstr(config, "%URL%")) != NULL) {
		bn_buf_add(&out, config, (size_t)(at - config));
		bn_buf_adds(&out, url);
		config = at + 5;
	}
	bn_buf_adds(&out, config);
	return bn_buf_take(&out);
}

/* `dir` NULL: a store in memory. */
static void
start_process_in(struct process *p, const char *dir, const char *url, const char *config,
		 double speed)
{
	struct bn_error err = {0};
	char *text = fill(config, url);

	memset(p, 0, sizeof(*p));
	pthread_mutex_init(&p->lock, NULL);
	bn_clock_init(&p->clock);
	if (speed != 1)
		bn_clock_set(&p->clock, 1773108000000, speed);
	assert_ok(bn_registry_new(&p->registry, toy_plugins, &err), &err);
	assert_ok(
	    bn_config_load_text(&p->config, "test", text, bn_registry_types(p->registry), &err),
	    &err);
	free(text);
	assert_ok(bn_store_open(&p->store, dir, dir != NULL ? BN_STORE_SHARED : BN_STORE_MEMORY,
				&p->clock, NULL, &err),
		  &err);
	bn_store_set_anchor(p->store, "");
	assert_ok(bn_writer_open(&p->look, p->store, &err), &err);
	assert_ok(bn_collect_new(&p->collect,
				 &(struct bn_collect_options){
				     .config = p->config,
				     .registry = p->registry,
				     .store = p->store,
				     .clock = &p->clock,
				     .wake = count_wake,
				     .after_poll = count_after,
				     .payload = p,
				     .observe = observe,
				     .observe_payload = p,
				 },
				 &err),
		  &err);
}

static void
start_process(struct process *p, struct world *w, const char *config, double speed)
{
	start_process_in(p, w->dir, ts_url(w->server), config, speed);
}

static void
end_process(struct process *p)
{
	int64_t began = bn_monotonic();

	assert_true(bn_collect_free(p->collect));
	assert_true(bn_monotonic() - began < 2000);
	bn_writer_close(p->look);
	bn_store_close(p->store);
	bn_config_free(p->config);
	bn_registry_free(p->registry);
	pthread_mutex_destroy(&p->lock);
}

static int64_t
number(struct process *p, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t value;

	if (sqlite3_prepare_v2(bn_writer_db(p->look), sql, -1, &row, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(bn_writer_db(p->look)));
	value = sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL
		    ? sqlite3_column_int64(row, 0)
		    : -1;
	sqlite3_finalize(row);
	return value;
}

static const char *
text(struct process *p, const char *sql)
{
	static char copy[600];
	sqlite3_stmt *row = NULL;

	if (sqlite3_prepare_v2(bn_writer_db(p->look), sql, -1, &row, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(bn_writer_db(p->look)));
	copy[0] = '\0';
	if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_text(row, 0) != NULL)
		snprintf(copy, sizeof(copy), "%s", (const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	return copy;
}

/* Waits, generously, until the query gives at least that much. */
static void
await(struct process *p, const char *sql, int64_t at_least)
{
	int64_t until = bn_monotonic() + 10000;

	while (number(p, sql) < at_least) {
		if (bn_monotonic() > until)
			fail_msg("%s stays below %lld", sql, (long long)at_least);
		usleep(10000);
	}
}

static void
await_requests(struct world *w, int at_least)
{
	int64_t until = bn_monotonic() + 10000;

	while (ts_requests(w->server) < at_least) {
		if (bn_monotonic() > until)
			fail_msg("only %d requests", ts_requests(w->server));
		usleep(10000);
	}
}

static void
once(struct process *p, bool force)
{
	struct bn_error err = {0};

	assert_ok(bn_collect_once(p->collect, NULL, 10000, force, &err), &err);
}

/* ---- the platform
 * ----------------------------------------------------------------------------------------------------
 */

static const char *const one = "[source \"toy\"]\n type = toy\n url = %URL%\n";

static const char two_runs[] =
    "{\"items\":[{\"id\":\"a\",\"status\":\"failed\"},{\"id\":\"b\",\"status\":\"ok\"}]}";

static void
good(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)payload;
	if (strcmp(request->target, "/runs") == 0)
		ts_json(conn, two_runs);
	else if (strcmp(request->target, "/old") == 0)
		ts_json(conn, "{\"items\":[{\"id\":\"ancient\",\"status\":\"ok\"}]}");
	else if (strncmp(request->target, "/detail/", 8) == 0)
		ts_json(conn, "{\"task\":\"t1\",\"why\":{\"code\":1}}");
	else if (strncmp(request->target, "/logs/", 6) == 0)
		ts_reply(conn, 200, "Content-Type: text/plain\r\n", "first\nsecond\nlast");
	else if (strcmp(request->target, "/who") == 0)
		ts_json(conn, "{\"name\":\"kim\"}");
	else
		ts_reply(conn, 404, NULL, "");
}

/* ---- once
 * ----------------------------------------------------------------------------------------------------------------
 */

static void
once_stores_what_the_plugin_read(void **state)
{
	struct world w;
	struct process p;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	once(&p, false);
	assert_int_equal(
	    number(&p, "SELECT count(*) FROM entity WHERE kind = 2 AND key IN ('a', 'b')"), 2);
	assert_int_equal(number(&p, "SELECT status FROM entity WHERE key = 'a'"), BN_FAILED);
	assert_string_equal(text(&p, "SELECT state FROM source WHERE name = 'toy'"), "ok");
	assert_int_equal(
	    number(&p, "SELECT count(*) FROM call WHERE what = 'GET /runs' AND http_status = 200"),
	    1);
	assert_int_equal(number(&p, "SELECT count(*) FROM observed"), 1);
	assert_int_equal(counted(&p, &p.after_polls), 1);
	assert_int_equal(counted(&p, &p.exchanges), 2); /* the poll and the history */
	end_process(&p);
	close_world(&w);
}

static void
once_leaves_fresh_sources_alone_unless_forced(void **state)
{
	struct world w;
	struct process p;
	int before;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	once(&p, false);
	before = ts_requests(w.server);
	once(&p, false);
	assert_int_equal(ts_requests(w.server), before);
	once(&p, true);
	assert_int_equal(ts_requests(w.server), before + 1);
	end_process(&p);
	close_world(&w);
}

static void
once_reads_history_a_single_time(void **state)
{
	struct world w;
	struct process p;
	char *heads, *first;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	once(&p, true);
	assert_int_equal(number(&p, "SELECT count(*) FROM entity WHERE key = 'ancient'"), 1);
	once(&p, true);
	end_process(&p);
	heads = ts_heads(w.server);
	first = strstr(heads, "GET /old");
	assert_non_null(first);
	assert_null(strstr(first + 1, "GET /old"));
	free(heads);
	close_world(&w);
}

static void
broken_server(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)request;
	(void)payload;
	ts_reply(conn, 400, "Content-Type: application/json\r\n", "{\"message\":\"out of order\"}");
}

static void
once_puts_failures_in_the_sources_row(void **state)
{
	struct world w;
	struct process p;

	(void)state;
	open_world(&w, broken_server, NULL);
	start_process(&p, &w, one, 1);
	once(&p, false);
	assert_string_equal(text(&p, "SELECT state FROM source"), "failing");
	assert_int_equal(number(&p, "SELECT last_http_status FROM source"), 400);
	assert_non_null(strstr(text(&p, "SELECT last_error FROM source"), "out of order"));
	assert_true(strlen(text(&p, "SELECT last_hint FROM source")) > 0);
	assert_non_null(strstr(text(&p, "SELECT error FROM call"), "out of order"));
	end_process(&p);
	close_world(&w);
}

static void
once_of_an_unknown_source_is_not_found(void **state)
{
	static const char *const names[] = {"nobody", NULL};
	struct world w;
	struct process p;
	struct bn_error err;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	assert_fails_with(BN_ENOTFOUND, bn_collect_once(p.collect, names, 1000, false, &err));
	assert_non_null(strstr(err.message, "nobody"));
	end_process(&p);
	close_world(&w);
}

static void
silent_server(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)request;
	(void)payload;
	ts_hold(conn);
}

static void
once_ends_in_time_when_a_server_is_silent(void **state)
{
	struct world w;
	struct process p;
	struct testserver *fine = ts_start(good, NULL, NULL);
	struct bn_error err = {0};
	char *config;
	int64_t began;

	(void)state;
	open_world(&w, silent_server, NULL);
	config = bn_xasprintf("%s[source \"fine\"]\n type = toy\n url = %s\n", one, ts_url(fine));
	start_process(&p, &w, config, 1);
	began = bn_monotonic();
	assert_ok(bn_collect_once(p.collect, NULL, 500, false, &err), &err);
	assert_true(bn_monotonic() - began < 5000); /* the source's own time-out is 30 s */
	assert_string_equal(text(&p, "SELECT state FROM source WHERE name = 'fine'"), "ok");
	assert_string_equal(text(&p, "SELECT state FROM source WHERE name = 'toy'"), "failing");
	assert_non_null(
	    strstr(text(&p, "SELECT last_error FROM source WHERE name = 'toy'"), "time allowed"));
	end_process(&p);
	free(config);
	close_world(&w);
	ts_stop(fine);
}

static void
half_broken(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	(void)request;
	(void)payload;
	ts_json(conn, "{\"items\":[{\"id\":\"a\"},{\"no\":1},{\"id\":\"b\",\"n\":"
		      "99999999999999999999},{\"id\":\"c\"}]}");
}

static void
broken_items_are_skipped_and_counted(void **state)
{
	struct world w;
	struct process p;

	(void)state;
	open_world(&w, half_broken, NULL);
	start_process(&p, &w, one, 1);
	once(&p, false);
	assert_int_equal(number(&p, "SELECT count(*) FROM entity WHERE key IN ('a', 'c')"), 2);
	assert_string_equal(text(&p, "SELECT state FROM source"), "ok");
	assert_int_equal(number(&p, "SELECT skipped FROM source"), 2);
	assert_true(strlen(text(&p, "SELECT skip_reason FROM source")) > 0);
	end_process(&p);
	close_world(&w);
}

static void
planted_request_is_refused_and_never_sent(void **state)
{
	static const char *const ways[] = {"unlisted", "write", "probe", "parameter"};
	struct world w;
	struct process p;
	char *config;
	size_t i;

	(void)state;
	open_world(&w, good, NULL);
	for (i = 0; i < 4; i++) {
		config = bn_xasprintf(
		    "[source \"bad%zu\"]\n type = planted\n url = %%URL%%\n how = %s\n", i,
		    ways[i]);
		start_process(&p, &w, config, 1);
		once(&p, true);
		assert_int_equal(number(&p, "SELECT count(*) FROM source WHERE state = 'ok'"), 0);
		assert_true(
		    strlen(text(&p, "SELECT last_error FROM source WHERE state = 'failing'")) > 0);
		end_process(&p);
		free(config);
	}
	assert_int_equal(ts_requests(w.server), 0);
	close_world(&w);
}

/* What a write comes to, by what it asks for: taken, refused, or cut off without an answer. */
struct platform {
	atomic_int writes;
	int status; /* 0: no answer */
};

static void
take_write(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	struct platform *platform = payload;

	(void)request;
	atomic_fetch_add(&platform->writes, 1);
	if (platform->status != 0)
		ts_reply(conn, platform->status, "Content-Type: application/json\r\n", "{}");
}

static int
send_at_once(const struct bn_plan *plan, void *payload, struct bn_error *err)
{
	(void)plan;
	(void)payload;
	(void)err;
	return BN_OK;
}

static void
keep_state(const struct bn_outcome *outcome, const struct bn_error *why, void *payload)
{
	enum bn_outcome_state *state = payload;

	(void)why;
	*state = outcome->state;
}

/* The writes of a planted plugin are on no list: what writes down the suite's own requests must not see them. */
static int
record_nothing(void **state)
{
	const char *path = getenv("BINNACLE_RECORD");

	*state = path != NULL ? strdup(path) : NULL;
	unsetenv("BINNACLE_RECORD");
	return 0;
}

static int
record_again(void **state)
{
	if (*state != NULL)
		setenv("BINNACLE_RECORD", *state, 1);
	free(*state);
	return 0;
}

static void
request_that_left_is_never_called_unsent(void **state)
{
	static const struct {
		const char *how;
		int status;
		enum bn_outcome_state wanted;
	} cases[] = {
	    /* Done, and then an error: it is looked up what became of it. */
	    {"twice", 200, BN_OUTCOME_UNKNOWN},	  {"twice", 0, BN_OUTCOME_UNKNOWN},
	    {"twice", 409, BN_OUTCOME_REFUSED},	  {"denies", 200, BN_OUTCOME_DONE},
	    {"denies", 0, BN_OUTCOME_UNKNOWN},	  {"denies", 409, BN_OUTCOME_REFUSED},
	    {"refuses", 0, BN_OUTCOME_UNKNOWN},	  {"refuses", 409, BN_OUTCOME_REFUSED},
	    {"refuses", 200, BN_OUTCOME_REFUSED}, /* answered so: it knows */
	};
	struct bn_ref run = {BN_RUN, "bad", "x"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct platform platform = {.status = cases[i].status};
		enum bn_outcome_state told = BN_OUTCOME_UNCHANGED;
		struct bn_error err = {0};
		struct world w;
		struct process p;
		char config[128];

		snprintf(config, sizeof(config),
			 "[source \"bad\"]\n type = planted\n url = %%URL%%\n how = %s\n",
			 cases[i].how);
		open_world(&w, take_write, &platform);
		start_process(&p, &w, config, 1);
		p.acts = true;
		bn_collect_act(p.collect, run, "retry", NULL, "k", send_at_once, keep_state, &told,
			       &err);
		assert_int_equal(told, cases[i].wanted);
		assert_int_equal(atomic_load(&platform.writes), 1);
		end_process(&p);
		close_world(&w);
	}
}

/* What is remembered is the one text of a plan that goes into the journal without stars. */
static void
plan_that_remembers_a_secret_is_not_sent(void **state)
{
	static const char config[] = "[source \"bad\"]\n type = planted\n url = %URL%\n"
				     " how = tells\n token-env = BN_TEST_TOLD\n";
	struct bn_ref run = {BN_RUN, "bad", "x"};
	struct platform platform = {.status = 200};
	enum bn_outcome_state told = BN_OUTCOME_UNCHANGED;
	struct bn_error err = {0};
	struct world w;
	struct process p;

	(void)state;
	setenv("BN_TEST_TOLD", "s3cr3t-of-the-source", 1);
	open_world(&w, take_write, &platform);
	start_process(&p, &w, config, 1);
	p.acts = true;
	assert_int_equal(bn_collect_act(p.collect, run, "retry", NULL, "k", send_at_once,
					keep_state, &told, &err),
			 BN_EPERM);
	assert_non_null(strstr(err.message, "bad: what its plugin wants to remember"));
	assert_null(strstr(err.message, "s3cr3t"));
	assert_int_equal(told, BN_OUTCOME_UNCHANGED);
	assert_int_equal(atomic_load(&platform.writes), 0);
	end_process(&p);
	close_world(&w);
	unsetenv("BN_TEST_TOLD");
}

static void
list_that_runs_in_circles_is_ended(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, "[source \"toy\"]\n type = toy\n url = %URL%\n circle = true\n", 1);
	assert_ok(bn_collect_once(p.collect, NULL, 60000, true, &err), &err);
	assert_string_equal(text(&p, "SELECT state FROM source"), "failing");
	if (strstr(text(&p, "SELECT last_error FROM source"), "circles") == NULL)
		fail_msg("%s", text(&p, "SELECT last_error FROM source"));
	end_process(&p);
	close_world(&w);
}

static void
store_in_memory_is_polled_too(void **state)
{
	struct world w;
	struct process p;

	(void)state;
	open_world(&w, good, NULL);
	start_process_in(&p, NULL, ts_url(w.server), one, 1);
	once(&p, true);
	assert_string_equal(text(&p, "SELECT state FROM source"), "ok");
	assert_true(number(&p, "SELECT count(*) FROM entity WHERE kind = 2") >= 2);
	end_process(&p);
	close_world(&w);
}

/* ---- logins
 * ---------------------------------------------------------------------------------------------------------------
 */

static const char *accepted = "Bearer none";

static void
guarded(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	if (strstr(request->head, accepted) != NULL)
		good(conn, request, payload);
	else
		ts_reply(conn, 401, "Content-Type: application/json\r\n",
			 "{\"message\":\"expired\"}");
}

static void
write_secret(const char *path, const char *secret)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, secret, strlen(secret)), strlen(secret));
	close(fd);
}

static void
login_is_renewed_once_after_a_401(void **state)
{
	struct world w;
	struct process p;
	char file[100], *config;
	int before;

	(void)state;
	open_world(&w, guarded, NULL);
	snprintf(file, sizeof(file), "%s/token", w.dir);
	config = bn_xasprintf("%s token-file = %s\n", one, file);
	write_secret(file, "old-token\n");
	accepted = "Bearer old-token\r\n";
	start_process(&p, &w, config, 1);
	once(&p, true);
	assert_string_equal(text(&p, "SELECT state FROM source"), "ok");
	assert_string_equal(text(&p, "SELECT auth FROM source"), "token-file");
	write_secret(file, "new-token\n");
	accepted = "Bearer new-token\r\n";
	before = ts_requests(w.server);
	once(&p, true);
	assert_string_equal(text(&p, "SELECT state FROM source"), "ok");
	assert_int_equal(ts_requests(w.server), before + 2);
	accepted = "Bearer nobody\r\n";
	before = ts_requests(w.server);
	once(&p, true);
	assert_string_equal(text(&p, "SELECT state FROM source"), "auth");
	assert_int_equal(ts_requests(w.server), before + 2); /* one renewal, then it stops */
	assert_true(strlen(text(&p, "SELECT last_hint FROM source")) > 0);
	assert_null(strstr(text(&p, "SELECT group_concat(last_error) FROM source"), "new-token"));
	end_process(&p);
	free(config);
	close_world(&w);
}

static void
missing_secret_says_what_to_do(void **state)
{
	struct world w;
	struct process p;

	(void)state;
	open_world(&w, good, NULL);
	start_process(
	    &p, &w,
	    "[source \"toy\"]\n type = toy\n url = %URL%\n token-env = BN_TEST_NO_SUCH_VARIABLE\n",
	    1);
	once(&p, true);
	assert_string_equal(text(&p, "SELECT state FROM source WHERE state <> 'ok'"),
			    text(&p, "SELECT state FROM source"));
	assert_non_null(
	    strstr(text(&p, "SELECT last_error FROM source"), "BN_TEST_NO_SUCH_VARIABLE"));
	assert_int_equal(ts_requests(w.server), 0);
	end_process(&p);
	close_world(&w);
}

static void
helper_that_hangs_holds_nobody(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};
	int64_t until = bn_monotonic() + 10000;

	(void)state;
	open_world(&w, good, NULL);
	start_process(
	    &p, &w, "[source \"toy\"]\n type = toy\n url = %URL%\n token-command = sleep 60\n", 1);
	assert_ok(bn_collect_start(p.collect, &err), &err);
	while (bn_collect_busy(p.collect, NULL) == 0 && bn_monotonic() < until)
		usleep(10000);
	usleep(100000);
	end_process(&p); /* within two seconds, which it asserts */
	assert_int_equal(ts_requests(w.server), 0);
	close_world(&w);
}

/* ---- schedule
 * -----------------------------------------------------------------------------------------------------------------
 */

static void
lanes_poll_on_the_schedule_of_the_clock(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 600); /* a minute passes in 100 ms */
	assert_ok(bn_collect_start(p.collect, &err), &err);
	await_requests(&w, 6);
	await(&p, "SELECT count(*) FROM entity WHERE kind = 2", 3);
	assert_true(counted(&p, &p.wakes) > 0);
	end_process(&p);
	close_world(&w);
}

static void
standing_clock_polls_until_nothing_changes_then_rests(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};
	int rested;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 0);
	assert_ok(bn_collect_start(p.collect, &err), &err);
	await_requests(&w, 3); /* twice the list, once the history */
	usleep(1000000);
	rested = ts_requests(w.server);
	assert_in_range(rested, 3, 4);
	usleep(600000);
	assert_int_equal(ts_requests(w.server), rested);
	bn_collect_refresh(p.collect, "toy");
	await_requests(&w, rested + 1);
	end_process(&p);
	close_world(&w);
}

static void
slow_source_delays_nobody_and_ends_at_once(void **state)
{
	struct world w;
	struct process p;
	struct testserver *fine = ts_start(good, NULL, NULL);
	struct bn_error err = {0};
	char *config;

	(void)state;
	open_world(&w, silent_server, NULL);
	config = bn_xasprintf("%s[source \"fine\"]\n type = toy\n url = %s\n", one, ts_url(fine));
	start_process(&p, &w, config, 1);
	assert_ok(bn_collect_start(p.collect, &err), &err);
	await_requests(&w, 1);
	await(&p, "SELECT count(*) FROM source WHERE name = 'fine' AND state = 'ok'", 1);
	assert_string_equal(text(&p, "SELECT state FROM source WHERE name = 'toy'"), "new");
	assert_int_equal(bn_collect_busy(p.collect, "toy"), 1);
	end_process(&p); /* within two seconds, which it asserts */
	free(config);
	close_world(&w);
	ts_stop(fine);
}

static void
after_poll_is_called_by_a_running_collector(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};
	int64_t until = bn_monotonic() + 10000;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	assert_ok(bn_collect_start(p.collect, &err), &err);
	while (counted(&p, &p.after_polls) == 0 && bn_monotonic() < until)
		usleep(10000);
	assert_true(counted(&p, &p.after_polls) > 0);
	end_process(&p);
	close_world(&w);
}

/* Whoever saw a run end and leaves at once: the next command finds what the rules say of it. */
static void
after_poll_is_called_for_what_came_last(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};
	int64_t until = bn_monotonic() + 60000;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	assert_ok(bn_collect_start(p.collect, &err), &err);
	while (number(&p, "SELECT count(*) FROM run") <= 0 && bn_monotonic() < until)
		usleep(200);
	end_process(&p);
	assert_true(p.after_polls > 0);
	close_world(&w);
}

/* What came of a retry is judged though nothing is polled: every source may have been read a moment ago. */
static void
after_poll_is_called_for_what_was_recorded(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	assert_ok(bn_collect_once(p.collect, NULL, 60000, false, &err), &err);
	assert_int_equal(counted(&p, &p.after_polls), 1);
	assert_ok(bn_collect_once(p.collect, NULL, 60000, false, &err), &err);
	assert_int_equal(counted(&p, &p.after_polls), 1);
	bn_collect_recorded(p.collect);
	end_process(&p);
	assert_int_equal(p.after_polls, 2);
	close_world(&w);
}

static void
once_beside_running_lanes_waits_for_them(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};
	int before;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	assert_ok(bn_collect_start(p.collect, &err), &err);
	await(&p, "SELECT count(*) FROM source WHERE state = 'ok'", 1);
	await_requests(&w, 2);
	before = ts_requests(w.server);
	once(&p, true);
	assert_true(ts_requests(w.server) > before);
	end_process(&p);
	close_world(&w);
}

/* ---- unchanged answers
 * -------------------------------------------------------------------------------------------------------------
 */

static void
unchanged_answer_touches_no_row_but_renews_the_scope(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};
	int64_t seen, scope;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, "[source \"toy\"]\n type = toy\n url = %URL%\n unchanged = true\n",
		      600);
	assert_ok(bn_collect_start(p.collect, &err), &err);
	await(&p, "SELECT count(*) FROM entity WHERE key = 'a'", 1);
	seen = number(&p, "SELECT seen_at FROM entity WHERE key = 'a'");
	scope = number(&p, "SELECT last_ok_at FROM scope WHERE name = 'runs'");
	await(&p, "SELECT last_ok_at FROM scope WHERE name = 'runs'", scope + 60000);
	assert_int_equal(number(&p, "SELECT seen_at FROM entity WHERE key = 'a'"), seen);
	assert_int_equal(number(&p, "SELECT count(*) FROM entity WHERE gone_at IS NOT NULL"), 0);
	end_process(&p);
	close_world(&w);
}

/* ---- leases
 * -------------------------------------------------------------------------------------------------------------------------
 */

static void
second_process_waits_and_takes_over(void **state)
{
	struct world w;
	struct process a, b;
	struct bn_error err = {0};
	int64_t epoch;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&a, &w, one, 1);
	assert_ok(bn_collect_start(a.collect, &err), &err);
	await(&a, "SELECT lease_epoch FROM source", 1);
	await(&a, "SELECT count(*) FROM source WHERE state = 'ok'", 1);
	epoch = number(&a, "SELECT lease_epoch FROM source");
	start_process(&b, &w, one, 1);
	assert_ok(bn_collect_start(b.collect, &err), &err);
	usleep(300000);
	assert_int_equal(number(&b, "SELECT lease_epoch FROM source"), epoch);
	assert_int_equal(counted(&b, &b.exchanges), 0);
	once(&b, true); /* somebody else polls it: nothing to do */
	assert_int_equal(counted(&b, &b.exchanges), 0);
	bn_collect_suspend(a.collect);
	await(&b, "SELECT lease_epoch FROM source", epoch + 1);
	bn_collect_resume(a.collect);
	end_process(&b);
	await(&a, "SELECT lease_epoch FROM source", epoch + 2);
	end_process(&a);
	close_world(&w);
}

/* Runs this program again as a process that polls until it is killed ("holder") or ends by itself ("hanger"). */
static pid_t
spawn_self(struct world *w, const char *as)
{
	extern char **environ;
	char *argv[] = {(char *)(uintptr_t)as, w->dir, (char *)(uintptr_t)ts_url(w->server), NULL};
	pid_t pid;

	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ), 0);
	return pid;
}

static void
killed_process_is_followed_within_moments(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};
	pid_t holder;
	int64_t epoch;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	holder = spawn_self(&w, "holder");
	await(&p, "SELECT count(*) FROM source WHERE state = 'ok'", 1);
	epoch = number(&p, "SELECT lease_epoch FROM source");
	assert_ok(bn_collect_start(p.collect, &err), &err);
	usleep(200000);
	assert_int_equal(counted(&p, &p.exchanges), 0);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	await(&p, "SELECT lease_epoch FROM source", epoch + 1);
	end_process(&p);
	close_world(&w);
}

static void
assert_mode(const char *dir, const char *name, mode_t mode)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(stat(path, &st), 0);
	if ((st.st_mode & 07777) != mode)
		fail_msg("%s: mode %o, not %o", name, (unsigned)(st.st_mode & 07777),
			 (unsigned)mode);
}

/* Two people with a umask of 022 share a state directory: each has to lock what the other has locked before. */
static void
lock_files_are_for_all_who_share_the_state(void **state)
{
	struct bn_ref run = {BN_RUN, "a", "r1"};
	static const mode_t modes[][3] = {{0700, 0700, 0600}, {02770, 02770, 0660}};
	mode_t before = umask(022);
	struct bn_hold *hold = NULL;
	struct bn_error err = {0};
	struct dirent *entry;
	struct process p;
	struct world w;
	char path[128];
	DIR *dir;
	int files;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		open_world(&w, good, NULL);
		assert_int_equal(chmod(w.dir, modes[i][0]), 0);
		start_process(&p, &w, one, 1);
		once(&p, true);
		assert_ok(bn_collect_hold(&hold, p.collect, run, &err), &err);
		assert_mode(w.dir, "lease", modes[i][1]);
		snprintf(path, sizeof(path), "%s/lease", w.dir);
		assert_non_null(dir = opendir(path));
		for (files = 0; (entry = readdir(dir)) != NULL;)
			if (entry->d_name[0] != '.') {
				assert_mode(path, entry->d_name, modes[i][2]);
				files++;
			}
		closedir(dir);
		assert_true(files >= 2); /* the source's, and the run's */
		bn_hold_release(hold);
		end_process(&p);
		close_world(&w);
	}
	umask(before);
}

static void
plugin_that_never_comes_back_does_not_keep_the_process(void **state)
{
	struct world w;
	int64_t until = bn_monotonic() + 20000;
	pid_t hanger;
	int status = 0;

	(void)state;
	open_world(&w, good, NULL);
	hanger = spawn_self(&w, "hanger");
	while (waitpid(hanger, &status, WNOHANG) == 0) {
		if (bn_monotonic() > until) {
			kill(hanger, SIGKILL);
			fail_msg("the process stays");
		}
		usleep(10000);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close_world(&w);
}

static void
other_configuration_of_a_source_wins_until_it_ends(void **state)
{
	struct world w;
	struct process a, b;
	struct bn_error err = {0};
	int64_t epoch;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&a, &w, one, 600);
	assert_ok(bn_collect_start(a.collect, &err), &err);
	await(&a, "SELECT count(*) FROM source WHERE state = 'ok'", 1);
	start_process(&b, &w, "[source \"toy\"]\n type = toy\n url = %URL%\n count = 9\n", 600);
	assert_ok(bn_collect_start(b.collect, &err), &err);
	await(&b, "SELECT lease_epoch FROM source", 2);
	usleep(1500000); /* both would poll ten times a second */
	epoch = number(&b, "SELECT lease_epoch FROM source");
	assert_in_range(epoch, 2, 4); /* they did not take it from each other in turns */
	assert_string_equal(text(&b, "SELECT state FROM source"), "ok");
	end_process(&b);
	await(&a, "SELECT lease_epoch FROM source", epoch + 1);
	end_process(&a);
	close_world(&w);
}

/* Takes the lease away while the answer is on its way. */
static void
stealing(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	struct process *p = payload;
	struct bn_writer *writer;
	struct bn_error err;
	int64_t epoch;

	if (request->number == 0 && bn_writer_open(&writer, p->store, &err) == BN_OK) {
		bn_writer_take_lease(writer, 1, "somebody@else pid 1 000000000000", &epoch, &err);
		bn_writer_close(writer);
	}
	good(conn, request, NULL);
}

static void
answer_that_comes_after_the_lease_went_is_not_stored(void **state)
{
	struct world w;
	struct process p;

	(void)state;
	memset(&p, 0, sizeof(p));
	open_world(&w, stealing, &p);
	start_process(&p, &w, one, 1);
	once(&p, true);
	assert_int_equal(number(&p, "SELECT count(*) FROM entity WHERE kind = 2"), 0);
	assert_string_equal(text(&p, "SELECT state FROM source"),
			    "new"); /* no word of ours about it */
	once(&p, true);
	assert_true(number(&p, "SELECT count(*) FROM entity WHERE kind = 2") >= 2);
	end_process(&p);
	close_world(&w);
}

/* ---- what a person asks
 * -------------------------------------------------------------------------------------------------------------
 */

static void
detail_loads_tasks_with_the_plugins_options(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w,
		      "[source \"toy\"]\n type = toy\n url = %URL%\n words = eins\n words = zwei\n",
		      1);
	once(&p, true);
	assert_ok(bn_collect_detail(p.collect, (struct bn_ref){BN_RUN, "toy", "a"}, 10000, &err),
		  &err);
	assert_string_equal(text(&p, "SELECT type FROM task WHERE key = 't1'"), "eins-7");
	assert_string_equal(text(&p, "SELECT message FROM task WHERE key = 't1'"), "{\"code\":1}");
	assert_ok(bn_collect_detail(p.collect, (struct bn_ref){BN_RUN, "toy", "b"}, 0, &err), &err);
	await(&p, "SELECT count(*) FROM task", 2);
	assert_fails_with(
	    BN_ENOTFOUND,
	    bn_collect_detail(p.collect, (struct bn_ref){BN_RUN, "x", "a"}, 1000, &err));
	end_process(&p);
	close_world(&w);
}

static void
detail_of_a_plugin_without_is_unsupported(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, "[widget \"x\"]\n path = /x\n", 1);
	assert_fails_with(BN_EUNSUPPORTED, bn_collect_probe(p.collect, "widgets", "x", 1000, &err));
	end_process(&p);
	close_world(&w);
}

static void
detail_that_takes_too_long_is_given_up(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err;
	int64_t began = bn_monotonic();

	(void)state;
	open_world(&w, silent_server, NULL);
	start_process(&p, &w, one, 1);
	assert_fails_with(
	    BN_ETIMEOUT,
	    bn_collect_detail(p.collect, (struct bn_ref){BN_RUN, "toy", "a"}, 200, &err));
	assert_true(bn_monotonic() - began < 5000);
	end_process(&p);
	close_world(&w);
}

static void
log_is_read_to_its_end_and_kept(void **state)
{
	struct world w;
	struct process p;
	struct bn_log_reader *reader;
	struct bn_log_line line;
	struct bn_error err = {0};
	char all[100] = "";
	int rc;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	once(&p, true);
	assert_ok(bn_collect_log_open(&reader, p.collect, (struct bn_ref){BN_RUN, "toy", "a"},
				      &(struct bn_log_request){.run = "a"}, &err),
		  &err);
	while ((rc = bn_log_next(reader, &line, 10000, &err)) == 1) {
		assert_int_equal(strlen(line.text), line.size);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "[%s]", line.text);
	}
	assert_int_equal(rc, BN_ECANCELLED);
	assert_string_equal(all, "[first][second][last]");
	assert_int_equal(bn_log_dropped(reader), 0);
	bn_log_reader_close(reader);
	assert_string_equal(text(&p, "SELECT text FROM logtext"), "first\nsecond\nlast\n");
	end_process(&p);
	close_world(&w);
}

static void
long_log(struct ts_conn *conn, const struct ts_request *request, void *payload)
{
	int i;

	(void)payload;
	if (strncmp(request->target, "/logs/", 6) != 0) {
		good(conn, request, NULL);
		return;
	}
	ts_sends(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (i = 0; i < 12000 && ts_chunk(conn, "x\n"); i++)
		continue;
	ts_chunk(conn, "the last\n");
	ts_hold(conn);
}

static void
log_that_is_not_read_gives_up_its_oldest_lines(void **state)
{
	struct world w;
	struct process p;
	struct bn_log_reader *reader;
	struct bn_log_line line;
	struct bn_error err = {0};
	int64_t until = bn_monotonic() + 10000, began;
	int lines = 0;

	(void)state;
	open_world(&w, long_log, NULL);
	start_process(&p, &w, one, 1);
	assert_ok(bn_collect_log_open(&reader, p.collect, (struct bn_ref){BN_RUN, "toy", "a"},
				      &(struct bn_log_request){.run = "a", .follow = true}, &err),
		  &err);
	while (bn_log_dropped(reader) < 2001 && bn_monotonic() < until)
		usleep(10000);
	assert_int_equal(bn_log_dropped(reader), 2001);
	while (bn_log_next(reader, &line, 200, &err) == 1)
		lines++;
	assert_int_equal(lines, 10000);
	began = bn_monotonic();
	bn_log_reader_close(reader); /* the stream goes on: it is cancelled */
	assert_true(bn_monotonic() - began < 2000);
	end_process(&p);
	close_world(&w);
}

struct lines {
	char text[1000];
};

static void
on_check(const char *verdict, const char *what, const char *detail, void *payload)
{
	struct lines *lines = payload;

	snprintf(lines->text + strlen(lines->text), sizeof(lines->text) - strlen(lines->text),
		 "%s|%s|%s\n", verdict, what, detail);
}

static void
doctor_asks_the_platform(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};
	struct lines lines = {""};

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, one, 1);
	assert_ok(bn_collect_doctor(p.collect, "toy", 10000, on_check, &lines, &err), &err);
	assert_non_null(strstr(lines.text, "ok|login|kim\n"));
	assert_non_null(strstr(lines.text, "note|address|http://127.0.0.1:"));
	end_process(&p);
	close_world(&w);
}

/* ---- configuration to sources
 * -----------------------------------------------------------------------------------------------------------
 */

static void
sections_belong_to_a_made_up_source(void **state)
{
	struct world w;
	struct process p;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, "[widget \"x\"]\n path = /x\n[widget \"y\"]\n", 1);
	once(&p, true);
	assert_string_equal(text(&p, "SELECT name FROM source WHERE state = 'ok'"), "widgets");
	assert_string_equal(text(&p, "SELECT n.target FROM endpoint n JOIN entity e ON e.id = "
				     "n.entity_id WHERE e.key = 'x'"),
			    "/x");
	assert_string_equal(text(&p, "SELECT n.target FROM endpoint n JOIN entity e ON e.id = "
				     "n.entity_id WHERE e.key = 'y'"),
			    "/");
	end_process(&p);
	close_world(&w);
}

static void
sections_belong_to_the_source_they_name(void **state)
{
	struct world w;
	struct process p;

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w,
		      "[source \"w1\"]\n type = widgets\n[source \"w2\"]\n type = widgets\n"
		      "[widget \"x\"]\n source = w2\n[widget \"y\"]\n source = w1\n",
		      1);
	once(&p, true);
	assert_string_equal(text(&p, "SELECT s.name FROM source s JOIN entity e ON e.source_id = "
				     "s.id WHERE e.key = 'x'"),
			    "w2");
	assert_string_equal(text(&p, "SELECT s.name FROM source s JOIN entity e ON e.source_id = "
				     "s.id WHERE e.key = 'y'"),
			    "w1");
	end_process(&p);
	close_world(&w);
}

static void
assert_config_refused(const char *config, const char *message)
{
	struct bn_collect_options options = {0};
	struct bn_collect *collect;
	struct bn_error err = {0};
	struct bn_clock clock;
	struct bn_registry *registry;
	struct bn_config *loaded;
	struct bn_store *store;

	bn_clock_init(&clock);
	assert_ok(bn_registry_new(&registry, toy_plugins, &err), &err);
	assert_ok(bn_config_load_text(&loaded, "test", config, bn_registry_types(registry), &err),
		  &err);
	assert_ok(bn_store_open(&store, NULL, BN_STORE_MEMORY, &clock, NULL, &err), &err);
	options = (struct bn_collect_options){
	    .config = loaded, .registry = registry, .store = store, .clock = &clock};
	assert_fails_with(BN_ECONFIG, bn_collect_new(&collect, &options, &err));
	if (strstr(err.message, message) == NULL)
		fail_msg("%s", err.message);
	bn_store_close(store);
	bn_config_free(loaded);
	bn_registry_free(registry);
}

static void
sections_without_a_clear_owner_are_refused(void **state)
{
	(void)state;
	assert_config_refused(
	    "[source \"w1\"]\n type = widgets\n[source \"w2\"]\n type = widgets\n[widget \"x\"]\n",
	    "say which source");
	assert_config_refused("[widget \"x\"]\n source = nobody\n", "\"nobody\"");
	assert_config_refused("[source \"widgets\"]\n type = toy\n[widget \"x\"]\n", "is another");
}

static void
links_of_the_configuration_are_stored(void **state)
{
	struct world w;
	struct process p;
	char *config = bn_xasprintf("%s[link]\n feeds = run/toy/a -> run/toy/b\n", one);

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, config, 1);
	assert_int_equal(number(&p, "SELECT count(*) FROM link WHERE origin = 'config' AND kind = "
				    "'feeds' AND from_key = 'a' AND to_key = 'b'"),
			 1);
	end_process(&p);
	free(config);
	close_world(&w);
}

static void
disabled_source_is_not_polled(void **state)
{
	struct world w;
	struct process p;
	struct bn_error err = {0};

	(void)state;
	open_world(&w, good, NULL);
	start_process(&p, &w, "[source \"toy\"]\n type = toy\n url = %URL%\n disabled = true\n", 1);
	once(&p, true);
	assert_ok(bn_collect_start(p.collect, &err), &err);
	usleep(300000);
	assert_int_equal(ts_requests(w.server), 0);
	assert_fails_with(
	    BN_ENOTFOUND,
	    bn_collect_detail(p.collect, (struct bn_ref){BN_RUN, "toy", "a"}, 100, &err));
	end_process(&p);
	close_world(&w);
}

/* ---- the other process
 * --------------------------------------------------------------------------------------------------------------------
 */

static int
hold(const char *dir, const char *url)
{
	struct bn_error err;
	struct bn_clock clock;
	struct bn_registry *registry;
	struct bn_config *config;
	struct bn_store *store;
	struct bn_collect *collect;
	char *filled = fill(one, url);
	struct bn_collect_options options;

	bn_clock_init(&clock);
	if (bn_registry_new(&registry, toy_plugins, &err) != BN_OK ||
	    bn_config_load_text(&config, "test", filled, bn_registry_types(registry), &err) !=
		BN_OK ||
	    bn_store_open(&store, dir, BN_STORE_SHARED, &clock, NULL, &err) != BN_OK)
		return 1;
	options = (struct bn_collect_options){
	    .config = config, .registry = registry, .store = store, .clock = &clock};
	if (bn_collect_new(&collect, &options, &err) != BN_OK ||
	    bn_collect_start(collect, &err) != BN_OK)
		return 1;
	sleep(60);
	return 0;
}

/* Ends in the middle of a poll that does not end: the collector must let go of it, and say so. */
static int
hang(const char *dir, const char *url)
{
	static const char config[] = "[source \"toy\"]\n type = toy\n url = %URL%\n hang = true\n";
	struct process p;
	struct bn_error err;

	start_process_in(&p, dir, url, config, 1);
	if (bn_collect_start(p.collect, &err) != BN_OK)
		return 1;
	while (!atomic_load(&toy_hangs)) /* before that a cancel ends it in time */
		usleep(10000);
	if (bn_collect_free(p.collect))
		return 2; /* it cannot have ended */
	_exit(0);	  /* what was left behind is not a leak */
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(once_stores_what_the_plugin_read),
	    cmocka_unit_test(once_leaves_fresh_sources_alone_unless_forced),
	    cmocka_unit_test(once_reads_history_a_single_time),
	    cmocka_unit_test(once_puts_failures_in_the_sources_row),
	    cmocka_unit_test(once_of_an_unknown_source_is_not_found),
	    cmocka_unit_test(once_ends_in_time_when_a_server_is_silent),
	    cmocka_unit_test(broken_items_are_skipped_and_counted),
	    cmocka_unit_test(planted_request_is_refused_and_never_sent),
	    cmocka_unit_test_setup_teardown(request_that_left_is_never_called_unsent,
					    record_nothing, record_again),
	    cmocka_unit_test(plan_that_remembers_a_secret_is_not_sent),
	    cmocka_unit_test(list_that_runs_in_circles_is_ended),
	    cmocka_unit_test(store_in_memory_is_polled_too),
	    cmocka_unit_test(login_is_renewed_once_after_a_401),
	    cmocka_unit_test(missing_secret_says_what_to_do),
	    cmocka_unit_test(helper_that_hangs_holds_nobody),
	    cmocka_unit_test(lanes_poll_on_the_schedule_of_the_clock),
	    cmocka_unit_test(standing_clock_polls_until_nothing_changes_then_rests),
	    cmocka_unit_test(slow_source_delays_nobody_and_ends_at_once),
	    cmocka_unit_test(after_poll_is_called_by_a_running_collector),
	    cmocka_unit_test(after_poll_is_called_for_what_was_recorded),
	    cmocka_unit_test(after_poll_is_called_for_what_came_last),
	    cmocka_unit_test(once_beside_running_lanes_waits_for_them),
	    cmocka_unit_test(unchanged_answer_touches_no_row_but_renews_the_scope),
	    cmocka_unit_test(second_process_waits_and_takes_over),
	    cmocka_unit_test(killed_process_is_followed_within_moments),
	    cmocka_unit_test(lock_files_are_for_all_who_share_the_state),
	    cmocka_unit_test(plugin_that_never_comes_back_does_not_keep_the_process),
	    cmocka_unit_test(other_configuration_of_a_source_wins_until_it_ends),
	    cmocka_unit_test(answer_that_comes_after_the_lease_went_is_not_stored),
	    cmocka_unit_test(detail_loads_tasks_with_the_plugins_options),
	    cmocka_unit_test(detail_of_a_plugin_without_is_unsupported),
	    cmocka_unit_test(detail_that_takes_too_long_is_given_up),
	    cmocka_unit_test(log_is_read_to_its_end_and_kept),
	    cmocka_unit_test(log_that_is_not_read_gives_up_its_oldest_lines),
	    cmocka_unit_test(doctor_asks_the_platform),
	    cmocka_unit_test(sections_belong_to_a_made_up_source),
	    cmocka_unit_test(sections_belong_to_the_source_they_name),
	    cmocka_unit_test(sections_without_a_clear_owner_are_refused),
	    cmocka_unit_test(links_of_the_configuration_are_stored),
	    cmocka_unit_test(disabled_source_is_not_polled),
	};

	setbuf(stdout, NULL);
	if (argc == 3 && strcmp(argv[0], "holder") == 0)
		return hold(argv[1], argv[2]);
	if (argc == 3 && strcmp(argv[0], "hanger") == 0)
		return hang(argv[1], argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
