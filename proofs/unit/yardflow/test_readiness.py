"""READY that takes its time: whoever waits looks again and again, and not for ever."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from yardflow import learning, steps
from yardflow.errors import NotBegun, NotReady
from yardflow.flow import Flow

from .stories import check_champion

PENDING, FAILED = "PENDING_REGISTRATION", "FAILED_REGISTRATION"
WITHIN_S = 300.0


@pytest.fixture(name="registering")
def _registering(flow: Flow) -> Flow:
    """A deployment that has registered its version, the second one."""
    steps.begin(flow, "d", actor="test", reason="because")
    learning.features(flow, "d")
    learning.train(flow, "d")
    assert learning.register(flow, "d")["version"] == 2
    return flow


def _say(flow: Flow, monkeypatch: pytest.MonkeyPatch, *statuses: str) -> None:
    """Let MLflow's status be one after the other; its own store of files knows READY alone."""
    kept, said = flow.registry.version_of("d"), iter(statuses)
    assert kept is not None
    monkeypatch.setattr(flow.registry, "version_of", lambda _: replace(kept, status=next(said)))


def test_who_waits_looks_again(registering: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not READY twice, then READY; that it comes late is no reason to refuse it."""
    _say(registering, monkeypatch, PENDING, PENDING, "READY", "READY")
    since = time.time()

    asked = [learning.is_ready(registering, "d", since=since, within_s=WITHIN_S) for _ in range(3)]

    assert asked == [False, False, True]
    assert learning.is_ready(registering, "d", since=since - 2 * WITHIN_S, within_s=WITHIN_S)


def test_nobody_waits_for_ever(registering: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure names version, status and deadline; the run is undone, and the champion is who it was."""
    _say(registering, monkeypatch, PENDING, PENDING)
    since = time.time() - WITHIN_S
    assert not learning.is_ready(registering, "d", since=since + 60, within_s=WITHIN_S)
    with pytest.raises(NotReady, match=f"version 2 READY in MLflow within 300 s, got {PENDING} after 30[1-9] s"):
        learning.is_ready(registering, "d", since=since - 1, within_s=WITHIN_S)
    monkeypatch.undo()
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")

    assert steps.undo(registering, "d", 2, reason="never READY") == "aborted"
    steps.end(registering, "d")
    check_champion(registering, 1)


def test_what_failed_is_not_waited_for(registering: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first look, whatever time there is left."""
    _say(registering, monkeypatch, FAILED)

    with pytest.raises(NotReady, match=f"wanted version 2 READY .*got {FAILED} after 0 s"):
        learning.is_ready(registering, "d", since=time.time(), within_s=WITHIN_S)


def test_without_a_version_there_is_nothing_to_wait_for(flow: Flow) -> None:
    """It is an error of the run, and no reason to come back."""
    with pytest.raises(NotBegun, match="register first"):
        learning.is_ready(flow, "d", since=time.time(), within_s=WITHIN_S)
