/* products.c - data products: from their sections and what the store knows of their needs to a status. */
/* SPDX-License-Identifier: MIT */
#include "triage/products.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "triage/internal.h"
#include "triage/objective.h"

#define LEAST_INTERVAL ((int64_t)60000) /* ms: a product is judged at least twice within it */

struct product {
	const struct bn_config_section *section;
	const char *lifecycle;
	char *consumers; /* JSON, or NULL */
	double goal;
	int64_t window;
	struct bn_need *needs;
	size_t need_count;
	struct bn_need of; /* freshness-of, where it is none of the needs; key NULL: none */
	struct bn_objective objectives[BN_SLIS];
	size_t objective_count;
};

struct bn_products {
	struct bn_reader *reader;
	struct bn_writer *writer;
	const char *origin;
	struct product *products;
	size_t count;
};

/* ---- the configuration --------------------------------------------------------------------- */

static bool
is_source(const char *name, void *payload)
{
	sqlite3_stmt *row = NULL;
	bool found = strcmp(name, BN_PRODUCT_SOURCE) == 0;

	if (found || sqlite3_prepare_v2(payload, "SELECT 1 FROM source WHERE name = ?1", -1, &row,
					NULL) != SQLITE_OK)
		return found;
	sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	found = sqlite3_step(row) == SQLITE_ROW;
	sqlite3_finalize(row);
	return found;
}

static char *
json_words(const struct bn_config_section *section, const char *key)
{
	struct bn_buf out = BN_BUF_INIT(1 << 20);
	const char *word;
	size_t i;

	for (i = 0; (word = bn_section_at(section, key, i)) != NULL; i++) {
		bn_buf_addc(&out, i == 0 ? '[' : ',');
		bn_json_quote(&out, word);
	}
	if (i == 0)
		return NULL;
	bn_buf_addc(&out, ']');
	return bn_buf_take(&out);
}

/* A target that the loader let pass is well formed. */
static bool
read_target(struct bn_objective *o, const char *text)
{
	int64_t ms;

	switch (o->sli) {
	case BN_FRESHNESS:
		if (bn_duration_parse(text, &ms, NULL) != BN_OK)
			return false;
		o->target = (double)ms;
		return true;
	case BN_DEADLINE:
		if (bn_deadline_parse(&o->deadline, text, NULL) != BN_OK)
			return false;
		o->target = o->deadline.minute;
		return true;
	default:
		return bn_share_parse(text, &o->target);
	}
}

static void
read_needs(struct product *p, sqlite3 *db)
{
	const char *text, *of = bn_section_get(p->section, NULL, "freshness-of");
	struct bn_ref_text ref;

	for (size_t i = 0; (text = bn_section_at(p->section, "needs", i)) != NULL; i++) {
		if (bn_ref_parse(text, is_source, db, &ref, NULL) != BN_OK)
			continue;
		p->needs = bn_xrealloc(p->needs, p->need_count + 1, sizeof(*p->needs));
		p->needs[p->need_count++] = (struct bn_need){.ref = ref};
	}
	if (of != NULL && bn_ref_parse(of, is_source, db, &ref, NULL) == BN_OK)
		p->of = (struct bn_need){.ref = ref};
}

static void
read_product(struct product *p, const struct bn_config_section *section, sqlite3 *db)
{
	const struct bn_option *rows = bn_core_options("product");

	*p = (struct product){.section = section, .goal = 0.99};
	p->lifecycle = bn_section_get(section, rows, "lifecycle");
	p->consumers = json_words(section, "consumers");
	p->window = bn_section_int(section, rows, "window");
	(void)bn_share_parse(bn_section_get(section, rows, "goal"), &p->goal);
	read_needs(p, db);
	for (int sli = 0; sli < BN_SLIS; sli++) {
		struct bn_objective *o = &p->objectives[p->objective_count];
		const char *text = bn_section_get(section, rows, bn_sli_words[sli]);

		*o = (struct bn_objective){.sli = (enum bn_sli)sli, .text = text};
		if (text == NULL || !read_target(o, text))
			continue;
		if (sli == BN_FRESHNESS && p->of.ref.key != NULL)
			o->of = &p->of;
		p->objective_count++;
	}
}

static void
clear_product(struct product *p)
{
	for (size_t i = 0; i < p->need_count; i++)
		bn_ref_free(&p->needs[i].ref);
	bn_ref_free(&p->of.ref);
	for (size_t i = 0; i < p->objective_count; i++)
		bn_deadline_clear(&p->objectives[i].deadline);
	free(p->needs);
	free(p->consumers);
}

int
bn_products_new(struct bn_products **out, struct bn_store *store, const struct bn_config *config,
		struct bn_error *err)
{
	struct bn_products *products = bn_xcalloc(1, sizeof(*products));
	const struct bn_config_section *section;
	int rc;

	*out = NULL;
	products->origin = bn_config_origin(config);
	rc = bn_reader_open(&products->reader, store, err);
	if (rc == BN_OK)
		rc = bn_writer_open(&products->writer, store, err);
	for (size_t i = 0;
	     rc == BN_OK && (section = bn_config_section(config, "product", i)) != NULL; i++)
		products->count++;
	products->products = bn_xcalloc(products->count + 1, sizeof(*products->products));
	for (size_t i = 0; rc == BN_OK && i < products->count; i++)
		read_product(&products->products[i], bn_config_section(config, "product", i),
			     bn_reader_db(products->reader));
	if (rc == BN_OK)
		*out = products;
	else
		bn_products_free(products);
	return rc;
}

void
bn_products_free(struct bn_products *products)
{
	if (products == NULL)
		return;
	for (size_t i = 0; i < products->count; i++)
		clear_product(&products->products[i]);
	free(products->products);
	bn_reader_close(products->reader);
	bn_writer_close(products->writer);
	free(products);
}

/* ---- needs --------------------------------------------------------------------------------- */

/* How the thing stands now. A pipeline stands for its runs, its own status says little: what counts is
 * whether the one that ended last ended well. */
static int
look_up(const struct bn_judge *judge, struct bn_need *need, struct bn_error *err)
{
	static const char sql[] =
	    "SELECT e.id, e.source_id, e.status_now, e.stale, CASE WHEN e.kind = 1 THEN ("
	    "  SELECT a.status FROM run r JOIN attempt a ON a.run_id = r.entity_id"
	    "  WHERE r.pipeline_id = e.id AND a.status IN (3, 4)"
	    "  ORDER BY r.started_at DESC, a.n DESC LIMIT 1) END"
	    " FROM entity_now e WHERE e.kind = ?1 AND e.key = ?2 AND (?3 IS NULL OR e.source = ?3)"
	    " ORDER BY e.stale, e.source LIMIT 1";
	sqlite3_stmt *row = NULL;
	int rc = bn_triage_prepare(judge->db, sql, &row, err), step;

	need->id = need->source_id = 0;
	need->status = BN_UNKNOWN;
	need->known = need->problem = false;
	if (rc != BN_OK)
		return rc;
	sqlite3_bind_int(row, 1, need->ref.kind);
	sqlite3_bind_text(row, 2, need->ref.key, -1, SQLITE_STATIC);
	if (need->ref.source != NULL)
		sqlite3_bind_text(row, 3, need->ref.source, -1, SQLITE_STATIC);
	step = sqlite3_step(row);
	if (step == SQLITE_ROW) {
		need->id = sqlite3_column_int64(row, 0);
		need->source_id = sqlite3_column_int64(row, 1);
		need->status = (enum bn_status)sqlite3_column_int(row, 2);
		need->known = !sqlite3_column_int(row, 3) &&
			      (need->ref.kind == BN_PIPELINE || need->status != BN_UNKNOWN);
		need->problem = need->ref.kind == BN_PIPELINE
				    ? sqlite3_column_int(row, 4) == BN_FAILED
				    : bn_status_row(need->status)->problem;
	}
	sqlite3_finalize(row);
	if (step == SQLITE_ROW || step == SQLITE_DONE)
		return BN_OK;
	return bn_fail(err, BN_EIO, "products: %s", sqlite3_errmsg(judge->db));
}

static int
product_id(const struct bn_judge *judge, const char *key, int64_t *id, struct bn_error *err)
{
	sqlite3_stmt *row = NULL;
	int rc = bn_triage_prepare(judge->db,
				   "SELECT e.id FROM entity e JOIN source s ON s.id = e.source_id"
				   " WHERE s.name = '" BN_PRODUCT_SOURCE "' AND e.kind = 9"
				   " AND e.key = ?1",
				   &row, err);

	*id = 0;
	if (rc != BN_OK)
		return rc;
	sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
	if (sqlite3_step(row) == SQLITE_ROW)
		*id = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return BN_OK;
}

/* ---- the verdict --------------------------------------------------------------------------- */

static bool
is_judged(const struct product *p)
{
	if (strcmp(p->lifecycle, "dormant") == 0 || strcmp(p->lifecycle, "retired") == 0)
		return false;
	return strcmp(p->lifecycle, "retiring") != 0 || p->objective_count > 0;
}

/* Words that change only with what they say: no ages. */
static void
say(struct bn_judge *judge, struct bn_entity *entity, const char *text, const char *what)
{
	entity->message =
	    entity->message == NULL
		? bn_arena_format(judge->arena, "%s%s%s", text, what[0] != '\0' ? ": " : "", what)
		: bn_arena_format(judge->arena, "%s; %s%s%s", entity->message, text,
				  what[0] != '\0' ? ": " : "", what);
}

static void
conclude(struct bn_judge *judge, const struct product *p, const struct bn_objective_record *records,
	 struct bn_entity *entity)
{
	enum bn_status status = BN_HEALTHY;
	bool asked = p->objective_count > 0;

	for (size_t i = 0; i < p->objective_count; i++) {
		const struct bn_objective_record *o = &records[i];

		if (bn_status_row(o->state)->rank > bn_status_row(status)->rank) {
			status = o->state;
			entity->since = o->since;
		}
		if (o->state == BN_DOWN || o->state == BN_DEGRADED)
			say(judge, entity,
			    bn_arena_format(judge->arena, "%s %s", o->sli,
					    strcmp(o->sli, "deadline") == 0 &&
						    o->state == BN_DEGRADED
						? "at risk"
						: "missed"),
			    o->detail != NULL ? o->detail : "");
	}
	for (size_t i = 0; i < p->need_count; i++) {
		const struct bn_need *need = &p->needs[i];

		if (!need->known && bn_status_row(status)->rank < bn_status_row(BN_UNKNOWN)->rank) {
			status = BN_UNKNOWN;
		} else if (!asked && need->problem &&
			   bn_status_row(status)->rank < bn_status_row(BN_DEGRADED)->rank) {
			status = BN_DEGRADED;
			say(judge, entity, need->ref.key, "failed");
		}
		if (!need->known)
			say(judge, entity, need->ref.key, "not known");
	}
	if (!asked && p->need_count == 0) {
		status = BN_UNKNOWN;
		say(judge, entity, "it needs nothing and promises nothing", "");
	}
	entity->status = status;
}

static int
judge_product(struct bn_judge *judge, struct product *p, struct bn_product_record *out,
	      struct bn_error *err)
{
	const struct bn_option *rows = bn_core_options("product");
	struct bn_objective_record *records =
	    bn_arena_alloc(judge->arena, (BN_SLIS + 1) * sizeof(*records));
	const char *cost = bn_section_get(p->section, rows, "cost");
	int rc;

	*out = (struct bn_product_record){
	    .entity = {.key = p->section->name,
		       .name = p->section->name,
		       .owner = bn_section_get(p->section, rows, "owner")},
	    .domain = bn_section_get(p->section, rows, "domain"),
	    .contact = bn_section_get(p->section, rows, "contact"),
	    .lifecycle = p->lifecycle,
	    .consumers = p->consumers,
	    .cost = cost != NULL ? bn_section_number(p->section, rows, "cost") : NAN,
	    .cost_unit = cost != NULL ? bn_section_get(p->section, rows, "cost-unit") : NULL,
	    .objectives = records,
	};
	judge->needs = p->needs;
	judge->need_count = p->need_count;
	judge->goal = p->goal;
	judge->window = p->window;
	rc = product_id(judge, p->section->name, &judge->product_id, err);
	for (size_t i = 0; rc == BN_OK && i < p->need_count; i++)
		rc = look_up(judge, &p->needs[i], err);
	if (rc == BN_OK && p->of.ref.key != NULL)
		rc = look_up(judge, &p->of, err);
	if (rc != BN_OK)
		return rc;
	if (!is_judged(p)) {
		out->entity.status = BN_PAUSED;
		return BN_OK;
	}
	for (size_t i = 0; rc == BN_OK && i < p->objective_count; i++)
		rc = bn_objective_judge(judge, &p->objectives[i], &records[i], err);
	out->objective_count = p->objective_count;
	if (rc == BN_OK)
		conclude(judge, p, records, &out->entity);
	return rc;
}

/* No shorter than the rhythm of the sources: nothing new is known before. */
static int64_t
interval_of(sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	int64_t interval = LEAST_INTERVAL;

	if (sqlite3_prepare_v2(db,
			       "SELECT max(interval_ms) FROM source WHERE configured_at IS NOT NULL"
			       " AND NOT disabled AND type <> '" BN_PRODUCT_SOURCE "'",
			       -1, &row, NULL) != SQLITE_OK)
		return interval;
	if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_int64(row, 0) > interval)
		interval = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return interval;
}

int
bn_products_run(struct bn_products *products, struct bn_error *err)
{
	struct bn_judge judge = {.db = bn_reader_db(products->reader)};
	struct bn_product_record *records = bn_xcalloc(products->count + 1, sizeof(*records));
	int rc = BN_OK;

	judge.now = bn_reader_now(products->reader);
	judge.arena = bn_arena_new();
	bn_reader_set_now(products->reader, judge.now);
	for (size_t i = 0; rc == BN_OK && i < products->count; i++)
		rc = judge_product(&judge, &products->products[i], &records[i], err);
	if (rc == BN_OK)
		rc = bn_writer_products(products->writer, products->origin, interval_of(judge.db),
					judge.now, records, products->count, err);
	bn_reader_set_now(products->reader, 0);
	bn_arena_free(judge.arena);
	free(records);
	return rc;
}
