"""The prober's stand against a real API server: let in as it is made, and by nothing more than the engine's role."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

import pytest

from switchyard.errors import Forbidden
from switchyard.kinds import CONFIG_MAPS, NAMESPACES, PODS, SERVICES, Kind
from switchyard.kube import Kube
from switchyard.prober.plan import Plan, dump_plan
from switchyard.probing import manifests

from .server import OPERATOR, ApiServer

IMAGE: Final = "switchyard.local/sink:0123456789ab"
RUN: Final = "abc123"

THINGS: Final[Mapping[str, tuple[Kind, dict[str, Any]]]] = {
    "service account": (manifests.SERVICE_ACCOUNTS, manifests.service_account(run_id=RUN)),
    **{
        f"policy {body['metadata']['name']}": (manifests.POLICIES, body)
        for body in manifests.policies(["fastapi-dev"], run_id=RUN)
    },
    "service": (SERVICES, manifests.echo_service(run_id=RUN)),
    "program": (CONFIG_MAPS, manifests.config_map(manifests.PROBER, manifests.program(), run_id=RUN)),
    "plan": (CONFIG_MAPS, manifests.config_map(manifests.PLAN, {"plan.json": dump_plan(Plan())}, run_id=RUN)),
    **{
        f"pod {name}": (PODS, manifests.pod(name, image=IMAGE, run_id=RUN))
        for name in (manifests.ECHO, manifests.PROBER)
    },
}


@pytest.fixture(name="operator", scope="module")
def _operator(server: ApiServer) -> Kube:
    """Who has the engine's roles, and stands in the proof's namespace."""
    operator = server.client(OPERATOR)
    operator.create(NAMESPACES, manifests.namespace(run_id=RUN))
    return operator


@pytest.mark.parametrize("name", THINGS)
def test_everything_is_let_in(operator: Kube, kube: Kube, name: str) -> None:
    """Pod Security "restricted" and strict validation have nothing against it, and the engine's role may make it."""
    kind, body = THINGS[name]
    kube.apply(kind, body["metadata"]["name"], body, namespace=manifests.NAMESPACE, dry_run=True)
    made = operator.create(kind, body, namespace=manifests.NAMESPACE)
    assert made["metadata"]["labels"]["switchyard.mlops/run-id"] == RUN


def test_pod_security_is_enforced_there(operator: Kube) -> None:
    """A pod that may become root is refused: the namespace's label means something."""
    body = deepcopy(THINGS["pod prober"][1])
    body["metadata"]["name"] = "root"
    body["spec"]["securityContext"]["runAsNonRoot"] = False
    with pytest.raises(Forbidden, match="runAsNonRoot"):
        operator.create(PODS, body, namespace=manifests.NAMESPACE)
