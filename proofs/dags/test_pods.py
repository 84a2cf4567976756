"""Pods of tasks: Airflow's own watcher, with the platform's settings, told by a kubelet why a container waits."""

from __future__ import annotations

from collections.abc import Callable
from configparser import ConfigParser
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from .reading import CONFIG

SECTION = "kubernetes_executor"
TASK = {"dag_id": "yard_check", "task_id": "kubernetes_executor", "run_id": "proof", "try_number": "1"}

Failed = Callable[[str], bool]
"""Whether the task of a pod is called failed whose container waits with this reason."""


@pytest.fixture(name="failed")
def _failed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Failed:
    """The watcher of the executor, as the platform's configuration makes it."""
    assert home.is_dir()
    configuration = ConfigParser(interpolation=None)
    configuration.read_string(CONFIG.read_text())
    for name, value in configuration[SECTION].items():
        monkeypatch.setenv(f"AIRFLOW__{SECTION}__{name}".upper(), value)
    package = "airflow.providers.cncf.kubernetes"
    settings = import_module(f"{package}.kube_config").KubeConfig()
    told: SimpleQueue[Any] = SimpleQueue()
    watcher = import_module(f"{package}.executors.kubernetes_executor_utils").KubernetesJobWatcher(
        namespace="airflow-prod",
        watcher_queue=told,
        resource_version="0",
        scheduler_job_id="1",
        kube_config=settings,
    )

    def ask(reason: str) -> bool:
        waiting = {"name": "base", "state": {"waiting": {"reason": reason}}}
        metadata = SimpleNamespace(labels={}, deletion_timestamp=None)
        watcher.process_status(
            pod_name="yard-check",
            namespace="airflow-prod",
            status="Pending",
            annotations=TASK,
            resource_version="1",
            event={
                "type": "MODIFIED",
                "object": SimpleNamespace(metadata=metadata, status=SimpleNamespace(reason=None)),
                "raw_object": {"status": {"containerStatuses": [waiting]}},
            },
        )
        return not told.empty()

    return ask


@pytest.mark.parametrize("reason", ["ContainerCreating", "CreateContainerConfigError", "CreateContainerError"])
def test_a_container_that_the_kubelet_makes_a_second_later_fails_no_task(failed: Failed, reason: str) -> None:
    """A busy node's kubelet waits for a secret for longer than it wants to: it says so, and asks again."""
    assert not failed(reason)


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImageInspectError", "InvalidImageName"])
def test_an_image_that_cannot_be_had_fails_the_task(failed: Failed, reason: str) -> None:
    """Nobody waits ten minutes for it."""
    assert failed(reason)
