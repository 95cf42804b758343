# score_regions.py - mapped tasks: one of three copies of the same task fails, so the run does.
# SPDX-License-Identifier: MIT
from _compat import dag, task


@dag(tags=["models"], description="Scores each region.")
def score_regions():
    @task
    def score(region):
        if region == "north":
            raise ValueError("no features for region north")
        print(f"scored {region}")

    score.expand(region=["east", "north", "west"])


score_regions()
