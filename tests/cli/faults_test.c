/* faults_test.c - what a person is told, and what goes on, when anything around binnacle is broken. */
/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/served.h"

static struct served world;

static int
start_world(void **state)
{
	(void)state;
	served_start(&world, NULL);
	return 0;
}

static int
stop_world(void **state)
{
	(void)state;
	served_stop(&world);
	return 0;
}

/* Every test begins with nothing stored and platforms that are well. */
static int
fresh(void **state)
{
	struct said said;

	(void)state;
	ask_shell(&world, "test ! -s \"$DEMO/faults\"", &said);
	if (said.code != 0)
		served_faults(&world, "", 1);
	said_clear(&said);
	ask_shell(&world, "rm -rf \"$DEMO/state\" && mkdir -m 700 \"$DEMO/state\"", &said);
	assert_int_equal(said.code, 0);
	said_clear(&said);
	return 0;
}

static void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in: %.600s", part, text);
}

static void
assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("'%s' is in: %.600s", part, text);
}

/* Runs a shell line, and checks how it ended. */
static void
shell(const char *line, int code, struct said *said)
{
	ask_shell(&world, line, said);
	if (said->code != code)
		fail_msg("%s: ended with %d, not %d: %.300s %.600s", line, said->code, code,
			 said->out, said->err);
}

static void
shell_says(const char *line, int code, const char *out, const char *err)
{
	struct said said;

	shell(line, code, &said);
	assert_has(said.out, out);
	assert_has(said.err, err);
	said_clear(&said);
}

static json_t *
item_named(json_t *list, const char *member, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(json_object_get(item, member));

		if (text != NULL && strcmp(text, name) == 0)
			return item;
	}
	fail_msg("nothing is called %s", name);
	return NULL;
}

/* ---- servers ------------------------------------------------------------------------------- */

struct fault {
	const char *source, *state, *says;
};

/* Nothing of a source that fails is known; a Redis that does not answer is down, and known to be. */
static void
check_silent(json_t *sources, const struct fault *fault)
{
	json_t *item = item_named(sources, "source", fault->source);
	char line[256];

	assert_string_equal(json_string_value(json_object_get(item, "state")), fault->state);
	assert_has(json_string_value(json_object_get(item, "error")), fault->says);
	assert_true(json_string_length(json_object_get(item, "hint")) > 0);
	snprintf(
	    line, sizeof(line),
	    "binnacle --demo=\"$DEMO\" -q --offline sql -o csv --no-header \"SELECT count(*) FROM"
	    " entity WHERE source = '%s' AND kind <> 'source' AND status NOT IN ('unknown', "
	    "'down')\"",
	    fault->source);
	shell_says(line, 3, "0\r\n", "");
}

/* Several platforms broken at once, each in its own way: each says its own, the others go on. */
static void
check_faults(const char *faults, const struct fault *expected, const char *fine)
{
	struct said said;
	json_t *json, *item;
	size_t i;

	served_faults(&world, faults, 1);
	shell("binnacle --demo=\"$DEMO\" --timeout 6s status -o json", 3, &said);
	json = said_json(&said);
	assert_true(json_is_false(json_object_get(json, "complete")));
	item = item_named(json_object_get(json, "sources"), "name", fine);
	assert_string_equal(json_string_value(json_object_get(item, "state")), "ok");
	for (i = 0; expected[i].source != NULL; i++) {
		char head[64];

		snprintf(head, sizeof(head), "binnacle: %s: ", expected[i].source);
		assert_has(said.err, head);
		item_named(json_object_get(json, "items"), "what", expected[i].source);
	}
	json_decref(json);
	said_clear(&said);

	shell("binnacle --demo=\"$DEMO\" --offline sources -o json", 3, &said);
	json = said_json(&said);
	for (i = 0; expected[i].source != NULL; i++)
		check_silent(json_object_get(json, "items"), &expected[i]);
	json_decref(json);
	said_clear(&said);
}

static void
faults_broken_servers_are_named_and_nothing_of_theirs_is_fine(void **state)
{
	static const struct fault first[] = {
	    {"argo-prod", "failing", "larger than"},
	    {"airflow-legacy", "auth", "401"},
	    {"airflow-ml", "failing", "broke before the answer was complete"},
	    {"prom", "failing", "JSON: "},
	    {NULL, NULL, NULL},
	};
	static const struct fault second[] = {
	    {"argo-prod", "failing", "time"},
	    {"airflow-legacy", "throttled", "429"},
	    {"airflow-ml", "failing", "503"},
	    {"prom", "failing", "broke before the answer was complete"},
	    {NULL, NULL, NULL},
	};
	static const struct fault third[] = {
	    {"argo-prod", "failing", "JSON"},
	    {"airflow-legacy", "failing", "/api/v1/"},
	    {"prom", "failing", "/api/v1/alerts"},
	    {NULL, NULL, NULL},
	};

	(void)state;
	check_faults("endless=argo-prod\n401=airflow-legacy\ntruncate=airflow-ml\ngarbage=prom\n",
		     first, "probes");
	check_faults("dead=argo-prod\nratelimit=airflow-legacy\nhttp=airflow-ml:503\nlie=prom\n",
		     second, "probes");
	check_faults("garbage=argo-prod\ntruncate=airflow-legacy\ndrop=prom\n", third,
		     "airflow-ml");
}

/* The same of those that the console learned later, a Redis among them, which speaks no HTTP. */
static void
faults_of_models_alerts_and_keys_are_named_too(void **state)
{
	static const struct fault first[] = {
	    {"recs", "failing", "that is no Redis: "},
	    {"mlflow", "auth", "401"},
	    {"alerts", "failing", "larger than"},
	    {NULL, NULL, NULL},
	};
	static const struct fault second[] = {
	    {"recs", "throttled", "max number of clients"},
	    {"mlflow", "failing", "broke before the answer was complete"},
	    {"alerts", "failing", "JSON: "},
	    {NULL, NULL, NULL},
	};
	static const struct fault third[] = {
	    {"recs", "auth", "user or password is wrong"},
	    {"mlflow", "failing", "JSON: "},
	    {"alerts", "throttled", "429"},
	    {NULL, NULL, NULL},
	};
	static const struct fault fourth[] = {
	    {"recs", "failing", "broke before the reply was complete"},
	    {"mlflow", "throttled", "429"},
	    {"alerts", "failing", "503"},
	    {NULL, NULL, NULL},
	};
	static const struct fault fifth[] = {
	    {"recs", "failing", "more than one reply"},
	    {"mlflow", "failing", "larger than"},
	    {"alerts", "failing", "broke before the answer was complete"},
	    {NULL, NULL, NULL},
	};
	static const struct fault sixth[] = {
	    {"recs", "failing", "time"},
	    {"mlflow", "failing", "without an answer"},
	    {"alerts", "auth", "401"},
	    {NULL, NULL, NULL},
	};

	(void)state;
	check_faults("garbage=recs\n401=mlflow\nendless=alerts\n", first, "probes");
	check_faults("ratelimit=recs\ntruncate=mlflow\ngarbage=alerts\n", second, "probes");
	check_faults("401=recs\ngarbage=mlflow\nratelimit=alerts\n", third, "probes");
	check_faults("truncate=recs\nratelimit=mlflow\nhttp=alerts:503\n", fourth, "probes");
	check_faults("endless=recs\nendless=mlflow\ntruncate=alerts\n", fifth, "probes");
	check_faults("dead=recs\ndrop=mlflow\n401=alerts\n", sixth, "probes");
}

static void
faults_what_was_stored_outlives_a_platform_that_dies(void **state)
{
	(void)state;
	shell_says("binnacle --demo=\"$DEMO\" -q status", 1, "transform-hourly", "");
	served_faults(&world, "drop=argo-prod\n", 0);
	shell_says("binnacle --demo=\"$DEMO\" poll argo-prod", 3, "", "argo-prod: GET ");
	shell_says("binnacle --demo=\"$DEMO\" -q --offline status", 3, "transform-hourly", "");
	shell_says("binnacle --demo=\"$DEMO\" -q --offline check pipeline transform-hourly", 3,
		   "UNKNOWN", "");
	shell_says("binnacle --demo=\"$DEMO\" -q --offline run show transform-hourly", 3,
		   "transform-hourly-", "");
}

/* Nothing a terminal or a spreadsheet acts on may come out, whatever the platforms say. */
static void
assert_tame(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		unsigned char next = i + 1 < size ? (unsigned char)text[i + 1] : 0;
		unsigned char third = i + 2 < size ? (unsigned char)text[i + 2] : 0;

		if ((c < 0x20 && c != '\n' && c != '\r') || c == 0x7f ||
		    (c == 0xc2 && next >= 0x80 && next < 0xa0) ||
		    (c == 0xe2 && next == 0x80 && third >= 0xaa && third <= 0xae) ||
		    (c == 0xe2 && next == 0x81 && third >= 0xa6 && third <= 0xa9))
			fail_msg("byte %zu is %02x %02x %02x after: %.80s", i, c, next, third,
				 text + (i > 80 ? i - 80 : 0));
	}
}

static void
faults_hostile_text_never_reaches_the_terminal(void **state)
{
	static const char *const lines[] = {
	    "status",
	    "runs -o wide --limit 60",
	    "runs --each --since 2h -o md",
	    "run tree transform-hourly",
	    "run show transform-hourly",
	    "run log transform-hourly --task stg_payments",
	    "endpoints -o wide",
	    "findings --all",
	    "timeline --since 1h",
	    "sources -o md",
	    "models -o wide",
	    "model show product-recs",
	    "streams -o wide",
	    "products -o wide",
	    "report handover -o md",
	    "report models --ever -o csv",
	    "doctor argo-prod",
	    "sql \"SELECT name, message FROM entity LIMIT 300\" -o csv",
	    "runs -o json",
	};
	size_t i;

	(void)state;
	served_faults(
	    &world,
	    "hostile=argo-prod\nhostile=airflow-legacy\nhostile=airflow-ml\n"
	    "hostile=prom\nhostile=probes\nhostile=mlflow\nhostile=recs\nhostile=alerts\n",
	    1);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct said said;

		ask(&world, lines[i], &said);
		assert_true(said.code < 128);
		assert_tame(said.out, said.out_size);
		assert_tame(said.err, strlen(said.err));
		said_clear(&said);
	}
}

/* ---- configuration and secrets ------------------------------------------------------------- */

#define URL "$(sed -n '/argo-prod/,/url/s/.*url = //p' \"$DEMO/config\" | head -n 1)"
/* Writes a configuration of one source of which only the last lines differ, then goes on. */
#define WITH(lines)                                                                                \
	"export XDG_STATE_HOME=\"$HOME/own\"; printf '[source \"a\"]\\n\\ttype = "                 \
	"argo-workflows\\n"                                                                        \
	"\\turl = %s\\n\\tnamespace = orch\\n" lines "' \"" URL "\" > \"$HOME/own.conf\"; "
#define OWN "binnacle --config \"$HOME/own.conf\" "

static void
faults_mistakes_in_the_configuration_are_placed_and_explained(void **state)
{
	struct said said;

	(void)state;
	shell_says(
	    WITH("\\tnamespce = x\\n") OWN "status", 78, "",
	    "own.conf:5: unknown key 'namespce' in [source \"a\"]\n  did you mean namespace?");
	shell_says(WITH("\\tinterval = soon\\n") OWN "status", 78, "",
		   "own.conf:5: interval = soon: not a duration");
	shell_says(WITH("[sorce \"b\"]\\n") OWN "status", 78, "", "did you mean [source]?");
	shell_says(WITH("[source \"b\"]\\n\\ttype = airflw\\n") OWN "config check", 78,
		   "did you mean airflow?", "");
	shell_says(WITH("[source \"b\"\\n") OWN "status", 78, "", "own.conf:5: ");
	shell(WITH("\\ttoken = hunter2\\n") OWN "status", 78, &said);
	assert_has(said.err, "token");
	assert_lacks(said.err, "hunter2");
	said_clear(&said);
	shell_says("binnacle --config /nonexistent/c status", 78, "", "/nonexistent/c");
	shell_says("env -u HOME -u XDG_CONFIG_HOME binnacle status", 78, "",
		   "binnacle config init");
}

static void
faults_secrets_that_cannot_be_had_say_why_and_what_to_do(void **state)
{
	(void)state;
	shell_says(WITH("\\ttoken-file = /nonexistent/t\\n") OWN "status", 3, "src 0/1",
		   "token-file: /nonexistent/t: No such file or directory - write the secret into");
	shell_says(
	    WITH("") "cp \"$DEMO/secrets/argo-prod\" \"$HOME/t\" && chmod 640 \"$HOME/t\" && "
		     "printf '\\ttoken-file = %s/t\\n' \"$HOME\" >> \"$HOME/own.conf\"; " OWN
		     "status",
	    3, "src 0/1", "chmod 600 ");
	shell_says(WITH("\\ttoken-command = echo no keyring here >&2; false\\n") OWN "status", 3,
		   "src 0/1", "binnacle: a: token-command");
	shell_says(WITH("\\ttoken-command = sleep 300\\n") OWN "--timeout 2s status", 3, "src 0/1",
		   "binnacle: a: ");
	shell_says(WITH("\\ttoken-env = NOT_THERE\\n") OWN "status", 3, "src 0/1", "NOT_THERE");
	shell_says(WITH("\\ttoken-env = NOT_THERE\\n") OWN "doctor", 1, "login", "");
}

/* ---- the state directory ------------------------------------------------------------------- */

static void
faults_a_state_directory_that_cannot_serve_is_explained(void **state)
{
	(void)state;
	shell_says(
	    "touch \"$HOME/plain\"; exec binnacle --demo=\"$DEMO\" --cache \"$HOME/plain\" runs",
	    73, "", "/plain");
	shell_says(WITH("[state]\\n\\tdir = /proc/nowhere\\n") OWN "status", 73, "",
		   "set [state] dir to a place you can write to");
	shell_says(
	    WITH("") "mkdir -p \"$HOME/own/binnacle\"; chmod 777 \"$HOME/own/binnacle\"; " OWN
		     "status",
	    77, "", "chmod 0700 ");
	shell_says("rm -r \"$HOME/own\"", 0, "", "");
}

static void
faults_without_a_cache_nothing_is_written_anywhere(void **state)
{
	(void)state;
	if (access("/lease", F_OK) == 0)
		bn_skip("there is a folder /lease already");
	shell_says("find \"$HOME\" -newer \"$DEMO/pid\" -path '*lease*' | wc -l", 0, "0\n", "");
	shell_says("binnacle --demo=\"$DEMO\" --cache none status", 1, "transform-hourly", "");
	assert_int_not_equal(access("/lease", F_OK), 0);
	shell_says("ls -A \"$DEMO/state\" | wc -l", 0, "0\n", "");
}

static void
faults_what_was_never_read_is_not_fine(void **state)
{
	(void)state;
	shell_says("binnacle --demo=\"$DEMO\" --offline status", 3, "src 0/", "argo-prod");
	shell_says("binnacle --demo=\"$DEMO\" -q --offline runs -o json", 3, "\"complete\":false",
		   "");
	shell_says("binnacle --demo=\"$DEMO\" -q --offline check source argo-prod", 3, "UNKNOWN",
		   "");
}

/* ---- the two files ------------------------------------------------------------------------- */

#define STATE "cd \"$DEMO/state\" && "
#define DEMO  "binnacle --demo=\"$DEMO\" "
#define NOTED STATE DEMO "-q note add pipeline/argo-prod/transform-hourly 'kept through it all'"

static void
faults_a_damaged_cache_is_put_aside_and_people_s_words_are_kept(void **state)
{
	static const char *const damages[] = {
	    "truncate -s 5000 cache.db; rm -f cache.db-*",
	    "printf 'this is no database' | dd of=cache.db conv=notrunc; rm -f cache.db-*",
	    "dd if=/dev/zero bs=4096 seek=1 count=40 of=cache.db conv=notrunc; rm -f cache.db-*",
	};
	struct said said;
	size_t i;

	(void)state;
	shell(DEMO "-q status", 1, &said);
	said_clear(&said);
	shell(NOTED, 0, &said);
	said_clear(&said);
	for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		char line[256];

		snprintf(line, sizeof(line), STATE "%s", damages[i]);
		shell(line, 0, &said);
		said_clear(&said);
		/* Damage deep inside is met only on the way; then the next start sees to it. */
		if (i == 2)
			shell_says(DEMO "status", 73, "", "start one again");
		shell_says(DEMO "status", 1, "transform-hourly", "cache.db was damaged");
		shell_says(DEMO "note list", 0, "kept through it all", "");
		snprintf(line, sizeof(line),
			 STATE "ls | grep -c '^cache[.]db[.]damaged-[0-9.]*$' && rm -f *damaged*");
		shell_says(line, 0, "1\n", "");
	}
}

static void
faults_files_of_a_newer_binnacle_are_left_as_they_are(void **state)
{
	static const char *const files[] = {"cache.db", "journal.db"};
	struct said said;
	char line[512];
	size_t i;

	(void)state;
	shell(NOTED, 0, &said);
	said_clear(&said);
	for (i = 0; i < 2; i++) {
		/* user_version: four bytes at offset 60 */
		snprintf(line, sizeof(line),
			 STATE
			 "cp %s kept && printf '\\000\\000\\003\\347' | dd of=%s bs=1 seek=60 "
			 "conv=notrunc 2>&1 && md5sum %s > sum",
			 files[i], files[i], files[i]);
		shell(line, 0, &said);
		said_clear(&said);
		ask(&world, "status", &said);
		assert_true(said.code >= 64);
		assert_has(said.err, "999");
		assert_has(said.err, "a newer binnacle wrote it");
		said_clear(&said);
		snprintf(line, sizeof(line), STATE "md5sum -c sum && mv kept %s", files[i]);
		shell(line, 0, &said);
		said_clear(&said);
	}
	shell_says(DEMO "note list", 0, "kept through it all", "");
}

static void
faults_a_damaged_journal_is_only_read(void **state)
{
	struct said said;

	(void)state;
	shell(NOTED, 0, &said);
	said_clear(&said);
	shell(STATE "printf 'this is no database' | dd of=journal.db conv=notrunc 2>&1 && "
		    "rm -f journal.db-* && md5sum journal.db > sum",
	      0, &said);
	said_clear(&said);
	shell_says(DEMO "status", 1, "transform-hourly", "journal.db is damaged");
	shell_says(DEMO "note add pipeline/argo-prod/transform-hourly x", 77, "",
		   "nothing was recorded");
	shell_says(STATE "md5sum -c sum", 0, "OK", "");
}

/* Cut to nothing it looks like a new one: that there was another has to be said. */
static void
faults_an_emptied_journal_is_said(void **state)
{
	(void)state;
	shell_says(NOTED, 0, "", "");
	shell_says(STATE "rm -f journal.db-*; : >journal.db; touch -d '1 hour ago' journal.db", 0,
		   "", "");
	shell_says(DEMO "status", 1, "transform-hourly",
		   "journal.db was empty: what it held is gone");
	/* the next one finds the new journal, and nothing to say */
	shell_says(DEMO "status 2>&1 | grep -c 'was empty'", 1, "0\n", "");
}

/* The second file tells of records that the journal no longer has. */
static void
faults_a_journal_shorter_than_its_anchor_is_said(void **state)
{
#define ANCHORED "binnacle --config \"$HOME/anchored\" --cache \"$HOME/anchored.d\" "
	(void)state;
	shell_says("rm -rf \"$HOME\"/heads \"$HOME\"/anchored.d; printf '[state]\\n\\tanchor = "
		   "%s/heads\\n[endpoint \"x\"]\\n\\turl = http://127.0.0.1:1\\n' \"$HOME\""
		   " >\"$HOME/anchored\" && chmod 600 \"$HOME/anchored\"; " ANCHORED
		   "status >/dev/null; for i in 1 2 3; do " ANCHORED
		   "-q note add endpoint/x $i; done; grep -vc '^~' \"$HOME/heads\"",
		   0, "3\n", "");
	shell_says("rm \"$HOME\"/anchored.d/journal.db*; " ANCHORED "sources", 0, "http",
		   "the journal lacks its last 3 records, of which ");
#undef ANCHORED
}

/* ---- processes ----------------------------------------------------------------------------- */

static void
faults_commands_at_once_agree_and_a_killed_collector_is_replaced(void **state)
{
	(void)state;
	shell_says("for i in 1 2 3 4; do (" DEMO
		   "-q status > \"$HOME/s$i\"; echo $? >> \"$HOME/codes\") & done; wait; "
		   "sort \"$HOME/codes\" | uniq -c; rm \"$HOME/codes\"; "
		   "for i in 1 2 3 4; do grep -c transform-hourly \"$HOME/s$i\"; done | sort -u",
		   0, "4 1\n1\n", "");
	shell_says(DEMO
		   "-q collect & c=$!; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; " DEMO
		   "-q sources --columns holder -o csv | grep -q \"pid $c\" && echo held && break; "
		   "done; kill -9 $c; wait $c; " DEMO
		   "-q poll argo-prod >/dev/null; echo now $?; " DEMO
		   "-q status >/dev/null; echo then $?",
		   0, "held\nnow 0\nthen 1\n", "");
}

/* A limit on the size of files stands for a full disk: what writes meet is nearly the same. */
static void
faults_a_disk_without_room_is_said(void **state)
{
	(void)state;
	shell_says("trap '' XFSZ; ulimit -f 2400; " DEMO "status", 3, "src ",
		   "nothing stored was lost");
	shell_says(DEMO "-q status", 1, "transform-hourly", "");
}

static void
faults_output_that_cannot_be_written_is_said(void **state)
{
	(void)state;
	shell_says(DEMO "-q runs -o json > /dev/full", 73, "", "No space left");
	shell_says(DEMO "-q status > /dev/full", 73, "", "No space left");
	shell_says("{ " DEMO "-q runs --each -o ndjson; echo $? >&2; } | head -n 1", 0, "{", "141");
}

static void
faults_an_interrupt_ends_a_command_that_waits(void **state)
{
	(void)state;
	served_faults(&world, "dead=argo-prod\n", 1);
	shell_says("timeout --preserve-status -s INT 1 " DEMO "status || echo $?", 0, "130", "");
}

static void
faults_poor_surroundings_do_not_matter(void **state)
{
	(void)state;
	shell_says("env -i PATH=\"$PATH\" DEMO=\"$DEMO\" " DEMO "status", 1,
		   "x  1  transform-hourly", "");
	shell_says("TERM=dumb LC_ALL=C " DEMO "", 1, "transform-hourly", "");
	shell_says("TERM=dumb LC_ALL=C " DEMO " | LC_ALL=C grep -c '[^ -~]'", 1, "0\n", "");
}

/* A source that is no longer in the configuration is nobody's any more; put back, it is there again. */
static void
faults_a_source_taken_out_of_the_configuration_is_forgotten(void **state)
{
	static const char with[] =
	    "cd \"$HOME\" && printf '[source \"dead\"]\\n\\ttype = prometheus\\n"
	    "\\turl = http://127.0.0.1:1\\n[source \"probes\"]\\n\\ttype = http\\n' >two"
	    " && chmod 600 two && binnacle --config two --cache \"$DEMO/state\" ";
	static const char without[] =
	    "cd \"$HOME\" && printf '[source \"probes\"]\\n\\ttype = http\\n' >two &&"
	    " binnacle --config two --cache \"$DEMO/state\" ";
	struct said said;
	char line[512];

	(void)state;
	snprintf(line, sizeof(line), "%sstatus", with);
	shell_says(line, 3, "dead", "dead");
	snprintf(line, sizeof(line), "%sstatus", without);
	shell(line, 0, &said);
	assert_lacks(said.out, "dead");
	said_clear(&said);
	snprintf(line, sizeof(line), "%ssources -o csv --columns source", without);
	shell(line, 0, &said);
	assert_string_equal(said.out, "source\r\nprobes\r\n");
	said_clear(&said);
	snprintf(line, sizeof(line), "%sstatus", with);
	shell_says(line, 3, "dead", "dead");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
	    TEST(faults_broken_servers_are_named_and_nothing_of_theirs_is_fine),
	    TEST(faults_of_models_alerts_and_keys_are_named_too),
	    TEST(faults_what_was_stored_outlives_a_platform_that_dies),
	    TEST(faults_hostile_text_never_reaches_the_terminal),
	    TEST(faults_mistakes_in_the_configuration_are_placed_and_explained),
	    TEST(faults_secrets_that_cannot_be_had_say_why_and_what_to_do),
	    TEST(faults_a_state_directory_that_cannot_serve_is_explained),
	    TEST(faults_without_a_cache_nothing_is_written_anywhere),
	    TEST(faults_what_was_never_read_is_not_fine),
	    TEST(faults_a_damaged_cache_is_put_aside_and_people_s_words_are_kept),
	    TEST(faults_files_of_a_newer_binnacle_are_left_as_they_are),
	    TEST(faults_a_damaged_journal_is_only_read),
	    TEST(faults_an_emptied_journal_is_said),
	    TEST(faults_a_journal_shorter_than_its_anchor_is_said),
	    TEST(faults_commands_at_once_agree_and_a_killed_collector_is_replaced),
	    TEST(faults_a_disk_without_room_is_said),
	    TEST(faults_output_that_cannot_be_written_is_said),
	    TEST(faults_an_interrupt_ends_a_command_that_waits),
	    TEST(faults_poor_surroundings_do_not_matter),
	    TEST(faults_a_source_taken_out_of_the_configuration_is_forgotten),
	};

	setbuf(stdout, NULL);
	return cmocka_run_group_tests(tests, start_world, stop_world);
}
