"""
Whether a candidate may become the champion: a pure function of what was found out about it.

What could not be found out never counts as good. ``stop``: nobody gets to see the candidate. ``shadow``: it may get
copies of requests and answers nobody.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

from yardflow.drift import Drift
from yardflow.errors import PolicyUnusable

__all__ = ["ACCURACY", "METRICS", "Decision", "Findings", "Policy", "decide"]

Metrics = Mapping[str, float]
Outcome = Literal["promotion", "shadow", "stop"]

ACCURACY: Final = "holdout_accuracy"
RECALL: Final = "holdout_macro_recall"
METRICS: Final = {ACCURACY: (0.0, 1.0), "holdout_log_loss": (0.0, math.inf), RECALL: (0.0, 1.0)}
"""What has to be known of a model, and between which values a measurement lies."""
COMPARED: Final = (ACCURACY, RECALL)
"""With the champion's: in the second, no class pays for another."""
DECIMALS: Final = 9
"""Differences are rounded to: 0.97 - 0.95 is more than 0.02 in binary, and 36 rows have no such differences."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """
    What is asked of a candidate. Drift is tolerated nowhere.

    accuracy_threshold: the least accuracy on the held-out rows. margin: by how much accuracy and macro recall may be
    below the champion's. Both are shares, 0 to 1.
    """

    accuracy_threshold: float = 0.90
    margin: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("accuracy_threshold", self.accuracy_threshold), ("margin", self.margin)):
            if not 0.0 <= value <= 1.0:
                raise PolicyUnusable(f"wanted {name} from 0 to 1, got {value}; mend the policy in git")


@dataclass(frozen=True, kw_only=True)
class Findings:
    """
    What was found out. None is what was not, with two exceptions.

    champion: None where there is none yet; the candidate is then compared with nobody. drift: None where nothing was
    compared, which is right for the first deployment only.
    """

    candidate: Metrics
    champion: Metrics | None
    drift: Drift | None
    signature_ok: bool | None
    parity_ok: bool | None


@dataclass(frozen=True)
class Decision:
    """
    reasons: each ``name: wanted ..., got ...``. For a promotion everything that held; otherwise everything that did
    not, what is worst first.
    """

    outcome: Outcome
    reasons: tuple[str, ...]


class _Weight(IntEnum):
    """What a check leaves open at best."""

    STOP = 0
    SHADOW = 1
    PROMOTION = 2


@dataclass(frozen=True)
class _Check:
    allows: _Weight
    reason: str


def decide(policy: Policy, findings: Findings) -> Decision:
    """Decide; any finding whatever gives a decision."""
    checks = [*_soundness(findings), *_measurements(findings)]
    # A comparison with what is no number says nothing, so there is none.
    if all(check.allows is _Weight.PROMOTION for check in checks):
        checks += [*_quality(policy, findings), *_drift(findings)]
    else:
        checks += _drift(findings)
    worst = min(check.allows for check in checks)
    shown = [check for check in checks if check.allows < _Weight.PROMOTION] or checks
    reasons = tuple(check.reason for check in sorted(shown, key=lambda check: check.allows))
    outcomes: dict[_Weight, Outcome] = {
        _Weight.STOP: "stop",
        _Weight.SHADOW: "shadow",
        _Weight.PROMOTION: "promotion",
    }
    return Decision(outcomes[worst], reasons)


def _checked(held: bool, *, otherwise: _Weight, reason: str) -> _Check:
    return _Check(_Weight.PROMOTION if held else otherwise, reason)


def _soundness(findings: Findings) -> Iterator[_Check]:
    for name, found in (("signature", findings.signature_ok), ("parity", findings.parity_ok)):
        yield _checked(found is True, otherwise=_Weight.STOP, reason=f"{name}: wanted True, got {found}")


def _measurements(findings: Findings) -> Iterator[_Check]:
    for who, metrics in (("candidate", findings.candidate), ("champion", findings.champion)):
        if metrics is None:
            continue
        for name, (lowest, highest) in METRICS.items():
            value = metrics.get(name, math.nan)
            sound = math.isfinite(value) and lowest <= value <= highest
            got = f"{value:.6g}" if name in metrics else "none"
            reason = f"{who}'s {name}: wanted a number from {lowest:g} to {highest:g}, got {got}"
            yield _checked(sound, otherwise=_Weight.STOP, reason=reason)


def _quality(policy: Policy, findings: Findings) -> Iterator[_Check]:
    accuracy = findings.candidate[ACCURACY]
    reason = f"{ACCURACY}: wanted at least {policy.accuracy_threshold:g}, got {accuracy:.4f}"
    yield _checked(accuracy >= policy.accuracy_threshold, otherwise=_Weight.SHADOW, reason=reason)
    if findings.champion is None:
        return
    for name in COMPARED:
        candidate, champion = findings.candidate[name], findings.champion[name]
        held = round(champion - candidate, DECIMALS) <= policy.margin
        wanted = f"wanted at most {policy.margin:g} below the champion's {champion:.4f}"
        yield _checked(held, otherwise=_Weight.SHADOW, reason=f"{name}: {wanted}, got {candidate:.4f}")


def _drift(findings: Findings) -> Iterator[_Check]:
    found = findings.drift
    if found is None:
        wanted = "wanted a comparison with what the champion was trained on"
        reason = f"drift: {wanted}, got none" + ("" if findings.champion is not None else ", and no champion either")
        yield _checked(findings.champion is None, otherwise=_Weight.SHADOW, reason=reason)
        return
    got = "; ".join(found.reasons) or found.verdict
    reason = f"drift: wanted rows like those that the champion was trained on, got {got}"
    yield _checked(found.verdict == "same", otherwise=_Weight.SHADOW, reason=reason)
