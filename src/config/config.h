/* config.h - everything a person writes: gitconfig syntax, validated against option tables. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_CONFIG_CONFIG_H
#define BN_CONFIG_CONFIG_H

#include "base/memory.h"
#include "binnacle/types.h"

/* A kind of section: "source", "repo", "endpoint" …; `named` ones need a subsection. A section
 * whose keys depend on its `type` key (source) has NULL options here: they come from
 * `source_options`. */
struct bn_section_kind {
	const char *name;
	bool named;
	const struct bn_option *options;
	const char *doc;
};

/* The sections the core itself knows ([state], [repo], [link], [rule] …); ends with a NULL
 * name. */
extern const struct bn_section_kind bn_core_sections[];
/* The keys of one of them ("state", "ui"), for the defaults; NULL if there is no such section. */
const struct bn_option *bn_core_options(const char *kind);
/* Keys every [source] understands besides its plugin's: type, url, interval, actions,
 * token-command, token-file, token-env, user, password-*, ca-file, proxy, timeout, max-body … */
extern const struct bn_option bn_source_options[];

/* What the loader has to know about plugins, so that config needs no plugin. */
struct bn_config_types {
	/* Options of a plugin by its type word, or NULL if there is no such plugin. */
	const struct bn_option *(*source_options)(const char *type, void *payload);
	/* Further section kinds plugins own ("endpoint"), NULL-named end; one with a core section's
	 * name takes its place. */
	const struct bn_section_kind *sections;
	const char *const *type_words; /* for "did you mean" */
	void *payload;
};

/* One section as written: [kind "name"], in file order, with every value it holds. */
struct bn_config_value {
	const char *key; /* lower case */
	const char *text;
	const char *file;
	int line;
};
struct bn_config_section {
	const char *kind;
	const char *name; /* "" when it has none */
	const char *file;
	int line;
	const struct bn_config_value *values;
	size_t count;
};

/* A problem found while loading; `fatal` ones make the configuration unusable, others are warnings.
 */
struct bn_config_problem {
	bool fatal;
	const char *file;
	int line; /* 0: the whole file */
	char message[400];
	char hint[200];
};

/* Immutable once loaded; borrowed pointers live as long as it does. */
struct bn_config;

/* Loads `path`, or with NULL $XDG_CONFIG_HOME/binnacle/config, then /etc/binnacle/config (both, the
 * user's wins). A missing default file is an empty configuration. [include] is followed (libgit2).
 * Unknown sections, unknown keys (with the nearest right one), bad values and missing required keys
 * are problems with file and line; the load goes on to find them all. Returns BN_OK, or BN_ECONFIG
 * when any problem is fatal (*out is set all the same, for `config check`), or BN_EIO. */
int bn_config_load(struct bn_config **out, const char *path, const struct bn_config_types *types,
		   struct bn_error *err);
/* The same from text in memory (tests, fuzzers, the demo); `name` stands for the file. */
int bn_config_load_text(struct bn_config **out, const char *name, const char *text,
			const struct bn_config_types *types, struct bn_error *err);
void bn_config_free(struct bn_config *config);

const struct bn_config_problem *bn_config_problems(const struct bn_config *config, size_t *count);
/* Files read, NULL-terminated, for `config show` and for watching. */
const char *const *bn_config_files(const struct bn_config *config);
/* What tells one configuration from another on the same state directory: the file a person named or wrote,
 * or the name of a text in memory. Borrowed, "" if there is none. */
const char *bn_config_origin(const struct bn_config *config);

/* The sections of one kind (NULL: all), in order: index 0, 1 … until NULL. */
const struct bn_config_section *bn_config_section(const struct bn_config *config, const char *kind,
						  size_t index);
const struct bn_config_section *bn_config_find(const struct bn_config *config, const char *kind,
					       const char *name);

/* Values of a section. The last one written wins; multi-valued keys by index. `options` gives
 * defaults: found neither in the section nor there is NULL (or 0, false). Typed access presumes a
 * validated value. */
const char *bn_section_get(const struct bn_config_section *section, const struct bn_option *options,
			   const char *key);
const char *bn_section_at(const struct bn_config_section *section, const char *key, size_t index);
int64_t bn_section_int(const struct bn_config_section *section, const struct bn_option *options,
		       const char *key); /* INT; DURATION in ms; SIZE in bytes */
double bn_section_number(const struct bn_config_section *section, const struct bn_option *options,
			 const char *key);
bool bn_section_bool(const struct bn_config_section *section, const struct bn_option *options,
		     const char *key);

/* Checks one value against its option: BN_OK or BN_EINVAL with what is allowed. */
int bn_option_check(const struct bn_option *option, const char *value, struct bn_error *err);
/* The row of that name; where the table has a row "*" (any key may stand there) that one; or NULL.
 */
const struct bn_option *bn_option_find(const struct bn_option *options, const char *name);

/* A PATH option's value with a leading "~/" made the home directory; NULL for NULL. The caller
 * frees it. */
char *bn_path_expand(const char *path);

/* A digest over a section's keys and values (not its secrets' results): the configuration part of a
 * source's lease. out: BN_DIGEST_HEX bytes. */
void bn_section_digest(const struct bn_config_section *section, char *out);

/* Directories, made with mode 0700 when missing: $XDG_STATE_HOME/binnacle or [state] dir;
 * refused (BN_EPERM) when owned by somebody else or writable by others (2770 with setgid is
 * allowed). */
int bn_state_dir(const struct bn_config *config, char **out, struct bn_error *err);

#endif
