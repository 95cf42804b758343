# silence.sh - the real Prometheus is stopped: within two intervals nothing of it counts as fine, and status says so.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "silence"
interval=2

# A collector of its own home, so that the interval is short.
export XDG_STATE_HOME=$dir/silence-state
printf '[source "prom"]\n    type = prometheus\n    url = %s\n    interval = %ss\n    timeout = 1s\n' \
	"$PROMETHEUS_URL" "$interval" >"$dir/silence.gitconfig"

quiet() {
	bn --config "$dir/silence.gitconfig" --offline "$@"
}

source_is() {
	quiet sources -o json
	[ "$(jq -r '.items[] | select(.source == "prom") | .status' "$dir/out" 2>/dev/null)" = "$1" ]
}

# The exit status of `status`; on the way no answer may call a source healthy that was not read for two intervals
# (and the second that rounding takes, and the one a poll may last).
status_is() {
	quiet sources -o json
	jq -e --argjson bound "$((2 * interval + 2))" \
		'any(.items[]; .source == "prom" and .status == "healthy" and .last_ok > $bound)' "$dir/out" >"$dir/late" &&
		cat "$dir/out" >>"$dir/called-fine"
	quiet status
	[ "$status" = "$1" ]
}

"$binnacle" --config "$dir/silence.gitconfig" collect >"$dir/collect.log" 2>&1 </dev/null &
collector=$!
if until_true 60 source_is healthy; then
	pass "before: the source is healthy"
else
	fail "before: the source is healthy" "$(cat "$dir/out" "$dir/collect.log")"
fi
quiet status
is "before: status exits with 1, for the alert" "$status" 1

[ -z "$PROMETHEUS_PID" ] || kill -STOP "$PROMETHEUS_PID"
stopped=$SECONDS
if until_true 60 status_is 3; then
	pass "stopped: status exits with 3"
else
	fail "stopped: status exits with 3" "exit status $status after $((SECONDS - stopped)) s
$(cat "$dir/out" "$dir/err")"
fi
is "stopped: nothing was called healthy that was not read for two intervals" "$(cat "$dir/called-fine" 2>/dev/null)" ""
quiet sql -o json "SELECT kind, key, status FROM entity WHERE source = 'prom'"
json "stopped: nothing of it counts as fine" "$dir/out" \
	'[.items[] | select(.status == "healthy" or .status == "succeeded")] == []'
quiet sources -o json
json "stopped: the source itself is not healthy" "$dir/out" '[.items[] | .status] | index("healthy") == null'
quiet check source prom
is "stopped: check says unknown" "$status" 3

screen=$(timeout 60 "$screenshot" -s 80x24 -k '<Wait:prom><Quiet:500>' -- \
	"$binnacle" --config "$dir/silence.gitconfig" 2>"$dir/err")
holds "stopped: the console's header counts no source as answering" "$screen" "src 0/1"

[ -z "$PROMETHEUS_PID" ] || kill -CONT "$PROMETHEUS_PID"
if until_true 60 source_is healthy; then
	pass "continued: the source recovers by itself"
else
	fail "continued: the source recovers by itself" "$(cat "$dir/out" "$dir/collect.log")"
fi
if until_true 60 status_is 1; then
	pass "continued: status exits with 1 again"
else
	fail "continued: status exits with 1 again" "exit status $status
$(cat "$dir/out" "$dir/err")"
fi
kill "$collector"
wait "$collector"
is "the collector ends cleanly when told to" "$?" 0
collector=
export XDG_STATE_HOME=$dir/home/state
