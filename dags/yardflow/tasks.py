"""What the DAG's tasks call: a name becomes a step, a run becomes a deployment, and its version is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from yardflow import learning, steps
from yardflow.announcing import announce
from yardflow.errors import NotBegun, RegistryAway
from yardflow.flow import Flow, opened
from yardflow.settings import FlowSettings

__all__ = ["call", "deploy_of"]

ACTOR: Final = "airflow"
ALIASES: Final[Mapping[str, steps.Alias]] = {"promotion": "champion", "shadow": "shadow"}
"""What the gate decides, and the alias that it leads to."""


def deploy_of(run_id: str) -> str:
    """The deployment's id: the same for every attempt of the same run, and short enough to be read aloud."""
    return hashlib.sha256(run_id.encode()).hexdigest()[:12]


def call(step: str, *, run_id: str, tell: Callable[[str], None], **given: Any) -> Any:
    """
    Run *step* for the run *run_id*; returns what it found, as JSON.

    Raises:
        FlowError, ModelError: See the step.
    """
    with opened(FlowSettings(), tell=tell) as flow:  # type: ignore[call-arg]  # the environment gives the arguments
        return STEPS[step](flow, deploy_of(run_id), **given)


def _begin(flow: Flow, deploy_id: str, *, reason: str) -> steps.Evidence:
    return steps.begin(flow, deploy_id, actor=ACTOR, reason=reason)


def _version(flow: Flow, deploy_id: str) -> int:
    found = flow.registry.version_of(deploy_id)
    if found is None:
        raise NotBegun(f"wanted the version that {deploy_id} registered, got none: clear the run from its beginning")
    return found.version


def _of_version(step: Callable[[Flow, str, int], steps.Evidence]) -> Callable[[Flow, str], steps.Evidence]:
    return lambda flow, deploy_id: step(flow, deploy_id, _version(flow, deploy_id))


def _commit(flow: Flow, deploy_id: str, *, decision: Mapping[str, Any], evidence: Mapping[str, Any]) -> steps.Evidence:
    # What was skipped on this path has found nothing.
    known = {"gate": decision, **{name: found for name, found in evidence.items() if found is not None}}
    alias = ALIASES[decision["outcome"]]
    return steps.commit(flow, deploy_id, _version(flow, deploy_id), alias=alias, evidence=known)


def _announce(flow: Flow, deploy_id: str) -> Mapping[str, Any]:
    return announce(flow, steps.ended(flow, deploy_id)).document()


def _stop(flow: Flow, deploy_id: str, *, decision: Mapping[str, Any]) -> str:
    reason = f"stopped by the gate: {'; '.join(decision['reasons'])}"
    return steps.undo(flow, deploy_id, None, reason=reason, evidence={"gate": decision})


def _undo(flow: Flow, deploy_id: str, *, reason: str) -> str:
    try:
        found = flow.registry.version_of(deploy_id)
    except RegistryAway as failure:
        # What serves comes first; a candidate that is not put away is in nobody's way.
        flow.tell(f"the candidate is not put into quarantine: {failure}")
        found = None
    ended = steps.undo(flow, deploy_id, found.version if found else None, reason=reason)
    steps.watch_undone(flow, deploy_id)
    return ended


STEPS: Final[Mapping[str, Callable[..., Any]]] = {
    "begin": _begin,
    "features": learning.features,
    "train": learning.train,
    "register": learning.register,
    "is_ready": learning.is_ready,
    "ready": learning.ready,
    "gate": learning.gate,
    "publish": _of_version(steps.publish),
    "load": _of_version(steps.load),
    "smoke": _of_version(steps.smoke),
    "switch": _of_version(steps.switch),
    "verify": _of_version(steps.verify),
    "commit": _commit,
    "announce": _announce,
    "stop": _stop,
    "undo": _undo,
    "end": steps.end,
}
