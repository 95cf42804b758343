# clients.sh - Argo's own command line, Airflow's and MLflow's own clients list what facts.json says of the demo.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "clients"
world=$dir/world
clients=$here/clients

wait_for_file() {
	local end=$((SECONDS + $2))
	until [ -s "$1" ]; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# fact FILTER: lines out of facts.json.
fact() {
	jq -r "$1" "$world/facts.json"
}

# option SOURCE KEY: what the demo's configuration says of a source.
option() {
	git config -f "$world/config" "source.$1.$2"
}

# same NAME GOT WANTED: two lists of lines, in any order; neither may be empty.
same() {
	local got wanted
	got=$(printf '%s\n' "$2" | sort)
	wanted=$(printf '%s\n' "$3" | sort)
	if [ -n "$wanted" ] && [ "$got" = "$wanted" ]; then
		pass "$1 ($(printf '%s\n' "$wanted" | wc -l) lines)"
	else
		fail "$1" "$(diff <(echo "$got") <(echo "$wanted"))"
	fi
}

# What other clients ask of it is none of binnacle's.
env -u BINNACLE_RECORD "$binnacle" demo --serve "$world" --speed 0 >"$dir/demo.log" 2>&1 </dev/null &
demo=$!
if wait_for_file "$world/pid" 60; then
	pass "the demo serves"
else
	fail "the demo serves" "$(cat "$dir/demo.log")"
fi

# ---- Argo's command line --------------------------------------------------------------------------

argo() {
	local url
	url=$(option argo-prod url)
	ARGO_SERVER=${url#http://} ARGO_HTTP1=true ARGO_SECURE=false KUBECONFIG=/dev/null \
		ARGO_TOKEN="Bearer $(cat "$(option argo-prod token-file)")" \
		timeout 60 "$("$clients/argo.sh" path)" -n "$(option argo-prod namespace)" "$@" 2>"$dir/argo.err"
}

argo_checks() {
	local failed
	same "argo cron list has every pipeline" "$(argo cron list -o name)" \
		"$(fact '.pipelines[] | select(.source == "argo-prod") | .key')"
	same "argo list has every latest run" \
		"$(argo list -o name | grep -xF "$(fact '.runs[] | select(.source == "argo-prod") | .key')")" \
		"$(fact '.runs[] | select(.source == "argo-prod") | .key')"
	same "argo get gives every latest run its phase" \
		"$(for run in $(fact '.runs[] | select(.source == "argo-prod") | .key'); do
			argo get "$run" -o json | jq -r '.metadata.name + " " + .status.phase'
		done)" \
		"$(fact '.runs[] | select(.source == "argo-prod") | .key + " " + .raw')"
	failed=$(fact '[.runs[] | select(.source == "argo-prod" and .status == "failed")][0].key')
	same "argo get $failed has the tasks that failed" \
		"$(argo get "$failed" -o json | jq -r '.status.nodes[] |
			select(.type == "Pod" and (.phase == "Failed" or .phase == "Error")) | .displayName')" \
		"$(fact ".runs[] | select(.key == \"$failed\") | .tasks[] | select(.status == \"failed\") | .name")"
	pod=$(fact "[.runs[] | select(.key == \"$failed\") | .tasks[] | select(.log_error)][0].pod")
	holds "argo logs has the error of $pod" "$(argo logs "$failed" "$pod" --no-color)" \
		"$(fact "[.runs[] | select(.key == \"$failed\") | .tasks[] | select(.log_error)][0].log_error")"
}

if "$clients/argo.sh" install >"$dir/argo-install.log" 2>&1; then
	argo_checks
else
	miss "argo's command line ($(sed -n 's/.*missing: //p' "$dir/argo-install.log" | tail -n 1))"
fi

# ---- Airflow's client -----------------------------------------------------------------------------

# airflow_client MAJOR SOURCE VERB...
airflow_client() {
	local major=$1 source=$2 verb=$3
	shift 3
	"$clients/airflow.sh" "$major" "$verb" "$(option "$source" url)" "$(option "$source" user)" \
		"$(option "$source" password-file)" "$@" 2>"$dir/client.err"
}

airflow_client_checks() {
	local major=$1 source=$2
	same "airflow $major: DAGs and whether they are paused" "$(airflow_client "$major" "$source" dags)" \
		"$(fact ".pipelines[] | select(.source == \"$source\") | .key + \"\t\" + if .paused then \"paused\" else \"active\" end")"
	same "airflow $major: the state of every latest run" \
		"$(airflow_client "$major" "$source" runs | tr '\t' ' ' | sed 's| |/|' |
			grep -xF "$(fact ".runs[] | select(.source == \"$source\") | .key + \" \" + .raw")")" \
		"$(fact ".runs[] | select(.source == \"$source\") | .key + \" \" + .raw")"
	same "airflow $major: the tasks of every latest run" \
		"$(fact ".runs[] | select(.source == \"$source\") | .key" | while read -r key; do
			airflow_client "$major" "$source" tasks "${key%%/*}" "${key#*/}" |
				awk -F '\t' '{ print $1 ($2 < 0 ? "" : "[" $2 "]"), $3 }'
		done)" \
		"$(fact ".runs[] | select(.source == \"$source\") | .tasks[] | .name + \" \" + (.raw // \"\")")"
}

for pair in 2=airflow-legacy 3=airflow-ml; do
	if "$clients/airflow.sh" "${pair%=*}" install >"$dir/client-install.log" 2>&1; then
		airflow_client_checks "${pair%=*}" "${pair#*=}"
	else
		miss "airflow's client ($(sed -n 's/.*missing: //p' "$dir/client-install.log" | tail -n 1))"
	fi
done

# ---- MLflow's client ------------------------------------------------------------------------------

# listed KIND: what the client said of that kind.
listed() {
	sed -n "s/^$1 //p" "$dir/mlflow.list"
}

mlflow_client_checks() {
	MLFLOW_TRACKING_URI=$(option mlflow url) MLFLOW_TRACKING_TOKEN=$(cat "$(option mlflow token-file)") \
		MLFLOW_DISABLE_TELEMETRY=true GIT_PYTHON_REFRESH=quiet timeout 120 "$MLFLOW_PYTHON" \
		"$clients/mlflow_list.py" >"$dir/mlflow.list" 2>"$dir/client.err" ||
		fail "mlflow's client ends well" "$(tail -n 5 "$dir/client.err")"
	same "mlflow: the registered models" "$(listed model)" "$(fact '.models[].key')"
	same "mlflow: every version, its run and when it was made" "$(listed version)" \
		"$(fact '.models[] | .key as $m | .versions[] |
			"\($m) \(.version) READY \(.run) \(.created | sub("\\.[0-9]+Z$"; "Z") | fromdate)"')"
	same "mlflow: aliases, and the version behind each" "$(listed alias)" \
		"$(fact '.models[] | .key as $m | .versions[] | .version as $v | .aliases[] | "\($m) \(.) \($v) same"')"
	same "mlflow: the declared number of every run" \
		"$(listed metric | grep -E "^[^ ]+ [^ ]+ ($(fact '[.models[].metric] | unique | join("|")')) ")" \
		"$(fact '.models[] | .key as $m | .metric as $k | .versions[] | select(.eval != null) |
			"\($m) \(.version) \($k) \(.eval)"')"
	same "mlflow: how many rows every run was trained on" "$(listed param | grep -E '^[^ ]+ [^ ]+ rows ')" \
		"$(fact '.models[] | .key as $m | .versions[] | "\($m) \(.version) rows \(.rows)"')"
}

if [ "$MLFLOW_PYTHON" != false ]; then
	mlflow_client_checks
else
	miss "mlflow's client"
fi
kill "$demo"
wait "$demo"
is "the demo ends cleanly when told to" "$?" 0
demo=
