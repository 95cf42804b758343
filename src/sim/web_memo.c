/* web_memo.c - what a face said to the same question at the same moment: a world that stands is asked again and again. */
/* SPDX-License-Identifier: MIT */
#include "sim/web_memo.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ENTRIES	   192
#define MOST_BYTES (8 * 1024 * 1024) /* of all answers together */

struct entry {
	char *path, *query;
	bn_time now;
	int64_t version;
	char *text;
	size_t size;
	const char *type;
};

struct bn_web_memo {
	pthread_mutex_t lock;
	struct entry entry[ENTRIES];
	size_t next;  /* the oldest, which goes first */
	size_t bytes; /* of all texts */
};

struct bn_web_memo *
bn_web_memo_new(void)
{
	struct bn_web_memo *memo = bn_xcalloc(1, sizeof(*memo));

	pthread_mutex_init(&memo->lock, NULL);
	return memo;
}

static void
clear(struct bn_web_memo *memo, struct entry *entry)
{
	memo->bytes -= entry->size;
	free(entry->path);
	free(entry->query);
	free(entry->text);
	memset(entry, 0, sizeof(*entry));
}

void
bn_web_memo_free(struct bn_web_memo *memo)
{
	if (memo == NULL)
		return;
	for (size_t i = 0; i < ENTRIES; i++)
		clear(memo, &memo->entry[i]);
	pthread_mutex_destroy(&memo->lock);
	free(memo);
}

static bool
is_asked(const struct entry *entry, const struct bn_web_request *request, int64_t version)
{
	return entry->text != NULL && entry->now == request->now && entry->version == version &&
	       strcmp(entry->path, request->path) == 0 &&
	       strcmp(entry->query, request->raw_query) == 0;
}

bool
bn_web_memo_said(struct bn_web_memo *memo, struct bn_web_request *request, int64_t version)
{
	bool found = false;

	pthread_mutex_lock(&memo->lock);
	for (size_t i = 0; i < ENTRIES && !found; i++) {
		const struct entry *entry = &memo->entry[i];

		if (!is_asked(entry, request, version))
			continue;
		free(request->text);
		request->text = bn_xstrndup(entry->text, entry->size);
		request->text_size = entry->size;
		request->type = entry->type;
		request->status = 200;
		found = true;
	}
	pthread_mutex_unlock(&memo->lock);
	return found;
}

void
bn_web_memo_keep(struct bn_web_memo *memo, const struct bn_web_request *request, int64_t version)
{
	struct entry *entry;

	if (request->status != 200 || request->text == NULL || request->stream != NULL ||
	    request->violation != NULL || request->text_size > MOST_BYTES / 4)
		return;
	pthread_mutex_lock(&memo->lock);
	do {
		entry = &memo->entry[memo->next];
		memo->next = (memo->next + 1) % ENTRIES;
		clear(memo, entry);
	} while (memo->bytes + request->text_size > MOST_BYTES);
	entry->path = bn_xstrdup(request->path);
	entry->query = bn_xstrdup(request->raw_query);
	entry->now = request->now;
	entry->version = version;
	entry->text = bn_xstrndup(request->text, request->text_size);
	entry->size = request->text_size;
	entry->type = request->type;
	memo->bytes += entry->size;
	pthread_mutex_unlock(&memo->lock);
}
