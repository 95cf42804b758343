# alertmanager.sh - a real Alertmanager behind a real Prometheus: one alert is one finding, and a silence is honoured.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "alertmanager"
cat >"$dir/am.conf" <<-EOF
	[source "prom"]
	    type = prometheus
	    url = $PROMETHEUS_URL
	[source "am"]
	    type = alertmanager
	    url = $ALERTMANAGER_URL
EOF
am_bn() {
	bn --config "$dir/am.conf" --cache none "$@"
}
am_bn findings -o json
json "the alert both servers show is one finding, Alertmanager's" "$dir/out" \
	'[.items[] | select(.rule == "alert") | .source] == ["am"]'
json "nobody silenced it" "$dir/out" '[.items[] | select(.rule == "alert") | .silenced] == [false]'

silence_body=$(jq -nc --arg from "$(date -u +%FT%TZ)" --arg to "$(date -u -d '+1 hour' +%FT%TZ)" \
	'{matchers: [{name: "alertname", value: "OrdersStalled", isRegex: false}], startsAt: $from, endsAt: $to,
	  createdBy: "ana", comment: "known, see ORD-12"}')
silence_id=$(curl -fsS -m 5 -H 'Content-Type: application/json' -d "$silence_body" \
	"$ALERTMANAGER_URL/api/v2/silences" | jq -r .silenceID)
suppressed() {
	curl -fsS -m 5 "$ALERTMANAGER_URL/api/v2/alerts" | jq -e '[.[] | select(.status.state == "suppressed")] | length == 1'
}
until_true 60 suppressed >/dev/null 2>&1
am_bn findings -o json
json "the silence is shown with who and why" "$dir/out" \
	'[.items[] | select(.rule == "alert")] | length == 1 and (.[0] | .silenced and .silenced_by == "ana"
	  and .silenced_why == "known, see ORD-12" and .silenced_until != null)'
am_bn status
holds "it is counted as silenced" "$(head -n 1 "$dir/out")" "(1 silenced)"
holds "and as needing nobody" "$(head -n 1 "$dir/out")" "✗ 0"

# Ended again: it needs somebody again.
curl -fsS -m 5 -X DELETE "$ALERTMANAGER_URL/api/v2/silence/$silence_id" >/dev/null
active() {
	curl -fsS -m 5 "$ALERTMANAGER_URL/api/v2/alerts" | jq -e '[.[] | select(.status.state == "active")] | length == 1'
}
until_true 60 active >/dev/null 2>&1
am_bn status
holds "without the silence it needs somebody" "$(head -n 1 "$dir/out")" "✗ 1"
am_bn doctor am
holds "doctor tells the version" "$(cat "$dir/out")" "server version"
