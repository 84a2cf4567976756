"""Who the champion is, by the ledger, and when the ledger does not say."""

from __future__ import annotations

from typing import Any

import pytest

from yardfacts.facts import Answer, Facts, Generation
from yardfacts.generations import change_truth, ledgers_clear, told_everywhere, truth
from yardfacts.mutants import NothingToChange
from yardfacts.verdict import Verdict, merge

TOLD = {
    "version-in-registry": "wine version 2",
    "version-in-triton": "wine version 2",
    "version-in-answer": "wine version 2",
    "version-in-replicas": "wine version 2, generation 4, in 2 of 2",
    "message-in-channel": "1 message of 4-d.4 with version 2",
}


def _generation(number: int, phase: str = "committed", **fields: Any) -> Generation:
    given = {"environment": "dev", "champion": 2, "previous": 1, "digest": "a", **fields}
    return Generation(
        generation=number, deploy_id=f"d.{number}", action="deploy", phase=phase, reason="", took_s=0.0, **given
    )


def _at(*facts: Generation | Answer) -> Facts:
    return Facts().plus("now", facts)


def _answers(**other: str) -> tuple[Answer, ...]:
    told = {**TOLD, **{probe.replace("_", "-"): got for probe, got in other.items()}}
    return tuple(
        Answer(probe=probe, environment="dev", outcome="right", wanted=got, got=got, took_s=0.0)
        for probe, got in told.items()
    )


def test_the_highest_committed_generation_is_the_truth() -> None:
    """Neither the order of reading counts, nor what is open or aborted, nor another environment."""
    committed = _generation(4)
    facts = _at(_generation(5, "open"), committed, _generation(3), _generation(6, "aborted"))
    assert truth(facts.plus("now", [_generation(9, environment="prod")]), "dev") == committed


@pytest.mark.parametrize(
    ("generations", "reason"),
    [
        pytest.param([_generation(4)], "holds", id="one"),
        pytest.param([], "no_evidence", id="none"),
        pytest.param([_generation(4, environment="prod")], "no_truth", id="of another environment"),
        pytest.param([_generation(4, "open")], "no_truth", id="none that ended"),
        pytest.param([_generation(4), _generation(4, "aborted")], "no_truth", id="a number twice"),
        pytest.param([_generation(4, champion=0)], "no_truth", id="nobody serves"),
        pytest.param([_generation(4, digest="")], "no_truth", id="no bytes"),
    ],
)
def test_a_ledger_that_does_not_say_who_serves_is_no_evidence(generations: list[Generation], reason: str) -> None:
    """What is missing, doubled or empty decides nothing."""
    finding = merge(ledgers_clear(_at(*generations), environments=["dev"]))
    assert finding.reason == reason
    assert finding.verdict is (Verdict.PROVED if reason == "holds" else Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        pytest.param({}, "holds", id="the same everywhere"),
        pytest.param({"version_in_answer": "wine version 1"}, "versions_differ", id="another version"),
        pytest.param({"version_in_triton": "wine version 22"}, "versions_differ", id="a number that begins alike"),
        pytest.param(
            {"version_in_replicas": "wine version 2, generation 3, in 2 of 2"}, "versions_differ", id="the one before"
        ),
        pytest.param(
            {"version_in_replicas": "wine version 2, generation 4, in 1 of 2"}, "versions_differ", id="half of them"
        ),
        pytest.param(
            {"version_in_replicas": "wine version 2, generation 4, in 0 of 0"}, "versions_differ", id="none of none"
        ),
        pytest.param(
            {"message_in_channel": "1 message of 4-dx4 with version 2"}, "versions_differ", id="another deployment"
        ),
    ],
)
def test_every_place_is_held_against_the_ledger(other: dict[str, str], reason: str) -> None:
    """An answer that is right by what was wanted of it is not right if the ledger has something else."""
    facts = _at(_generation(4), *_answers(**other))
    assert merge(told_everywhere(facts, environments=["dev"])).reason == reason


def test_a_truth_that_is_not_there_cannot_be_changed() -> None:
    """A mutant that finds nothing to break says so."""
    with pytest.raises(NothingToChange, match="no generation of prod is committed at now"):
        change_truth(at="now", environment="prod", champion=3)(_at(_generation(4)))
