/* exit.c - the exit codes: one table, and which one wins where several fit. */
/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

const struct bn_exit_row bn_exit_rows[] = {
    {BN_EXIT_OK, "ok", "success, nothing wrong"},
    {BN_EXIT_ATTENTION, "warning", "success, and something needs attention (status, findings)"},
    {BN_EXIT_FAILED, "critical", "the action itself failed at the far end"},
    {BN_EXIT_INCOMPLETE, "unknown: a source is dead, or data is older than --fresh",
     "incomplete: at least one source did not answer; what there is was printed"},
    {BN_EXIT_USAGE, "usage", "usage"},
    {BN_EXIT_DATA, NULL, "input or a value in it is malformed"},
    {BN_EXIT_NOTFOUND, NULL, "the named thing was not found"},
    {BN_EXIT_UNAVAILABLE, NULL, "service or network not available"},
    {BN_EXIT_INTERNAL, NULL, "internal error"},
    {BN_EXIT_CANTCREATE, NULL, "output can't be written, or exists already"},
    {BN_EXIT_TEMPFAIL, NULL, "try again later: asked too often, or a lock is held"},
    {BN_EXIT_PROTOCOL, NULL, "an answer was not understood"},
    {BN_EXIT_NOPERM, NULL, "permission denied, by a service or by policy"},
    {BN_EXIT_CONFIG, NULL, "configuration error"},
    {BN_EXIT_UNKNOWN_OUTCOME, NULL, "sent, outcome unknown: do not run it again"},
    {BN_EXIT_TIMEOUT, NULL,
     "--timeout was reached: by what is waited for, or by a query of sql; sources that are late "
     "give 3"},
    {BN_EXIT_INTERRUPTED, NULL, "interrupted"},
    {BN_EXIT_PIPE, NULL, "standard output was closed by its reader"},
    {0, NULL, NULL},
};

/* Place in the order of precedence; lower wins. */
static int
precedence(int code)
{
	static const int order[] = {BN_EXIT_UNKNOWN_OUTCOME, BN_EXIT_NOPERM, BN_EXIT_FAILED,
				    BN_EXIT_INCOMPLETE, BN_EXIT_ATTENTION};
	size_t i;

	if (code == BN_EXIT_OK)
		return 1000;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (order[i] == code)
			return (int)i;
	}
	return 100;
}

int
bn_exit_combine(int a, int b)
{
	return precedence(b) < precedence(a) ? b : a;
}

int
bn_exit_for(const struct bn_error *err)
{
	switch (err->code) {
	case BN_OK:
		return BN_EXIT_OK;
	case BN_EINVAL:
		return BN_EXIT_USAGE;
	case BN_ECONFIG:
		return BN_EXIT_CONFIG;
	case BN_EAUTH:
	case BN_EPERM:
		return BN_EXIT_NOPERM;
	case BN_ENOTFOUND:
		return BN_EXIT_NOTFOUND;
	case BN_ETHROTTLED:
	case BN_EBUSY:
		return BN_EXIT_TEMPFAIL;
	case BN_ETIMEOUT:
	case BN_EUNREACHABLE:
	case BN_ETLS:
		return BN_EXIT_UNAVAILABLE;
	case BN_EPARSE:
	case BN_ETOOBIG:
		return BN_EXIT_PROTOCOL;
	case BN_EREMOTE:
		return BN_EXIT_FAILED;
	case BN_EIO:
	case BN_ECONFLICT:
		return BN_EXIT_CANTCREATE;
	case BN_ECANCELLED:
		return BN_EXIT_INTERRUPTED;
	case BN_EUNSUPPORTED:
		return BN_EXIT_UNAVAILABLE;
	case BN_EUNCERTAIN:
		return BN_EXIT_UNKNOWN_OUTCOME;
	default:
		return BN_EXIT_INTERNAL;
	}
}
