/* cli_parse_test.c - command lines: where options may stand, what is refused and how, which exit code wins. */
/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "base/error.h"
#include "cli/cli.h"
#include "cli/complete.h"

#define PARSE(in, err, ...)                                                                        \
	bn_invocation_parse((in), (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),   \
			    (char *const *)(uintptr_t)(const char *[]){__VA_ARGS__}, (err))

static void
parse_global_options_stand_anywhere(void **state)
{
	struct bn_invocation in;
	struct bn_error err = {0};

	(void)state;
	assert_ok(PARSE(&in, &err, "binnacle", "-o", "json", "status", "--offline"), &err);
	assert_string_equal(in.command->name, "status");
	assert_string_equal(bn_flag_get(&in, "output"), "json");
	assert_true(bn_flag_has(&in, "offline"));
	bn_invocation_clear(&in);
	assert_ok(PARSE(&in, &err, "binnacle", "status", "-ojson", "--filter=a b"), &err);
	assert_string_equal(bn_flag_get(&in, "output"), "json");
	assert_string_equal(bn_flag_get(&in, "filter"), "a b");
	bn_invocation_clear(&in);
}

static void
parse_value_of_a_global_option_is_no_command(void **state)
{
	struct bn_invocation in;
	struct bn_error err = {0};

	(void)state;
	assert_ok(PARSE(&in, &err, "binnacle", "--config", "status", "sources"), &err);
	assert_string_equal(in.command->name, "sources");
	assert_string_equal(bn_flag_get(&in, "config"), "status");
	bn_invocation_clear(&in);
}

static void
parse_two_word_commands_win_over_operands(void **state)
{
	struct bn_invocation in;
	struct bn_error err = {0};

	(void)state;
	assert_ok(PARSE(&in, &err, "binnacle", "run", "log", "r", "t", "-f", "--tail", "5"), &err);
	assert_string_equal(in.command->name, "run log");
	assert_int_equal(in.count, 2);
	assert_string_equal(in.operands[1], "t");
	assert_string_equal(bn_flag_get(&in, "tail"), "5");
	bn_invocation_clear(&in);
}

static void
parse_optional_value_needs_the_equals_sign(void **state)
{
	struct bn_invocation in;
	struct bn_error err = {0};

	(void)state;
	assert_ok(PARSE(&in, &err, "binnacle", "--demo", "status"), &err);
	assert_string_equal(bn_flag_get(&in, "demo"), "");
	assert_string_equal(in.command->name, "status");
	bn_invocation_clear(&in);
	assert_ok(PARSE(&in, &err, "binnacle", "--demo=/tmp/x", "status"), &err);
	assert_string_equal(bn_flag_get(&in, "demo"), "/tmp/x");
	bn_invocation_clear(&in);
}

static void
parse_double_dash_ends_the_options(void **state)
{
	struct bn_invocation in;
	struct bn_error err = {0};

	(void)state;
	assert_ok(PARSE(&in, &err, "binnacle", "note", "add", "--", "run/a/b", "--fine"), &err);
	assert_string_equal(in.operands[1], "--fine");
	bn_invocation_clear(&in);
}

static void
parse_mistakes_name_the_nearest_right_word(void **state)
{
	struct bn_invocation in;
	struct bn_error err = {0};

	(void)state;
	assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", "stauts"));
	assert_non_null(strstr(err.hint, "status"));
	bn_invocation_clear(&in);
	assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", "status", "--offlin"));
	assert_non_null(strstr(err.hint, "--offline"));
	bn_invocation_clear(&in);
	assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", "status", "-o", "yaml"));
	assert_non_null(strstr(err.hint, "ndjson"));
	bn_invocation_clear(&in);
}

static void
parse_missing_and_surplus_operands_are_refused(void **state)
{
	struct bn_invocation in;
	struct bn_error err = {0};

	(void)state;
	assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", "run", "show"));
	bn_invocation_clear(&in);
	assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", "status", "extra"));
	assert_non_null(strstr(err.message, "extra"));
	bn_invocation_clear(&in);
	assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", "status", "--filter"));
	bn_invocation_clear(&in);
	/* a question about the command is no use of it */
	assert_ok(PARSE(&in, &err, "binnacle", "run", "show", "--help"), &err);
	bn_invocation_clear(&in);
}

/* The first word of several commands. */
static void
parse_half_a_command_names_the_others(void **state)
{
	static const char *const groups[] = {"run",	 "model",  "stream", "product",
					     "endpoint", "report", "audit",  "note",
					     "rule",	 "config", "policy"};
	struct bn_invocation in;
	struct bn_error err = {0};
	char *text;
	size_t size, i, k;

	(void)state;
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		FILE *out = open_memstream(&text, &size);

		assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", groups[i]));
		bn_invocation_clear(&in);
		assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", groups[i], "shwo"));
		assert_non_null(strstr(err.message, "shwo"));
		bn_invocation_clear(&in);
		assert_ok(PARSE(&in, &err, "binnacle", "-o", "json", groups[i], "--help"), &err);
		assert_null(in.command);
		assert_string_equal(in.group, groups[i]);
		bn_cli_help_group(in.group, false, out);
		bn_invocation_clear(&in);
		fclose(out);
		for (k = 0; bn_commands[k] != NULL; k++)
			if (bn_command_in_group(bn_commands[k], groups[i]) != NULL) {
				assert_non_null(strstr(text, bn_commands[k]->name));
				assert_non_null(strstr(text, bn_commands[k]->summary));
			}
		free(text);
	}
	assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", "model"));
	assert_non_null(strstr(err.message, "show, compare or history"));
	bn_invocation_clear(&in);
	assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", "model", "shwo"));
	assert_non_null(strstr(err.hint, "model show"));
	bn_invocation_clear(&in);
	/* no word behind a group's name is one of its options' values */
	assert_fails_with(BN_EINVAL, PARSE(&in, &err, "binnacle", "model", "shwo", "--help"));
	bn_invocation_clear(&in);
}

static void
parse_typed_options_refuse_what_is_no_number(void **state)
{
	struct bn_invocation in;
	struct bn_error err = {0};
	int64_t value;

	(void)state;
	assert_ok(PARSE(&in, &err, "binnacle", "status", "--limit", "12x", "--timeout", "5m"),
		  &err);
	assert_fails_with(BN_EINVAL, bn_flag_int(&in, "limit", 0, &value, &err));
	assert_ok(bn_flag_duration(&in, "timeout", 0, &value, &err), &err);
	assert_int_equal(value, 300000);
	assert_ok(bn_flag_duration(&in, "fresh", 7, &value, &err), &err);
	assert_int_equal(value, 7);
	bn_invocation_clear(&in);
}

static void
exit_codes_combine_in_the_documented_order(void **state)
{
	static const int order[] = {79, 77, 2, 3, 1, 0};
	size_t i, j;

	(void)state;
	for (i = 0; i < 6; i++) {
		for (j = i; j < 6; j++) {
			assert_int_equal(bn_exit_combine(order[i], order[j]), order[i]);
			assert_int_equal(bn_exit_combine(order[j], order[i]), order[i]);
		}
	}
}

static void
exit_codes_of_errors_are_in_the_table(void **state)
{
	struct bn_error err = {0};
	int code;

	(void)state;
	for (code = BN_EINTERNAL; code <= BN_OK; code++) {
		const struct bn_exit_row *row;
		bool found = false;

		err.code = code;
		for (row = bn_exit_rows; row->check != NULL || row->other != NULL; row++)
			found = found || row->code == bn_exit_for(&err);
		assert_true(found);
	}
}

static void
commands_have_unique_names_and_examples_that_parse(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; bn_commands[i] != NULL; i++) {
		const struct bn_example *e;

		assert_true(bn_commands[i]->summary[0] != '\0');
		assert_non_null(bn_commands[i]->examples);
		for (j = 0; j < i; j++)
			assert_string_not_equal(bn_commands[i]->name, bn_commands[j]->name);
		for (e = bn_commands[i]->examples; e->line != NULL; e++)
			assert_true(strncmp(e->line, "binnacle ", 9) == 0);
		if (bn_commands[i]->table != NULL)
			assert_non_null(bn_view_table(bn_commands[i]->table));
	}
}

static void
complete_offers_commands_options_and_values(void **state)
{
	struct bn_strlist words = {0};

	(void)state;
	bn_complete_line("sta", true, &words);
	assert_int_equal(words.count, 1);
	assert_string_equal(words.items[0], "status");
	bn_strlist_clear(&words);
	bn_complete_line("run ", true, &words);
	assert_true(bn_strlist_has(&words, "show"));
	assert_true(bn_strlist_has(&words, "log"));
	bn_strlist_clear(&words);
	bn_complete_line("status --off", true, &words);
	assert_true(bn_strlist_has(&words, "--offline"));
	bn_strlist_clear(&words);
	bn_complete_line("status -o js", true, &words);
	assert_int_equal(words.count, 1);
	assert_string_equal(words.items[0], "json");
	bn_strlist_clear(&words);
	bn_complete_line("check endp", true, &words);
	assert_true(bn_strlist_has(&words, "endpoint"));
	bn_strlist_clear(&words);
	/* what acts is offered only to those who may */
	bn_complete_line("ret", true, &words);
	assert_true(bn_strlist_has(&words, "retry"));
	bn_strlist_clear(&words);
	bn_complete_line("ret", false, &words);
	assert_int_equal(words.count, 0);
	bn_complete_line("retry --ye", false, &words);
	assert_int_equal(words.count, 0);
	bn_strlist_clear(&words);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(parse_global_options_stand_anywhere),
    cmocka_unit_test(parse_value_of_a_global_option_is_no_command),
    cmocka_unit_test(parse_two_word_commands_win_over_operands),
    cmocka_unit_test(parse_optional_value_needs_the_equals_sign),
    cmocka_unit_test(parse_double_dash_ends_the_options),
    cmocka_unit_test(parse_mistakes_name_the_nearest_right_word),
    cmocka_unit_test(parse_missing_and_surplus_operands_are_refused),
    cmocka_unit_test(parse_half_a_command_names_the_others),
    cmocka_unit_test(parse_typed_options_refuse_what_is_no_number),
    cmocka_unit_test(exit_codes_combine_in_the_documented_order),
    cmocka_unit_test(exit_codes_of_errors_are_in_the_table),
    cmocka_unit_test(commands_have_unique_names_and_examples_that_parse),
    cmocka_unit_test(complete_offers_commands_options_and_values),
};

BN_TEST_MAIN(tests)
