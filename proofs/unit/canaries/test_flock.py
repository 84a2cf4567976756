"""All canaries together: seen before, looked for after, and removed, whatever one of them does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from proofs.canaries import canary as canary_module
from proofs.canaries import flock as flock_module
from proofs.canaries import prometheus as prometheus_module
from proofs.canaries.flock import STORES, Flock, Perch, clear, hatch
from proofs.claims import data_survives as claim_module
from proofs.services.errors import Declined, Unanswered

from switchyard.errors import NotFound, TimedOut
from yardfacts.facts import Answer, Fact, Unreadable

NONCE = "abc123-00ff00ff"


@dataclass
class Cage:
    """A canary in memory; *trouble* is raised by every act."""

    store: str = "cage"
    stays: str = ""
    kept: dict[str, str] = field(default_factory=dict)
    trouble: Exception | None = None

    def where(self, nonce: str) -> str:
        """Here."""
        return f"cage of {nonce}"

    def write(self, nonce: str) -> str:
        """Keep it."""
        self._door()[nonce] = "sings"
        return "sings"

    def read(self, nonce: str) -> str:
        """Give it."""
        return self._door().get(nonce, "not there")

    def remove(self, nonce: str) -> None:
        """Drop it; as S3 does, without a word."""
        self._door().pop(nonce, None)

    def strays(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._door())

    def _door(self) -> dict[str, str]:
        if self.trouble is not None:
            raise self.trouble
        return self.kept


def _flock(*cages: Cage) -> Flock:
    return Flock(NONCE, tuple(Perch(cage, "dev") for cage in cages))


def _said(facts: tuple[Fact, ...]) -> list[tuple[str, str]]:
    return [(fact.probe, fact.outcome) if isinstance(fact, Answer) else ("", type(fact).__name__) for fact in facts]


def test_what_was_written_is_read_back_and_looked_for() -> None:
    """Written once, and read at every look."""
    cage = Cage()
    flock = _flock(cage)
    assert _said(flock.write()) == [("canary-cage", "right")]
    assert _said(flock.look()) == [("canary-cage", "right")]
    cage.kept.clear()
    assert _said(flock.look()) == [("canary-cage", "wrong")]
    assert flock.perches[0].seen == ["right", "right", "wrong"]


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (Unanswered("refused"), "unanswered"),
        (Declined("HTTP 500", status=500), "unanswered"),
        (NotFound("no Service"), "unanswered"),
        (TimedOut("the API server"), "Unreadable"),
    ],
)
def test_silence_is_no_loss(trouble: Exception, outcome: str) -> None:
    """A store that gives nothing back has not said that it has nothing."""
    cage = Cage()
    flock = _flock(cage)
    flock.write()
    cage.trouble = trouble
    assert [said for _, said in _said(flock.look())] == [outcome]


def test_what_was_never_written_is_not_looked_for() -> None:
    """Else it would be called lost."""
    cage = Cage(trouble=Unanswered("refused"))
    flock = _flock(cage)
    assert _said(flock.write()) == [("canary-cage", "unanswered")]
    cage.trouble = None
    assert flock.look() == ()


def test_one_that_cannot_be_removed_holds_nobody_up() -> None:
    """The others are removed, and it is told."""
    stuck, free, gone = Cage(), Cage(), Cage()
    flock = _flock(stuck, gone, free)
    flock.write()
    stuck.trouble, gone.trouble = Unanswered("refused"), Declined("HTTP 404", status=404)
    with pytest.raises(ExceptionGroup) as raised:
        flock.remove()
    assert [str(error) for error in raised.value.exceptions] == ["refused"]
    assert [perch.removed for perch in flock.perches] == [False, True, True]
    assert free.kept == {}


def test_only_what_dead_proofs_left_is_cleared(monkeypatch: pytest.MonkeyPatch, played: Any) -> None:
    """By the run's id; a store that does not let us is told, and none is no trouble."""
    cage = Cage(kept={NONCE: "sings", "dead00-1": "silent"})
    cages = [cage, Cage(trouble=Unanswered("refused")), Cage(trouble=NotFound("no bucket"))]
    monkeypatch.setattr(flock_module, "STORES", tuple(lambda _, one=one: one for one in cages))
    hands: Any = played
    lines = clear([hands], run_id="abc123")
    assert cage.kept == {NONCE: "sings"}
    assert [line.partition(":")[0] for line in lines] == ["removed what a dead proof left", "cage"]


def test_the_record_holds_no_content() -> None:
    """Where, when, and a digest."""
    flock = _flock(Cage())
    flock.write()
    flock.remove()
    (record,) = flock.record()
    assert record["removed"]
    assert record["seen"] == ["right"]
    assert "sings" not in json.dumps(record)


def test_an_unwritten_one_is_recorded_as_such() -> None:
    """Without a time and a digest."""
    (record,) = _flock(Cage()).record()
    assert (record["written"], record["sha256"], record["removed"]) == ("", "", False)


def test_the_claim_knows_every_store(played: Any) -> None:
    """And the words by which answers tell loss and gap; a claim imports nothing that could tell it."""
    hands: Any = played
    flock = hatch([hands], nonce=NONCE)
    assert sorted(perch.canary.store for perch in flock.perches) == sorted(claim_module.STORES)
    assert all(perch.probe == f"{claim_module.PROBE}{perch.canary.store}" for perch in flock.perches)
    assert (claim_module.GONE, claim_module.GAP) == (canary_module.GONE, prometheus_module.GAP)
    assert len(flock.perches) == len(STORES)


def test_one_that_stays_is_not_called_removed() -> None:
    """Loki's lines outlive the proof."""
    flock = _flock(Cage(stays="until its retention is over"))
    flock.write()
    flock.remove()
    assert [perch.removed for perch in flock.perches] == [False]


def test_an_unreadable_cluster_is_a_fact_of_the_probe() -> None:
    """Claims read by the first word that an answer is missing."""
    cage = Cage(trouble=TimedOut("the API server"))
    (fact,) = _flock(cage).write()
    assert isinstance(fact, Unreadable)
    assert fact.what == "probe canary-cage (dev)"
