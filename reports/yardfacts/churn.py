"""Which changes the declared churn explains, which rules would explain too much, and which explain nothing any more."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from yardfacts.deltas import steps_of
from yardfacts.facts import Changed, ChurnRule

__all__ = ["HEARTBEATS", "explains", "too_wide", "unused"]

HEARTBEATS: Final = frozenset({"Lease.coordination.k8s.io"})
"""Their specification is the heartbeat itself; every other one says what somebody wants."""


def explains(rule: ChurnRule, changed: Changed, *, whoever: bool = False) -> bool:
    """
    Whether *rule* is about this object, this place, and this writer.

    With *whoever* the writer does not matter: two instants that are compared do not tell who wrote between them.
    """
    return (
        rule.kind == changed.ref.kind
        and (whoever or rule.manager == changed.manager)
        and (not rule.namespace or fnmatchcase(changed.ref.namespace, rule.namespace))
        and (not rule.name or fnmatchcase(changed.ref.name, rule.name))
        and _covers(rule.pointer, changed.pointer)
    )


def _covers(rule: str, pointer: str) -> bool:
    wanted, got = steps_of(rule), steps_of(pointer)
    # The empty pointer is an object that came or went: no rule is about that.
    return 0 < len(wanted) <= len(got) and all(map(fnmatchcase, got, wanted))


def too_wide(rule: ChurnRule) -> str:
    """Why a rule must not be, in words; empty where it may: no rule excuses a pod, what somebody wants, or anybody."""
    steps = steps_of(rule.pointer)
    if rule.kind == "Pod":
        return "a pod's identity, readiness, restarts, images and node are what the claim is about"
    if not steps:
        return "it is about objects that come and go; say what of an object moves"
    if steps[0] == "metadata" and (steps[1:2] != ("annotations",) or len(steps) < 3):
        return f"{rule.pointer} holds labels, owners or finalizers; name the one annotation that moves"
    if steps[0] not in {"metadata", "status"} and rule.kind not in HEARTBEATS:
        return f"{rule.pointer} is what somebody wants of a {rule.kind}, not what becomes of it"
    if any(letter in rule.manager for letter in "*?[") or not rule.manager:
        return "it excuses everybody; name the one field manager that does it"
    return ""


def unused(rules: Iterable[ChurnRule], changes: Iterable[Changed], *, watched_s: float) -> tuple[ChurnRule, ...]:
    """Rules that explain none of *changes*, although *watched_s* seconds were time enough for them."""
    known = tuple(changes)
    return tuple(
        rule for rule in rules if rule.every_s < watched_s and not any(explains(rule, changed) for changed in known)
    )
