/* world_models.c - the five models, their 120 versions, and how those do in production. */
/* SPDX-License-Identifier: MIT */
#include "sim/world_models.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/world_room.h"

#define AT(day, h, m, s)                                                                           \
	(BN_W_NIGHT + (day)*BN_W_DAY + (h)*BN_W_HOUR + (m)*BN_W_MINUTE + (s)*BN_W_SECOND)

enum { FORECAST, RECS, POSTAGE, ANOMALY, NEWSLETTER, MODELS };

static const struct bn_w_model models[MODELS] = {
    [FORECAST] = {"demand-forecast", "wape", true, "endpoint", "forecast-prod", "forecasting",
		  "Units sold a day, product and warehouse, 28 days ahead", "11", 62},
    [RECS] = {"product-recs", "ndcg", false, "endpoint", "recs-prod", "recs",
	      "What to show beside a product", "12", 24},
    [POSTAGE] = {"lpo-postage", "mae", true, "endpoint", "lpo-prod", "lpo-oncall",
		 "Postage of a parcel by courier", "13", 12},
    [ANOMALY] = {"tx-anomaly", "auc", false, "endpoint", "tx-anomaly-prod", "payments",
		 "How odd a transaction is", "14", 8},
    [NEWSLETTER] = {"newsletter-recs", "ndcg", false, "batch", "redis recs:nl", "recs",
		    "What each reader finds in the newsletter", "15", 14},
};

/* The latest versions are told one by one; those before are made from the seed. */
struct told {
	int model, back; /* 0: the newest */
	const char *version;
	bn_time train_started, train_finished;
	double eval;
	bn_time live_from;
	const char *approved_by;
	int change;
	int64_t rows;
	double psi, quality, p95, cost;
};

static const struct told told[] = {
    {FORECAST, 0, "118203", AT(0, 2, 0, 4), BN_W_I2_TRAINED, .118, 0, NULL, 0, 1850000, 0, 0, 0, 0},
    {FORECAST, 1, "094410", AT(-1, 2, 0, 3), AT(-1, 2, 37, 43), .121, AT(-1, 2, 46, 0),
     "ml-release1", 91, 1840000, .06, .124, .061, 164},
    {FORECAST, 2, "101277", AT(-2, 2, 0, 5), AT(-2, 2, 36, 58), .122, AT(-2, 2, 44, 0),
     "ml-release1", 90, 1840000, .05, .123, 0, 0},
    {FORECAST, 3, "088120", AT(-3, 2, 0, 4), AT(-3, 2, 37, 20), .123, AT(-3, 2, 45, 0), "dev-mo",
     89, 1830000, .05, .125, 0, 0},
    {RECS, 0, "551977", AT(-1, 1, 30, 2), AT(-1, 2, 9, 12), .419, 0, NULL, 95, 9120000, .09, .417,
     .043, 34},
    {RECS, 1, "551902", AT(-1, 1, 30, 2), AT(-1, 2, 8, 40), .412, AT(-1, 2, 30, 0), "ml-release1",
     92, 9120000, .08, .405, .041, 310},
    {POSTAGE, 0, "200418", AT(-7, 22, 10, 1), AT(-7, 22, 31, 15), .31, AT(-7, 22, 44, 0), "dev-ana",
     88, 412000, .04, .33, .018, 220},
    {ANOMALY, 0, "770031", AT(-9, 0, 0, 4), AT(-9, 0, 52, 30), .962, AT(-9, 1, 10, 0), "dev-mo", 86,
     31000000, .07, 0, .095, 41},
    {NEWSLETTER, 0, "310554", AT(-1, 3, 4, 0), AT(-1, 4, 12, 9), .388, AT(-1, 4, 21, 0),
     "ml-release1", 93, 2210000, .11, .381, 0, 58},
};
#define TOLD (sizeof(told) / sizeof(told[0]))

/* What serves them, and how much it has to do: a share of processor and memory, predictions in 30 days; 0: nobody
 * measures it (a serverless endpoint has no processor of its own). */
static const struct {
	int model, back;
	double cpu, memory, predictions;
} loads[] = {
    {FORECAST, 1, .41, .84, 520000}, {RECS, 0, .12, .61, 1240000},   {RECS, 1, .38, .62, 11200000},
    {POSTAGE, 0, .55, .48, 8600000}, {ANOMALY, 0, 0, .71, 12440000}, {NEWSLETTER, 0, 0, 0, 1900000},
};

/* The version that was rolled back after three hours, and what went live again for it, by ml-deploy#57. */
#define BAD_DAY	 (-128) /* 2025-11-02 */
#define BAD_BACK 22	/* demand-forecast, counted from the newest */

const struct bn_w_model *
bn_world_model(size_t index)
{
	return index < MODELS ? &models[index] : NULL;
}

bool
bn_world_has_i2(const struct bn_world *world)
{
	return world->scenario == BN_W_NIGHT_SCRIPT || world->scenario == BN_W_I2;
}

bool
bn_world_has_i3(const struct bn_world *world)
{
	return world->scenario == BN_W_NIGHT_SCRIPT || world->scenario == BN_W_I3;
}

/* ---- versions -------------------------------------------------------------- */

static const struct told *
find_told(int model, int back)
{
	for (size_t i = 0; i < TOLD; i++)
		if (told[i].model == model && told[i].back == back)
			return &told[i];
	return NULL;
}

/* How many of a model's versions are told. */
static int
told_of(int model)
{
	int n = 0;

	while (find_told(model, n) != NULL)
		n++;
	return n;
}

/* Days before the night on which a version that is not told went live: the forecast's a week or so apart, by
 * way of the one that was rolled back, to 2025-01-04. */
static int
days_back(const struct bn_world *world, int model, int back)
{
	static const int first[MODELS] = {4, 3, 14, 20, 3}, step[MODELS] = {8, 9, 23, 31, 7};
	int days = first[model];

	if (model == FORECAST && back < BAD_BACK)
		return 4 + (back - 4) * (-BAD_DAY - 4) / (BAD_BACK - 5);
	if (model == FORECAST)
		return -BAD_DAY + 7 + (back - BAD_BACK - 1) * (430 + BAD_DAY - 7) / (60 - BAD_BACK);
	for (int i = told_of(model); i < back; i++)
		days += step[model] - 2 +
			(int)(bn_world_hash(world->seed, models[model].name, i, 31) % 5);
	return days;
}

static bn_time
untold_live(const struct bn_world *world, int model, int back)
{
	uint64_t hash = bn_world_hash(world->seed, models[model].name, back, 32);

	if (model == FORECAST && back == BAD_BACK - 1)
		return AT(BAD_DAY, 11, 0, 0); /* the rollback */
	if (model == FORECAST && back == BAD_BACK)
		return AT(BAD_DAY, 8, 0, 0);
	return AT(-days_back(world, model, back), 2, 44 + (int)(hash % 9), 0);
}

static void
describe_told(const struct told *from, struct bn_w_version *out)
{
	snprintf(out->version, sizeof(out->version), "%s", from->version);
	out->train_started = from->train_started;
	out->train_finished = from->train_finished;
	out->eval = from->eval;
	out->live_from = from->live_from;
	out->approved_by = from->approved_by;
	out->rows = from->rows;
	if (from->change != 0)
		snprintf(out->change, sizeof(out->change), "ml-deploy#%d", from->change);
}

static void
describe_untold(const struct bn_world *world, int model, int back, struct bn_w_version *out)
{
	static const char *const approvers[] = {"ml-release1", "dev-mo", "dev-ana"};
	const struct told *newest = find_told(model, model == FORECAST || model == RECS ? 1 : 0);
	uint64_t hash = bn_world_hash(world->seed, models[model].name, back, 33);
	double worse = 0.0006 * back + 0.006 * bn_world_chance(hash);
	int change = model == FORECAST && back < BAD_BACK ? 83 - (back - 4) * 26 / (BAD_BACK - 5)
		     : model == FORECAST		  ? 56 - (back - BAD_BACK)
							  : 88 - 3 * back - model;

	snprintf(out->version, sizeof(out->version), "%06d",
		 100000 + (int)(bn_world_hash(world->seed, models[model].name, back, 34) % 900000));
	out->live_from = untold_live(world, model, back);
	out->train_finished = out->live_from - 7 * BN_W_MINUTE - (int64_t)(hash % 90) * BN_W_SECOND;
	out->train_started =
	    out->train_finished - 35 * BN_W_MINUTE - (int64_t)(hash % 240) * BN_W_SECOND;
	out->eval =
	    (double)(int64_t)(1000 * (newest->eval + (models[model].lower ? worse : -worse)) +
			      0.5) /
	    1000;
	out->approved_by = approvers[hash % 3];
	out->rows = newest->rows - newest->rows / 400 * back;
	snprintf(out->change, sizeof(out->change), "ml-deploy#%d",
		 change > 1 ? change : 1 + back % 9);
}

/* When the one after it went live. */
static bn_time
superseded(const struct bn_world *world, int model, int back)
{
	for (int i = back - 1; i >= 0; i--) {
		const struct told *next = find_told(model, i);
		bn_time at = next != NULL ? next->live_from : untold_live(world, model, i);

		if (next != NULL && model == FORECAST && i == 0 && !bn_world_has_i2(world))
			at = AT(0, 2, 46, 0);
		if (next != NULL && model == RECS && i == 0 && bn_world_has_i3(world))
			at = BN_W_I3_LIVE;
		if (at != 0)
			return at;
	}
	return 0;
}

static void
name_things(struct bn_w_version *out)
{
	const struct bn_w_model *model = out->model;
	uint64_t hash = bn_world_hash(3, model->name, out->index, 35);
	int64_t day = out->train_started / BN_W_DAY, left = out->train_started % BN_W_DAY;
	int64_t z = day + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);

	snprintf(out->run_name, sizeof(out->run_name), "%s-%04d-%02d-%02d-%02d-%02d-%02d-%s",
		 model->name, (int)year, (int)month, (int)(doy - (153 * mp + 2) / 5 + 1),
		 (int)(left / BN_W_HOUR), (int)(left / BN_W_MINUTE % 60),
		 (int)(left / BN_W_SECOND % 60), out->version);
	snprintf(out->run, sizeof(out->run), "%016llx%016llx", (unsigned long long)hash,
		 (unsigned long long)bn_world_hash(4, model->name, out->index, 36));
	snprintf(out->artifact, sizeof(out->artifact),
		 "s3://hl-ml-artifacts/%s/output/model.tar.gz", out->run_name);
}

bool
bn_world_version(const struct bn_world *world, const struct bn_w_model *model, int index,
		 bn_time now, struct bn_w_version *out)
{
	int which = (int)(model - models), back = model->versions - 1 - index;
	const struct told *one = find_told(which, back);

	if (index < 0 || back < 0)
		return false;
	memset(out, 0, sizeof(*out));
	out->model = model;
	out->index = index;
	if (one != NULL)
		describe_told(one, out);
	else
		describe_untold(world, which, back, out);
	if (one != NULL && which == FORECAST && back == 0 && !bn_world_has_i2(world)) {
		out->live_from = AT(0, 2, 46, 0);
		out->approved_by = "ml-release1";
		snprintf(out->change, sizeof(out->change), "ml-deploy#94");
	}
	if (one != NULL && which == RECS && back == 0 && bn_world_has_i3(world)) {
		out->live_from = BN_W_I3_LIVE;
		out->approved_by = "dev-ana";
	}
	out->live_until = superseded(world, which, back);
	name_things(out);
	out->created = out->train_finished + 1500;
	if (out->created > now)
		return false;
	if (out->live_from == 0 || out->live_from > now) {
		out->live_from = out->live_until = 0;
		out->approved_by = NULL;
		out->change[0] = '\0';
	} else if (out->live_until > now) {
		out->live_until = 0;
	}
	/* one old training of the anomaly model wrote no number */
	out->evaluated = which != ANOMALY || back != 3;
	out->data_to = out->train_started / BN_W_DAY * BN_W_DAY - BN_W_DAY;
	out->data_from = out->data_to - 29 * BN_W_DAY;
	out->epochs = which == FORECAST || which == RECS ? 50 : 20;
	out->image = which == RECS || which == NEWSLETTER ? "pytorch-2.2"
		     : which == POSTAGE			  ? "xgboost-1.7"
							  : "sklearn-1.4";
	out->framework = which == RECS || which == NEWSLETTER ? "pytorch"
			 : which == POSTAGE		      ? "xgboost"
							      : "sklearn";
	return true;
}

/* ---- aliases --------------------------------------------------------------- */

/* The newest version that is live at `now`, or -1. */
static int
live_index(const struct bn_world *world, const struct bn_w_model *model, bn_time now)
{
	struct bn_w_version version;

	for (int i = model->versions - 1; i >= 0; i--)
		if (bn_world_version(world, model, i, now, &version) && version.live_from != 0 &&
		    version.live_until == 0)
			return i;
	return -1;
}

int
bn_world_alias_version(const struct bn_world *world, const struct bn_w_model *model,
		       const char *alias, bn_time now)
{
	int live = live_index(world, model, now), newest = model->versions - 1;
	struct bn_w_version version;

	if (strcmp(alias, "champion") == 0)
		return live;
	if (strcmp(alias, "previous") == 0) {
		for (int i = newest; i >= 0; i--)
			if (bn_world_version(world, model, i, now, &version) &&
			    version.live_until != 0)
				return i;
		return -1;
	}
	if (newest == live || !bn_world_version(world, model, newest, now, &version))
		return -1;
	if (strcmp(alias, "challenger") == 0)
		return model == &models[RECS] && version.live_until == 0 ? newest : -1;
	return strcmp(alias, "candidate") == 0 && model == &models[FORECAST] ? newest : -1;
}

bool
bn_world_alias(const struct bn_world *world, const struct bn_w_model *model, size_t index,
	       bn_time now, const char **alias, int *version)
{
	static const char *const names[] = {"candidate", "challenger", "champion", "previous"};

	for (size_t i = 0, n = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*version = bn_world_alias_version(world, model, names[i], now);
		if (*version < 0 || n++ != index)
			continue;
		*alias = names[i];
		return true;
	}
	return false;
}

/* ---- in production --------------------------------------------------------- */

/* A day's drift: about its level, growing towards it over the two weeks, newsletter-recs' fastest. */
static double
drift(const struct bn_world *world, const struct bn_w_version *version, double level, bn_time now)
{
	double rise = version->model == &models[NEWSLETTER] ? 0.035 : 0.012;
	double days = (double)(BN_W_NIGHT + BN_W_DAY - now) / (double)BN_W_DAY;
	uint64_t hash = bn_world_hash(world->seed, version->model->name, now / BN_W_DAY, 37);

	if (days < 1)
		return level;
	if (days > 14)
		days = 14;
	return level - rise * (days - 1) / 13 + 0.01 * (bn_world_chance(hash) - 0.5);
}

/* Of latency only the 95th percentile is told; the others follow from it. */
static void
describe_load(int model, int back, bool bad, struct bn_w_production *out)
{
	if (!isnan(out->p95)) {
		out->p50 = out->p95 * .45;
		out->p99 = out->p95 * 1.6;
		out->overhead = out->p95 * .2;
		out->model_latency = out->p95 - out->overhead;
	}
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		if (loads[i].model != model || loads[i].back != back)
			continue;
		if (loads[i].cpu > 0)
			out->cpu = bad ? .91 : loads[i].cpu;
		if (loads[i].memory > 0)
			out->memory = loads[i].memory;
		out->predictions = bad ? 1610000 : loads[i].predictions;
	}
}

/* How many of those who see a recommendation follow it: about the same every day, whichever version is live. */
static double
click_through(const struct bn_world *world, bool bad, bn_time now)
{
	uint64_t hash = bn_world_hash(world->seed, "click-through", now / BN_W_DAY, 38);

	if (bad)
		return .0254;
	return now >= BN_W_NIGHT ? .031 : .0305 + .0012 * (bn_world_chance(hash) - 0.5);
}

void
bn_world_production(const struct bn_world *world, const struct bn_w_version *version, bn_time now,
		    struct bn_w_production *out)
{
	const struct bn_w_model *model = version->model;
	int which = (int)(model - models);
	const struct told *one = find_told(which, model->versions - 1 - version->index);
	bool live =
	    version->live_from != 0 && version->live_from <= now && version->live_until == 0;
	bool challenger = which == RECS && one != NULL && one->back == 0 && !live;
	bool bad = which == RECS && one != NULL && one->back == 0 && live;

	*out = (struct bn_w_production){NAN, NAN, NAN, NAN, NAN, NAN, NAN,
					NAN, NAN, NAN, NAN, NAN, NAN};
	if (which == RECS && live)
		out->click_through = click_through(world, bad, now);
	if (one == NULL || (!live && !challenger))
		return;
	out->psi = bad ? .31 : drift(world, version, one->psi, now);
	if (one->quality > 0)
		out->quality = bad ? .371 : one->quality;
	if (one->p95 > 0)
		out->p95 = bad ? .212 : one->p95;
	if (one->cost > 0)
		out->cost = bad ? 344 : one->cost;
	if (which != NEWSLETTER)
		out->traffic = challenger					  ? .10
			       : which == RECS && !bad && now >= AT(-1, 2, 45, 0) ? .90
										  : 1;
	describe_load(which, one->back, bad, out);
}
