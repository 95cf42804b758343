/* config_test.c - configuration files: values, places, and what each mistake is told. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "config/config.h"

static const struct bn_option argo[] = {
    {"url", BN_OPT_URL, NULL, "The server", BN_OPT_REQUIRED, NULL},
    {"namespace", BN_OPT_STRING, "default", "A namespace", BN_OPT_MULTI, NULL},
    {"limit", BN_OPT_INT, "100", "Items a page", 0, "1..500"},
    {"ratio", BN_OPT_NUMBER, "0.5", "A ratio", 0, "0..1"},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};
static const struct bn_option endpoint[] = {
    {"url", BN_OPT_URL, NULL, "What is asked", BN_OPT_REQUIRED, NULL},
    {"assert", BN_OPT_ASSERT, NULL, "What must hold", BN_OPT_MULTI, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL},
};
static const struct bn_section_kind kinds[] = {{"endpoint", true, endpoint, "An endpoint"},
					       {NULL, false, NULL, NULL}};

static const struct bn_option *
source_options(const char *type, void *payload)
{
	(void)payload;
	return strcmp(type, "argo-workflows") == 0 ? argo : NULL;
}

static const char *const words[] = {"argo-workflows", NULL};
static const struct bn_config_types types = {source_options, kinds, words, NULL};

#define SOURCE "[source \"a\"]\ntype = argo-workflows\nurl = https://argo.example.com\n"

static struct bn_config *
load(const char *text, int code)
{
	struct bn_config *config;
	struct bn_error err = {0};
	int rc = bn_config_load_text(&config, "test", text, &types, &err);

	if (rc != code)
		fail_msg("%d, not %d: %s\n%s", rc, code, err.message, text);
	assert_non_null(config);
	return config;
}

/* The only problem of that text: its line, whether it is fatal, and words of it and of its hint. */
static void
assert_problem(const char *text, bool fatal, int line, const char *message, const char *hint)
{
	struct bn_config *config = load(text, fatal ? BN_ECONFIG : BN_OK);
	const struct bn_config_problem *p;
	size_t count;

	p = bn_config_problems(config, &count);
	if (count != 1)
		fail_msg("%zu problems (%s): %s", count, count > 1 ? p[1].message : "", text);
	if (p->fatal != fatal || p->line != line || strstr(p->message, message) == NULL ||
	    strstr(p->hint, hint) == NULL)
		fail_msg("%s:%d: %s (%s) in:\n%s", p->file, p->line, p->message, p->hint, text);
	bn_config_free(config);
}

static void
config_values_come_with_defaults_types_and_places(void **state)
{
	struct bn_config *config =
	    load("# comment\n" SOURCE "\tNamespace = data\n\tnamespace = \"a b\"\n"
		 "interval = 15s\nmax-body = 8m\nlimit = 7\nratio = .25\n"
		 "allow-http = yes\ndisabled\n[ui]\n  zone = UTC\n",
		 BN_OK);
	const struct bn_config_section *s = bn_config_find(config, "source", "a");

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->line, 2);
	assert_string_equal(s->values[2].key, "namespace");
	assert_int_equal(s->values[2].line, 5);
	assert_string_equal(s->values[2].file, "test");
	assert_string_equal(bn_section_get(s, argo, "namespace"), "a b");
	assert_string_equal(bn_section_at(s, "namespace", 0), "data");
	assert_string_equal(bn_section_at(s, "namespace", 1), "a b");
	assert_null(bn_section_at(s, "namespace", 2));
	assert_int_equal(bn_section_int(s, bn_source_options, "interval"), 15000);
	assert_int_equal(bn_section_int(s, bn_source_options, "max-body"), 8 << 20);
	assert_int_equal(bn_section_int(s, bn_source_options, "timeout"), 30000);
	assert_int_equal(bn_section_int(s, argo, "limit"), 7);
	assert_true(bn_section_number(s, argo, "ratio") > 0.24 &&
		    bn_section_number(s, argo, "ratio") < 0.26);
	assert_true(bn_section_bool(s, bn_source_options, "allow-http"));
	assert_true(bn_section_bool(s, bn_source_options, "disabled"));
	assert_false(bn_section_bool(s, bn_source_options, "allow-link-local"));
	assert_null(bn_section_get(s, bn_source_options, "user"));
	assert_string_equal(bn_section_get(NULL, argo, "limit"), "100");
	assert_ptr_equal(bn_config_section(config, "source", 0), s);
	assert_null(bn_config_section(config, "source", 1));
	assert_string_equal(bn_config_section(config, NULL, 1)->kind, "ui");
	assert_string_equal(bn_config_files(config)[0], "test");
	assert_null(bn_config_files(config)[1]);
	bn_config_free(config);
}

/* Whatever reads a path later, a ca-file or a repository, must not see the "~". */
static void
config_path_values_start_at_the_home_directory(void **state)
{
	struct bn_config *config;
	const struct bn_config_section *s;

	(void)state;
	setenv("HOME", "/home/ada", 1);
	config = load(SOURCE "ca-file = ~/ca.pem\n[repo \"r\"]\npath = ~/src/r\n"
			     "[repo \"s\"]\npath = /srv/~/s\n",
		      BN_OK);
	s = bn_config_find(config, "source", "a");
	assert_string_equal(bn_section_get(s, NULL, "ca-file"), "/home/ada/ca.pem");
	s = bn_config_find(config, "repo", "r");
	assert_string_equal(bn_section_get(s, NULL, "path"), "/home/ada/src/r");
	s = bn_config_find(config, "repo", "s");
	assert_string_equal(bn_section_get(s, NULL, "path"), "/srv/~/s");
	bn_config_free(config);
}

static void
config_of_the_design_is_accepted(void **state)
{
	struct bn_config *config = load(
	    SOURCE
	    "token-command = pass show argo-prod\nactions = retry\n"
	    "[repo \"gitops\"]\nurl = https://git.example.com/data/gitops.git\nforge = gitea\n"
	    "[endpoint \"api-lpo-quote\"]\nurl = https://lpo.example.com/v1/quote/health\n"
	    "assert = json .generated_at age < 24h\n"
	    "[link]\nfeeds = pipeline/argo-prod/postage-train -> endpoint/sagemaker/lpo\n"
	    "[rule \"late\"]\nseverity = warn\n"
	    "sql = SELECT entity, since, 'late' FROM pipeline WHERE next_due_at < now() - 900000\n"
	    "[keys]\nquit = q x\n[state]\ndir = ~/bn\n",
	    BN_OK);
	size_t count;

	(void)state;
	/* but for the warning that this release reads clones only */
	assert_false(bn_config_problems(config, &count)[0].fatal);
	assert_int_equal(count, 1);
	bn_config_free(config);
}

static void
config_unknown_words_name_the_nearest(void **state)
{
	(void)state;
	assert_problem(SOURCE "namespac = x\n", true, 4, "unknown key 'namespac' in [source \"a\"]",
		       "did you mean namespace?");
	assert_problem(SOURCE "\n\nintervall = 5s\n", true, 6, "'intervall'",
		       "did you mean interval?");
	assert_problem("[sorce \"a\"]\n", true, 1, "unknown section [sorce]",
		       "did you mean [source]?");
	assert_problem("[endpoin \"a\"]\n", true, 1, "[endpoin]", "did you mean [endpoint]?");
	assert_problem("[source \"a\"]\ntype = argo\nurl = https://x\n", true, 2,
		       "unknown type 'argo'", "did you mean argo-workflows?");
	assert_problem("[dashbord \"x\"]\npanel = triage\n", true, 1, "unknown section [dashbord]",
		       "did you mean [dashboard]?");
}

#define PRODUCT "[product \"orders\"]\nneeds = pipeline/nightly\n"

static void
config_products_promise_what_can_be_told(void **state)
{
	(void)state;
	bn_config_free(load(PRODUCT "freshness = 15m\ndeadline = 05:30 Europe/Berlin daily\n"
				    "needs = endpoint/a\navailability = 99.9%\ngoal = 0.995\n",
			    BN_OK));
	assert_problem(PRODUCT "deadline = half past five\n", true, 3, "half past five",
		       "05:30 Europe/Berlin");
	assert_problem(PRODUCT "deadline = 05:30 Europe/Berlim\n", true, 3, "Berlim", "");
	assert_problem(PRODUCT "deadline = 05:30 UTC someday\n", true, 3, "someday", "mon-fri");
	assert_problem(PRODUCT "goal = 101%\n", true, 3, "101%", "99.5%");
	assert_problem(PRODUCT "goal = 100%\n", true, 3, "no budget", "99%");
	assert_problem(PRODUCT "lifecycle = dead\n", true, 3, "dead", "");
	assert_problem(PRODUCT "needs = nightly\n", true, 3, "needs is not", "pipeline/");
	/* what nothing can tell of is no mistake, but said */
	assert_problem(PRODUCT "availability = 99%\n", false, 3, "tells its availability",
		       "endpoint/");
	assert_problem("[product \"x\"]\nowner = me\n", false, 1, "needs nothing", "add needs");
}

static void
config_syntax_errors_have_their_line(void **state)
{
	(void)state;
	assert_problem(SOURCE "token_command = x\n", true, 4, "no '_'", "write token-command");
	assert_problem("[ui]\ntheme = \"dark\n", true, 2, "not closed", "same line");
	assert_problem("[ui]\ntheme = a\\d\n", true, 2, "'\\d' means nothing", "\\\\");
	assert_problem("[ui]\ntheme = a\\\n\n", true, 2, "ends in a backslash", "");
	/* libgit2 would take the head after it for a part of the value */
	assert_problem("[ui]\ntheme = \\\n\r# x\n[a]\nb\n", true, 2, "next one is a comment", "");
	assert_problem("theme = a\n", true, 1, "before the first section", "[source");
	assert_problem("[ui\ntheme = a\n", true, 1, "not a section's head", "[kind");
	assert_problem("[ui]\n1a = x\n", true, 2, "'1a' is not a key", "letter first");
	assert_problem("[ui]\ntheme x\n", true, 2, "'theme' is not a key", "'='");
	assert_problem("[ui]\ntheme = \xff\n", true, 0, "not a text file", "UTF-8");
}

static void
config_bad_values_say_what_is_allowed(void **state)
{
	(void)state;
	assert_problem(SOURCE "interval = soon\n", true, 4, "interval = soon: not a duration",
		       "1s..1d");
	assert_problem(SOURCE "interval = 2d\n", true, 4, "not in its range", "1s..1d");
	assert_problem(SOURCE "limit = 501\n", true, 4, "not in its range", "1..500");
	assert_problem(SOURCE "limit = ten\n", true, 4, "not a whole number", "");
	assert_problem(SOURCE "limit = 99999999999999999999\n", true, 4, "not a whole number", "");
	assert_problem(SOURCE "ratio = 1.5\n", true, 4, "not in its range", "0..1");
	assert_problem(SOURCE "ratio = nan\n", true, 4, "not in its range", "");
	assert_problem(SOURCE "disabled = perhaps\n", true, 4, "not true or false", "");
	assert_problem(SOURCE "max-body = 8q\n", true, 4, "not a size", "64k..1g");
	assert_problem(SOURCE "actions = delete\n", true, 4, "actions = delete", "none|retry");
	assert_problem(SOURCE "ca-file =\n", true, 4, "ca-file is empty", "");
	assert_problem(SOURCE "user\n", true, 4, "user has no value", "");
	assert_problem("[ui]\nzone = Mars/Phobos\n", true, 2, "Mars/Phobos", "Europe/Berlin");
	assert_problem("[link]\nfeeds = a -> b\n", true, 2, "feeds is not", "pipeline/");
	assert_problem("[link]\nfeeds = run/a run/b\n", true, 2, "feeds is not", "pipeline/");
}

static void
config_missing_and_misplaced_names_are_told(void **state)
{
	(void)state;
	assert_problem("\n[source \"a\"]\n", true, 2, "has no type", "type =");
	assert_problem("[source \"a\"]\ntype = argo-workflows\n", true, 1, "has no url",
		       "The server");
	assert_problem("[rule \"a\"]\ntitle = x\n", true, 1, "has no sql", "SELECT");
	assert_problem("[repo \"a\"]\nforge = github\n", true, 1, "neither path nor url", "clone");
	assert_problem("[rule]\nsql = SELECT 1\n", true, 1, "[rule] needs a name",
		       "[rule \"NAME\"]");
	assert_problem("[ui \"x\"]\nmouse = no\n", true, 1, "[ui] has no name", "[ui]");
	assert_problem(
	    "[rule \"0123456789012345678901234567890123456789012345678901234567890123\"]\n"
	    "sql = SELECT 1\n",
	    true, 1, "longer than 63 bytes", "");
}

static void
config_lost_characters_are_warned_about(void **state)
{
	(void)state;
	assert_problem(SOURCE "user = a#b\n", false, 4, "user ends at '#' or ';'", "quotes");
	assert_problem(SOURCE "token-command = pass x ; echo\n", false, 4, "token-command ends",
		       "quotes");
	assert_problem("[rule \"r\"]\nsql = SELECT \"a\" FROM b\n", false, 2,
		       "sql loses its quotes", "quotes");
	assert_problem(SOURCE "user = x\nuser = y\n", false, 5, "user is set again", "");
}

static void
config_meant_comments_and_quotes_are_not(void **state)
{
	struct bn_config *config =
	    load(SOURCE "user = x ; a comment\ninterval = 5s # another\n"
			"token-command = \"pass x; echo \\\"y\\\"\" # and one\n",
		 BN_OK);
	const struct bn_config_section *s = bn_config_find(config, "source", "a");
	size_t count;

	(void)state;
	bn_config_problems(config, &count);
	assert_int_equal(count, 0);
	assert_string_equal(bn_section_get(s, NULL, "user"), "x");
	assert_string_equal(bn_section_get(s, NULL, "token-command"), "pass x; echo \"y\"");
	bn_config_free(config);
}

static void
config_secrets_are_never_values(void **state)
{
	struct bn_config *config;
	struct bn_error err = {0};
	const struct bn_config_problem *p;
	size_t count;

	(void)state;
	assert_problem(SOURCE "token = abc\n", true, 4, "a secret is never a value",
		       "token-command");
	assert_fails_with(BN_ECONFIG,
			  bn_config_load_text(
			      &config, "test",
			      "[source \"a\"]\ntype = argo-workflows\nurl = https://u:CANARY@x/\n",
			      &types, &err));
	p = bn_config_problems(config, &count);
	assert_int_equal(count, 1);
	assert_null(strstr(p->message, "CANARY"));
	assert_null(strstr(err.message, "CANARY"));
	bn_config_free(config);
	assert_problem(SOURCE "token-env = A\ntoken-file = b\n", true, 5,
		       "more than one of token-command", "keep one");
	assert_problem(SOURCE "auth = basic\nuser = x\n", true, 4, "there is no password",
		       "password-command");
	assert_problem(SOURCE "auth = bearer\n", true, 4, "there is no token", "token-command");
	assert_problem(SOURCE "password-env = X\n", true, 1, "a password but no user", "add user");
}

static void
config_unencrypted_http_leaves_the_machine_only_when_allowed(void **state)
{
	static const char *const fine[] = {"http://localhost:8080", "http://127.0.0.1",
					   "http://[::1]:9/x", "https://argo.example.com",
					   "http://a.localhost/"};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		snprintf(text, sizeof(text), "[source \"a\"]\ntype = argo-workflows\nurl = %s\n",
			 fine[i]);
		bn_config_free(load(text, BN_OK));
	}
	assert_problem("[source \"a\"]\ntype = argo-workflows\nurl = http://argo.example.com\n",
		       true, 3, "unencrypted", "allow-http");
	assert_problem(
	    "[source \"a\"]\ntype = argo-workflows\nurl = http://127.0.0.1.example.com\n", true, 3,
	    "unencrypted", "allow-http");
	bn_config_free(load(
	    "[source \"a\"]\ntype = argo-workflows\nurl = http://x\nallow-http = true\n", BN_OK));
	assert_problem("[source \"a\"]\ntype = argo-workflows\nurl = ftp://x\n", true, 3,
		       "not a URL", "https://");
	assert_problem("[source \"a\"]\ntype = argo-workflows\nurl = https:///x\n", true, 3,
		       "no host", "");
}

static void
config_section_of_a_higher_layer_takes_the_cores_place(void **state)
{
	static const struct bn_option quit[] = {{"quit", BN_OPT_STRING, NULL, "Leave", 0, NULL},
						{NULL, BN_OPT_STRING, NULL, NULL, 0, NULL}};
	static const struct bn_section_kind keys[] = {{"keys", false, quit, "Keys"},
						      {NULL, false, NULL, NULL}};
	const struct bn_config_types own = {source_options, keys, words, NULL};
	struct bn_config *config;
	struct bn_error err = {0};

	(void)state;
	bn_config_free(load("[keys]\nqiut = q\n", BN_OK)); /* the core takes any action's name */
	assert_fails_with(BN_ECONFIG,
			  bn_config_load_text(&config, "test", "[keys]\nqiut = q\n", &own, &err));
	assert_non_null(strstr(err.hint, "did you mean quit?"));
	bn_config_free(config);
}

static void
config_finds_every_problem_in_one_go(void **state)
{
	struct bn_config *config;
	struct bn_error err = {0};
	const struct bn_config_problem *p;
	size_t count;

	(void)state;
	assert_fails_with(BN_ECONFIG,
			  bn_config_load_text(&config, "test",
					      SOURCE "limit = x\nfoo = 1\n[bar]\nx = y\n", &types,
					      &err));
	p = bn_config_problems(config, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(p[i].line, 4 + (int)i);
	assert_non_null(strstr(err.message, "test:4: limit = x"));
	assert_non_null(strstr(err.hint, "2 more"));
	bn_config_free(config);
}

/* ---- files ----------------------------------------------------------------------------------- */

static char dir[32];

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int
make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/bn-config-XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int
load_file(struct bn_config **config, const char *name, struct bn_error *err)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return bn_config_load(config, path, &types, err);
}

static void
config_includes_are_followed_and_told_apart(void **state)
{
	struct bn_config *config;
	struct bn_error err = {0};
	const struct bn_config_problem *p;
	const struct bn_config_section *s;
	size_t count;

	(void)state;
	write_file("main",
		   SOURCE "[include]\npath = team.gitconfig\npath = missing\n[ui]\ntheme = mine\n",
		   0600);
	write_file("team.gitconfig", "\n" SOURCE "limit = 7\nfoo = 1\n[ui]\ntheme = theirs\n",
		   0644);
	assert_fails_with(BN_ECONFIG, load_file(&config, "main", &err));
	p = bn_config_problems(config, &count);
	assert_int_equal(count, 2);
	assert_non_null(strstr(p[0].message, "missing"));
	assert_false(p[0].fatal);
	assert_int_equal(p[0].line, 6);
	assert_non_null(strstr(p[1].file, "team.gitconfig"));
	assert_int_equal(p[1].line, 6);
	s = bn_config_find(config, "ui", "");
	assert_string_equal(bn_section_get(s, NULL, "theme"), "mine"); /* the later one wins */
	assert_int_equal(bn_section_int(bn_config_find(config, "source", "a"), argo, "limit"), 7);
	assert_non_null(bn_config_files(config)[1]);
	bn_config_free(config);
}

static void
config_including_itself_ends(void **state)
{
	struct bn_config *config;
	struct bn_error err = {0};

	(void)state;
	write_file("loop", "[include]\npath = loop\n", 0600);
	assert_fails_with(BN_ECONFIG, load_file(&config, "loop", &err));
	assert_non_null(strstr(err.message, "nested too deeply"));
	bn_config_free(config);
}

static void
config_file_that_others_can_write_is_refused(void **state)
{
	struct bn_config *config;
	struct bn_error err = {0};

	(void)state;
	write_file("open", SOURCE, 0666);
	assert_fails_with(BN_EIO, load_file(&config, "open", &err));
	assert_null(config);
	assert_non_null(strstr(err.hint, "chmod o-w"));
	assert_fails_with(BN_EIO, load_file(&config, "nowhere", &err));
	assert_non_null(strstr(err.message, "No such file"));
	assert_fails_with(BN_EIO, bn_config_load(&config, "/dev/null", &types, &err));
	assert_non_null(strstr(err.message, "not a regular file"));
}

static void
config_default_file_may_be_missing(void **state)
{
	struct bn_config *config;
	struct bn_error err = {0};
	char path[128];

	(void)state;
	setenv("XDG_CONFIG_HOME", dir, 1);
	assert_ok(bn_config_load(&config, NULL, &types, &err), &err);
	bn_config_free(config);
	snprintf(path, sizeof(path), "%s/binnacle", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file("binnacle/config", SOURCE, 0600);
	assert_ok(bn_config_load(&config, NULL, &types, &err), &err);
	assert_non_null(bn_config_find(config, "source", "a"));
	bn_config_free(config);
	unsetenv("XDG_CONFIG_HOME");
}

static void
config_digest_changes_with_any_value(void **state)
{
	struct bn_config *one = load(SOURCE, BN_OK), *same = load("\n\n" SOURCE, BN_OK);
	struct bn_config *other = load(SOURCE "limit = 7\n", BN_OK);
	char a[BN_DIGEST_HEX], b[BN_DIGEST_HEX], c[BN_DIGEST_HEX];

	(void)state;
	bn_section_digest(bn_config_find(one, "source", "a"), a);
	bn_section_digest(bn_config_find(same, "source", "a"), b);
	bn_section_digest(bn_config_find(other, "source", "a"), c);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	bn_config_free(one);
	bn_config_free(same);
	bn_config_free(other);
}

/* ---- the state directory --------------------------------------------------------------------- */

static int
state_dir_set_to(const char *name, char **out, struct bn_error *err)
{
	char text[128];
	struct bn_config *config;
	int rc;

	snprintf(text, sizeof(text), "[state]\ndir = %s/%s\n", dir, name);
	config = load(text, BN_OK);
	rc = bn_state_dir(config, out, err);
	bn_config_free(config);
	return rc;
}

static void
state_dir_is_made_for_its_owner_alone(void **state)
{
	struct bn_error err = {0};
	struct stat st;
	char *path;

	(void)state;
	assert_ok(state_dir_set_to("a/b/c", &path, &err), &err);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	free(path);
	setenv("XDG_STATE_HOME", dir, 1);
	assert_ok(bn_state_dir(NULL, &path, &err), &err);
	assert_non_null(strstr(path, "/binnacle"));
	assert_memory_equal(path, dir, strlen(dir));
	free(path);
	unsetenv("XDG_STATE_HOME");
}

static void
state_dir_that_others_can_write_is_refused(void **state)
{
	struct bn_error err = {0};
	char *path, whole[128];

	(void)state;
	snprintf(whole, sizeof(whole), "%s/shared", dir);
	assert_int_equal(mkdir(whole, 0700), 0);
	assert_int_equal(chmod(whole, 0777), 0);
	assert_fails_with(BN_EPERM, state_dir_set_to("shared", &path, &err));
	assert_non_null(strstr(err.hint, "chmod 0700"));
	assert_int_equal(chmod(whole, 0770), 0);
	assert_fails_with(BN_EPERM, state_dir_set_to("shared", &path, &err));
	assert_int_equal(chmod(whole, 02770), 0); /* a team's */
	assert_ok(state_dir_set_to("shared", &path, &err), &err);
	free(path);
	write_file("file", "x", 0600);
	assert_fails_with(BN_EIO, state_dir_set_to("file", &path, &err));
	assert_null(path);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(config_values_come_with_defaults_types_and_places),
    cmocka_unit_test(config_path_values_start_at_the_home_directory),
    cmocka_unit_test(config_of_the_design_is_accepted),
    cmocka_unit_test(config_unknown_words_name_the_nearest),
    cmocka_unit_test(config_products_promise_what_can_be_told),
    cmocka_unit_test(config_syntax_errors_have_their_line),
    cmocka_unit_test(config_bad_values_say_what_is_allowed),
    cmocka_unit_test(config_missing_and_misplaced_names_are_told),
    cmocka_unit_test(config_lost_characters_are_warned_about),
    cmocka_unit_test(config_meant_comments_and_quotes_are_not),
    cmocka_unit_test(config_secrets_are_never_values),
    cmocka_unit_test(config_unencrypted_http_leaves_the_machine_only_when_allowed),
    cmocka_unit_test(config_section_of_a_higher_layer_takes_the_cores_place),
    cmocka_unit_test(config_finds_every_problem_in_one_go),
    IN_DIR(config_includes_are_followed_and_told_apart),
    IN_DIR(config_including_itself_ends),
    IN_DIR(config_file_that_others_can_write_is_refused),
    IN_DIR(config_default_file_may_be_missing),
    cmocka_unit_test(config_digest_changes_with_any_value),
    IN_DIR(state_dir_is_made_for_its_owner_alone),
    IN_DIR(state_dir_that_others_can_write_is_refused),
};

BN_TEST_MAIN(tests)
