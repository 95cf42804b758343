# train_ranker.py - runs when asked to, for `epochs` seconds, and says a line a second: a log to follow.
# SPDX-License-Identifier: MIT
import time

from _compat import dag, task, run_conf


@dag(tags=["models"], description="Trains the ranking model.", schedule=None)
def train_ranker():
    @task(pool="warehouse")
    def train():
        for epoch in range(1, int(run_conf().get("epochs", 5)) + 1):
            print(f"epoch {epoch} loss {1.0 / epoch:.3f}", flush=True)
            time.sleep(1)

    train()


train_ranker()
