# quarterly_report.py - a DAG that stays paused and so never runs.
# SPDX-License-Identifier: MIT
from _compat import dag, task


@dag(tags=["reports"], description="Waits for the end of the quarter.", is_paused_upon_creation=True)
def quarterly_report():
    @task
    def render():
        print("never reached")

    render()


quarterly_report()
