"""The node's binaries, built from pinned Go modules a family (``yardnode.families``) at a time, and kept by content."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yardnode import commands, programs
from yardnode.errors import BuildFailed, CommandFailed
from yardnode.families import CGO, CRDS, ESTIMATES_S, FAMILIES, KEPT, RENAMED, Kept, build_arguments, family_key
from yardnode.go import Go
from yardnode.progress import Estimates, Progress, Task
from yardnode.store import Store

__all__ = ["Binaries", "Toolchain"]

# One slow core with a slow link needs an hour for the control plane; beyond this something hangs.
BUILD_WITHIN_S: Final = 2 * 3600.0
DOWNLOAD_WITHIN_S: Final = 1800.0


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

    @property
    def crds(self) -> tuple[Path, ...]:
        """Files of custom resource definitions that the platform's operators bring, one kind a file."""
        return tuple(path for folder in self.folders.values() for path in sorted(folder.glob(f"{CRDS}/*.yaml")))


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
                for kept in KEPT.get(name, ()):
                    self._keep(kept, family=name, target=staging / kept.folder)
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

    def _keep(self, kept: Kept, *, family: str, target: Path) -> None:
        """Copy files of a module to *target*."""
        source = Path(
            commands.output(
                [self._obtain_go().program, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", kept.module],
                environment=self._go_environment(cgo=False),
                folder=self._folder / family,
                within_s=DOWNLOAD_WITHIN_S,
            ).strip()
        )
        for wanted in (source / path for path in kept.paths):
            for path in sorted(wanted.rglob("*")) or [wanted]:
                place = target / path.relative_to(wanted.parent)
                if not path.is_dir():
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
