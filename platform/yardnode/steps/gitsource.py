"""The commit under test on the git source, with what only this node knows."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from yardnode import bootstrap, credentials, gitsource, sealing
from yardnode.kubeseal import Kubeseal
from yardnode.plan import API_PORT
from yardnode.steps.step import Step
from yardnode.yard import Yard

__all__ = ["NODE_FILE", "STEP"]

NODE_FILE = "gitops/profiles/embedded/node.yaml"
NOT_IN_CHARTS = frozenset({"argocd", "pause"})  # the node's own
VOLUMES = ("models", "minio", "postgres", "loki", "prometheus")
FOLDERS = (*(f"{volume}/{{env}}" for volume in VOLUMES), "models/{env}/state")
"""Behind persistent volumes; the last one is a subPath, which the kubelet would make for root alone."""
KUBELET_PORT = 10250  # Kubernetes' own
WORKLOAD_USER = 10001  # gitops/traits/templates/_security.tpl; a hostPath volume gets no fsGroup


def _node_file(yard: Yard) -> str:
    network = yard.state.network
    node = f"{network.node_address}/32"
    values = {
        "images": {image.name: image.ref for image in yard.images if image.name not in NOT_IN_CHARTS},
        "storage": {"hostRoot": str(yard.paths.volumes)},
        "prober": {"cidr": f"{network.host_address}/32"},
        "apiServer": {"cidr": node, "port": API_PORT},
        "kubelet": {"cidr": node, "port": KUBELET_PORT},
        "git": {"url": network.git_url, "revision": gitsource.BRANCH, "cidr": node, "port": gitsource.PORT},
    }
    return yaml.safe_dump(values)


def _folders(yard: Yard) -> None:
    """Make the folders behind persistent volumes, which nobody inside the cluster may hand over."""
    for name in FOLDERS:
        for environment in bootstrap.environments(yard.gitops):
            folder = Path(yard.paths.volumes / name.replace("{env}", environment))
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o750)
            os.chown(folder, WORKLOAD_USER, WORKLOAD_USER)


def _do(yard: Yard) -> None:
    _folders(yard)
    state = yard.paths.state
    made = credentials.ensure(credentials.path(state), environments=bootstrap.environments(yard.gitops))
    sealed = sealing.generated(state, made, seal=Kubeseal(yard.programs["kubeseal"]).seal)
    served = gitsource.serve(yard.paths.checkout, state=state, generated={NODE_FILE: _node_file(yard), **sealed})
    yard.remember(git=served)
    changes = " with uncommitted changes" if served.dirty else ""
    yard.progress.say("git-source", f"serves {served.commit[:12]}{changes} as {served.served[:12]}")


STEP = Step(name="git-source", done=lambda _: False, do=_do)  # only looking at the checkout tells what it is now
