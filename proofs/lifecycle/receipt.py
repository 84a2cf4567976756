"""A deployment's receipt as a fact: what the task ``announce`` returns, its steps in the order of the life cycle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from yardfacts.facts import Criterion, Duration, Receipt

__all__ = ["read_receipt"]

STEPS: Final = (
    *("begin", "features", "train", "register", "ready", "gate"),
    *("publish", "load", "smoke", "switch", "verify"),
)
"""Said here, because Airflow's database sorts a document's fields by the length of their names."""


def read_receipt(document: Mapping[str, Any], *, environment: str) -> Receipt:
    """
    Read what a receipt says as JSON; a step that is not known here comes after those that are.

    Raises:
        KeyError: It has not the shape of a receipt.
    """
    took_s: Mapping[str, Any] = document["durations_s"]
    return Receipt(
        environment=environment,
        deploy_id=str(document["deploy_id"]),
        model=str(document["model"]),
        version=int(document["version"] or 0),
        generation=int(document["generation"] or 0),
        outcome=str(document["outcome"]),
        reason=str(document["reason"]),
        run_id=str(document["run_id"] or ""),
        criteria=tuple(
            Criterion(name=str(one["name"]), met=one["met"], evidence=_seen(one["evidence"]))
            for one in document["criteria"]
        ),
        durations=tuple(Duration(step=name, took_s=float(took_s[name])) for name in sorted(took_s, key=_place)),
    )


def _place(step: str) -> tuple[int, str]:
    return STEPS.index(step) if step in STEPS else len(STEPS), step


def _seen(evidence: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {_words(found)}" for name, found in evidence.items())


def _words(found: Any, *, inner: bool = False) -> str:
    if isinstance(found, Mapping):
        listed = ", ".join(f"{name} {_words(one, inner=True)}" for name, one in found.items())
        return f"({listed})" if inner else listed
    return found if isinstance(found, str) else json.dumps(found)
