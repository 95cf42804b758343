# orders_hourly.py - a run that succeeds: two tasks in a row, each says something in its log.
# SPDX-License-Identifier: MIT
from _compat import dag, task


@dag(tags=["orders"], description="Loads the hour's orders.")
def orders_hourly():
    @task
    def extract():
        print("read 1204 orders from the ledger")
        return 1204

    @task
    def load(rows):
        print(f"wrote {rows} rows to warehouse.orders")

    load(extract())


orders_hourly()
