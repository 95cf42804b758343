#!/bin/bash
# mlflow.sh - a real MLflow on SQLite: experiments, runs, models, versions and aliases, made by its own client.
# SPDX-License-Identifier: MIT
set -eu
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usage="usage: mlflow.sh install|start|ready|stop DIR"
verb=${1:?$usage}
dir=${2:-}
pins=$live_dir/pins/mlflow-3.17.txt

start() {
	local port venv
	alive "$dir/pid" && return 0
	mkdir -p "$dir/artifacts"
	dir=$(cd "$dir" && pwd)
	venv=$(venv_of "$pins")
	port=$(free_port)
	PATH=$venv/bin:$PATH MLFLOW_DISABLE_TELEMETRY=true GIT_PYTHON_REFRESH=quiet \
		background "$dir/log" "$dir/pid" "$venv/bin/mlflow" server --host 127.0.0.1 --port "$port" --workers 1 \
		--backend-store-uri "sqlite:///$dir/mlflow.db" --artifacts-destination "$dir/artifacts"
	cat >"$dir/env.new" <<-EOF
		MLFLOW_URL=http://127.0.0.1:$port
		MLFLOW_PYTHON=$venv/bin/python
	EOF
}

ready() {
	# shellcheck disable=SC1091  # written by start
	. "$dir/env.new"
	wait_for 300 "MLflow answers" "$dir/pid" "$dir/log" answers "$MLFLOW_URL/health"
	MLFLOW_TRACKING_URI=$MLFLOW_URL GIT_PYTHON_REFRESH=quiet "$MLFLOW_PYTHON" "$live_dir/clients/mlflow_seed.py" \
		>"$dir/seed.log" 2>&1 || die "$(tail -n 20 "$dir/seed.log")"
	mv "$dir/env.new" "$dir/env"
}

stop() {
	end_group "$dir/pid" 10
}

case $verb in
install) install_pins "$pins" ;;
start | ready | stop)
	[ -n "$dir" ] || die "$usage"
	"$verb"
	;;
*) die "$usage" ;;
esac
