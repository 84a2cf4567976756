"""What stands in each place that knows who serves, in words known beforehand: from before, or of a decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from proofs.lifecycle.ledger import truth_of
from proofs.lifecycle.replicas import gateways
from proofs.lifecycle.story import Story
from proofs.services.inquiry import Inquiry

from switchyard.objects import dig
from yardfacts.facts import Fact, Generation, Known, Served, Traffic
from yardfacts.outputs import are_equal

__all__ = ["PLACES", "aborted", "places_told", "rolled_back", "stands", "undisturbed", "unmoved", "witnessed"]


def aborted(ledger: Sequence[Generation], *, since: Sequence[Generation]) -> str:
    """How many generations were taken *since*, and how they ended."""
    known = {one.generation for one in since}
    ends = [one.phase for one in ledger if one.generation not in known]
    return f"{len(ends)} generations, {', '.join(sorted(set(ends))) or 'none'}"


def _ledger(_: Story, ledger: Sequence[Generation]) -> str:
    now = truth_of(ledger)
    return f"generation {now.generation}: champion {now.champion} {now.digest}, previous {now.previous}"


def _registry(story: Story, ledger: Sequence[Generation]) -> str:
    now, mlflow = truth_of(ledger), story.hands.mlflow()
    aliases = ("champion", "previous") if now.previous else ("champion",)
    return ", ".join(f"{alias} {mlflow.aliased('wine', alias)['version']}" for alias in aliases)


def _replicas(story: Story, _: Sequence[Generation]) -> str:
    tables = [door.get("/v1/aliases") for door in gateways(story.hands)]
    said = sorted(
        f"generation {one['generation']} of {one['deploy_id']}: "
        + ", ".join(f"{alias} {dig(placed, 'version')}" for alias, placed in sorted(one["aliases"].items()))
        for one in tables
    )
    return "; ".join(said)


def _triton(story: Story, _: Sequence[Generation]) -> str:
    return f"versions {', '.join(map(str, sorted(story.places.loaded()))) or 'none'} ready"


PLACES: Final[Mapping[str, Callable[[Story, Sequence[Generation]], str]]] = {
    "ledger-unmoved": _ledger,
    "registry-unmoved": _registry,
    "replicas-unmoved": _replicas,
    "triton-unmoved": _triton,
}
"""Name of the question whether it moved, and what tells what stands there; it is given the ledger as it is now."""


def places_told(story: Story, ledger: Sequence[Generation]) -> Mapping[str, str]:
    """What stands in each place now, by the question whether it moved."""
    return {probe: told(story, ledger) for probe, told in PLACES.items()}


def unmoved(story: Story, inquiry: Inquiry, ledger: Sequence[Generation], *, since: Mapping[str, str]) -> None:
    """Ask each place whether it says still what it said when ``places_told`` was asked; *ledger* is the one of now."""
    for probe, told in PLACES.items():
        inquiry.ask(probe, wanted=since[probe], got=partial(told, story, ledger))


def rolled_back(before: Generation) -> Generation:
    """What a rollback makes of *before* that nobody is ahead of; its number is the ledger's business."""
    return replace(before, action="rollback", champion=before.previous, previous=before.champion)


def stands(story: Story, inquiry: Inquiry, probe: str, *, then: Generation) -> None:
    """Ask whether *then* is the truth, so that nothing is committed above it, and whether every place tells of it."""
    now, places = story.truth(), story.places
    inquiry.ask(
        probe,
        wanted=f"{_decided(then)}: {places.said_everywhere(then.champion, then.generation)}",
        got=lambda: f"{_decided(now)}: {places.everywhere(then.champion, then.generation)}",
    )


def _decided(one: Generation) -> str:
    return f"{one.action} as generation {one.generation}, champion {one.champion}, previous {one.previous}"


def undisturbed(now: Generation) -> str:
    """What a client should have seen in whose time nothing moved."""
    return f"every request answered, by version {now.champion} in generation {now.generation}, as it was trained"


def witnessed(seen: Sequence[Fact], known: Sequence[Fact]) -> str:
    """What a client did see, in the same words where it is that."""
    (traffic,) = [one for one in seen if isinstance(one, Traffic)]
    if not traffic.sent or traffic.failed or traffic.answered != traffic.sent:
        return f"{traffic.answered} of {traffic.sent} requests answered, {traffic.failed} failed: {traffic.detail}"
    trained = {one.version: one.outputs for one in known if isinstance(one, Known)}
    by = sorted(
        f"version {one.version} in generation {one.generation}, "
        + ("as it was trained" if are_equal(one.outputs, trained.get(one.version, ())) else f"as {one.outputs}")
        for one in seen
        if isinstance(one, Served)
    )
    return f"every request answered, by {'; '.join(by)}"
