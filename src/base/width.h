/* width.h - what a code point is to a terminal: columns, marks, and what must not be shown as it is. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BASE_WIDTH_H
#define BN_BASE_WIDTH_H

#include <stdint.h>

enum bn_width_class {
	BN_WIDTH_NARROW,
	BN_WIDTH_WIDE,
	BN_WIDTH_MARK,	    /* joins the base before it: no column of its own */
	BN_WIDTH_HIDDEN,    /* controls, bidi, default-ignorable, noncharacters: act unseen */
	BN_WIDTH_UNASSIGNED /* not a character in the table's Unicode version: width unknown */
};

/* The class of any value; above U+10FFFF it is HIDDEN. Unicode 15.0. */
enum bn_width_class bn_width_class(uint32_t code_point);

#endif
