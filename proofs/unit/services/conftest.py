"""Services on a loopback address, played from a script: what is asked is recorded, the answers were written before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest
from proofs.services.rest import Rest
from proofs.unit.switchyard.scripted import Scripted, answer

from switchyard.kube import Kube

Script = Callable[[httpx.Request], httpx.Response]
Play = Callable[[Script], Rest]


@pytest.fixture(name="kube")
def _kube() -> Kube:
    """A cluster's API that knows nothing; an address that is a number is not looked up."""
    return Kube(Scripted(lambda _: answer({}, status=404)))


@pytest.fixture(name="play")
def _play(kube: Kube) -> Play:
    """A service that answers by a script: ``play(lambda asked: httpx.Response(200))``."""

    def play(script: Script) -> Rest:
        return Rest(kube, "http://127.0.0.1:1", transport=httpx.MockTransport(script))

    return play


def listed(**kinds: Sequence[Any]) -> Kube:
    """A cluster's API that has these objects by the plural of their kind, and nothing of any other."""

    def items(path: str) -> Sequence[Any]:
        return kinds.get(path.rpartition("/")[2], ())

    return Kube(Scripted(lambda asked: answer({"items": items(asked.path)})))
