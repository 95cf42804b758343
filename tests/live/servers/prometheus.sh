#!/bin/bash
# prometheus.sh - a real Prometheus and Alertmanager: one alert fires, one is pending, one target is down.
# SPDX-License-Identifier: MIT
set -eu
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usage="usage: prometheus.sh install|start|ready|stop DIR"
verb=${1:?$usage}
dir=${2:-}

find_programs() {
	debian_program prometheus prometheus
	debian_program promtool prometheus
	debian_program prometheus-alertmanager prometheus-alertmanager
	# Debian's looks for its template there, wherever it lies itself.
	[ -d /usr/share/prometheus/alertmanager ] ||
		missing "the files of Debian's prometheus-alertmanager in /usr/share: the package has to be installed"
}

write_config() {
	local port=$1 am_port=$2 dead_port=$3
	cat >"$dir/prometheus.yml" <<-EOF
		global:
		  scrape_interval: 1s
		  scrape_timeout: 1s
		  evaluation_interval: 1s
		rule_files: [rules.yml]
		alerting:
		  alertmanagers:
		    - static_configs: [{targets: ["127.0.0.1:$am_port"]}]
		scrape_configs:
		  - job_name: prometheus
		    static_configs: [{targets: ["127.0.0.1:$port"]}]
		  - job_name: warehouse-exporter
		    static_configs: [{targets: ["127.0.0.1:$dead_port"], labels: {team: data-platform}}]
	EOF
	cat >"$dir/rules.yml" <<-'EOF'
		groups:
		  - name: data
		    rules:
		      - record: orders:rate1m
		        expr: vector(1204)
		      - alert: OrdersStalled
		        expr: vector(1) > 0
		        labels: {severity: critical, team: orders}
		        annotations:
		          summary: "No orders for 12 minutes"
		          description: "orders_total has not moved since the last deploy"
		          runbook_url: "https://runbooks.example.com/orders-stalled"
		      - alert: WarehouseDiskFilling
		        expr: vector(91) > 90
		        for: 1h
		        labels: {severity: warning}
		        annotations: {summary: "Warehouse disk over 90 %"}
		      - alert: NeverFires
		        expr: vector(0) > 1
	EOF
	cat >"$dir/alertmanager.yml" <<-'EOF'
		route: {receiver: none, group_wait: 0s}
		receivers: [{name: none}]
	EOF
}

start() {
	local port am_port dead_port
	find_programs
	alive "$dir/pid" && return 0
	mkdir -p "$dir/data" "$dir/am-data"
	dir=$(cd "$dir" && pwd)
	port=$(free_port)
	am_port=$(free_port)
	# Nobody listens there any more, so every scrape of it is refused.
	dead_port=$(free_port)
	write_config "$port" "$am_port" "$dead_port"
	promtool check config "$dir/prometheus.yml" >"$dir/check.log" 2>&1 || die "$(cat "$dir/check.log")"
	background "$dir/am-log" "$dir/am-pid" prometheus-alertmanager --config.file="$dir/alertmanager.yml" \
		--storage.path="$dir/am-data" --web.listen-address="127.0.0.1:$am_port" --cluster.listen-address=
	# The first notifications are lost: Alertmanagers are discovered after five seconds, and by default an alert
	# is sent again only after a minute.
	background "$dir/log" "$dir/pid" prometheus --rules.alert.resend-delay=1s --config.file="$dir/prometheus.yml" \
		--storage.tsdb.path="$dir/data" --web.listen-address="127.0.0.1:$port"
	cat >"$dir/env.new" <<-EOF
		PROMETHEUS_URL=http://127.0.0.1:$port
		PROMETHEUS_PID=$(cat "$dir/pid")
		PROMETHEUS_DEAD_TARGET=127.0.0.1:$dead_port
		ALERTMANAGER_URL=http://127.0.0.1:$am_port
		ALERTMANAGER_PID=$(cat "$dir/am-pid")
	EOF
}

# has URL PATTERN: does the reply hold it?
has() {
	curl -fsS -m 5 "$1" 2>/dev/null | grep -qE "$2"
}

ready() {
	# shellcheck disable=SC1091  # written by start
	. "$dir/env.new"
	wait_for 30 "Prometheus answers" "$dir/pid" "$dir/log" answers "$PROMETHEUS_URL/-/ready"
	wait_for 30 "Alertmanager answers" "$dir/am-pid" "$dir/am-log" answers "$ALERTMANAGER_URL/-/ready"
	wait_for 30 "the alert fires" "$dir/pid" "$dir/log" has "$PROMETHEUS_URL/api/v1/alerts" '"state":"firing"'
	wait_for 30 "the other one is pending" "$dir/pid" "$dir/log" has "$PROMETHEUS_URL/api/v1/alerts" '"state":"pending"'
	wait_for 30 "a target is down" "$dir/pid" "$dir/log" has "$PROMETHEUS_URL/api/v1/targets" '"health":"down"'
	wait_for 30 "the other one is up" "$dir/pid" "$dir/log" has "$PROMETHEUS_URL/api/v1/targets" '"health":"up"'
	wait_for 60 "Alertmanager has the alert" "$dir/am-pid" "$dir/am-log" \
		has "$ALERTMANAGER_URL/api/v2/alerts" 'OrdersStalled'
	mv "$dir/env.new" "$dir/env"
}

stop() {
	end_group "$dir/pid" 5
	end_group "$dir/am-pid" 5
}

case $verb in
install) find_programs ;;
start | ready | stop)
	[ -n "$dir" ] || die "$usage"
	"$verb"
	;;
*) die "$usage" ;;
esac
