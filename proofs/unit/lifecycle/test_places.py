"""The crash table's rows: the same for who kills and for who judges, and each a place that a deployment comes to."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import pytest
from proofs.claims.crashes_survived import PLACES as WANTED
from proofs.lifecycle import inside
from proofs.lifecycle.attempt import Attempt
from proofs.lifecycle.inside import PLACES, Place, after

from switchyard.judging import Inconclusive


def test_every_row_that_is_wanted_is_taken() -> None:
    """In the order in which a deployment comes there; a row that nobody judges would prove nothing."""
    assert tuple(place.replace(" ", "-") for place in PLACES) == WANTED


@pytest.mark.parametrize("name", PLACES)
def test_every_place_is_one(name: str) -> None:
    """What is called otherwise now would never be come to, and nobody would die."""
    place = PLACES[name]
    assert callable(getattr(place.owner, place.name))


@pytest.mark.parametrize("given", [{}, {"actor": "proof"}], ids=["by position", "by name"])
def test_who_dies_is_killed_however_the_place_was_called(given: dict[str, str]) -> None:
    """An error in its stead would be undone by the deployment, and leave nothing to go on with."""
    owner = SimpleNamespace(step=lambda *_, **__: None)
    child = os.fork()
    if not child:
        try:
            after(Place(owner, "step"), inside._die)
            owner.step("d", **given)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("lines", "failure"),
    [
        (("trained", "Overtaken: wanted to commit 5, got 6"), "Overtaken"),
        (("generation 5 aborted: Overtaken: wanted to commit", "Fenced: wanted 5 at a, got 6"), "Fenced"),
        (("told: wanted nothing",), ""),
        ((), ""),
    ],
)
def test_the_error_that_ended_an_attempt_is_found(lines: tuple[str, ...], failure: str) -> None:
    """By its own line; what others tell of it is none."""
    assert Attempt(11, lines).failure == failure


@pytest.mark.parametrize("lines", [(), ("killed",), ("{",)])
def test_an_attempt_that_broke_off_says_nothing_of_the_ledger(lines: tuple[str, ...]) -> None:
    """Its last line is not the one that ends an attempt."""
    with pytest.raises(Inconclusive, match="wanted the ledger as the last line"):
        _ = Attempt(137, lines).end
