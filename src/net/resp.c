/* resp.c - Redis' wire protocol (RESP2): commands out, replies in as JSON, refusals in words. */
/* SPDX-License-Identifier: MIT
 *
 * The reading is hiredis' (its reader alone: what Debian ships has no TLS, so the connection is
 * libcurl's). The objects it makes are ours, so that the bounds are, too. */
#include "net/resp.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define COMMAND_MAX (64u * 1024)

struct bn_resp {
	redisReader *reader;
	redisReplyObjectFunctions functions; /* hiredis takes them without const */
	size_t bytes;			     /* of the present reply */
	size_t items;
	bool too_many;
	char refusal[512]; /* the present reply is an error */
	bool refused;
};

/* ---- commands out ---------------------------------------------------------------------------- */

static const struct bn_param *
find_param(const struct bn_param *params, const char *name, size_t size)
{
	for (; params != NULL && params->name != NULL; params++)
		if (strlen(params->name) == size && memcmp(params->name, name, size) == 0)
			return params;
	return NULL;
}

static size_t
word_count(const char *path)
{
	size_t count = 0;

	while (*(path += strspn(path, " ")) != '\0') {
		count++;
		path += strcspn(path, " ");
	}
	return count;
}

static bool
in_path(const char *path, const char *name)
{
	size_t size = strlen(name);

	for (const char *p = path; (p = strchr(p, '{')) != NULL; p++)
		if (strncmp(p + 1, name, size) == 0 && p[1 + size] == '}')
			return true;
	return false;
}

int
bn_resp_command(struct bn_buf *out, const struct bn_request *request, const struct bn_param *params,
		struct bn_error *err)
{
	const char *word = request->path;

	for (const struct bn_param *p = params; p != NULL && p->name != NULL; p++)
		if (p->value != NULL && !in_path(request->path, p->name))
			return bn_fail(err, BN_EINTERNAL,
				       "%s %s: \"%s\" is not a parameter of this row of the "
				       "request table",
				       request->method, request->path, p->name);
	bn_buf_reset(out);
	out->ceiling = COMMAND_MAX;
	bn_buf_addf(out, "*%zu\r\n", word_count(request->path));
	while (*(word += strspn(word, " ")) != '\0') {
		size_t size = strcspn(word, " ");
		const char *text = word;

		if (word[0] == '{' && word[size - 1] == '}') {
			const struct bn_param *param = find_param(params, word + 1, size - 2);

			if (param == NULL || param->value == NULL)
				return bn_fail(err, BN_EINTERNAL, "%s %s: no value for %.*s",
					       request->method, request->path, (int)size, word);
			text = param->value;
		}
		bn_buf_addf(out, "$%zu\r\n", text == word ? size : strlen(text));
		bn_buf_add(out, text, text == word ? size : strlen(text));
		bn_buf_adds(out, "\r\n");
		word += size;
	}
	if (out->overflow)
		return bn_fail(err, BN_ETOOBIG, "%s %s: the command would be longer than %u KiB",
			       request->method, request->path, COMMAND_MAX / 1024);
	return BN_OK;
}

/* ---- replies in ------------------------------------------------------------------------------ */

/* Hangs the value where it belongs; the parent owns it then. */
static void *
place(const redisReadTask *task, json_t *value)
{
	struct bn_resp *resp = task->privdata;

	if (value == NULL || ++resp->items > BN_RESP_ITEMS_MAX) {
		resp->too_many = true;
		json_decref(value);
		return NULL;
	}
	if (task->parent != NULL)
		json_array_append_new(task->parent->obj, value);
	return value;
}

static void *
create_string(const redisReadTask *task, char *bytes, size_t size)
{
	struct bn_resp *resp = task->privdata;

	if (task->type != REDIS_REPLY_ERROR)
		return place(task, json_stringn_nocheck(bytes, size));
	if (task->parent == NULL) {
		resp->refused = true;
		snprintf(resp->refusal, sizeof(resp->refusal), "%.*s",
			 (int)(size < 500 ? size : 500), bytes);
	}
	return place(task, json_null());
}

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *
create_array(const redisReadTask *task, element_count elements)
{
	struct bn_resp *resp = task->privdata;

	if (elements > (element_count)BN_RESP_ITEMS_MAX) {
		resp->too_many = true;
		return NULL;
	}
	return place(task, json_array());
}

static void *
create_integer(const redisReadTask *task, long long value)
{
	return place(task, json_integer(value));
}

static void *
create_nil(const redisReadTask *task)
{
	return place(task, json_null());
}

#if HIREDIS_MAJOR >= 1
/* What only RESP3 has and we never ask for: a server may send it all the same. */
static void *
create_double(const redisReadTask *task, double value, char *text, size_t size)
{
	(void)text, (void)size;
	return place(task, json_real(value == value ? value : 0));
}

static void *
create_bool(const redisReadTask *task, int value)
{
	return place(task, json_boolean(value));
}
#endif

static void
free_object(void *object)
{
	json_decref(object);
}

struct bn_resp *
bn_resp_new(void)
{
	struct bn_resp *resp = bn_xcalloc(1, sizeof(*resp));

	resp->functions = (redisReplyObjectFunctions)
	{
		.createString = create_string, .createArray = create_array,
		.createInteger = create_integer,
#if HIREDIS_MAJOR >= 1
		.createDouble = create_double, .createBool = create_bool,
#endif
		.createNil = create_nil, .freeObject = free_object
	};
	resp->reader = redisReaderCreateWithFunctions(&resp->functions);
	if (resp->reader == NULL)
		abort(); /* as bn_xmalloc: out of memory */
	resp->reader->privdata = resp;
	return resp;
}

void
bn_resp_free(struct bn_resp *resp)
{
	if (resp == NULL)
		return;
	redisReaderFree(resp->reader);
	free(resp);
}

static int
too_big(const char *what, struct bn_error *err)
{
	bn_fail(err, BN_ETOOBIG, "%s: the reply is larger than %u MiB or has more than %d items",
		what, BN_RESP_BYTES_MAX / 1024 / 1024, BN_RESP_ITEMS_MAX);
	return bn_hint(err, "is the key the right one?");
}

int
bn_resp_feed(struct bn_resp *resp, const char *bytes, size_t size, const char *what,
	     struct bn_error *err)
{
	resp->bytes += size;
	if (resp->bytes > BN_RESP_BYTES_MAX)
		return too_big(what, err);
	if (redisReaderFeed(resp->reader, bytes, size) != REDIS_OK)
		return bn_fail(err, BN_EINTERNAL, "%s: %s", what, resp->reader->errstr);
	return BN_OK;
}

bool
bn_resp_next(struct bn_resp *resp, json_t **out, const char **refusal, int *rc, const char *what,
	     struct bn_error *err)
{
	void *reply = NULL;

	*out = NULL;
	*refusal = NULL;
	*rc = BN_OK;
	if (redisReaderGetReply(resp->reader, &reply) != REDIS_OK) {
		if (resp->too_many)
			*rc = too_big(what, err);
		else {
			*rc = bn_fail(err, BN_EPARSE, "%s: that is no Redis: %s", what,
				      resp->reader->errstr);
			bn_hint(err,
				"is the port in url that of a Redis, and redis:// or rediss:// "
				"as the server has it?");
		}
		return false;
	}
	if (reply == NULL)
		return false;
	resp->bytes = resp->items = 0;
	if (resp->refused) {
		json_decref(reply);
		resp->refused = false;
		*refusal = resp->refusal;
	} else
		*out = reply;
	return true;
}

bool
bn_resp_rest(const struct bn_resp *resp)
{
	return resp->reader->pos < resp->reader->len;
}

/* ---- refusals -------------------------------------------------------------------------------- */

static const struct {
	const char *begins;
	int code;
	const char *says, *hint;
} refusals[] = {
    {"NOAUTH", BN_EAUTH, "it wants a login",
     "set user (`default` if it has only a password) and password-command or password-file"},
    {"WRONGPASS", BN_EAUTH, "user or password is wrong, or the user is off",
     "check user and where the password comes from"},
    {"ERR invalid password", BN_EAUTH, "the password is wrong",
     "check where the password comes from"},
    {"ERR AUTH", BN_EAUTH, "it has no password for this user",
     "take user and password out, or set one there"},
    {"NOPERM", BN_EPERM, "the user lacks a right",
     "let the ACL user run what binnacle-sources(7) lists for redis, on these keys: ACL SETUSER"},
    {"DENIED", BN_EPERM, "it is in protected mode", "give it a password, or bind it to loopback"},
    {"LOADING", BN_EBUSY, "it is loading its data from disk", "wait until it has"},
    {"BUSY", BN_EBUSY, "a script keeps it busy", "look at it with its own client"},
    {"MOVED", BN_EUNSUPPORTED, "the key lives on another node of the cluster",
     "configure that node as a source of its own"},
    {"ASK", BN_EUNSUPPORTED, "the key is moving to another node of the cluster",
     "configure that node as a source of its own"},
    {"CLUSTERDOWN", BN_EREMOTE, "the cluster is down", NULL},
    {"MASTERDOWN", BN_EREMOTE, "the link to its master is down and it serves no old data", NULL},
    {"WRONGTYPE", BN_EINVAL, "the key holds another type of value", "check key and timestamp"},
    {"ERR unknown command", BN_EUNSUPPORTED, "it does not know the command", NULL},
    {"ERR unknown subcommand", BN_EUNSUPPORTED, "it does not know the command", NULL},
    {"ERR max number of clients", BN_ETHROTTLED, "it takes no further clients",
     "raise its maxclients, or close clients that hang; it is asked again by itself"},
    {"ERR DB index", BN_EINVAL, "it has no such database", "check database"},
};

int
bn_resp_failure(struct bn_error *err, const char *what, const char *refusal)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strncmp(refusal, refusals[i].begins, strlen(refusals[i].begins)) != 0)
			continue;
		bn_fail(err, refusals[i].code, "%s: %s: %s", what, refusals[i].says, refusal);
		return refusals[i].hint != NULL ? bn_hint(err, "%s", refusals[i].hint)
						: refusals[i].code;
	}
	return bn_fail(err, BN_EREMOTE, "%s: it refuses: %s", what, refusal);
}
