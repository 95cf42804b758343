#!/bin/sh
# tap-skip.sh - runs a cmocka program and turns its "not ok N # SKIP" lines into TAP's real skips.
# SPDX-License-Identifier: MIT
# cmocka 1.1.5 writes skipped tests as failures with a SKIP directive, which automake's driver counts as failed.
out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
"$@" >"$out" 2>&1
rc=$?
sed -E 's/^not (ok [0-9]+.*# SKIP)/\1/; s/^ok ([0-9]+) - (.*)$/ok \1 - \2/' "$out"
exit $rc
