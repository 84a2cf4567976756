"""
The clock-free barrier: ask for a refresh, see it consumed, and once more.

A refresh that is consumed may belong to a comparison that began before the request; comparisons of one Application
follow one another, so the *second* consumed refresh began after the first request. No clock is compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from switchyard.kube import Kube
from switchyard.refreshing import APPLICATION_REFRESH, refresh
from yardfacts.facts import Barrier

__all__ = ["raise_barriers"]


def raise_barriers(
    kube: Kube, *, namespace: str, applications: Sequence[str], within_s: float, requests: int = 2
) -> tuple[Barrier, ...]:
    """
    Put the barrier on all *applications* at once and return one fact each, in the order given.

    An Application whose controller does not consume within *within_s* is ``answered=False``: no error, for a proof
    records it. Read the Applications (``argocd.applications``) after this returns.

    Raises:
        Unreadable: The API server does not answer, or may not be asked.
        NotFound: There is no such Application.
    """
    requested = refresh(
        kube, stimulus=APPLICATION_REFRESH, namespace=namespace, names=applications, times=requests, within_s=within_s
    )
    return tuple(
        Barrier(
            application=request.name,
            answered=request.answered,
            refreshes_consumed=request.consumed,
            waited_s=round(request.waited_s, 3),
        )
        for request in requested
    )
