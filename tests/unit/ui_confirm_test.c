/* ui_confirm_test.c - the confirmation by every sequence of keys up to three: only an armed `y` gives it. */
/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <string.h>

#include "ui/keymap.h"
#include "ui/widget/confirm.h"

/* Every key that is bound anywhere, every printable one, and what moves between fields. */
static bn_key keys[512];
static size_t key_count;

static void
add_key(bn_key key)
{
	size_t i;

	for (i = 0; i < key_count; i++)
		if (keys[i] == key)
			return;
	keys[key_count++] = key;
}

static void
collect_keys(void)
{
	static const bn_key others[] = {BN_KEY_ENTER, BN_KEY_TAB,  BN_KEY_BACKTAB, BN_KEY_BACKSPACE,
					BN_KEY_ESC,   BN_KEY_LEFT, BN_KEY_RIGHT,   BN_KEY_DELETE};
	bn_key key;
	size_t i;
	int a;

	for (key = ' '; key <= '~'; key++)
		add_key(key);
	for (key = 1; key < 27; key++)
		add_key(key);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		add_key(others[i]);
	for (a = 0; a < BN_ACT_COUNT; a++) {
		char names[256], *name, *rest = names;

		snprintf(names, sizeof(names), "%s", bn_action_row((enum bn_action)a)->keys);
		while ((name = strsep(&rest, " ")) != NULL)
			if (*name != '\0')
				add_key(bn_key_parse(name));
	}
}

static enum bn_confirm_wish
press(struct bn_confirm *confirm, bn_key key)
{
	struct bn_key_event event = {.key = key};

	return bn_confirm_key(confirm, &event);
}

struct walk {
	const struct bn_keymap *map;
	unsigned context;
	const char *asked;
	bool needs_reason, refused, painted, names, empty;
	long sequences, given;
	bool odd;
};

/* The console as far as this goes: a key of the table, or the dialog's once it is open. `painted`: the worst that can
 * happen, a plan that stands on the screen before the next key; otherwise a burst of keys, all typed before it. */
static void
sequence(struct walk *w, const bn_key *typed, size_t size)
{
	struct bn_confirm confirm;
	bool open = false, given = false;
	size_t i;

	for (i = 0; i < size; i++) {
		if (!open) {
			if (bn_keymap_action(w->map, w->context, typed[i]) != BN_ACT_RETRY)
				continue;
			bn_confirm_init(&confirm);
			bn_confirm_show(&confirm, w->asked, w->needs_reason, w->refused);
			confirm.names = w->names;
			confirm.empty = w->empty;
			confirm.choices = true; /* `s` never gives it */
			if (w->painted)
				bn_confirm_painted(&confirm);
			open = true;
			continue;
		}
		switch (press(&confirm, typed[i])) {
		case BN_CONFIRM_GIVEN:
			given = true;
			/* allowed: opened, the reason left with Enter or Tab, and then y */
			w->odd = w->odd || i != 2 || typed[2] != 'y' ||
				 (typed[1] != BN_KEY_ENTER && typed[1] != BN_KEY_TAB &&
				  typed[1] != BN_KEY_BACKTAB);
			break;
		case BN_CONFIRM_LEFT:
			bn_confirm_clear(&confirm);
			open = false;
			break;
		default:
			break;
		}
		if (given)
			break;
	}
	if (open)
		bn_confirm_clear(&confirm);
	w->sequences++;
	w->given += given;
}

static void
all_sequences(struct walk *w)
{
	bn_key typed[3];
	size_t a, b, c;

	for (a = 0; a < key_count; a++) {
		typed[0] = keys[a];
		/* What opens nothing leaves everything as it was: the same as the shorter sequence. */
		for (b = 0; b < key_count; b++) {
			typed[1] = keys[b];
			if (bn_keymap_action(w->map, w->context, typed[0]) != BN_ACT_RETRY &&
			    bn_keymap_action(w->map, w->context, typed[1]) != BN_ACT_RETRY) {
				w->sequences++;
				continue;
			}
			for (c = 0; c < key_count; c++) {
				typed[2] = keys[c];
				sequence(w, typed, 3);
			}
		}
	}
}

static void
keys_up_to_three_send_nothing_unarmed(void **state)
{
	struct bn_error err = {0};
	struct bn_keymap *map = NULL;
	long sequences = 0, armed = 0, back = 0;
	unsigned bit;
	int kind;

	(void)state;
	collect_keys();
	assert_ok(bn_keymap_new(&map, NULL, &err), &err);
	for (bit = 1; bit <= BN_IN_TEXT; bit <<= 1)
		for (kind = 0; kind < 7; kind++) {
			struct walk w = {
			    .map = map,
			    .context = bit,
			    .asked = kind == 1 ? "transform-hourly" : NULL,
			    .needs_reason = kind == 2,
			    .refused = kind == 3,
			    .painted = kind != 4,
			    .names = kind >= 5,
			    .empty = kind == 6,
			};

			all_sequences(&w);
			assert_false(w.odd);
			/* past the names leads back Tab alone */
			back += kind == 5 ? w.given : 0;
			if (kind != 0 && kind != 5)
				assert_int_equal(w.given, 0);
			sequences += w.sequences;
			armed += kind == 5 ? 0 : w.given;
		}
	/* r, then Enter, Tab or back Tab out of the reason, then y: on each of the screens that have the key */
	assert_true(armed > 0 && armed % 3 == 0);
	assert_int_equal(back * 3, armed);
	print_message("# %ld sequences of %zu keys; %ld armed ones gave it\n", sequences, key_count,
		      armed);
	bn_keymap_free(map);
}

static void
confirm_is_given_by_y_alone(void **state)
{
	struct bn_confirm confirm;
	struct bn_key_event pasted = {.key = 'y', .pasted = true};

	(void)state;
	bn_confirm_init(&confirm);
	bn_confirm_show(&confirm, NULL, false, false);
	press(&confirm, BN_KEY_ENTER);
	press(&confirm, 'y');
	assert_int_equal(confirm.focus, BN_CONFIRM_WAITS);
	assert_string_equal(bn_buf_text(&confirm.reason.text), "");
	bn_confirm_painted(&confirm);
	press(&confirm, 'y');
	assert_string_equal(bn_buf_text(&confirm.reason.text), "y");
	press(&confirm, BN_KEY_ENTER);
	assert_int_equal(confirm.focus, BN_CONFIRM_BUTTONS);
	assert_int_equal(press(&confirm, BN_KEY_ENTER), BN_CONFIRM_STAYS);
	assert_int_equal(bn_confirm_key(&confirm, &pasted), BN_CONFIRM_STAYS);
	assert_int_equal(press(&confirm, 'y'), BN_CONFIRM_GIVEN);
	assert_int_equal(press(&confirm, 'y'), BN_CONFIRM_STAYS);
	bn_confirm_clear(&confirm);
}

static void
confirm_name_has_to_be_typed_exactly(void **state)
{
	static const char name[] = "orders";
	struct bn_confirm confirm;
	struct bn_key_event pasted = {.pasted = true};
	size_t i;

	(void)state;
	bn_confirm_init(&confirm);
	bn_confirm_show(&confirm, name, true, false);
	bn_confirm_painted(&confirm);
	press(&confirm, BN_KEY_ENTER);
	assert_int_equal(confirm.focus, BN_CONFIRM_REASON); /* a reason is asked for */
	press(&confirm, 'x');
	press(&confirm, BN_KEY_ENTER);
	assert_int_equal(confirm.focus, BN_CONFIRM_NAME);
	for (i = 0; name[i] != '\0'; i++) {
		pasted.key = (bn_key)name[i];
		bn_confirm_key(&confirm, &pasted);
	}
	assert_false(bn_confirm_armed(&confirm)); /* pasted is not typed */
	for (i = 0; name[i] != '\0'; i++) {
		press(&confirm, BN_KEY_ENTER);
		assert_int_equal(confirm.focus, BN_CONFIRM_NAME);
		press(&confirm, (bn_key)name[i]);
	}
	press(&confirm, BN_KEY_ENTER);
	assert_int_equal(confirm.focus, BN_CONFIRM_BUTTONS);
	assert_int_equal(press(&confirm, 'y'), BN_CONFIRM_GIVEN);
	bn_confirm_clear(&confirm);
}

/* A bulk: names of what is set apart are taken one by one, and until something is chosen there is nothing to give. */
static void
confirm_takes_names_one_by_one(void **state)
{
	struct bn_confirm confirm;

	(void)state;
	bn_confirm_init(&confirm);
	bn_confirm_show(&confirm, NULL, false, false);
	confirm.names = confirm.empty = true;
	bn_confirm_painted(&confirm);
	press(&confirm, BN_KEY_ENTER);
	assert_int_equal(confirm.focus, BN_CONFIRM_NAME);
	press(&confirm, BN_KEY_TAB);
	assert_int_equal(press(&confirm, 'y'), BN_CONFIRM_STAYS); /* nothing is chosen */
	press(&confirm, BN_KEY_BACKTAB);
	press(&confirm, 'a');
	assert_int_equal(press(&confirm, BN_KEY_ENTER), BN_CONFIRM_NAMED);
	bn_confirm_named(&confirm, true);
	confirm.empty = false;
	assert_int_equal(confirm.focus, BN_CONFIRM_NAME);
	assert_string_equal(bn_buf_text(&confirm.name.text), "");
	press(&confirm, 'b'); /* typed, and not taken: an open question */
	press(&confirm, BN_KEY_TAB);
	assert_int_equal(press(&confirm, 'y'), BN_CONFIRM_STAYS);
	press(&confirm, BN_KEY_BACKTAB);
	assert_int_equal(press(&confirm, BN_KEY_ENTER), BN_CONFIRM_NAMED);
	bn_confirm_named(&confirm, false);
	assert_int_equal(confirm.focus, BN_CONFIRM_BUTTONS);
	assert_int_equal(press(&confirm, BN_KEY_ENTER), BN_CONFIRM_STAYS);
	assert_int_equal(press(&confirm, 'y'), BN_CONFIRM_GIVEN);
	bn_confirm_clear(&confirm);
}

/* Nothing is left or given without the reason that is required, and whoever tries is told. */
static void
confirm_that_needs_a_reason_says_so(void **state)
{
	struct bn_confirm confirm;

	(void)state;
	bn_confirm_init(&confirm);
	bn_confirm_show(&confirm, NULL, true, false);
	bn_confirm_painted(&confirm);
	assert_false(confirm.missed);
	press(&confirm, ' '); /* is no reason */
	press(&confirm, BN_KEY_ENTER);
	assert_int_equal(confirm.focus, BN_CONFIRM_REASON);
	assert_true(confirm.missed);
	assert_int_equal(confirm.reason.text.size, 0); /* so there is room to say it */
	confirm.missed = false;
	press(&confirm, BN_KEY_TAB);
	assert_int_equal(press(&confirm, 'y'), BN_CONFIRM_STAYS);
	assert_true(confirm.missed);
	bn_confirm_clear(&confirm);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(confirm_that_needs_a_reason_says_so),
    cmocka_unit_test(keys_up_to_three_send_nothing_unarmed),
    cmocka_unit_test(confirm_is_given_by_y_alone),
    cmocka_unit_test(confirm_name_has_to_be_typed_exactly),
    cmocka_unit_test(confirm_takes_names_one_by_one),
};

BN_TEST_MAIN(tests)
