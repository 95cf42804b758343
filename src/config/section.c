/* section.c - looking things up in a loaded configuration. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "config/internal.h"
#include "config/option.h"

const struct bn_config_section *
bn_config_section(const struct bn_config *config, const char *kind, size_t index)
{
	for (size_t i = 0; i < config->section_count; i++) {
		const struct bn_config_section *section = &config->sections[i].shown;

		if ((kind == NULL || strcmp(section->kind, kind) == 0) && index-- == 0)
			return section;
	}
	return NULL;
}

const struct bn_config_section *
bn_config_find(const struct bn_config *config, const char *kind, const char *name)
{
	for (size_t i = 0; i < config->section_count; i++) {
		const struct bn_config_section *section = &config->sections[i].shown;

		if (strcmp(section->kind, kind) == 0 &&
		    strcmp(section->name, name != NULL ? name : "") == 0)
			return section;
	}
	return NULL;
}

const char *
bn_section_get(const struct bn_config_section *section, const struct bn_option *options,
	       const char *key)
{
	const struct bn_option *option;

	for (size_t i = section != NULL ? section->count : 0; i-- > 0;)
		if (strcmp(section->values[i].key, key) == 0)
			return section->values[i].text;
	option = bn_option_find(options, key);
	return option != NULL ? option->fallback : NULL;
}

const char *
bn_section_at(const struct bn_config_section *section, const char *key, size_t index)
{
	for (size_t i = 0; section != NULL && i < section->count; i++)
		if (strcmp(section->values[i].key, key) == 0 && index-- == 0)
			return section->values[i].text;
	return NULL;
}

int64_t
bn_section_int(const struct bn_config_section *section, const struct bn_option *options,
	       const char *key)
{
	const struct bn_option *option = bn_option_find(options, key);
	const char *text = bn_section_get(section, options, key);
	int64_t value = 0;

	if (text == NULL ||
	    !bn_whole_parse(option != NULL ? option->type : BN_OPT_INT, text, &value))
		return 0;
	return value;
}

double
bn_section_number(const struct bn_config_section *section, const struct bn_option *options,
		  const char *key)
{
	double value = 0;

	return bn_number_parse(bn_section_get(section, options, key), &value) ? value : 0;
}

bool
bn_section_bool(const struct bn_config_section *section, const struct bn_option *options,
		const char *key)
{
	const char *text = bn_section_get(section, options, key);
	bool value = false;

	return text != NULL && bn_bool_parse(text, &value) && value;
}

void
bn_section_digest(const struct bn_config_section *section, char *out)
{
	struct bn_digest *digest = bn_digest_new();

	bn_digest_field(digest, section->kind);
	bn_digest_field(digest, section->name);
	for (size_t i = 0; i < section->count; i++) {
		bn_digest_field(digest, section->values[i].key);
		bn_digest_field(digest, section->values[i].text);
	}
	bn_digest_finish(digest, out);
}
