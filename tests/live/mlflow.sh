# mlflow.sh - a real MLflow: models, versions, aliases, the numbers of their training runs, and what was live when.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016,SC2034  # sourced by tests/live/run

about "mlflow"
cat >"$dir/mlflow.conf" <<-EOF
	[source "registry"]
	    type = mlflow
	    url = $MLFLOW_URL
	    interval = 1s
	[model "product-recs"]
	    metric = ndcg
	    better = higher
	    live-on = recs-prod
EOF
mlflow_bn() {
	bn --config "$dir/mlflow.conf" "$@"
}
registered() {
	MLFLOW_TRACKING_URI=$MLFLOW_URL GIT_PYTHON_REFRESH=quiet "$MLFLOW_PYTHON" "$here/clients/mlflow_seed.py" "$1" \
		>"$dir/seed.log" 2>&1
}

mlflow_bn models -o json --columns level,model,version,stage,live_on,eval,live
is "models are read" "$status" 0
json "both models are there" "$dir/out" '[.items[] | select(.level == 0) | .model] | sort == ["old-stage", "product-recs"]'
json "the champion is live, with the number of its run" "$dir/out" \
	'[.items[] | select(.version == "1" and .model == "product-recs")] |
	.[0].live and .[0].stage == "champion" and .[0].eval == "ndcg .412" and .[0].live_on == "recs-prod"'
json "a run without the number has no eval" "$dir/out" \
	'[.items[] | select(.version == "3") | .eval] == ["no eval"]'
json "a stage means production as well" "$dir/out" \
	'[.items[] | select(.model == "old-stage" and .version == "1") | [.live, .stage]] == [[true, "Production"]]'

mlflow_bn model show product-recs@champion -o json --columns version,image,data_from,data_to,params,trained
is "model show reads one version" "$status" 0
json "its run's image, window and parameters are there" "$dir/out" \
	'.items[0] | .version == "1" and .image == "pytorch-2.2" and .data_from == "2026-02-07T00:00:00Z" and
	.data_to == "2026-03-08T00:00:00Z" and .params.epochs == "50" and .trained != null'

registered move
mlflow_bn poll
mlflow_bn model history product-recs -o json
json "an alias that moved leaves both intervals" "$dir/out" \
	'[.items[] | [.version, .evidence, .until == null]] == [["2", "seen", true], ["1", "found", false]]'
mlflow_bn model compare product-recs @previous -o json
json "the better one is told by the declared number" "$dir/out" \
	'[.items[] | select(.name == "ndcg (offline)") | .better] == ["left"]'

registered delete
mlflow_bn poll
mlflow_bn models --all -o json --columns model,version
json "a deleted version is gone" "$dir/out" \
	'[.items[] | select(.model == "product-recs") | .version] | sort == ["1", "2"]'
mlflow_bn doctor
holds "doctor names MLflow's version" "$(cat "$dir/out")" "3.17.2"
