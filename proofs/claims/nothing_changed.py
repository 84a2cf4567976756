"""Non-interference: whatever changed while the layer was toggled is the layer's, the proof's own, or declared churn."""

from __future__ import annotations

from yardfacts.churn import explains, too_wide
from yardfacts.claims import Mutant, claim
from yardfacts.facts import Changed, ChurnRule, Facts, ObjectRef, Watched
from yardfacts.judges import unread, watched_whole
from yardfacts.mutants import blind, change, drop, plant
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

APART = ("again", "round-trip")
"""Moments that hold a watch, or a comparison, in which nobody toggles; other claims judge them."""

MOST_NAMED = 12
"""A sentence names so many changes; the journal has them all."""


def _is_layers(changed: Changed) -> bool:
    return changed.belongs == "layer"


def _seen(
    kind: str, namespace: str, name: str, *, pointer: str, manager: str, times: int = 1, **fields: str
) -> Changed:
    given = {"type": "MODIFIED", "before": "", "after": "", **fields}
    return Changed(
        ref=ObjectRef(kind=kind, namespace=namespace, name=name, uid=f"uid-{name}"),
        pointer=pointer,
        manager=manager,
        belongs="",
        times=times,
        first_ms=1,
        last_ms=2,
        **given,
    )


SCALED = _seen(
    "Deployment.apps",
    "triton-dev",
    "triton",
    pointer="/spec/replicas",
    manager="kubectl",
    times=2,
    before="1",
    after="1",
)
REPLACED = _seen("Pod", "triton-dev", "triton-a", pointer="", manager="unknown", type="DELETED")
UNREADY = _seen(
    "Pod",
    "triton-dev",
    "triton-a",
    pointer="/status/conditions/1/status",
    manager="kubelet",
    before="True",
    after="False",
)
RESTARTED = _seen(
    *("Deployment.apps", "mlflow-dev", "mlflow"),
    pointer="/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt",
    manager="kubectl-rollout",
)
REVERTED = _seen(
    *("Deployment.apps", "triton-dev", "triton"),
    pointer="/metadata/annotations/example.org~1touched",
    manager="kubectl-annotate",
    times=2,
)
STRANGER = _seen(
    *("Lease.coordination.k8s.io", "kube-node-lease", "node"), pointer="/spec/renewTime", manager="somebody", times=9
)
BESIDE = _seen("Node", "", "node", pointer="/spec/unschedulable", manager="kubectl-cordon", after="true")
EXCUSE = ChurnRule(kind="Deployment.apps", pointer="/spec/replicas", manager="kubectl", reason="it always does")


@claim(
    "While the layer is toggled, nothing outside it changes: every change that the watch saw is the layer's, the "
    "proof's own, or declared churn.",
    mutants=[
        Mutant(
            name="a workload is scaled down and up again, and is before and after the same",
            edit=plant(SCALED, at="off"),
            verdict=Verdict.DISPROVED,
            reason="unexplained",
        ),
        Mutant(
            name="a pod is replaced",
            edit=plant(REPLACED, at="off"),
            verdict=Verdict.DISPROVED,
            reason="unexplained",
        ),
        Mutant(
            name="a pod is not ready for a moment",
            edit=plant(UNREADY, at="off"),
            verdict=Verdict.DISPROVED,
            reason="unexplained",
        ),
        Mutant(
            name="a workload is restarted",
            edit=plant(RESTARTED, at="off"),
            verdict=Verdict.DISPROVED,
            reason="unexplained",
        ),
        Mutant(
            name="an annotation is written and taken back",
            edit=plant(REVERTED, at="off"),
            verdict=Verdict.DISPROVED,
            reason="unexplained",
        ),
        Mutant(
            name="somebody else writes where churn is declared",
            edit=plant(STRANGER, at="off"),
            verdict=Verdict.DISPROVED,
            reason="unexplained",
        ),
        Mutant(
            name="something changes beside the platform",
            edit=plant(BESIDE, at="off"),
            verdict=Verdict.DISPROVED,
            reason="unexplained",
        ),
        Mutant(
            name="a rule excuses what somebody wants",
            edit=plant(EXCUSE, at="off"),
            verdict=Verdict.INCONCLUSIVE,
            reason="rule_too_wide",
        ),
        Mutant(
            name="the watch lost its place",
            edit=change(Watched, at="off", gap="Gap: HTTP 410"),
            verdict=Verdict.INCONCLUSIVE,
            reason="gap",
        ),
        Mutant(
            name="a kind was not watched",
            edit=change(Watched, at="off", unwatched=("Widget.example.org: Forbidden",)),
            verdict=Verdict.INCONCLUSIVE,
            reason="unwatched",
        ),
        Mutant(
            name="the replayed state is not the one that is",
            edit=change(Watched, at="off", differences=("ConfigMap a/b: listed 9, replayed 7",)),
            verdict=Verdict.INCONCLUSIVE,
            reason="state_differs",
        ),
        Mutant(
            name="the watch saw nothing of the toggle",
            edit=drop(Changed, at="off", where=_is_layers),
            verdict=Verdict.INCONCLUSIVE,
            reason="saw_no_toggle",
        ),
        Mutant(
            name="nothing was watched",
            edit=change(Watched, at="off", kinds=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_kinds",
        ),
        Mutant(
            name="nobody watched",
            edit=drop(Watched, at="off"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Watched, at="off"),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def nothing_changed(facts: Facts) -> Finding:
    """Read every window in which the layer was toggled."""
    windows = [moment for moment in facts.moments() if moment not in APART and _is_window(facts.at(moment))]
    if not windows:
        return merge(watched_whole(facts))
    return merge(finding for window in windows for finding in _window(facts.at(window), window))


def _is_window(part: Facts) -> bool:
    return bool(part.of(Watched) or part.of(Changed) or part.of(ChurnRule)) or unread(part, Watched)


def _window(part: Facts, name: str) -> tuple[Finding, ...]:
    rules, changes = part.of(ChurnRule), part.of(Changed)
    foreign = [one for one in changes if not one.belongs]
    unexplained = [one for one in foreign if not any(explains(rule, one) for rule in rules)]
    return (
        *((_unexplained(unexplained, name),) if unexplained else ()),
        *(
            inconclusive("rule_too_wide", f"{name}: churn of {rule.kind} at {rule.pointer}: {why}")
            for rule in rules
            if (why := too_wide(rule))
        ),
        *watched_whole(part),
        _toggle_seen(changes, name),
        proved(f"{name}: {len(foreign)} changes of others, each of them declared churn"),
    )


def _unexplained(changes: list[Changed], name: str) -> Finding:
    told = [
        f"{one.ref} {one.type.lower()}{f' at {one.pointer}' if one.pointer else ''} by {one.manager}"
        f"{f' {one.times} times' if one.times > 1 else ''}"
        for one in changes[:MOST_NAMED]
    ]
    more = f", and {len(changes) - MOST_NAMED} more" if len(changes) > MOST_NAMED else ""
    return disproved("unexplained", f"{name}: nobody explains {'; '.join(told)}{more}")


def _toggle_seen(changes: tuple[Changed, ...], name: str) -> Finding:
    """A watch under which a layer came or went, and that saw nothing of it, sees nothing."""
    moved = [one for one in changes if one.belongs == "layer" and one.type in {"ADDED", "DELETED"}]
    if not moved:
        return inconclusive("saw_no_toggle", f"{name}: the watch saw no object of the layer come or go")
    return proved(f"{name}: {len(moved)} objects of the layer were seen coming or going")
