#!/bin/bash
# airflow.sh - Airflow's own Python client: `airflow.sh 2|3 install`, `airflow.sh 2|3 dags|runs|tasks URL USER FILE ...`.
# SPDX-License-Identifier: MIT
set -eu
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

usage="usage: airflow.sh 2|3 install|dags|runs|tasks [URL USER PASSWORD-FILE [DAG RUN]]"
case ${1-} in
2) pins=$live_dir/pins/airflow-client-2.10.txt ;;
3) pins=$live_dir/pins/airflow-client-3.2.txt ;;
*) die "$usage" ;;
esac
major=$1
verb=${2:?$usage}
shift 2

case $verb in
install) under_lock "airflow-client-$major" install_pins "$pins" ;;
dags | runs | tasks) "$(venv_of "$pins")/bin/python" "$live_dir/clients/airflow_list.py" "$major" "$verb" "$@" ;;
*) die "$usage" ;;
esac
