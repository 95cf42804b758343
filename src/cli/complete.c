/* complete.c - what the last word of a command line could become, for the console's ':' line. */
/* SPDX-License-Identifier: MIT */
#include "cli/complete.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define MAX_WORDS 32

/* Splits a copy of the line at blanks; quotes are not understood here. Returns how many words there
 * are before the last one, which may be empty. */
static int
split(char *line, char **words, char **last)
{
	int n = 0;
	char *p = line;

	*last = line + strlen(line);
	while (*p != '\0' && n < MAX_WORDS) {
		p += strspn(p, " ");
		if (*p == '\0')
			break;
		words[n++] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
		else {
			*last = words[--n];
			break;
		}
	}
	return n;
}

static void
offer(struct bn_strlist *out, const char *prefix, const char *word)
{
	if (strncmp(word, prefix, strlen(prefix)) == 0 && !bn_strlist_has(out, word))
		bn_strlist_add(out, word);
}

static void
offer_flags(struct bn_strlist *out, const char *prefix, const struct bn_flag *flags)
{
	for (; flags != NULL && flags->name != NULL; flags++) {
		char *word = bn_xasprintf("--%s", flags->name);

		offer(out, prefix, word);
		free(word);
	}
}

static void
offer_words(struct bn_strlist *out, const char *prefix, const char *words)
{
	while (words != NULL && *words != '\0') {
		size_t n = strcspn(words, "|");
		char *word = bn_xstrndup(words, n);

		offer(out, prefix, word);
		free(word);
		words += n + (words[n] == '|');
	}
}

/* First or second words of commands, depending on what stands before. */
static void
offer_commands(struct bn_strlist *out, const char *prefix, const char *first, bool acts)
{
	size_t i;

	for (i = 0; bn_commands[i] != NULL; i++) {
		const char *name = bn_commands[i]->name;
		size_t n = strcspn(name, " ");
		char *word = NULL;

		if (bn_commands[i]->acts && !acts)
			continue;
		if (first == NULL)
			word = bn_xstrndup(name, n);
		else if (name[n] == ' ' && strlen(first) == n && strncmp(first, name, n) == 0)
			word = bn_xstrdup(name + n + 1);
		if (word != NULL)
			offer(out, prefix, word);
		free(word);
	}
}

static const struct bn_flag *
flag_named(const struct bn_command *command, const char *word)
{
	const struct bn_flag *tables[] = {command != NULL ? command->flags : NULL, bn_global_flags};
	size_t t;

	for (t = 0; t < 2; t++) {
		const struct bn_flag *f;

		for (f = tables[t]; f != NULL && f->name != NULL; f++) {
			if (strncmp(word, "--", 2) == 0
				? strcmp(word + 2, f->name) == 0
				: word[0] == '-' && word[1] == f->letter && f->letter != 0)
				return f;
		}
	}
	return NULL;
}

void
bn_complete_line(const char *line, bool acts, struct bn_strlist *out)
{
	char *copy = bn_xstrdup(line), *words[MAX_WORDS], *last;
	int n = split(copy, words, &last), used = 0;
	const struct bn_command *command =
	    n > 0 ? bn_command_find(words[0], n > 1 ? words[1] : NULL, &used) : NULL;
	const struct bn_flag *flag;

	if (command != NULL && command->acts && !acts)
		command = NULL;
	flag = n > 0 ? flag_named(command, words[n - 1]) : NULL;
	if (flag != NULL && flag->words != NULL)
		offer_words(out, last, flag->words);
	else if (n == 0)
		offer_commands(out, last, NULL, acts);
	else {
		if (n == 1)
			offer_commands(out, last, words[0], acts);
		if (last[0] == '-') {
			offer_flags(out, last, command != NULL ? command->flags : NULL);
			offer_flags(out, last, bn_global_flags);
		} else if (command != NULL)
			offer_words(out, last, command->operand_words);
	}
	free(copy);
}
