#!/bin/sh
# network.sh - redirects without end, clocks that are off, a resolver that never answers: from the command line.
# SPDX-License-Identifier: MIT
top=${abs_top_builddir:?}
src=${abs_top_srcdir:?}
dir=$(mktemp -d) || exit 99
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
PATH=$top:$PATH
HOME=$dir XDG_STATE_HOME=$dir XDG_CONFIG_HOME=$dir
export HOME XDG_STATE_HOME XDG_CONFIG_HOME
n=0
failed=0

result() { # 0|1 name
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
        echo "not ok $n - $2"
        sed 's/^/# /' "$dir/out" "$dir/err" 2>/dev/null | head -n 20
        failed=1
    fi
}

skip() { # name reason
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}

wait_for() { # file
    i=0
    while [ ! -s "$1" ] && [ $i -lt 300 ]; do
        sleep 0.1
        i=$((i + 1))
    done
}

echo 1..7
command -v python3 >/dev/null || {
    for name in loop others clock age skew dns patience; do skip "network: $name" "no python3"; done
    exit 0
}
python3 "$src/tests/cli/network.py" http "$dir/port" &
pids=$!
wait_for "$dir/port"
port=$(cat "$dir/port")

# ---- a redirect to itself ----
printf '[source "prom"]\n\ttype = prometheus\n\turl = http://127.0.0.1:%s/loop\n[endpoint "well"]\n\turl = http://127.0.0.1:%s/ok\n' \
    "$port" "$port" >"$dir/loop.conf"
binnacle --config "$dir/loop.conf" --cache "$dir/loop.d" status >"$dir/out" 2>"$dir/err"
code=$?
[ $code -eq 3 ] && grep -q 'prom: .*redirected more than three times' "$dir/err" &&
    grep -q 'check the path in url' "$dir/err"
result $? "network: a redirect without end is named, with what to look at"
binnacle --config "$dir/loop.conf" --cache "$dir/loop.d" --offline endpoints -o csv --no-header --columns endpoint,status \
    >"$dir/out" 2>"$dir/err"
grep -q '^well,healthy' "$dir/out"
result $? "network: the others are read all the same"

# ---- a server an hour ahead ----
printf '[endpoint "ahead"]\n\turl = http://127.0.0.1:%s/ok\n\tassert = json .generated_at age < 24h\n' "$port" \
    >"$dir/ahead.conf"
binnacle --config "$dir/ahead.conf" --cache "$dir/ahead.d" status >"$dir/out" 2>"$dir/err"
result $? "network: what was made in the future is no trouble"
binnacle --config "$dir/ahead.conf" --cache "$dir/ahead.d" --offline endpoints -o wide >"$dir/out" 2>"$dir/err"
grep -q ahead "$dir/out" && ! grep -Eq '(^| )-[0-9]+(ms|s|m|h|d)' "$dir/out"
result $? "network: and has no negative age"

# ---- a platform 40 seconds ahead ----
binnacle demo -q --speed 0 --serve "$dir/demo" --fault skew=40s >/dev/null 2>&1 &
pids="$pids $!"
wait_for "$dir/demo/pid"
binnacle --demo="$dir/demo" status >"$dir/out" 2>"$dir/err"
code=$?
[ $code -eq 1 ] && grep -q transform-hourly "$dir/out" && ! grep -Eq '(^| )-[0-9]+(ms|s|m|h|d)' "$dir/out"
result $? "network: platforms whose clocks are ahead are read, and nothing is younger than now"

# ---- a resolver that never answers ----
# Its own mount and network namespace: a resolv.conf that names a socket which only swallows what it gets.
cat >"$dir/mute.sh" <<'EOF'
set -e
mount --bind "$1/resolv.conf" /etc/resolv.conf
ip link set lo up 2>/dev/null || ifconfig lo up
python3 "$2/tests/cli/network.py" mute 127.0.0.53 53 "$1/mute" &
mute=$!
python3 "$2/tests/cli/network.py" http "$1/port2" &
web=$!
i=0
while [ ! -s "$1/port2" ] || [ ! -e "$1/mute" ]; do i=$((i + 1)); [ $i -lt 100 ] || exit 99; sleep 0.1; done
printf '[source "far"]\n\ttype = prometheus\n\turl = https://prom.silent.example\n[endpoint "well"]\n\turl = http://127.0.0.1:%s/ok\n' \
    "$(cat "$1/port2")" >"$1/dns.conf"
code=0
binnacle --config "$1/dns.conf" --cache "$1/dns.d" status >"$1/out" 2>"$1/err" || code=$?
echo $code >"$1/code"
kill $mute $web
EOF
printf 'nameserver 127.0.0.53\noptions timeout:30 attempts:1\n' >"$dir/resolv.conf"
if [ "$(id -u)" -ne 0 ]; then
    skip "network: a mute resolver is named" "needs root for a namespace of its own"
    skip "network: and delays nobody" "needs root for a namespace of its own"
elif ! unshare -mn true 2>/dev/null; then
    skip "network: a mute resolver is named" "no namespaces here"
    skip "network: and delays nobody" "no namespaces here"
else
    says='.*the name server does not answer - check '
    before=$(date +%s)
    unshare -mn sh "$dir/mute.sh" "$dir" "$src" >"$dir/log" 2>&1
    after=$(date +%s)
    [ "$(cat "$dir/code")" = 3 ] && grep -q "^binnacle: far: $says" "$dir/err"
    result $? "network: a mute resolver is named, with what to do"
    # the resolver itself would have waited 30 s
    binnacle --config "$dir/dns.conf" --cache "$dir/dns.d" --offline endpoints -o csv --no-header --columns endpoint,status \
        >"$dir/out"
    grep -q '^well,healthy' "$dir/out" && [ $((after - before)) -lt 25 ]
    result $? "network: and delays nobody"
fi
exit $failed
