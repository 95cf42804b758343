# airflow_list.py - lists DAGs, runs or tasks with Airflow's own client, one tab-separated line each.
# SPDX-License-Identifier: MIT
"""usage: airflow_list.py 2|3 dags|runs|tasks URL USER PASSWORD-FILE [DAG RUN]"""

import json
import sys
import urllib.request

import airflow_client.client as client


def page_through(call, array):
    """All items of a list, 50 at a time, as the client's own objects."""
    offset = 0
    while True:
        reply = call(limit=50, offset=offset)
        items = getattr(reply, array)
        yield from items
        offset += len(items)
        if not items or offset >= reply.total_entries:
            return


def connect_2(url, user, password):
    return client.ApiClient(client.Configuration(host=url + "/api/v1", username=user, password=password))


def connect_3(url, user, password):
    body = json.dumps({"username": user, "password": password}).encode()
    request = urllib.request.Request(url + "/auth/token", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        token = json.load(reply)["access_token"]
    configuration = client.Configuration(host=url)
    configuration.access_token = token
    return client.ApiClient(configuration)


def apis(major, connection):
    """The three calls, which differ only in where the client keeps them."""
    if major == "2":
        from airflow_client.client.api import dag_api, dag_run_api, task_instance_api

        return (dag_api.DAGApi(connection), dag_run_api.DAGRunApi(connection),
                task_instance_api.TaskInstanceApi(connection))
    return client.DAGApi(connection), client.DagRunApi(connection), client.TaskInstanceApi(connection)


def text(value):
    return "" if value is None else str(getattr(value, "value", value))  # a task that waits has no state


def main():
    major, verb, url, user, file = sys.argv[1:6]
    with open(file, encoding="utf-8") as f:
        password = f.read().strip()
    connection = (connect_2 if major == "2" else connect_3)(url.rstrip("/"), user, password)
    dags, runs, tasks = apis(major, connection)
    if verb == "dags":
        for d in page_through(dags.get_dags, "dags"):
            print(d.dag_id, "paused" if d.is_paused else "active", sep="\t")
    elif verb == "runs":
        for r in page_through(lambda **page: runs.get_dag_runs("~", **page), "dag_runs"):
            print(r.dag_id, r.dag_run_id, text(r.state), sep="\t")
    else:
        dag, run = sys.argv[6:8]
        for t in page_through(lambda **page: tasks.get_task_instances(dag, run, **page), "task_instances"):
            print(t.task_id, t.map_index, text(t.state), sep="\t")


main()
