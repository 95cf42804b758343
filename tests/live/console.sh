# console.sh - the same facts on the console's screen, at three sizes, by the keys a person would press.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "console"

# shot SIZE KEYS: the console's screen as text after the keys.
shot() {
	timeout 120 "$screenshot" -s "$1" -k "$2" -- "$binnacle" 2>"$dir/err"
}

screen=$(shot 120x40 '<Wait:OrdersStalled><Quiet:500>')
holds "Triage shows the alert" "$screen" OrdersStalled
holds "Triage shows the failed run" "$screen" billing_export
holds "Triage shows the endpoint that is down" "$screen" down

screen=$(shot 120x40 '<Wait:OrdersStalled>2<Wait:crm_sync><Quiet:500>')
for dag in billing_export crm_sync orders_hourly score_regions choose_path; do
	holds "Runs shows $dag" "$screen" "$dag"
done

screen=$(shot 120x40 '<Wait:OrdersStalled>2<Wait:billing_export>/billing_export<Enter><Quiet:300><Enter><Wait:export><Quiet:500>')
holds "Run detail shows the task that failed" "$screen" export
holds "Run detail shows the task before it" "$screen" collect

screen=$(shot 120x40 '<Wait:OrdersStalled>4<Wait:api-quote><Quiet:500>')
for endpoint in api-quote shop stale down slow; do
	holds "Endpoints shows $endpoint" "$screen" "$endpoint"
done

screen=$(shot 120x40 '<Wait:OrdersStalled>0<Wait:airflow-ml><Quiet:500>')
for name in airflow airflow-ml prom probes; do
	holds "Sources shows $name" "$screen" "$name"
done

screen=$(shot 80x24 '<Wait:OrdersStalled><Quiet:500>')
holds "80x24 shows the alert" "$screen" OrdersStalled
screen=$(shot 60x16 '<Wait:OrdersStalled><Quiet:500>')
holds "60x16 shows the alert" "$screen" OrdersStalled
