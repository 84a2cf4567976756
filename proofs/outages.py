"""Parts of the platform that are away for a while, on purpose; each comes back when its block ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from switchyard.barrier import raise_barriers
from switchyard.errors import Late
from switchyard.kinds import PODS, STATEFUL_SETS, Kind
from switchyard.kube import Kube
from switchyard.objects import dig
from switchyard.rollout import is_rolled_out, workloads
from switchyard.scenario import Scenario
from switchyard.waiting import wait_until
from switchyard.yard import Yard

__all__ = ["CONTROLLER", "RESTART_S", "silence", "stopped"]

CONTROLLER: Final = "argocd-application-controller"
RESTART_S: Final = 60.0
"""A controller that comes back reads everything before it compares anything."""
STOPPED_S: Final = 90.0
"""More than the longest grace period of a pod."""
STARTED_S: Final = 120.0
"""A database that was stopped may have to recover first."""


@contextmanager
def silence(yard: Scenario, *, kube: Kube, declared: Yard) -> Iterator[None]:
    """
    Scale Argo CD's application controller to nothing: nobody puts back what the block changes.

    Raises:
        Late: It does not go, or it does not answer afterwards.
    """
    with stopped(yard, kube=kube, kind=STATEFUL_SETS, name=CONTROLLER, namespace=declared.namespace):
        yield
    with yard.recorder.step(f"restore: {CONTROLLER} answers again"):
        roots = [name for one in declared.layers.values() for name in one.roots]
        barriers = raise_barriers(kube, namespace=declared.namespace, applications=roots, within_s=RESTART_S)
        if not all(barrier.answered for barrier in barriers):
            raise Late(f"{CONTROLLER} was scaled back and does not answer within {RESTART_S:g} s")


@contextmanager
def stopped(yard: Scenario, *, kube: Kube, kind: Kind, name: str, namespace: str) -> Iterator[None]:
    """
    Scale a workload to nothing until the block ends, and wait until it is rolled out again.

    Raises:
        Late: Its pods do not go, or it is not rolled out afterwards.
    """
    found = kube.get(kind, name, namespace=namespace)
    selector = ",".join(f"{key}={value}" for key, value in dig(found, "spec", "selector", "matchLabels").items())
    kube.merge(kind, name, {"spec": {"replicas": 0}}, namespace=namespace)
    try:
        wait_until(
            lambda: [str(dig(pod, "metadata", "name")) for pod in _pods(kube, namespace, selector)],
            what=f"{namespace}/{name} is gone",
            ready=lambda pods: not pods,
            within_s=STOPPED_S,
        )
        yield
    finally:
        with yard.recorder.step(f"restore: {namespace}/{name} runs again"):
            kube.merge(kind, name, {"spec": {"replicas": dig(found, "spec", "replicas")}}, namespace=namespace)
            wait_until(
                lambda: [one for one in workloads(kube, namespaces=[namespace]) if one.name == name],
                what=f"{namespace}/{name} is rolled out",
                ready=lambda ones: bool(ones) and all(is_rolled_out(one) and one.wanted > 0 for one in ones),
                within_s=STARTED_S,
            )


def _pods(kube: Kube, namespace: str, selector: str) -> tuple[object, ...]:
    return kube.list(PODS, namespace=namespace, selector=selector).items
