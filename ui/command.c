/* command.c - the command line: scripted commands run on a thread of their own, their output in a pager. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "config/domain.h"
#include "ui/many.h"
#include "ui/state.h"

#define MAX_WORDS 256

struct bn_job {
	const struct bn_console_options *options;
	pthread_t thread;
	int fd;
	char *line;
	struct bn_strlist words;
	char *out, *err;
	size_t out_size, err_size;
	int code;
};

/* ---- words ------------------------------------------------------------------------------- */

/* One word from *at: blanks end it; '…' keeps everything, "…" and \ keep the next. */
static int
take_word(const char **at, struct bn_buf *word, struct bn_error *err)
{
	const char *p = *at;
	char quote = '\0';

	for (; *p != '\0' && (quote != '\0' || (*p != ' ' && *p != '\t')); p++) {
		if (quote == '\0' && (*p == '\'' || *p == '"')) {
			quote = *p;
		} else if (quote != '\0' && *p == quote) {
			quote = '\0';
		} else {
			if (*p == '\\' && quote != '\'' && p[1] != '\0')
				p++;
			bn_buf_addc(word, *p);
		}
	}
	*at = p;
	if (quote != '\0')
		return bn_fail(err, BN_EINVAL, "a %c has no end", quote);
	return BN_OK;
}

static int
split_words(const char *line, struct bn_strlist *words, struct bn_error *err)
{
	struct bn_buf word = BN_BUF_INIT(65536);
	int rc = BN_OK;

	while (rc == BN_OK) {
		line += strspn(line, " \t");
		if (*line == '\0')
			break;
		bn_buf_reset(&word);
		rc = take_word(&line, &word, err);
		if (rc == BN_OK && words->count == MAX_WORDS)
			rc = bn_fail(err, BN_ETOOBIG, "more than %d words", MAX_WORDS);
		if (rc == BN_OK)
			bn_strlist_add(words, bn_buf_text(&word));
	}
	bn_buf_free(&word);
	return rc;
}

bool
bn_command_consents(const char *line)
{
	struct bn_strlist words = {0};
	struct bn_error err = {0};
	bool consents = false;

	/* One without an end is no command. */
	if (split_words(line, &words, &err) == BN_OK)
		for (size_t i = 0; !consents && i < words.count; i++)
			consents = strcmp(words.items[i], "--yes") == 0 ||
				   strncmp(words.items[i], "--yes=", 6) == 0;
	bn_strlist_clear(&words);
	return consents;
}

/* ---- the job ----------------------------------------------------------------------------- */

static void *
run_job(void *payload)
{
	struct bn_job *job = payload;
	FILE *out = open_memstream(&job->out, &job->out_size);
	FILE *err = open_memstream(&job->err, &job->err_size);
	char **argv = bn_xcalloc(job->words.count + 1, sizeof(*argv));
	uint64_t one = 1;
	size_t i;

	for (i = 0; i < job->words.count; i++)
		argv[i] = job->words.items[i];
	if (out != NULL && err != NULL)
		job->code = job->options->command(job->options->payload, (int)job->words.count,
						  argv, out, err);
	if (out != NULL)
		fclose(out);
	if (err != NULL)
		fclose(err);
	free(argv);
	while (write(job->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	return NULL;
}

static void
free_job(struct bn_job *job)
{
	if (job->fd >= 0)
		close(job->fd);
	bn_strlist_clear(&job->words);
	free(job->line);
	free(job->out);
	free(job->err);
	free(job);
}

/* What is shown is of a moment, so commands answer for it too. What follows "--" are no options. */
static void
add_moment(struct bn_app *app, struct bn_strlist *words)
{
	char text[BN_TIME_TEXT], *option;
	size_t i;

	if (bn_app_at(app) == 0)
		return;
	for (i = 0; i < words->count && strcmp(words->items[i], "--") != 0; i++)
		if (strcmp(words->items[i], "--at") == 0 ||
		    strncmp(words->items[i], "--at=", 5) == 0)
			return;
	option = bn_xasprintf("--at=%s", bn_time_rfc3339(bn_app_at(app), text));
	bn_strlist_add(words, option);
	free(option);
	option = words->items[words->count - 1];
	memmove(words->items + i + 1, words->items + i,
		(words->count - 1 - i) * sizeof(*words->items));
	words->items[i] = option;
}

static int
start_job(struct bn_app *app, const char *line, struct bn_error *err)
{
	struct bn_job *job = bn_xcalloc(1, sizeof(*job));
	sigset_t all, before;
	int rc;

	job->options = app->options;
	job->code = 70;
	job->line = bn_xstrdup(line);
	job->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = split_words(line, &job->words, err);
	if (rc != BN_OK || job->words.count == 0)
		goto out;
	add_moment(app, &job->words);
	if (job->fd < 0) {
		rc = bn_fail(err, BN_EIO, "eventfd: %s", strerror(errno));
		goto out;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&job->thread, NULL, run_job, job) != 0)
		rc = bn_fail(err, BN_EIO, "can't start a thread for the command");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == BN_OK) {
		app->job = job;
		return BN_OK;
	}
out:
	free_job(job);
	return rc;
}

/* ---- the console's own commands ------------------------------------------------------------ */

/* A screen is no output of a command. */
static void
open_board(struct bn_app *app, const char *name)
{
	if (*name == '\0')
		bn_app_boards(app);
	else if (!bn_app_board(app, name))
		bn_app_say(app, BN_TONE_BAD, "there is no dashboard \"%s\"; B lists them", name);
}

static void
offer_board(const struct bn_app *app, struct bn_strlist *out)
{
	for (size_t i = 0; app->boards != NULL && i < app->boards->count; i++)
		bn_strlist_add(out, app->boards->at[i].name);
}

/* Every screen shows only what this part of the business touches, until it is told otherwise. */
static void
choose_domain(struct bn_app *app, const char *name)
{
	struct bn_error err = {0};

	if (*name != '\0' && bn_domain_check(app->options->config, name, &err) != BN_OK) {
		bn_app_fail(app, &err);
		return;
	}
	free(app->domain);
	app->domain = *name != '\0' ? bn_xstrdup(name) : NULL;
	app->epoch++;
	if (app->top->ops->come != NULL)
		app->top->ops->come(app->top);
	bn_app_ask_all(app);
	app->dirty = true;
	if (app->domain != NULL)
		bn_app_say(app, BN_TONE_PLAIN,
			   "all screens: what data products of %s touch; :domain alone ends it",
			   app->domain);
	else
		bn_app_say(app, BN_TONE_PLAIN, "all screens: everything");
}

static void
offer_domain(const struct bn_app *app, struct bn_strlist *out)
{
	bn_domains(app->options->config, out);
}

static void
quit(struct bn_app *app, const char *rest)
{
	(void)rest;
	app->quit = !bn_many_keeps(app, BN_MANY_QUIT);
}

static const struct {
	const char *name;
	void (*run)(struct bn_app *app, const char *rest);
	void (*offer)(const struct bn_app *app,
		      struct bn_strlist *out); /* NULL: it takes no word */
} own[] = {
    {"dashboard", open_board, offer_board},
    {"domain", choose_domain, offer_domain},
    {"q", quit, NULL},
    {"quit", quit, NULL},
};
#define OWN (sizeof(own) / sizeof(own[0]))

/* What follows the name of that command in the line, NULL: the line is another one. */
static const char *
rest_of(const char *line, size_t command)
{
	size_t length = strlen(own[command].name);

	if (strncmp(line, own[command].name, length) != 0 ||
	    (line[length] != '\0' && line[length] != ' '))
		return NULL;
	line += length;
	line += strspn(line, " ");
	return own[command].offer != NULL || *line == '\0' ? line : NULL;
}

void
bn_command_complete(struct bn_app *app, void *payload, const char *text, struct bn_strlist *out)
{
	size_t length = strlen(text);

	(void)payload;
	if (app->options->complete != NULL)
		app->options->complete(app->options->payload, text,
				       bn_app_reach(app) == BN_REACH_ALL, out);
	for (size_t i = 0; i < OWN; i++) {
		const char *rest = rest_of(text, i);
		struct bn_strlist words = {0};

		if (own[i].offer == NULL)
			continue;
		own[i].offer(app, &words);
		if (words.count > 0 && length > 0 && length <= strlen(own[i].name) &&
		    strncmp(text, own[i].name, length) == 0)
			bn_strlist_add(out, own[i].name);
		for (size_t k = 0;
		     rest != NULL && rest > text + strlen(own[i].name) && k < words.count; k++)
			if (strncmp(words.items[k], rest, strlen(rest)) == 0)
				bn_strlist_add(out, words.items[k]);
		bn_strlist_clear(&words);
	}
}

/* True: it was one of them, and is done. A completed word is followed by a blank. */
static bool
run_own(struct bn_app *app, const char *line)
{
	char *trimmed = bn_xstrdup(line);
	bool done = false;
	size_t i;

	for (i = strlen(trimmed); i > 0 && trimmed[i - 1] == ' '; i--)
		trimmed[i - 1] = '\0';
	for (i = 0; !done && i < OWN; i++) {
		const char *rest = rest_of(trimmed, i);

		done = rest != NULL;
		if (done && own[i].run != quit)
			bn_many_unwarn(app);
		if (done)
			own[i].run(app, rest);
	}
	free(trimmed);
	return done;
}

void
bn_app_command(struct bn_app *app, const char *line)
{
	struct bn_error err;

	line += strspn(line, " \t:");
	if (run_own(app, line))
		return;
	bn_many_unwarn(app);
	if (*line == '\0')
		return;
	if (app->options->command == NULL) {
		bn_app_say(app, BN_TONE_BAD, "there is no command line here");
		return;
	}
	if (app->job != NULL) {
		bn_app_say(app, BN_TONE_BAD, "\"%s\" is still at work", app->job->line);
		return;
	}
	if (start_job(app, line, &err) != BN_OK)
		bn_app_fail(app, &err);
	else
		bn_app_say(app, BN_TONE_PLAIN, "%s …", line);
}

int
bn_job_fd(const struct bn_job *job)
{
	return job == NULL ? -1 : job->fd;
}

void
bn_job_finish(struct bn_app *app)
{
	struct bn_job *job = app->job;
	struct bn_buf text = BN_BUF_INIT(0);

	pthread_join(job->thread, NULL);
	app->job = NULL;
	if (job->err_size > 0)
		bn_buf_add(&text, job->err, job->err_size);
	if (job->out_size > 0)
		bn_buf_add(&text, job->out, job->out_size);
	bn_app_say(app, job->code == 0 ? BN_TONE_PLAIN : BN_TONE_BAD, "%s: exit code %d", job->line,
		   job->code);
	if (text.size > 0)
		bn_app_push(app, bn_text_screen(app, job->line, bn_buf_take(&text)));
	bn_buf_free(&text);
	free_job(job);
	app->stale = true; /* it may have written notes or polled */
}

void
bn_job_abandon(struct bn_app *app)
{
	struct timespec until;

	if (app->job == NULL)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	/* A command can't be told to stop. It is safe to end in the midst of it, as kill -9 would:
	 * what was said to be done is on disk. */
	if (pthread_timedjoin_np(app->job->thread, NULL, &until) != 0)
		_exit(app->exit_code);
	free_job(app->job);
	app->job = NULL;
}
