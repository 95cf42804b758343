/* zone_fuzz.c - any bytes as a TZif file: refused, or a zone that answers every moment. */
/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const bn_time moments[] = {INT64_MIN,
					  -1,
					  0,
					  1,
					  INT64_C(1773112364000),
					  INT64_C(2147483648000),
					  INT64_C(253402300799999),
					  INT64_MAX};
	struct bn_zone *zone;

	if (bn_zone_parse(&zone, "fuzz", data, size, NULL) != BN_OK)
		return 0;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		const char *name;
		int offset = bn_zone_offset(zone, moments[i], &name);

		FUZZ_CHECK(offset >= -100000 && offset <= 100000 && name != NULL);
		if (moments[i] >= 0 && moments[i] < INT64_C(253402300799999))
			bn_zone_resolve(zone, moments[i] / 1000);
	}
	bn_zone_free(zone);
	return 0;
}
