# streams.sh - a real Prometheus with known holes: `stream gaps` lists exactly those minutes, whatever is asked.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "streams"

streams_config() {
	cat <<-EOF
		[source "prom"]
		    type = prometheus
		    url = $STREAMS_URL
		[stream "pushed"]
		    source = prom
		    query = pushed
		[stream "scraped"]
		    source = prom
		    query = avg(scraped)
		[stream "orders"]
		    source = prom
		    query = sum(increase(orders_total[1m]))
		[stream "latency"]
		    source = prom
		    query = "histogram_quantile(0.9, sum by (le) (rate(latency_bucket[1m])))"
		    scale = 1000
		    unit = ms
		[stream "counted"]
		    source = prom
		    query = count_over_time(pushed[1m])
	EOF
}

streams_config >"$dir/streams.config"
on_streams() {
	bn "$@" --config "$dir/streams.config" --cache "$dir/streams.state"
}

for stream in pushed scraped orders latency counted; do
	on_streams stream gaps "$stream" --since "$STREAMS_BEGIN" --until "$STREAMS_END" -o json
	is "gaps of $stream exits with 1: there are some" "$status" 1
	is "gaps of $stream are exactly the holes" \
		"$(jq -r '[.items[] | select(.state == "missing") | .at] | join(" ")' "$dir/out")" \
		"$(tr '\n' ' ' <"$STREAMS_HOLES" | sed 's/ $//')"
done
on_streams stream series pushed --since "$STREAMS_BEGIN" --until "$STREAMS_END" -o json
is "the chart has a row for every minute, holes too" "$(jq '.items | length' "$dir/out")" 168
json "a hole is null, never a number" "$dir/out" 'all(.items[]; (.state == "missing") == (.value == null))'
on_streams stream series latency --since "$STREAMS_BEGIN" --until "$STREAMS_END" -o json
json "a histogram's quantile is in milliseconds" "$dir/out" \
	'[.items[] | select(.value != null) | .value] | min > 100 and max <= 500'
# The source dies: nothing is called missing that nobody could look for.
on_streams streams -o json
cp "$dir/out" "$dir/streams.before"
kill "$STREAMS_PID" 2>/dev/null
on_streams poll prom
on_streams streams -o json
is "without the server the answer is incomplete" "$status" 3
json "and no minute more is missing than before" "$dir/out" \
	'all(.items[]; .stream as $name | .gaps <= ($before[0].items[] | select(.stream == $name) | .gaps))' \
	--slurpfile before "$dir/streams.before"
