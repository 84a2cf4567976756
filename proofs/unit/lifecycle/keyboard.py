"""The operator's commands, typed in this process: ``run("promote", "2", *BECAUSE)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import pytest
from click.testing import CliRunner
from proofs.lifecycle.attempt import Attempt

from yardflow import __main__ as door
from yardflow.flow import Flow

__all__ = ["BECAUSE", "Run", "keyboard"]

Run = Callable[..., Attempt]
BECAUSE: Final = ("--reason", "asked for")


def keyboard(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Let the commands' doors lead to *flow*; what is returned types one. A mistake of ours goes on."""

    @contextmanager
    def opened(settings: object, *, tell: Callable[[str], None]) -> Iterator[Flow]:
        yield replace(flow, tell=tell)

    def run(*words: str) -> Attempt:
        done = CliRunner().invoke(door.main, words, catch_exceptions=False)
        return Attempt(done.exit_code, tuple(done.output.splitlines()))

    monkeypatch.setattr(door, "opened", opened)
    monkeypatch.setattr(door, "FlowSettings", lambda: flow.settings)
    return run
