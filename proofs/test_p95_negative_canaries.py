"""P95: what a proof left in a store is taken away or changed on purpose, and the claim has to say which of the two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest

from switchyard.judging import Inconclusive
from switchyard.scenario import Scenario
from yardfacts.facts import Answer
from yardfacts.verdict import Verdict

from .canaries.canary import Canary
from .canaries.minio import Minio
from .canaries.mlflow import Run

if TYPE_CHECKING:
    from proofs.canaries.fixtures import Release, Released

pytestmark = [pytest.mark.order(95), pytest.mark.negative]

SEEN = "attached"
"""The look that these controls play: after a switch that never was."""
OTHER_BYTES = b"another object under the same key"

C = TypeVar("C", bound=Canary)


@pytest.fixture(name="flock", scope="module")
def _flock(release: Release) -> Released:
    """Canaries for these controls alone: what is broken here, no other proof looks for."""
    return release()


@pytest.mark.control("canaries")
def test_a_lost_object_is_noticed(yard: Scenario, flock: Released) -> None:
    """An object that is deleted behind the proof's back is lost."""
    canary, broken = _sound(yard, flock, Minio), "the canary in MinIO of dev is deleted"
    with _restored(yard, flock, lambda: canary.write(flock.nonce)), yard.when(broken):
        canary.remove(flock.nonce)
        yard.record(SEEN, *flock.look())

    yard.expect("data_survives", Verdict.DISPROVED, "lost", broken=broken)


@pytest.mark.control("canaries")
def test_changed_bytes_are_noticed(yard: Scenario, flock: Released) -> None:
    """An object that is there under its key with other bytes is changed, not kept."""
    canary, broken = _sound(yard, flock, Minio), "the canary in MinIO of dev has other bytes"
    with _restored(yard, flock, lambda: canary.write(flock.nonce)), yard.when(broken):
        canary.put(flock.nonce, OTHER_BYTES)
        yard.record(SEEN, *flock.look())

    yard.expect("data_survives", Verdict.DISPROVED, "changed", broken=broken)


@pytest.mark.control("canaries")
def test_a_deleted_run_is_noticed(yard: Scenario, flock: Released) -> None:
    """A run in MLflow's bin still answers who asks for it by its id, and is lost all the same."""
    canary, broken = _sound(yard, flock, Run), "the canary's run in MLflow of dev is deleted"
    with _restored(yard, flock, lambda: canary.unbin(flock.nonce)), yard.when(broken):
        canary.bin(flock.nonce)
        yard.record(SEEN, *flock.look())

    yard.expect("data_survives", Verdict.DISPROVED, "lost", broken=broken)


def _sound(yard: Scenario, flock: Released, kind: type[C]) -> C:
    """The canary of dev that is about to be broken, when every canary was given back just now."""
    with yard.given("every canary is given back as it was written"):
        now = flock.look()
        yard.record("written", *now)
        wrong = [fact for fact in now if not isinstance(fact, Answer) or fact.outcome != "right"]
        if wrong or not now:
            raise Inconclusive(f"not every canary is there before anything is broken: {wrong[:1] or 'none at all'}")
    return flock.canary(kind, "dev")


@contextmanager
def _restored(yard: Scenario, flock: Released, restore: Callable[[], object]) -> Iterator[None]:
    """Put back what the block breaks, and insist."""
    try:
        yield
    finally:
        with yard.recorder.step("restore: the canary is as it was written"):
            restore()
            left = [fact for fact in flock.look() if not isinstance(fact, Answer) or fact.outcome != "right"]
            if left:
                raise Inconclusive(f"a canary is not as it was written: {left[0]}")
