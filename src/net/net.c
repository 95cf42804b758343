/* net.c - what all lanes share: libcurl itself, trust stores, DNS answers and TLS sessions. */
/* SPDX-License-Identifier: MIT */
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "net/internal.h"

int
bn_net_new(struct bn_net **out, const struct bn_net_options *options, struct bn_error *err)
{
	const curl_version_info_data *info;
	struct bn_net *net;
	int record, rc;

	*out = NULL;
	if ((rc = bn_record_open(&record, err)) != BN_OK)
		return rc;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		rc = bn_fail(err, BN_EINTERNAL, "libcurl does not start");
		goto out;
	}
	info = curl_version_info(CURLVERSION_NOW);
	if ((info->features & CURL_VERSION_SSL) == 0 ||
	    (info->features & CURL_VERSION_ASYNCHDNS) == 0) {
		curl_global_cleanup();
		bn_fail(err, BN_EUNSUPPORTED, "this libcurl (%s) lacks TLS or asynchronous DNS",
			info->version);
		rc = bn_hint(err, "install the distribution's full libcurl");
		goto out;
	}
	net = bn_xcalloc(1, sizeof(*net));
	if (options != NULL)
		net->options = *options;
	net->openssl = info->ssl_version != NULL && strstr(info->ssl_version, "OpenSSL") != NULL;
	pthread_mutex_init(&net->lock, NULL);
	net->record = record;
	*out = net;
	return BN_OK;
out:
	if (record >= 0)
		close(record);
	return rc;
}

static void
free_trust(struct bn_trust *trust)
{
	size_t i;

	curl_share_cleanup(trust->share);
	X509_STORE_free(trust->store);
	for (i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_destroy(&trust->locks[i]);
	free(trust->path);
	free(trust);
}

void
bn_net_free(struct bn_net *net)
{
	struct bn_trust *trust;

	if (net == NULL)
		return;
	while ((trust = net->trusts) != NULL) {
		net->trusts = trust->next;
		free_trust(trust);
	}
	pthread_mutex_destroy(&net->lock);
	if (net->record >= 0)
		close(net->record);
	free(net);
	curl_global_cleanup();
}

static void
lock_share(CURL *curl, curl_lock_data data, curl_lock_access access, void *payload)
{
	struct bn_trust *trust = payload;

	(void)curl;
	(void)access;
	pthread_mutex_lock(&trust->locks[data]);
}

static void
unlock_share(CURL *curl, curl_lock_data data, void *payload)
{
	struct bn_trust *trust = payload;

	(void)curl;
	pthread_mutex_unlock(&trust->locks[data]);
}

/* Connections are not shared: with eight threads that cost seven times the processor time. */
static bool
open_share(struct bn_trust *trust)
{
	trust->share = curl_share_init();
	return trust->share != NULL &&
	       curl_share_setopt(trust->share, CURLSHOPT_LOCKFUNC, lock_share) == CURLSHE_OK &&
	       curl_share_setopt(trust->share, CURLSHOPT_UNLOCKFUNC, unlock_share) == CURLSHE_OK &&
	       curl_share_setopt(trust->share, CURLSHOPT_USERDATA, trust) == CURLSHE_OK &&
	       curl_share_setopt(trust->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
	       curl_share_setopt(trust->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ==
		   CURLSHE_OK;
}

static X509_STORE *
load_store(const char *path)
{
	X509_STORE *store = X509_STORE_new();

	if (store == NULL || X509_STORE_load_locations(store, path, NULL) != 1) {
		X509_STORE_free(store);
		return NULL;
	}
	/* As libcurl sets them on a store of its own: an intermediate in the file is enough of an
	 * anchor. */
	X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
	return store;
}

static struct bn_trust *
new_trust(struct bn_net *net, const char *path, const char *file, int64_t stamp,
	  struct bn_error *err)
{
	struct bn_trust *trust = bn_xcalloc(1, sizeof(*trust));
	size_t i;

	for (i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&trust->locks[i], NULL);
	trust->path = bn_xstrdup(path);
	trust->stamp = stamp;
	if (net->openssl && (trust->store = load_store(file)) == NULL) {
		bn_fail(err, BN_ECONFIG, "no CA certificates can be read from %s", file);
		bn_hint(err,
			*path != '\0' ? "ca-file must name a PEM file" : "install ca-certificates");
	} else if (!open_share(trust))
		bn_fail(err, BN_EINTERNAL, "libcurl cannot share between threads");
	else
		return trust;
	free_trust(trust);
	return NULL;
}

struct bn_trust *
bn_net_trust(struct bn_net *net, const char *ca_file, struct bn_error *err)
{
	const char *path = ca_file != NULL ? ca_file : "";
	const char *file = ca_file;
	struct bn_trust *trust;
	struct stat st;
	int64_t stamp = 0;

	if (file == NULL)
		file = curl_version_info(CURLVERSION_NOW)->cainfo;
	if (file == NULL)
		file = X509_get_default_cert_file();
	if (stat(file, &st) == 0)
		stamp = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	pthread_mutex_lock(&net->lock);
	for (trust = net->trusts; trust != NULL; trust = trust->next)
		if (strcmp(trust->path, path) == 0 && trust->stamp == stamp)
			break;
	/* A file that changed gets a new entry; whoever still uses the old one goes on with it. */
	if (trust == NULL && (trust = new_trust(net, path, file, stamp, err)) != NULL) {
		trust->next = net->trusts;
		net->trusts = trust;
	}
	pthread_mutex_unlock(&net->lock);
	return trust;
}
