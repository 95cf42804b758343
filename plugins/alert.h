/* alert.h - what Prometheus and Alertmanager say of an alert in the same way: labels, how bad it is. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGINS_ALERT_H
#define BN_PLUGINS_ALERT_H

#include "binnacle/plugin.h"

/* The rows both plugins have among their options. */
#define ALERT_OPTIONS                                                                              \
	{"ignore-alert",                                                                           \
	 BN_OPT_GLOB,                                                                              \
	 "Watchdog",                                                                               \
	 "names of alerts that are left out; giving any replaces the default, an alert that "      \
	 "always fires",                                                                           \
	 BN_OPT_MULTI,                                                                             \
	 NULL},                                                                                    \
	    {"severity-label",                                                                     \
	     BN_OPT_STRING,                                                                        \
	     "severity",                                                                           \
	     "alert label that says how bad it is",                                                \
	     0,                                                                                    \
	     NULL},                                                                                \
	    {"critical",   BN_OPT_GLOB,                                                            \
	     "crit*",	   "values of that label that are critical; `page` always is",             \
	     BN_OPT_MULTI, NULL},                                                                  \
	{                                                                                          \
		"info", BN_OPT_GLOB, "info*",                                                      \
		    "values of that label that are only information; anything else is a warning",  \
		    BN_OPT_MULTI, NULL                                                             \
	}

/* The source's URL with a page behind it; NULL without one. Memory of this call, like all below. */
const char *alert_page_url(struct bn_source *s, const char *page);
/* Does the text match one of the globs of a multiple option, in whatever case? */
bool alert_matches(const struct bn_source *s, const char *option, const char *text);
/* "a=1,b=2" in the order they come in, which is sorted; at most 1 KiB. */
const char *alert_label_text(struct bn_source *s, struct bn_json labels, const char *leave_out);
/* The first 24 of them as struct bn_finding takes them; NULL for none. Names and values are borrowed
 * from the JSON. */
const char *const *alert_label_list(struct bn_source *s, struct bn_json labels);
/* An alert's identity among findings: "Name{a=1,b=2}", the same from either server. */
const char *alert_key(struct bn_source *s, const char *name, struct bn_json labels);
enum bn_severity alert_severity(const struct bn_source *s, struct bn_json labels);
/* The finding of one alert: everything but since, url and what is known of silences. The annotation
 * `binnacle_for` names the thing it is about; what it says wrongly is counted as broken. */
struct bn_finding alert_finding(struct bn_source *s, struct bn_batch *batch, const char *name,
				struct bn_json labels, struct bn_json annotations);

#endif
