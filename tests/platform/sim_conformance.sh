#!/bin/sh
# sim_conformance.sh - the simulator's faces against the platforms' official specifications.
# SPDX-License-Identifier: MIT
skip() {
	echo "1..0 # SKIP $1"
	exit 0
}
top=${abs_top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${abs_top_builddir:-.}
apis=${BN_SHARED_APIS:-$top/../shared/apis}
[ -d "$apis/argo-workflows" ] || skip "the platforms' specifications are not there ($apis)"
for python in python3 /usr/bin/python3; do
	"$python" -c 'import jsonschema' 2>/dev/null && break
	python=
done
[ -n "$python" ] || skip "Python's jsonschema is not installed (Debian: python3-jsonschema)"
exec "$python" "$top/tests/platform/sim_conformance.py" "$build/binnacle-sim" "$apis"
