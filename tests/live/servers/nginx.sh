#!/bin/bash
# nginx.sh - a real nginx with TLS: endpoints that are healthy, stale, failing, slow, or about to expire.
# SPDX-License-Identifier: MIT
set -eu
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usage="usage: nginx.sh install|start|ready|stop DIR"
verb=${1:?$usage}
dir=${2:-}

find_programs() {
	debian_program nginx nginx
	need_command openssl openssl
}

# certificate NAME DAYS: a key and a certificate for localhost and 127.0.0.1, signed by our own CA.
certificate() {
	local name=$1 days=$2
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name.example.com" \
		-keyout "$dir/$name.key" -out "$dir/$name.csr" 2>>"$dir/openssl.log"
	printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$dir/$name.ext"
	openssl x509 -req -in "$dir/$name.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial \
		-days "$days" -extfile "$dir/$name.ext" -out "$dir/$name.pem" 2>>"$dir/openssl.log"
}

certificates() {
	local name
	for name in ca stranger; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
			-subj "/CN=$name" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
			-keyout "$dir/$name.key" -out "$dir/$name.pem" 2>>"$dir/openssl.log"
	done
	certificate healthy 300
	certificate expiring 5
}

# vhost PORT NAME: one TLS server; what it serves is the same for all.
vhost() {
	cat <<-EOF
		server {
			listen 127.0.0.1:$1 ssl;
			ssl_certificate $dir/$2.pem;
			ssl_certificate_key $dir/$2.key;
			root $dir/www;
			default_type application/json;
		}
	EOF
}

pages() {
	mkdir -p "$dir/www/v1"
	printf '{"status": "ok", "model": "postage-551977", "generated_at": "%s"}\n' \
		"$(date -u -d '-90 seconds' +%Y-%m-%dT%H:%M:%SZ)" >"$dir/www/v1/health"
	date -u -d '-30 hours' +%s >"$dir/stale-at"
	printf '{"status": "ok", "model": "postage-551102", "generated_at": "%s"}\n' \
		"$(date -u -d "@$(cat "$dir/stale-at")" +%Y-%m-%dT%H:%M:%SZ)" >"$dir/www/v1/stale"
	# 20 kB at 1 kB a second: the head arrives at once, the rest does not.
	head -c 20000 /dev/zero | tr '\0' ' ' >"$dir/www/v1/slow"
}

write_config() {
	cat <<-EOF
		daemon off;
		master_process off;
		pid $dir/nginx.pid;
		error_log stderr warn;
		events { worker_connections 512; }
		http {
			access_log $dir/access.log;
			client_body_temp_path $dir/tmp;
			proxy_temp_path $dir/tmp;
			fastcgi_temp_path $dir/tmp;
			uwsgi_temp_path $dir/tmp;
			scgi_temp_path $dir/tmp;
			server {
				listen 127.0.0.1:$http_port;
				root $dir/www;
				default_type application/json;
				location = /v1/down { return 503 '{"error": "model not loaded"}'; }
				location = /v1/slow { limit_rate 1k; }
				location = /v1/moved { return 302 /v1/health; }
			}
			$(vhost "$healthy_port" healthy)
			$(vhost "$expiring_port" expiring)
			$(vhost "$stranger_port" stranger)
		}
	EOF
}

start() {
	local http_port healthy_port expiring_port stranger_port
	find_programs
	alive "$dir/pid" && return 0
	mkdir -p "$dir/tmp"
	dir=$(cd "$dir" && pwd)
	certificates
	pages
	http_port=$(free_port)
	healthy_port=$(free_port)
	expiring_port=$(free_port)
	stranger_port=$(free_port)
	write_config >"$dir/nginx.conf"
	background "$dir/log" "$dir/pid" nginx -p "$dir" -c "$dir/nginx.conf"
	cat >"$dir/env.new" <<-EOF
		NGINX_HTTP_URL=http://127.0.0.1:$http_port
		NGINX_TLS_URL=https://localhost:$healthy_port
		NGINX_EXPIRING_URL=https://localhost:$expiring_port
		NGINX_STRANGER_URL=https://localhost:$stranger_port
		NGINX_CA_FILE=$dir/ca.pem
		NGINX_PID=$(cat "$dir/pid")
		NGINX_STALE_AT=$(cat "$dir/stale-at")
		NGINX_EXPIRES_AT=$(date -u -d "$(openssl x509 -in "$dir/expiring.pem" -noout -enddate | cut -d= -f2)" +%s)
	EOF
}

ready() {
	# shellcheck disable=SC1091  # written by start
	. "$dir/env.new"
	wait_for 20 "nginx answers" "$dir/pid" "$dir/log" answers "$NGINX_HTTP_URL/v1/health"
	answers "$NGINX_TLS_URL/v1/health" --cacert "$NGINX_CA_FILE" || die "no answer over TLS"
	answers "$NGINX_EXPIRING_URL/v1/health" --cacert "$NGINX_CA_FILE" || die "no answer from the expiring host"
	! answers "$NGINX_STRANGER_URL/v1/health" --cacert "$NGINX_CA_FILE" || die "an unknown CA was trusted"
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
