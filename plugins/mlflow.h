/* mlflow.h - what the parts of the MLflow plugin share. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_PLUGINS_MLFLOW_H
#define BN_PLUGINS_MLFLOW_H

#include <sys/types.h>

#include "binnacle/plugin.h"

enum mlflow_request {
	MLFLOW_MODELS,
	MLFLOW_VERSIONS,
	MLFLOW_MODEL,
	MLFLOW_VERSION,
	MLFLOW_EXPERIMENTS,
	MLFLOW_RUNS,
	MLFLOW_RUN,
	MLFLOW_MLMODEL,
	MLFLOW_ABOUT,
};

/* What one page asks for. Registries answer at most 1000 models a page and say INVALID_PARAMETER_VALUE
 * to more; Databricks' answer fewer. */
#define MLFLOW_PAGE	     100
#define MLFLOW_PAGES_AT_MOST 2000

/* One lane's state. */
struct mlflow {
	bool single;	      /* the list of models fitted one page last time */
	bn_time read_whole;   /* when the versions were last read to the end */
	char *experiments;    /* JSON array of experiment ids, or NULL; malloc'd */
	char runs_error[200]; /* why training runs can't be read; "" for none */
};

/* A version as it is gathered: the registry's item, then its training run. Strings live as long as
 * the call. */
struct mlflow_version {
	struct bn_model_version v;
	bool wanted; /* its run has to be read */
	bool open;   /* its run had not ended */
	bn_time updated;
	const char *tag_list[2 * 64 + 1], *param_list[2 * 128 + 1];
	struct {
		const char *name;
		double value;
		bn_time at;
	} metric[128];
	size_t metrics;
};

/* Fills `out` from a model version's JSON; BN_EPARSE when it can't be named. */
int mlflow_read_version(struct bn_source *s, struct bn_json item, struct mlflow_version *out,
			struct bn_error *err);
/* Fills and hands over what a [model] section and the registry say of a model. */
int mlflow_add_model(struct bn_source *s, struct bn_batch *batch, struct bn_json item,
		     struct bn_error *err);
void mlflow_add_version(struct bn_batch *batch, struct mlflow_version *version);
/* A tag's value in a list of {key, value}, or NULL. */
const char *mlflow_tag(struct bn_json tags, const char *key);

/* mlflow_poll.c */
int mlflow_poll(struct bn_source *s, struct bn_batch *batch, struct bn_error *err);
/* mlflow_runs.c. Reads the training runs of those of `count` versions that want theirs read. */
int mlflow_read_runs(struct bn_source *s, struct mlflow_version *versions, size_t count,
		     struct bn_error *err);
/* The signature of a logged model ("m-…"), as JSON, or NULL. */
const char *mlflow_signature(struct bn_source *s, const char *logged_model);
int mlflow_detail(struct bn_source *s, const struct bn_ref *ref, struct bn_batch *batch,
		  struct bn_error *err);

#endif
