# train_ranker.py - runs when asked to and says a line an epoch: a log to follow. It can be held at an epoch.
# SPDX-License-Identifier: MIT
import os
import time

from _compat import dag, task, run_conf

HOLD_AT = 5  # epoch
HELD_AT_MOST = 300  # seconds


@dag(tags=["models"], description="Trains the ranking model.", schedule=None)
def train_ranker():
    @task(pool="warehouse", priority_weight=10)
    def train():
        go_on = run_conf().get("go_on")  # a file: until it exists the task waits
        for epoch in range(1, int(run_conf().get("epochs", 5)) + 1):
            print(f"epoch {epoch} loss {1.0 / epoch:.3f}", flush=True)
            held = 0
            while epoch == HOLD_AT and go_on and not os.path.exists(go_on) and held < HELD_AT_MOST:
                time.sleep(1)
                held += 1
            time.sleep(0.5)

    @task(pool="warehouse")
    def evaluate():
        print("ndcg 0.412")

    train()
    evaluate()


train_ranker()
