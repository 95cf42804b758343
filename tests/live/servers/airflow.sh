#!/bin/bash
# airflow.sh - a real Airflow (2.10 or 3.3) in standalone mode on SQLite, with the DAGs of tests/live/dags.
# SPDX-License-Identifier: MIT
set -eu
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usage="usage: airflow.sh 2|3 install|start|ready|stop DIR"
major=${1:?$usage}
verb=${2:?$usage}
dir=${3:-}

case $major in
2) release=2.10 api=/api/v1 ;;
3) release=3.3 api=/api/v2 ;;
*) die "$usage" ;;
esac

pins=$live_dir/pins/airflow-$release.txt
venv=$(venv_of "$pins")

# ---- start ----------------------------------------------------------------------------------------

configure_2() {
	cat <<-EOF
		export AIRFLOW__WEBSERVER__WEB_SERVER_HOST=127.0.0.1
		export AIRFLOW__WEBSERVER__WEB_SERVER_PORT=$port
		export AIRFLOW__WEBSERVER__WORKERS=1
		export AIRFLOW__WEBSERVER__SECRET_KEY=$(openssl rand -hex 16)
		export AIRFLOW__API__AUTH_BACKENDS=airflow.api.auth.backend.basic_auth
		export AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL=10
		export AIRFLOW__SCHEDULER__PARSING_PROCESSES=1
		export AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL=600
		export AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK=False
	EOF
}

configure_3() {
	cat <<-EOF
		export AIRFLOW__API__HOST=127.0.0.1
		export AIRFLOW__API__PORT=$port
		export AIRFLOW__API__WORKERS=1
		export AIRFLOW__API__BASE_URL=http://127.0.0.1:$port
		export AIRFLOW__API__SECRET_KEY=$(openssl rand -hex 16)
		export AIRFLOW__API_AUTH__JWT_SECRET=$(openssl rand -hex 32)
		export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:$port/execution/
		export AIRFLOW__CORE__PARALLELISM=2
		export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin,oncall:viewer,operator:user
		export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=$dir/passwords.json
		export AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=10
		export AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES=1
		export AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL=600
	EOF
	(
		umask 077
		printf '{"admin": "%s", "oncall": "%s", "operator": "%s"}\n' "$(cat "$dir/admin-password")" \
			"$(cat "$dir/password")" "$(cat "$dir/operator-password")" >"$dir/passwords.json"
	)
}

start() {
	local port
	[ -e "$venv/.complete" ] || missing "Airflow $release in $cache_dir (run: airflow.sh $major install)"
	alive "$dir/pid" && return 0
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	rm -rf "$dir/dags"
	cp -R "$live_dir/dags" "$dir/dags"
	secret "$dir/password"
	secret "$dir/admin-password"
	secret "$dir/operator-password"
	port=$(free_port)
	echo "$port" >"$dir/port"
	(
		umask 077
		cat >"$dir/settings" <<-EOF
			export AIRFLOW_HOME=$dir
			export AIRFLOW__CORE__DAGS_FOLDER=$dir/dags
			export AIRFLOW__CORE__LOAD_EXAMPLES=False
			export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=True
			export AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE=False
			export AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=$(free_port)
			export AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT=$(free_port)
			export AIRFLOW__CORE__FERNET_KEY=$(openssl rand -base64 32 | tr '+/' '-_')
			export AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=0.5
			export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
			export PATH=$venv/bin:$PATH
			export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
			$("configure_$major")
		EOF
	)
	# shellcheck disable=SC2016  # the inner shell expands it
	background "$dir/log" "$dir/pid" bash -c '. "$1"; cd "$2"; exec airflow standalone' - "$dir/settings" "$dir"
}

# ---- ready ----------------------------------------------------------------------------------------

# as USER VERB PATH [BODY]: one call of the API, the reply on standard output. Credentials go through a file.
as() {
	local user=$1 verb=$2 path=$3 body=${4:-} auth
	auth=$dir/curl-$user
	case $path in /auth/*) ;; *) path=$api$path ;; esac
	curl -sS -m 20 -K "$auth" -X "$verb" ${body:+-H 'Content-Type: application/json' -d "$body"} \
		"http://127.0.0.1:$(cat "$dir/port")$path"
}

write_basic() {
	(
		umask 077
		printf 'user = "%s:%s"\n' "$1" "$(cat "$2")" >"$dir/curl-$1"
	)
}

write_bearer() {
	local token
	(
		umask 077
		printf '{"username": "%s", "password": "%s"}' "$1" "$(cat "$2")" >"$dir/login.json"
		token=$(curl -sS -m 20 -H 'Content-Type: application/json' -d "@$dir/login.json" \
			"http://127.0.0.1:$(cat "$dir/port")/auth/token" | sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p')
		printf 'header = "Authorization: Bearer %s"\n' "$token" >"$dir/curl-$1"
		rm -f "$dir/login.json"
		[ -n "$token" ]
	)
}

admin_2() {
	# Standalone makes this user by itself, with a password of its own choice.
	[ -s "$dir/standalone_admin_password.txt" ] || return 1
	write_basic admin "$dir/standalone_admin_password.txt"
	as admin GET '/dags?limit=1' | grep -q '"total_entries"'
}

admin_3() {
	write_bearer admin "$dir/admin-password" && as admin GET '/dags?limit=1' | grep -q '"total_entries"'
}

# The accounts binnacle reads and retries with: the least of the built-in roles is enough for each.
accounts_2() {
	account_2 oncall Viewer "$dir/password"
	account_2 operator User "$dir/operator-password"
	write_basic oncall "$dir/password"
}

account_2() {
	as admin POST /users "$(printf '{"username": "%s", "password": "%s", "first_name": "b", "last_name": "b",
		"email": "%s@example.com", "roles": [{"name": "%s"}]}' "$1" "$(cat "$3")" "$1" "$2")" >"$dir/user.json"
}

accounts_3() {
	write_bearer oncall "$dir/password"
}

dags() {
	grep -l '^@dag' "$dir"/dags/*.py | sed 's|.*/||; s|\.py$||'
	sed -n 's/^SCENARIOS = //p' "$dir/dags/ledger.py" | jq -r '.[] | "ledger_" + .'
}

all_parsed() {
	as admin GET '/dags?limit=100' | grep -qE "\"total_entries\": ?$(dags | wc -l)\b"
}

unpaused() {
	as admin PATCH "/dags/$1" '{"is_paused": false}' >"$dir/unpause.json" &&
		grep -qE '"is_paused": ?false' "$dir/unpause.json"
}

# DAGs start paused: a task that runs before Airflow 3's own API server is up fails, and it is up last.
unpause() {
	local dag
	for dag in $(dags); do
		grep -qs 'is_paused_upon_creation=True' "$dir/dags/$dag.py" ||
			wait_for 120 "Airflow $release starts $dag" "$dir/pid" "$dir/log" unpaused "$dag"
	done
}

# Every DAG that starts by itself has ended its run.
runs_ended() {
	local ended
	ended=$(as admin GET '/dags/~/dagRuns?limit=100' | grep -oE '"state": ?"(success|failed)"' | wc -l)
	[ "$ended" -ge "$expected_runs" ]
}

ready() {
	local expected_runs
	expected_runs=$(grep -l '^@dag' "$dir"/dags/*.py | xargs grep -LE 'is_paused_upon_creation=True|schedule=None' | wc -l)
	wait_for 240 "Airflow $release answers" "$dir/pid" "$dir/log" answers \
		"http://127.0.0.1:$(cat "$dir/port")$api/version"
	wait_for 120 "Airflow $release lets its administrator in" "$dir/pid" "$dir/log" "admin_$major"
	"accounts_$major"
	as admin POST /pools '{"name": "warehouse", "slots": 1, "description": "connections to the warehouse"}' >"$dir/pool.json"
	wait_for 120 "Airflow $release has read the DAGs" "$dir/pid" "$dir/log" all_parsed
	unpause
	wait_for 360 "$expected_runs runs of Airflow $release ended" "$dir/pid" "$dir/log" runs_ended
	cat >"$dir/env" <<-EOF
		AIRFLOW${major}_URL=http://127.0.0.1:$(cat "$dir/port")
		AIRFLOW${major}_USER=oncall
		AIRFLOW${major}_PASSWORD_FILE=$dir/password
		AIRFLOW${major}_OPERATOR_FILE=$dir/operator-password
		AIRFLOW${major}_ADMIN=$dir/curl-admin
	EOF
}

# ---- stop -----------------------------------------------------------------------------------------

# Tasks run in sessions of their own, so the process group is not all: what carries our AIRFLOW_HOME is ours.
stop() {
	local p
	end_group "$dir/pid" 10
	for p in /proc/[0-9]*; do
		if tr '\0' '\n' 2>/dev/null <"$p/environ" | grep -qxF "AIRFLOW_HOME=$dir"; then
			kill -KILL "${p#/proc/}" 2>/dev/null || true
		fi
	done
}

case $verb in
install) under_lock "airflow-$release" install_pins "$pins" ;;
start | ready | stop)
	[ -n "$dir" ] || die "$usage"
	"$verb" "$@"
	;;
*) die "$usage" ;;
esac
