"""
What the families of binaries are: their order, how each is compiled, what is kept beside the binaries.

A family is a folder below ``platform/toolchain``: its ``go.mod`` says by ``tool`` lines what to build and in which
version, its ``go.sum`` is the supply chain. Nothing here repeats a version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from yardnode.errors import BuildFailed
from yardnode.store import digest_bytes, digest_of

__all__ = [
    "CGO",
    "ESTIMATES_S",
    "FAMILIES",
    "KEPT",
    "RENAMED",
    "Kept",
    "build_arguments",
    "family_key",
    "linker_settings",
    "required_version",
    "stamps",
]

# In the order of building, one after the other. `control` first: it needs no compiler of the machine, and while it
# builds the machine's packages arrive; `kubernetes-agents` next, which takes most of its packages from it. `logging` is
# the longest: not last, for its link uses one core for a minute, which images fill. Last are those that no image
# waits for.
FAMILIES: Final = (
    "control",
    "kubernetes-agents",
    "logging",
    "minio",
    "containerd",
    "coredns",
    "kube-router",
    "runc",
    "cni",
)

# Seconds on two cores from nothing, modules downloaded; only shown to people until this machine has its own figure.
ESTIMATES_S: Final[Mapping[str, float]] = MappingProxyType(
    {
        "control": 352,
        "kubernetes-agents": 165,
        "logging": 1200,
        "minio": 84,
        "containerd": 36,
        "coredns": 65,
        "kube-router": 240,
        "runc": 8,
        "cni": 2,
    }
)

# Binaries whose package's last path element is not the name that people know.
RENAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cmd": "argocd",
        "server": "etcd",
        "controller": "sealed-secrets-controller",
        "operator": "prometheus-operator",
    }
)

# Families that need a C compiler of the machine, and for runc libraries: libseccomp there, an Oracle driver in Alloy.
CGO: Final = frozenset({"runc", "logging"})

TAGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "runc": "seccomp netgo osusergo",
        "logging": "netgo osusergo",
        # Prometheus finds its targets here by the Kubernetes API alone; the clouds' libraries are half of its build.
        "kubernetes-agents": "remove_all_sd enable_kubernetes_sd",
    }
)

ARGO_CD: Final = "github.com/argoproj/argo-cd/v3"
PROMETHEUS: Final = "github.com/prometheus/prometheus"
PROMETHEUS_OPERATOR: Final = "github.com/prometheus-operator/prometheus-operator"
SEALED_SECRETS: Final = "github.com/bitnami-labs/sealed-secrets"

STAMPED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"kubernetes-agents": ("github.com/prometheus/common/version.Version", "main.BuildVersion")}
)
"""
Families whose programs are told each its own module's version, and in which variables: the library that Prometheus'
programs share, and the Redis exporter's own. One that a program does not have is passed over by the linker.
"""

CRDS: Final = "crds"
"""Folder of a family in which custom resource definitions are kept."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Files of a module that stay beside the binaries, because a cache restored elsewhere has no module cache."""

    module: str
    folder: str
    """Below the family's folder; a file is kept by its name, a folder with what is in it."""

    paths: tuple[str, ...]


KEPT: Final[Mapping[str, tuple[Kept, ...]]] = MappingProxyType(
    {
        # What the Argo CD image and its installation take.
        "control": (
            Kept(
                module=ARGO_CD,
                folder="argo-cd",
                paths=("manifests", "hack/gpg-wrapper.sh", "hack/git-verify-wrapper.sh"),
            ),
        ),
        # Kinds that the platform uses, and `probes`, which the operator watches whether somebody uses it or not.
        "kubernetes-agents": (
            Kept(
                module=PROMETHEUS_OPERATOR,
                folder=CRDS,
                paths=tuple(
                    f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml"
                    for kind in (
                        "alertmanagerconfigs",
                        "alertmanagers",
                        "podmonitors",
                        "probes",
                        "prometheuses",
                        "prometheusrules",
                        "servicemonitors",
                    )
                ),
            ),
            Kept(
                module=SEALED_SECRETS,
                folder=CRDS,
                paths=("helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml",),
            ),
        ),
    }
)


def linker_settings(family: str, *, module: str) -> tuple[str, ...]:
    """
    The ``-X`` settings of a family: binaries that do not learn their version from the module system are told.

    Args:
        module: The text of the family's ``go.mod``.
    """
    if family != "control":
        return ()
    kubernetes = required_version("k8s.io/kubernetes", module=module)
    argo_cd = required_version(ARGO_CD, module=module)
    return (
        f"-X k8s.io/component-base/version.gitVersion={kubernetes}",
        f"-X k8s.io/client-go/pkg/version.gitVersion={kubernetes}",
        f"-X {ARGO_CD}/common.version={argo_cd.removeprefix('v')}",
    )


def stamps(family: str, *, module: str) -> Mapping[str, tuple[str, ...]]:
    """
    Package of a program -> ``-X`` settings for it alone: what is linked into several must not have one version for all.

    Args:
        module: The text of the family's ``go.mod``.

    Raises:
        BuildFailed: A program's module is not required.
    """
    if family not in STAMPED:
        return {}
    listed = re.search(r"^tool \((.*?)^\)", module, re.MULTILINE | re.DOTALL)
    return {
        package: tuple(f"-X {variable}={_release(package, module=module)}" for variable in STAMPED[family])
        for package in (listed.group(1).split() if listed else ())
    }


def _release(package: str, *, module: str) -> str:
    """The version that people know of the module of *package*, such as ``1.12.1``."""
    required = re.findall(r"^\s*(\S+) v\S+(?: // indirect)?$", module, re.MULTILINE)
    owners = [path for path in required if package == path or package.startswith(f"{path}/")]
    owner = max(owners, key=len, default=package)
    version = required_version(owner, module=module).removeprefix("v")
    # Prometheus 3.13.1 is the module's v0.313.1: its major version is not part of its path.
    found = re.fullmatch(r"0\.(\d)(\d\d)\.(\d+)", version) if owner == PROMETHEUS else None
    return f"{found[1]}.{int(found[2])}.{found[3]}" if found else version


def required_version(path: str, *, module: str) -> str:
    """
    The version that a ``go.mod`` requires of module *path*, such as ``v1.36.3``.

    Raises:
        BuildFailed: It is not required.
    """
    match = re.search(rf"^\s*(?:require\s+)?{re.escape(path)} (v\S+)", module, re.MULTILINE)
    if match is None:
        raise BuildFailed(
            path,
            cause=f"Wanted a line `{path} v...` in the family's go.mod, got none.",
            remedy=f"Run `go get -tool {path}@<version>` in that folder.",
        )
    return match.group(1)


def build_arguments(family: str, *, module: str) -> tuple[str, ...]:
    """The words between ``go build`` and ``-o``."""
    linked = ["-s", "-w", *linker_settings(family, module=module)]
    tags = ["-tags", TAGS[family]] if family in TAGS else []
    if family in CGO:
        # Static, as runc's own releases: what is cached runs whatever libraries the machine gets later, and in an image
        # of another release than the machine's.
        linked.append("-extldflags -static")
    # Of several settings that match a program, the compiler takes the last.
    own = [
        word
        for package, settings in stamps(family, module=module).items()
        for word in ("-ldflags", f"{package}={' '.join([*linked, *settings])}")
    ]
    # -buildvcs=false: a stamp of this repository's commit would change every binary with every commit.
    return ("-mod=readonly", "-trimpath", "-buildvcs=false", *tags, "-ldflags", " ".join(linked), *own)


def family_key(folder: Path, *, go_version: str) -> str:
    """What decides a family's binaries: its two module files, the arguments, the compiler, what is kept beside."""
    module = (folder / "go.mod").read_text(encoding="utf-8")
    return digest_of(
        {
            "go.mod": digest_bytes(folder / "go.mod"),
            "go.sum": digest_bytes(folder / "go.sum"),
            "arguments": build_arguments(folder.name, module=module),
            "files": [path for kept in KEPT.get(folder.name, ()) for path in kept.paths],
            "go": go_version,
        }
    )
