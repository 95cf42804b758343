/* confirm.c - what each key does to a confirmation. */
/* SPDX-License-Identifier: MIT */
#include "ui/widget/confirm.h"

#include <stdlib.h>
#include <string.h>

void
bn_confirm_init(struct bn_confirm *confirm)
{
	memset(confirm, 0, sizeof(*confirm));
	bn_input_init(&confirm->reason, NULL, NULL);
	bn_input_init(&confirm->name, NULL, NULL);
	confirm->watch = true;
}

void
bn_confirm_clear(struct bn_confirm *confirm)
{
	bn_input_clear(&confirm->reason);
	bn_input_clear(&confirm->name);
	free(confirm->asked);
	confirm->asked = NULL;
}

void
bn_confirm_show(struct bn_confirm *confirm, const char *asked, bool needs_reason, bool refused)
{
	free(confirm->asked);
	confirm->asked = bn_xstrdup(asked);
	confirm->needs_reason = needs_reason;
	confirm->refused = refused;
}

void
bn_confirm_painted(struct bn_confirm *confirm)
{
	if (confirm->focus == BN_CONFIRM_WAITS)
		confirm->focus = confirm->refused ? BN_CONFIRM_BUTTONS : BN_CONFIRM_REASON;
}

void
bn_confirm_named(struct bn_confirm *confirm, bool more)
{
	bn_input_clear(&confirm->name);
	bn_input_init(&confirm->name, NULL, NULL);
	confirm->names = more;
	if (!more && confirm->focus == BN_CONFIRM_NAME)
		confirm->focus = BN_CONFIRM_BUTTONS;
}

static bool
has_reason(const struct bn_confirm *confirm)
{
	const char *text = bn_buf_text(&confirm->reason.text);

	return !confirm->needs_reason || strspn(text, " ") < strlen(text);
}

static bool
has_name(const struct bn_confirm *confirm)
{
	/* One that stands there and was not taken is a question still open. */
	if (confirm->names)
		return confirm->name.text.size == 0;
	return confirm->asked == NULL ||
	       strcmp(bn_buf_text(&confirm->name.text), confirm->asked) == 0;
}

bool
bn_confirm_armed(const struct bn_confirm *confirm)
{
	return !confirm->refused && !confirm->empty && has_reason(confirm) && has_name(confirm);
}

/* From one field to the next, or back. */
static void
go(struct bn_confirm *confirm, bool back)
{
	enum bn_confirm_focus focus = confirm->focus;

	if (confirm->refused)
		return;
	do {
		focus = back ? (focus == BN_CONFIRM_REASON ? BN_CONFIRM_BUTTONS
							   : (enum bn_confirm_focus)(focus - 1))
			     : (focus == BN_CONFIRM_BUTTONS ? BN_CONFIRM_REASON
							    : (enum bn_confirm_focus)(focus + 1));
	} while (focus == BN_CONFIRM_NAME && confirm->asked == NULL && !confirm->names);
	confirm->focus = focus;
}

/* There is none, or nothing but blanks: that is said where it would stand. */
static void
ask_for_reason(struct bn_confirm *confirm)
{
	bn_input_clear(&confirm->reason);
	bn_input_init(&confirm->reason, NULL, NULL);
	confirm->missed = true;
}

/* A text field: Enter leaves it for the next one, and that is all Enter ever does. A name is typed by hand: what is
 * pasted into its field is dropped. */
static enum bn_confirm_wish
field_key(struct bn_confirm *confirm, struct bn_input *input, const struct bn_key_event *event)
{
	bool name = input == &confirm->name;

	if (name && event->pasted)
		return BN_CONFIRM_STAYS;
	if (!event->pasted && (event->key == BN_KEY_TAB || event->key == BN_KEY_BACKTAB)) {
		go(confirm, event->key == BN_KEY_BACKTAB);
		return BN_CONFIRM_STAYS;
	}
	switch (bn_input_key(input, event)) {
	case BN_INPUT_DONE:
		if (name && confirm->names && confirm->name.text.size > 0)
			return BN_CONFIRM_NAMED;
		if (name ? has_name(confirm) : has_reason(confirm))
			go(confirm, false);
		else if (!name)
			ask_for_reason(confirm);
		return BN_CONFIRM_STAYS;
	case BN_INPUT_LEFT:
		return BN_CONFIRM_LEFT;
	default:
		return BN_CONFIRM_STAYS;
	}
}

static enum bn_confirm_wish
button_key(struct bn_confirm *confirm, const struct bn_key_event *event)
{
	if (event->pasted)
		return BN_CONFIRM_STAYS;
	switch (event->key) {
	case 'y':
		if (!confirm->refused && !has_reason(confirm))
			ask_for_reason(confirm);
		if (!bn_confirm_armed(confirm))
			return BN_CONFIRM_STAYS;
		confirm->focus = BN_CONFIRM_SENT;
		return BN_CONFIRM_GIVEN;
	case 's':
		return confirm->choices ? BN_CONFIRM_CHOOSES : BN_CONFIRM_STAYS;
	case ' ':
	case 'w':
		confirm->watch = !confirm->watch;
		return BN_CONFIRM_STAYS;
	case BN_KEY_TAB:
	case BN_KEY_BACKTAB:
		go(confirm, event->key == BN_KEY_BACKTAB);
		return BN_CONFIRM_STAYS;
	case 'n':
	case 'q':
	case BN_KEY_ESC:
	case BN_KEY_CTRL('C'):
		return BN_CONFIRM_LEFT;
	default:
		return BN_CONFIRM_STAYS;
	}
}

enum bn_confirm_wish
bn_confirm_key(struct bn_confirm *confirm, const struct bn_key_event *event)
{
	switch (confirm->focus) {
	case BN_CONFIRM_WAITS:
		return !event->pasted &&
			       (event->key == BN_KEY_ESC || event->key == BN_KEY_CTRL('C'))
			   ? BN_CONFIRM_LEFT
			   : BN_CONFIRM_STAYS;
	case BN_CONFIRM_REASON:
		return field_key(confirm, &confirm->reason, event);
	case BN_CONFIRM_NAME:
		return field_key(confirm, &confirm->name, event);
	case BN_CONFIRM_BUTTONS:
		return button_key(confirm, event);
	default:
		return BN_CONFIRM_STAYS;
	}
}
