"""
Every kind of fact there is: the registry by which a stored record finds its type again.

A new kind is a frozen dataclass in the module of its noun, one more name in the union below, and its export in
``yardfacts.facts``; how it is stored follows from its fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from yardfacts.facts.absence import Hold, Obligation, Sweep, Toggle
from yardfacts.facts.argocd import Application, Barrier, Commit, Root
from yardfacts.facts.cluster import Namespace, Pod, Volume, Workload
from yardfacts.facts.cycling import Cycle
from yardfacts.facts.deaths import Death
from yardfacts.facts.gaps import Unreadable
from yardfacts.facts.lifecycle import Generation, Known, Served, Traffic
from yardfacts.facts.measures import Timing, Usage
from yardfacts.facts.probing import Interval, Sampled
from yardfacts.facts.receipts import Receipt
from yardfacts.facts.services import Answer
from yardfacts.facts.watched import Changed, ChurnRule, Surveyed, Watched

__all__ = ["FACT_TYPES", "Fact"]

Fact = (
    Application
    | Answer
    | Barrier
    | Changed
    | ChurnRule
    | Commit
    | Cycle
    | Death
    | Generation
    | Hold
    | Interval
    | Known
    | Namespace
    | Obligation
    | Pod
    | Receipt
    | Root
    | Sampled
    | Served
    | Surveyed
    | Sweep
    | Timing
    | Toggle
    | Traffic
    | Unreadable
    | Usage
    | Volume
    | Watched
    | Workload
)

FACT_TYPES: Final[Mapping[str, type]] = {cls.__name__: cls for cls in get_args(Fact)}
