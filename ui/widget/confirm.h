/* confirm.h - a confirmation that Enter never gives: reason, name where it has to be typed, and only then `y`. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_UI_CONFIRM_H
#define BN_UI_CONFIRM_H

#include "ui/widget/input.h"

/* Where keys go. Until what is to be confirmed stands painted on the screen they go nowhere. */
enum bn_confirm_focus {
	BN_CONFIRM_WAITS, /* nothing to be seen yet, or just now: whatever is typed is thrown away, but Esc */
	BN_CONFIRM_REASON,
	BN_CONFIRM_NAME,    /* only where a name is asked for */
	BN_CONFIRM_BUTTONS, /* the only place where `y` does anything */
	BN_CONFIRM_SENT	    /* given: nothing takes it back */
};

struct bn_confirm {
	enum bn_confirm_focus focus;
	struct bn_input reason, name;
	char *asked;  /* the name that has to be typed, NULL: none */
	bool names;   /* instead: names may be typed, one after the other, each taken by Enter */
	bool choices; /* `s` on the buttons leads to a choice of parts */
	bool empty;   /* nothing is chosen yet: there is nothing to give */
	bool needs_reason; /* an empty one is not left */
	bool missed;	   /* … and somebody tried to */
	bool refused;	   /* it may be read, but not given */
	bool watch;	   /* the check box */
};

/* NAMED: what is in the name's field was typed as one of the names. CHOOSES: parts of it are to be chosen. */
enum bn_confirm_wish {
	BN_CONFIRM_STAYS,
	BN_CONFIRM_LEFT,
	BN_CONFIRM_NAMED,
	BN_CONFIRM_CHOOSES,
	BN_CONFIRM_GIVEN
};

void bn_confirm_init(struct bn_confirm *confirm);
void bn_confirm_clear(struct bn_confirm *confirm);
/* What is to be confirmed is known; `asked` (copied) as above. It still waits until it is painted. */
void bn_confirm_show(struct bn_confirm *confirm, const char *asked, bool needs_reason,
		     bool refused);
/* It stands on the screen: from now on keys count. */
void bn_confirm_painted(struct bn_confirm *confirm);
/* The name was taken: its field is empty for the next one, or no more are asked for. */
void bn_confirm_named(struct bn_confirm *confirm, bool more);
/* GIVEN is returned once, and only for a `y` that was typed (not pasted) on the buttons. */
enum bn_confirm_wish bn_confirm_key(struct bn_confirm *confirm, const struct bn_key_event *event);
/* May `y` give it, if it were pressed on the buttons? */
bool bn_confirm_armed(const struct bn_confirm *confirm);

#endif
