"""CoreDNS on the node's address: names of services and pods, and a clear no for everything else."""

from __future__ import annotations

from yardnode.pki import User
from yardnode.plan import Plan, keep
from yardnode.processes import Component

__all__ = ["USER", "component", "configure", "issue"]

USER = User(name="switchyard:dns")


def issue(plan: Plan) -> None:
    """Make the certificate and the kubeconfig, as far as missing."""
    plan.pki.leaf("dns", user=USER)
    plan.pki.kubeconfig("dns", server=plan.api_url)


def configure(plan: Plan) -> None:
    """Write the Corefile."""
    keep(plan.etc / "Corefile", _corefile(plan))


def component(plan: Plan) -> Component:
    """The CoreDNS process."""
    return Component(
        name="coredns",
        argv=(plan.program("coredns"), "-conf", f"{plan.etc}/Corefile"),
        after=(f"file:{plan.permissions}",),
    )


def _corefile(plan: Plan) -> str:
    # No cache: the answers come from memory anyway, and an attached layer shall be found at once.
    # What is not ours gets a clear NXDOMAIN: there is nowhere to forward it to. It needs a block of its own, because
    # within one block the template would answer before the kubernetes plugin, whatever the order of the lines.
    address = plan.network.node_address
    return f"""\
cluster.local:53 in-addr.arpa:53 {{
  bind {address}
  errors
  kubernetes cluster.local in-addr.arpa {{
    kubeconfig {plan.pki.folder}/dns.kubeconfig
    ttl 1
  }}
}}
.:53 {{
  bind {address}
  errors
  template ANY ANY . {{
    rcode NXDOMAIN
  }}
}}
"""
