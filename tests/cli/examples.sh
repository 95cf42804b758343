#!/bin/sh
# examples.sh - runs every example of the manual pages against the demo and compares the exit status.
# SPDX-License-Identifier: MIT
# One world is served for all of them; "--demo" in a line joins it.
top=${abs_top_builddir:?}
dir=$(mktemp -d) || exit 99
PATH=$top:$PATH
HOME=$dir/home XDG_CONFIG_HOME=$dir/home/config XDG_STATE_HOME=$dir/home/state
export PATH HOME XDG_CONFIG_HOME XDG_STATE_HOME
mkdir -p "$HOME"
binnacle demo --serve "$dir/demo" --speed 0 -q >"$dir/serve.out" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$dir"' EXIT
n=0
while [ ! -f "$dir/demo/pid" ] && [ $n -lt 200 ]; do
    sleep 0.1
    n=$((n + 1))
done
"$top/docgen" examples >"$dir/examples" || exit 99
echo "1..$(wc -l <"$dir/examples")"
n=0
tab=$(printf '\t')
while IFS=$tab read -r code page line; do
    n=$((n + 1))
    run=$(printf '%s\n' "$line" | sed "s|binnacle --demo |binnacle --demo=$dir/demo |")
    timeout 60 sh -c "$run" >"$dir/out" 2>"$dir/err" </dev/null
    got=$?
    if [ $got -eq "$code" ]; then
        echo "ok $n - $page: $line"
    else
        echo "not ok $n - $page: $line"
        echo "# exit status $got instead of $code"
        sed 's/^/# /' "$dir/err" | head -n 5
        sed 's/^/# /' "$dir/out" | head -n 10
    fi
done <"$dir/examples"
