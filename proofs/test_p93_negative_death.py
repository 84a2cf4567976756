"""P93: proofs are killed where it hurts most, and nobody types a command: their watchdogs restore what they found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from switchyard import argocd
from switchyard.ground import Cluster
from switchyard.judging import Inconclusive
from switchyard.kinds import LEASES
from switchyard.kube import Kube
from switchyard.lease import NAME, RESTORE
from switchyard.objects import dig
from switchyard.scenario import Scenario
from switchyard.toggled import ATTACHED, presence
from switchyard.waiting import wait_until
from switchyard.yard import Yard
from yardfacts.facts import Death, Malformed, Timing
from yardfacts.reckoning import reckon
from yardfacts.target import Target

from .victim import Victim

pytestmark = [pytest.mark.order(93), pytest.mark.negative, pytest.mark.control("SIGKILL")]

MOMENT_S = 60.0
RESTORED_S = 300.0
"""The deadlines of a detach that is waited for and of an attach, and somewhat more."""

MOMENTS = {
    "in the middle of a detach": ([("detach", "is suspended")], "detaching"),
    "between the phases": ([("detach", "done detach")], "detached"),
    "in the middle of an attach": ([("detach", "done detach"), ("attach", "applied")], "attaching"),
}
"""What the proof is told, each with the line to wait for, and how the layer has to be when it is killed."""


@pytest.fixture(name="victim")
def _victim(
    *, ground: Cluster, bring: Callable[[str], None], declared: Yard, target: Target, tmp_path: Path
) -> Iterator[Victim]:
    """A proof under lease and watchdog of its own, that found the layer attached; ours is lent for the test."""
    bring(ATTACHED)
    victim = Victim(config=declared.path, kubeconfig=target.kubeconfig, context=target.context, proof=tmp_path)
    with ground.lease.lent():
        with victim:
            victim.await_line("ready")
            yield victim
        victim.await_watchdog(within_s=RESTORED_S)


@pytest.mark.parametrize("killed", MOMENTS)
def test_a_killed_proof_is_cleaned_up_after(
    *, yard: Scenario, kube: Kube, declared: Yard, victim: Victim, layer: str, killed: str
) -> None:
    """A proof that dies leaves the layer as it found it, within seconds, and evidence that says what happened."""
    orders, wanted = MOMENTS[killed]
    with yard.when(f"a proof is killed {killed}"):
        for command, line in orders:
            victim.order(f"{command} {layer}")
            victim.await_line(line)
        seen = wait_until(
            lambda: _seen(kube, declared=declared, layer=layer),
            what=f"the layer is {wanted}",
            ready=lambda state: state == wanted,
            failed=lambda state: state == ATTACHED and wanted == "attaching",
            within_s=MOMENT_S,
        )
        start_s = time.monotonic()
        victim.kill()
        victim.await_watchdog(within_s=RESTORED_S)
        took_s = round(time.monotonic() - start_s, 3)
    for line in victim.log.splitlines():
        yard.recorder.note(line)
    lease = kube.get(LEASES, NAME, namespace=declared.namespace)
    death = Death(
        killed=killed,
        layer=layer,
        found=ATTACHED,
        seen=seen,
        left=presence(kube, yard=declared, layer=declared.layer(layer)),
        **_judged(victim),
        holder=str(dig(lease, "spec", "holderIdentity") or ""),
        remembered=str(dig(lease, "metadata", "annotations", RESTORE) or ""),
        took_s=took_s,
    )
    yard.record("killed", death, Timing(phase=f"restored after a kill {killed}", took_s=took_s))
    yard.observe("attached")

    yard.judge("restored_after_death", "layer_settled")


def _seen(kube: Kube, *, declared: Yard, layer: str) -> str:
    """How the layer is; ``attaching`` as long as its root has not settled."""
    one = declared.layer(layer)
    state = presence(kube, yard=declared, layer=one)
    roots = argocd.applications(kube, namespace=declared.namespace, names=[one.root])
    return "attaching" if state == ATTACHED and not all(map(argocd.is_settled, roots)) else state


def _judged(victim: Victim) -> dict[str, str]:
    """What the evidence of the dead amounts to."""
    try:
        history = victim.history
        return {"ending": history.ending.value, "verdict": reckon(history).word}
    except Malformed as exc:
        return {"ending": "unreadable", "verdict": str(exc)}
    except OSError as exc:
        raise Inconclusive(f"the evidence of the dead cannot be read: {exc}") from exc
