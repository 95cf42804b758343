#!/bin/bash
# redis.sh - a real Redis behind TLS with ACL users: one may what binnacle asks, one may less.
# SPDX-License-Identifier: MIT
set -eu
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usage="usage: redis.sh install|start|ready|stop DIR"
verb=${1:?$usage}
dir=${2:-}

find_programs() {
	debian_program redis-server redis-server
	debian_program redis-cli redis-tools
	need_command openssl openssl
}

start() {
	local port
	find_programs
	alive "$dir/pid" && return 0
	mkdir -p "$dir/data"
	dir=$(cd "$dir" && pwd)
	port=$(free_port)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
		-addext "subjectAltName=IP:127.0.0.1" -keyout "$dir/key.pem" -out "$dir/ca.pem" 2>"$dir/openssl.log" ||
		die "$(cat "$dir/openssl.log")"
	secret "$dir/password"
	secret "$dir/wrong"
	secret "$dir/admin"
	# Exactly the commands of the plugin's request table; AUTH needs no right.
	cat >"$dir/users.acl" <<-EOF
		user default on >$(cat "$dir/admin") ~* &* +@all
		user binnacle on >$(cat "$dir/password") ~recs:* ~events resetchannels -@all +ping +select +info +type +hlen +llen +scard +zcard +xlen +xinfo|stream +strlen +ttl +get +hget +object|idletime
		user narrow on >$(cat "$dir/password") ~recs:* resetchannels -@all +ping +info +type +ttl
	EOF
	chmod 600 "$dir/users.acl"
	background "$dir/log" "$dir/pid" redis-server --port 0 --tls-port "$port" --bind 127.0.0.1 \
		--tls-cert-file "$dir/ca.pem" --tls-key-file "$dir/key.pem" --tls-auth-clients no \
		--dir "$dir/data" --save '' --appendonly no --aclfile "$dir/users.acl"
	cat >"$dir/env.new" <<-EOF
		REDIS_URL=rediss://127.0.0.1:$port
		REDIS_PORT=$port
		REDIS_CA_FILE=$dir/ca.pem
		REDIS_PASSWORD_FILE=$dir/password
		REDIS_WRONG_FILE=$dir/wrong
		REDIS_ADMIN_FILE=$dir/admin
	EOF
}

cli() {
	REDISCLI_AUTH=$(cat "$dir/admin") redis-cli --tls --cacert "$dir/ca.pem" -p "$REDIS_PORT" "$@" 2>/dev/null
}

pings() {
	[ "$(cli ping)" = PONG ]
}

ready() {
	local written
	find_programs
	# shellcheck disable=SC1091  # written by start
	. "$dir/env.new"
	wait_for 30 "Redis answers" "$dir/pid" "$dir/log" pings
	written=$(($(date +%s) - 600))
	cli hset recs:prod p1 '[1,2]' p2 '[3]' written "$written" >/dev/null
	echo "REDIS_WRITTEN=$written" >>"$dir/env.new"
	cli hset recs:nl s1 '[1]' >/dev/null
	cli set recs:nl:written "2020-01-01T04:21:00Z" >/dev/null
	cli expire recs:nl 7200 >/dev/null
	cli xadd events '*' n 1 >/dev/null
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
