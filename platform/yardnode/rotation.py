"""
New values and new keys, from the state through git into the cluster.

Every way is the same: the state first, then a served commit, then the wait until the cluster has it. What is
interrupted is carried on by the next ``switchyard up``, because the state already says what is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yardnode import bootstrap, credentials, gitsource, sealing
from yardnode.clusterapi import Cluster
from yardnode.credentials import Credentials
from yardnode.kubeseal import Kubeseal
from yardnode.processes import read_board
from yardnode.sealingkeys import NAMESPACE, SealingKeys
from yardnode.secretobjects import carriers
from yardnode.state import read_state
from yardnode.steps import secrets, settled
from yardnode.yard import Yard

__all__ = ["Consumer", "consumers", "renew_key", "renew_value", "restarts", "runs", "seal_anew"]

WORKLOADS: Final = "deployments,statefulsets,daemonsets"
CONTROLLER: Final = "sealed-secrets"
"""Name of the controller's Deployment in ``NAMESPACE``."""
STARTED_WITHIN_S: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """A workload whose pods take a Secret."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"kubectl --namespace {self.namespace} rollout restart {self.kind.lower()}/{self.name}"


def runs(yard: Yard) -> bool:
    """Whether there is a cluster to bring anything to; where there is none, the next ``up`` does."""
    state, board = read_state(yard.paths.state), read_board(yard.paths.state)
    return state is not None and state.git is not None and board is not None and board.supervised()


def renew_value(yard: Yard, name: str, *, environments: Sequence[str]) -> tuple[Consumer, ...]:
    """
    Give the value *name* of *environments* a new one, and return the workloads that have to be restarted for it.

    Raises:
        Refused: There is no such value; nothing was changed.
        TimedOut: The cluster did not take it; the next bring-up goes on.
    """
    made = credentials.renew(_made(yard), name, environments=environments)
    credentials.store(credentials.path(yard.paths.state), made)
    if not runs(yard):
        return ()
    _serve(yard, made)
    return tuple(restarts(yard.cluster, name, environments=environments))


def renew_key(yard: Yard) -> str:
    """
    Make a new sealing key, let the controller read it, and seal everything with it; older keys stay for opening.

    Returns:
        The new key's name.

    Raises:
        TimedOut: The controller or a Secret is late; the same command goes on from there.
    """
    keys, running = SealingKeys.of(yard.paths.state), runs(yard)
    keys.ensure()
    if keys.newest == keys.active:  # else an earlier run was interrupted, and its key is as good
        keys.renew()
    if running:
        yard.cluster.apply(keys.secrets())
        _publish(yard, {sealing.KEY_FILE: sealing.key_text(yard.paths.state)})
        settled.STEP.do(yard)
        yard.cluster.wait(
            lambda: _waits_for(yard.cluster),
            ready=lambda name: name == keys.newest,
            what=f"the controller of sealed secrets to run with {keys.newest}",
            within_s=STARTED_WITHIN_S,
        )
    keys.activate(keys.newest)
    if running:
        _serve(yard, _made(yard))
    return keys.newest


def seal_anew(yard: Yard) -> None:
    """
    Seal every value again with the active key.

    Raises:
        TimedOut: The cluster did not take it; the next bring-up goes on.
    """
    sealing.forget(yard.paths.state)
    if runs(yard):
        _serve(yard, _made(yard))


def restarts(cluster: Cluster, name: str, *, environments: Sequence[str]) -> Iterator[Consumer]:
    """
    Workloads that read the value *name* when they start, and only then; whoever checks it comes first.

    Raises:
        CommandFailed: The API server did not answer.
    """
    for environment in environments:
        for declared in carriers(name):
            if not declared.reread:
                yield from consumers(cluster, namespace=declared.namespace(environment), secret=declared.name)


def consumers(cluster: Cluster, *, namespace: str, secret: str) -> Iterator[Consumer]:
    """
    Workloads of *namespace* whose pods take *secret*, as a volume or as variables.

    Raises:
        CommandFailed: The API server did not answer.
    """
    for each in cluster.list(WORKLOADS, namespace=namespace):
        if _takes(each["spec"]["template"]["spec"], secret):
            yield Consumer(kind=each["kind"], namespace=namespace, name=each["metadata"]["name"])


def _takes(part: Any, secret: str) -> bool:
    """Whether a pod's specification refers to a Secret of that name, however deep."""
    if isinstance(part, list):
        return any(_takes(each, secret) for each in part)
    if not isinstance(part, dict):
        return False
    referred = [part.get("secretName"), *(_name(part.get(key)) for key in ("secretKeyRef", "secretRef", "secret"))]
    return secret in referred or any(_takes(each, secret) for each in part.values())


def _name(reference: Any) -> str | None:
    return reference.get("name") if isinstance(reference, dict) else None


def _waits_for(cluster: Cluster) -> str:
    """Name of the key that every running pod of the controller started with; empty while a change is under way."""
    found = cluster.get("deployment", CONTROLLER, namespace=NAMESPACE)
    if found is None:
        return ""
    status, metadata = found.get("status") or {}, found["metadata"]
    wanted = found["spec"]["replicas"]
    rolled = status.get("observedGeneration") == metadata["generation"] and all(
        status.get(key) == wanted for key in ("replicas", "updatedReplicas", "readyReplicas")
    )
    volumes = found["spec"]["template"]["spec"].get("volumes") or []
    names = [volume["secret"]["secretName"] for volume in volumes if "secret" in volume]
    return names[0] if rolled and names else ""


def _made(yard: Yard) -> Mapping[str, Credentials]:
    file = credentials.path(yard.paths.state)
    return credentials.ensure(file, environments=bootstrap.environments(yard.gitops))


def _serve(yard: Yard, made: Mapping[str, Credentials]) -> None:
    seal = Kubeseal(yard.plan.programs["kubeseal"]).seal
    _publish(yard, sealing.generated(yard.paths.state, made, seal=seal))
    secrets.settle(yard, made)
    settled.STEP.do(yard)


def _publish(yard: Yard, generated: Mapping[str, str]) -> None:
    before = yard.state.git
    if before is None:
        raise LookupError("the git-source step has not run")
    yard.remember(git=gitsource.amend(before, state=yard.paths.state, generated=generated))
