/* builtin.c - the plugins that are linked in: adding one is two lines here. */
/* SPDX-License-Identifier: MIT */
#include "builtin.h"

extern const struct bn_plugin bn_plugin_airflow;
extern const struct bn_plugin bn_plugin_alertmanager;
extern const struct bn_plugin bn_plugin_argo_workflows;
extern const struct bn_plugin bn_plugin_exec;
extern const struct bn_plugin bn_plugin_http;
extern const struct bn_plugin bn_plugin_mlflow;
extern const struct bn_plugin bn_plugin_prometheus;
extern const struct bn_plugin bn_plugin_redis;

const struct bn_plugin *const bn_builtin_plugins[] = {
    &bn_plugin_argo_workflows, &bn_plugin_airflow,	&bn_plugin_http,
    &bn_plugin_prometheus,     &bn_plugin_alertmanager, &bn_plugin_redis,
    &bn_plugin_mlflow,	       &bn_plugin_exec,		NULL,
};
