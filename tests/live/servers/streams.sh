#!/bin/bash
# streams.sh - a real Prometheus over a TSDB made by promtool: series of three hours with known holes.
# SPDX-License-Identifier: MIT
set -eu
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usage="usage: streams.sh install|start|ready|stop DIR"
verb=${1:?$usage}
dir=${2:-}

find_programs() {
	debian_program prometheus prometheus
	debian_program promtool prometheus
}

# Minutes after the beginning in which nothing is recorded: ten, one, and three of them.
holes="60 61 62 63 64 65 66 67 68 69 100 130 131 132"

# Three series, every sample chosen: one a minute on the full minute, and a gauge, a counter and a histogram every
# fifteen seconds. A sample at t belongs to the minute that ends with it.
series() {
	awk -v begin="$1" -v end="$2" -v holes="$holes" '
	function hole(t) { return ((int((t - begin + 59) / 60) - 1) in gap) }
	function print_series(name, type, step, phase, rate, t) {
		for (t = begin + phase; t <= end; t += step)
			if (t > begin && !hole(t))
				printf("%s %d %d\n", name, (rate > 0) ? (t - begin) * rate : 50 + (t / 60) % 7, t)
	}
	BEGIN {
		n = split(holes, list, " ")
		for (i = 1; i <= n; i++) gap[list[i]] = 1
		print "# TYPE pushed gauge"
		print_series("pushed", "gauge", 60, 0, 0)
		print "# TYPE scraped gauge"
		print_series("scraped", "gauge", 15, 7, 0)
		print "# TYPE orders counter"
		print_series("orders_total", "counter", 15, 7, 2)
		print "# TYPE latency histogram"
		print_series("latency_bucket{le=\"0.1\"}", "histogram", 15, 7, 1)
		print_series("latency_bucket{le=\"0.5\"}", "histogram", 15, 7, 3)
		print_series("latency_bucket{le=\"+Inf\"}", "histogram", 15, 7, 3)
		print "# EOF"
	}'
}

start() {
	local port begin end
	find_programs
	alive "$dir/pid" && return 0
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	port=$(free_port)
	begin=$((($(date +%s) / 60 - 180) * 60))
	end=$((begin + 170 * 60))
	series "$begin" "$end" >"$dir/series.om"
	promtool tsdb create-blocks-from openmetrics "$dir/series.om" "$dir/data" >"$dir/blocks.log" 2>&1 ||
		die "$(cat "$dir/blocks.log")"
	printf 'scrape_configs: []\n' >"$dir/prometheus.yml"
	background "$dir/log" "$dir/pid" prometheus --config.file="$dir/prometheus.yml" \
		--storage.tsdb.path="$dir/data" --web.listen-address="127.0.0.1:$port"
	for minute in $holes; do
		date -u -d "@$((begin + minute * 60))" +%Y-%m-%dT%H:%M:%SZ
	done >"$dir/holes"
	cat >"$dir/env.new" <<-EOF
		STREAMS_URL=http://127.0.0.1:$port
		STREAMS_PID=$(cat "$dir/pid")
		STREAMS_HOLES=$dir/holes
		STREAMS_BEGIN=$(date -u -d "@$((begin + 60))" +%Y-%m-%dT%H:%M:%SZ)
		STREAMS_END=$(date -u -d "@$((end - 120))" +%Y-%m-%dT%H:%M:%SZ)
	EOF
}

ready() {
	# shellcheck disable=SC1091  # written by start
	. "$dir/env.new"
	wait_for 30 "Prometheus answers" "$dir/pid" "$dir/log" answers "$STREAMS_URL/-/ready"
	mv "$dir/env.new" "$dir/env"
}

stop() {
	end_group "$dir/pid" 5
}

case $verb in
install) find_programs ;;
start | ready | stop)
	[ -n "$dir" ] || die "$usage"
	"$verb"
	;;
*) die "$usage" ;;
esac
