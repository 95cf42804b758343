# crm_sync.py - a run that succeeds at the second try: the task fails once and is retried.
# SPDX-License-Identifier: MIT
from datetime import timedelta

from _compat import dag, task, try_number


@dag(tags=["crm"], description="Copies contacts out of the CRM.")
def crm_sync():
    @task(retries=1, retry_delay=timedelta(seconds=1))
    def pull():
        if try_number() == 1:
            raise TimeoutError("crm.example.com did not answer within 30 s")
        print("pulled 512 contacts")

    pull()


crm_sync()
