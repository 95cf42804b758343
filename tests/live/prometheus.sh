# prometheus.sh - a real Prometheus: what fires and what is down are findings, what is pending is not.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "prometheus"
bn findings -o json --filter source=prom
is "findings exits with 1: something needs attention" "$status" 1
json "the firing alert is a critical finding" "$dir/out" \
	'[.items[] | select(.rule == "alert") | .severity] == ["crit"]'
json "it carries the alert's own summary" "$dir/out" \
	'[.items[] | select(.rule == "alert") | .title] | length == 1 and (.[0] | contains("No orders for 12 minutes"))'
json "the pending alert is none" "$dir/out" '[.items[] | select(.title | contains("WarehouseDiskFilling"))] == []'
json "the down target is a finding" "$dir/out" \
	'[.items[] | select(.rule == "target-down")] | length == 1 and (.[0].title | contains($target))' \
	--arg target "$PROMETHEUS_DEAD_TARGET"
json "with the reason Prometheus gives" "$dir/out" \
	'[.items[] | select(.rule == "target-down") | .message] | length == 1 and (.[0] | contains("connection refused"))'

bn status -o json
is "status exits with 1: something needs attention" "$status" 1
json "status lists the alert" "$dir/out" '[.items[] | select(tostring | contains("OrdersStalled"))] | length == 1'
