#!/bin/sh
# recorded.sh - runs last: every request that any test's binnacle sent is in a table, every write is on the list.
# SPDX-License-Identifier: MIT
#
# Each test's requests lie beside its log (Makefile.am, AM_TESTS_ENVIRONMENT). That the judge can say no is shown with
# a plugin that deletes.
top=${abs_top_builddir:?}
src=${abs_top_srcdir:?}
judge=$top/tests/platform/recorded
unset BINNACLE_RECORD
dir=$(mktemp -d) || exit 99
server=
trap 'kill $server 2>/dev/null; rm -rf "$dir"' EXIT
HOME=$dir XDG_STATE_HOME=$dir XDG_CONFIG_HOME=$dir
export HOME XDG_STATE_HOME XDG_CONFIG_HOME
n=0
failed=0

result() { # 0|1 name
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
        echo "not ok $n - $2"
        sed 's/^/# /' "$dir/said" 2>/dev/null | head -n 40
        failed=1
    fi
}

skip() { # name reason
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}

echo 1..6

# ---- the suite's own traffic ----
files=$(find "$top/tests" -name '*.sent' -size +0)
# shellcheck disable=SC2086  # a list of files
"$judge" $files >"$dir/said"
result $? "recorded: every request of the suite is in its plugin's table, and every write is on the list"
sed -n '$s/^/# /p' "$dir/said"

# One binnacle for all: whatever was run of these kinds of test left something.
: >"$dir/said"
for pair in screen/screens_test cli/contract_test platform/plugins_sim_test fault/action_test fault/kill_test; do
    # of tests that were skipped or not run there is no log, or no record to expect
    grep -q '^PASS: ' "$top/tests/$pair.log" 2>/dev/null || continue
    [ -s "$top/tests/$pair.sent" ] || echo "$pair ran and left no record" >>"$dir/said"
done
[ ! -s "$dir/said" ]
result $? "recorded: screens, commands, plugins and faults are all in it"

# ---- the list is the manual's ----
page=$top/man/binnacle-policy.5
[ -f "$page" ] || page=$src/man/binnacle-policy.5 # as a tarball has it
sed -n '/EVERY WRITE/,/SEE ALSO/p' "$page" | sed 's|[\"]||g' | grep -oE '(PUT|POST|DELETE|PATCH) +/[^ ]*' |
    sort -u >"$dir/page"
sed -n '/allowed_writes\[\] = {/,/^};/s/.*"\([A-Z]*\)", "\([^"]*\)".*/\1 \2/p' "$src/tests/platform/allowed.c" | sort -u >"$dir/list"
diff "$dir/page" "$dir/list" >"$dir/said" && [ -s "$dir/list" ]
result $? "recorded: the list is the one of binnacle-policy(5)"

# ---- what is planted is found ----
found() { # text
    "$judge" "$dir/planted.sent" >"$dir/said" && return 1
    grep -qF "$1" "$dir/said"
}

plant() { # how arguments...
    how=$1
    shift
    rm -rf "$dir/state"
    : >"$dir/planted.sent"
    printf '[plugin]\n\tpath = %s/planted.so\n[state]\n\tdir = %s/state\n[source "p"]\n\ttype = planted\n\turl = http://127.0.0.1:%s\n\tport = %s\n\thow = %s\n\tactions = retry\n' \
        "$dir" "$dir" "$port" "$port" "$how" >"$dir/config"
    chmod 600 "$dir/config"
    BINNACLE_RECORD=$dir/planted.sent "$top/binnacle" --config "$dir/config" "$@" >"$dir/out" 2>&1
}

cc=$(sed -n 's/^CC = //p' "$top/Makefile")
if ! command -v python3 >/dev/null; then
    for name in read write past; do skip "recorded: a planted DELETE ($name) is found" "no python3"; done
elif ! $cc -shared -fPIC -D_GNU_SOURCE -I"$src/src" -o "$dir/planted.so" "$src/tests/platform/planted.c" >"$dir/said" 2>&1; then
    result 1 "recorded: the planted plugin compiles"
else
    chmod 600 "$dir/planted.so"
    python3 "$src/tests/platform/planted.py" "$dir/port" "$dir/planted.sent" &
    server=$!
    i=0
    while [ ! -s "$dir/port" ] && [ $i -lt 600 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    port=$(cat "$dir/port")
    plant as-read status
    found "DELETE http://127.0.0.1:$port/runs/hidden: a read by a method that may write, not on the list"
    result $? "recorded: a planted DELETE that says it reads is found"
    plant not retry run/p/p/1 --yes --reason planted
    found "DELETE http://127.0.0.1:$port/runs/listed/log: a write that is not on the list"
    result $? "recorded: a planted DELETE that is sent as a retry is found"
    plant past status
    found "DELETE /runs/past: a platform saw it, and nobody wrote down that it was sent"
    result $? "recorded: a planted DELETE that goes past the tables is found"
fi
exit $failed
