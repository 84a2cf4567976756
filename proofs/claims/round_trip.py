"""Off and on again is as before: the same objects, wanting the same; what may differ is listed here."""

from __future__ import annotations

from yardfacts.churn import explains
from yardfacts.claims import Mutant, claim
from yardfacts.facts import Changed, ChurnRule, Facts, ObjectRef, Surveyed
from yardfacts.judges import legible
from yardfacts.mutants import blind, change, drop, plant
from yardfacts.verdict import Finding, Verdict, disproved, inconclusive, merge, proved

AT = "round-trip"

REVISION = "/metadata/annotations/deployment.kubernetes.io~1revision"
EVERY = (
    # Made anew by the attach, and so is whoever owns it.
    "/metadata/uid",
    "/metadata/ownerReferences",
)
LISTED = {
    # Given out by the API server, the next free one each time.
    "Service": ("/spec/clusterIP", "/spec/clusterIPs"),
    # Placed anew, with mounts whose names are made up; what it shall be stands in its owner, which is compared.
    "Pod": ("/spec",),
    # A Deployment's rollouts are counted from one again.
    "Deployment.apps": (REVISION,),
    "ReplicaSet.apps": (REVISION,),
    # They say where the pods are.
    "EndpointSlice.discovery.k8s.io": ("/endpoints", "/metadata/annotations"),
    "Endpoints": ("/subsets", "/metadata/annotations"),
    # Refreshes are asked for, and consumed, at any time.
    "Application.argoproj.io": ("/metadata/annotations/argocd.argoproj.io~1refresh",),
    "ApplicationSet.argoproj.io": ("/metadata/annotations/argocd.argoproj.io~1application-set-refresh",),
}
"""What of the layer's own objects may differ, by kind."""
COMING_AND_GOING = frozenset({"IPAddress.networking.k8s.io"})
"""Of the layer: named by an address that a Service was given, so another one comes for the one that went."""
HISTORY = frozenset({"ReplicaSet.apps"})
"""Of the layer: those of earlier rollouts go with their Deployment. One that is wanted would be missed by its owner."""


def _is_new(changed: Changed) -> bool:
    return changed.pointer == "/metadata/uid"


def _difference(kind: str, namespace: str, name: str, *, belongs: str, sort: str, pointer: str = "") -> Changed:
    return Changed(
        ref=ObjectRef(kind=kind, namespace=namespace, name=name, uid=f"uid-{name}"),
        type=sort,
        pointer=pointer,
        before="",
        after="",
        manager="unknown",
        belongs=belongs,
        times=1,
        first_ms=1,
        last_ms=2,
    )


LOST = _difference("ConfigMap", "feature-store-dev", "feast", belongs="layer", sort="DELETED")
MORE = _difference("ConfigMap", "triton-dev", "left-behind", belongs="", sort="ADDED")
OTHER = _difference(
    "Deployment.apps", "feature-store-dev", "redis", belongs="layer", sort="MODIFIED", pointer="/spec/replicas"
)
ROLLED = _difference("ReplicaSet.apps", "feature-store-dev", "redis-5b7dfb6f6d", belongs="layer", sort="ADDED")
ANEW = _difference("Deployment.apps", "triton-dev", "triton", belongs="", sort="MODIFIED", pointer="/metadata/uid")


@claim(
    "After the layer left and returned, the cluster holds the same objects wanting the same as before; of the layer's "
    "own, UIDs, owners, addresses and places are new, and rollouts from before are history.",
    mutants=[
        Mutant(
            name="an object of the layer did not return",
            edit=plant(LOST, at=AT),
            verdict=Verdict.DISPROVED,
            reason="vanished",
        ),
        Mutant(
            name="an object is left over",
            edit=plant(MORE, at=AT),
            verdict=Verdict.DISPROVED,
            reason="appeared",
        ),
        Mutant(
            name="an object of the layer returned as another",
            edit=plant(OTHER, at=AT),
            verdict=Verdict.DISPROVED,
            reason="rewritten",
        ),
        Mutant(
            name="the layer returned with a rollout that nobody had asked for before",
            edit=plant(ROLLED, at=AT),
            verdict=Verdict.DISPROVED,
            reason="appeared",
        ),
        Mutant(
            name="an object of Core was made anew",
            edit=plant(ANEW, at=AT),
            verdict=Verdict.DISPROVED,
            reason="rewritten",
        ),
        Mutant(
            name="nothing of the layer was made anew",
            edit=drop(Changed, at=AT, where=_is_new),
            verdict=Verdict.INCONCLUSIVE,
            reason="nothing_renewed",
        ),
        Mutant(
            name="one of the two looks may have missed something",
            edit=change(Surveyed, at=AT, doubts=("Gap: HTTP 410",)),
            verdict=Verdict.INCONCLUSIVE,
            reason="doubtful",
        ),
        Mutant(
            name="nothing was there before",
            edit=change(Surveyed, at=AT, objects_before=0),
            verdict=Verdict.INCONCLUSIVE,
            reason="nothing_compared",
        ),
        Mutant(
            name="nobody compared",
            edit=drop(Surveyed, at=AT),
            verdict=Verdict.INCONCLUSIVE,
            reason="no_evidence",
        ),
        Mutant(
            name="the API server is gone",
            edit=blind(Surveyed, at=AT),
            verdict=Verdict.INCONCLUSIVE,
            reason="unreadable",
        ),
    ],
)
def round_trip(facts: Facts) -> Finding:
    """Read what differs between the two looks."""
    part = facts.at(AT)
    rules, changes = part.of(ChurnRule), part.of(Changed)
    return merge((
        *(_difference_judged(one) for one in changes if not _is_excused(one, rules)),
        *legible(part, Surveyed),
        *map(_compared, part.of(Surveyed)),
        _renewed(changes),
    ))  # fmt: skip


def _is_excused(changed: Changed, rules: tuple[ChurnRule, ...]) -> bool:
    if changed.belongs == "proof":
        return True
    if changed.belongs != "layer":
        # Two looks do not tell who wrote between them; who may is judged of the watch's events.
        return any(explains(rule, changed, whoever=True) for rule in rules)
    if changed.type == "DELETED" and changed.ref.kind in HISTORY:
        return True
    if changed.type != "MODIFIED":
        return changed.ref.kind in COMING_AND_GOING
    listed = (*EVERY, *LISTED.get(changed.ref.kind, ()))
    return any(f"{changed.pointer}/".startswith(f"{pointer}/") for pointer in listed)


def _difference_judged(changed: Changed) -> Finding:
    if changed.type == "DELETED":
        return disproved("vanished", f"{changed.ref} was there, and is not")
    if changed.type == "ADDED":
        return disproved("appeared", f"{changed.ref} was not there, and is")
    return disproved(
        "rewritten", f"{changed.ref} differs at {changed.pointer}: {changed.before!r} became {changed.after!r}"
    )


def _compared(surveyed: Surveyed) -> Finding:
    if surveyed.doubts:
        return inconclusive("doubtful", f"something may have been missed: {'; '.join(surveyed.doubts)}")
    if surveyed.objects_before <= 0 or surveyed.objects_after <= 0:
        return inconclusive("nothing_compared", "one of the two looks saw no object at all")
    return proved(f"{surveyed.objects_before} objects before, {surveyed.objects_after} after")


def _renewed(changes: tuple[Changed, ...]) -> Finding:
    """Whoever left and returned is another one; where nobody is, nobody left."""
    renewed = [one for one in changes if one.belongs == "layer" and _is_new(one)]
    if not renewed:
        return inconclusive("nothing_renewed", "no object of the layer has another UID than before: did it leave?")
    return proved(f"{len(renewed)} objects of the layer were made anew")
