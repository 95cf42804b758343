/* feed.c - from sections of the configuration to sources: which plugin, whose sections, what lease. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/status.h"
#include "collect/internal.h"

struct list {
	struct bn_feed *feeds;
	size_t count, room;
};

static struct bn_feed *
add_feed(struct list *list, const char *name, const struct bn_plugin *plugin,
	 const struct bn_config_section *section)
{
	struct bn_feed *feed;

	if (list->count == list->room) {
		list->room = list->room == 0 ? 8 : list->room * 2;
		list->feeds = bn_xrealloc(list->feeds, list->room, sizeof(*list->feeds));
	}
	feed = &list->feeds[list->count++];
	memset(feed, 0, sizeof(*feed));
	feed->name = bn_xstrdup(name);
	feed->plugin = plugin;
	feed->section = section;
	feed->lease.fd = -1;
	return feed;
}

static struct bn_feed *
find_name(const struct list *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->feeds[i].name, name) == 0)
			return &list->feeds[i];
	return NULL;
}

static struct bn_feed *
find_plugin(const struct list *list, const struct bn_plugin *plugin, size_t *matches)
{
	struct bn_feed *found = NULL;
	size_t i;

	*matches = 0;
	for (i = 0; i < list->count; i++)
		if (list->feeds[i].plugin == plugin) {
			found = found != NULL ? found : &list->feeds[i];
			(*matches)++;
		}
	return found;
}

/* Which source a plugin's own section belongs to: the one it names, or the only one of that plugin,
 * or one that is made up and named after the plugin. */
static struct bn_feed *
owner_of(struct list *list, const struct bn_plugin *plugin, const struct bn_config_section *section,
	 struct bn_error *err)
{
	const char *name = bn_section_get(section, NULL, "source");
	struct bn_feed *feed;
	size_t matches;

	if (name != NULL) {
		if ((feed = find_name(list, name)) != NULL && feed->plugin == plugin)
			return feed;
		bn_fail(err, BN_ECONFIG, "%s:%d: [%s \"%s\"]: there is no source \"%s\" of type %s",
			section->file, section->line, section->kind, section->name, name,
			plugin->name);
		return NULL;
	}
	feed = find_plugin(list, plugin, &matches);
	if (matches > 1) {
		bn_fail(err, BN_ECONFIG, "%s:%d: [%s \"%s\"]: say which source it belongs to",
			section->file, section->line, section->kind, section->name);
		bn_hint(err, "add source = %s", feed->name);
		return NULL;
	}
	if (feed == NULL && (feed = find_name(list, plugin->name)) != NULL) {
		bn_fail(err, BN_ECONFIG,
			"%s:%d: [%s \"%s\"] needs a source of type %s, but \"%s\" is another",
			section->file, section->line, section->kind, section->name, plugin->name,
			feed->name);
		return NULL;
	}
	return feed != NULL ? feed : add_feed(list, plugin->name, plugin, NULL);
}

static void
add_child(struct bn_feed *feed, const struct bn_config_section *section)
{
	feed->children =
	    bn_xrealloc(feed->children, feed->child_count + 1, sizeof(*feed->children));
	feed->children[feed->child_count++] = section;
}

static int
add_children(struct list *list, const struct bn_config *config, const struct bn_plugin *plugin,
	     struct bn_error *err)
{
	const struct bn_config_section *section;
	struct bn_feed *feed;
	size_t i;

	if (plugin->section == NULL)
		return BN_OK;
	for (i = 0; (section = bn_config_section(config, plugin->section, i)) != NULL; i++) {
		if ((feed = owner_of(list, plugin, section, err)) == NULL)
			return err != NULL ? err->code : BN_ECONFIG;
		add_child(feed, section);
	}
	return BN_OK;
}

/* Each stream goes to the source it names; the loader has said where there is none. A source whose plugin
 * knows nothing of streams is told here. */
static int
add_streams(struct list *list, const struct bn_config *config, struct bn_error *err)
{
	const struct bn_config_section *section;

	for (size_t i = 0; (section = bn_config_section(config, "stream", i)) != NULL; i++) {
		const char *name = bn_section_get(section, NULL, "source");
		struct bn_feed *feed = name != NULL ? find_name(list, name) : NULL;

		if (feed == NULL)
			continue;
		if (feed->plugin->provides == NULL ||
		    strstr(feed->plugin->provides, "stream") == NULL)
			return bn_fail(err, BN_ECONFIG,
				       "%s:%d: [stream \"%s\"]: a source of type %s has no streams",
				       section->file, section->line, section->name,
				       feed->plugin->name);
		feed->streams =
		    bn_xrealloc(feed->streams, feed->stream_count + 1, sizeof(*feed->streams));
		feed->streams[feed->stream_count++] = section;
	}
	return BN_OK;
}

static void
digest_feed(struct bn_feed *feed)
{
	struct bn_digest *digest = bn_digest_new();
	char part[BN_DIGEST_HEX];
	size_t i;

	bn_section_digest(feed->section, part);
	bn_digest_field(digest, part);
	for (i = 0; i < feed->child_count; i++) {
		bn_section_digest(feed->children[i], part);
		bn_digest_field(digest, feed->children[i]->name);
		bn_digest_field(digest, part);
	}
	for (i = 0; i < feed->stream_count; i++) {
		bn_section_digest(feed->streams[i], part);
		bn_digest_field(digest, feed->streams[i]->name);
		bn_digest_field(digest, part);
	}
	bn_digest_finish(digest, feed->digest);
}

static const char *
first_secret(const struct bn_feed *feed, const char *a, const char *b, const char *c)
{
	return bn_feed_option(feed, a, 0) != NULL   ? a
	       : bn_feed_option(feed, b, 0) != NULL ? b
	       : bn_feed_option(feed, c, 0) != NULL ? c
						    : NULL;
}

static void
describe_auth(struct bn_feed *feed)
{
	const char *word = first_secret(feed, "token-command", "token-file", "token-env");

	if (word == NULL && bn_feed_option(feed, "user", 0) != NULL)
		word = "basic";
	snprintf(feed->auth, sizeof(feed->auth), "%s", word != NULL ? word : "none");
}

/* The list is complete and moves no more. */
static void
settle(struct bn_feed *feed, const char *state_dir)
{
	const char *interval;
	pthread_condattr_t attr;
	int64_t ms;

	if (feed->section == NULL) {
		feed->implicit =
		    (struct bn_config_section){.kind = "source", .name = feed->name, .file = ""};
		feed->section = &feed->implicit;
	}
	interval = bn_feed_option(feed, "interval", 0);
	feed->interval = feed->plugin->interval > 0 ? feed->plugin->interval : BN_DEFAULT_EVERY;
	if (interval != NULL && bn_duration_parse(interval, &ms, NULL) == BN_OK && ms > 0)
		feed->interval = ms;
	feed->url = bn_feed_option(feed, "url", 0);
	feed->ca_file = bn_feed_option(feed, "ca-file", 0);
	feed->proxy = bn_feed_option(feed, "proxy", 0);
	feed->disabled =
	    bn_section_bool(feed->section, bn_feed_option_row(feed, "disabled"), "disabled");
	describe_auth(feed);
	digest_feed(feed);
	feed->governor = bn_governor_new();
	pthread_mutex_init(&feed->login_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&feed->wake, &attr);
	pthread_condattr_destroy(&attr);
	bn_lease_init(&feed->lease, state_dir, feed->name, feed->digest);
}

int
bn_feeds_new(struct bn_feed **out, size_t *count, const struct bn_config *config,
	     const struct bn_registry *registry, const char *state_dir, struct bn_error *err)
{
	const struct bn_config_section *section;
	const struct bn_plugin *plugin;
	struct list list = {NULL, 0, 0};
	const char *type;
	size_t i;
	int rc = BN_OK;

	for (i = 0; (section = bn_config_section(config, "source", i)) != NULL; i++) {
		type = bn_section_get(section, NULL, "type");
		plugin = type != NULL ? bn_registry_find(registry, type) : NULL;
		/* The loader has said so already; the rest of the configuration goes on. */
		if (plugin != NULL && find_name(&list, section->name) == NULL)
			add_feed(&list, section->name, plugin, section);
	}
	for (i = 0; rc == BN_OK && (plugin = bn_registry_at(registry, i)) != NULL; i++)
		rc = add_children(&list, config, plugin, err);
	if (rc == BN_OK)
		rc = add_streams(&list, config, err);
	for (i = 0; i < list.count; i++)
		settle(&list.feeds[i], state_dir);
	*out = list.feeds;
	*count = list.count;
	return rc;
}

void
bn_feeds_free(struct bn_feed *feeds, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		bn_lease_clear(&feeds[i].lease);
		bn_governor_free(feeds[i].governor);
		bn_secret_free(feeds[i].token);
		bn_secret_free(feeds[i].password);
		pthread_mutex_destroy(&feeds[i].login_lock);
		pthread_cond_destroy(&feeds[i].wake);
		free(feeds[i].children);
		free(feeds[i].streams);
		free(feeds[i].name);
	}
	free(feeds);
}

const struct bn_option *
bn_feed_option_row(const struct bn_feed *feed, const char *name)
{
	const struct bn_option *row = NULL;

	if (feed->plugin->options != NULL)
		row = bn_option_find(feed->plugin->options, name);
	return row != NULL ? row : bn_option_find(bn_source_options, name);
}

const char *
bn_feed_option(const struct bn_feed *feed, const char *name, size_t index)
{
	const struct bn_option *row = bn_feed_option_row(feed, name);
	const char *text;

	if (row != NULL && (row->flags & BN_OPT_MULTI) != 0) {
		text = bn_section_at(feed->section, name, index);
		return text == NULL && index == 0 ? row->fallback : text;
	}
	if (index > 0)
		return NULL;
	text = bn_section_get(feed->section, NULL, name);
	return text == NULL && row != NULL ? row->fallback : text;
}

/* ---- links --------------------------------------------------------------------------------- */

struct links {
	struct bn_config_link *links;
	struct bn_ref_text *refs; /* two a link, owning its strings */
	size_t count;
	struct bn_collect *collect;
};

static bool
is_source(const char *name, void *payload)
{
	return strcmp(name, BN_PRODUCT_SOURCE) == 0 || bn_collect_feed(payload, name) != NULL;
}

static struct bn_ref
borrow(const struct bn_ref_text *text)
{
	return (struct bn_ref){text->kind, text->source, text->key};
}

static void
add_link(struct links *links, const char *from, const char *to, const char *kind)
{
	struct bn_ref_text pair[2] = {{0}};
	struct bn_config_link *link;

	if (bn_ref_parse(from, is_source, links->collect, &pair[0], NULL) != BN_OK)
		return;
	if (bn_ref_parse(to, is_source, links->collect, &pair[1], NULL) != BN_OK) {
		bn_ref_free(&pair[0]);
		return;
	}
	for (size_t i = 0; i < 2; i++) /* products are nobody else's */
		if (pair[i].kind == BN_PRODUCT && pair[i].source == NULL)
			pair[i].source = bn_xstrdup(BN_PRODUCT_SOURCE);
	links->links = bn_xrealloc(links->links, links->count + 1, sizeof(*links->links));
	links->refs = bn_xrealloc(links->refs, 2 * (links->count + 1), sizeof(*links->refs));
	memcpy(&links->refs[2 * links->count], pair, sizeof(pair));
	link = &links->links[links->count++];
	*link =
	    (struct bn_config_link){.from = borrow(&pair[0]), .to = borrow(&pair[1]), .kind = kind};
}

/* "A -> B"; what is malformed was a problem of the configuration, told by its loader. */
static void
add_arrow(struct links *links, const char *text)
{
	const char *arrow = strstr(text, "->");
	char *from, *to;
	size_t size;

	if (arrow == NULL)
		return;
	size = (size_t)(arrow - text);
	while (size > 0 && text[size - 1] == ' ')
		size--;
	from = bn_xstrndup(text, size);
	to = bn_xstrdup(arrow + 2 + strspn(arrow + 2, " "));
	for (size = strlen(to); size > 0 && to[size - 1] == ' ';)
		to[--size] = '\0';
	add_link(links, from, to, "feeds");
	free(from);
	free(to);
}

static void
add_needs(struct links *links, const struct bn_config_section *product)
{
	char *to = bn_xasprintf("product/%s", product->name);
	const char *needs;
	size_t i;

	for (i = 0; (needs = bn_section_at(product, "needs", i)) != NULL; i++)
		add_link(links, needs, to, "feeds");
	free(to);
}

/* ---- chains: stage after stage, by their positions; what has no stage comes of the last ------------ */

struct member {
	const char *group, *name, *source;
	int64_t position;
};

static int
by_place(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->group, y->group);

	if (order != 0)
		return order;
	return x->position < y->position ? -1 : x->position > y->position;
}

static void
join(struct links *links, const struct member *from, const struct member *to)
{
	char *one = bn_xasprintf("stream/%s/%s", from->source, from->name);
	char *two = bn_xasprintf("stream/%s/%s", to->source, to->name);

	add_link(links, one, two, "feeds");
	free(one);
	free(two);
}

/* Every member of one position feeds every member of the next one. */
static void
join_all(struct links *links, const struct member *members, size_t count)
{
	for (size_t first = 0, end, next; first < count; first = end) {
		for (end = first + 1; end < count && by_place(&members[first], &members[end]) == 0;)
			end++;
		for (next = end; next < count && by_place(&members[end], &members[next]) == 0 &&
				 strcmp(members[first].group, members[next].group) == 0;
		     next++)
			for (size_t i = first; i < end; i++)
				join(links, &members[i], &members[next]);
	}
}

static void
add_chains(struct links *links, const struct bn_config *config)
{
	const struct bn_config_section *section;
	struct member *members = NULL;
	size_t count = 0, room = 0;

	for (size_t i = 0; (section = bn_config_section(config, "stream", i)) != NULL; i++) {
		const char *group = bn_section_get(section, NULL, "group"),
			   *source = bn_section_get(section, NULL, "source");
		const char *position = bn_section_get(section, NULL, "position");

		if (group == NULL || source == NULL)
			continue;
		if (count == room)
			members = bn_xrealloc(members, room = room == 0 ? 16 : 2 * room,
					      sizeof(*members));
		members[count++] = (struct member){
		    .group = group,
		    .name = section->name,
		    .source = source,
		    .position = bn_section_get(section, NULL, "stage") == NULL ? INT64_MAX
				: position != NULL ? strtoll(position, NULL, 10)
						   : 0};
	}
	if (count > 0)
		qsort(members, count, sizeof(*members), by_place);
	join_all(links, members, count);
	free(members);
}

int
bn_feeds_links(struct bn_collect *collect, struct bn_writer *writer, struct bn_error *err)
{
	const struct bn_config *config = collect->options.config;
	const struct bn_config_section *section;
	struct links links = {.collect = collect};
	const char *text;
	size_t i, j;
	int rc;

	for (i = 0; (section = bn_config_section(config, "link", i)) != NULL; i++)
		for (j = 0; (text = bn_section_at(section, "feeds", j)) != NULL; j++)
			add_arrow(&links, text);
	for (i = 0; (section = bn_config_section(config, "product", i)) != NULL; i++)
		add_needs(&links, section);
	add_chains(&links, config);
	rc = bn_writer_config_links(writer, links.links, links.count, err);
	for (i = 0; i < 2 * links.count; i++)
		bn_ref_free(&links.refs[i]);
	free(links.links);
	free(links.refs);
	return rc;
}
