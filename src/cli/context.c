/* context.c - opens configuration, store and collector when a command first needs them; closes them all. */
/* SPDX-License-Identifier: MIT */
#include "cli/context.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "action/action.h"
#include "base/error.h"
#include "change/repo.h"
#include "config/domain.h"
#include "sim/sim.h"
#include "triage/products.h"
#include "triage/triage.h"

/* ---- configuration ------------------------------------------------------------------------- */

/* $XDG_CONFIG_HOME/binnacle/NAME for --context NAME. A name is a plain file name. */
static int
context_file(struct bn_cli *cli, const char *name, const char **out, struct bn_error *err)
{
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
		return bn_fail(err, BN_EINVAL, "--context: '%s' is not a plain name", name);
	if (base != NULL && base[0] == '/')
		*out = bn_arena_format(cli->arena, "%s/binnacle/%s", base, name);
	else if (home != NULL)
		*out = bn_arena_format(cli->arena, "%s/.config/binnacle/%s", home, name);
	else
		return bn_fail(err, BN_ECONFIG, "--context needs HOME or XDG_CONFIG_HOME");
	if (access(*out, R_OK) != 0) {
		bn_fail(err, BN_ECONFIG, "context '%s': %s: %s", name, *out, strerror(errno));
		return bn_hint(err,
			       "a context is a configuration file of that name beside 'config'");
	}
	return BN_OK;
}

static int
report_problems(struct bn_cli *cli, struct bn_error *err)
{
	size_t count, i;
	const struct bn_config_problem *problems = bn_config_problems(cli->config, &count);

	for (i = 0; i < count; i++) {
		if (problems[i].fatal) {
			bn_fail(err, BN_ECONFIG, "%s:%d: %s", problems[i].file, problems[i].line,
				problems[i].message);
			return bn_hint(err, "%s%s`binnacle config check` lists every problem",
				       problems[i].hint, problems[i].hint[0] != '\0' ? "; " : "");
		}
	}
	for (i = 0; i < count; i++)
		bn_cli_note(cli, "%s:%d: %s", problems[i].file, problems[i].line,
			    problems[i].message);
	return BN_OK;
}

/* Reads the configuration with the plugins known so far. */
static int
load_config(struct bn_cli *cli, const char *file, struct bn_error *err)
{
	const struct bn_config_types *types = bn_registry_types(cli->registry);

	bn_config_free(cli->config);
	cli->config = NULL;
	if (cli->sim != NULL)
		return bn_config_load_text(&cli->config, "demo", bn_sim_config_text(cli->sim),
					   types, err);
	return bn_config_load(&cli->config, file, types, err);
}

/* Shared objects are named in the configuration, which can't be judged without them: so it is read
 * once for their names, and again when they are loaded. */
static int
load_plugins(struct bn_cli *cli, const char *file, int rc, struct bn_error *err)
{
	const struct bn_config_section *section =
	    cli->config != NULL ? bn_config_section(cli->config, "plugin", 0) : NULL;
	const char *path;
	size_t i, n, loaded = 0;

	for (n = 0; section != NULL; section = bn_config_section(cli->config, "plugin", ++n)) {
		for (i = 0; (path = bn_section_at(section, "path", i)) != NULL; i++, loaded++) {
			if (bn_registry_load(cli->registry, path, err) == BN_OK)
				continue;
			bn_error_prefix(err, "%s:%d", section->file, section->line);
			/* nothing else of it can be judged without the plugin */
			bn_config_free(cli->config);
			cli->config = NULL;
			return err->code = BN_ECONFIG;
		}
	}
	return loaded > 0 ? load_config(cli, file, err) : rc;
}

/* The first thing that makes it unusable. */
static int
first_problem(const struct bn_config *config, struct bn_error *err)
{
	size_t count, i;
	const struct bn_config_problem *problems = bn_config_problems(config, &count);

	for (i = 0; i < count; i++)
		if (problems[i].fatal) {
			bn_fail(err, BN_ECONFIG, "%s:%d: %s", problems[i].file, problems[i].line,
				problems[i].message);
			return problems[i].hint[0] != '\0' ? bn_hint(err, "%s", problems[i].hint)
							   : BN_ECONFIG;
		}
	return BN_OK;
}

int
bn_cli_reload_config(struct bn_cli *cli, struct bn_config **out, struct bn_error *err)
{
	const char *file = bn_flag_get(cli->in, "config"),
		   *context = bn_flag_get(cli->in, "context");
	const struct bn_config_types *types = bn_registry_types(cli->registry);
	int rc = BN_OK;

	*out = NULL;
	if (bn_flag_get(cli->in, "demo") != NULL) /* a served one lies where others find it */
		file = bn_arena_format(cli->arena, "%s/config", bn_flag_get(cli->in, "demo"));
	else if (file == NULL && context != NULL)
		rc = context_file(cli, context, &file, err);
	if (rc != BN_OK)
		return rc;
	if (cli->sim != NULL)
		rc = bn_config_load_text(out, "demo", bn_sim_config_text(cli->sim), types, err);
	else
		rc = bn_config_load(out, file, types, err);
	return rc == BN_ECONFIG && *out != NULL ? first_problem(*out, err) : rc;
}

int
bn_cli_open_config(struct bn_cli *cli, struct bn_error *err)
{
	const char *file = bn_flag_get(cli->in, "config");
	const char *context = bn_flag_get(cli->in, "context");
	int rc;

	if (cli->config != NULL)
		return BN_OK;
	rc = cli->registry != NULL ? BN_OK
				   : bn_registry_new(&cli->registry, cli->program->plugins, err);
	if (rc == BN_OK && file == NULL && context != NULL)
		rc = context_file(cli, context, &file, err);
	if (rc != BN_OK)
		return rc;
	rc = load_config(cli, file, err);
	if (rc == BN_OK || rc == BN_ECONFIG)
		rc = load_plugins(cli, file, rc, err);
	/* a file that can't be read is a mistake of the configuration too, whoever asks for it */
	if (rc == BN_EIO || rc == BN_ENOTFOUND) {
		if (err->hint[0] == '\0')
			bn_hint(err, "make it readable, or name another with --config");
		rc = err->code = BN_ECONFIG;
	}
	if (cli->config != NULL && (rc == BN_OK || rc == BN_ECONFIG))
		rc = report_problems(cli, err);
	if (cli->context == NULL)
		cli->context = bn_xstrdup(context != NULL    ? context
					  : cli->sim != NULL ? "harbourline-demo"
							     : "default");
	return rc;
}

/* ---- store --------------------------------------------------------------------------------- */

static int
no_sources(struct bn_cli *cli, struct bn_error *err)
{
	if (bn_config_section(cli->config, "source", 0) != NULL ||
	    bn_config_section(cli->config, "endpoint", 0) != NULL)
		return BN_OK;
	bn_fail(err, BN_ECONFIG, "no source is configured");
	return bn_hint(err, "`binnacle config init` writes a first configuration, `binnacle demo` "
			    "shows how it looks");
}

/* What [state] says to the store: how long things are kept, where the journal's head goes besides. */
static void
configure_store(struct bn_cli *cli)
{
	const struct bn_config_section *section = bn_config_find(cli->config, "state", "");
	const struct bn_option *rows = bn_core_options("state");
	const struct bn_store_keep keep = {
	    .points = bn_section_int(section, rows, "keep-points"),
	    .history = bn_section_int(section, rows, "keep-history"),
	    .calls = bn_section_int(section, rows, "keep-calls"),
	};
	char *anchor = bn_path_expand(bn_section_get(section, rows, "anchor"));
	int64_t missing;

	bn_store_set_keep(cli->store, &keep);
	if (anchor != NULL)
		bn_store_set_anchor(cli->store, anchor);
	missing = bn_journal_missing(cli->store);
	if (missing > 0)
		bn_cli_note(
		    cli,
		    "the journal lacks its last %lld records, of which %s tells: put journal.db "
		    "back from a copy, or move both away to begin anew",
		    (long long)missing, anchor);
	free(anchor);
}

/* [ui] zone, unless the command line has said it. */
static int
configure_zone(struct bn_cli *cli, struct bn_error *err)
{
	const char *name = bn_section_get(bn_config_find(cli->config, "ui", ""), NULL, "zone");
	int rc;

	if (name == NULL || cli->zone != NULL || bn_flag_has(cli->in, "utc"))
		return BN_OK;
	rc = bn_zone_open(&cli->zone, name, err);
	cli->style.zone = cli->zone;
	return rc;
}

/* --at, in the zone that is shown; the demo's clock and the configured zone are known by now. */
static int
read_moment(struct bn_cli *cli, struct bn_error *err)
{
	const char *text = bn_flag_moment(cli->in);
	int rc;

	if (text == NULL)
		return BN_OK;
	rc = bn_time_parse_human(text, bn_clock_now(&cli->clock), cli->style.zone, &cli->at, err);
	if (rc != BN_OK)
		bn_error_prefix(err, "--at");
	return rc;
}

/* What is stored answers; a demo of this very process has nothing stored before it was read. */
static int
travel(struct bn_cli *cli, struct bn_error *err)
{
	int rc = bn_reader_set_at(cli->reader, cli->at, err);

	cli->style.now = cli->at;
	if (rc == BN_OK)
		cli->offline = true; /* from here on nothing is asked for */
	else
		bn_error_prefix(err, "--at");
	return rc;
}

int
bn_cli_open_store(struct bn_cli *cli, struct bn_error *err)
{
	const char *where = bn_flag_get(cli->in, "cache");
	bool memory = where != NULL && strcmp(where, "none") == 0;
	char *notice = NULL;
	int rc;

	if (cli->store != NULL)
		return BN_OK;
	rc = bn_cli_open_config(cli, err);
	if (rc == BN_OK)
		rc = no_sources(cli, err);
	if (rc == BN_OK && where != NULL && !memory) {
		free(cli->state_dir);
		cli->state_dir = bn_xstrdup(where);
	}
	if (rc == BN_OK && !memory && cli->state_dir == NULL)
		rc = bn_state_dir(cli->config, &cli->state_dir, err);
	if (rc == BN_OK)
		rc = bn_store_open(&cli->store, memory ? NULL : cli->state_dir,
				   memory ? BN_STORE_MEMORY : BN_STORE_SHARED, &cli->clock, &notice,
				   err);
	if (rc == BN_OK) {
		configure_store(cli);
		rc = configure_zone(cli, err);
	}
	if (rc == BN_OK && !cli->screen)
		rc = bn_reader_open(&cli->reader, cli->store, err);
	if (rc == BN_OK)
		rc = read_moment(cli, err);
	if (rc == BN_OK && cli->at != 0 && cli->scratch == NULL && !cli->screen)
		rc = travel(cli, err);
	if (notice != NULL)
		bn_cli_note(cli, "%s", notice);
	free(notice);
	return rc;
}

int
bn_cli_open_writer(struct bn_cli *cli, struct bn_error *err)
{
	int rc = bn_cli_open_store(cli, err);

	if (rc == BN_OK && cli->writer == NULL)
		rc = bn_writer_open(&cli->writer, cli->store, err);
	return rc;
}

int
bn_cli_may_write(struct bn_cli *cli, struct bn_error *err)
{
	if (!cli->read_only)
		return BN_OK;
	bn_fail(err, BN_EPERM, "this is a read-only session");
	return bn_hint(err, "run it without --read-only");
}

int
bn_cli_may_ask(struct bn_cli *cli, const char *what, struct bn_error *err)
{
	if (!cli->offline)
		return BN_OK;
	bn_fail(err, BN_EINVAL, "%s from the platform: --offline asks none", what);
	return bn_hint(err, "leave out --offline");
}

int
bn_cli_open_domain(struct bn_cli *cli, const char *domain, struct bn_error *err)
{
	int rc = bn_cli_open_store(cli, err);

	return rc == BN_OK && domain != NULL ? bn_domain_check(cli->config, domain, err) : rc;
}

/* ---- collecting ---------------------------------------------------------------------------- */

static void
wake(void *payload)
{
	const struct bn_cli *cli = payload;
	uint64_t one = 1;

	if (cli->wake_fd >= 0 && write(cli->wake_fd, &one, sizeof(one)) < 0)
		return; /* full: whoever waits is awake already */
}

/* Rules and repositories, after polls: the collector calls it on a thread of its own. Each opens connections, which
 * costs milliseconds that nobody should wait for before the first paint. */
static void
after_poll(void *payload, struct bn_store *store)
{
	struct bn_cli *cli = payload;
	struct bn_error err = {0};

	if ((cli->repos == NULL && bn_repos_new(&cli->repos, cli->config, store, &err) != BN_OK) ||
	    bn_repos_read(cli->repos, &err) != BN_OK)
		bn_log_write(cli->log, 1, "repositories: %s", err.message);
	if ((cli->products == NULL &&
	     bn_products_new(&cli->products, store, cli->config, &err) != BN_OK) ||
	    bn_products_run(cli->products, &err) != BN_OK)
		bn_log_write(cli->log, 1, "products: %s", err.message);
	if ((cli->triage == NULL &&
	     bn_triage_new(&cli->triage, store, cli->config, &err) != BN_OK) ||
	    bn_triage_run(cli->triage, &err) != BN_OK)
		bn_log_write(cli->log, 1, "rules: %s", err.message);
	wake(cli);
}

int
bn_cli_open_collect(struct bn_cli *cli, struct bn_error *err)
{
	struct bn_collect_options options;
	int rc = bn_cli_open_store(cli, err);

	if (rc != BN_OK || cli->collect != NULL)
		return rc;
	if (cli->wake_fd < 0)
		cli->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (cli->wake_fd < 0)
		return bn_fail(err, BN_EIO, "eventfd: %s", strerror(errno));
	options = (struct bn_collect_options){
	    .config = cli->config,
	    .registry = cli->registry,
	    .store = cli->store,
	    .clock = &cli->clock,
	    .log = cli->log,
	    .wake = wake,
	    .payload = cli,
	    .after_poll = after_poll,
	};
	return bn_collect_new(&cli->collect, &options, err);
}

int
bn_cli_open_action(struct bn_cli *cli, const char *source, struct bn_error *err)
{
	struct bn_action_options options;
	int rc = bn_cli_open_collect(cli, err);

	if (rc != BN_OK)
		return rc;
	options = (struct bn_action_options){
	    .store = cli->store,
	    .collect = cli->collect,
	    .config = cli->config,
	    .clock = &cli->clock,
	    .log = cli->log,
	    .read_only = cli->read_only,
	};
	if (cli->action == NULL && (rc = bn_action_new(&cli->action, &options, err)) != BN_OK)
		return rc;
	return source != NULL && !cli->offline ? bn_action_reconcile(cli->action, source, NULL, err)
					       : BN_OK;
}

/* What a person at a terminal wants to know of it, and the author of a script in the mail cron
 * sends. Those nobody asked are named in one line. */
static void
note_silence(struct bn_cli *cli, const struct bn_rows *rows, size_t row, struct bn_buf *unread)
{
	const char *name = bn_rows_ref(rows, row).key;
	struct bn_value error = bn_rows_named(rows, row, "error");
	struct bn_value hint = bn_rows_named(rows, row, "hint");

	if (error.type != BN_VALUE_TEXT)
		bn_buf_addf(unread, "%s%s", unread->size > 0 ? ", " : "", name);
	else if (hint.type != BN_VALUE_TEXT)
		bn_cli_note(cli, "%s: %s", name, error.s);
	else
		bn_cli_note(cli, "%s: %s - %s", name, error.s, hint.s);
}

/* Each once, however often it is looked at. */
static void
add_unread(struct bn_cli *cli, const char *name)
{
	const char *at = cli->unread;
	size_t size;

	cli->incomplete = true;
	while (at != NULL && *at != '\0') {
		size = strcspn(at, ",");
		if (strlen(name) == size && strncmp(at, name, size) == 0)
			return;
		at += size + strspn(at + size, ", ");
	}
	cli->unread = at == NULL ? bn_arena_strdup(cli->arena, name)
				 : bn_arena_format(cli->arena, "%s, %s", cli->unread, name);
}

/* Sources that do not answer make the answer incomplete, and so do data older than --fresh allows.
 */
static int
judge_sources(struct bn_cli *cli, const char *const *names, struct bn_error *err)
{
	static const char *const columns[] = {"source", "state", "last_ok", "error", "hint", NULL};
	struct bn_query query = {.table = bn_view_table("sources"), .columns = columns};
	struct bn_rows *rows = NULL;
	struct bn_buf unread = BN_BUF_INIT(0);
	size_t i, n;
	int rc = bn_view_query(cli->reader, &query, &rows, err);

	for (i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		struct bn_value name = bn_rows_named(rows, i, "source");
		struct bn_value age = bn_rows_named(rows, i, "last_ok");
		bool wanted = names == NULL;

		for (n = 0; !wanted && names[n] != NULL; n++)
			wanted = name.s != NULL && strcmp(names[n], name.s) == 0;
		if (!wanted || bn_rows_status(rows, i) == BN_PAUSED)
			continue;
		if (bn_rows_stale(rows, i) || bn_rows_status(rows, i) != BN_HEALTHY ||
		    (cli->fresh > 0 && (age.type == BN_VALUE_NULL || age.i > cli->fresh))) {
			add_unread(cli, bn_rows_ref(rows, i).key);
			note_silence(cli, rows, i, &unread);
		}
	}
	if (unread.size > 0)
		bn_cli_note(cli, "%s: %s%s", bn_buf_text(&unread),
			    cli->at != 0     ? "not observed at that moment"
			    : cli->fresh > 0 ? "older than --fresh allows"
					     : "not read lately",
			    cli->offline && cli->at == 0 ? ", and --offline asks nobody" : "");
	bn_buf_free(&unread);
	bn_rows_free(rows);
	return rc;
}

/* One source that keeps everybody waiting must not make what the others said look old: the answer is
 * as of the moment the last one that answered did. */
static int
settle_now(struct bn_cli *cli, struct bn_error *err)
{
	static const char *const columns[] = {"last_ok", NULL};
	struct bn_query query = {.table = bn_view_table("sources"), .columns = columns};
	struct bn_rows *rows = NULL;
	int64_t least = -1;
	size_t i;
	int rc = bn_view_query(cli->reader, &query, &rows, err);

	for (i = 0; rc == BN_OK && i < bn_rows_count(rows); i++) {
		struct bn_value age = bn_rows_value(rows, i, 0);

		if (age.type == BN_VALUE_INT && age.i >= 0 && (least < 0 || age.i < least))
			least = age.i;
	}
	if (rc == BN_OK && least > 0) {
		cli->style.now = bn_rows_now(rows) - least;
		bn_reader_set_now(cli->reader, cli->style.now);
	}
	bn_rows_free(rows);
	return rc;
}

int
bn_cli_refresh(struct bn_cli *cli, const char *const *names, bool force, struct bn_error *err)
{
	int64_t began = bn_monotonic();
	struct bn_error trouble;
	int rc = bn_cli_open_store(cli, err);

	/* Opened even when nobody is asked: a source that was never read has to be counted as such. */
	if (rc == BN_OK)
		rc = bn_cli_open_collect(cli, err);
	if (rc == BN_OK && cli->at != 0 && cli->scratch == NULL)
		cli->offline = true;
	if (rc == BN_OK && !cli->offline)
		rc = bn_collect_once(cli->collect, names, cli->timeout, force, err);
	if (rc == BN_OK && bn_collect_trouble(cli->collect, &trouble)) {
		cli->incomplete = true;
		bn_cli_note(cli, "%s%s%s", trouble.message, trouble.hint[0] != '\0' ? " - " : "",
			    trouble.hint);
	}
	cli->style.now = bn_clock_now(&cli->clock);
	/* only when this call did the waiting: what others stored long ago is old */
	if (rc == BN_OK && !cli->offline && cli->at == 0 && bn_monotonic() - began > 2000)
		rc = settle_now(cli, err);
	if (rc == BN_OK && cli->at != 0)
		rc = travel(cli, err);
	return rc == BN_OK ? judge_sources(cli, names, err) : rc;
}

typedef int resolver(struct bn_reader *, enum bn_kind, const char *, const char *,
		     struct bn_arena *, struct bn_ref *, struct bn_error *);

static int
resolve(struct bn_cli *cli, resolver *find, const char *text, enum bn_kind kind, struct bn_ref *out,
	struct bn_error *err)
{
	struct bn_ref_text parsed = {0};
	struct bn_error ignored = {0};
	int rc = BN_OK;

	/* "run/argo/x" says its kind; anything else is a key or name of the kind the command is
	 * about. */
	if (strchr(text, '/') != NULL &&
	    bn_ref_parse(text, NULL, NULL, &parsed, &ignored) == BN_OK) {
		const char *slash = strchr(parsed.key, '/');
		char *source = slash != NULL ? bn_arena_strndup(cli->arena, parsed.key,
								(size_t)(slash - parsed.key))
					     : NULL;

		rc = BN_ENOTFOUND;
		if (source != NULL)
			rc = find(cli->reader, parsed.kind, source, slash + 1, cli->arena, out,
				  &ignored);
		if (rc != BN_OK)
			rc = find(cli->reader, parsed.kind, NULL, parsed.key, cli->arena, out, err);
		if (rc == BN_OK && kind != BN_KIND_NONE && parsed.kind != kind &&
		    !(kind == BN_RUN && parsed.kind == BN_PIPELINE))
			rc = bn_fail(err, BN_EINVAL, "'%s' is a %s, not a %s", text,
				     bn_kind_word(parsed.kind), bn_kind_word(kind));
	} else if (kind == BN_KIND_NONE) {
		bn_fail(err, BN_EINVAL, "'%s' does not say what kind of thing it names", text);
		rc = bn_hint(err, "write KIND/[SOURCE/]KEY, for instance pipeline/%s", text);
	} else
		rc = find(cli->reader, kind, NULL, text, cli->arena, out, err);
	bn_ref_free(&parsed);
	return rc;
}

int
bn_cli_resolve(struct bn_cli *cli, const char *text, enum bn_kind kind, struct bn_ref *out,
	       struct bn_error *err)
{
	return resolve(cli, bn_view_resolve, text, kind, out, err);
}

int
bn_cli_resolve_whole(struct bn_cli *cli, const char *text, enum bn_kind kind, struct bn_ref *out,
		     struct bn_error *err)
{
	return resolve(cli, bn_view_resolve_whole, text, kind, out, err);
}

/* ---- signals ------------------------------------------------------------------------------- */

static void
signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

int
bn_cli_catch_signals(struct bn_cli *cli, struct bn_error *err)
{
	sigset_t set;

	signal_set(&set);
	if (cli->wake_fd < 0)
		cli->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (cli->wake_fd < 0 || pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return bn_fail(err, BN_EIO, "catching signals failed: %s", strerror(errno));
	return BN_OK;
}

int
bn_cli_wait(struct bn_cli *cli, int64_t ms)
{
	struct pollfd fd = {.fd = cli->wake_fd, .events = POLLIN};
	int64_t end = bn_monotonic() + ms;
	struct timespec none = {0, 0};
	sigset_t set;
	uint64_t count;
	int number;

	signal_set(&set);
	for (;;) {
		int64_t left = ms < 0 ? 100 : end - bn_monotonic();

		number = sigtimedwait(&set, NULL, &none);
		if (number > 0)
			return number;
		/* In slices, since poll does not notice a blocked signal; nobody sees 100 ms here.
		 */
		if (poll(&fd, 1, (int)(left < 0 ? 0 : left > 100 ? 100 : left)) > 0) {
			if (read(cli->wake_fd, &count, sizeof(count)) < 0)
				continue;
			return 0;
		}
		if (ms >= 0 && bn_monotonic() >= end)
			return 0;
	}
}

/* ---- closing ------------------------------------------------------------------------------- */

static int
remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
	(void)info;
	(void)type;
	(void)position;
	return remove(path);
}

void
bn_cli_close(struct bn_cli *cli)
{
	/* A lane that never came back still holds these; the process ends without them. */
	bool ended = bn_collect_free(cli->collect);

	if (ended) {
		bn_action_free(cli->action);
		bn_triage_free(cli->triage);
		bn_products_free(cli->products);
		bn_repos_free(cli->repos);
		if (cli->writer != NULL)
			bn_writer_close(cli->writer);
		if (cli->reader != NULL)
			bn_reader_close(cli->reader);
		if (cli->store != NULL)
			bn_store_close(cli->store);
		bn_config_free(cli->config);
		bn_registry_free(cli->registry);
	}
	if (cli->sim != NULL)
		bn_sim_stop(cli->sim);
	if (cli->scratch != NULL)
		nftw(cli->scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	if (cli->wake_fd >= 0)
		close(cli->wake_fd);
	bn_zone_free(cli->zone);
	if (ended)
		bn_log_close(cli->log);
	bn_arena_free(cli->arena);
	free(cli->scratch);
	free(cli->state_dir);
	free(cli->context);
}
