/* chance.c - numbers that look random and depend on nothing but the seed and what they are for. */
/* SPDX-License-Identifier: MIT
 *
 * No libm: the same bits on every machine matter more here than the last digit. */
#include "sim/world.h"

#include <stdio.h>

/* splitmix64's finaliser (Steele, Lea, Flood 2014). */
static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t
bn_world_hash(uint64_t seed, const char *text, int64_t a, int64_t b)
{
	uint64_t h = mix(seed);
	const char *c;

	for (c = text; c != NULL && *c != '\0'; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3u;
	return mix(mix(mix(h) ^ (uint64_t)a) ^ (uint64_t)b);
}

double
bn_world_chance(uint64_t hash)
{
	return (double)(hash >> 11) / 9007199254740992.0;
}

/* e^x for |x| <= 2 by its series. */
static double
exponential(double x)
{
	double term = 1, sum = 1;
	int i;

	for (i = 1; i < 24; i++) {
		term *= x / i;
		sum += term;
	}
	return sum;
}

/* ln x for x in [1, 4] by the series of 2 artanh((x - 1) / (x + 1)). */
static double
logarithm(double x)
{
	double y = (x - 1) / (x + 1), square = y * y, term = y, sum = 0;
	int i;

	for (i = 1; i < 60; i += 2) {
		sum += term / i;
		term *= square;
	}
	return 2 * sum;
}

double
bn_world_spread(uint64_t hash, double p95)
{
	double normal = -6, factor;
	int i;

	for (i = 0; i < 12; i++)
		normal += bn_world_chance(mix(hash + (uint64_t)i));
	/* 1.645 standard deviations are the 95th percentile */
	factor = exponential(normal * logarithm(p95 < 1 ? 1 : p95 > 4 ? 4 : p95) / 1.645);
	return factor < 0.4 ? 0.4 : factor > 2.5 ? 2.5 : factor;
}

double
bn_world_wave(bn_time now)
{
	int64_t into = ((now - 4 * BN_W_HOUR) % BN_W_DAY + BN_W_DAY) % BN_W_DAY;
	double x = (double)into / (double)BN_W_DAY; /* 0 at the night's minimum */

	/* two parabolas joined smoothly at ±1: close enough to a cosine for a traffic curve */
	x = x < 0.5 ? x * 2 : 2 - x * 2;
	return x < 0.5 ? -1 + 4 * x * x : 1 - 4 * (1 - x) * (1 - x);
}

void
bn_world_uuid(uint64_t hash, char out[40])
{
	uint64_t a = mix(hash), b = mix(a);

	snprintf(out, 40, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
		 (unsigned)(a >> 16) & 0xffffu, (unsigned)a & 0xfffu,
		 ((unsigned)(b >> 48) & 0x3fffu) | 0x8000u,
		 (unsigned long long)(b & 0xffffffffffffu));
}
