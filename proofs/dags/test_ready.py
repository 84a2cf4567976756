"""The task that waits for READY: it gives its process back, and counts from when it looked first."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from .conftest import ROOT


@pytest.fixture(name="lifecycle", scope="module")
def _lifecycle(home: Path) -> Iterator[ModuleType]:
    """The DAG's own file, imported where Airflow has a *home*."""
    assert home.is_dir()
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(ROOT / "dags"))
        yield import_module("model_lifecycle")


def _answering(lifecycle: ModuleType, monkeypatch: pytest.MonkeyPatch, *ready: bool) -> list[tuple[str, Any]]:
    """Let the step say so, one after the other; returns what it is asked."""
    asked: list[tuple[str, Any]] = []
    said = iter(ready)

    def call(step: str, **given: Any) -> Any:
        asked.append((step, given))
        return next(said) if step == "is_ready" else {"version": 2}

    monkeypatch.setattr(lifecycle, "call", call)
    return asked


def _deferred(sensor: Any, **given: Any) -> Any:
    """How the sensor asks to be called again: ``method_name`` and ``kwargs``."""
    with pytest.raises(import_module("airflow.sdk.exceptions").TaskDeferred) as deferred:
        sensor.execute({}, **given)
    return deferred.value


def test_not_ready_twice_and_then_ready(lifecycle: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is a process of its own, with the time of the first one; what READY is more than is looked at last."""
    asked = _answering(lifecycle, monkeypatch, False, False, True)
    sensor = lifecycle.Ready(task_id="ready")

    first = _deferred(sensor)
    second = _deferred(sensor, event="moment", **first.kwargs)
    found = sensor.execute({}, event="moment", **second.kwargs)

    assert (first.method_name, second.kwargs, found) == ("execute", first.kwargs, {"version": 2})
    wanted = {"since": first.kwargs["since"], "within_s": lifecycle.READY_S}
    assert asked == [*[("is_ready", wanted)] * 3, ("ready", {})]


def test_what_the_step_refuses_is_not_waited_for(lifecycle: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that the deadline is over, or that the version failed: the task fails with its words."""

    def call(step: str, **_: Any) -> Any:
        raise LookupError(f"{step}: wanted version 2 READY in MLflow within 300 s")

    monkeypatch.setattr(lifecycle, "call", call)

    with pytest.raises(LookupError, match="is_ready: wanted version 2 READY"):
        lifecycle.Ready(task_id="ready").execute({})
