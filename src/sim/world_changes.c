/* world_changes.c - the repositories that define the pipelines and APIs, and what people merged. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "sim/world_room.h"

static const char *const repos[] = {"transform-dbt", "pipelines-meltano", "workflows-argo",
				    "k8s-apps",	     "infra-tf",	  NULL};
enum { DBT, MELTANO, ARGO, APPS, INFRA, REPOS };
#define EVERYDAY INFRA /* those before it are changed every day */

const char *
bn_world_repo(size_t index)
{
	return index < REPOS ? repos[index] : NULL;
}

const char *
bn_world_repo_called(const char *repo)
{
	return strcmp(repo, repos[DBT]) == 0	   ? "dbt"
	       : strcmp(repo, repos[MELTANO]) == 0 ? "meltano"
						   : repo;
}

bool
bn_world_repo_on_gitlab(const char *repo)
{
	return strcmp(repo, repos[DBT]) == 0 || strcmp(repo, repos[MELTANO]) == 0;
}

/* ---- files ----------------------------------------------------------------- */

static void
model_text(const struct bn_world *world, int index, char *text, size_t size)
{
	const struct bn_w_node *node = &world->node[index];
	size_t used;
	int i;

	if (index == 0) { /* the one that dbt!2207 changes */
		snprintf(
		    text, size,
		    "{{ config(materialized='incremental', unique_key='payment_id') }}\n\nselect\n"
		    "  payment_id,\n  order_id,\n  amount,\n  round(fee_amount, 2) as fee_amount,\n"
		    "  captured_at\nfrom {{ source('raw', 'payments_ledger') }}\n");
		return;
	}
	used = (size_t)snprintf(text, size, "{{ config(materialized='%s') }}\n\nselect *\n",
				node->depth == 1 ? "incremental" : "table");
	for (i = 0; i < node->depend_count && used < size; i++)
		used +=
		    (size_t)snprintf(text + used, size - used, "%s {{ ref('%s') }}\n",
				     i == 0 ? "from" : "join", world->node[node->depends[i]].name);
	if (node->depend_count == 0)
		snprintf(text + used, size - used, "from {{ source('raw', '%s') }}\n",
			 node->name + 4);
}

static bool
dbt_file(const struct bn_world *world, size_t index, char *path, char *text)
{
	if (index == BN_W_DBT_NODES) {
		snprintf(path, 160, "dbt_project.yml");
		snprintf(text, BN_W_FILE_TEXT,
			 "name: harbourline\nversion: '1.0'\nmodel-paths: [models]\n");
		return true;
	}
	if (index > BN_W_DBT_NODES)
		return false;
	snprintf(path, 160, "models/%s/%s.%s", world->node[index].layer, world->node[index].name,
		 world->node[index].python ? "py" : "sql");
	if (world->node[index].python)
		snprintf(text, BN_W_FILE_TEXT,
			 "def model(dbt, session):\n    dbt.config(materialized='table')\n"
			 "    return dbt.ref('%s')\n",
			 world->node[world->node[index].depends[0]].name);
	else
		model_text(world, (int)index, text, BN_W_FILE_TEXT);
	return true;
}

static const struct bn_w_pipeline *
nth(size_t index, bool dags)
{
	size_t i;

	for (i = 0; bn_w_pipelines[i].name != NULL; i++) {
		if ((bn_w_pipelines[i].engine != BN_W_ARGO) == dags && index-- == 0)
			return &bn_w_pipelines[i];
	}
	return NULL;
}

static bool
argo_file(size_t index, char *path, char *text)
{
	static const char *const templates[] = {"dbt-build", "meltano-ingest"};
	const struct bn_w_pipeline *pipeline = nth(index, false);
	size_t i, count;

	if (pipeline != NULL) {
		snprintf(path, 160, "%s", pipeline->definition);
		snprintf(
		    text, BN_W_FILE_TEXT,
		    "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata:\n  name: %s\n"
		    "  namespace: orch\n  labels:\n    team: %s\n  annotations:\n"
		    "    binnacle/idempotence: %s\n    binnacle/owner: %s\n"
		    "    binnacle/definition: %s\nspec:\n  schedules:\n    - \"%s\"\n"
		    "  concurrencyPolicy: Forbid\n  suspend: %s\n  workflowSpec:\n"
		    "    workflowTemplateRef:\n      name: %s\n",
		    pipeline->name, pipeline->owner, pipeline->idempotence, pipeline->owner,
		    pipeline->definition, pipeline->cron, pipeline->suspended ? "true" : "false",
		    pipeline->work == BN_W_DBT ? templates[0] : templates[1]);
		return true;
	}
	for (count = 0; nth(count, false) != NULL; count++)
		;
	i = index - count;
	if (i > 1)
		return false;
	snprintf(path, 160, "templates/%s.yaml", templates[i]);
	snprintf(text, BN_W_FILE_TEXT,
		 "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata:\n  name: %s\n"
		 "  namespace: orch\nspec:\n  entrypoint: main\n",
		 templates[i]);
	return true;
}

static bool
meltano_file(size_t index, char *path, char *text)
{
	const struct bn_w_pipeline *pipeline;
	size_t i, seen = 0;

	for (i = 0; bn_w_pipelines[i].name != NULL; i++) {
		pipeline = &bn_w_pipelines[i];
		if (pipeline->work == BN_W_DBT || seen++ != index)
			continue;
		if (pipeline->work == BN_W_DAG) {
			snprintf(path, 160, "%s", pipeline->definition);
			snprintf(text, BN_W_FILE_TEXT,
				 "from airflow.sdk import DAG\n\ndag = DAG(\n    \"%s\",\n    "
				 "schedule=\"%s\",\n"
				 "    tags=[\"group:ingestion\", \"%s\"],\n)\n",
				 pipeline->name, pipeline->cron, pipeline->idempotence);
			return true;
		}
		snprintf(path, 160, "extract/%s.meltano.yml", pipeline->name);
		snprintf(text, BN_W_FILE_TEXT,
			 "plugins:\n  extractors:\n    - name: tap-%s\n      config:\n        "
			 "batch_size: 5000\n",
			 pipeline->name);
		return true;
	}
	return false;
}

static bool
apps_file(size_t index, char *path, char *text)
{
	const struct bn_w_api *api = bn_world_api(index);

	if (api == NULL)
		return false;
	snprintf(path, 160, "apps/%s/deployment.yaml", api->app);
	snprintf(
	    text, BN_W_FILE_TEXT,
	    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n"
	    "  replicas: %d\n  selector:\n    matchLabels:\n      app: %s\n  template:\n    spec:\n"
	    "      containers:\n        - name: api\n          image: "
	    "registry.harbourline.example/%s:%s\n",
	    api->name, api->app, strcmp(api->name, "api-lpo-quote") == 0 ? 3 : api->replicas,
	    api->name, api->name, api->image);
	return true;
}

/* The Flink application that makes windows of the transactions, and what surrounds it. */
static bool
infra_file(size_t index, char *path, char *text)
{
	if (index == 0) {
		snprintf(path, 160, "%s", BN_W_FLINK_FILE);
		snprintf(text, BN_W_FILE_TEXT,
			 "resource \"aws_kinesisanalyticsv2_application\" \"tx_agg_1m\" {\n"
			 "  name                = \"tx-agg-1m\"\n"
			 "  runtime_environment = \"FLINK-1_18\"\n\n"
			 "  parallelism_configuration {\n    parallelism = 1\n  }\n}\n");
		return true;
	}
	if (index > 1)
		return false;
	snprintf(path, 160, "streams/kinesis.tf");
	snprintf(text, BN_W_FILE_TEXT,
		 "resource \"aws_kinesis_stream\" \"tx_ingest\" {\n  name        = \"tx-ingest\"\n"
		 "  shard_count = 1\n}\n\n"
		 "resource \"aws_kinesis_stream\" \"tx_delivery\" {\n  name        = "
		 "\"tx-delivery\"\n  shard_count = 1\n}\n");
	return true;
}

bool
bn_world_file(const struct bn_world *world, const char *repo, size_t index, char path[160],
	      char text[BN_W_FILE_TEXT])
{
	if (strcmp(repo, repos[DBT]) == 0)
		return dbt_file(world, index, path, text);
	if (strcmp(repo, repos[MELTANO]) == 0)
		return meltano_file(index, path, text);
	if (strcmp(repo, repos[ARGO]) == 0)
		return argo_file(index, path, text);
	if (strcmp(repo, repos[INFRA]) == 0)
		return infra_file(index, path, text);
	return apps_file(index, path, text);
}

/* ---- changes --------------------------------------------------------------- */

/* Those the night's story names; times from midnight. */
static const struct {
	int repo, number;
	const char *title, *author;
	int64_t at; /* ms from BN_W_NIGHT */
	const char *path, *from, *to;
} told[] = {
    {APPS, 409, "replicas 3→4", "p.duarte", -2 * BN_W_DAY + 10 * BN_W_HOUR + 14 * BN_W_MINUTE,
     "apps/lpo-quote/deployment.yaml", "  replicas: 3\n",
     "  replicas: 4        # 3→4 in #409, Black Friday rehearsal\n"},
    {MELTANO, 388, "courier B: new rate column", "a.novak",
     -1 * BN_W_DAY + 18 * BN_W_HOUR + 7 * BN_W_MINUTE + 41000,
     "extract/ing-courier-b-rates.meltano.yml", NULL, NULL},
    {APPS, 415, "bump limits docs", "t.brandt",
     -1 * BN_W_DAY + 22 * BN_W_HOUR + 5 * BN_W_MINUTE + 12000, "apps/lpo-quote/deployment.yaml",
     NULL, NULL},
    {DBT, 2207, "fee rounding to 8 places", "dev-mo", BN_W_DBT_2207 - BN_W_NIGHT,
     "models/staging/stg_payments.sql", "round(fee_amount, 2) as fee_amount",
     "round(fee_amount_8, 8) as fee_amount"},
    {INFRA, 77, "flink parallelism 1→2", "d.rossi", 3 * BN_W_HOUR + 27 * BN_W_MINUTE,
     BN_W_FLINK_FILE, "    parallelism = 1\n", "    parallelism = 2\n"},
    {MELTANO, 389, "ads: attribution window of 7 days", "a.novak",
     3 * BN_W_HOUR + 31 * BN_W_MINUTE + 20000, "extract/ing-ads-google.meltano.yml", NULL, NULL},
};
#define TOLD (sizeof(told) / sizeof(told[0]))
#define BACKGROUND                                                                                 \
	58 /* with the told ones of before the night: 63 in all, less those of other repositories  \
	    */

/* Everyday changes, about one a day and a quarter, the last three days before the night. */
static void
everyday(const struct bn_world *world, size_t index, struct bn_w_change *out)
{
	static const char *const authors[] = {"dev-mo", "a.novak", "t.brandt", "d.rossi",
					      "p.duarte"};
	static const char *const titles[] = {"tidy",
					     "describe the columns of",
					     "raise the batch size of",
					     "retry less often in",
					     "pin the image of",
					     "rename a column in",
					     "document",
					     "speed up"};
	static const int last_number[EVERYDAY] = {2206, 387, 61, 408};
	uint64_t hash = bn_world_hash(world->seed, "change", (int64_t)index, 0);
	int repo = (int)(hash % EVERYDAY), after = 0;
	char path[160], text[BN_W_FILE_TEXT];
	size_t i, files;

	for (i = index + 1; i < BACKGROUND; i++)
		after +=
		    (int)(bn_world_hash(world->seed, "change", (int64_t)i, 0) % EVERYDAY) == repo;
	for (files = 0; bn_world_file(world, repos[repo], files, path, text); files++)
		;
	bn_world_file(world, repos[repo], (size_t)(hash / 8 % files), path, text);
	memset(out, 0, sizeof(*out));
	out->repo = repos[repo];
	out->number = last_number[repo] - after;
	out->author = authors[hash / 16 % 5];
	snprintf(out->path, sizeof(out->path), "%s", path);
	snprintf(out->title, sizeof(out->title), "%s %.50s", titles[hash / 128 % 8],
		 strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1);
	out->at = BN_W_NIGHT - 75 * BN_W_DAY + (bn_time)index * 72 * BN_W_DAY / BACKGROUND +
		  (bn_time)(hash / 1024 % (uint64_t)(20 * BN_W_HOUR)) / 1000 * 1000;
}

bool
bn_world_change(const struct bn_world *world, size_t index, struct bn_w_change *out)
{
	size_t i;

	if (index < BACKGROUND) {
		everyday(world, index, out);
		return true;
	}
	index -= BACKGROUND;
	/* what makes Flink restart is only merged where that happens */
	for (i = 0; i <= index && i < TOLD; i++)
		if (told[i].repo == INFRA && !bn_world_flink_updated(world)) {
			index++;
			break;
		}
	if (index >= TOLD)
		return false;
	memset(out, 0, sizeof(*out));
	out->repo = repos[told[index].repo];
	out->number = told[index].number;
	snprintf(out->title, sizeof(out->title), "%s", told[index].title);
	out->author = told[index].author;
	out->at = BN_W_NIGHT + told[index].at;
	snprintf(out->path, sizeof(out->path), "%s", told[index].path);
	out->from = told[index].from;
	out->to = told[index].to;
	return true;
}
