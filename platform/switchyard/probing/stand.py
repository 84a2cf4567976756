"""The proof's own namespace with the prober in it: made, found ready, and taken away, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from switchyard.errors import Late, Misconfigured, NotFound, Unmet
from switchyard.kinds import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS, SERVICES
from switchyard.kube import Kube
from switchyard.objects import Json, dig
from switchyard.probe import open_store
from switchyard.probe.endpoints import Place, address
from switchyard.probe.known import fill
from switchyard.probe.presigned import presigned
from switchyard.prober.plan import Plan, dump_plan
from switchyard.probing import manifests, questions
from switchyard.probing.manifests import ECHO, NAMESPACE, PLAN, PORT, PROBER
from switchyard.waiting import wait_until
from switchyard.yard import S3Probe, Yard

__all__ = ["Stand", "is_ready", "standing"]

GONE_S: Final = 60.0
"""A namespace with two pods is gone in a few seconds."""
STARTED_S: Final = 60.0
"""Python starts within a second; a busy node takes its time to start a pod."""
LASTS: Final = timedelta(hours=24)
"""A signed URL is good for longer than any proof, and for one object that only says whose proof it is."""


@dataclass(frozen=True)
class Stand:
    """What was made."""

    plan: Plan
    prober: Place
    """Of its pod."""
    pods: dict[str, str]
    """UIDs by name."""


@contextmanager
def standing(
    kube: Kube, *, yard: Yard, secrets_file: Path | None, run_id: str, tell: Callable[[str], None]
) -> Iterator[Stand]:
    """
    Make the namespace and everything in it; it is taken away when the block ends, and so is what a dead run left.

    Raises:
        Misconfigured: yard.toml names no image for the prober.
        Unmet: The prober's pods do not start.
        Late: What a dead run left does not go, or what was made does not.
        SwitchyardError: As the API server and the stores answer.
    """
    image = _image(kube, yard)
    if _remove(kube):
        tell(f"{NAMESPACE} was left by another run; it is removed")
    key, content = f"watched/{run_id}", f"known to proof {run_id}"
    with ExitStack() as undo:
        for probe in (one for one in yard.probes if isinstance(one, S3Probe) and one.path):
            store = open_store(probe, kube=kube, secrets_file=secrets_file)
            store.put(probe.bucket, key, content.encode())
            undo.callback(store.remove, probe.bucket, key)

        def known(probe: S3Probe) -> tuple[str, str]:
            return presigned(probe, key=key, lasts=LASTS, secrets_file=secrets_file), content

        asked = [fill(probe, kube=kube, secrets_file=secrets_file) for probe in yard.probes if probe.path]
        every = questions.watched(asked, known=known)
        undo.callback(_remove, kube)
        yield _made(kube, every, image=image, run_id=run_id)


def _image(kube: Kube, yard: Yard) -> str:
    if yard.prober.image:
        return yard.prober.image
    namespace, _, name = yard.prober.image_of.partition("/")
    if not name:
        wanted = "image, or image_of = NAMESPACE/NAME"
        raise Misconfigured(where=str(yard.path), key="prober", wanted=wanted, got=yard.prober.image_of)
    try:
        found = kube.get(DEPLOYMENTS, name, namespace=namespace)
    except NotFound as exc:
        raise Unmet(f"{yard.path}: prober.image_of: there is no Deployment {namespace}/{name}") from exc
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


def _made(kube: Kube, every: Sequence[questions.Watched], *, image: str, run_id: str) -> Stand:
    reached = [name for one in every if (name := questions.namespace(one.url))]
    kube.create(NAMESPACES, manifests.namespace(run_id=run_id))
    kube.create(manifests.SERVICE_ACCOUNTS, manifests.service_account(run_id=run_id), namespace=NAMESPACE)
    for policy in manifests.policies(reached, run_id=run_id):
        kube.create(manifests.POLICIES, policy, namespace=NAMESPACE)
    kube.create(SERVICES, manifests.echo_service(run_id=run_id), namespace=NAMESPACE)
    echo = address(Place(f"{ECHO}.{NAMESPACE}", PORT), kube=kube)
    plan = questions.plan(
        every, locate=lambda place: address(place, kube=kube), own=Place("127.0.0.1", PORT), echo=echo
    )
    files = {PROBER: manifests.program(), PLAN: {f"{PLAN}.json": dump_plan(plan)}}
    for name, data in files.items():
        kube.create(CONFIG_MAPS, manifests.config_map(name, data, run_id=run_id), namespace=NAMESPACE)
    for name in (ECHO, PROBER):
        kube.create(PODS, manifests.pod(name, image=image, run_id=run_id), namespace=NAMESPACE)
    pods = {name: _started(kube, name) for name in (ECHO, PROBER)}
    return Stand(
        plan=plan,
        prober=Place(str(dig(pods[PROBER], "status", "podIP")), PORT),
        pods={name: str(dig(found, "metadata", "uid")) for name, found in pods.items()},
    )


def is_ready(pod: Json) -> bool:
    """Whether a pod says so."""
    conditions = dig(pod, "status", "conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _started(kube: Kube, name: str) -> Json:
    try:
        return wait_until(
            lambda: kube.get(PODS, name, namespace=NAMESPACE),
            what=f"{NAMESPACE}/{name} is ready",
            ready=is_ready,
            failed=lambda pod: dig(pod, "status", "phase") == "Failed",
            within_s=STARTED_S,
        )
    except Late as exc:
        # Nobody was watched yet: this says nothing about the platform.
        status = dig(kube.get(PODS, name, namespace=NAMESPACE), "status")
        raise Unmet(f"{NAMESPACE}/{name} did not start within {STARTED_S:g} s: {str(status)[:400]}") from exc


def _remove(kube: Kube) -> bool:
    """Remove the namespace and wait until it is gone; whether it was there."""
    if kube.find(NAMESPACES, NAMESPACE) is None:
        return False
    with suppress(NotFound):  # it may be on its way already
        kube.delete(NAMESPACES, NAMESPACE)
    wait_until(
        lambda: kube.find(NAMESPACES, NAMESPACE),
        what=f"{NAMESPACE} is gone",
        ready=lambda found: found is None,
        within_s=GONE_S,
    )
    return True
