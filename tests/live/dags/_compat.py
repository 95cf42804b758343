# _compat.py - the few names that differ between Airflow 2 and 3, so that one set of DAGs serves both.
# SPDX-License-Identifier: MIT
from datetime import datetime, timezone

try:
    from airflow.sdk import dag as _dag, get_current_context, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag as _dag, task
    from airflow.operators.python import get_current_context


def dag(**options):
    """One run, as soon as the scheduler sees the DAG; retries only where a task asks for them."""
    options.setdefault("schedule", "@once")
    options.setdefault("start_date", datetime(2024, 1, 1, tzinfo=timezone.utc))
    options.setdefault("catchup", False)
    options.setdefault("default_args", {"owner": "data-platform"})
    return _dag(**options)


def try_number():
    """The number of this try, 1 for the first."""
    return get_current_context()["ti"].try_number


def run_conf():
    """What the run was triggered with."""
    return get_current_context()["dag_run"].conf or {}


__all__ = ["dag", "run_conf", "task", "try_number"]
