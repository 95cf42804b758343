/* ui_keymap_test.c - the table of actions: defaults, rebinding, what may change things, generated texts. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "ui/keymap.h"

static const unsigned contexts[] = {BN_IN_TRIAGE,    BN_IN_RUNS,    BN_IN_RUN,
				    BN_IN_ENDPOINTS, BN_IN_SOURCES, BN_IN_TIMELINE,
				    BN_IN_CHANGED,   BN_IN_LINKS,   BN_IN_TEXT};
#define CONTEXTS (sizeof(contexts) / sizeof(contexts[0]))

static struct bn_keymap *
defaults(void)
{
	struct bn_keymap *map = NULL;
	struct bn_error err = {0};

	assert_ok(bn_keymap_new(&map, NULL, &err), &err);
	return map;
}

/* With [keys] as written; returns what bn_keymap_new does. */
static int
with_keys(const char *text, struct bn_keymap **map, struct bn_error *err)
{
	struct bn_config *config = NULL;
	int rc;

	assert_ok(bn_config_load_text(&config, "keys", text, NULL, err), err);
	rc = bn_keymap_new(map, config, err);
	bn_config_free(config);
	return rc;
}

/* A key that stands for two actions on one screen would silently be one of them. */
static void
keymap_every_default_key_means_its_action_everywhere(void **state)
{
	struct bn_keymap *map = defaults();
	int a;

	(void)state;
	for (a = 0; a < BN_ACT_COUNT; a++) {
		const struct bn_action_row *row = bn_action_row((enum bn_action)a);
		char *keys = strdup(row->keys), *save = NULL, *word;

		for (word = strtok_r(keys, " ", &save); word != NULL;
		     word = strtok_r(NULL, " ", &save)) {
			bn_key key = bn_key_parse(word);
			size_t i;

			assert_int_not_equal(key, BN_KEY_NONE);
			for (i = 0; i < CONTEXTS; i++)
				if ((row->contexts & contexts[i]) != 0)
					assert_int_equal(bn_keymap_action(map, contexts[i], key),
							 a);
		}
		free(keys);
	}
	bn_keymap_free(map);
}

/* DESIGN 9: what moves, scrolls, searches, refreshes, suspends or quits in k9s, lazygit, htop, tig, vim or less
 * may do the same, something harmless, or nothing. */
static void
keymap_no_habit_of_other_programs_changes_anything(void **state)
{
	static const char habits[] =
	    "j k h l g G n N / ? : q Q R r e d u b f F w < > { } [ ] H L M t T p P J K s S m c C "
	    "x X 1 2 3 4 5 6 7 8 9 0 ! @ # $ % ^ & * ( ) - + = Space Enter Esc Tab Shift-Tab "
	    "Backspace Up Down Left Right Home End PgUp PgDn Insert Delete F1 F2 F3 F4 F5 F6 F7 "
	    "F8 F9 F10 F11 F12 Ctrl-A Ctrl-B Ctrl-C Ctrl-D Ctrl-E Ctrl-F Ctrl-G Ctrl-K Ctrl-L "
	    "Ctrl-N Ctrl-O Ctrl-P Ctrl-R Ctrl-S Ctrl-T Ctrl-U Ctrl-V Ctrl-W Ctrl-X Ctrl-Y Ctrl-Z";
	struct bn_keymap *map = defaults();
	char *keys = strdup(habits), *save = NULL, *word;
	size_t i;

	(void)state;
	for (word = strtok_r(keys, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
		for (i = 0; i < CONTEXTS; i++) {
			enum bn_action action =
			    bn_keymap_action(map, contexts[i], bn_key_parse(word));

			if (action != BN_ACT_NONE &&
			    (bn_action_row(action)->flags & BN_CHANGES) != 0)
				fail_msg("%s changes something (%s)", word,
					 bn_action_row(action)->name);
			/* DESIGN 9 gives r to the plan of a retry, which reads; no other habit opens one */
			if (action != BN_ACT_NONE && strcmp(word, "r") != 0 &&
			    (bn_action_row(action)->flags & BN_ACTS) != 0)
				fail_msg("%s opens a plan (%s)", word, bn_action_row(action)->name);
		}
	free(keys);
	bn_keymap_free(map);
}

static void
keymap_written_keys_replace_the_defaults(void **state)
{
	struct bn_keymap *map = NULL;
	struct bn_error err = {0};

	(void)state;
	assert_ok(with_keys("[keys]\n\tdown = n J\n\tnext = none\n\tup = k\n", &map, &err), &err);
	assert_int_equal(bn_keymap_action(map, BN_IN_RUNS, 'J'), BN_ACT_DOWN);
	assert_int_equal(bn_keymap_action(map, BN_IN_RUNS, 'n'), BN_ACT_DOWN);
	assert_int_equal(bn_keymap_action(map, BN_IN_RUNS, 'j'), BN_ACT_NONE);
	assert_int_equal(bn_keymap_action(map, BN_IN_RUNS, 'k'), BN_ACT_UP);
	bn_keymap_free(map);
}

static void
keymap_mistakes_are_told_with_their_place(void **state)
{
	struct bn_keymap *map = NULL;
	struct bn_error err = {0};

	(void)state;
	assert_fails_with(BN_ECONFIG, with_keys("[keys]\n\tdown = Ctrl-Banana\n", &map, &err));
	assert_non_null(strstr(err.message, "keys:2"));
	assert_non_null(strstr(err.message, "Ctrl-Banana"));
	assert_int_equal(bn_keymap_action(map, BN_IN_RUNS, 'q'), BN_ACT_CLOSE); /* the rest works */
	bn_keymap_free(map);
	assert_fails_with(BN_ECONFIG, with_keys("[keys]\n\tdown = x\n\tup = x\n", &map, &err));
	assert_non_null(strstr(err.message, "\"down\""));
	bn_keymap_free(map);
	assert_fails_with(BN_ECONFIG, with_keys("[keys]\n\tdwon = x\n", &map, &err));
	assert_non_null(strstr(err.hint, "down"));
	bn_keymap_free(map);
}

static void
keymap_help_lists_what_is_valid_here_and_nothing_else(void **state)
{
	struct bn_keymap *map = defaults();
	struct bn_strlist lists = {0}, text = {0}, all = {0}, past = {0};
	size_t i;

	(void)state;
	bn_keymap_help(map, BN_IN_TRIAGE, true, BN_REACH_ALL, &all);
	bn_keymap_help(map, BN_IN_TRIAGE, true, BN_REACH_PAST, &past);
	bn_keymap_help(map, BN_IN_TRIAGE, true, BN_REACH_READ_ONLY, &lists);
	bn_keymap_help(map, BN_IN_TEXT, false, BN_REACH_ALL, &text);
	assert_true(bn_strlist_has(
	    &lists, "a\tacknowledge: you have seen it; on Triage it stays, marked a, until "
		    "the cursor leaves it (again: take that back) (read-only: refused)"));
	assert_true(bn_strlist_has(&text, "w\twrap long lines, or cut them"));
	assert_true(
	    bn_strlist_has(&lists, "w\twhat changed around it: commits, statuses, attributes"));
	assert_false(bn_strlist_has(&lists, "w\twrap long lines, or cut them"));
	assert_true(bn_strlist_has(&lists, "j ↓ Ctrl-N\tone row down"));
	assert_true(bn_strlist_has(&text, "j Down Ctrl-N\tone row down"));
	/* what acts is there live only; what writes the journal not in the past */
	for (i = 0; i < all.count; i++) {
		bool acts = strncmp(all.items[i], "r\t", 2) == 0;
		bool writes = strncmp(all.items[i], "a\t", 2) == 0 ||
			      strncmp(all.items[i], "z\t", 2) == 0 ||
			      strncmp(all.items[i], "i\t", 2) == 0;

		assert_int_equal(bn_strlist_has(&past, all.items[i]), !acts && !writes);
		assert_int_equal(bn_strlist_has(&lists, all.items[i]), !acts && !writes);
	}
	assert_int_equal(past.count, all.count - 4);
	assert_int_equal(lists.count, all.count - 1);
	bn_strlist_clear(&all);
	bn_strlist_clear(&past);
	bn_strlist_clear(&lists);
	bn_strlist_clear(&text);
	bn_keymap_free(map);
}

/* Proposing comes with a later release: nothing may look as if it were there. */
static void
keymap_offers_nothing_that_is_not_there(void **state)
{
	struct bn_keymap *map = defaults();
	size_t i;

	(void)state;
	for (i = 0; i < CONTEXTS; i++) {
		assert_int_equal(bn_keymap_action(map, contexts[i], 'e'),
				 contexts[i] == BN_IN_TEXT ? BN_ACT_EDIT : BN_ACT_NONE);
		assert_int_equal(bn_keymap_action(map, contexts[i], 'u'), BN_ACT_NONE);
		assert_int_equal(bn_keymap_action(map, contexts[i], '6'), BN_ACT_NONE);
	}
	bn_keymap_free(map);
}

static void
keymap_manual_names_every_action(void **state)
{
	char *text = NULL, name[80];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int a;

	(void)state;
	bn_keymap_manual(out);
	fclose(out);
	for (a = 0; a < BN_ACT_COUNT; a++) {
		snprintf(name, sizeof(name), ".Pq Cm %s .", bn_action_row((enum bn_action)a)->name);
		assert_non_null(strstr(text, name));
	}
	free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keymap_every_default_key_means_its_action_everywhere),
    cmocka_unit_test(keymap_no_habit_of_other_programs_changes_anything),
    cmocka_unit_test(keymap_written_keys_replace_the_defaults),
    cmocka_unit_test(keymap_mistakes_are_told_with_their_place),
    cmocka_unit_test(keymap_help_lists_what_is_valid_here_and_nothing_else),
    cmocka_unit_test(keymap_offers_nothing_that_is_not_there),
    cmocka_unit_test(keymap_manual_names_every_action),
};
BN_TEST_MAIN(tests)
