"""Core and Baseline do not notice: the pods that were there are there, never restarted, with the same images."""

from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Facts, Pod
from yardfacts.judges import legible, observed
from yardfacts.mutants import LOOK, blind, change, drop, plant
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

FOREIGN = ("feature-store-dev", "feature-store-prod")
"""The layer's own namespaces."""


def _is_core(pod: Pod) -> bool:
    return pod.namespace not in FOREIGN


NEWCOMER = Pod(
    namespace="triton-dev",
    name="triton-new",
    uid="0000-newcomer",
    node="node",
    ready=True,
    restarts=0,
    images=("switchyard.local/triton:1",),
)


@claim(
    "No pod of Core or Baseline is restarted, replaced or changed while the layer leaves or comes.",
    mutants=[
        Mutant(
            name="a pod is replaced",
            edit=change(Pod, at=LOOK, where=_is_core, uid="0000-replacement"),
            verdict=Verdict.DISPROVED,
            reason="pod_gone",
        ),
        Mutant(
            name="a pod joins",
            edit=plant(NEWCOMER, at=LOOK),
            verdict=Verdict.DISPROVED,
            reason="pod_new",
        ),
        Mutant(
            name="a container restarts",
            edit=change(Pod, at=LOOK, where=_is_core, restarts=7),
            verdict=Verdict.DISPROVED,
            reason="pod_restarted",
        ),
        Mutant(
            name="an image changes",
            edit=change(Pod, at=LOOK, where=_is_core, images=("elsewhere/triton:2",)),
            verdict=Verdict.DISPROVED,
            reason="image_changed",
        ),
        Mutant(
            name="a pod stops being ready",
            edit=change(Pod, at=LOOK, where=_is_core, ready=False),
            verdict=Verdict.DISPROVED,
            reason="pod_unready",
        ),
        Mutant(
            name="no pod was read before",
            edit=drop(Pod, at="before"),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="no pod was read after",
            edit=drop(Pod, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Pod, at=LOOK),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def core_untouched(facts: Facts) -> Finding:
    """Compare every later look with the first."""
    core = facts.where(Pod, _is_core)
    moments = observed(core)
    if len(moments) < 2:
        return inconclusive("nothing_to_compare", f"looked {len(moments)} times; a comparison needs two")
    first = core.at(moments[0])
    return merge((
        *legible(first, Pod),
        *(finding for moment in moments[1:] for finding in _compared(first, core.at(moment), moment)),
    ))  # fmt: skip


def _compared(first: Facts, later: Facts, moment: str) -> tuple[Finding, ...]:
    blindness = tuple(legible(later, Pod)) or tuple(legible(first, Pod))
    if blindness:
        return blindness
    before = {pod.uid: pod for pod in first.of(Pod)}
    after = {pod.uid: pod for pod in later.of(Pod)}
    return (
        *(_one(pod, after.get(uid), moment) for uid, pod in before.items()),
        *(
            disproved("pod_new", f"{moment}: {pod.namespace}/{pod.name} was not there before")
            for uid, pod in after.items()
            if uid not in before
        ),
    )


def _one(before: Pod, after: Pod | None, moment: str) -> Finding:
    name = f"{moment}: {before.namespace}/{before.name}"
    if after is None:
        return disproved("pod_gone", f"{name} is gone")
    if after.restarts != before.restarts:
        return disproved("pod_restarted", f"{name} restarted {after.restarts - before.restarts} times")
    if after.images != before.images:
        return disproved("image_changed", f"{name} runs {', '.join(after.images)}")
    if not after.ready:
        return disproved("pod_unready", f"{name} is not ready")
    return proved(f"{name} is the same")
