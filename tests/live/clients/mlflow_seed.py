# mlflow_seed.py - registers experiments, runs, models, versions and aliases by MLflow's own client.
# SPDX-License-Identifier: MIT
"""Without an argument: the fixtures. `move`: the alias champion goes to version 2; `delete`: version 3 goes."""
import sys

import mlflow
from mlflow import MlflowClient

client = MlflowClient()
verb = sys.argv[1] if len(sys.argv) > 1 else "make"
if verb == "move":
    client.set_registered_model_alias("product-recs", "champion", "2")
    client.set_registered_model_alias("product-recs", "previous", "1")
    sys.exit()
if verb == "delete":
    client.delete_model_version("product-recs", "3")
    sys.exit()

mlflow.set_experiment("product-recs")
client.create_registered_model("product-recs", tags={"serving": "endpoint"})
for number, ndcg in enumerate([0.412, 0.419, None], 1):
    with mlflow.start_run(run_name=f"train-{number}") as run:
        mlflow.log_params({"epochs": 50, "image": "pytorch-2.2"})
        mlflow.set_tags({"data_from": "2026-02-07", "data_to": "2026-03-08"})
        if ndcg is not None:
            mlflow.log_metric("ndcg", ndcg)
    client.create_model_version("product-recs", f"s3://ml/recs/{number}", run_id=run.info.run_id)
client.set_registered_model_alias("product-recs", "champion", "1")
client.create_registered_model("old-stage")
client.create_model_version("old-stage", "s3://ml/old/1")
client.transition_model_version_stage("old-stage", "1", "Production")
