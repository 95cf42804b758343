# retry.sh - on two real Airflows a run that failed once is found, planned, cleared, waited for and recovered.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run
#
# From the command line, by keys, and with the connection cut right before and right after the clear. What was sent is
# counted by what stands between (clients/cutter.py); what came of it is asked of the server itself.

# ---- the scenario's ground: its own DAG, its own journal, its own place in between ------------------------------

# begin SCENARIO: everything below is about the run that was asked for as ledger_SCENARIO.
begin() {
	scenario=$1
	dag=ledger_$1
	about "airflow $major retry, $1"
	ground=$dir/$1
	mkdir -p "$ground"
	echo "${2:-pass}" >"$ground/mode"
	: >"$ground/log"
	python3 "$here/clients/cutter.py" "$ground" "$url" >"$ground/cutter.out" 2>&1 </dev/null &
	echo $! >>"$cutters"
	until_true 60 test -s "$ground/port" || fail "the cutter listens" "$(cat "$ground/cutter.out")"
	cat >"$ground/config" <<-EOF
		[state]
		    dir = $ground/state
		    anchor = $ground/anchor
		[source "air"]
		    type = airflow
		    url = http://127.0.0.1:$(cat "$ground/port")
		    user = operator
		    password-file = $operator
		    interval = 2s
		    actions = retry
	EOF
	mkdir -m 700 "$ground/state"
	chmod 600 "$ground/config"
	id=$(cat "$ledger-$1")
	run=run/air/$dag/$id
	if until_true 300 server_says failed; then
		pass "the server's run has failed"
	else
		fail "the server's run has failed" "$(cat "$dir/server")"
	fi
}

rb() {
	bn --config "$ground/config" "$@"
}

# ---- the server's own view ---------------------------------------------------------------------------------------

ask_server() {
	curl -fsS -m 20 -K "$admin" "$url$api/dags/$dag/dagRuns/$(jq -rn --arg id "$id" '$id | @uri')$1" >"$dir/server" 2>&1
}

server_says() {
	ask_server "" && [ "$(jq -r .state "$dir/server")" = "$1" ]
}

# Counted by the server: the try of the task that failed, and those of what was kept and what had waited.
server_tries() {
	ask_server /taskInstances
	jq -c '[.task_instances[] | {(.task_id): [.state, .try_number]}] | add' "$dir/server" 2>&1
}

clears() {
	grep -c ' clear ' "$ground/log"
}

# ---- scenarios ---------------------------------------------------------------------------------------------------

plan_it() {
	rb retry "$run" --plan -o json
	is "planning exits with 0" "$status" 0
	json "the plan counts what fails, what waits and what is kept" "$dir/out" \
		'.items[0] | [.failed, .skipped, .kept, .unit] == [1, 1, 1, "task instance"]'
	json "it holds the request itself" "$dir/out" \
		'.items[0] | .request == "POST \($api)/dags/\($dag)/clearTaskInstances" and
		(.body | fromjson | .dry_run == false and .only_failed == true and .dag_run_id == $id)' \
		--arg api "$api" --arg dag "$dag" --arg id "$id"
	json "load goes before publish" "$dir/out" \
		'.items[0].steps | map([.name, .wave, .failed]) == [["load", 1, true], ["publish", 2, false]]'
	json "the DAG's tag says that it may run twice" "$dir/out" '.items[0] | .class == "idempotent" and .confirm == null'
	digest=$(jq -r '.items[0].digest' "$dir/out")
	is "planning cleared nothing" "$(clears)" 0
}

# recovered WHAT: after the retry everybody agrees.
recovered() {
	is "$1: the server has one try more of what failed, and none of what was kept" "$(server_tries)" \
		'{"extract":["success",1],"load":["success",2],"publish":["success",1]}'
	is "$1: exactly one clear was sent" "$(clears)" 1
	# a console that collects has the rules judge a moment after its poll
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		rb findings -o json --filter "what=$dag" --columns rule,what
		jq -e --arg dag "$dag" 'any(.items[]; .rule == "run-failed" and .what == $dag) | not' \
			"$dir/out" >/dev/null && break
		sleep 1
	done
	json "$1: the finding is gone" "$dir/out" '[.items[] | select(.rule == "run-failed" and .what == $dag)] == []' \
		--arg dag "$dag"
	rb timeline -o json --since 1h --offline
	json "$1: the timeline has the retry" "$dir/out" \
		'any(.items[]; .kind == "retry" and .entity == $key and .what == "retry: ledger is back")' --arg key "$dag/$id"
	json "$1: the timeline has it recovered" "$dir/out" \
		'any(.items[]; .kind == "run" and .entity == $dag and (.what | startswith("succeeded")))' --arg dag "$dag"
	rb audit list -o json --offline
	json "$1: audit has one retry, and it is done" "$dir/out" \
		'[.items[] | select(.verb == "retry") | [.target, .state, .reason]] == [[$run, "done", "ledger is back"]]' \
		--arg run "$run"
	rb audit verify
	is "$1: the journal is whole" "$status" 0
}

from_the_shell() {
	begin shell
	rb findings -o json --filter "what=$dag" --columns rule,what,message
	json "the failed run is a finding" "$dir/out" '[.items[] | select(.rule == "run-failed") | .what] == [$dag]' --arg dag "$dag"
	plan_it
	rb retry "$run" --yes=0000 --reason "ledger is back"
	is "another digest than the plan's sends nothing" "$status $(clears)" "2 0"
	rb retry "$run" --yes="$digest" --reason "ledger is back" -o json
	is "the plan is sent" "$status" 0
	json "and taken" "$dir/out" '.items[0] | .state == "done" and .intent > 0'
	intent=$(jq -r '.items[0].intent' "$dir/out")
	limit=260 rb wait "$intent" --for succeeded --timeout 240s
	is "wait sees it succeed" "$status $(cat "$dir/out")" "0 succeeded"
	recovered shell
	rb retry "$run" --yes --reason again
	is "what has recovered is not retried" "$status $(clears)" "2 1"
}

# A login that may only read gets nothing done, not even the dry run.
without_the_right() {
	about "airflow $major retry, no right"
	sed -e 's/user = operator/user = oncall/' -e "s|password-file = .*|password-file = $reader|" "$ground/config" \
		>"$ground/reader"
	bn --config "$ground/reader" retry "$run" --yes --reason "ledger is back"
	is "a login that may only read is refused" "$status $(clears)" "77 0"
}

by_keys() {
	begin keys
	without_the_right
	about "airflow $major retry, keys"
	screen=$(timeout 600 "$screenshot" -s 120x40 -w 240000 \
		-k "<Wait:$dag>/$dag<Enter><Quiet:500>r<Wait:y retry>ledger is back<Enter>y<Wait:retry asked><Wait:● succeeded><Quiet:500>" -- \
		"$binnacle" --config "$ground/config" 2>"$dir/err")
	is "the keys could be played" "$(cat "$dir/err")" ""
	holds "the run is followed until it succeeds" "$screen" "● succeeded"
	holds "in its second attempt" "$screen" "attempt 2"
	holds "the run that is followed is the one" "$screen" "$id"
	recovered keys
	screen=$(timeout 300 "$screenshot" -s 120x40 -w 120000 -k "<Wait:1 retry><Quiet:500>" -- \
		"$binnacle" --config "$ground/config" 2>"$dir/err")
	holds "Triage shows what recovered" "$screen" "$dag recovered"
	holds "and that it took one retry" "$screen" "1 retry"
	lacks "and that it took a while" "$screen" "red 0s"
}

# The clear reaches the server, its answer never comes back.
answer_lost() {
	begin lost after
	rb retry "$run" --yes --reason "ledger is back" -o json
	is "the platform is read, and the retry known to be done" "$status" 0
	json "it says so" "$dir/out" '.items[0] | .state == "done" and .intent > 0'
	intent=$(jq -r '.items[0].intent' "$dir/out")
	rb audit list -o json --offline --columns verb,state,settled_by
	json "by reconciling, not by an answer" "$dir/out" \
		'[.items[] | select(.verb == "retry") | [.state, .settled_by]] == [["done", "reconcile"]]'
	is "the clear was sent once" "$(clears)" 1
	# This run fails again, so what is in the way of a second retry is the interval alone.
	limit=260 rb wait "$intent" --for succeeded --timeout 240s
	is "wait says that it ended otherwise" "$status" 2
	rb retry "$run" --yes --reason again
	is "a second one within the interval is refused" "$status $(clears)" "75 1"
	holds "with the time that is left" "$(cat "$dir/err")" "; again in "
	is "the server has two tries of what failed" "$(server_tries)" \
		'{"extract":["success",1],"load":["failed",2],"publish":["upstream_failed",0]}'
}

# The clear is read and thrown away: from here that looks the same, and only a person may say that it is not.
never_arrived() {
	begin unsent before
	rb retry "$run" --yes --reason "ledger is back" -o json
	is "what came of it is not known" "$status" 79
	json "it says so" "$dir/out" '.items[0] | .state == "unknown" and .intent > 0'
	intent=$(jq -r '.items[0].intent' "$dir/out")
	echo pass >"$ground/mode"
	rb retry "$run" --yes --reason "ledger is back"
	is "nothing more is sent until a person decides" "$status $(clears)" "79 1"
	rb wait "$intent" --for succeeded --timeout 20s
	is "waiting for it says the same" "$status" 79
	is "the server has seen nothing" "$(server_tries)" \
		'{"extract":["success",1],"load":["failed",1],"publish":["upstream_failed",0]}'
	rb audit settle "$intent" --as not-done --reason "looked at the server"
	is "a person says that it was not done" "$status" 0
	: >"$ground/log"
	rb retry "$run" --yes --reason "ledger is back" -o json
	is "then it can be sent" "$status" 0
	limit=260 rb wait "$(jq -r '.items[0].intent' "$dir/out")" --for succeeded --timeout 240s
	is "and succeeds" "$status $(cat "$dir/out")" "0 succeeded"
	is "by exactly one clear" "$(clears)" 1
	is "the server has two tries of what failed" "$(server_tries)" \
		'{"extract":["success",1],"load":["success",2],"publish":["success",1]}'
}

# retry_checks MAJOR URL ADMIN API OPERATOR READER: in a process of its own, beside that of the other Airflow.
retry_checks() {
	local ledger=$dir/ledger-$1 dir=$dir/retry-$1 number=0
	major=$1 url=$2 admin=$3 api=$4 operator=$5 reader=$6
	mkdir -p "$dir"
	from_the_shell
	by_keys
	answer_lost
	never_arrived
}

cutters=$dir/cutters
retry_checks 2 "$AIRFLOW2_URL" "$AIRFLOW2_ADMIN" /api/v1 "$AIRFLOW2_OPERATOR_FILE" "$AIRFLOW2_PASSWORD_FILE" >"$dir/retry-2.tap" &
retry_checks 3 "$AIRFLOW3_URL" "$AIRFLOW3_ADMIN" /api/v2 "$AIRFLOW3_OPERATOR_FILE" "$AIRFLOW3_PASSWORD_FILE" >"$dir/retry-3.tap" &
for job in $(jobs -p); do
	wait "$job"
done
adopt "$dir/retry-2.tap"
adopt "$dir/retry-3.tap"
end_cutters
