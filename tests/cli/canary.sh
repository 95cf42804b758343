#!/bin/sh
# canary.sh - every command that may tell what canary-jobs.sh says, while it says it in every way (see contract_test).
# SPDX-License-Identifier: MIT
umask 077
cp "${abs_top_srcdir:?}/tests/cli/canary-jobs.sh" "$HOME/canary-jobs" && chmod 700 "$HOME/canary-jobs" || exit 99
cat >"$HOME/canary.config" <<EOF
[source "jobs"]
	type = exec
	command = $HOME/canary-jobs
	token-env = BN_CANARY
	user = kim
	password-env = BN_PASSWORD
	actions = retry
[policy]
	retry-min-interval = 0s
EOF
# letters that JSON and URLs write otherwise
export BN_CANARY='CANARY-4f2e/9b+0c' BN_PASSWORD='CANARY-"9f"-1b'

b() {
	binnacle --config "$HOME/canary.config" --cache "$HOME/canary.state" -v -v --timeout 20s "$@"
}

all() {
	b poll
	b run show run/jobs/job-1
	b run log run/jobs/job-1 t
	b doctor
	b retry run/jobs/job-1 --plan
	for intent in $(b audit list --unsettled -o csv --columns seq --no-header | tr -d '\r'); do
		b audit settle "$intent" --as not-done --reason 'looked at it'
	done
	b retry run/jobs/job-1 --yes --reason again --confirm job
}

for outcome in refused unknown; do
	echo $outcome >"$HOME/outcome"
	all
done
b wait 1 --timeout 1s
b runs -o json
b findings --all -o json
b sql 'SELECT * FROM attribute' -o json
b retry run/jobs/job-1 --plan -o json
for way in fail tell; do
	for verb in poll detail logs doctor plan act reconcile; do
		# an outcome that is not known is asked for several times, seconds apart
		case $verb in reconcile) echo unknown ;; *) echo refused ;; esac >"$HOME/outcome"
		touch "$HOME/$way-$verb"
		all
		rm "$HOME/$way-$verb"
	done
done
b sources -o json
b audit list -o json
b audit export
echo "sent $(grep -c '^act .*"body":"token=CANARY' "$HOME/given")"
echo "stars $(grep -a -c -F '***' "$HOME/canary.state/journal.db")"
grep -r -a -l CANARY "$HOME/canary.state" | sed 's/^/stored in /'
exit 0
