"""Airflow: nobody waits for what the first request makes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from .helm import Manifest
from .tree import Application

REPORTED_TO: Final = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"


def test_the_start_is_over_when_a_task_can_report(rendered: Mapping[Application, tuple[Manifest, ...]]) -> None:
    """The API that tasks report to is made by its first request, which holds up all others: the start sends it."""
    pods = [
        manifest.pod["spec"]
        for manifests in rendered.values()
        for manifest in manifests
        if manifest.name == "airflow-api" and manifest.pod
    ]
    assert pods
    for pod in pods:
        (container,) = pod["containers"]
        (url,) = (one["value"] for one in container["env"] if one["name"] == REPORTED_TO)
        assert container["startupProbe"]["httpGet"]["path"].startswith(re.sub(r"^http://[^/]+", "", url))
