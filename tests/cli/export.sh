#!/bin/sh
# export.sh - `export` writes Prometheus' text format to the letter, and what it says is what the demo's facts say.
# SPDX-License-Identifier: MIT
top=${abs_top_builddir:?}
src=${abs_top_srcdir:?}
if ! command -v python3 >/dev/null 2>&1; then
    echo "1..0 # SKIP python3 is not here"
    exit 0
fi
dir=$(mktemp -d) || exit 99
HOME=$dir/home XDG_CONFIG_HOME=$dir/home/config XDG_STATE_HOME=$dir/home/state
export HOME XDG_CONFIG_HOME XDG_STATE_HOME
mkdir -p "$HOME"
"$top/binnacle" demo --serve "$dir/demo" --speed 0 -q >"$dir/serve.out" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$dir"' EXIT
n=0
while [ ! -f "$dir/demo/pid" ] && [ $n -lt 200 ]; do
    sleep 0.1
    n=$((n + 1))
done
"$top/binnacle" --demo="$dir/demo" export --format prom >"$dir/prom" 2>"$dir/err"
echo $? >"$dir/prom.code"
"$top/binnacle" --demo="$dir/demo" --offline export --format json >"$dir/json" 2>>"$dir/err"
# label values that try to break out of their quotes
cat >"$dir/hostile.conf" <<'EOF'
[source "none"]
    type = http
    url = http://127.0.0.1:1
[endpoint "a\"b\\c{x=1} 2"]
    url = http://127.0.0.1:1/
EOF
"$top/binnacle" --config "$dir/hostile.conf" --cache none export >"$dir/hostile" 2>>"$dir/err"
echo $? >"$dir/hostile.code"
python3 "$src/tests/cli/export.py" "$dir"
