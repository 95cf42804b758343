# billing_export.py - a run that fails: the second task raises, the third never starts.
# SPDX-License-Identifier: MIT
from _compat import dag, task


@dag(tags=["billing"], description="Exports the day's invoices.")
def billing_export():
    @task
    def collect():
        print("collected 88 invoices")

    @task
    def export():
        # Hostile on purpose: an escape sequence and a right-to-left override, as a remote log may carry them.
        print("connecting to \x1b[31mledger-db\x1b[0m \u202egnp.exe")
        raise RuntimeError("ledger-db refused the connection: too many clients")

    @task
    def notify():
        print("never reached")

    collect() >> export() >> notify()


billing_export()
