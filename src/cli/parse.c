/* parse.c - command lines: global options anywhere, one- or two-word commands, options from the tables. */
/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

const struct bn_command *
bn_command_find(const char *first, const char *second, int *words)
{
	const struct bn_command *single = NULL;
	size_t length = strlen(first);
	size_t i;

	for (i = 0; bn_commands[i] != NULL; i++) {
		const char *name = bn_commands[i]->name;

		if (strcmp(name, first) == 0)
			single = bn_commands[i];
		else if (second != NULL && strncmp(name, first, length) == 0 &&
			 name[length] == ' ' && strcmp(name + length + 1, second) == 0) {
			*words = 2;
			return bn_commands[i];
		}
	}
	*words = 1;
	return single;
}

const char *
bn_command_in_group(const struct bn_command *command, const char *group)
{
	size_t length = strlen(group);

	return strncmp(command->name, group, length) == 0 && command->name[length] == ' '
		   ? command->name + length + 1
		   : NULL;
}

static const struct bn_flag *
find_in(const struct bn_flag *flags, const char *name, size_t length, char letter)
{
	for (; flags != NULL && flags->name != NULL; flags++) {
		if (letter != 0
			? flags->letter == letter
			: strlen(flags->name) == length && strncmp(flags->name, name, length) == 0)
			return flags;
	}
	return NULL;
}

static const struct bn_flag *
find_flag(const struct bn_command *command, const char *name, size_t length, char letter)
{
	const struct bn_flag *flag = NULL;

	if (command != NULL)
		flag = find_in(command->flags, name, length, letter);
	return flag != NULL ? flag : find_in(bn_global_flags, name, length, letter);
}

/* Adds every name of a table to a list of candidates for "did you mean". */
static void
add_names(struct bn_strlist *names, const struct bn_flag *flags)
{
	for (; flags != NULL && flags->name != NULL; flags++)
		bn_strlist_add(names, flags->name);
}

/* The one of the list that is meant, borrowed from it; NULL: none is near. */
static const char *
nearest(const char *word, struct bn_strlist *list)
{
	bn_strlist_add(list, "");
	free(list->items[--list->count]);
	list->items[list->count] = NULL;
	return bn_nearest(word, (const char *const *)list->items);
}

static int
unknown_option(const struct bn_command *command, const char *name, struct bn_error *err)
{
	struct bn_strlist names = {0};
	const char *near;

	bn_fail(err, BN_EINVAL, "unknown option --%s", name);
	add_names(&names, bn_global_flags);
	if (command != NULL)
		add_names(&names, command->flags);
	near = nearest(name, &names);
	if (near != NULL)
		bn_hint(err, "did you mean --%s?", near);
	else
		bn_hint(err, "see binnacle %s --help", command != NULL ? command->name : "");
	bn_strlist_clear(&names);
	return BN_EINVAL;
}

static int
unknown_command(const char *word, struct bn_error *err)
{
	struct bn_strlist names = {0};
	const char *near;
	size_t i;

	bn_fail(err, BN_EINVAL, "there is no command '%s'", word);
	for (i = 0; bn_commands[i] != NULL; i++) {
		char *first = bn_xstrndup(bn_commands[i]->name, strcspn(bn_commands[i]->name, " "));

		bn_strlist_add(&names, first);
		free(first);
	}
	near = nearest(word, &names);
	if (near != NULL)
		bn_hint(err, "did you mean '%s'? binnacle --help lists all", near);
	else
		bn_hint(err, "binnacle --help lists the commands");
	bn_strlist_clear(&names);
	return BN_EINVAL;
}

/* The second words of a group's commands. */
static void
group_words(const char *group, struct bn_strlist *out)
{
	for (size_t i = 0; bn_commands[i] != NULL; i++) {
		const char *word = bn_command_in_group(bn_commands[i], group);

		if (word != NULL)
			bn_strlist_add(out, word);
	}
}

static bool
is_group(const char *word)
{
	for (size_t i = 0; bn_commands[i] != NULL; i++)
		if (bn_command_in_group(bn_commands[i], word) != NULL)
			return true;
	return false;
}

/* A group's name is only half a command. */
static int
half_a_command(const struct bn_invocation *in, struct bn_error *err)
{
	struct bn_strlist words = {0};
	struct bn_buf list = BN_BUF_INIT(4096);
	const char *near = NULL;

	group_words(in->group, &words);
	for (size_t i = 0; i < words.count; i++)
		bn_buf_addf(&list, "%s%s",
			    i == 0		  ? ""
			    : i + 1 < words.count ? ", "
						  : " or ",
			    words.items[i]);
	if (in->count == 0) {
		bn_fail(err, BN_EINVAL, "'%s' needs a second word: %s", in->group,
			bn_buf_text(&list));
	} else {
		bn_fail(err, BN_EINVAL, "there is no command '%s %s'", in->group, in->operands[0]);
		near = nearest(in->operands[0], &words);
	}
	if (near != NULL)
		bn_hint(err, "did you mean '%s %s'? binnacle %s --help lists all", in->group, near,
			in->group);
	else
		bn_hint(err, "binnacle %s --help explains them", in->group);
	bn_buf_free(&list);
	bn_strlist_clear(&words);
	return BN_EINVAL;
}

/* True if `value` is one of the words "a|b|c". */
static bool
is_word(const char *words, const char *value)
{
	size_t length = strlen(value);

	while (*words != '\0') {
		size_t n = strcspn(words, "|");

		if (n == length && strncmp(words, value, n) == 0)
			return true;
		words += n + (words[n] == '|');
	}
	return false;
}

static int
keep_flag(struct bn_invocation *out, const struct bn_flag *flag, const char *value,
	  struct bn_error *err)
{
	if (flag->words != NULL && value != NULL && !is_word(flag->words, value)) {
		bn_fail(err, BN_EINVAL, "--%s can't be '%s'", flag->name, value);
		return bn_hint(err, "it is one of %s", flag->words);
	}
	out->flags = bn_xrealloc(out->flags, (size_t)out->flag_count + 1, sizeof(*out->flags));
	out->flags[out->flag_count].flag = flag;
	out->flags[out->flag_count].value = value;
	out->flag_count++;
	return BN_OK;
}

static void
keep_operand(struct bn_invocation *out, const char *word)
{
	out->operands = bn_xrealloc(out->operands, (size_t)out->count + 1, sizeof(*out->operands));
	out->operands[out->count++] = word;
}

/* --name, --name=value, --name value. */
static int
take_long(struct bn_invocation *out, int argc, char *const *argv, int *i, struct bn_error *err)
{
	const char *name = argv[*i] + 2;
	size_t length = strcspn(name, "=");
	const struct bn_flag *flag = find_flag(out->command, name, length, 0);
	const char *value = name[length] == '=' ? name + length + 1 : NULL;

	if (flag == NULL) {
		char *copy = bn_xstrndup(name, length);
		int rc = unknown_option(out->command, copy, err);

		free(copy);
		return rc;
	}
	if (flag->value == NULL && value != NULL)
		return bn_fail(err, BN_EINVAL, "--%s takes no value", flag->name);
	/* --yes=$DIGEST of a script whose variable is empty means no --yes without a digest. */
	if (flag->optional && value != NULL && *value == '\0') {
		bn_fail(err, BN_EINVAL, "--%s= is followed by nothing", flag->name);
		return bn_hint(err, "--%s=%s, or --%s alone", flag->name, flag->value, flag->name);
	}
	if (flag->value != NULL && !flag->optional && value == NULL) {
		if (*i + 1 >= argc)
			return bn_fail(err, BN_EINVAL, "--%s needs %s", flag->name, flag->value);
		value = argv[++*i];
	}
	return keep_flag(out, flag, value, err);
}

/* -q, -vv, -o json, -ojson. */
static int
take_short(struct bn_invocation *out, int argc, char *const *argv, int *i, struct bn_error *err)
{
	const char *letters = argv[*i] + 1;

	for (; *letters != '\0'; letters++) {
		const struct bn_flag *flag = find_flag(out->command, NULL, 0, *letters);
		const char *value = NULL;
		int rc;

		if (flag == NULL)
			return bn_fail(err, BN_EINVAL, "unknown option -%c", *letters);
		if (flag->value != NULL && !flag->optional) {
			if (letters[1] != '\0')
				value = letters + 1;
			else if (*i + 1 < argc)
				value = argv[++*i];
			else
				return bn_fail(err, BN_EINVAL, "-%c needs %s", *letters,
					       flag->value);
		}
		rc = keep_flag(out, flag, value, err);
		if (rc != BN_OK || value != NULL)
			return rc;
	}
	return BN_OK;
}

/* The command is looked for first, because its options decide what the words after it mean. A word
 * that is the value of a global option before it is passed over. */
static int
find_command(struct bn_invocation *out, int argc, char *const *argv, int *at, int *words,
	     struct bn_error *err)
{
	int i;

	for (i = 1; i < argc; i++) {
		const struct bn_flag *flag = NULL;

		if (strcmp(argv[i], "--") == 0)
			return BN_OK;
		if (argv[i][0] != '-' || argv[i][1] == '\0') {
			out->command =
			    bn_command_find(argv[i], i + 1 < argc ? argv[i + 1] : NULL, words);
			*at = i;
			if (out->command == NULL && is_group(argv[i]))
				out->group = argv[i];
			return out->command != NULL || out->group != NULL
				   ? BN_OK
				   : unknown_command(argv[i], err);
		}
		if (argv[i][1] == '-' && strchr(argv[i], '=') == NULL)
			flag = find_in(bn_global_flags, argv[i] + 2, strlen(argv[i] + 2), 0);
		else if (argv[i][1] != '-' && argv[i][2] == '\0')
			flag = find_in(bn_global_flags, NULL, 0, argv[i][1]);
		if (flag != NULL && flag->value != NULL && !flag->optional)
			i++;
	}
	return BN_OK;
}

static int
check_operands(const struct bn_invocation *in, struct bn_error *err)
{
	const struct bn_command *command = in->command;

	if (in->group != NULL && (in->count > 0 || !bn_flag_has(in, "help")))
		return half_a_command(in, err);
	if (command == NULL || bn_flag_has(in, "help"))
		return BN_OK;
	if (in->count < command->min_operands) {
		bn_fail(err, BN_EINVAL, "'%s' needs %s", command->name, command->operands);
		return bn_hint(err, "see binnacle %s --help", command->name);
	}
	if (command->max_operands >= 0 && in->count > command->max_operands) {
		bn_fail(err, BN_EINVAL, "'%s' does not take '%s'", command->name,
			in->operands[command->max_operands]);
		return bn_hint(err, "see binnacle %s --help", command->name);
	}
	return BN_OK;
}

int
bn_invocation_parse(struct bn_invocation *out, int argc, char *const *argv, struct bn_error *err)
{
	bool only_operands = false;
	int at = 0, words = 0, rc, i;

	memset(out, 0, sizeof(*out));
	rc = find_command(out, argc, argv, &at, &words, err);
	for (i = 1; rc == BN_OK && i < argc; i++) {
		if (at > 0 && (i == at || (words == 2 && i == at + 1)))
			continue;
		if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0')
			keep_operand(out, argv[i]);
		else if (strcmp(argv[i], "--") == 0)
			only_operands = true;
		else if (argv[i][1] == '-')
			rc = take_long(out, argc, argv, &i, err);
		else
			rc = take_short(out, argc, argv, &i, err);
	}
	return rc == BN_OK ? check_operands(out, err) : rc;
}

void
bn_invocation_clear(struct bn_invocation *in)
{
	free(in->operands);
	free(in->flags);
	memset(in, 0, sizeof(*in));
}

const char *
bn_flag_at(const struct bn_invocation *in, const char *name, int index)
{
	int i;

	for (i = 0; i < in->flag_count; i++) {
		if (strcmp(in->flags[i].flag->name, name) == 0 && index-- == 0)
			return in->flags[i].value != NULL ? in->flags[i].value : "";
	}
	return NULL;
}

const char *
bn_flag_get(const struct bn_invocation *in, const char *name)
{
	int i;

	for (i = in->flag_count - 1; i >= 0; i--) {
		if (strcmp(in->flags[i].flag->name, name) == 0)
			return in->flags[i].value != NULL ? in->flags[i].value : "";
	}
	return NULL;
}

const char *
bn_flag_moment(const struct bn_invocation *in)
{
	const struct bn_flag *global = find_in(bn_global_flags, "at", 2, 0);
	int i;

	for (i = in->flag_count - 1; i >= 0; i--) {
		if (in->flags[i].flag == global)
			return in->flags[i].value;
	}
	return NULL;
}

bool
bn_flag_has(const struct bn_invocation *in, const char *name)
{
	return bn_flag_get(in, name) != NULL;
}

int
bn_flag_duration(const struct bn_invocation *in, const char *name, int64_t fallback, int64_t *out,
		 struct bn_error *err)
{
	const char *text = bn_flag_get(in, name);
	int rc;

	*out = fallback;
	if (text == NULL)
		return BN_OK;
	rc = bn_duration_parse(text, out, err);
	if (rc != BN_OK)
		bn_error_prefix(err, "--%s", name);
	return rc;
}

int
bn_flag_int(const struct bn_invocation *in, const char *name, int64_t fallback, int64_t *out,
	    struct bn_error *err)
{
	const char *text = bn_flag_get(in, name);
	char *end;
	long long value;

	*out = fallback;
	if (text == NULL)
		return BN_OK;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return bn_fail(err, BN_EINVAL, "--%s: '%s' is not a whole number", name, text);
	*out = value;
	return BN_OK;
}
