"""A version that answers rightly and too late is nobody's champion; one that is a little slower may be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from yardflow import deploying, smoking
from yardflow.errors import TooSlow
from yardflow.flow import Flow
from yardflow.smoking import ASKED, check_pace
from yardflow.triton import Answer

from .clock import Clock
from .shop import Server
from .stories import registered


@dataclass
class Paced(Server):
    """Lets a clock go on by what a version takes for an answer."""

    clock: Clock = field(default_factory=Clock)
    takes_ms: dict[int, list[float]] = field(default_factory=dict)
    """By version: of each answer, in turns."""
    asked: Counter[int] = field(default_factory=Counter)

    def predict(self, model: str, version: int, features: npt.NDArray[np.float32]) -> Answer:
        took_ms = self.takes_ms[version]
        self.clock.sleep(took_ms[self.asked[version] % len(took_ms)] / 1000)
        self.asked[version] += 1
        return super().predict(model, version, features)


@pytest.fixture(name="paced")
def _paced(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> Flow:
    """An environment that has version 1, the champion, and version 2 loaded."""
    deploying.publish(flow, flow.registry.version(registered(flow)), deploy_id="d")
    server = Paced(flow.repository)
    doors: dict[str, Any] = {"triton": server}
    monkeypatch.setattr(smoking, "time", server.clock)
    paced = replace(flow, **doors)
    deploying.hold(paced, {1, 2})
    return paced


def _pace(paced: Flow, *, champion: int | None = 1, **takes_ms: list[float]) -> dict[str, float]:
    server: Any = paced.triton
    server.takes_ms = {1: takes_ms.get("champion_takes_ms", [4.0]), 2: takes_ms["candidate_takes_ms"]}
    return dict(check_pace(paced, 2, champion=champion))


def test_who_is_much_slower_is_refused(paced: Flow) -> None:
    """More than ten times the champion, and more than a quarter of a second; both numbers are told."""
    with pytest.raises(TooSlow, match="wanted version 2 to take 250 ms for a row at most, got 251 ms"):
        _pace(paced, candidate_takes_ms=[251.0])


@pytest.mark.parametrize(
    ("champion_ms", "candidate_ms"),
    [(4.0, 249.0), (40.0, 399.0)],
    ids=["nobody is kept waiting", "everybody is slow just now"],
)
def test_a_little_slower_is_fast_enough(paced: Flow, champion_ms: float, candidate_ms: float) -> None:
    """What was measured of either is kept."""
    found = _pace(paced, champion_takes_ms=[champion_ms], candidate_takes_ms=[candidate_ms])
    assert found == {"row_ms": candidate_ms, "champion_row_ms": champion_ms}


def test_what_busy_cores_do_to_some_rows_decides_nothing(paced: Flow) -> None:
    """Three of seven that hang are the machine's."""
    found = _pace(paced, candidate_takes_ms=[4.0, 900.0, 4.0, 900.0, 4.0, 900.0, 4.0])
    assert found["row_ms"] == 4.0
    server: Any = paced.triton
    assert server.asked == {1: ASKED, 2: ASKED}


@pytest.mark.parametrize("champion", [None, 2], ids=["nobody serves yet", "it is the champion"])
def test_who_has_nobody_beside_it_is_asked_alone(paced: Flow, champion: int | None) -> None:
    """The first deployment ever, and one that is repeated."""
    assert _pace(paced, champion=champion, candidate_takes_ms=[249.0]) == {"row_ms": 249.0}
    with pytest.raises(TooSlow):
        _pace(paced, champion=champion, candidate_takes_ms=[251.0])
