/* fakehost.h - a host for plugins under test: recorded replies in, records out. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_FAKEHOST_H
#define BN_TESTS_FAKEHOST_H

#include <jansson.h>

#include "binnacle/plugin.h"

/* One plugin, one configured source, no network, no store. Everything is freed by fake_free. */
struct fake;

struct fake *fake_new(const struct bn_plugin *plugin);
void fake_free(struct fake *fake);
struct bn_source *fake_source(struct fake *fake);
/* A new lane on the same configuration: forgets the plugin's instance data, keeps replies and
 * watermarks. */
void fake_reopen(struct fake *fake);

/* ---- what is configured ---------------------------------------------------------------------- */

/* A value of [source]; more than one for the same name where the option is a multiple one. */
void fake_option(struct fake *fake, const char *name, const char *value);
/* Begins a section of the plugin's own; the values that follow belong to it. */
void fake_section(struct fake *fake, const char *name);
void fake_section_option(struct fake *fake, const char *name, const char *value);
/* Begins a [stream]; the values that follow belong to it. */
void fake_stream(struct fake *fake, const char *name);
void fake_stream_option(struct fake *fake, const char *name, const char *value);
void fake_secret(struct fake *fake, const char *name, const char *value);
void fake_now(struct fake *fake, const char *rfc3339);

/* ---- what is answered ------------------------------------------------------------------------ */

/* The answer to requests whose "METHOD /path?query" (of a conversation: "HLEN key", the answer in RESP) begins
 * with `request`; the longest such
 * beginning wins, several answers to the same are given one after the other, the last one for ever.
 * `body` is copied. */
void fake_reply(struct fake *fake, const char *request, int status, const char *body);
/* The same from a file below tests/platform. */
void fake_reply_file(struct fake *fake, const char *request, const char *file);
/* Whatever is asked, this is the answer (fuzzers): parts separated by bytes 0x1e are given one
 * after the other, and then from the first again. Borrowed. */
void fake_reply_always(struct fake *fake, const char *bytes, size_t size);
/* What a probe of that URL measures. `body` borrowed. */
void fake_probe(struct fake *fake, const char *url, const struct bn_probe *measured);
/* After so many sleeps the lane is cancelled; default 10. */
void fake_patience(struct fake *fake, int sleeps);
/* Log requests follow. */
void fake_follow(struct fake *fake, bool follow);

/* ---- what came of it ------------------------------------------------------------------------- */

/* Calls the plugin as the collector would: opened, logged in before the first request, once more
 * after a 401. */
int fake_poll(struct fake *fake, struct bn_error *err);
int fake_detail(struct fake *fake, enum bn_kind kind, const char *key, struct bn_error *err);
int fake_logs(struct fake *fake, const struct bn_log_request *request, struct bn_error *err);
int fake_doctor(struct fake *fake, struct bn_error *err);

/* Calls a function of the test's with what the plugin's functions get. */
typedef int fake_fn(struct bn_source *s, struct bn_batch *batch, struct bn_sink *sink,
		    void *payload, struct bn_error *err);
int fake_call(struct fake *fake, fake_fn *fn, void *payload, struct bn_error *err);

/* Requests sent, "GET /path?query" each, and the row of the table; borrowed. NULL past the end. */
const char *fake_request(const struct fake *fake, size_t index, int *row);
/* The body it was sent with, "" for none. */
const char *fake_body(const struct fake *fake, size_t index);
size_t fake_request_count(const struct fake *fake);
/* How many of them begin with this. */
size_t fake_asked(const struct fake *fake, const char *beginning);
const char *fake_bearer(const struct fake *fake);

/* Records since the last fake_forget, as JSON: {"record":"run","scope":"runs","key":…}; borrowed.
 */
const json_t *fake_records(const struct fake *fake);
size_t fake_count(const struct fake *fake, const char *record);
/* The last record of that sort with that key (for tasks also the try: fake_try). NULL if none. */
const json_t *fake_find(const struct fake *fake, const char *record, const char *key);
const json_t *fake_try(const struct fake *fake, const char *key, int try_number);
/* A member as text ("" when null), as number. */
const char *fake_text(const json_t *record, const char *member);
int64_t fake_int(const json_t *record, const char *member);
double fake_number(const json_t *record, const char *member);
/* Was this scope ended, so that the sweep and the watermarks count? */
bool fake_scope_done(const struct fake *fake, const char *scope);
const char *fake_watermark(const struct fake *fake, const char *name);
size_t fake_skipped(const struct fake *fake); /* items and records that were counted as broken */
const char *fake_skip_reason(const struct fake *fake, size_t index);
/* Log lines and doctor's answers: {"at":…,"text":…}, {"verdict":…,"what":…,"detail":…}. */
const json_t *fake_lines(const struct fake *fake);
const json_t *fake_checks(const struct fake *fake);
void fake_forget(struct fake *fake);

/* A file below tests/platform (or absolute), NUL-terminated; the caller frees. Ends the test if
 * there is none. */
char *fake_file(const char *name, size_t *size);

#endif
