"""
### The yard's own check

One task for every executor that this Airflow is configured with. Each says who ran it and repeats the `nonce` it was
started with, so that whoever triggered the run finds that one line in the task's log, wherever logs are kept by then.

It runs when it is triggered, and never by itself. A run without a nonce is refused: it would prove nothing.
"""

from __future__ import annotations

import logging
import re
import socket
from datetime import timedelta
from typing import Any

from airflow.sdk import Param, conf, dag, task

log = logging.getLogger(__name__)


def executors() -> tuple[str, ...]:
    """The executors of this Airflow, the default one first."""
    return tuple(conf.getlist("core", "executor"))


def task_id(executor: str) -> str:
    """The name of *executor* in lower case with underscores: ``LocalExecutor`` is ``local_executor``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", executor).lower()


@dag(
    schedule=None,
    is_paused_upon_creation=False,  # a run that is asked for is meant to run
    max_active_runs=2,
    dagrun_timeout=timedelta(minutes=10),  # a run that hangs may not be in the way of the next ones for ever
    params={"nonce": Param(type="string", minLength=8, maxLength=64, description="The line to look for in the logs.")},
    tags=["yard"],
    doc_md=__doc__,
)
def yard_check() -> None:
    """One task for every executor."""

    @task
    def speak(executor: str, params: dict[str, Any] | None = None) -> None:
        if params is None:
            raise TypeError("wanted the run's parameters, got none: this was called outside of a run")
        log.info("yard_check nonce=%s executor=%s host=%s", params["nonce"], executor, socket.gethostname())

    for executor in executors():
        speak.override(task_id=task_id(executor), executor=executor)(executor)


yard_check()
