/* bulk_kill_test.c - kill -9 anywhere in a bulk: nothing sent twice, nothing forgotten, and the rest is sent once. */
/* SPDX-License-Identifier: MIT
 *
 * The program retries four runs of the platforms in fleet.c while it is traced from the moment it takes hold of the
 * bulk. After each kill it is started again as a person would: the rest is planned, which reads the platform for what
 * was under way; then it is sent. The platform's own log and the journal are compared before and after. `make
 * check-kill` kills at every boundary (BN_KILL_STEP=1; see trace.h); the suite's own run takes KILLS of them. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/fault/campaign.h"
#include "tests/fault/fleet.h"
#include "tests/test.h"

#ifdef CAN_TRACE

enum { RUNS = 4, KILLS = 16 };

struct ground {
	struct fleet fleet;
	char dir[64], state[96], config[96], program[512];
	const char *arguments[12];
};

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
prepare(struct ground *g)
{
	char *sources;
	FILE *file;

	memset(g, 0, sizeof(*g));
	snprintf(g->dir, sizeof(g->dir), "/tmp/bn-bulk-kill-XXXXXX");
	assert_non_null(mkdtemp(g->dir));
	snprintf(g->state, sizeof(g->state), "%s/state", g->dir);
	snprintf(g->config, sizeof(g->config), "%s/config", g->dir);
	snprintf(g->program, sizeof(g->program), "%s/binnacle", getenv("abs_top_builddir"));
	fleet_start(&g->fleet);
	snprintf(g->fleet.journal, sizeof(g->fleet.journal), "%s/journal.db", g->state);
	sources = fleet_config(&g->fleet);
	file = fopen(g->config, "w");
	assert_non_null(file);
	fprintf(file,
		"[state]\n\tdir = %s\n\tanchor = %s/anchor\n[policy]\n\tretry-spacing = 0s\n%s",
		g->state, g->dir, sources);
	fclose(file);
	free(sources);
}

static void
fresh(struct ground *g)
{
	char path[128];

	nftw(g->state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir(g->state, 0700), 0);
	snprintf(path, sizeof(path), "%s/anchor", g->dir);
	unlink(path);
	pthread_mutex_lock(&g->fleet.lock);
	memset(g->fleet.runs, 0, sizeof(g->fleet.runs));
	g->fleet.count = RUNS;
	g->fleet.runs[3].source = 1;
	g->fleet.writes = g->fleet.unjournalled = 0;
	g->fleet.lasts = 1000000;
	pthread_mutex_unlock(&g->fleet.lock);
}

static void
clean(struct ground *g)
{
	fleet_stop(&g->fleet);
	nftw(g->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* In the child: becomes the program. */
static void
become(void *payload)
{
	const struct ground *g = payload;
	char log[128], *argv[16] = {0};
	int fd, count = 0, i;

	snprintf(log, sizeof(log), "%s/out", g->dir);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	setenv("HOME", g->dir, 1);
	argv[count++] = bn_xstrdup(g->program);
	argv[count++] = bn_xstrdup("--config");
	argv[count++] = bn_xstrdup(g->config);
	for (i = 0; g->arguments[i] != NULL; i++)
		argv[count++] = bn_xstrdup(g->arguments[i]);
	execv(g->program, argv);
	_exit(127);
}

static int
run(struct ground *g, const char *a, const char *b, const char *c, const char *d)
{
	pid_t pid;
	int status;

	g->arguments[0] = a;
	g->arguments[1] = b;
	g->arguments[2] = c;
	g->arguments[3] = d;
	g->arguments[4] = NULL;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become(g);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct trace_count
traced(struct ground *g, int at)
{
	static const char *const words[] = {"retry",	   "run/s0/p0-1",     "run/s0/p1-1",
					    "run/s0/p2-1", "run/s1/p3-1",     "--yes",
					    "--reason",	   "cluster is back", NULL};

	memcpy(g->arguments, words, sizeof(words));
	return trace_run(become, g, "/lease/act-bulk", at);
}

/* ---- the oracle -------------------------------------------------------------------------------- */

static int64_t
ask(const struct ground *g, const char *sql)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int64_t value = -1;

	assert_int_equal(sqlite3_open_v2(g->fleet.journal, &db, SQLITE_OPEN_READWRITE, NULL),
			 SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return value;
}

#define STATE                                                                                      \
	"coalesce((SELECT json_extract(o.body, '$.state') FROM record o WHERE o.parent = i.seq"    \
	" AND o.verb = 'outcome' ORDER BY o.seq DESC LIMIT 1), CASE WHEN EXISTS (SELECT 1 FROM"    \
	" record s WHERE s.parent = i.seq AND s.verb = 'sending') THEN 'unknown' ELSE 'open' END)"

/* How many of the bulk's intents are in one of these states. */
static int
intents(const struct ground *g, const char *states)
{
	char *sql = bn_xasprintf(
	    "SELECT count(*) FROM record i WHERE i.verb = 'intent' AND " STATE " IN (%s)", states);
	int count = (int)ask(g, sql);

	free(sql);
	return count;
}

/* The platforms' log; their server is a thread of its own. */
struct log {
	int retries[RUNS];
	int written; /* runs with at least one */
	int writes, unjournalled;
};

static struct log
platforms_log(struct ground *g)
{
	struct log log = {0};

	pthread_mutex_lock(&g->fleet.lock);
	log.writes = g->fleet.writes;
	log.unjournalled = g->fleet.unjournalled;
	for (int i = 0; i < RUNS; i++) {
		log.retries[i] = g->fleet.runs[i].retries;
		log.written += log.retries[i] > 0;
	}
	pthread_mutex_unlock(&g->fleet.lock);
	return log;
}

/* NULL, or what is wrong after the kill and the new start; *parent the bulk's record, 0: it has none. */
static const char *
judge(struct ground *g, int64_t *parent)
{
	struct log log = platforms_log(g);
	int i;

	*parent = ask(g, "SELECT coalesce(max(seq), 0) FROM record WHERE verb = 'bulk'");
	if (log.unjournalled > 0)
		return "a retry arrived without an intent of the bulk on disk";
	for (i = 0; i < RUNS; i++)
		if (log.retries[i] > 1)
			return "it was sent twice";
	if (*parent == 0)
		return log.writes > 0 ? "sent, and the bulk is not recorded" : NULL;
	if (ask(g, "SELECT count(*) FROM record WHERE verb = 'bulk-end'") != 1)
		return "the bulk has no end, or two";
	if (intents(g, "'open', 'refused'") > 0)
		return "an intent is neither done, nor not sent, nor unknown";
	/* Unknown: killed right before the request left, or right after. */
	if (intents(g, "'done'") > log.written || intents(g, "'done', 'unknown'") < log.written)
		return "the journal and the platform tell of different numbers";
	return NULL;
}

/* Then what is left is sent; and nothing is. */
static const char *
finish(struct ground *g, int64_t parent)
{
	char number[24];
	int left = RUNS - intents(g, "'done', 'unknown'"), unknown = intents(g, "'unknown'"),
	    missing = 0;
	struct log log;
	int code, i;

	snprintf(number, sizeof(number), "%lld", (long long)parent);
	code = run(g, "findings", "--filter", "rule:bulk-interrupted", NULL);
	if ((code == 1) != (left > 0))
		return "the row of an interrupted bulk is missing, or there without a need";
	code = run(g, "retry", "--rest", number, "--yes");
	if (left > 0 && code != 0)
		return "the rest could not be sent";
	log = platforms_log(g);
	for (i = 0; i < RUNS; i++)
		if (log.retries[i] > 1)
			return "the rest was sent to a run that had it";
	missing = RUNS - log.written;
	/* What is unknown is a person's to decide, and was perhaps never sent. */
	if (missing > unknown)
		return "a run was forgotten";
	if (run(g, "retry", "--rest", number, "--plan") == 0)
		return "something is left for a third time";
	return run(g, "audit", "verify", NULL, NULL) == 0 ? NULL : "the chain is broken";
}

enum { RECORDED, REST };

static struct trace_count
kill_at(void *payload, struct campaign_part *part, int at, int turn, const char **why)
{
	struct ground *g = payload;
	struct trace_count count;
	int64_t parent;

	(void)turn;
	fresh(g);
	count = traced(g, at);
	if (count.calls < 0)
		return count;
	if (at == 0 && platforms_log(g).written < RUNS)
		*why = "nobody killed it, and not all of it was sent";
	if (at == 0)
		return count;
	run(g, "retry", "--rest", "1", "--plan");
	*why = judge(g, &parent);
	part->counts[RECORDED] += parent != 0;
	part->counts[REST] += platforms_log(g).written < RUNS;
	if (*why == NULL && parent != 0)
		*why = finish(g, parent);
	return count;
}

static void
campaign(int i, void *payload)
{
	struct campaign_part *part = (struct campaign_part *)payload + i;
	struct ground g;

	prepare(&g);
	campaign_run(part, kill_at, &g);
	clean(&g);
}

#endif

static void
bulk_killed_anywhere_is_finished_once(void **state)
{
#ifdef CAN_TRACE
	int count = campaign_parts(2), wrong = 0, recorded = 0, rest = 0;
	struct campaign_part *parts = campaign_share(count * sizeof(*parts));

	(void)state;
	for (int i = 0; i < count; i++) {
		parts[i].part = i;
		parts[i].parts = count;
		parts[i].kills = KILLS;
	}
	campaign_in_processes(count, campaign, parts);
	if (parts->whole.calls < 0)
		bn_skip("system calls may not be traced here");
	for (int i = 0; i < count; i++) {
		wrong += parts[i].wrong;
		recorded += parts[i].counts[RECORDED];
		rest += parts[i].counts[REST];
	}
	print_message("# killed at %d of %d boundaries (%d calls): %d recorded, %d left something; "
		      "%d wrong\n",
		      campaign_killed(parts, count), campaign_boundaries(parts, count),
		      parts->whole.calls, recorded, rest, wrong);
	assert_int_equal(wrong, 0);
	assert_true(recorded > 0 && rest > 1);
	campaign_assert_all(parts, count);
#else
	(void)state;
	bn_skip("system calls are not traced on this machine or in this build");
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(bulk_killed_anywhere_is_finished_once, campaign_leave),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
