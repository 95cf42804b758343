/* session.h - a session that retries against the tests' own platforms: opened, closed, opened again over one store. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_TESTS_FAULT_SESSION_H
#define BN_TESTS_FAULT_SESSION_H

#include "action/action.h"

struct session {
	char dir[64]; /* holds store and journal, and stays from session to session */
	struct bn_clock clock;
	struct bn_registry *registry;
	struct bn_config *config;
	struct bn_store *store;
	struct bn_collect *collect;
	struct bn_actions *actions;
	struct bn_error err;
	bool in_memory, read_only; /* set before it is opened */
};

void session_begin(struct session *session);
void session_end(struct session *session); /* its folder is gone then; it must be closed */
void session_open(struct session *session, const char *config);
void session_close(struct session *session);
/* All sources once. */
void session_poll(struct session *session);
/* What is known to have become of an intent. */
void session_assert_state(struct session *session, int64_t intent, const char *wanted);

#endif
