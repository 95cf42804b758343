/* registry_test.c - plugins linked in and plugins loaded from shared objects, with every refusal. */
/* SPDX-License-Identifier: MIT */
#include "collect/registry.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "tests/test.h"
#include "toy.h"

static char dir[64];

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* Builds a shared object from the body of its plugin; false where there is no compiler. */
static bool
build(const char *name, const char *body, char *path, size_t size)
{
	const char *cc = getenv("CC") != NULL ? getenv("CC") : "cc";
	const char *top = getenv("abs_top_srcdir") != NULL ? getenv("abs_top_srcdir") : ".";
	char source[200], *command;
	int status;

	snprintf(source, sizeof(source), "%s/%s.c", dir, name);
	snprintf(path, size, "%s/%s.so", dir, name);
	write_file(source, body);
	command = bn_xasprintf("%s -shared -fPIC -I'%s/src' -o '%s' '%s'", cc, top, path, source);
	status = system(command);
	free(command);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 && chmod(path, 0755) == 0;
}

static const char body[] =
    "#include <binnacle/plugin.h>\n"
    "static int p(struct bn_source *s, struct bn_batch *b, struct bn_error *e)\n"
    "{ (void)s; return bn_scope_done(b, e); }\n"
    "static const struct bn_request r[] = {{\"GET\", \"/x\", \"\", BN_READS, \"\"}, {0}};\n"
    "static const struct bn_plugin plugin = {.abi = BN_PLUGIN_ABI ABI, .name = NAME,\n"
    " .summary = \"s\", .provides = \"run\", .requests = r, .poll = p};\n"
    "const struct bn_plugin *const bn_plugin_entry = &plugin;\n";

static bool
build_with(const char *name, const char *defines, char *path, size_t size)
{
	char *text = bn_xasprintf("%s\n%s", defines, body);
	bool built = build(name, text, path, size);

	free(text);
	return built;
}

static void
assert_refused(const char *path, int code, const char *message)
{
	struct bn_registry *registry;
	struct bn_error err = {0};

	assert_ok(bn_registry_new(&registry, toy_plugins, &err), &err);
	assert_fails_with(code, bn_registry_load(registry, path, &err));
	if (strstr(err.message, message) == NULL)
		fail_msg("%s", err.message);
	assert_null(bn_registry_find(registry, "outside"));
	bn_registry_free(registry);
}

static void
registry_knows_what_is_linked_in(void **state)
{
	struct bn_registry *registry;
	struct bn_error err = {0};
	const struct bn_config_types *types;

	(void)state;
	assert_ok(bn_registry_new(&registry, toy_plugins, &err), &err);
	assert_true(bn_registry_find(registry, "toy") == &toy_plugin);
	assert_null(bn_registry_find(registry, "none"));
	assert_true(bn_registry_at(registry, 0) == &toy_plugin);
	assert_null(bn_registry_at(registry, 3));
	types = bn_registry_types(registry);
	assert_true(types->source_options("toy", types->payload) == toy_plugin.options);
	assert_non_null(
	    types->source_options("widgets", types->payload)); /* none of its own is not unknown */
	assert_null(types->source_options("none", types->payload));
	assert_string_equal(types->sections[0].name, "widget");
	assert_null(types->sections[1].name);
	assert_string_equal(types->type_words[1], "planted");
	bn_registry_free(registry);
}

static void
registry_refuses_two_of_a_name(void **state)
{
	const struct bn_plugin *const twice[] = {&toy_plugin, &toy_plugin, NULL};
	struct bn_registry *registry;
	struct bn_error err;

	(void)state;
	assert_fails_with(BN_ECONFLICT, bn_registry_new(&registry, twice, &err));
	assert_null(registry);
}

static void
shared_object_is_loaded(void **state)
{
	struct bn_registry *registry;
	struct bn_error err = {0};
	const struct bn_plugin *plugin;
	char path[200];

	(void)state;
	if (!build_with("good", "#define ABI\n#define NAME \"outside\"", path, sizeof(path)))
		bn_skip("no C compiler to build a plugin with");
	assert_ok(bn_registry_new(&registry, toy_plugins, &err), &err);
	assert_ok(bn_registry_load(registry, path, &err), &err);
	plugin = bn_registry_find(registry, "outside");
	assert_non_null(plugin);
	assert_string_equal(plugin->requests[0].path, "/x");
	assert_non_null(bn_registry_types(registry)->source_options(
	    "outside", bn_registry_types(registry)->payload));
	assert_fails_with(BN_ECONFLICT, bn_registry_load(registry, path, &err));
	bn_registry_free(registry);
}

static void
shared_object_that_does_not_fit_is_refused(void **state)
{
	char path[200], wanted[40];

	(void)state;
	if (!build_with("abi", "#define ABI +1\n#define NAME \"outside\"", path, sizeof(path)))
		bn_skip("no C compiler to build a plugin with");
	snprintf(wanted, sizeof(wanted), "interface %u", BN_PLUGIN_ABI + 1);
	assert_refused(path, BN_EUNSUPPORTED, wanted);
	assert_true(build("none", "int nothing;\n", path, sizeof(path)));
	assert_refused(path, BN_EUNSUPPORTED, "bn_plugin_entry");
	assert_true(build_with("dup", "#define ABI\n#define NAME \"toy\"", path, sizeof(path)));
	assert_refused(path, BN_ECONFLICT, "already");
	snprintf(path, sizeof(path), "%s/text.so", dir);
	write_file(path, "not an object");
	assert_refused(path, BN_EUNSUPPORTED, "cannot be loaded");
}

static void
shared_object_others_could_replace_is_refused(void **state)
{
	char path[200], link[200], open_dir[100];

	(void)state;
	snprintf(path, sizeof(path), "%s/w.so", dir);
	write_file(path, "x");
	chmod(path, 0777);
	assert_refused(path, BN_EPERM, "written by others");
	chmod(path, 0775);
	assert_refused(path, BN_EPERM, "written by others");
	chmod(path, 0755);
	snprintf(link, sizeof(link), "%s/link.so", dir);
	assert_int_equal(symlink(path, link), 0);
	assert_refused(link, BN_EPERM, "symbolic link");
	snprintf(open_dir, sizeof(open_dir), "%s/open", dir);
	mkdir(open_dir, 0700);
	chmod(open_dir, 0777);
	snprintf(path, sizeof(path), "%s/p.so", open_dir);
	write_file(path, "x");
	chmod(path, 0755);
	assert_refused(path, BN_EPERM, "written by others");
	assert_refused("plugin.so", BN_ECONFIG, "absolute");
	snprintf(path, sizeof(path), "%s/../x.so", dir);
	assert_refused(path, BN_ECONFIG, "absolute");
	snprintf(path, sizeof(path), "%s/absent.so", dir);
	assert_refused(path, BN_ENOTFOUND, "absent.so");
	assert_refused(dir, BN_EPERM, "regular");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(registry_knows_what_is_linked_in),
	    cmocka_unit_test(registry_refuses_two_of_a_name),
	    cmocka_unit_test(shared_object_is_loaded),
	    cmocka_unit_test(shared_object_that_does_not_fit_is_refused),
	    cmocka_unit_test(shared_object_others_could_replace_is_refused),
	};
	char *command;
	int failed;

	setbuf(stdout, NULL);
	umask(022);
	snprintf(dir, sizeof(dir), "/tmp/bn-registry-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 99;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	command = bn_xasprintf("rm -r '%s'", dir);
	if (system(command) != 0)
		perror(command);
	free(command);
	return failed;
}
