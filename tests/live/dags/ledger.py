# ledger.py - runs to be retried: `load` fails until the try that the run's conf names; one DAG a scenario.
# SPDX-License-Identifier: MIT
from _compat import dag, run_conf, task, try_number


def ledger(name):
    @dag(dag_id=name, tags=["idempotent"], description="Loads the ledger.", schedule=None)
    def pipeline():
        @task
        def extract():
            print("read 12 entries")

        @task
        def load():
            if try_number() <= int(run_conf().get("failures", 1)):
                raise ConnectionError("ledger-db closed the connection")
            print("wrote 12 entries")

        @task
        def publish():
            print("published")

        extract() >> load() >> publish()

    return pipeline()


# As JSON, for the scripts.
SCENARIOS = ["shell", "keys", "lost", "unsent"]

for scenario in SCENARIOS:
    globals()["ledger_" + scenario] = ledger("ledger_" + scenario)
