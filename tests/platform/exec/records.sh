#!/bin/sh
# records.sh - one of each record, some broken ones between them; gives back what it was given.
# SPDX-License-Identifier: MIT
read -r input
state=$(printf '%s' "$input" | sed -n 's/.*"state":"\([^"]*\)".*/\1/p')
echo '{"binnacle":1,"scope":"delta"}'
case $1 in
--flag) shift ;;
esac
case $1 in
poll)
	cat <<-'EOF'
	{"record":"pipeline","key":"nightly","status":"healthy","schedule":"0 1 * * *","timezone":"UTC","idempotence":"append","group":"batch","labels":{"team":"data"}}
	{"record":"run","key":"nightly/1","pipeline":"nightly","status":"failed","raw_status":"ABEND","started_at":"2026-03-10T01:00:00Z","finished_at":1773104460000,"tasks_total":2,"message":"disk \u202efull"}
	{"record":"task","run":"nightly/1","key":"load","status":"failed","depends":["extract"],"try_number":2,"log":"h1"}
	{"record":"endpoint","key":"ftp","status":"down","total_ms":12.5,"asserts":[["login","failed","530"]]}
	{"record":"finding","key":"f1","title":"too few rows","severity":"crit","about":"pipeline/nightly","since":"2026-03-10T01:00:00Z"}
	{"record":"entity","kind":"dataset","key":"orders","status":"healthy"}
	{"record":"attribute","about":"dataset/orders","name":"revision","value":"7"}
	{"record":"measure","about":"dataset/orders","name":"rows","value":41200}
	{"record":"point","about":"dataset/orders","series":"rows","at":"2026-03-10T01:00:00Z","value":1}
	{"record":"link","from":"pipeline/nightly","to":"dataset/orders"}
	this is no JSON
	{"record":"run","key":"nightly/2","status":"exploded"}
	{"record":"run","key":"","status":"failed"}
	{"record":"run","key":"nightly/3","status":"running","started_at":"yesterday"}
	{"record":"task","key":"orphan","status":"running"}
	{"record":"measure","about":"nothing","name":"rows","value":1}
	{"record":"unheard-of"}
	{"no":"record"}
	EOF
	printf '{"record":"state","value":"after %s"}\n' "$state"
	;;
detail) printf '{"record":"task","run":"%s","key":"t","status":"running"}\n' "${2#run/}" ;;
logs) printf '{"record":"line","text":"log of %s","at":"2026-03-10T01:00:00Z"}\n' "$2" ;;
doctor) echo '{"record":"check","verdict":"note","what":"disk","detail":"nearly full"}' ;;
esac
echo '{"complete":true}'
echo '{"record":"run","key":"too-late","status":"failed"}'
