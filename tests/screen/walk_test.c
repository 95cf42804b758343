/* walk_test.c - the key table walked with real keys: outside an armed confirmation no sequence up to three sends anything.
 */
/* SPDX-License-Identifier: MIT */
#include "tests/screen/recorded.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* ui_confirm_test walks every sequence through the console's own parts; here the whole program is walked, against
 * platforms that write down what they are sent. Every single key on every screen; of the sequences what time allows, or
 * with BN_WALK=all all of them, and every pair of keys on Triage, Runs and a run (some minutes). */
#define BURSTS_MS 12000
#define DIALOG_MS 20000

/* As a terminal sends them. Not q and Q, which end the program, nor Ctrl-Z, which stops it. */
static char keys[200][8];
static size_t key_count;

static void
collect_keys(void)
{
	static const char *const others[] = {"\033[A",	 "\033[B",  "\033[C",  "\033[D",  "\033[H",
					     "\033[F",	 "\033[5~", "\033[6~", "\033[3~", "\033OP",
					     "\033[15~", "\033[Z",  "\177"};
	char key;
	size_t i;

	key_count = 0;
	for (key = ' '; key <= '~'; key++)
		if (key != 'q' && key != 'Q')
			snprintf(keys[key_count++], sizeof(keys[0]), "%c", key);
	for (key = 1; key < 26; key++)
		snprintf(keys[key_count++], sizeof(keys[0]), "%c", key);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		snprintf(keys[key_count++], sizeof(keys[0]), "%s", others[i]);
}

/* Out of whatever was opened, and to that screen. */
static void
back_to(struct bn_term *t, const char *screen)
{
	bn_term_type(t, "\003");
	bn_term_pump(t, 10);
	bn_term_type(t, "\003");
	bn_term_pump(t, 10);
	bn_term_type(t, screen);
	bn_term_pump(t, 10);
}

/* The same, and there: in the present, and everything typed before is done. Keys that came much faster than the rows
 * they are about are forgotten on a slow machine, those that lead here among them. */
static void
arrive(struct bn_term *t, const char *screen, const char *title)
{
	int64_t end = bn_monotonic() + RECORDED_WAIT;

	do {
		back_to(t, screen);
		bn_term_type(t, "T");
	} while (!bn_term_wait(t, title, 4000) && bn_monotonic() < end);
	assert_shown(t, title);
	assert_gone(t, "REPLAY");
}

static bool
over(int64_t since, int64_t limit)
{
	return getenv("BN_WALK") == NULL && bn_monotonic() - since > limit;
}

/* Every key on every screen. After each screen it is waited for: a terminal holds no more than 4 KiB of keys. */
static size_t
walk_singles(struct bn_term *t)
{
	static const char *const screens[] = {"2", "1", "2\r", "3", "4", "5", "7", "9", "0", "1?"};
	size_t s, k, walked = 0;

	for (s = 0; s < sizeof(screens) / sizeof(screens[0]); s++) {
		for (k = 0; k < key_count; k++) {
			back_to(t, screens[s]);
			bn_term_type(t, keys[k]);
			bn_term_pump(t, 10);
			walked++;
		}
		arrive(t, "4", "[4 End");
		arrive(t, "2", "[2 Run");
	}
	return walked;
}

/* Every pair of keys on the screens that have something to retry. */
static size_t
walk_pairs(struct bn_term *t)
{
	static const char *const screens[] = {"2", "1", "2\r"};
	size_t s, a, b, walked = 0;

	for (s = 0; s < sizeof(screens) / sizeof(screens[0]); s++)
		for (a = 0; a < key_count; a++) {
			for (b = 0; b < key_count; b++) {
				char burst[32];

				snprintf(burst, sizeof(burst), "\003\003%s%s%s", screens[s],
					 keys[a], keys[b]);
				bn_term_type(t, burst);
				bn_term_pump(t, 10);
				walked++;
			}
			/* a terminal holds no more than 4 KiB of keys */
			arrive(t, "4", "[4 End");
		}
	return walked;
}

/* Two or three keys at a stroke, nobody looking at what came up: what was typed before a plan stood there is thrown
 * away. */
static size_t
walk_bursts(struct bn_term *t)
{
	static const char *const acting[] = {"r", "\r", "y", "*", " ", "\t",
					     "P", "x",	"n", "U", "v", "a"};
	size_t count = sizeof(acting) / sizeof(acting[0]), a, b, c, walked = 0;
	int64_t since = bn_monotonic();

	for (a = 0; a < count; a++)
		for (b = 0; b < count; b++)
			for (c = 0; c < count && !over(since, BURSTS_MS); c++) {
				char burst[32];

				/* `a` and Enter, `y` alone … : the shorter sequences are among them */
				if (strchr("r*", *acting[a]) == NULL &&
				    strchr("r*", *acting[b]) == NULL)
					continue;
				snprintf(burst, sizeof(burst), "%s%s%s", acting[a], acting[b],
					 acting[c]);
				back_to(t, walked % 2 == 0 ? "2" : "1");
				bn_term_type(t, burst);
				bn_term_pump(t, 20);
				walked++;
			}
	return walked;
}

/* The plan stands on the screen, for one run or for two; then two keys, each looked at. What leaves the reason arms it,
 * and after that y is what a person means: those are left out. */
static size_t
walk_dialog(struct bn_term *t, const char *open, const char *shown)
{
	int64_t since = bn_monotonic();
	size_t k, walked = 0;
	int order;

	for (k = 0; k < key_count; k++)
		for (order = 0; order < 2 && !over(since, DIALOG_MS); order++) {
			bool arms =
			    strchr("\r\t\n", *keys[k]) != NULL || strcmp(keys[k], "\033[Z") == 0;

			if (arms && order == 0)
				continue;
			do {
				back_to(t, "2");
				bn_term_type(t, open);
			} while (!bn_term_wait(t, shown, 8000) &&
				 bn_monotonic() - since < RECORDED_WAIT);
			assert_shown(t, shown);
			bn_term_settle(t, 30, 2000);
			bn_term_type(t, order == 0 ? keys[k] : "\r");
			bn_term_settle(t, 20, 2000);
			if (order == 0 || *keys[k] != 'y')
				bn_term_type(t, order == 0 ? "y" : keys[k]);
			bn_term_settle(t, 20, 2000);
			bn_term_type(t, "\003");
			assert_gone(t, shown);
			walked++;
		}
	return walked;
}

static void
walk_no_three_keys_send_anything_unarmed(void **state)
{
	struct recorded world;
	struct bn_term *t;
	size_t walked;

	(void)state;
	collect_keys();
	recorded_start(&world, "--seed 7 --at 2026-03-10T03:45:00Z");
	t = console_start(&world.served, 80, 24, NULL, NULL, NULL);
	bn_term_type(t, "2");
	assert_shown(t, "\xe2\x9c\x97 transform-hourly");
	assert_shown(t, "\xe2\x9c\x97 ing-competitor-prices");

	walked = walk_singles(t);
	assert_int_equal(walked, 10 * key_count);
	print_message("# %zu single keys on ten screens\n", walked);
	walked = walk_bursts(t);
	print_message("# %zu bursts of three\n", walked);
	if (getenv("BN_WALK") != NULL)
		print_message("# %zu pairs on three screens\n", walk_pairs(t));
	assert_writes(&world, 0);

	arrive(t, "2U", "[2 Run");
	walked = walk_dialog(t, "Ugr", "y retry");
	assert_true(walked > 0);
	print_message("# %zu sequences in the plan of one\n", walked);
	walked = walk_dialog(t, "U*r", "y send 2");
	assert_true(walked > 0);
	print_message("# %zu sequences in the plan of two\n", walked);
	assert_writes(&world, 0);
	/* The journal knows of no request either, not even of one that might have left. */
	assert_int_equal(recorded_number(&world, "SELECT count(*) FROM intent"), 0);

	/* a command that sends, typed in full, does; three keys bring back the one before it */
	bn_term_type(t, "\003");
	bn_term_type(t, ":audit verify\r");
	assert_shown(t, "audit verify: exit code 0");
	bn_term_type(t, "q:retry ing-competitor-prices --yes --reason 'meant once'\r");
	assert_shown(t, "intent ");
	assert_writes(&world, 1);
	bn_term_type(t, "q:");
	bn_term_press(t, "Up");
	assert_shown(t, ":audit verify");
	bn_term_type(t, "\r");
	assert_shown(t, "audit verify: exit code 0");
	assert_writes(&world, 1);

	/* and the same console does send when it is meant */
	arrive(t, "2", "[2 Run");
	bn_term_type(t, "U/transform-hourly\r");
	assert_gone(t, "ing-competitor-prices");
	assert_shown(t, "\xe2\x9c\x97 transform-hourly");
	bn_term_type(t, "gr");
	assert_shown(t, "y retry");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, "\r");
	bn_term_settle(t, 300, RECORDED_WAIT);
	bn_term_type(t, "y");
	assert_shown(t, "retry asked");
	assert_writes(&world, 2);
	console_quit(t);
	recorded_stop(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(walk_no_three_keys_send_anything_unarmed),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("VISUAL", "true", 1); /* an editor that changes nothing */
	setbuf(stdout, NULL);
	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
