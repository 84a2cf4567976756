"""
Judging again: a run's facts, in the order of its journal, before the claims as they are now.

Nothing is asked but the journal and the claims' files, so anybody can do it, anywhere, and an edited fact or finding is
found out. What a claim *says* may be put into other words later; its verdict and its reason have to be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from yardfacts.claims import Claim
from yardfacts.facts import Facts
from yardfacts.journal import History

__all__ = ["Difference", "replay"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place of a journal where a claim, asked again, does not say what is recorded."""

    seq: int
    """Number of the record."""
    stage: str
    claim: str
    recorded: str
    """Verdict and reason."""
    again: str

    def __str__(self) -> str:
        return f"record {self.seq}: {self.claim} in {self.stage} said {self.recorded}, and now says {self.again}"


def replay(history: History, claims: Mapping[str, Claim]) -> Iterator[Difference]:
    """
    Judge again every finding and every negative control, on the facts that its stage had by then.

    Claims that the journal does not name are not asked: the run made no facts for them. One that it names and that is
    no more is a difference.

    Raises:
        Malformed: A recorded fact has not the shape of its type.
    """
    stages: dict[str, Facts] = {}
    for record in history.records:
        body = record.body
        match record.kind:
            case "fact":
                (entry,) = Facts.from_json([{name: body.get(name) for name in ("moment", "type", "fact")}]).entries
                so_far = stages.get(body["stage"], Facts())
                stages[body["stage"]] = so_far.plus(entry[0], [entry[1]])
                continue
            case "finding":
                recorded = f"{body['verdict']} ({body['reason']})"
            case "control":
                recorded = body["got"]
            case _:
                continue
        stage, name = body["stage"], body["claim"]
        again = _said(claims[name], stages.get(stage, Facts())) if name in claims else "nothing: there is no such claim"
        if again != recorded:
            yield Difference(seq=record.seq, stage=stage, claim=name, recorded=recorded, again=again)


def _said(claim: Claim, facts: Facts) -> str:
    finding = claim.decide(facts)
    return f"{finding.verdict.name} ({finding.reason})"
