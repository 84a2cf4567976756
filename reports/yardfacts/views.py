"""
Views: the small files that people know, under the names that the specification fixes (R31), rendered from a journal.

Each carries the digest of the journal that it was rendered from, and stands beside the same rows as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from yardfacts.facts import Answer, Application, Barrier, Facts, Hold, Namespace, Obligation, Root, Sweep, Volume
from yardfacts.journal import History
from yardfacts.judges import observed
from yardfacts.render.tables import table

__all__ = ["Source", "View", "views", "write_view"]

CORE_ROOT: Final = "root-apps"
LAYER_ROOT: Final = "root-optional"
LAYER: Final = "optional"

Row = tuple[object, ...]
Sheet = tuple[tuple[str, ...], Sequence[Row]]
"""Header and rows."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a view was rendered from."""

    run: str
    journal_sha256: str


@dataclass(frozen=True, kw_only=True)
class View:
    """One folder of R31."""

    kind: str
    """``core_only``, ``optional_on`` or ``audit``."""
    stamp: str
    """UTC of the stage's first fact; the folder's name."""
    sheets: Mapping[str, Sheet]
    """File name without ending to its rows."""


def _applications(facts: Facts) -> Sheet:
    rows = [
        (a.name, a.layer or "-", a.sync, a.health, a.operation or "-", ",".join(r[:10] for r in a.revisions) or "-")
        for a in facts.of(Application)
    ]
    return ("APPLICATION", "LAYER", "SYNC", "HEALTH", "OPERATION", "REVISION"), sorted(set(rows))


def _of_layer(facts: Facts) -> Sheet:
    header, rows = _applications(facts.where(Application, lambda application: application.layer == LAYER))
    answers = [(root.name, "-", f"HTTP {root.http_status}", "-", "-", "-")
               for root in dict.fromkeys(facts.of(Root)) if root.name == LAYER_ROOT]  # fmt: skip
    gone = [obligation for obligation in facts.of(Obligation) if obligation.fate == "gone"]
    owed = len(facts.of(Obligation))
    summary = [(f"{len(gone)} of {owed} objects", "-", "gone", "-", "-", "-")] if owed else []
    swept = [(f"{sweep.kinds_listed} kinds swept", "-", f"{len(sweep.unattributed)} left", "-",
              "decoy found" if sweep.decoy_found else "no decoy", "-") for sweep in facts.of(Sweep)]  # fmt: skip
    held = [(f"{hold.window_s:g} s held", "-", f"{len(hold.returned)} returned", "-", "-", "-")
            for hold in facts.of(Hold)]  # fmt: skip
    return header, [*answers, *rows, *summary, *swept, *held]


def _root(name: str) -> Callable[[Facts], Sheet]:
    def sheet(facts: Facts) -> Sheet:
        answers = [("answer of the API server", f"HTTP {root.http_status}")
                   for root in dict.fromkeys(facts.of(Root)) if root.name == name]  # fmt: skip
        found = [a for a in facts.of(Application) if a.name == name]
        return ("FIELD", name), [*answers, *(row for application in found[-1:] for row in _fields(application))]

    return sheet


def _fields(application: Application) -> Iterator[Row]:
    yield "uid", application.uid
    yield "layer", application.layer
    yield "project", application.project
    yield "sync", application.sync
    yield "health", application.health
    yield "operation", application.operation or "-"
    yield "revisions", ", ".join(application.revisions) or "-"
    yield "automated, prune, self-heal", f"{application.automated}, {application.prune}, {application.self_heal}"
    yield "error conditions", ", ".join(application.error_conditions) or "none"
    yield "finalizers", ", ".join(application.finalizers) or "none"


def _sync(facts: Facts) -> Sheet:
    parts = {a.name: a for a in facts.of(Application) if a.layer == LAYER}
    barriers = {barrier.application: barrier for barrier in facts.of(Barrier)}
    rows = [(a.name, a.sync, a.health, a.operation or "-", ",".join(a.revisions) or "-", _answered(barriers.get(name)))
            for name, a in sorted(parts.items())]  # fmt: skip
    return ("APPLICATION", "SYNC", "HEALTH", "OPERATION", "REVISION", "BARRIER"), rows


def _answered(barrier: Barrier | None) -> str:
    if barrier is None:
        return "not raised"
    return f"answered in {barrier.waited_s:.1f} s" if barrier.answered else "not answered"


def _probes(facts: Facts) -> Sheet:
    rows = [(moment, a.probe, a.environment, a.outcome, a.wanted, a.got, f"{a.took_s:.3f}")
            for moment in facts.moments() for a in facts.at(moment).of(Answer)]  # fmt: skip
    return ("MOMENT", "PROBE", "ENV", "OUTCOME", "WANTED", "GOT", "SECONDS"), rows


def _namespaces(facts: Facts) -> Sheet:
    return ("NAMESPACE", "PHASE", "UID"), [(n.name, n.phase, n.uid) for n in facts.of(Namespace)]


def _volumes(facts: Facts) -> Sheet:
    rows = [(v.namespace, v.claim, v.claim_phase, v.volume, v.volume_phase, v.reclaim_policy) for v in facts.of(Volume)]
    return ("NAMESPACE", "CLAIM", "PHASE", "VOLUME", "PHASE", "RECLAIM"), rows


FIRST, LAST, AFTER, ALL = "first", "last", "after", "all"
"""Which facts of a stage a sheet shows: its first look at the yard, its last, what followed the first, or all."""

SHEETS: Final[Mapping[str, Mapping[str, tuple[str, Callable[[Facts], Sheet]]]]] = {
    "core_only": {
        "argocd_app_list_before": (FIRST, _applications),
        "argocd_app_list_after": (LAST, _applications),
        "optional_apps_after": (AFTER, _of_layer),
        "core_health_probes": (ALL, _probes),
        "root-apps": (LAST, _root(CORE_ROOT)),
        # R20: while the layer is off, this file records the explicit 404.
        "root-optional": (LAST, _root(LAYER_ROOT)),
    },
    "optional_on": {
        "root-optional": (LAST, _root(LAYER_ROOT)),
        "optional_apps_after": (AFTER, _of_layer),
        "argocd_app_list_after": (LAST, _applications),
        "root_optional_sync": (LAST, _sync),
    },
    "audit": {
        "argocd_app_list": (LAST, _applications),
        "root-apps": (LAST, _root(CORE_ROOT)),
        "root-optional": (LAST, _root(LAYER_ROOT)),
        "namespaces_optional": (LAST, _namespaces),
        "pvc_pv_sanity": (LAST, _volumes),
        "core_runtime_probes": (LAST, _probes),
    },
}


def views(history: History) -> Iterator[View]:
    """
    Every view that a run's stages give; a stage ``p20_core_only`` gives the view ``core_only``.

    A stage that never got to look at the yard gives none: there is nothing to show.
    """
    for stage in history.stages():
        kind = stage.partition("_")[2]
        facts = history.facts(stage=stage)
        if kind in SHEETS and observed(facts):
            at = next(record.at for record in history.of("fact") if record.body["stage"] == stage)
            yield _view(kind, facts, stamp=f"{datetime.fromisoformat(at):%Y%m%dT%H%M%SZ}")


def _view(kind: str, facts: Facts, *, stamp: str) -> View:
    looks = observed(facts) or facts.moments()
    after = Facts(tuple(entry for entry in facts.entries if entry[0] != looks[0]))
    parts = {FIRST: facts.at(looks[0]), LAST: facts.at(looks[-1]), AFTER: after, ALL: facts}
    return View(
        kind=kind, stamp=stamp, sheets={name: make(parts[which]) for name, (which, make) in SHEETS[kind].items()}
    )


def write_view(view: View, folder: Path, *, source: Source) -> None:
    """Write each sheet of *view* as text and as JSON into the new folder *folder*."""
    folder.mkdir(parents=True)
    for name, (header, rows) in view.sheets.items():
        note = f"# {view.kind} {view.stamp}, from journal.jsonl of {source.run}, sha256 {source.journal_sha256}\n"
        (folder / f"{name}.txt").write_text(note + table(header, rows))
        plain: dict[str, Any] = {
            "view": view.kind,
            "stamp": view.stamp,
            "source": {"run": source.run, "journal_sha256": source.journal_sha256},
            "header": header,
            "rows": rows,
        }
        (folder / f"{name}.json").write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
