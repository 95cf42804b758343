/* face.c - small things several faces need. */
/* SPDX-License-Identifier: MIT */
#include "sim/face.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

json_t *
bn_face_time(bn_time time, const char *zone, int fraction_digits)
{
	char text[BN_TIME_TEXT], out[64];
	int64_t rest = time % 1000;

	if (time == 0)
		return json_null();
	bn_time_rfc3339(time - rest, text);
	text[strcspn(text, "Z")] = '\0';
	if (fraction_digits > 0)
		snprintf(out, sizeof(out), "%s.%03d%0*d%s", text, (int)rest, fraction_digits - 3, 0,
			 zone);
	else
		snprintf(out, sizeof(out), "%s%s", text, zone);
	return json_string(out);
}

bool
bn_face_bool(const char *text, bool fallback)
{
	if (text == NULL)
		return fallback;
	return strcmp(text, "1") == 0 || strcasecmp(text, "true") == 0 ||
	       strcasecmp(text, "t") == 0;
}

int64_t
bn_face_number(const char *text, int64_t max)
{
	int64_t number = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || number > max)
			return -1;
		number = number * 10 + (*text - '0');
	}
	return number > max ? -1 : number;
}
