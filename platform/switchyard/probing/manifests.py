"""What stands in the proof's own namespace: the prober, its echo behind a Service, and who may reach whom."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from switchyard import labels, prober
from switchyard.kinds import CONFIG_MAPS, NAMESPACES, PODS, SERVICES, Kind

__all__ = [
    "ECHO",
    "NAMESPACE",
    "PLAN",
    "PORT",
    "PROBER",
    "config_map",
    "echo_service",
    "namespace",
    "pod",
    "policies",
    "program",
    "service_account",
]

NAMESPACE: Final = "switchyard-proof"
"""The charts' policies let in what is called PROBER there (gitops/traits/templates/_proof.tpl)."""
PROBER: Final = "prober"
ECHO: Final = "echo"
PLAN: Final = "plan"
PORT: Final = 17080
"""In tests it is a port of whoever runs them, and theirs is often 8080."""

POLICIES: Final = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
SERVICE_ACCOUNTS: Final = Kind("", "v1", "ServiceAccount", "serviceaccounts")

DATA: Final = "512Mi"
"""Samples of windows of three hours and more; they are gone with the pod."""
SHARES: Final = {PROBER: "500m", ECHO: "20m"}
"""
Five times what watching uses. Requests are weights among pods, and pods get what the node's own processes and the host
leave: where that is little, too, who watches has to be served before what is watched.
"""
USER: Final = 10001
"""Anybody but root; the charts' workloads have the same."""

Body = dict[str, Any]


def namespace(*, run_id: str) -> Body:
    """The namespace; everything else goes with it."""
    made = _object(NAMESPACES, NAMESPACE, run_id=run_id)
    made["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"
    return made


def service_account(*, run_id: str) -> Body:
    """Its own: a new namespace has its default one only after a moment. Nobody mounts its token."""
    return _object(SERVICE_ACCOUNTS, PROBER, run_id=run_id) | {"automountServiceAccountToken": False}


def policies(namespaces: Iterable[str], *, run_id: str) -> tuple[Body, ...]:
    """Both pods answer on one port, whoever asks; the prober calls the namespaces that it watches, the echo nobody."""
    # The proof's own address follows from where it runs, which no manifest knows; what is served is no secret.
    ingress = [{"ports": [{"port": PORT}]}]
    reached = [*sorted(set(namespaces)), NAMESPACE]
    selector = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": reached}]}
    egress = [{"to": [{"namespaceSelector": selector}]}]
    return tuple(
        _object(POLICIES, name, run_id=run_id)
        | {
            "spec": {
                "podSelector": {"matchLabels": {labels.NAME: name}},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": ingress,
                "egress": calls,
            }
        }
        for name, calls in ((PROBER, egress), (ECHO, []))
    )


def program() -> dict[str, str]:
    """The prober's sources, by the names of their files."""
    folder = Path(prober.__file__).parent
    return {path.name: path.read_text() for path in sorted(folder.glob("*.py"))}


def config_map(name: str, data: dict[str, str], *, run_id: str) -> Body:
    """Files for the pods."""
    return _object(CONFIG_MAPS, name, run_id=run_id) | {"data": data}


def echo_service(*, run_id: str) -> Body:
    """What the prober asks to learn whether Services lead anywhere at all."""
    spec = {"selector": {labels.NAME: ECHO}, "ports": [{"name": "http", "port": PORT, "targetPort": "http"}]}
    return _object(SERVICES, ECHO, run_id=run_id) | {"spec": spec}


def pod(name: str, *, image: str, run_id: str) -> Body:
    """The prober (with the plan), or the echo: the same program with nothing to ask."""
    plan = ["--plan", f"/etc/prober/{PLAN}.json"] if name == PROBER else []
    mounts = [
        {"name": "program", "mountPath": "/opt/proof/prober", "readOnly": True},
        {"name": "data", "mountPath": "/data"},
    ]
    volumes: list[Body] = [
        {"name": "program", "configMap": {"name": PROBER}},
        {"name": "data", "emptyDir": {"sizeLimit": DATA}},
    ]
    if plan:
        mounts.append({"name": PLAN, "mountPath": "/etc/prober", "readOnly": True})
        volumes.append({"name": PLAN, "configMap": {"name": PLAN}})
    container = {
        "name": name,
        "image": image,
        "command": ["python3", "-m", "prober", *plan, "--folder", "/data", "--port", str(PORT)],
        "env": [
            {"name": "PYTHONPATH", "value": "/opt/proof"},
            {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"},
        ],
        "ports": [{"name": "http", "containerPort": PORT}],
        # Asked until it has started, and never again: started anew, a prober has lost what it saw; one that hangs shows
        # in its samples; and a kubelet without a processor for three seconds must not take a control off its Service.
        "startupProbe": {"httpGet": {"path": "/echo", "port": "http"}, "periodSeconds": 1, "failureThreshold": 120},
        "resources": {"requests": {"cpu": SHARES[name], "memory": "48Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }
    spec = {
        "restartPolicy": "Never",
        "serviceAccountName": PROBER,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": volumes,
    }
    return _object(PODS, name, run_id=run_id) | {"spec": spec}


def _object(kind: Kind, name: str, *, run_id: str) -> Body:
    marks = {labels.NAME: name, labels.PART_OF: "switchyard", labels.MANAGED_BY: "switchyard", labels.RUN_ID: run_id}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name, "labels": marks}}
