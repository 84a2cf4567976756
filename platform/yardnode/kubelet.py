"""The kubelet and kube-proxy: certificates, configuration files and command lines."""

from __future__ import annotations

import yaml

from yardnode.cgroups import Branch
from yardnode.pki import User
from yardnode.plan import Plan, keep
from yardnode.processes import Component

__all__ = ["components", "configure", "issue"]


def issue(plan: Plan) -> None:
    """Make certificates and kubeconfigs of the node, as far as missing."""
    pki = plan.pki
    node = User(name=f"system:node:{plan.node_name}", groups=("system:nodes",))
    pki.leaf("kubelet", user=node, dns=[plan.node_name], addresses=[plan.network.node_address])
    pki.kubeconfig("kubelet", server=plan.api_url)
    pki.leaf("proxy", user=User(name="system:kube-proxy"))
    pki.kubeconfig("proxy", server=plan.api_url)


def configure(plan: Plan) -> None:
    """Write the configuration files; unchanged ones are not touched."""
    keep(plan.etc / "resolv.conf", f"nameserver {plan.network.node_address}\n")
    keep(plan.etc / "kubelet.yaml", yaml.safe_dump(_kubelet(plan), sort_keys=False))
    keep(plan.etc / "proxy.yaml", yaml.safe_dump(_proxy(plan), sort_keys=False))


def components(plan: Plan) -> tuple[Component, ...]:
    """kubelet and kube-proxy."""
    kubelet = Component(
        name="kubelet",
        argv=(
            plan.program("kubelet"),
            f"--config={plan.etc}/kubelet.yaml",
            f"--kubeconfig={plan.pki.folder}/kubelet.kubeconfig",
            f"--hostname-override={plan.node_name}",
            f"--node-ip={plan.network.node_address}",
            # Every container's cgroup is read at each, of every 10 s by default; who scrapes asks twice a minute.
            "--housekeeping-interval=30s",
        ),
        after=(f"unix:{plan.containerd_socket}", plan.api_endpoint),
    )
    proxy = Component(
        name="kube-proxy",
        argv=(plan.program("kube-proxy"), f"--config={plan.etc}/proxy.yaml"),
        after=(plan.api_endpoint,),
    )
    return kubelet, proxy


def _kubelet(plan: Plan) -> dict[str, object]:
    pki, address = plan.pki, str(plan.network.node_address)
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address,
        "healthzBindAddress": "127.0.0.1",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki.certificate("ca"))},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki.certificate("kubelet")),
        "tlsPrivateKeyFile": str(pki.key("kubelet")),
        "rotateCertificates": False,
        "containerRuntimeEndpoint": f"unix://{plan.containerd_socket}",
        "cgroupDriver": "cgroupfs",  # no systemd is assumed
        "cgroupRoot": Branch.of(plan.yard_id).path,
        "failCgroupV1": False,  # many machines still mount version 1
        "failSwapOn": False,  # the machine is not ours alone
        "oomScoreAdj": 0,  # lowering it needs CAP_SYS_RESOURCE, which a container or a small VM may lack
        "clusterDNS": [address],
        "clusterDomain": "cluster.local",
        "resolvConf": f"{plan.etc}/resolv.conf",
        "volumePluginDir": f"{plan.state}/volume-plugins",  # the default is a folder of the host
        "serializeImagePulls": False,
        # Images are imported, there is no registry to pull one from again: never collect one.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "eventRecordQPS": 50,
        "kubeAPIQPS": 100,
        "kubeAPIBurst": 200,
    }


def _proxy(plan: Plan) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": f"{plan.pki.folder}/proxy.kubeconfig"},
        "hostnameOverride": plan.node_name,
        # What comes from elsewhere (the host) is masqueraded: answers find their way back, and network policies see
        # the node, which they always admit.
        "clusterCIDR": str(plan.network.pods),
        "detectLocalMode": "ClusterCIDR",
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "nftables": {"minSyncPeriod": "100ms"},  # endpoints of an attached layer shall answer at once
        # Zero leaves the machine's connection tracking as it is.
        "conntrack": {"maxPerCore": 0, "min": 0},
        "oomScoreAdj": 0,
    }
