"""
What a deployment came to: six criteria, each met, not met or unknown, and what people are told of it.

Nothing here asks anybody. Whoever writes a receipt has looked; what could not be found out is unknown, and unknown is
never a success.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

__all__ = ["CRITERIA", "Criterion", "DeployReceipt", "Links", "Message", "Result"]

CRITERIA: Final = ("registered", "ready", "loaded", "smoke", "reloaded", "announced")
"""In MLflow; READY passed; in Triton; asked before any user; every gateway follows; people were told."""

MARKS: Final = {True: "✓", False: "✗", None: "?"}

# Slack refuses a header over 150 characters and a section over 3000; a reader at a glance takes less.
HEADER_CHARS, REASON_CHARS, METRICS_SHOWN = 150, 500, 12


class Result(StrEnum):
    """How a deployment ended."""

    PROMOTED = "promoted"
    SHADOWED = "shadowed"
    CHALLENGING = "challenging"
    RETIRED = "retired"
    REBUILT = "rebuilt"
    STOPPED = "stopped"
    ABORTED = "aborted"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"


SAID: Final[Mapping[Result, str]] = {
    Result.PROMOTED: "is the champion",
    Result.SHADOWED: "runs in the shadow",
    Result.CHALLENGING: "gets a share of the champion's requests",
    Result.RETIRED: "is no longer on trial",
    Result.REBUILT: "is the champion of a ledger that was lost and made again",
    Result.STOPPED: "was stopped",
    Result.ABORTED: "was aborted; nothing changed",
    Result.ROLLED_BACK: "was rolled back",
    Result.SUPERSEDED: "gave way to a newer one",
}

SUCCESSES: Final = frozenset({Result.PROMOTED, Result.SHADOWED, Result.CHALLENGING, Result.REBUILT})
DECIDED: Final = frozenset({Result.STOPPED, Result.SUPERSEDED, Result.RETIRED})
"""Neither a success nor a failure: what policy, or somebody else, decided."""


@dataclass(frozen=True)
class Criterion:
    """One of the six. met: None where it could not be found out, or was not come to; evidence: what was seen."""

    name: str
    met: bool | None
    evidence: Mapping[str, Any]

    def __post_init__(self) -> None:
        # Another library's true is not this one, and would be taken for unknown without anybody noticing.
        if self.met is not None and type(self.met) is not bool:
            raise ValueError(f"wanted {self.name} met to be True, False or None; got {self.met!r}")


@dataclass(frozen=True)
class Links:
    """URLs for whoever wants to know more; None where there is no such page."""

    run: str | None = None
    receipt: str | None = None


@dataclass(frozen=True)
class Message:
    """What is said in Slack. text: what a notification shows; blocks: what the channel shows."""

    deploy_id: str
    text: str
    blocks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class DeployReceipt:
    """
    One deployment, when it is over. None stands for what it did not come to have.

    Raises:
        ValueError: The criteria are not the six, in their order.
    """

    deploy_id: str
    model: str
    version: int | None
    generation: int | None
    action: str
    outcome: Result
    criteria: Sequence[Criterion]
    metrics: Mapping[str, float]
    run_id: str | None
    digest: str | None
    durations_s: Mapping[str, float]
    """By step."""
    actor: str
    reason: str
    at: str
    """As the ledger writes it: ``2026-11-21T22:00:00.000Z``."""

    def __post_init__(self) -> None:
        names = tuple(criterion.name for criterion in self.criteria)
        if names != CRITERIA:
            raise ValueError(f"wanted the criteria {', '.join(CRITERIA)}; got {', '.join(names) or 'none'}")

    @property
    def succeeded(self) -> bool:
        """Whether it came to what it was for, and each of the six is known to be met."""
        return self.outcome in SUCCESSES and all(criterion.met is True for criterion in self.criteria)

    @property
    def artifact(self) -> str | None:
        """Where it is kept among the artifacts of its run; None where it has no run, or no number."""
        return None if self.run_id is None or self.generation is None else f"receipts/{self.generation}.json"

    def document(self) -> dict[str, Any]:
        """As JSON carries it; a number that is none is told in words, because JSON has no word for it."""
        criteria = [vars(criterion) for criterion in self.criteria]
        return {**_plain({**vars(self), "criteria": criteria}), "succeeded": self.succeeded}

    def message(self, links: Links | None = None) -> Message:
        """What people are told of it, in Slack's own format."""
        return Message(self.deploy_id, self._text(), self._blocks(links or Links()))

    def _text(self) -> str:
        metrics = _measured(self.metrics)
        generation = "no generation" if self.generation is None else f"generation {self.generation}"
        return _escaped(f"{self._headline()} ({generation}{', ' if metrics else ''}{metrics}): {_cut(self.reason)}")

    def _headline(self) -> str:
        version = "without a version" if self.version is None else f"version {self.version}"
        return f"{self.model} {version} {SAID[self.outcome]}"

    def _sign(self) -> str:
        # That people were told is not known before they are: this is the message.
        known = all(criterion.met is True for criterion in self.criteria if criterion.name != "announced")
        if self.outcome in SUCCESSES:
            return ":large_green_circle:" if known else ":large_yellow_circle:"
        return ":large_yellow_circle:" if self.outcome in DECIDED else ":red_circle:"

    def _blocks(self, links: Links) -> list[dict[str, Any]]:
        header = f"{self._sign()} {self._headline()}"[:HEADER_CHARS]
        facts = {
            "Model": self.model,
            "Version": _or_none(self.version),
            "Generation": _or_none(self.generation),
            "Outcome": str(self.outcome).replace("_", " "),
        }
        criteria = "   ".join(f"{MARKS[one.met]} {one.name}" for one in self.criteria if one.name != "announced")
        said = [f"*Metrics*\n{_escaped(_measured(self.metrics) or 'none')}", f"*Why*\n{_escaped(_cut(self.reason))}"]
        known = [
            _link(links.run, "run", self.run_id),
            _link(links.receipt, "receipt", self.artifact or self.deploy_id),
            _escaped(f"{self.action} by {self.actor}, {self.at}, {sum(self.durations_s.values()):.0f} s"),
        ]
        return [
            {"type": "header", "text": {"type": "plain_text", "text": header, "emoji": True}},
            {"type": "section", "fields": [_mrkdwn(f"*{name}*\n{_escaped(fact)}") for name, fact in facts.items()]},
            {"type": "section", "text": _mrkdwn("\n".join([*said, criteria]))},
            {"type": "context", "elements": [_mrkdwn(one) for one in known if one]},
        ]


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def _escaped(text: str) -> str:
    """What Slack would read as a link or a mention, as text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(url: str | None, label: str, name: str | None) -> str:
    if name is None:
        return ""
    said = _escaped(f"{label} {name}")
    return said if url is None else f"<{_escaped(url)}|{said.replace('|', ' ')}>"


def _cut(text: str) -> str:
    return text if len(text) <= REASON_CHARS else f"{text[: REASON_CHARS - 1]}…"


def _or_none(number: int | None) -> str:
    return "none" if number is None else str(number)


def _measured(metrics: Mapping[str, float]) -> str:
    shown = [f"{name} {value:.4g}" for name, value in sorted(metrics.items())[:METRICS_SHOWN]]
    more = len(metrics) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more else shown)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
