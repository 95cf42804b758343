#!/bin/sh
# tap-skip.sh - runs a cmocka program and turns its "not ok N # SKIP" lines into TAP's real skips.
# SPDX-License-Identifier: MIT
# cmocka 1.1.5 writes skipped tests as failures with a SKIP directive, which automake's driver counts as failed.
# The reason is what bn_skip() of tests/test.h printed before; a skip that gives none stays a failure.
out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
"$@" >"$out" 2>&1
rc=$?
awk '
	/^# SKIP-REASON / { reason = substr($0, 15); next }
	/^not ok [0-9]+ # SKIP/ {
		name = $0
		sub(/^not ok [0-9]+ # SKIP */, "", name)
		if (reason == "")
			print "not ok " $3 " - " name " (skipped without a reason: use bn_skip)"
		else
			print "ok " $3 " - " name " # SKIP " reason
		reason = ""
		next
	}
	{ print }
' "$out"
exit $rc
