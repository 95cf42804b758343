/* status_test.c - the tables of words and glyphs, references, digests, the debug log. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

static void
status_every_row_is_whole(void **state)
{
	(void)state;
	for (int s = 0; s < BN_STATUS_COUNT; s++) {
		const struct bn_status_row *row = bn_status_row((enum bn_status)s);

		assert_non_null(row->word);
		assert_int_equal(bn_status_from_word(row->word), s);
		assert_int_equal(bn_text_width(row->glyph), 1);
		assert_int_equal(strlen(row->ascii), 1);
		assert_false(row->fine && row->problem);
	}
	assert_int_equal(bn_status_from_word("sparkling"), BN_UNKNOWN);
	assert_int_equal(bn_status_from_word(NULL), BN_UNKNOWN);
	assert_ptr_equal(bn_status_row((enum bn_status)99), bn_status_row(BN_UNKNOWN));
	assert_ptr_equal(bn_status_row((enum bn_status) - 1), bn_status_row(BN_UNKNOWN));
}

static void
status_silence_is_never_fine_and_bad_ranks_first(void **state)
{
	(void)state;
	assert_false(bn_status_row(BN_UNKNOWN)->fine);
	assert_false(bn_status_row(BN_UNKNOWN)->problem);
	assert_true(bn_status_row(BN_FAILED)->problem && bn_status_row(BN_DOWN)->problem);
	assert_true(bn_status_row(BN_FAILED)->rank > bn_status_row(BN_DEGRADED)->rank);
	assert_true(bn_status_row(BN_DEGRADED)->rank > bn_status_row(BN_UNKNOWN)->rank);
	assert_true(bn_status_row(BN_UNKNOWN)->rank > bn_status_row(BN_RUNNING)->rank);
	assert_true(bn_status_row(BN_RUNNING)->rank > bn_status_row(BN_SUCCEEDED)->rank);
	/* product/3-screens: each state has a glyph of its own. */
	assert_string_equal(bn_status_row(BN_FAILED)->glyph, "✗");
	assert_string_equal(bn_status_row(BN_DEGRADED)->glyph, "▲");
	assert_string_equal(bn_status_row(BN_RUNNING)->glyph, "◐");
	assert_string_equal(bn_status_row(BN_SUCCEEDED)->glyph, "●");
	assert_string_equal(bn_status_row(BN_QUEUED)->glyph, "○");
	assert_string_equal(bn_status_row(BN_UNKNOWN)->glyph, "◌");
	assert_string_equal(bn_status_row(BN_PAUSED)->glyph, "–");
	assert_string_equal(bn_status_row(BN_FAILED)->ascii, "x");
}

static void
words_of_kinds_roles_and_classes_go_both_ways(void **state)
{
	(void)state;
	for (int kind = 1; kind < BN_KIND_COUNT; kind++)
		assert_int_equal(bn_kind_from_word(bn_kind_word((enum bn_kind)kind)), kind);
	assert_int_equal(bn_kind_from_word(""), BN_KIND_NONE);
	assert_string_equal(bn_kind_word(BN_KIND_NONE), "");
	for (int role = 0; role < BN_ROLE_COUNT; role++)
		assert_int_equal(bn_role_from_word(bn_role_word((enum bn_role)role)), role);
	assert_int_equal(bn_role_from_word("mauve"), -1);
	for (int c = BN_IDEMPOTENCE_UNKNOWN; c <= BN_APPEND; c++)
		assert_int_equal(
		    bn_idempotence_from_word(bn_idempotence_word((enum bn_idempotence)c)), c);
	assert_string_equal(bn_severity_word(BN_CRIT), "crit");
}

static bool
is_source(const char *name, void *payload)
{
	(void)payload;
	return strcmp(name, "argo-prod") == 0 || strcmp(name, "team/argo") == 0 ||
	       strcmp(name, "team") == 0;
}

static void
assert_ref(const char *text, enum bn_kind kind, const char *source, const char *key)
{
	struct bn_error err = {0};
	struct bn_ref_text ref;

	assert_ok(bn_ref_parse(text, is_source, NULL, &ref, &err), &err);
	assert_int_equal(ref.kind, kind);
	if (source == NULL)
		assert_null(ref.source);
	else
		assert_string_equal(ref.source, source);
	assert_string_equal(ref.key, key);
	bn_ref_free(&ref);
}

static void
reference_source_is_taken_only_where_it_is_one(void **state)
{
	(void)state;
	assert_ref("pipeline/argo-prod/transform-hourly", BN_PIPELINE, "argo-prod",
		   "transform-hourly");
	assert_ref("endpoint/api-lpo-quote", BN_ENDPOINT, NULL, "api-lpo-quote");
	assert_ref("app/k8s/lpo-quote", BN_APP, NULL, "k8s/lpo-quote");
	assert_ref("run/team/argo/a/b", BN_RUN, "team/argo", "a/b"); /* the longest name */
	assert_ref("run/team/x", BN_RUN, "team", "x");
	assert_ref("run/argo-prod/", BN_RUN, NULL, "argo-prod/"); /* a key is needed */
	assert_ref("model/product-recs@551977", BN_MODEL, NULL, "product-recs@551977");
	assert_ref("source/team/argo", BN_SOURCE, NULL, "team/argo");
}

static void
reference_without_kind_or_key_says_the_kinds(void **state)
{
	static const char *const bad[] = {"", "x", "/x", "run/", "run", "runs/x", "RUN/x"};
	struct bn_error err = {0};
	struct bn_ref_text ref;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails_with(BN_EINVAL, bn_ref_parse(bad[i], NULL, NULL, &ref, &err));
	assert_fails_with(BN_EINVAL, bn_ref_parse("pipelin/x", NULL, NULL, &ref, &err));
	assert_non_null(strstr(err.hint, "did you mean pipeline?"));
	assert_non_null(strstr(err.hint, "endpoint"));
	assert_null(ref.key);
}

static void
digest_is_sha256_and_fields_do_not_run_together(void **state)
{
	char a[BN_DIGEST_HEX], b[BN_DIGEST_HEX], c[BN_DIGEST_HEX];
	struct bn_digest *digest;

	(void)state;
	bn_digest_once("abc", 3, a); /* FIPS 180-4, B.1 */
	assert_string_equal(a, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest = bn_digest_new();
	bn_digest_field(digest, "ab");
	bn_digest_field(digest, "c");
	bn_digest_finish(digest, a);
	digest = bn_digest_new();
	bn_digest_field(digest, "a");
	bn_digest_field(digest, "bc");
	bn_digest_finish(digest, b);
	assert_string_not_equal(a, b);
	digest = bn_digest_new();
	bn_digest_field(digest, NULL);
	bn_digest_finish(digest, b);
	digest = bn_digest_new();
	bn_digest_field(digest, "");
	bn_digest_finish(digest, c);
	assert_string_not_equal(b, c);
}

static void
identifiers_are_32_hex_digits_and_differ(void **state)
{
	char a[33], b[33];

	(void)state;
	bn_uuid_hex(a);
	bn_uuid_hex(b);
	assert_int_equal(strspn(a, "0123456789abcdef"), 32);
	assert_string_not_equal(a, b);
}

static char *
read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, file) < 65535);
	fclose(file);
	return text;
}

static void
log_lines_are_sanitised_private_and_by_level(void **state)
{
	char dir[] = "/tmp/bn-log-XXXXXX", path[64], *text;
	struct bn_log *log;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	log = bn_log_open(path, 2);
	assert_non_null(log);
	bn_log_write(log, 2, "first %s", "a\nforged \x1b[31m");
	bn_log_write(log, 3, "not this one");
	bn_log_close(log);
	bn_log_write(NULL, 1, "dropped");
	text = read_whole(path);
	assert_non_null(strstr(text, "first a^Jforged ^[[31m\n"));
	assert_null(strstr(text, "not this one"));
	assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	free(text);
	unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_null(bn_log_open(path, 1)); /* never through a link */
	unlink(path);
	rmdir(dir);
}

static void
log_is_rotated_once_it_is_long(void **state)
{
	char dir[] = "/tmp/bn-log-XXXXXX", path[64], old[64];
	struct bn_log *log;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(old, sizeof(old), "%s/log.1", dir);
	log = bn_log_open(path, 1);
	assert_non_null(log);
	bn_log_write(log, 1, "before");
	assert_int_equal(truncate(path, (off_t)8 << 20), 0);
	bn_log_write(log, 1, "after");
	bn_log_close(log);
	assert_int_equal(stat(old, &st), 0);
	assert_int_equal(st.st_size, (off_t)8 << 20);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 200);
	unlink(path);
	unlink(old);
	rmdir(dir);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(status_every_row_is_whole),
    cmocka_unit_test(status_silence_is_never_fine_and_bad_ranks_first),
    cmocka_unit_test(words_of_kinds_roles_and_classes_go_both_ways),
    cmocka_unit_test(reference_source_is_taken_only_where_it_is_one),
    cmocka_unit_test(reference_without_kind_or_key_says_the_kinds),
    cmocka_unit_test(digest_is_sha256_and_fields_do_not_run_together),
    cmocka_unit_test(identifiers_are_32_hex_digits_and_differ),
    cmocka_unit_test(log_lines_are_sanitised_private_and_by_level),
    cmocka_unit_test(log_is_rotated_once_it_is_long),
};

BN_TEST_MAIN(tests)
