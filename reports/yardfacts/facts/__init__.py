"""
What can be observed, as frozen records. The engine makes them, the journal keeps them, claims read them.

Every record is plain data that survives a round trip through JSON (``Facts.to_json``, ``Facts.from_json``).
A record never says whether something is good: judging is the claims' business.
"""

from yardfacts.facts.absence import Hold, Obligation, Sweep, Toggle
from yardfacts.facts.argocd import Application, Barrier, Commit, Root
from yardfacts.facts.cluster import Namespace, Pod, Volume, Workload
from yardfacts.facts.collection import Facts
from yardfacts.facts.cycling import Cycle
from yardfacts.facts.deaths import Death
from yardfacts.facts.gaps import Unreadable
from yardfacts.facts.kinds import FACT_TYPES, Fact
from yardfacts.facts.lifecycle import Generation, Known, Served, Traffic
from yardfacts.facts.measures import Timing, Usage
from yardfacts.facts.plain import Malformed
from yardfacts.facts.probing import Interval, Sampled
from yardfacts.facts.receipts import Criterion, Duration, Receipt
from yardfacts.facts.references import ObjectRef
from yardfacts.facts.services import Answer
from yardfacts.facts.watched import Changed, ChurnRule, Surveyed, Watched

__all__ = [
    "FACT_TYPES",
    "Answer",
    "Application",
    "Barrier",
    "Changed",
    "ChurnRule",
    "Commit",
    "Criterion",
    "Cycle",
    "Death",
    "Duration",
    "Fact",
    "Facts",
    "Generation",
    "Hold",
    "Interval",
    "Known",
    "Malformed",
    "Namespace",
    "ObjectRef",
    "Obligation",
    "Pod",
    "Receipt",
    "Root",
    "Sampled",
    "Served",
    "Surveyed",
    "Sweep",
    "Timing",
    "Toggle",
    "Traffic",
    "Unreadable",
    "Usage",
    "Volume",
    "Watched",
    "Workload",
]
