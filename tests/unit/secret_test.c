/* secret_test.c - credentials by command, file and variable; what is refused; first configurations. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "config/discover.h"
#include "config/secret.h"
#include "config/spawn.h"

/* A section with one key, without any file. */
static int
resolve(const char *key, const char *value, const char *name, struct bn_secret **out,
	struct bn_error *err)
{
	struct bn_config_value values[] = {{key, value, "test", 1}};
	struct bn_config_section section = {"source", "a", "test", 1, values, 1};

	memset(err, 0, sizeof(*err));
	return bn_secret_resolve(out, &section, name, err);
}

static void
assert_command(const char *command, const char *want, bn_time expires)
{
	struct bn_secret *secret;
	struct bn_error err;

	assert_ok(resolve("token-command", command, "token", &secret, &err), &err);
	assert_string_equal(bn_secret_text(secret), want);
	assert_int_equal(bn_secret_expires(secret), expires);
	bn_secret_free(secret);
}

static void
secret_command_gives_a_line_or_a_typed_credential(void **state)
{
	bn_time t = bn_time_parse("2026-01-01T00:00:00Z");

	(void)state;
	assert_command("echo s3cret", "s3cret", 0);
	assert_command("printf 's3cret\\r\\n'", "s3cret", 0);
	assert_command("echo Bearer abc", "abc", 0); /* as ARGO_TOKEN is written */
	assert_command("echo '{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"kube\","
		       "\"expirationTimestamp\":\"2026-01-01T00:00:00Z\"}}'",
		       "kube", t);
	assert_command("echo '{\"access_token\":\"dbx\",\"expiry\":\"2026-01-01T01:00:00+01:00\"}'",
		       "dbx", t);
	assert_command("echo '{\"accessToken\":\"az\",\"expires_on\":1767225600}'", "az", t);
	assert_command("printf 'protocol=https\\nusername=u\\npassword=p=q\\n'", "p=q", 0);
	assert_command(
	    "printf '{\\n\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\n"
	    "\"Expiration\":\"2026-01-01T00:00:00Z\"}\\n'",
	    "{ \"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\", "
	    "\"Expiration\":\"2026-01-01T00:00:00Z\"}",
	    t);
}

static void
secret_command_that_fails_says_why_without_the_secret(void **state)
{
	struct bn_secret *secret;
	struct bn_error err;

	(void)state;
	assert_fails_with(BN_EAUTH, resolve("token-command", "echo 'not in the store' >&2; exit 3",
					    "token", &secret, &err));
	assert_null(secret);
	assert_non_null(
	    strstr(err.message, "token-command: the command failed with exit status 3"));
	assert_non_null(strstr(err.hint, "not in the store"));
	assert_fails_with(BN_EAUTH,
			  resolve("token-command", "echo CANARY; echo used CANARY >&2; exit 1",
				  "token", &secret, &err));
	assert_null(strstr(err.hint, "CANARY"));
	assert_fails_with(BN_EAUTH, resolve("token-command", "kill -9 $$", "token", &secret, &err));
	assert_non_null(strstr(err.message, "signal 9"));
	assert_fails_with(BN_EAUTH, resolve("token-command", "true", "token", &secret, &err));
	assert_non_null(strstr(err.message, "gives nothing"));
	assert_fails_with(BN_EAUTH,
			  resolve("token-command", "echo CANARY; echo b", "token", &secret, &err));
	assert_null(strstr(err.message, "CANARY"));
	assert_fails_with(BN_EAUTH, resolve("token-command", "echo '{\"a\":\"CANARY\"}'", "token",
					    &secret, &err));
	assert_null(strstr(err.message, "CANARY"));
	assert_fails_with(BN_EAUTH,
			  resolve("token-command", "echo '{\"CANARY'", "token", &secret, &err));
	assert_null(strstr(err.message, "CANARY"));
	assert_fails_with(BN_EAUTH, resolve("token-command", "yes", "token", &secret, &err));
	assert_non_null(strstr(err.message, "more than 65536 bytes"));
}

static void
secret_command_sees_no_tokens_and_no_terminal(void **state)
{
	(void)state;
	setenv("ARGO_TOKEN", "CANARY", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "CANARY", 1);
	setenv("AWS_PROFILE", "prod", 1);
	assert_command("env | grep -c CANARY | tr 0 n", "n", 0);
	assert_command("echo $AWS_PROFILE", "prod", 0);
	assert_command("cat; test -t 0 || echo none", "none", 0);
	assert_command("(: </dev/tty) 2>/dev/null && echo tty || echo none", "none", 0);
	unsetenv("ARGO_TOKEN");
	unsetenv("AWS_SECRET_ACCESS_KEY");
}

static void
spawn_at_its_limit_kills_the_whole_group(void **state)
{
	char out[64], complaint[64], path[] = "/tmp/bn-spawn-XXXXXX", command[128];
	struct bn_error err = {0};
	size_t used;
	int fd = mkstemp(path);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	snprintf(command, sizeof(command), "(sleep 2; echo late >%s) & sleep 60", path);
	assert_fails_with(BN_ETIMEOUT, bn_spawn_read(command, 200, NULL, out, sizeof(out), &used,
						     complaint, sizeof(complaint), &err));
	/* What it left in the background ends with it, also when it ends well itself. */
	snprintf(command, sizeof(command), "(sleep 1; echo late >%s) & echo done", path);
	assert_ok(bn_spawn_read(command, 5000, NULL, out, sizeof(out), &used, complaint,
				sizeof(complaint), &err),
		  &err);
	assert_string_equal(out, "done\n");
	sleep(3);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	close(fd);
	unlink(path);
}

static void
secret_file_must_be_its_owners_alone(void **state)
{
	char path[] = "/tmp/bn-secret-XXXXXX", link_path[64];
	struct bn_secret *secret;
	struct bn_error err;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "fr0m-file\n", 10), 10);
	close(fd);
	assert_ok(resolve("password-file", path, "password", &secret, &err), &err);
	assert_string_equal(bn_secret_text(secret), "fr0m-file");
	bn_secret_free(secret);
	assert_int_equal(chmod(path, 0640), 0);
	assert_fails_with(BN_EPERM, resolve("password-file", path, "password", &secret, &err));
	assert_non_null(strstr(err.hint, "chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 70000), 0);
	assert_fails_with(BN_EAUTH, resolve("password-file", path, "password", &secret, &err));
	snprintf(link_path, sizeof(link_path), "%s-none", path);
	assert_fails_with(BN_EAUTH, resolve("password-file", link_path, "password", &secret, &err));
	assert_fails_with(BN_EPERM, resolve("password-file", "/tmp", "password", &secret, &err));
	unlink(path);
}

static void
secret_variable_must_be_set(void **state)
{
	struct bn_secret *secret;
	struct bn_error err;

	(void)state;
	setenv("BN_TEST_TOKEN", "fr0m-env", 1);
	assert_ok(resolve("token-env", "BN_TEST_TOKEN", "token", &secret, &err), &err);
	assert_string_equal(bn_secret_text(secret), "fr0m-env");
	bn_secret_free(secret);
	setenv("BN_TEST_TOKEN", "a\r\nX-Injected: b", 1); /* would become a header of its own */
	assert_fails_with(BN_EAUTH, resolve("token-env", "BN_TEST_TOKEN", "token", &secret, &err));
	unsetenv("BN_TEST_TOKEN");
	assert_fails_with(BN_EAUTH, resolve("token-env", "BN_TEST_TOKEN", "token", &secret, &err));
	assert_non_null(strstr(err.message, "BN_TEST_TOKEN"));
	assert_fails_with(BN_ENOTFOUND, resolve("user", "x", "token", &secret, &err));
}

static void
secret_from_text_is_a_copy(void **state)
{
	char text[] = "abc";
	struct bn_secret *secret = bn_secret_from_text(text);

	(void)state;
	text[0] = 'X';
	assert_string_equal(bn_secret_text(secret), "abc");
	bn_secret_free(secret);
	bn_secret_free(NULL);
}

static void
hardened_process_leaves_no_core(void **state)
{
	pid_t pid = fork(); /* the test's own process stays as it is */
	int status;

	(void)state;
	if (pid == 0) {
		struct rlimit limit = {1, 1};

		bn_secret_harden_process();
		getrlimit(RLIMIT_CORE, &limit);
		_exit(limit.rlim_cur == 0 && limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- config init ----------------------------------------------------------------------------- */

static char home[32];

static void
write_home(const char *name, const char *text)
{
	char path[128], *slash;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	for (slash = path + strlen(home) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int
make_home(void **state)
{
	(void)state;
	strcpy(home, "/tmp/bn-home-XXXXXX");
	return mkdtemp(home) == NULL || chdir(home) != 0;
}

static int
remove_home(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "cd / && rm -rf %s", home);
	return chdir("/") != 0 || system(command) != 0;
}

static const struct bn_option any_options[] = {
    {"*", BN_OPT_STRING, NULL, "Anything", BN_OPT_MULTI, NULL},
    {NULL, BN_OPT_STRING, NULL, NULL, 0, NULL}};

static const struct bn_option *
any_type(const char *type, void *payload)
{
	(void)type;
	(void)payload;
	return any_options;
}

static void
discovered_configuration_is_valid_and_holds_no_secret(void **state)
{
	static const char *const environment[] = {
	    "ARGO_SERVER=argo.example.com:2746",
	    "ARGO_TOKEN=Bearer CANARY",
	    "ARGO_NAMESPACE=da\"ta; x",
	    "PROMETHEUS_URL=http://u:CANARY@prom:9090",
	    "AIRFLOW__API__BASE_URL=https://air.example.com/x#y",
	    NULL};
	const struct bn_config_types types = {any_type, NULL, NULL, NULL};
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_error err = {0};
	struct bn_config *config;
	const struct bn_config_section *s;

	(void)state;
	write_home(".aws/config", "[default]\n[profile prod]\nregion = x\n[sso-session s]\n");
	write_home(".databrickscfg", "[DEFAULT]\ntoken = CANARY\n");
	write_home(".config/gh/hosts.yml", "github.com:\n    oauth_token: CANARY\n");
	write_home(
	    ".kube/config",
	    "clusters:\n- name: no\ncontexts:\n- context:\n    user: u\n  name: prod\x1b[31m\n"
	    "users:\n- name: no\n  user:\n    token: CANARY\n");
	write_home("gitops/.git/HEAD", "ref: refs/heads/main\n");
	assert_ok(bn_discover(&out, environment, home, &err), &err);
	assert_null(strstr(bn_buf_text(&out), "CANARY"));
	assert_null(strchr(bn_buf_text(&out), '\x1b'));
	assert_non_null(strstr(bn_buf_text(&out), "profile prod\n"));
	assert_non_null(strstr(bn_buf_text(&out), "context prod^[[31m\n"));
	assert_non_null(strstr(bn_buf_text(&out), "host github.com\n"));
	assert_null(strstr(bn_buf_text(&out), "context no"));
	assert_ok(bn_config_load_text(&config, "init", bn_buf_text(&out), &types, &err), &err);
	s = bn_config_find(config, "source", "argo");
	assert_string_equal(bn_section_get(s, NULL, "url"), "https://argo.example.com:2746");
	assert_string_equal(bn_section_get(s, NULL, "namespace"), "da\"ta; x");
	assert_string_equal(bn_section_get(s, NULL, "token-env"), "ARGO_TOKEN");
	s = bn_config_find(config, "source", "airflow");
	assert_string_equal(bn_section_get(s, NULL, "url"), "https://air.example.com/x#y");
	s = bn_config_find(config, "source", "prometheus");
	assert_string_equal(bn_section_get(s, NULL, "url"), "http://prom:9090");
	s = bn_config_find(config, "repo", "gitops");
	assert_non_null(strstr(bn_section_get(s, NULL, "path"), "/gitops"));
	bn_config_free(config);
	bn_buf_free(&out);
}

static void
discovering_nothing_gives_an_example(void **state)
{
	static const char *const environment[] = {"PATH=/bin", NULL};
	struct bn_buf out = BN_BUF_INIT(0);
	struct bn_error err = {0};
	struct bn_config *config;

	(void)state;
	assert_ok(bn_discover(&out, environment, home, &err), &err);
	assert_non_null(strstr(bn_buf_text(&out), "# [source \"airflow\"]"));
	assert_ok(bn_config_load_text(&config, "init", bn_buf_text(&out), NULL, &err), &err);
	assert_null(bn_config_section(config, NULL, 0));
	bn_config_free(config);
	bn_buf_free(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(secret_command_gives_a_line_or_a_typed_credential),
    cmocka_unit_test(secret_command_that_fails_says_why_without_the_secret),
    cmocka_unit_test(secret_command_sees_no_tokens_and_no_terminal),
    cmocka_unit_test(spawn_at_its_limit_kills_the_whole_group),
    cmocka_unit_test(secret_file_must_be_its_owners_alone),
    cmocka_unit_test(secret_variable_must_be_set),
    cmocka_unit_test(secret_from_text_is_a_copy),
    cmocka_unit_test(hardened_process_leaves_no_core),
    cmocka_unit_test_setup_teardown(discovered_configuration_is_valid_and_holds_no_secret,
				    make_home, remove_home),
    cmocka_unit_test_setup_teardown(discovering_nothing_gives_an_example, make_home, remove_home),
};

BN_TEST_MAIN(tests)
