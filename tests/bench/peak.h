/* peak.h - the most memory this process ever held. */
/* SPDX-License-Identifier: MIT */
#ifndef BN_BENCH_PEAK_H
#define BN_BENCH_PEAK_H

#include <stdio.h>

/* In kB. Not getrusage: its maximum is inherited from the process that started this one. */
static inline long
peak_kb(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kb = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "VmHWM: %ld", &kb) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kb;
}

#endif
