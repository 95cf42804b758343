# endpoints.sh - a real nginx: status, phases, certificates, the age of what it says, and how it fails.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "endpoints"
every=endpoint,status,state,message,latest,resolve,connect,tls,first_byte,transfer,certificate,asserts,http_status
bn endpoints -o json --columns "$every"

one() {
	local name=$1 filter=$2
	shift 2
	json "$name" "$dir/out" "[.items[] | select(.endpoint == \$endpoint) | $filter] == [true]" "$@"
}

one "the healthy one is healthy" '.status == "healthy" and .http_status == 200' --arg endpoint api-quote
one "its phases are measured, TLS too" \
	'.tls > 0 and .first_byte > 0 and .connect >= 0 and .resolve >= 0 and .latest >= .tls + .first_byte' \
	--arg endpoint api-quote
one "its certificate is good for 300 days" '.certificate / 86400 | . > 298 and . <= 300' --arg endpoint api-quote
one "the expiring one is degraded" '.status == "degraded"' --arg endpoint shop
one "and says how long it has" '.certificate / 86400 | . > 4 and . <= 5' --arg endpoint shop
one "and why in words" '.message | contains("certificate expires in 4 days")' --arg endpoint shop
one "what was generated 30 hours ago is not well" '.status != "healthy" and (.message | test("30h|1d|generated_at"))' \
	--arg endpoint stale
one "503 is down" '.status == "down" and .http_status == 503' --arg endpoint down
one "a body that does not end is a time-out" '.status == "down" and (.message | test("time|2 s|2s"))' --arg endpoint slow
one "a certificate of a stranger is refused" '.status == "down" and (.message | test("certificate|CA"; "i"))' \
	--arg endpoint stranger
one "nobody listening is refused" '.status == "down" and (.message | test("refused|connect"; "i"))' --arg endpoint refused

bn probe stale -o json
holds "probe shows the age that was seen" "$(cat "$dir/out")" "generated_at"
bn check endpoint api-quote
is "check says ok for the healthy one" "$status" 0
bn check endpoint down
is "check says critical for the one that is down" "$status" 2
