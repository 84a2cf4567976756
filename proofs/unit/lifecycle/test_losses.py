"""A replica is lost in the middle of a switch, where no server is: what the proof's program does, and how that ends."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from proofs.lifecycle import inside
from proofs.lifecycle.attempt import FAILED, Attempt
from proofs.lifecycle.inside import HELD, Place, after, outlive, promote
from proofs.lifecycle.losses import said_killed, said_unlike, told_killed, told_unlike
from proofs.unit.yardflow.shop import Gateways
from proofs.unit.yardflow.stories import check_champion, registered

from yardfacts.facts import Generation
from yardflow.errors import GatewayAway
from yardflow.flow import Flow
from yardflow.gateway import Table

FIRST, OTHER, NEXT = "http://a", "http://b", "http://c"


@dataclass
class Mortals(Gateways):
    """Replicas that go: from a deletion on the first one is listed for a while, then the next one is in its place."""

    listed: tuple[str, ...] = (FIRST, OTHER)
    looks: list[tuple[str, ...]] = field(default_factory=list)
    """What is listed next, each once; the last one stays."""
    dead: set[str] = field(default_factory=set)

    def replicas(self) -> tuple[str, ...]:
        self.listed = self.looks.pop(0) if self.looks else self.listed
        return self.listed

    def table(self, replica: str) -> Table:
        if replica in self.dead:
            raise GatewayAway(f"wanted an answer to GET {replica}, got nothing")
        return super().table(replica)

    def delete(self, replica: str) -> int:
        """Nobody answers there any more, which the name server does not know at once."""
        self.dead.add(replica)
        left = tuple(one for one in self.listed if one != replica)
        self.looks += [self.listed, left, (*left, NEXT)]
        return 1


@pytest.fixture(name="flow")
def _flow(flow: Flow) -> Flow:
    """An environment after the seed, in which a replica can be deleted."""
    doors: dict[str, Any] = {"gateway": Mortals(flow.ledger, flow.triton)}  # type: ignore[arg-type]  # it stands in
    return replace(flow, **doors)


def _home(flow: Flow) -> Generation:
    now = flow.current
    return Generation(
        environment="dev",
        generation=now.generation,
        deploy_id=now.deploy_id,
        action=str(now.action),
        phase=str(now.phase),
        champion=now.version("champion") or 0,
        previous=0,
        digest="",
        reason="",
        took_s=0.0,
    )


def _promoted(flow: Flow, version: int, *, lines: list[str]) -> int:
    """Promote as the program does, whose lines are heard as they come; its exit code."""
    gateways: Any = flow.gateway

    def tell(line: str) -> None:
        lines.append(line)
        if line.startswith(HELD):
            gateways.delete(line.removeprefix(HELD).strip())

    with pytest.MonkeyPatch.context() as patched:
        # What the program changes for the rest of its life is put back here.
        patched.setattr(Mortals, "reload", Gateways.reload)
        patched.setattr(inside, "_tell", tell)
        after(Place(Mortals, "reload"), lambda _, replica, *__: outlive(flow, replica))
        try:
            promote(replace(flow, tell=tell), "d", version)
        except SystemExit as end:
            return int(str(end.code))
    return os.EX_OK


def test_a_switch_that_loses_a_replica_ends_as_the_row_says(flow: Flow, capsys: pytest.CaptureFixture[str]) -> None:
    """It goes on when another one is in its place, which answers as before: rolled back, and everybody follows that."""
    version, home, lines = registered(flow), _home(flow), list[str]()

    code = _promoted(flow, version, lines=lines)

    ended = Attempt(code, (*lines, *capsys.readouterr().out.splitlines()))
    assert told_killed(ended, [FIRST]) == said_killed(1)
    assert told_unlike(ended, said_unlike(home)) == said_unlike(home), ended.lines
    entry = flow.ledger.entry("d")
    assert entry is not None
    assert entry.outcome is not None
    taken = entry.intent.generation
    assert (entry.outcome.phase, entry.outcome.evidence["undone"]) == ("aborted", "rolled_back")
    assert (flow.current.generation, flow.current.version("champion")) == (taken + 1, home.champion)
    assert flow.gateway.replicas() == (OTHER, NEXT)
    check_champion(flow, home.champion)


def test_nobody_goes_on_while_the_replica_is_listed_or_alone(flow: Flow) -> None:
    """Gone is who is not listed and does not answer; and somebody else has to be in its place."""
    gateways: Any = flow.gateway
    gateways.looks = [(FIRST, OTHER), (FIRST, OTHER), (OTHER,), (OTHER, NEXT)]
    gateways.dead.add(FIRST)
    outlive(flow, FIRST)
    assert gateways.looks == []


def test_whoever_is_not_replaced_is_waited_for_no_longer_than_that(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers though it is not listed any more."""
    monkeypatch.setattr(inside, "WAIT_S", 0.1)
    gateways: Any = flow.gateway
    gateways.looks = [(FIRST, OTHER), (OTHER, NEXT)]
    with pytest.raises(TimeoutError, match="wanted another replica in the place of http://a"):
        outlive(flow, FIRST)


@pytest.mark.parametrize(
    "lines",
    [(), ("held at http://a",), ("held at http://b", "gone is http://b"), ("gone is http://a",)],
    ids=["never held", "never gone", "another", "never waited for"],
)
def test_a_deletion_elsewhere_is_not_in_the_middle(lines: tuple[str, ...]) -> None:
    """Both lines have to be there, of that very replica."""
    assert told_killed(Attempt(FAILED, lines), [FIRST]) != said_killed(1)
    assert told_killed(Attempt(FAILED, lines), []) != said_killed(1)
