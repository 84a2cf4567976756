"""
What Airflow makes of a folder of DAGs: ``python reading.py FOLDER ANSWER`` writes it to the file ANSWER.

A process of its own for every reading: Airflow keeps its configuration and what it has imported. Every Python file is
read, those included that Airflow would skip because they do not look like DAGs: a DAG imports them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["Reading", "read"]

CONFIG: Final = Path(__file__).resolve().parents[2] / "platform/images/airflow/airflow.cfg"
READ_S: Final = 120.0  # importing Airflow takes 2 s, and much longer on a busy machine that has not compiled it yet
PLACE: Final = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The DAGs that were found, and what was not understood."""

    faults: Sequence[str]
    """``FILE:LINE: what``, as compilers say it; without a line where Airflow itself refused a DAG."""

    dags: Mapping[str, Mapping[str, Any]]
    """By identity: ``tasks`` (executor by task), ``paused``, ``schedule``, ``runs`` (at most), ``params``, ``doc``."""


def read(folder: Path, *, executors: Sequence[str]) -> Reading:
    """
    Return what an Airflow with *executors* makes of *folder*.

    Raises:
        subprocess.CalledProcessError: Airflow itself did not work; its words stand in ``output``.
    """
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch) / "answer.json"
        environment = {
            **os.environ,
            "AIRFLOW_HOME": scratch,
            "AIRFLOW_CONFIG": str(CONFIG),
            "AIRFLOW__CORE__EXECUTOR": ",".join(executors),
            "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "100",  # deep enough for the file itself
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": scratch,
        }
        command = [sys.executable, __file__, str(folder), str(answer)]
        subprocess.run(
            command,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=READ_S,
        )
        return Reading(**json.loads(answer.read_text()))


def fault(folder: Path, file: str, said: str) -> str:
    """Return Airflow's report about *file*, a traceback or a sentence, as one line that begins with the place."""
    what = said.strip().splitlines()[-1]
    lines = [place["line"] for place in PLACE.finditer(said) if Path(place["file"]) == folder / file]
    return ":".join([f"{folder.name}/{file}", *lines[-1:]]) + f": {what}"


def main(folder: Path, answer: Path) -> None:
    """Read *folder* in this process."""
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - `read` needs no Airflow

    sys.path.insert(0, str(folder))
    bag = DagBag(folder, safe_mode=False, bundle_path=folder, bundle_name="read")
    dags = {
        dag.dag_id: {
            "tasks": {task.task_id: task.executor for task in dag.tasks},
            "paused": dag.is_paused_upon_creation,
            "schedule": dag.schedule,
            "runs": dag.max_active_runs,
            "params": {name: param.schema for name, param in dag.params.items()},
            "doc": dag.doc_md,
        }
        for dag in bag.dags.values()
    }
    faults = sorted(fault(folder, file, said) for file, said in bag.import_errors.items())
    answer.write_text(json.dumps({"faults": faults, "dags": dags}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
