/* zone.c - time zones from TZif files (RFC 8536), read by us so that no environment is changed. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/tzrule.h"

#define MAX_FILE   ((size_t)1 << 20)
#define HEADER	   44
#define DIRECTORY  "/usr/share/zoneinfo/"
#define LOCAL_FILE "/etc/localtime"

struct zone_type {
	int offset;
	const char *name;
};

struct bn_zone {
	size_t count, type_count;
	int64_t *at; /* transitions, ascending */
	unsigned char *type_of;
	struct zone_type *types;
	char *names; /* behind the NUL of the last one there is another */
	bool has_rule;
	struct bn_tz_rule rule;
};

/* The six counts of a TZif header, in the file's order. */
struct counts {
	size_t isut, isstd, leap, time, type, chars;
};

static uint32_t
big32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t
big64(const unsigned char *p)
{
	return (int64_t)((uint64_t)big32(p) << 32 | big32(p + 4));
}

static bool
read_header(const unsigned char *p, size_t size, struct counts *c)
{
	if (size < HEADER || memcmp(p, "TZif", 4) != 0)
		return false;
	c->isut = big32(p + 20);
	c->isstd = big32(p + 24);
	c->leap = big32(p + 28);
	c->time = big32(p + 32);
	c->type = big32(p + 36);
	c->chars = big32(p + 40);
	return c->isut <= 256 && c->isstd <= 256 && c->leap <= 10000 && c->time <= 100000 &&
	       c->type <= 256 && c->chars <= 10000;
}

static size_t
block_size(const struct counts *c, size_t time_size)
{
	return c->time * (time_size + 1) + c->type * 6 + c->chars + c->leap * (time_size + 4) +
	       c->isstd + c->isut;
}

static bool
read_block(struct bn_zone *zone, const unsigned char *p, const struct counts *c, size_t time_size)
{
	const unsigned char *types, *chars;

	if (c->type == 0 || c->chars == 0)
		return false;
	zone->count = c->time;
	zone->type_count = c->type;
	zone->at = bn_xcalloc(c->time + 1, sizeof(*zone->at));
	zone->type_of = bn_xcalloc(c->time + 1, 1);
	zone->types = bn_xcalloc(c->type, sizeof(*zone->types));
	zone->names = bn_xcalloc(c->chars + 1, 1);
	types = p + c->time * (time_size + 1);
	chars = types + c->type * 6;
	memcpy(zone->names, chars, c->chars);
	for (size_t i = 0; i < c->time; i++) {
		zone->at[i] =
		    time_size == 8 ? big64(p + i * 8) : (int64_t)(int32_t)big32(p + i * 4);
		zone->type_of[i] = p[c->time * time_size + i];
		if (zone->type_of[i] >= c->type || (i > 0 && zone->at[i] <= zone->at[i - 1]))
			return false;
	}
	for (size_t i = 0; i < c->type; i++) {
		const unsigned char *type = types + i * 6;

		zone->types[i].offset = (int)(int32_t)big32(type);
		if (type[5] >= c->chars || zone->types[i].offset < -93600 ||
		    zone->types[i].offset > 93600)
			return false;
		zone->types[i].name = zone->names + type[5];
	}
	return true;
}

/* "\n<TZ string>\n" behind the second block; an empty one says nothing about the future. */
static bool
read_footer(struct bn_zone *zone, const unsigned char *p, size_t size)
{
	const unsigned char *end;
	char text[128];

	if (size < 2 || p[0] != '\n' || (end = memchr(p + 1, '\n', size - 1)) == NULL)
		return false;
	size = (size_t)(end - p) - 1;
	if (size == 0)
		return true;
	if (size >= sizeof(text))
		return false;
	memcpy(text, p + 1, size);
	text[size] = '\0';
	zone->has_rule = bn_tz_rule_parse(text, &zone->rule);
	return zone->has_rule;
}

static bool
parse(struct bn_zone *zone, const unsigned char *p, size_t size)
{
	struct counts c;
	size_t block;

	if (!read_header(p, size, &c))
		return false;
	block = block_size(&c, 4);
	if (size - HEADER < block)
		return false;
	if (p[4] < '2')
		return read_block(zone, p + HEADER, &c, 4);
	p += HEADER + block;
	size -= HEADER + block;
	if (!read_header(p, size, &c))
		return false;
	block = block_size(&c, 8);
	if (size - HEADER < block)
		return false;
	return read_block(zone, p + HEADER, &c, 8) &&
	       read_footer(zone, p + HEADER + block, size - HEADER - block);
}

int
bn_zone_parse(struct bn_zone **out, const char *name, const void *bytes, size_t size,
	      struct bn_error *err)
{
	struct bn_zone *zone = bn_xcalloc(1, sizeof(*zone));

	*out = NULL;
	if (!parse(zone, bytes, size)) {
		bn_zone_free(zone);
		return bn_fail(err, BN_EPARSE, "time zone %s: not a TZif file", name);
	}
	*out = zone;
	return BN_OK;
}

int
bn_zone_from_rule(struct bn_zone **out, const char *rule, struct bn_error *err)
{
	struct bn_zone *zone = bn_xcalloc(1, sizeof(*zone));

	*out = NULL;
	zone->has_rule = bn_tz_rule_parse(rule, &zone->rule);
	if (!zone->has_rule) {
		bn_zone_free(zone);
		return bn_fail(err, BN_EPARSE, "'%.60s' is not a time zone rule", rule);
	}
	*out = zone;
	return BN_OK;
}

static int
open_file(struct bn_zone **out, const char *name, const char *path, struct bn_error *err)
{
	unsigned char *bytes = NULL;
	size_t size = 0;
	ssize_t got;
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		rc = bn_fail(err, BN_ENOTFOUND, "time zone %.60s: %s: %s", name, path,
			     strerror(errno));
		bn_hint(err, "use a name like UTC or Europe/Berlin; the zones are in the package "
			     "tzdata");
		goto out;
	}
	bytes = bn_xmalloc(MAX_FILE);
	while (size < MAX_FILE && (got = read(fd, bytes + size, MAX_FILE - size)) > 0)
		size += (size_t)got;
	rc = bn_zone_parse(out, name, bytes, size, err);
out:
	if (fd >= 0)
		close(fd);
	free(bytes);
	return rc;
}

/* A name that can't leave the directory: letters, digits and "_+-/", no empty or dotted part. */
static bool
safe_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-/";
	size_t size = strlen(name);

	return size > 0 && size < 100 && strspn(name, allowed) == size && name[0] != '/' &&
	       name[size - 1] != '/' && strstr(name, "//") == NULL;
}

static int
open_named(struct bn_zone **out, const char *name, struct bn_error *err)
{
	char *path;
	int rc;

	if (!safe_name(name)) {
		bn_fail(err, BN_EINVAL, "'%.60s' is not the name of a time zone", name);
		bn_hint(err, "use UTC, local, or a name like Europe/Berlin");
		return BN_EINVAL;
	}
	path = bn_xasprintf("%s%s", DIRECTORY, name);
	rc = open_file(out, name, path, err);
	free(path);
	return rc;
}

/* As the C library does it: TZ wins over /etc/localtime; without either it is UTC. */
static int
open_local(struct bn_zone **out, struct bn_error *err)
{
	const char *tz = getenv("TZ");

	if (tz != NULL && *tz == ':')
		tz++;
	if (tz != NULL && *tz == '/')
		return open_file(out, tz, tz, err);
	if (tz != NULL && *tz != '\0') {
		if (open_named(out, tz, NULL) == BN_OK)
			return BN_OK;
		return bn_zone_from_rule(out, tz, err);
	}
	if (tz != NULL || access(LOCAL_FILE, F_OK) != 0)
		return BN_OK;
	return open_file(out, "local", LOCAL_FILE, err);
}

int
bn_zone_open(struct bn_zone **out, const char *name, struct bn_error *err)
{
	int rc = BN_OK;

	*out = NULL;
	if (name != NULL && strcmp(name, "local") == 0)
		rc = open_local(out, err);
	else if (name != NULL && strcmp(name, "UTC") != 0)
		rc = open_named(out, name, err);
	if (rc == BN_OK && *out == NULL)
		rc = bn_zone_from_rule(out, "UTC0", err);
	return rc;
}

void
bn_zone_free(struct bn_zone *zone)
{
	if (zone == NULL)
		return;
	free(zone->at);
	free(zone->type_of);
	free(zone->types);
	free(zone->names);
	free(zone);
}

/* The last transition not after `seconds`, or -1. */
static ptrdiff_t
transition_before(const struct bn_zone *zone, int64_t seconds)
{
	size_t low = 0, high = zone->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->at[middle] <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return (ptrdiff_t)low - 1;
}

static int
offset_at(const struct bn_zone *zone, int64_t seconds, const char **name)
{
	ptrdiff_t i = transition_before(zone, seconds);
	const struct zone_type *type;

	if (zone->has_rule && (zone->count == 0 || i == (ptrdiff_t)zone->count - 1))
		return bn_tz_rule_offset(&zone->rule, seconds, name);
	type = &zone->types[i < 0 ? 0 : zone->type_of[i]];
	if (name != NULL)
		*name = type->name;
	return type->offset;
}

int
bn_zone_offset(const struct bn_zone *zone, bn_time at, const char **abbreviation)
{
	if (abbreviation != NULL)
		*abbreviation = "UTC";
	if (zone == NULL)
		return 0;
	return offset_at(zone, at / 1000 - (at % 1000 < 0), abbreviation);
}

int64_t
bn_zone_resolve(const struct bn_zone *zone, int64_t local)
{
	int before, after;

	if (zone == NULL)
		return local;
	/* No zone changes its clocks twice within a day, so one of the two is right. */
	before = offset_at(zone, local - 86400, NULL);
	after = offset_at(zone, local + 86400, NULL);
	if (offset_at(zone, local - before, NULL) == before &&
	    (before >= after || offset_at(zone, local - after, NULL) != after))
		return local - before;
	if (offset_at(zone, local - after, NULL) == after)
		return local - after;
	return local - before;
}
