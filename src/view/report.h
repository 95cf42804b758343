/* report.h - the hand-over report: what the next person has to know, section by section. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_VIEW_REPORT_H
#define BN_VIEW_REPORT_H

#include "view/view.h"

#define BN_REPORT_COLUMNS 8

/* A value of each column; text belongs to the report. */
struct bn_report_row {
	struct bn_value values[BN_REPORT_COLUMNS];
};
/* Which observations an empty section rests on: without them nothing seen is not nothing there. */
enum bn_report_needs {
	BN_REPORT_NEEDS_NONE,
	BN_REPORT_NEEDS_NOW, /* how things stand at the end */
	BN_REPORT_NEEDS_ALL, /* all that happened in between */
};
struct bn_report_section {
	const char *name;    /* "open": for programs */
	const char *title;   /* "Open now" */
	const char *nothing; /* what it means that there is no row */
	enum bn_report_needs needs;
	const struct bn_column *
	    columns; /* `doc`: what a list says before a value; at most BN_REPORT_COLUMNS, ends with a NULL name */
	struct bn_report_row *rows;
	size_t count;
};
struct bn_report {
	bn_time from, to;
	int interrupts; /* critical root causes that began in between */
	double interrupts_12h;
	int sources, blind_now; /* all; those not observed at `to` */
	int blind_ever;		/* those not observed in at least a part of the time */
	struct bn_report_section *sections;
	size_t count;
	struct bn_arena *arena;
};
/* The guideline of the SRE book: so many interrupts in 12 hours leave time to deal with each. */
#define BN_REPORT_INTERRUPTS 2

/* What happened between `from` and the reader's moment, and how it stands. The caller frees. */
int bn_report_handover(struct bn_reader *reader, bn_time from, struct bn_report **out,
		       struct bn_error *err);
void bn_report_free(struct bn_report *report);

#endif
