"""Enforcement of NetworkPolicy: kube-router's firewall alone; its router and service proxy stay off."""

from __future__ import annotations

from yardnode.pki import User
from yardnode.plan import Plan
from yardnode.processes import Component

__all__ = ["USER", "component", "issue"]

USER = User(name="switchyard:policy")


def issue(plan: Plan) -> None:
    """Make the certificate and the kubeconfig, as far as missing."""
    plan.pki.leaf("policy", user=USER)
    plan.pki.kubeconfig("policy", server=plan.api_url)


def component(plan: Plan) -> Component:
    """The kube-router process."""
    return Component(
        name="kube-router",
        argv=(
            plan.program("kube-router"),
            f"--kubeconfig={plan.pki.folder}/policy.kubeconfig",
            f"--hostname-override={plan.node_name}",
            "--run-firewall=true",
            "--run-router=false",
            "--run-service-proxy=false",
            "--enable-cni=false",
            f"--service-cluster-ip-range={plan.network.services}",
            "--health-port=0",
        ),
        after=(f"file:{plan.permissions}",),
    )
