#!/bin/sh
# trouble.sh - every way to fail: its first argument says which.
# SPDX-License-Identifier: MIT
case $1 in
hang)
	echo '{"binnacle":1}'
	trap '' TERM
	while :; do sleep 60; done
	;;
flood)
	echo '{"binnacle":1}'
	while :; do printf '%08000d\n' 0; done
	;;
long-line)
	echo '{"binnacle":1}'
	head -c 1200000 /dev/zero | tr '\0' x
	echo
	echo '{"complete":true}'
	;;
orphan) # leaves a child behind that keeps the output open
	echo '{"binnacle":1}'
	sleep 300 &
	printf '{"record":"entity","kind":"app","key":"pid-%d","status":"healthy"}\n' $!
	echo '{"complete":true}'
	;;
no-end) echo '{"binnacle":1}' ;;
no-start) echo hello ;;
newer) echo '{"binnacle":2}' ;;
error)
	echo '{"binnacle":1}'
	echo '{"error":"the login has expired","hint":"run kinit","code":"auth"}'
	;;
dies)
	echo '{"binnacle":1}'
	echo 'first complaint' >&2
	echo 'disk on fire' >&2
	exit 3
	;;
mutters) # a last line that is longer than what is kept of it, which ends in the middle of a word
	read -r input
	token=${input##*\"token\":\"} token=${token%%\"*}
	echo '{"binnacle":1}'
	printf 'curl: %0270d %s\n' 0 "$token" >&2
	exit 22
	;;
env)
	read -r input
	echo '{"binnacle":1}'
	names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z_0-9]*\)=.*/\1/p' | sort | tr '\n' ' ')
	printf '{"record":"entity","kind":"app","key":"env","status":"healthy","message":"%s","name":"%s","owner":"%s"}\n' \
		"$names" "$*" "$(printf '%s' "$input" | sed 's/.*"token":"\([^"]*\)".*"settings":{"a":"\([^"]*\)".*/\1 \2/')"
	echo '{"complete":true}'
	;;
esac
