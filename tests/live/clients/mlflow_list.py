# mlflow_list.py - lists models, versions, aliases and what runs logged with MLflow's own client, a line each.
# SPDX-License-Identifier: MIT
"""usage: mlflow_list.py (MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN say where); a line begins with what it is"""

from mlflow import MlflowClient


def page_through(call, size, **arguments):
    """All items of a list, so few at a time that pages are turned."""
    token = None
    while True:
        page = call(max_results=size, page_token=token, **arguments)
        yield from page
        token = page.token
        if not token:
            return


def main():
    client = MlflowClient()
    for model in page_through(client.search_registered_models, 2):
        print("model", model.name)
        # a search leaves them out, in models and in versions
        for alias, version in client.get_registered_model(model.name).aliases.items():
            found = client.get_model_version_by_alias(model.name, alias).version
            print("alias", model.name, alias, version, "same" if found == str(version) else found)
        for v in page_through(client.search_model_versions, 10, filter_string=f"name='{model.name}'"):
            print("version", model.name, v.version, v.status, v.run_id, v.creation_timestamp // 1000)
            data = client.get_run(v.run_id).data
            for name, value in data.metrics.items():
                print("metric", model.name, v.version, name, f"{value:.6g}")
            for name, value in data.params.items():
                print("param", model.name, v.version, name, value)


main()
