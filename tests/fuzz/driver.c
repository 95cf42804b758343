/* driver.c - runs a fuzz target over its stored corpus, so that `make check` needs no fuzzer. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is copied into a block of exactly its size, so that reading past its end is seen. */
static int
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1); /* an empty input is no NULL */
	size_t size = 0, n;
	char buf[65536];

	if (f == NULL || data == NULL) {
		printf("# %s: cannot be read\n", path);
		free(data);
		return -1;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0) {
		data = realloc(data, size + n);
		if (data == NULL)
			abort();
		memcpy(data + size, buf, n);
		size += n;
	}
	fclose(f);
	printf("# %s\n", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

static int
run_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[8192];
	int inputs = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (run_file(path) == 0)
			inputs++;
	}
	closedir(dir);
	return inputs;
}

/* NAME_fuzz without arguments reads tests/fuzz/corpus/NAME; with arguments, those files. */
int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *top = getenv("abs_top_srcdir");
	char name[256], folder[4096];
	size_t len;
	int inputs = 0;

	setbuf(stdout, NULL);
	for (int i = 1; i < argc; i++)
		inputs += run_file(argv[i]) == 0;
	if (argc > 1)
		return inputs == argc - 1 ? 0 : 1;
	snprintf(name, sizeof(name), "%s", slash != NULL ? slash + 1 : argv[0]);
	len = strlen(name);
	if (len > 5 && strcmp(name + len - 5, "_fuzz") == 0)
		name[len - 5] = '\0';
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top != NULL ? top : ".", name);
	inputs = run_folder(folder);
	printf("1..1\n%s 1 - %s: %d stored inputs\n", inputs > 0 ? "ok" : "not ok", name, inputs);
	return inputs > 0 ? 0 : 1;
}
