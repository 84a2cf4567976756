"""Idempotence: asking for what is already so writes nothing."""

from __future__ import annotations

from yardfacts.churn import HEARTBEATS, explains
from yardfacts.claims import Mutant, claim
from yardfacts.facts import Changed, ChurnRule, Facts, ObjectRef, Toggle, Watched
from yardfacts.judges import legible, watched_whole
from yardfacts.mutants import blind, change, drop, plant
from yardfacts.verdict import Finding, Verdict, disproved, merge, proved

ENGINE = "switchyard"
"""Field manager of everything that a toggle writes."""


def _seen(kind: str, namespace: str, name: str, *, pointer: str, manager: str, belongs: str) -> Changed:
    return Changed(
        ref=ObjectRef(kind=kind, namespace=namespace, name=name, uid=f"uid-{name}"),
        type="MODIFIED",
        pointer=pointer,
        before="",
        after="",
        manager=manager,
        belongs=belongs,
        times=1,
        first_ms=1,
        last_ms=1,
    )


ASKED = _seen(
    *("Application.argoproj.io", "argocd", "root-apps"),
    pointer="/metadata/annotations/argocd.argoproj.io~1refresh",
    manager=ENGINE,
    belongs="",
)
SUSPENDED = _seen(
    *("Application.argoproj.io", "argocd", "root-optional"), pointer="/spec", manager="unknown", belongs="layer"
)


@claim(
    "Detaching what is detached, and attaching what is attached, writes nothing: the watch saw neither a write of the "
    "engine nor a change of the layer between request and answer.",
    mutants=[
        Mutant(
            name="the second toggle writes",
            edit=change(Toggle, at="again", changed=True),
            verdict=Verdict.DISPROVED,
            reason="wrote_again",
        ),
        Mutant(
            name="the second toggle says that it wrote nothing, and asked a controller to look",
            edit=plant(ASKED, at="again"),
            verdict=Verdict.DISPROVED,
            reason="write_seen",
        ),
        Mutant(
            name="an object of the layer is written, and does not say by whom",
            edit=plant(SUSPENDED, at="again"),
            verdict=Verdict.DISPROVED,
            reason="write_seen",
        ),
        Mutant(
            name="the watch lost its place",
            edit=change(Watched, at="again", gap="Gap: HTTP 410"),
            verdict=Verdict.INCONCLUSIVE,
            reason="gap",
        ),
        Mutant(
            name="a kind was not watched",
            edit=change(Watched, at="again", unwatched=("Widget.example.org: Forbidden",)),
            verdict=Verdict.INCONCLUSIVE,
            reason="unwatched",
        ),
        Mutant(
            name="the replayed state is not the one that is",
            edit=change(Watched, at="again", differences=("ConfigMap a/b: listed 9, replayed 7",)),
            verdict=Verdict.INCONCLUSIVE,
            reason="state_differs",
        ),
        Mutant(
            name="nobody watched",
            edit=drop(Watched, at="again"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="nobody asked twice",
            edit=drop(Toggle, at="again"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Toggle, at="again"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def twice_is_once(facts: Facts) -> Finding:
    """Read the toggles that were asked for again, and what was seen meanwhile, before anybody raised a barrier."""
    again = facts.at("again")
    return merge((
        *map(_toggle, again.of(Toggle)),
        *_writes(again.of(Changed), again.of(ChurnRule)),
        *watched_whole(again),
        *legible(again, Toggle),
    ))  # fmt: skip


def _toggle(toggle: Toggle) -> Finding:
    if toggle.changed:
        return disproved("wrote_again", f"{toggle.layer} was {toggle.wanted} already, and something was written")
    return proved(f"{toggle.layer}: asked twice for {toggle.wanted}, nothing written")


def _writes(changes: tuple[Changed, ...], rules: tuple[ChurnRule, ...]) -> tuple[Finding, ...]:
    """The engine's own, except its lease's heartbeat; and the layer's, except what becomes of it by itself."""
    return tuple(
        disproved("write_seen", f"{one.ref} was {one.type.lower()} at {one.pointer or 'all of it'} by {one.manager}")
        for one in changes
        if (one.manager == ENGINE and not any(explains(rule, one) for rule in rules if rule.kind in HEARTBEATS))
        or (one.belongs == "layer" and not f"{one.pointer}/".startswith("/status/"))
    )
