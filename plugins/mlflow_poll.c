/* mlflow_poll.c - the registry: models with aliases, versions; runs only of what is new. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "mlflow.h"

/* A change may become visible a little after the time it bears. */
#define OVERLAP_MS 10000

struct poll {
	struct bn_source *s;
	struct bn_batch *batch;
	struct mlflow *m;
	bn_time known;	  /* versions changed up to then had their runs read */
	bn_time newest;	  /* the latest change seen now */
	const char *open; /* " RUN RUN ": runs that had not ended at the last reading */
	char still[2048]; /* the same, as of now */
	struct mlflow_version *page;
	size_t count;
};

/* ---- models ---------------------------------------------------------------------------------- */

static int
on_model(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;

	return mlflow_add_model(p->s, p->batch, item, err);
}

/* Every page is a new request: a token that comes again would have no end. */
static int
next_page(struct bn_source *s, struct bn_json rest, const char **token, struct bn_error *err)
{
	const char *next = bn_json_string(rest, "next_page_token");

	if (next == NULL || next[0] == '\0') {
		*token = NULL;
		return BN_OK;
	}
	if (*token != NULL && strcmp(*token, next) == 0)
		return bn_fail_at(s, err, BN_EPARSE, "the next page is the one that was read");
	*token = bn_format(s, "%s", next);
	return BN_OK;
}

/* *changed: false where the answer is the one of last time. */
static int
poll_models(struct poll *p, bool *changed, struct bn_error *err)
{
	const char *token = NULL;
	struct bn_json rest;
	int rc = bn_scope(p->batch, "models", BN_COMPLETE, err), pages = 0;

	*changed = true;
	if (rc == BN_OK && p->m->single)
		bn_if_changed(p->s);
	do {
		if (rc == BN_OK)
			rc = bn_items(p->s, MLFLOW_MODELS,
				      BN_PARAMS({"max_results", "100"}, {"page_token", token}),
				      "registered_models", on_model, p, &rest, err);
		if (rc == BN_UNCHANGED) {
			*changed = false;
			return bn_scope_same(p->batch, err);
		}
		if (rc == BN_OK)
			rc = next_page(p->s, rest, &token, err);
		if (rc == BN_OK)
			rc = bn_page(p->batch, err);
		if (++pages == MLFLOW_PAGES_AT_MOST && rc == BN_OK && token != NULL)
			rc = bn_fail_at(p->s, err, BN_ETOOBIG, "more than %d pages of models",
					pages);
	} while (rc == BN_OK && token != NULL);
	p->m->single = rc == BN_OK && pages == 1;
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

/* ---- versions -------------------------------------------------------------------------------- */

static bool
was_open(const struct poll *p, const char *run)
{
	return p->open != NULL && strstr(p->open, bn_format(p->s, " %s ", run)) != NULL;
}

static int
on_version(struct bn_json item, void *payload, struct bn_error *err)
{
	struct poll *p = payload;
	struct mlflow_version *version = &p->page[p->count];
	int rc;

	if (p->count == MLFLOW_PAGE)
		return bn_fail_at(p->s, err, BN_EPARSE, "more versions than were asked for");
	memset(version, 0, sizeof(*version));
	rc = mlflow_read_version(p->s, item, version, err);
	if (rc != BN_OK)
		return rc;
	version->wanted = version->v.run != NULL &&
			  (version->updated > p->known - OVERLAP_MS || was_open(p, version->v.run));
	if (version->updated > p->newest)
		p->newest = version->updated;
	p->count++;
	return BN_OK;
}

/* Runs that go on are looked at again next time, as many as the list holds. */
static void
remember_open(struct poll *p, const char *run)
{
	size_t used = strlen(p->still), size = strlen(run);

	if (used == 0)
		p->still[used++] = ' ';
	if (used + size + 2 > sizeof(p->still))
		return;
	memcpy(p->still + used, run, size);
	strcpy(p->still + used + size, " ");
}

static int
finish_page(struct poll *p, struct bn_error *err)
{
	int rc = mlflow_read_runs(p->s, p->page, p->count, err);

	for (size_t i = 0; rc == BN_OK && i < p->count; i++) {
		mlflow_add_version(p->batch, &p->page[i]);
		if (p->page[i].open)
			remember_open(p, p->page[i].v.run);
	}
	return rc == BN_OK ? bn_page(p->batch, err) : rc;
}

static int
read_pages(struct poll *p, bool models_changed, struct bn_error *err)
{
	bool due = bn_source_now(p->s) - p->m->read_whole >= bn_option_int(p->s, "reread");
	const char *token = NULL;
	struct bn_json rest;
	int rc = BN_OK, pages = 0;

	/* The latest changes come first: where no model changed (a version that came or went changes
	 * its model) and the first page is the same, so is everything. */
	if (!models_changed && !due && p->open == NULL)
		bn_if_changed(p->s);
	do {
		p->count = 0;
		rc = bn_items(p->s, MLFLOW_VERSIONS,
			      BN_PARAMS({"max_results", "100"},
					{"order_by", "last_updated_timestamp DESC"},
					{"page_token", token}),
			      "model_versions", on_version, p, &rest, err);
		if (rc == BN_UNCHANGED)
			return rc;
		if (rc == BN_OK)
			rc = next_page(p->s, rest, &token, err);
		if (rc == BN_OK)
			rc = finish_page(p, err);
		if (++pages == MLFLOW_PAGES_AT_MOST && rc == BN_OK && token != NULL)
			rc = bn_fail_at(p->s, err, BN_ETOOBIG, "more than %d pages of versions",
					pages);
	} while (rc == BN_OK && token != NULL);
	return rc;
}

static int
poll_versions(struct poll *p, bool models_changed, struct bn_error *err)
{
	const char *known = bn_watermark(p->batch, "updated"),
		   *open = bn_watermark(p->batch, "open");
	int rc = bn_scope(p->batch, "versions", BN_COMPLETE, err);

	p->known = known != NULL ? strtoll(known, NULL, 10) : 0;
	p->open = open != NULL && open[0] != '\0' ? open : NULL;
	p->newest = p->known;
	p->page = bn_alloc(p->s, MLFLOW_PAGE * sizeof(*p->page));
	if (rc == BN_OK)
		rc = read_pages(p, models_changed, err);
	if (rc == BN_UNCHANGED)
		return bn_scope_same(p->batch, err);
	if (rc != BN_OK)
		return rc;
	p->m->read_whole = bn_source_now(p->s);
	/* What could not be read for want of a right is asked for again next time. */
	if (p->m->runs_error[0] == '\0')
		bn_set_watermark(p->batch, "updated",
				 bn_format(p->s, "%lld", (long long)p->newest));
	bn_set_watermark(p->batch, "open", p->still);
	return bn_scope_done(p->batch, err);
}

/* That training runs can't be read is told; models and versions are worth having all the same. */
static int
tell_runs(struct poll *p, struct bn_error *err)
{
	int rc = bn_scope(p->batch, "runs", BN_DELTA, err);

	if (rc == BN_OK && p->m->runs_error[0] != '\0')
		bn_add_skip(p->batch, "training runs", p->m->runs_error);
	return rc == BN_OK ? bn_scope_done(p->batch, err) : rc;
}

int
mlflow_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err)
{
	struct poll p = {.s = s, .batch = batch, .m = s->data};
	bool changed;
	int rc = poll_models(&p, &changed, err);

	p.m->runs_error[0] = '\0';
	if (rc == BN_OK)
		rc = poll_versions(&p, changed, err);
	return rc == BN_OK ? tell_runs(&p, err) : rc;
}
