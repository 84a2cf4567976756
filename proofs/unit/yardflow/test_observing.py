"""After a rollback users' errors are counted: more than before is an error, and nobody asked is said."""

from __future__ import annotations

from collections import Counter
from typing import cast

import pytest

from yardflow.errors import Unsteady
from yardflow.flow import Flow
from yardflow.observing import Seen, watch

from .shop import Gateways

BEFORE = Counter({200: 98, 503: 2})


def _watch(flow: Flow, monkeypatch: pytest.MonkeyPatch, *, meanwhile: Counter[int]) -> Seen:
    """Watch for a moment in which both replicas answer *meanwhile* more."""
    looks = [BEFORE, BEFORE, BEFORE + meanwhile, BEFORE + meanwhile]
    monkeypatch.setattr(cast(Gateways, flow.gateway), "answered", lambda _: looks.pop(0))
    return watch(flow, for_s=0.01)


@pytest.mark.parametrize(
    ("meanwhile", "seen"),
    [
        (Counter({200: 50}), Seen(100, 0)),
        (Counter({200: 98, 404: 10, 503: 2}), Seen(220, 4)),
        (Counter(), Seen(0, 0)),
    ],
    ids=["none fails", "as many as before, and what callers did wrong", "nobody asked"],
)
def test_what_is_no_worse_than_before_is_told(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, meanwhile: Counter[int], seen: Seen
) -> None:
    """Both replicas count, and only what the gateway itself could not answer has failed."""
    assert _watch(flow, monkeypatch, meanwhile=meanwhile) == seen


@pytest.mark.parametrize("meanwhile", [Counter({200: 97, 500: 3}), Counter({504: 1})])
def test_more_errors_than_before_are_an_error(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, meanwhile: Counter[int]
) -> None:
    """The rollback stays; whoever typed it has to look."""
    with pytest.raises(Unsteady, match="what is committed stays"):
        _watch(flow, monkeypatch, meanwhile=meanwhile)


def test_a_replica_that_is_new_counts_from_nothing(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was not there when counting began."""
    gateways = cast(Gateways, flow.gateway)
    found = [("http://a",), ("http://a", "http://b")]
    monkeypatch.setattr(gateways, "replicas", lambda: found.pop(0))
    gateways.counted = Counter({200: 7})
    assert watch(flow, for_s=0.01) == Seen(7, 0)
