"""What a client witnessed, and how generations ended, in words that are right in one case only."""

from __future__ import annotations

from typing import Any, cast

import pytest
from proofs.lifecycle import standing
from proofs.lifecycle.ledger import truth_of
from proofs.lifecycle.standing import aborted, places_told, undisturbed, unmoved, witnessed
from proofs.lifecycle.story import Story
from proofs.services.inquiry import Inquiry

from yardfacts.facts import Answer, Fact, Generation, Known, Served, Traffic

OUTPUTS = (0.9, 0.1, 0.0)


def _generation(number: int, **fields: Any) -> Generation:
    given = {
        "deploy_id": f"d{number}",
        "action": "deploy",
        "phase": "committed",
        "champion": 3,
        "previous": 1,
        **fields,
    }
    return Generation(environment="dev", generation=number, digest="0" * 64, reason="asked for", took_s=0.0, **given)


def _seen(*, failed: int = 0, **fields: Any) -> tuple[Fact, ...]:
    traffic = Traffic(
        environment="dev",
        sent=90,
        answered=90 - failed,
        failed=failed,
        late=0,
        slowest_ms=9.0,
        span_s=9.0,
        detail="request 3: 503" if failed else "",
    )
    given = {"generation": 4, "version": 3, "outputs": OUTPUTS, **fields}
    return (traffic, Served(environment="dev", answers=90 - failed, **given))


KNOWN = (Known(environment="dev", version=3, outputs=OUTPUTS),)


def test_a_client_that_saw_nothing_move_says_so() -> None:
    """One version, one generation, the probabilities of its training as far as single precision keeps them."""
    seen = _seen(outputs=(0.9000004, 0.1, 0.0))
    assert witnessed(seen, KNOWN) == undisturbed(_generation(4))


@pytest.mark.parametrize(
    "seen",
    [
        _seen(failed=1),
        _seen(generation=5),
        _seen(version=4),
        _seen(outputs=(0.8, 0.2, 0.0)),
        _seen(outputs=()),
        (*_seen(), _seen(generation=5)[1]),
        (Traffic(environment="dev", sent=0, answered=0, failed=0, late=0, slowest_ms=0, span_s=9, detail=""),),
    ],
    ids=["failed", "generation", "version", "outputs", "none", "two", "nobody asked"],
)
def test_a_client_that_saw_anything_else_says_something_else(seen: tuple[Fact, ...]) -> None:
    """Each way to be disturbed, and not to have looked."""
    assert witnessed(seen, KNOWN) != undisturbed(_generation(4))


def test_only_what_was_taken_since_is_counted() -> None:
    """Two that were given up, and one that was left open; aborted ones are never the truth."""
    before = (_generation(1), _generation(2, phase="aborted"), _generation(3, phase="open"))
    given_up = (*before, _generation(4, phase="aborted"), _generation(5, phase="aborted"))

    assert aborted(given_up, since=before) == "2 generations, aborted"
    assert aborted((*given_up, _generation(6, phase="open")), since=before) == "3 generations, aborted, open"
    assert aborted(before, since=before) == "0 generations, none"
    assert truth_of(given_up).generation == 1


def test_a_place_that_moved_is_asked_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by itself, and held against what it said before."""
    said, story = {"ledger-unmoved": "generation 4", "triton-unmoved": "versions 1, 3 ready"}, cast(Story, None)
    places = {probe: lambda *_, probe=probe: said[probe] for probe in said}
    monkeypatch.setattr(standing, "PLACES", places)
    since, inquiry = places_told(story, ()), Inquiry("dev")

    said["triton-unmoved"] = "versions 1, 3, 4 ready"
    unmoved(story, inquiry, (), since=since)

    answers = [one for one in inquiry.facts if isinstance(one, Answer)]
    assert [(one.probe, one.outcome) for one in answers] == [("ledger-unmoved", "right"), ("triton-unmoved", "wrong")]
