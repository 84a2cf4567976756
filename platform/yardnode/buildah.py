"""The one door to buildah: a storage of our own below the cache, no registry, nothing of this machine in an image."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yardnode import commands, programs

__all__ = ["Buildah", "Site"]

# The largest image downloads a few hundred megabytes of wheels.
BUILD_WITHIN_S: Final = 3600.0

HOST_CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, kw_only=True)
class Site:
    """
    What a build needs to know about this machine's network and an image must not: mounted while a build runs.

    Only empty mount points (`/etc/pip.conf`, `/etc/uv/uv.toml`) stay in an image.
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    certificates: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Site:
        """Read pip's and uv's own variables; where both speak, uv's hold, because uv installs."""

        def words(*names: str) -> tuple[str, ...]:
            return tuple(word for name in names for word in environment.get(name, "").split())

        certificates = Path(environment.get("SSL_CERT_FILE") or HOST_CERTIFICATES)
        index = words("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
        return cls(
            index_url=index[0] if index else None,
            extra_index_urls=words("UV_INDEX", "UV_EXTRA_INDEX_URL") or words("PIP_EXTRA_INDEX_URL"),
            trusted_hosts=words("UV_INSECURE_HOST") or words("PIP_TRUSTED_HOST"),
            certificates=certificates if certificates.is_file() else None,
        )

    @property
    def pip_conf(self) -> str:
        """These settings in pip's words."""
        lines = ["[global]", "disable-pip-version-check = true"]
        if self.certificates:
            lines.append(f"cert = {HOST_CERTIFICATES}")
        if self.index_url:
            lines.append(f"index-url = {self.index_url}")
        for name, values in (("extra-index-url", self.extra_index_urls), ("trusted-host", self.trusted_hosts)):
            if values:
                lines.append(f"{name} = {' '.join(values)}")
        return "\n".join(lines) + "\n"

    @property
    def uv_toml(self) -> str:
        """These settings in uv's words."""
        # JSON strings and lists of strings are valid TOML.
        lines = ["system-certs = true"]
        if self.trusted_hosts:
            lines.append(f"allow-insecure-host = {json.dumps(self.trusted_hosts)}")
        if self.extra_index_urls:
            lines.append(f"extra-index-url = {json.dumps(self.extra_index_urls)}")
        if self.index_url:
            lines.append(f"index-url = {json.dumps(self.index_url)}")
        return "\n".join(lines) + "\n"


class Buildah:
    """Builds with buildah; the caller holds a lock, because one storage serves one build at a time."""

    def __init__(self, root: Path, *, environment: Mapping[str, str], stop: threading.Event) -> None:
        """
        Args:
            root: Everything of ours: storage, configuration, temporary files. Removing it removes all.
            stop: Once set, a build is ended.
        """
        self._stop = stop
        self._root = root
        self._environment = {
            **environment,
            "CONTAINERS_STORAGE_CONF": str(root / "storage.conf"),
            "TMPDIR": str(root / "tmp"),
        }

    def prepare(self) -> None:
        """Write the configuration, and remove working containers and their mounts that a killed build left."""
        (self._root / "tmp").mkdir(parents=True, exist_ok=True)
        (self._root / "storage.conf").write_text(
            "[storage]\n"
            'driver = "overlay"\n'
            f'graphroot = "{self._root}/storage"\n'
            f'runroot = "{self._root}/run"\n'
            "[storage.options.overlay]\n"
            # Otherwise the storage stays mounted onto itself for ever.
            'skip_mount_home = "true"\n',
            encoding="utf-8",
        )
        # No image comes from a registry, whatever a Dockerfile says.
        local = {"": [{"type": "insecureAcceptAnything"}]}
        policy = {"default": [{"type": "reject"}], "transports": {"containers-storage": local, "docker-archive": local}}
        (self._root / "policy.json").write_text(json.dumps(policy), encoding="utf-8")
        self._clear()

    def has(self, reference: str) -> bool:
        """Whether the storage holds the image."""
        images = json.loads(commands.output(["buildah", "images", "--json"], environment=self._environment) or "[]")
        return any(reference in (image.get("names") or ()) for image in images)

    def build(
        self,
        reference: str,
        *,
        context: Path,
        dockerfile: Path,
        arguments: Mapping[str, str],
        site: Site | None,
        log: Path,
        tick: Callable[[], None],
        lock: int,
    ) -> None:
        """
        Build *reference* from *dockerfile* with the files below *context*.

        Args:
            arguments: Values of the Dockerfile's ``ARG`` lines.
            site: Mounted while the build runs; None for images that write to the same places.
            lock: Descriptor of the caller's lock, kept by the build even when the caller is killed.

        Raises:
            CommandFailed: The build failed.
        """
        with self._mounts(site) as volumes:
            words = [
                *("bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--layers"),
                *("--signature-policy", str(self._root / "policy.json")),
                *(word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")),
                *(word for volume in volumes for word in ("--volume", volume)),
                *("--file", str(dockerfile), "--tag", reference, str(context)),
            ]
            try:
                self._run(words, what=f"building {reference}", log=log, tick=tick, lock=lock)
            except BaseException:
                self._clear()
                raise

    def save(self, reference: str, *, archive: Path, log: Path, tick: Callable[[], None], lock: int) -> None:
        """
        Write an image as a Docker archive: not compressed, because containerd unpacks it on the same disk.

        Raises:
            CommandFailed: Such as when the disk is full.
        """
        policy = str(self._root / "policy.json")
        words = ["push", "--signature-policy", policy, reference, f"docker-archive:{archive}:{reference}"]
        self._run(words, what=f"saving {reference}", log=log, tick=tick, lock=lock)

    def load(self, archive: Path, *, log: Path, tick: Callable[[], None], lock: int) -> None:
        """
        Read an image back that was saved before.

        Raises:
            CommandFailed: The archive is damaged.
        """
        words = ["pull", "--signature-policy", str(self._root / "policy.json"), f"docker-archive:{archive}"]
        self._run(words, what=f"loading {archive}", log=log, tick=tick, lock=lock)

    def forget_older(self, reference: str) -> None:
        """Remove images of the same name with other tags, and layers that no image needs any more."""
        name = reference.partition(":")[0]
        images = json.loads(commands.output(["buildah", "images", "--json"], environment=self._environment) or "[]")
        names = {found for image in images for found in image.get("names") or ()}
        older = sorted(found for found in names if found.partition(":")[0] == name and found != reference)
        if older:
            commands.output(["buildah", "rmi", *older], environment=self._environment)
        commands.output(["buildah", "rmi", "--prune"], environment=self._environment)

    def _clear(self) -> None:
        """Remove working containers; each of them keeps a mount."""
        commands.output(["buildah", "rm", "--all"], environment=self._environment)

    def _run(self, words: Sequence[str], *, what: str, log: Path, tick: Callable[[], None], lock: int) -> None:
        programs.run(
            ["buildah", *words],
            what=what,
            within_s=BUILD_WITHIN_S,
            log=log,
            environment=self._environment,
            tick=tick,
            stop=self._stop,
            keep_fds=(lock,),
        )

    @contextmanager
    def _mounts(self, site: Site | None) -> Iterator[tuple[str, ...]]:
        """Files of *site* in a private folder for as long as a build runs; an index may carry a password."""
        if site is None:
            yield ()
            return
        with tempfile.TemporaryDirectory(dir=self._root / "tmp") as name:
            folder = Path(name)
            (folder / "pip.conf").write_text(site.pip_conf, encoding="utf-8")
            (folder / "uv.toml").write_text(site.uv_toml, encoding="utf-8")
            volumes = [f"{folder}/pip.conf:/etc/pip.conf:ro", f"{folder}/uv.toml:/etc/uv/uv.toml:ro"]
            if site.certificates:
                # The folder, not the file: a package that renews certificates replaces the file; a mount forbids that.
                (folder / "certs").mkdir()
                shutil.copyfile(site.certificates, folder / "certs" / HOST_CERTIFICATES.name)
                volumes.append(f"{folder}/certs:{HOST_CERTIFICATES.parent}")
            yield tuple(volumes)
