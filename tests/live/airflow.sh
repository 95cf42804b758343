# airflow.sh - what binnacle says of two real Airflows: DAGs, runs, tasks, tries, logs, import errors, pools.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

airflow_checks() {
	local source=$1
	about "airflow $source"

	bn runs -o json --filter "source=$source" --columns pipeline,status,failed,skipped
	is "runs exits with 0 or 1" "$([ "$status" -le 1 ] && echo yes)" yes
	for pair in orders_hourly=succeeded billing_export=failed crm_sync=succeeded score_regions=failed choose_path=succeeded; do
		json "the run of ${pair%=*} ${pair#*=}" "$dir/out" \
			'[.items[] | select(.pipeline == $dag) | .status] == [$status]' \
			--arg dag "${pair%=*}" --arg status "${pair#*=}"
	done
	json "a paused DAG is paused" "$dir/out" \
		'[.items[] | select(.pipeline == "quarterly_report") | .status] == ["paused"]'
	json "a DAG that waits to be asked is no problem" "$dir/out" \
		'[.items[] | select(.pipeline == "train_ranker") | .status] == ["healthy"]'

	bn sql -o json "SELECT name, status, paused FROM pipeline WHERE source = '$source'"
	json "the paused DAG is a paused pipeline" "$dir/out" \
		'[.items[] | select(.name == "quarterly_report") | .paused] == [1]'
	json "all DAGs are there" "$dir/out" '[.items[].name] | sort == ["billing_export", "choose_path", "crm_sync",
		"ledger_keys", "ledger_lost", "ledger_shell", "ledger_unsent", "orders_hourly", "quarterly_report", "score_regions", "train_ranker"]'

	bn run tree "run/$source/billing_export/scheduled__2024-01-01T00:00:00+00:00" -o json
	json "the failed run's tasks, in order" "$dir/out" \
		'[.items[] | [.task, .status]] == [["collect", "succeeded"], ["export", "failed"], ["notify", "failed"]]'
	json "the failed run's dependencies" "$dir/out" '[.items[] | select(.task == "notify") | .depends | tostring] |
		length == 1 and (.[0] | contains("export"))'
	json "what never ran keeps the platform's word" "$dir/out" \
		'[.items[] | select(.task == "notify") | .platform_status] == ["upstream_failed"]'

	bn run tree "run/$source/score_regions/scheduled__2024-01-01T00:00:00+00:00" -o json
	json "one of three mapped tasks failed" "$dir/out" \
		'[.items[] | select(.children == null or .children == 0) | .status] | sort == ["failed", "succeeded", "succeeded"]'

	bn run tree "run/$source/choose_path/scheduled__2024-01-01T00:00:00+00:00" -o json
	json "the branch not taken is skipped" "$dir/out" '[.items[] | select(.task == "full") | .status] == ["skipped"]'

	bn run tree "run/$source/crm_sync/scheduled__2024-01-01T00:00:00+00:00" -o json
	json "the retried task counts two tries" "$dir/out" '[.items[] | select(.task == "pull") | .try] | max == 2'

	bn run log "run/$source/billing_export/scheduled__2024-01-01T00:00:00+00:00" export
	is "the failed task's log can be read" "$status" 0
	holds "its log has the reason" "$(cat "$dir/out")" "RuntimeError: ledger-db refused the connection: too many clients"
	holds "its log has what the task printed" "$(cat "$dir/out")" "connecting to"
	lacks "no escape sequence of it reaches the terminal" "$(cat "$dir/out")" $'\033'
	lacks "no direction override of it reaches the terminal" "$(cat "$dir/out")" $'\u202e'

	bn run show "run/$source/billing_export/scheduled__2024-01-01T00:00:00+00:00"
	holds "run show says what failed" "$(cat "$dir/out")" "export"

	bn findings -o json --filter "source=$source" --columns rule,message,what,status
	json "the import error is a finding" "$dir/out" \
		'[.items[] | select(.rule == "import-error") | .message] |
		length == 1 and (.[0] | contains("warehouse_sdk_that_is_not_installed"))'
	json "both failed runs are findings" "$dir/out" \
		'[.items[] | select(.rule == "run-failed") | .what] | sort == ["billing_export", "score_regions"]'

	bn run log "run/$source/crm_sync/scheduled__2024-01-01T00:00:00+00:00" pull --try 1
	holds "the log of the first try has its error" "$(cat "$dir/out")" "TimeoutError: crm.example.com did not answer"
	bn run log "run/$source/crm_sync/scheduled__2024-01-01T00:00:00+00:00" pull --try 2
	holds "the log of the second try has its success" "$(cat "$dir/out")" "pulled 512 contacts"

	bn run show "run/$source/billing_export/scheduled__2024-01-01T00:00:00+00:00"
	holds "what changed names the commit of its file" "$(cat "$dir/out")" "new ledger"
}

# trigger URL ADMIN API DAG CONF: asks the real Airflow, as its administrator, for a run. Airflow 3 wants to be told
# that there is no date, Airflow 2 must not be.
trigger() {
	local url=$1 admin=$2 api=$3 dag=$4 conf=$5 date='"logical_date": null, '
	[ "$api" != /api/v1 ] || date=
	curl -fsS -m 20 -K "$admin" -H 'Content-Type: application/json' -d "{$date\"conf\": $conf}" \
		"$url$api/dags/$dag/dagRuns" | jq -r .dag_run_id
}

# Within its interval a source is not asked again, unless somebody says so.
task_runs() {
	bn poll "$1"
	bn run tree "$2" -o json
	[ "$(jq -r '.items[] | select(.task == "train") | .status' "$dir/out")" = running ]
}

pool_is_full() {
	bn poll "$1"
	bn findings -o json --filter "source=$1" --columns rule,title
	[ "$(jq -r '.items[] | select(.rule == "pool-exhausted") | .title' "$dir/out")" = "pool warehouse is full" ]
}

# A run with two tasks and one slot in the pool: one runs, the other has to wait, and the pool is a finding. The one
# that runs stands still until it is told to go on, so nothing here depends on how fast this machine is. They belong to
# one run as Airflow 2 with SQLite looks at no other while a task runs.
moving_checks() {
	local source=$1 first go_on=$dir/$1.go-on
	about "airflow $source moving"
	first=run/$source/train_ranker/$(trigger "$2" "$3" "$4" train_ranker "{\"epochs\": 20, \"go_on\": \"$go_on\"}")
	if until_true 120 task_runs "$source" "$first"; then
		pass "the task of a run that was just asked for runs"
	else
		fail "the task of a run that was just asked for runs" "$(cat "$dir/out" "$dir/err")"
	fi
	bn poll "$source"
	bn runs -o json --filter "source=$source" --columns pipeline,status
	json "its pipeline's latest run waits or runs" "$dir/out" \
		'[.items[] | select(.pipeline == "train_ranker") | .status | IN("running", "queued")] == [true]'
	if until_true 120 pool_is_full "$source"; then
		pass "the pool without a free slot is a finding"
	else
		fail "the pool without a free slot is a finding" "$(cat "$dir/out" "$dir/err")"
	fi
	touch "$go_on"
	bn run log "$first" train --follow
	is "following its log ends with the task" "$status" 0
	holds "the followed log begins at the beginning" "$(cat "$dir/out")" "epoch 1 loss 1.000"
	holds "the followed log goes on to the end" "$(cat "$dir/out")" "epoch 20 loss 0.050"
	is "no line of it comes twice" "$(grep -c 'epoch 7 loss' "$dir/out")" 1
}

# What retry.sh retries later on: the runs fail while the other servers are looked at.
ledger_runs() {
	local major=$1 scenario
	for scenario in $(sed -n 's/^SCENARIOS = //p' "$here/dags/ledger.py" | jq -r '.[]'); do
		trigger "$2" "$3" "$4" "ledger_$scenario" "{\"failures\": $([ "$scenario" = lost ] && echo 2 || echo 1)}" \
			>"$dir/ledger-$major-$scenario"
	done
}

airflow_checks airflow
airflow_checks airflow-ml
moving_checks airflow "$AIRFLOW2_URL" "$AIRFLOW2_ADMIN" /api/v1
moving_checks airflow-ml "$AIRFLOW3_URL" "$AIRFLOW3_ADMIN" /api/v2
ledger_runs 2 "$AIRFLOW2_URL" "$AIRFLOW2_ADMIN" /api/v1
ledger_runs 3 "$AIRFLOW3_URL" "$AIRFLOW3_ADMIN" /api/v2
