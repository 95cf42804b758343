/* session.c - opens and closes what a retry needs: registry, configuration, store, collector, actions. */
/* SPDX-License-Identifier: MIT */
#include "tests/fault/session.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "plugins/builtin.h"
#include "tests/test.h"

void
session_begin(struct session *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/bn-fault-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	bn_clock_init(&s->clock);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
session_end(struct session *s)
{
	nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
session_open(struct session *s, const char *config)
{
	struct bn_collect_options options;
	struct bn_action_options acting;

	assert_ok(bn_registry_new(&s->registry, bn_builtin_plugins, &s->err), &s->err);
	assert_ok(bn_config_load_text(&s->config, "test", config, bn_registry_types(s->registry),
				      &s->err),
		  &s->err);
	assert_ok(bn_store_open(&s->store, s->in_memory ? NULL : s->dir,
				s->in_memory ? BN_STORE_MEMORY : BN_STORE_SHARED, &s->clock, NULL,
				&s->err),
		  &s->err);
	bn_store_set_anchor(s->store, "");
	options = (struct bn_collect_options){
	    .config = s->config, .registry = s->registry, .store = s->store, .clock = &s->clock};
	assert_ok(bn_collect_new(&s->collect, &options, &s->err), &s->err);
	acting = (struct bn_action_options){.store = s->store,
					    .collect = s->collect,
					    .config = s->config,
					    .clock = &s->clock,
					    .read_only = s->read_only};
	assert_ok(bn_action_new(&s->actions, &acting, &s->err), &s->err);
}

void
session_close(struct session *s)
{
	bn_action_free(s->actions);
	assert_true(bn_collect_free(s->collect));
	bn_store_close(s->store);
	bn_config_free(s->config);
	bn_registry_free(s->registry);
}

void
session_poll(struct session *s)
{
	assert_ok(bn_collect_once(s->collect, NULL, 60000, true, &s->err), &s->err);
}

void
session_assert_state(struct session *s, int64_t intent, const char *wanted)
{
	struct bn_reader *reader;
	sqlite3_stmt *st = NULL;

	assert_ok(bn_reader_open(&reader, s->store, &s->err), &s->err);
	assert_int_equal(sqlite3_prepare_v2(bn_reader_db(reader),
					    "SELECT state FROM intent_now WHERE seq = ?1", -1, &st,
					    NULL),
			 SQLITE_OK);
	sqlite3_bind_int64(st, 1, intent);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), wanted);
	sqlite3_finalize(st);
	bn_reader_close(reader);
}
