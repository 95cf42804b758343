# choose_path.py - a branch: one side runs, the other is skipped.
# SPDX-License-Identifier: MIT
from _compat import dag, task


@dag(tags=["branch"], description="Rebuilds all or only what changed.")
def choose_path():
    @task.branch
    def decide():
        return "incremental"

    @task
    def incremental():
        print("3 partitions rebuilt")

    @task
    def full():
        print("never reached")

    decide() >> [incremental(), full()]


choose_path()
