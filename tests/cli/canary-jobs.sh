#!/bin/sh
# canary-jobs.sh - a program that says its token back in every text it can (exec plugin, see contract_test).
# SPDX-License-Identifier: MIT
# What it was given for each verb goes into $HOME/given, which is no file of binnacle's.
read -r input
token=${input##*\"token\":\"} token=${token%%\"*}
# the last word of all, with whatever options stand before it
for verb; do case $verb in poll | detail | logs | doctor | plan | act | reconcile) break ;; esac; done
printf '%s %s\n' "$verb" "$input" >>"$HOME/given"
[ -f "$HOME/fail-$verb" ] && {
	echo "curl: (22) 401 for Bearer $token; given $input" >&2
	exit 22
}
[ -f "$HOME/tell-$verb" ] && {
	printf '{"binnacle":1}\n{"error":"401 for Bearer %s","hint":"GET /x?t=%s"}\n' "$token" \
		"$(printf %s "$token" | sed 's#/#%2F#g; s#+#%2B#g')"
	exit 0
}
echo '{"binnacle":1}'
case $verb in
poll)
	printf '{"record":"pipeline","key":"job","name":"job","message":"with %s","labels":{"with":"%s"}}\n' "$token" "$token"
	printf '{"record":"run","key":"job-1","pipeline":"job","status":"failed","attempt":1,"started_at":"2026-03-10T01:00:00Z","finished_at":"2026-03-10T01:01:00Z","tasks_failed":1,"message":"401 for Bearer %s","url":"https://x.example/?token=%s"}\n' "$token" "$token"
	printf '{"record":"finding","key":"f","title":"401 for %s","message":"%s"}\n' "$token" "$token"
	printf '{"record":"attribute","about":"run/job-1","name":"with","value":"%s"}\n' "$token"
	printf '{"record":"run","status":"%s"}\n{"record":"%s"}\nno JSON: %s\n' "$token" "$token" "$token"
	;;
detail)
	printf '{"record":"task","key":"t","run":"job-1","attempt":1,"status":"failed","message":"401 for %s","log":"l"}\n' "$token"
	;;
logs) printf '{"record":"line","text":"401 for Bearer %s"}\n' "$token" ;;
doctor) printf '{"record":"check","verdict":"fail","what":"login","detail":"401 for Bearer %s"}\n' "$token" ;;
plan)
	printf '{"record":"plan","mode":"again","attempt":"1","request":"POST /again?token=%s","what":"all with %s","sends":"it with %s","body":"token=%s","failed":1,"kept":0,"notes":["with %s"],"steps":[{"name":"t","group":"%s","wave":1,"failed":true}]}\n' \
		"$token" "$token" "$token" "$token" "$token" "$token"
	;;
act) printf '{"record":"outcome","state":"%s","answer":"POST with %s"}\n' "$(cat "$HOME/outcome")" "$token" ;;
reconcile) printf '{"record":"outcome","state":"unchanged","answer":"still %s"}\n' "$token" ;;
esac
echo '{"complete":true}'
