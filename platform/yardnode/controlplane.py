"""etcd, the API server, the controller manager and the scheduler: their certificates and command lines."""

from __future__ import annotations

from pathlib import Path

from yardnode.pki import ADMIN, User
from yardnode.plan import API_PORT, Plan
from yardnode.processes import Component

__all__ = ["ISSUER", "components", "issue"]

ISSUER = "https://kubernetes.default.svc.cluster.local"  # the audience that every client library expects
APISERVER = User(name="kube-apiserver")
# A controller manager on one node competes with nobody; the default of 20 requests a second slows a mass deletion.
QPS, BURST = 100, 200


def issue(plan: Plan) -> None:
    """Make keys, certificates and kubeconfigs of the control plane and the administrator, as far as missing."""
    pki, network = plan.pki, plan.network
    for authority in ("ca", "front-proxy-ca"):
        pki.authority(authority)
    pki.signing_key("service-account")
    pki.leaf(
        "apiserver",
        user=APISERVER,
        dns=["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"],
        addresses=[network.node_address, network.api_service],
    )
    pki.leaf("front-proxy", user=User(name="front-proxy"), authority="front-proxy-ca")
    for name, user in {
        "admin": ADMIN,
        "controller-manager": User(name="system:kube-controller-manager"),
        "scheduler": User(name="system:kube-scheduler"),
    }.items():
        pki.leaf(name, user=user)
        # The namespace is for the person at the terminal: `argocd --core` looks for its settings there.
        pki.kubeconfig(name, server=plan.api_url, namespace="argocd" if name == "admin" else "")


def components(plan: Plan) -> tuple[Component, ...]:
    """The control plane, in the order in which its parts can start."""
    return (_etcd(plan), _apiserver(plan), _controller_manager(plan), _scheduler(plan))


def _etcd_socket(plan: Plan) -> Path:
    # A socket in a folder that only root may enter: that is the authentication, and no port is taken.
    return plan.run / "etcd.sock"


def _etcd(plan: Plan) -> Component:
    client, peer = f"unix://{_etcd_socket(plan)}", f"unix://{plan.run}/etcd-peer.sock"
    return Component(
        name="etcd",
        argv=(
            plan.program("etcd"),
            "--name=yard",
            f"--data-dir={plan.state}/etcd",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=yard={peer}",
            "--unsafe-no-fsync",  # the state is thrown away; a power cut ends the yard anyway
            "--log-level=warn",
        ),
    )


def _apiserver(plan: Plan) -> Component:
    pki, network = plan.pki, plan.network
    return Component(
        name="kube-apiserver",
        argv=(
            plan.program("kube-apiserver"),
            f"--etcd-servers=unix://{_etcd_socket(plan)}",
            f"--bind-address={network.node_address}",
            f"--advertise-address={network.node_address}",
            f"--secure-port={API_PORT}",
            f"--service-cluster-ip-range={network.services}",
            f"--tls-cert-file={pki.certificate('apiserver')}",
            f"--tls-private-key-file={pki.key('apiserver')}",
            f"--client-ca-file={pki.certificate('ca')}",
            f"--kubelet-certificate-authority={pki.certificate('ca')}",
            f"--kubelet-client-certificate={pki.certificate('apiserver')}",
            f"--kubelet-client-key={pki.key('apiserver')}",
            "--kubelet-preferred-address-types=InternalIP",  # the node's name resolves nowhere; logs and exec need it
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={pki.public('service-account')}",
            f"--service-account-signing-key-file={pki.key('service-account')}",
            f"--requestheader-client-ca-file={pki.certificate('front-proxy-ca')}",
            "--requestheader-allowed-names=front-proxy",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki.certificate('front-proxy')}",
            f"--proxy-client-key-file={pki.key('front-proxy')}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--anonymous-auth=false",
            "--allow-privileged=true",  # agents that need the host; Pod Security decides where
            "--profiling=false",
        ),
        environment={"GOGC": "200"},  # a seventh of its processor went into collecting garbage; memory is not short
        after=(f"unix:{_etcd_socket(plan)}",),
    )


def _controller_manager(plan: Plan) -> Component:
    pki, network = plan.pki, plan.network
    kubeconfig = pki.folder / "controller-manager.kubeconfig"
    return Component(
        name="kube-controller-manager",
        argv=(
            plan.program("kube-controller-manager"),
            f"--kubeconfig={kubeconfig}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--root-ca-file={pki.certificate('ca')}",
            f"--service-account-private-key-file={pki.key('service-account')}",
            f"--cluster-cidr={network.pods}",
            f"--service-cluster-ip-range={network.services}",
            "--allocate-node-cidrs=false",  # one node; host-local has the whole pod range
            f"--kube-api-qps={QPS}",
            f"--kube-api-burst={BURST}",
            "--profiling=false",
        ),
        after=(plan.api_endpoint,),
    )


def _scheduler(plan: Plan) -> Component:
    return Component(
        name="kube-scheduler",
        argv=(
            plan.program("kube-scheduler"),
            f"--kubeconfig={plan.pki.folder}/scheduler.kubeconfig",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--profiling=false",
        ),
        after=(plan.api_endpoint,),
    )
