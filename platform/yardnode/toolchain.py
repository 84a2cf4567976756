"""
The node's binaries, built from pinned Go modules and kept by content.

A family is a folder below ``platform/toolchain``: its ``go.mod`` says by ``tool`` lines what to build and in which
version, its ``go.sum`` is the supply chain. Nothing here repeats a version.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from yardnode import commands, programs
from yardnode.errors import BuildFailed, CommandFailed
from yardnode.go import Go
from yardnode.progress import Estimates, Progress, Task
from yardnode.store import Store, digest_bytes, digest_of

__all__ = ["FAMILIES", "Binaries", "Toolchain", "family_key", "linker_settings"]

# Longest first among those that images wait for; the rest in no particular order.
FAMILIES: Final = ("control", "minio", "containerd", "runc", "cni", "coredns", "kube-router")

# Seconds on two cores from nothing, modules downloaded; only shown to people until this machine has its own figure.
ESTIMATES_S: Final[Mapping[str, float]] = MappingProxyType(
    {"control": 352, "minio": 84, "containerd": 36, "runc": 8, "cni": 2, "coredns": 65, "kube-router": 240}
)

# One slow core with a slow link needs an hour for the control plane; beyond this something hangs.
BUILD_WITHIN_S: Final = 2 * 3600.0
DOWNLOAD_WITHIN_S: Final = 1800.0

# Packages whose last path element is not the name that people know.
RENAMED: Final[Mapping[str, str]] = MappingProxyType({"cmd": "argocd", "server": "etcd"})

# Families that need a C compiler and libraries of the machine.
CGO: Final = frozenset({"runc"})

ARGO_CD: Final = "github.com/argoproj/argo-cd/v3"

# What the Argo CD image and its installation take from the module beside the binary.
ARGO_CD_FILES: Final = ("manifests", "hack/gpg-wrapper.sh", "hack/git-verify-wrapper.sh")


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """Folders of the families that are built."""

    folders: Mapping[str, Path]

    def path(self, name: str) -> Path:
        """The file ``<family>/<path>``, such as ``control/kube-apiserver``."""
        family, _, rest = name.partition("/")
        return self.folders[family] / rest

    @property
    def programs(self) -> Mapping[str, Path]:
        """All binaries by the name that people know; no two families share one."""
        return {
            path.name: path
            for folder in self.folders.values()
            for path in sorted(folder.iterdir())
            if path.is_file() and os.access(path, os.X_OK)
        }

    @property
    def argo_cd(self) -> Path:
        """Argo CD's own files: ``manifests/``, ``gpg-wrapper.sh``, ``git-verify-wrapper.sh``."""
        return self.folders["control"] / "argo-cd"


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
    tags = []
    if family in CGO:
        # Static, as runc's own releases: the cached binary then runs whatever libraries the machine gets later.
        tags = ["-tags", "seccomp netgo osusergo"]
        linked.append("-extldflags -static")
    # -buildvcs=false: a stamp of this repository's commit would change every binary with every commit.
    return ("-mod=readonly", "-trimpath", "-buildvcs=false", *tags, "-ldflags", " ".join(linked))


def family_key(folder: Path, *, go_version: str) -> str:
    """What decides a family's binaries: its two module files, the arguments, the compiler."""
    module = (folder / "go.mod").read_text(encoding="utf-8")
    return digest_of(
        {
            "go.mod": digest_bytes(folder / "go.mod"),
            "go.sum": digest_bytes(folder / "go.sum"),
            "arguments": build_arguments(folder.name, module=module),
            "files": ARGO_CD_FILES if folder.name == "control" else (),
            "go": go_version,
        }
    )


class Toolchain:
    """Builds families one after the other, because a build takes all cores by itself, and hands out what is built."""

    def __init__(
        self,
        *,
        folder: Path,
        cache: Path,
        go: Callable[[], Go],
        progress: Progress,
        environment: Mapping[str, str],
    ) -> None:
        """
        Args:
            folder: ``platform/toolchain``.
            cache: The cache's root; binaries go to ``<cache>/bin/<family>-<key>``.
            go: Finds or obtains Go; asked once, and not before a family is.
            environment: The process environment; Go's own settings in it (module proxy, private modules) hold.
        """
        self._folder = folder
        self._cache = cache
        self._find_go = go
        self._go: Go | None = None
        self._progress = progress
        self._environment = environment
        self._estimates = Estimates(cache / "measured" / "bin", defaults_s=ESTIMATES_S)
        self.stop = threading.Event()
        self._store = Store(cache / "bin", stop=self.stop)

    def ensure(self, families: Sequence[str] = FAMILIES) -> Binaries:
        """
        Build what is missing of *families*, in their order, and return where all of them are.

        Raises:
            BuildFailed: A family does not build, or there is no Go; earlier families stay built.
        """
        return Binaries(folders={family: self.family(family) for family in families})

    def missing(self, families: Sequence[str] = FAMILIES) -> tuple[str, ...]:
        """Those of *families* that are not in the cache."""
        return tuple(family for family in families if self._store.find(family, key=self._key(family)) is None)

    def estimate_s(self, families: Sequence[str]) -> float:
        """How long building *families* will probably take: what this machine needed last, else the default."""
        return sum(self._estimates.of(family) or 0.0 for family in families)

    def family(self, name: str) -> Path:
        """
        Return the folder of one family, built if it is missing.

        Raises:
            BuildFailed: It does not build, or there is no Go.
        """
        return self._store.obtain(
            name,
            key=self._key(name),
            make=lambda staging, lock: self._build(name, staging=staging, lock=lock),
            waiting=lambda: self._progress.say("toolchain", f"{name}: another run builds it; waiting"),
        )

    def _key(self, name: str) -> str:
        return family_key(self._folder / name, go_version=self._obtain_go().version)

    def _obtain_go(self) -> Go:
        if self._go is None:
            self._go = self._find_go()
        return self._go

    def _build(self, name: str, *, staging: Path, lock: int) -> None:
        estimate_s = self._estimates.of(name)
        with self._progress.task("toolchain", name, doing="building", done="built", estimate_s=estimate_s) as task:
            try:
                self._compile(name, staging=staging, lock=lock, task=task)
                if name == "control":
                    self._copy_argo_cd(staging / "argo-cd")
            except CommandFailed as exc:
                raise BuildFailed(
                    f"The binaries of {name}",
                    cause=str(exc),
                    remedy="What was downloaded and compiled is kept: run the same command again. Where downloads "
                    "fail, check that the Go module proxy (`go env GOPROXY`) is reachable.",
                ) from exc
            self._estimates.remember(name, elapsed_s=task.elapsed_s)

    def _compile(self, name: str, *, staging: Path, lock: int, task: Task) -> None:
        folder = self._folder / name
        module = (folder / "go.mod").read_text(encoding="utf-8")
        environment = self._go_environment(cgo=name in CGO)
        program = str(self._obtain_go().program)
        # Asked first and by itself: `go build tool` would build the tools of a module with no tool line as nothing.
        packages = commands.output(
            [program, "list", "-mod=readonly", "-f", "{{.ImportPath}}", "tool"],
            environment=environment,
            folder=folder,
            within_s=DOWNLOAD_WITHIN_S,
        ).split()
        programs.run(
            [program, "build", *build_arguments(name, module=module), "-o", f"{staging}/", *packages],
            what=f"building {name}",
            within_s=BUILD_WITHIN_S,
            log=self._cache / "logs" / f"build-{name}.log",
            environment=environment,
            folder=folder,
            tick=task.tick,
            stop=self.stop,
            keep_fds=(lock,),
        )
        for built, known in RENAMED.items():
            if (staging / built).exists():
                (staging / built).rename(staging / known)

    def _copy_argo_cd(self, target: Path) -> None:
        """Keep Argo CD's manifests and scripts beside its binary: a cache restored elsewhere has no module cache."""
        source = Path(
            commands.output(
                [self._obtain_go().program, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", ARGO_CD],
                environment=self._go_environment(cgo=False),
                folder=self._folder / "control",
                within_s=DOWNLOAD_WITHIN_S,
            ).strip()
        )
        for wanted in ARGO_CD_FILES:
            for path in sorted((source / wanted).rglob("*")) or [source / wanted]:
                place = target / (path.relative_to(source) if path.is_relative_to(source / "manifests") else path.name)
                if path.is_file():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    # Contents only: the module cache is read-only, and so would be the copy.
                    shutil.copyfile(path, place)
                    place.chmod(0o755 if path.suffix == ".sh" else 0o644)

    def _go_environment(self, *, cgo: bool) -> dict[str, str]:
        # GOFLAGS empty and GOTOOLCHAIN local: the key names the arguments and the compiler, so nothing may add to them.
        return {
            **self._environment,
            "CGO_ENABLED": "1" if cgo else "0",
            "GOFLAGS": "",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
        }
