/* sim_config.c - the demo's logins, and the configuration that points binnacle at its faces. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sim/facts.h"
#include "sim/sim_room.h"

int
bn_sim_make_logins(struct bn_sim *sim, struct bn_error *err)
{
	char *secrets = bn_xasprintf("%s/secrets", sim->dir);
	int rc = bn_sim_make_dir(secrets, err), i;

	for (i = 0; i < NAMES; i++) {
		memcpy(sim->login[i].user, "binnacle", 9);
		bn_uuid_hex(sim->login[i].token);
		bn_uuid_hex(sim->login[i].password);
		atomic_init(&sim->login[i].issued, 0);
		atomic_init(&sim->login[i].used, 0);
	}
	if (rc == BN_OK)
		rc = bn_sim_write_file(sim, "secrets/argo-prod", sim->login[ARGO].token, err);
	if (rc == BN_OK)
		rc = bn_sim_write_file(sim, "secrets/airflow-legacy", sim->login[AIRFLOW2].password,
				       err);
	if (rc == BN_OK)
		rc = bn_sim_write_file(sim, "secrets/airflow-ml", sim->login[AIRFLOW3].password,
				       err);
	if (rc == BN_OK)
		rc = bn_sim_write_file(sim, "secrets/recs", sim->login[REDIS].password, err);
	if (rc == BN_OK)
		rc = bn_sim_write_file(sim, "secrets/mlflow", sim->login[MLFLOW].token, err);
	free(secrets);
	return rc;
}

static void
configure_sources(const struct bn_sim *sim, struct bn_buf *out)
{
	bn_buf_addf(out,
		    "[source \"argo-prod\"]\n\ttype = argo-workflows\n\turl = http://127.0.0.1:%d\n"
		    "\tnamespace = " BN_FACE_NAMESPACE
		    "\n\ttoken-file = %s/secrets/argo-prod\n\tinterval = 10s\n\tactions = retry\n",
		    bn_web_port(sim->web[ARGO]), sim->dir);
	bn_buf_addf(
	    out,
	    "[source \"airflow-legacy\"]\n\ttype = airflow\n\turl = http://127.0.0.1:%d\n"
	    "\tuser = binnacle\n\tpassword-file = %s/secrets/airflow-legacy\n\tinterval = 15s\n"
	    "\tactions = retry\n",
	    bn_web_port(sim->web[AIRFLOW2]), sim->dir);
	bn_buf_addf(out,
		    "[source \"airflow-ml\"]\n\ttype = airflow\n\turl = http://127.0.0.1:%d\n"
		    "\tuser = binnacle\n\tpassword-file = %s/secrets/airflow-ml\n\tinterval = 15s\n"
		    "\tactions = retry\n",
		    bn_web_port(sim->web[AIRFLOW3]), sim->dir);
	bn_buf_addf(out,
		    "[source \"prom\"]\n\ttype = prometheus\n\turl = "
		    "http://127.0.0.1:%d\n\tinterval = 15s\n",
		    bn_web_port(sim->web[PROMETHEUS]));
	bn_buf_addf(out,
		    "[source \"alerts\"]\n\ttype = alertmanager\n\turl = "
		    "http://127.0.0.1:%d\n\tinterval = 15s\n\tpeers = 2\n",
		    bn_web_port(sim->web[ALERTMANAGER]));
	bn_buf_addf(out,
		    "[source \"recs\"]\n\ttype = redis\n\turl = redis://127.0.0.1:%d\n"
		    "\tuser = binnacle\n\tpassword-file = %s/secrets/recs\n\tinterval = 15s\n",
		    bn_wire_port(sim->redis), sim->dir);
	bn_buf_adds(out, "[key \"recs:prod\"]\n\ttimestamp = field written\n\tunit = products\n"
			 "\tassert = age < 1h\n\tassert = rows >= 4000\n\towner = recs\n"
			 "[key \"recs:nl\"]\n\ttimestamp = key recs:nl:written\n"
			 "\tunit = subscribers\n\tassert = age < 25h\n\tassert = ttl > 12h\n"
			 "\towner = recs\n");
	bn_buf_addf(out,
		    "[source \"mlflow\"]\n\ttype = mlflow\n\turl = http://127.0.0.1:%d\n"
		    "\ttoken-file = %s/secrets/mlflow\n\tinterval = 15s\n",
		    bn_web_port(sim->web[MLFLOW]), sim->dir);
	bn_buf_adds(out, "[source \"probes\"]\n\ttype = http\n\tinterval = 15s\n");
}

static void
configure_api(const struct bn_sim *sim, const struct bn_w_api *api, struct bn_buf *out)
{
	static const struct {
		const char *as, *series, *unit, *scale;
	} queries[] = {
	    {"rps", "app:http_requests:rate1m", "1/s", "1"},
	    {"error-rate", "app:http_errors:ratio1m", "%", "100"},
	    {"p50", "app:http_latency_seconds:p50", "ms", "1000"},
	    {"p95", "app:http_latency_seconds:p95", "ms", "1000"},
	    {"p99", "app:http_latency_seconds:p99", "ms", "1000"},
	};
	bool tls = api->tls && sim->certificate_expires != 0;
	size_t i;

	bn_buf_addf(out,
		    "[endpoint \"%s\"]\n\turl = %s://127.0.0.1:%d%s\n\tassert = status 200\n"
		    "\tassert = json .generated_at age < 24h\n\tslo-p99 = %dms\n\towner = %s\n",
		    api->name, tls ? "https" : "http",
		    bn_web_port(sim->web[tls ? PROBES_TLS : PROBES]), api->path, api->slo,
		    api->owner);
	if (tls)
		bn_buf_addf(out, "\tca-file = %s/ca.pem\n", sim->dir);
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		bn_buf_addf(out,
			    "[query \"%s %s\"]\n\tquery = %s{app=\\\"%s\\\"}\n\tfor = endpoint/%s\n"
			    "\tas = %s\n\tunit = %s\n\tscale = %s\n",
			    api->name, queries[i].as, queries[i].series, api->name, api->name,
			    queries[i].as, queries[i].unit, queries[i].scale);
}

static void
configure_levels(const struct bn_w_stream *stream, struct bn_buf *out)
{
	const struct bn_w_level *level = stream->levels;

	for (; level != NULL && level->word != NULL; level++) {
		bn_buf_addf(out, "\t%s = %s %g for %dm", level->word,
			    level->above ? "above" : "below", level->bound, level->lasting);
		if (level->while_ != NULL)
			bn_buf_addf(out, " while %s above %g", level->while_, level->than);
		bn_buf_addc(out, '\n');
	}
}

static void
configure_stream(const struct bn_w_stream *stream, struct bn_buf *out)
{
	const char *arrival = bn_world_stream_arrival(stream);

	bn_buf_addf(out, "[stream \"%s\"]\n\tsource = prom\n\tquery = %s\n\tunit = %s\n",
		    stream->name, stream->query, stream->unit);
	if (stream->group != NULL)
		bn_buf_addf(out, "\tgroup = %s\n\tposition = %d\n", stream->group,
			    stream->position);
	if (stream->stage != NULL)
		bn_buf_addf(out, "\tstage = %s\n", stream->stage);
	if (stream->ceiling > 0)
		bn_buf_addf(out, "\tceiling = %g\n", stream->ceiling);
	if (bn_world_stream_settle(stream) != 2 * BN_W_MINUTE)
		bn_buf_addf(out, "\tsettle = %ds\n",
			    (int)(bn_world_stream_settle(stream) / BN_W_SECOND));
	if (arrival != NULL)
		bn_buf_addf(out, "\tarrival = %s\n", arrival);
	if (stream->equal != NULL)
		bn_buf_addf(out, "\tmust-equal = %s\n", stream->equal);
	if (stream->more == NULL || strstr(stream->more, "backfill") == NULL)
		bn_buf_adds(out, "\tbackfill = 6h\n");
	if (stream->more != NULL)
		bn_buf_adds(out, stream->more);
	configure_levels(stream, out);
}

/* What somebody on call for the postage service would put together. */
static const char dashboard[] = "[dashboard \"postage\"]\n\tcolumns = 2\n"
				"\tpanel = triage product=postage-quotes\n"
				"\tpanel = chart stream/tx-metrics 60m\n"
				"\tpanel = runs pipeline~transform\n"
				"\tpanel = objectives product=postage-quotes\n"
				"\tpanel = gauge endpoint/api-lpo-quote p95 250\n"
				"\tpanel = gauge endpoint/api-lpo-quote error-rate 1\n";

void
bn_sim_configure(struct bn_sim *sim)
{
	struct bn_buf out = BN_BUF_INIT(0);
	const struct bn_w_stream *stream;
	const struct bn_w_api *api;
	size_t i;

	bn_buf_adds(&out,
		    "# Harbourline: what the demo shows; every face listens on loopback only\n"
		    "[ui]\n\tcontext = harbourline-prod\n");
	configure_sources(sim, &out);
	for (i = 0; (api = bn_world_api(i)) != NULL; i++)
		configure_api(sim, api, &out);
	for (i = 0; (stream = bn_world_stream(i)) != NULL; i++)
		configure_stream(stream, &out);
	bn_sim_configure_models(sim, &out);
	bn_world_repos_configure(sim->repos, &out);
	bn_facts_links(sim->world, &out);
	bn_facts_configure_products(&out);
	bn_sim_configure_tests(&out);
	bn_buf_adds(&out, dashboard);
	sim->config = bn_buf_take(&out);
}
